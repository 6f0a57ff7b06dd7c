"""A stance judge made of any sentence-transformers CrossEncoder that was trained for natural language inference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluator.errors import ModelError
from evaluator.models.encoder import model_digest, model_folder
from evaluator.models.stance import StanceCase

FloatArray = NDArray[np.float32]

STATEMENTS_A_SIDE = 2
"""Nearest statements of either side that the model reads with a segment: reading all of them would take minutes."""
LEAST_SIMILARITY = 0.3
"""Cosine to the nearest statement below which the model is not asked: inference models call unrelated events contradictory."""
BATCH_SIZE = 32


class CrossEncoderJudge:
    """Asks an inference model whether a segment entails or contradicts the nearest statements of a behaviour."""

    def __init__(self, name: str) -> None:
        """Load the model.

        Args:
            name: path of a folder, or the name of a model that was downloaded before; nothing is downloaded.

        Raises:
            ModelError: there is no such model here, or it was not trained for inference.
        """
        folder = model_folder(name)
        self.digest = model_digest(folder)
        self._model = _load(folder)
        labels = {str(label).lower(): int(number) for number, label in self._model.config.id2label.items()}
        try:
            self._entailment, self._contradiction = labels["entailment"], labels["contradiction"]
        except KeyError:
            raise ModelError(
                f"{folder.name}: its labels are {', '.join(labels) or 'unnamed'}; a stance model needs entailment, neutral and "
                "contradiction. Give --stance-model a CrossEncoder trained for natural language inference."
            ) from None

    def judge(self, cases: Sequence[StanceCase], /) -> FloatArray:
        """Return the probability of each stance, shape (len(cases), 3), columns as ``STANCES``.

        A segment affirms as far as it entails a statement for the behaviour, or contradicts one against it; it denies the
        other way round; the surer pair counts.
        """
        pairs: list[tuple[str, str]] = []
        owners: list[tuple[int, bool]] = []
        for number, case in enumerate(cases):
            for statement, affirms in _nearest(case):
                pairs.append((case.segment, statement))
                owners.append((number, affirms))
        judged = np.zeros((len(cases), 3), dtype=np.float32)
        if pairs:
            logits = np.asarray(
                self._model.predict(pairs, batch_size=BATCH_SIZE, apply_softmax=True, show_progress_bar=False)
            )
            for (number, affirms), row in zip(owners, logits, strict=True):
                agrees, disagrees = float(row[self._entailment]), float(row[self._contradiction])
                affirm, deny = (agrees, disagrees) if affirms else (disagrees, agrees)
                judged[number, 0] = max(judged[number, 0], affirm)
                judged[number, 1] = max(judged[number, 1], deny)
        told = judged[:, :2].sum(axis=1, keepdims=True)
        judged[:, :2] /= np.maximum(told, 1.0)
        judged[:, 2] = 1 - judged[:, :2].sum(axis=1)
        return judged


def _load(folder: Path) -> Any:  # noqa: ANN401
    from sentence_transformers import CrossEncoder

    try:
        return CrossEncoder(str(folder), local_files_only=True, device="cpu", model_kwargs={"use_safetensors": True})
    except Exception as error:  # the library raises a dozen kinds for a folder that is not what it should be
        raise ModelError(f"{folder}: not a CrossEncoder ({error}). Check --stance-model.") from error


def _nearest(case: StanceCase) -> Iterator[tuple[str, bool]]:
    """Yield the statements that a segment is read with, and whether each is for the behaviour."""
    for statements, similarity, affirms in (
        (case.affirm, case.affirm_similarity, True),
        (case.deny, case.deny_similarity, False),
    ):
        order = sorted(range(len(statements)), key=lambda i: -similarity[i])[:STATEMENTS_A_SIDE]
        yield from ((statements[i], affirms) for i in order if similarity[i] >= LEAST_SIMILARITY)
