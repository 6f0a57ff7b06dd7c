"""The shipped stance judge: MiniLM with upper layers tuned to keep for and against apart, and logistic regressions.

A segment and the statements of a behaviour are compared in two spaces, the encoder's and the tuned one; a readable set of
features (``features.py``) goes into a three-class logistic regression. The same tuned layers read whether a segment speaks
for the candidate, against, or neither. Trained by ``training/train_stance.py``.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluator.errors import ModelError
from evaluator.models.encoder import Encoder, default_model_folder
from evaluator.models.features import affirm_only_features, nearest_statement, pair_features, two_sided_features
from evaluator.models.polarity import is_negative
from evaluator.models.stance import StanceCase
from evaluator.models.transformer import SHARED_LAYERS as SHARED_LAYERS
from evaluator.models.transformer import WIDTH, load_tokenizer
from evaluator.models.tuned_layers import TunedLayers
from evaluator.text import content_words

FloatArray = NDArray[np.float32]

REMEMBERED = 4096
"""Segments whose vectors are kept in memory, 44 MB: those of the answers that are judged together."""


def shipped_stance_path() -> Path:
    """Return the file of the shipped judge."""
    return Path(__file__).parent / "stance.safetensors"


def stance_digest(path: Path) -> str:
    """Return the sha256 of a judge's file, in hexadecimal."""
    status = path.stat()
    return _file_digest(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=8)
