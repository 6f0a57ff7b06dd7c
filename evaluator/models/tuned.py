"""The shipped stance judge: MiniLM with upper layers tuned to keep for and against apart, and logistic regressions.

A segment and the statements of a behaviour are compared in two spaces, the encoder's and the tuned one; a readable set of
features (``features.py``) goes into a three-class logistic regression. The same tuned layers read whether a segment speaks
for the candidate, against, or neither. Trained by ``training/train_stance.py``.
"""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluator.errors import ModelError
from evaluator.models.encoder import default_model_folder
from evaluator.models.features import affirm_only_features, nearest_statement, pair_features, two_sided_features
from evaluator.models.polarity import is_negative
from evaluator.models.stance import StanceCase
from evaluator.models.transformer import LAYERS, WIDTH, layer, load_tokenizer, lower_states, pad, pooled
from evaluator.text import content_words

FloatArray = NDArray[np.float32]

SHARED_LAYERS = 2
"""Lower layers that are MiniLM's own; the layers above them were tuned."""

KINDS = ("key_point", "red_flag", "new_key_point", "new_red_flag", "affirm_only")
"""The regressions in the file: behaviours with learned anchors, behaviours with both sides whose anchors are the means of
their statements, and behaviours with affirm statements only."""

REMEMBERED = 40_000
"""Texts whose vectors are kept in memory, 190 MB at most."""


def shipped_stance_path() -> Path:
    """Return the file of the shipped judge."""
    return Path(__file__).parent / "stance.safetensors"


