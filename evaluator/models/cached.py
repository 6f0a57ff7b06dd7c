"""Models whose numbers are looked up before they are computed: wrappers around the one-method protocols."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from evaluator.models.encoder import Encoder
from evaluator.models.stance import STANCES, ConductReader, StanceCase, StanceJudge
from evaluator.models.store import NumberStore

FloatArray = NDArray[np.float32]


@dataclass
class Reuse:
    """How much was known already."""

    asked: int = 0
    """Segments of answers that were read."""
    reused: int = 0
    """Those among them that were known."""


@dataclass(frozen=True, slots=True)
class CachedEncoder:
    """An encoder that computes no vector twice."""

    encoder: Encoder
    store: NumberStore
    identity: str
    """Changes with everything that a vector depends on beside its text."""

    def encode(self, texts: Sequence[str], /) -> FloatArray:
        """Return one vector a text, shape (len(texts), dimensions)."""
        if not texts:
            return self.encoder.encode(texts)
        keys = [_key(self.identity, text) for text in texts]
        return _through(self.store, keys, lambda new: self.encoder.encode([texts[i] for i in new]))[0]


@dataclass(frozen=True, slots=True)
class CachedReader:
    """A conduct reader that reads no text twice."""

    reader: ConductReader
    store: NumberStore
    identity: str
    reuse: Reuse = field(default_factory=Reuse)

    def read(self, texts: Sequence[str], /) -> FloatArray:
        """Return what each text says about the candidate, shape (len(texts), 3), columns as ``CONDUCT``."""
        if not texts:
            return self.reader.read(texts)
        keys = [_key(self.identity, text) for text in texts]
        rows, reused = _through(self.store, keys, lambda new: self.reader.read([texts[i] for i in new]))
        self.reuse.asked += len(texts)
        self.reuse.reused += reused
        return rows


@dataclass(frozen=True, slots=True)
class CachedJudge:
    """A stance judge that is not asked twice about the same cases. What is kept is the whole of one call: an answer."""

    judge_: StanceJudge
    store: NumberStore
    identity: str

    def judge(self, cases: Sequence[StanceCase], /) -> FloatArray:
        """Return the probability of each stance, shape (len(cases), 3), columns as ``STANCES``."""
        if not cases:
            return self.judge_.judge(cases)
        digest = hashlib.sha256(self.identity.encode())
        for case in cases:
            near = array("d", (*case.affirm_similarity, *case.deny_similarity))
            digest.update(_key("segment", case.segment))
            digest.update(_behaviour(case.affirm, case.deny, case.harmful))
            digest.update(near.tobytes())
        rows, _ = _through(self.store, [digest.digest()], lambda _: self.judge_.judge(cases).reshape(1, -1))
        return rows.reshape(-1, len(STANCES))


def _through(
    store: NumberStore, keys: Sequence[bytes], compute: Callable[[list[int]], FloatArray]
) -> tuple[FloatArray, int]:
    """Return the rows of numbers of ``keys``, computing and keeping those that the store lacks; and how many it had."""
    known = store.get(list(dict.fromkeys(keys)))
    first = {key: i for i, key in reversed(list(enumerate(keys))) if key not in known}
    reused = sum(key in known for key in keys)
    if first:
        new = sorted(first.values())
        computed = {keys[i]: row for i, row in zip(new, compute(new), strict=True)}
        store.put(computed)
        known.update(computed)
    return np.stack([known[key] for key in keys]), reused


def _key(identity: str, text: str) -> bytes:
    return hashlib.sha256(f"{identity}\0{text}".encode(errors="surrogatepass")).digest()


@lru_cache(maxsize=4096)
def _behaviour(affirm: tuple[str, ...], deny: tuple[str, ...], harmful: bool) -> bytes:
    sides = (*affirm, "", *deny, str(harmful))
    return hashlib.sha256(b"".join(_key("statement", text) for text in sides)).digest()