def _file_digest(path: Path, _size: int, _changed: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def anchor_name(affirm: Sequence[str], deny: Sequence[str]) -> str:
    """Return the name in the file of the learned anchors of a behaviour: they hold for these very statements only."""
    digest = hashlib.sha256(json.dumps([list(affirm), list(deny)], ensure_ascii=True).encode())
    return f"anchor.{digest.hexdigest()[:16]}"


class Vocabulary(Collection[str]):
    """The words and word pieces of a model's tokenizer, read when the first one is looked up."""

    def __init__(self, folder: Path) -> None:
        """Take the folder of the model."""
        self._folder = folder

    @cached_property
    def _words(self) -> frozenset[str]:
        return frozenset(load_tokenizer(self._folder).get_vocab())

    def __contains__(self, word: object) -> bool:
        return word in self._words

    def __iter__(self) -> Iterator[str]:
        return iter(self._words)

    def __len__(self) -> int:
        return len(self._words)


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a behaviour before any segment is held against it."""

    affirm: FloatArray
    """Mean vectors of its statements in the tuned space, shape (statements, WIDTH)."""
    deny: FloatArray
    anchors: FloatArray | None
    """Shape (2, WIDTH); None where there are affirm statements only."""
    learned: bool
    """Whether the anchors are learned ones."""
    against: FloatArray
    """How much more each affirm statement speaks against the candidate than for, in log odds."""


class TunedJudge:
    """Tells affirm from deny from neither by distance to a behaviour's statements in a tuned space."""

    def __init__(
        self,
        path: Path | None = None,
        base: Path | None = None,
        segments: Encoder | None = None,
        statements: Encoder | None = None,
    ) -> None:
        """Load the judge.

        Args:
            path: the file of the judge; None for the shipped one.
            base: folder of the model it was tuned from; None for the default model's.
            segments: places texts in the tuned space; None for the reference, which torch runs.
            statements: the same for statements of the bank, which come again and again; None for ``segments``.

        Raises:
            ModelError: a file is missing or not of the right form.
        """
        from safetensors import SafetensorError, safe_open

        path = path or shipped_stance_path()
        base = base or default_model_folder()
        try:
            with safe_open(str(path), framework="numpy") as file:
                names = [name for name in file.keys() if not name.startswith("encoder.")]  # noqa: SIM118
                self._extra = {name: file.get_tensor(name).astype(np.float32) for name in names}
        except (OSError, SafetensorError) as error:
            raise ModelError(
                f"{path.name}: the stance judge cannot be loaded ({error}). Reinstall the package."
            ) from error
        self.digest = stance_digest(path)
        self._segments = segments or TunedLayers(path, base)
        self._statements = statements or self._segments
        self.vocabulary = Vocabulary(base)
        """Words and word pieces that the model knows."""
        self._memory: OrderedDict[str, FloatArray] = OrderedDict()
        self._known: dict[tuple[object, ...], _Known] = {}
        self._lock = threading.RLock()  # what one thread remembers, another one must not forget meanwhile
        self.anchored = True
        """Whether learned anchors are used where there are any; off only while regressions are fitted without them."""

    def add(self, tensors: dict[str, Any]) -> None:
        """Take fitted numbers, while a judge is being trained."""
        self._extra.update({name: value.float().numpy() for name, value in tensors.items()})

    def learned(self, affirm: Sequence[str], deny: Sequence[str], /) -> bool:
        """Return whether the judge was trained on a behaviour with these very statements."""
        return anchor_name(affirm, deny) in self._extra

    def judge(self, cases: Sequence[StanceCase], /) -> FloatArray:
        """Return the probability of each stance, shape (len(cases), 3), columns as ``STANCES``."""
        behaviours: dict[tuple[object, ...], list[int]] = {}
        for number, case in enumerate(cases):
            behaviours.setdefault((case.affirm, case.deny, case.harmful), []).append(number)
        judged = np.zeros((len(cases), 3), dtype=np.float32)
        with self._lock:
            self.remember([case.segment for case in cases])
            self._learn([cases[numbers[0]] for numbers in behaviours.values()])
            for numbers in behaviours.values():
                kind, features = self.features([cases[number] for number in numbers])
                judged[numbers] = self._probabilities(kind, features)
            self._forget()
        return judged

    def read(self, texts: Sequence[str], /) -> FloatArray:
        """Return the probability that each text speaks for the candidate, neither, or against, shape (len(texts), 3)."""
        if not texts:
            return np.zeros((0, 3), dtype=np.float32)
        with self._lock:
            self.remember(texts)
            probabilities = _softmax(self._logits(texts))
            self._forget()
        return probabilities

    def remember(self, texts: Sequence[str]) -> None:
        """Compute the vectors of texts that are not known yet."""
        new = [text for text in dict.fromkeys(texts) if text not in self._memory]
        if new:
            self._memory.update(zip(new, self._segments.encode(new), strict=True))

    def features(self, cases: Sequence[StanceCase]) -> tuple[str, FloatArray]:
        """Return the kind of regression and the features of cases that share one behaviour, shape (cases, features)."""
        first = cases[0]
        self._learn([first])
        known = self._known[first.affirm, first.deny, self.anchored]
        segments = [case.segment for case in cases]
        own = self.mean_vectors(segments)
        plain_affirm = np.array([case.affirm_similarity for case in cases], dtype=np.float32)
        reading = self._logits(segments)
        tuned = own @ known.affirm.T
        if known.anchors is None:
            apart = (reading[:, 2] - reading[:, 0])[:, None] - known.against[None, :]
            shared, covered = _word_overlap(segments, first.affirm)
            agrees = _agreement(segments, first.affirm)
            pair = self.pair(own, known.affirm[nearest_statement(tuned, plain_affirm)])
            return "affirm_only", affirm_only_features(tuned, plain_affirm, agrees, apart, shared, covered, pair)
        features = two_sided_features(
            own @ known.anchors.T,
            (tuned, own @ known.deny.T),
            (plain_affirm, np.array([case.deny_similarity for case in cases], dtype=np.float32)),
            reading[:, [0, 2]] - reading[:, [1]],
            np.array([float(is_negative(segment)) for segment in segments], dtype=np.float32),
        )
        return f"{'' if known.learned else 'new_'}{'red_flag' if first.harmful else 'key_point'}", features

    def _learn(self, cases: Sequence[StanceCase]) -> None:
        """Embed the statements of behaviours that are met for the first time, all at once."""
        new = {(case.affirm, case.deny, self.anchored): case for case in cases}
        new = {key: case for key, case in new.items() if key not in self._known}
        texts = list(dict.fromkeys(text for case in new.values() for text in (*case.affirm, *case.deny)))
        missing = [text for text in texts if text not in self._memory]
        vectors = {text: self._memory[text] for text in texts if text in self._memory}
        vectors.update(zip(missing, self._statements.encode(missing) if missing else (), strict=True))
        for key, case in new.items():
            self._known[key] = self._look_up(case, vectors)

    def _look_up(self, case: StanceCase, vectors: dict[str, FloatArray]) -> _Known:
        affirm = np.stack([vectors[text] for text in case.affirm])
        against = self._reading(affirm)
        if not case.deny:
            nothing = np.zeros((0, WIDTH), dtype=np.float32)
            return _Known(affirm[:, :WIDTH].copy(), nothing, None, False, against[:, 2] - against[:, 0])
        deny = np.stack([vectors[text] for text in case.deny])
        means = np.stack([_unit(side[:, :WIDTH].mean(axis=0)) for side in (affirm, deny)])
        learned = self._extra.get(anchor_name(case.affirm, case.deny)) if self.anchored else None
        anchors = means if learned is None else learned
        return _Known(
            affirm[:, :WIDTH].copy(),
            deny[:, :WIDTH].copy(),
            anchors,
            learned is not None,
            against[:, 2] - against[:, 0],
        )

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
        return self._reading(np.stack([self._memory[text] for text in texts]))

    def _reading(self, vectors: FloatArray) -> FloatArray:
        # Not a matrix product, whose last digits depend on how many rows it has: a text is read the same in any company.
        weights = self._extra["reading.weight"]
        logits = np.stack([(vectors * row).sum(axis=1) for row in weights], axis=1)
        return np.asarray(logits + self._extra["reading.bias"], dtype=np.float32)

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
