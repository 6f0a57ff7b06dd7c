"""Stance judges: does a segment speak for a behaviour, against it, or of something else?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from evaluator.domain import Stance

FloatArray = NDArray[np.float32]

STANCES = (Stance.AFFIRMS, Stance.DENIES, Stance.NEITHER)
"""Order of the columns that a judge returns."""

CONDUCT = ("for", "neutral", "against")
"""Order of the columns that a conduct reader returns: what a text says about the candidate."""


@dataclass(frozen=True, slots=True)
class StanceCase:
    """A segment held against one behaviour."""

    segment: str
    affirm: tuple[str, ...]
    """Statements that show the behaviour."""
    deny: tuple[str, ...]
    """Statements of the opposite; may be empty."""
    affirm_similarity: tuple[float, ...]
    """Cosine of the segment to each of ``affirm``, -1..1."""
    deny_similarity: tuple[float, ...]
    """Cosine of the segment to each of ``deny``, -1..1."""
    harmful: bool = False
    """Whether the behaviour is a red flag."""


class StanceJudge(Protocol):
    """Tells affirm from deny from neither."""

    def judge(self, cases: Sequence[StanceCase], /) -> FloatArray:
        """Return the probability of each stance, shape (len(cases), 3), columns as ``STANCES``, rows summing to 1."""
        ...


class ConductReader(Protocol):
    """Tells whether a text speaks for a candidate, against, or neither, whatever behaviour it is about."""

    def read(self, texts: Sequence[str], /) -> FloatArray:
        """Return the probability of each, shape (len(texts), 3), columns as ``CONDUCT``, rows summing to 1."""
        ...
