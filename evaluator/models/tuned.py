"""The shipped stance judge: MiniLM with upper layers tuned to keep for and against apart, and a logistic regression.

A segment and the statements of a behaviour are compared in two spaces, the encoder's and the tuned one; a readable set
of features (``features.py``) goes into a three-class logistic regression. Trained by ``training/train_stance.py``.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluator.errors import ModelError
from evaluator.models.encoder import default_model_folder
from evaluator.models.features import affirm_only_features, space_features
from evaluator.models.polarity import is_negative
from evaluator.models.stance import StanceCase
from evaluator.models.transformer import LAYERS, layer, load_tokenizer, lower_states, mean, pad

FloatArray = NDArray[np.float32]

SHARED_LAYERS = 3
"""Lower layers that are MiniLM's own; the layers above them were tuned."""

KINDS = ("key_point", "red_flag", "affirm_only")
"""The regressions in the file: behaviours with both sides, red flags, and behaviours with affirm statements only."""

REMEMBERED = 60_000
"""Texts whose vectors are kept in memory, 90 MB at most."""


def shipped_stance_path() -> Path:
    """Return the file of the shipped judge."""
    return Path(__file__).parent / "stance.safetensors"


class TunedJudge:
    """Tells affirm from deny from neither by distance to a behaviour's statements in a tuned space."""

    def __init__(self, path: Path | None = None, base: Path | None = None) -> None:
        """Load the judge.

        Args:
            path: the file of the judge; None for the shipped one.
            base: folder of the model it was tuned from; None for the default model's.

        Raises:
            ModelError: a file is missing or not of the right form.
        """
        import torch
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        path = path or shipped_stance_path()
        base = base or default_model_folder()
        try:
            tuned = load_file(str(path))
            self._weights: dict[str, Any] = load_file(str(base / "model.safetensors"))
        except (OSError, SafetensorError) as error:
            raise ModelError(
                f"{path.name}: the stance judge cannot be loaded ({error}). Reinstall the package."
            ) from error
        self.digest = hashlib.sha256(path.read_bytes()).hexdigest()
        self._weights.update({name: value.float() for name, value in tuned.items() if name.startswith("encoder.")})
        self._extra = {name: value.float().numpy() for name, value in tuned.items() if not name.startswith("encoder.")}
        self._tokenizer = load_tokenizer(base)
        self._memory: OrderedDict[str, FloatArray] = OrderedDict()
        self._torch = torch

    def judge(self, cases: Sequence[StanceCase], /) -> FloatArray:
        """Return the probability of each stance, shape (len(cases), 3), columns as ``STANCES``."""
        behaviours: dict[tuple[object, ...], list[int]] = {}
        for number, case in enumerate(cases):
            behaviours.setdefault((case.affirm, case.deny, case.harmful), []).append(number)
        self.remember([text for case in cases for text in (case.segment, *case.affirm, *case.deny)])
        judged = np.zeros((len(cases), 3), dtype=np.float32)
        for numbers in behaviours.values():
            judged[numbers] = self._judge_behaviour([cases[number] for number in numbers])
        while len(self._memory) > REMEMBERED:
            self._memory.popitem(last=False)
        return judged

    def remember(self, texts: Sequence[str]) -> None:
        """Compute the vectors of texts that are not known yet."""
        new = [text for text in dict.fromkeys(texts) if text not in self._memory]
        if new:
            self._memory.update(zip(new, self.encode(new), strict=True))

    def vectors(self, texts: Sequence[str]) -> FloatArray:
        """Return the remembered vectors of texts, shape (len(texts), dimensions)."""
        return np.stack([self._memory[text] for text in texts])

    def encode(self, texts: Sequence[str], batch: int = 64) -> FloatArray:
        """Return one unit vector a text in the tuned space, shape (len(texts), dimensions)."""
        torch = self._torch
        with torch.inference_mode():
            lower = lower_states(texts, self._tokenizer, self._weights, SHARED_LAYERS)
            order = sorted(range(len(lower)), key=lambda i: (lower[i].shape[0], texts[i]))
            vectors = np.zeros((len(lower), lower[0].shape[1] if lower else 0), dtype=np.float32)
            for start in range(0, len(order), batch):
                chosen = order[start : start + batch]
                states, mask = pad([lower[i] for i in chosen])
                for number in range(SHARED_LAYERS, LAYERS):
                    states = layer(states, mask, self._weights, number)
                vectors[chosen] = torch.nn.functional.normalize(mean(states, mask), dim=1).numpy()
        return vectors

    def features(self, cases: Sequence[StanceCase]) -> tuple[str, FloatArray]:
        """Return the kind of regression and the features of cases that share one behaviour, shape (cases, features)."""
        first = cases[0]
        own = self.vectors([case.segment for case in cases])
        affirm = own @ self.vectors(first.affirm).T
        base_affirm = np.array([case.affirm_similarity for case in cases], dtype=np.float32)
        agrees = _agreement([case.segment for case in cases], (*first.affirm, *first.deny))
        if not first.deny:
            parts = [affirm_only_features(base_affirm, agrees), affirm_only_features(affirm, agrees)]
            return "affirm_only", np.concatenate([*parts, self._valence(own)], axis=1)
        deny = own @ self.vectors(first.deny).T
        base_deny = np.array([case.deny_similarity for case in cases], dtype=np.float32)
        parts = [space_features(base_affirm, base_deny, agrees), space_features(affirm, deny, agrees)]
        negative = np.array([[float(is_negative(case.segment))] for case in cases], dtype=np.float32)
        kind = "red_flag" if first.harmful else "key_point"
        return kind, np.concatenate([*parts, negative, self._valence(own)], axis=1)

    def _judge_behaviour(self, cases: Sequence[StanceCase]) -> FloatArray:
        kind, features = self.features(cases)
        scaled = (features - self._extra[f"{kind}.mean"]) / self._extra[f"{kind}.scale"]
        logits = scaled @ self._extra[f"{kind}.weight"].T + self._extra[f"{kind}.bias"]
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        stances: FloatArray = (odds / odds.sum(axis=1, keepdims=True)).astype(np.float32)
        return stances

    def _valence(self, vectors: FloatArray) -> FloatArray:
        """Return how acceptable segments sound whatever they are about, in log odds, shape (segments, 1)."""
        valence: FloatArray = vectors @ self._extra["valence.weight"][:, None] + self._extra["valence.bias"]
        return valence


def _agreement(segments: Sequence[str], statements: Sequence[str]) -> FloatArray:
    """Return 1 where a segment and a statement are both negated or both not, else -1, shape (segments, statements)."""
    rows = np.array([is_negative(text) for text in segments])
    columns = np.array([is_negative(text) for text in statements])
    return np.where(rows[:, None] == columns[None, :], 1.0, -1.0).astype(np.float32)