def anchor_name(affirm: Sequence[str], deny: Sequence[str]) -> str:
    """Return the name in the file of the learned anchors of a behaviour: they hold for these very statements only."""
    digest = hashlib.sha256(json.dumps([list(affirm), list(deny)], ensure_ascii=True).encode())
    return f"anchor.{digest.hexdigest()[:16]}"


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
        self._heads = tuned["heads"].float()
        self._tokenizer = load_tokenizer(base)
        self.vocabulary = frozenset(self._tokenizer.get_vocab())
        """Words and word pieces that the model knows."""
        self._memory: OrderedDict[str, FloatArray] = OrderedDict()
        self._torch = torch
        self.anchored = True
        """Whether learned anchors are used where there are any; off only while regressions are fitted without them."""

    def add(self, tensors: dict[str, Any]) -> None:
        """Take fitted numbers, while a judge is being trained."""
        self._extra.update({name: value.float().numpy() for name, value in tensors.items()})

    def judge(self, cases: Sequence[StanceCase], /) -> FloatArray:
        """Return the probability of each stance, shape (len(cases), 3), columns as ``STANCES``."""
        behaviours: dict[tuple[object, ...], list[int]] = {}
        for number, case in enumerate(cases):
            behaviours.setdefault((case.affirm, case.deny, case.harmful), []).append(number)
        self.remember([text for case in cases for text in (case.segment, *case.affirm, *case.deny)])
        judged = np.zeros((len(cases), 3), dtype=np.float32)
        for numbers in behaviours.values():
            kind, features = self.features([cases[number] for number in numbers])
            judged[numbers] = self._probabilities(kind, features)
        self._forget()
        return judged

    def read(self, texts: Sequence[str], /) -> FloatArray:
        """Return the probability that each text speaks for the candidate, neither, or against, shape (len(texts), 3)."""
        if not texts:
            return np.zeros((0, 3), dtype=np.float32)
        self.remember(texts)
        probabilities = _softmax(self._logits(texts))
        self._forget()
        return probabilities

    def remember(self, texts: Sequence[str]) -> None:
        """Compute the vectors of texts that are not known yet."""
        new = [text for text in dict.fromkeys(texts) if text not in self._memory]
        if new:
            self._memory.update(zip(new, self.encode(new), strict=True))

    def encode(self, texts: Sequence[str], batch: int = 64) -> FloatArray:
        """Return the pooled vectors of texts in the tuned space, shape (len(texts), (1 + heads) * WIDTH)."""
        torch = self._torch
        vectors = np.zeros((len(texts), WIDTH * (1 + len(self._heads))), dtype=np.float32)
        with torch.inference_mode():
            lower = lower_states(texts, self._tokenizer, self._weights, SHARED_LAYERS)
            order = sorted(range(len(lower)), key=lambda i: (lower[i].shape[0], texts[i]))
            for start in range(0, len(order), batch):
                chosen = order[start : start + batch]
                states, mask = pad([lower[i] for i in chosen])
                for number in range(SHARED_LAYERS, LAYERS):
                    states = layer(states, mask, self._weights, number)
                vectors[chosen] = pooled(states, mask, self._heads).numpy()
        return vectors

    def features(self, cases: Sequence[StanceCase]) -> tuple[str, FloatArray]:
        """Return the kind of regression and the features of cases that share one behaviour, shape (cases, features)."""
        first = cases[0]
        segments = [case.segment for case in cases]
        own = self.mean_vectors(segments)
        affirm = self.mean_vectors(first.affirm)
        plain_affirm = np.array([case.affirm_similarity for case in cases], dtype=np.float32)
        reading = self._logits(segments)
        if not first.deny:
            against = self._logits(first.affirm)
            apart = (reading[:, 2] - reading[:, 0])[:, None] - (against[:, 2] - against[:, 0])[None, :]
            shared, covered = _word_overlap(segments, first.affirm)
            agrees = _agreement(segments, first.affirm)
            tuned = own @ affirm.T
            pair = self.pair(own, affirm[nearest_statement(tuned, plain_affirm)])
            return "affirm_only", affirm_only_features(tuned, plain_affirm, agrees, apart, shared, covered, pair)
        deny = self.mean_vectors(first.deny)
        learned = self._extra.get(anchor_name(first.affirm, first.deny)) if self.anchored else None
        anchors = np.stack([_unit(affirm.mean(axis=0)), _unit(deny.mean(axis=0))]) if learned is None else learned
        features = two_sided_features(
            own @ anchors.T,
            (own @ affirm.T, own @ deny.T),
            (plain_affirm, np.array([case.deny_similarity for case in cases], dtype=np.float32)),
            reading[:, [0, 2]] - reading[:, [1]],
            np.array([float(is_negative(segment)) for segment in segments], dtype=np.float32),
        )
        return f"{'new_' if learned is None else ''}{'red_flag' if first.harmful else 'key_point'}", features

    def pair(self, segments: FloatArray, statements: FloatArray) -> FloatArray:
        """Return the log odds of affirms and denies, against neither, of pairs of vectors, shape (pairs, 2)."""
        logits = pair_features(segments, statements) @ self._extra["pair.weight"].T + self._extra["pair.bias"]
        odds: FloatArray = logits[:, :2] - logits[:, 2:]
        return odds

    def _probabilities(self, kind: str, features: FloatArray) -> FloatArray:
        scaled = (features - self._extra[f"{kind}.mean"]) / self._extra[f"{kind}.scale"]
        return _softmax(scaled @ self._extra[f"{kind}.weight"].T + self._extra[f"{kind}.bias"])

    def _logits(self, texts: Sequence[str]) -> FloatArray:
        """Return the reading of remembered texts: log odds of for, neither, against, up to a constant."""
        vectors = np.stack([self._memory[text] for text in texts])
        logits: FloatArray = vectors @ self._extra["reading.weight"].T + self._extra["reading.bias"]
        return logits

    def mean_vectors(self, texts: Sequence[str]) -> FloatArray:
        """Return the remembered mean vectors of texts, of unit length, shape (len(texts), WIDTH)."""
        return np.stack([self._memory[text][:WIDTH] for text in texts])

    def _forget(self) -> None:
        while len(self._memory) > REMEMBERED:
            self._memory.popitem(last=False)


def _softmax(logits: FloatArray) -> FloatArray:
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: FloatArray = (odds / odds.sum(axis=1, keepdims=True)).astype(np.float32)
    return probabilities


def _unit(vector: FloatArray) -> FloatArray:
    unit: FloatArray = vector / np.linalg.norm(vector)
    return unit


def _agreement(segments: Sequence[str], statements: Sequence[str]) -> FloatArray:
    """Return 1 where a segment and a statement are both negated or both not, else -1, shape (segments, statements)."""
    rows = np.array([is_negative(text) for text in segments])
    columns = np.array([is_negative(text) for text in statements])
    return np.where(rows[:, None] == columns[None, :], 1.0, -1.0).astype(np.float32)


def _word_overlap(segments: Sequence[str], statements: Sequence[str]) -> tuple[FloatArray, FloatArray]:
    """Return Jaccard index and share of each statement's content words, each of shape (segments, statements)."""
    own, theirs = [content_words(text) for text in segments], [content_words(text) for text in statements]
    shared = np.array([[len(a & b) for b in theirs] for a in own], dtype=np.float32)
    union = np.array([[max(1, len(a | b)) for b in theirs] for a in own], dtype=np.float32)
    sizes = np.array([max(1, len(b)) for b in theirs], dtype=np.float32)
    return np.divide(shared, union, dtype=np.float32), np.divide(shared, sizes, dtype=np.float32)
