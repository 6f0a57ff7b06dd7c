"""How the questions of an interview did: difficulty, discrimination and internal consistency; pure functions over scores.

Terms follow classical test theory: difficulty as the mean share of the points (the p-value of an item that is scored in
steps), discrimination as the correlation of an item with the rest of the test (Crocker and Algina 1986), consistency as
Cronbach's alpha (1951). A figure that cannot be had is None, never NaN.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluator.agreement import correlation

LEAST_GROUP = 5
"""People (or answers) that a figure about a group rests on at least: one over fewer would speak of persons."""
STEADY_GROUP = 30
"""People below whom correlations and alpha move so much from group to group that they are hints only."""
LEAST_DISCRIMINATION = 0.2
"""Item-rest correlation below which a question hardly tells the same as the others (Ebel 1979)."""


@dataclass(frozen=True, slots=True)
class ItemStatistics:
    """How one question did."""

    question: str
    count: int
    """Candidates with a score for it."""
    difficulty: float | None
    """Mean share of the points, 0 (nobody earns any) .. 1 (everybody earns all); None where ``count`` is too small."""
    spread: float | None
    """Standard deviation of the scores, 0..50; None as for ``difficulty``."""
    discrimination: float | None
    """Correlation, -1..1, of its score with the mean of the candidate's other scores, over complete candidates; None
    where these are too few, where there is no other question, or where either side does not vary."""


@dataclass(frozen=True, slots=True)
class ItemAnalysis:
    """How the questions of a batch did, one by one and together."""

    items: tuple[ItemStatistics, ...]
    complete: int
    """Candidates with a score for every question; alpha and discrimination rest on them."""
    alpha: float | None
    """Cronbach's alpha, at most 1; None where there are too few complete candidates or questions, or no variation."""
    error: float | None
    """Standard error of measurement of a candidate's mean score, in points of 100; None where alpha is, or is below 0."""

    @property
    def steady(self) -> bool:
        """Whether there are candidates enough for correlations and alpha to be more than hints."""
        return self.complete >= STEADY_GROUP


def analyse_items(scores: Mapping[str, Mapping[str, float]], questions: Sequence[str]) -> ItemAnalysis:
    """Return how the questions did.

    Args:
        scores: candidate to question to score (0-100); an answer without a score is left out.
        questions: the questions, in the order of the result.

    >>> ask = {"a": {"x": 80.0, "y": 60.0}, "b": {"x": 40.0}}
    >>> found = analyse_items(ask, ["x", "y"])
    >>> found.items[0].count, found.items[0].difficulty, found.complete, found.alpha
    (2, None, 1, None)
    """
    whole = [own for own in scores.values() if all(question in own for question in questions)]
    table = np.array([[own[question] for question in questions] for own in whole], dtype=float)
    table = table.reshape(len(whole), len(questions))
    enough = len(whole) >= LEAST_GROUP
    items = []
    for column, question in enumerate(questions):
        given = [own[question] for own in scores.values() if question in own]
        shown = len(given) >= LEAST_GROUP
        items.append(
            ItemStatistics(
                question=question,
                count=len(given),
                difficulty=float(np.mean(given)) / 100 if shown else None,
                spread=float(np.std(given)) if shown else None,
                discrimination=item_rest_correlation(table, column) if enough else None,
            )
        )
    alpha = cronbach_alpha(table) if enough else None
    return ItemAnalysis(tuple(items), len(whole), alpha, _standard_error(table, alpha))


def item_rest_correlation(table: NDArray[np.float64], column: int) -> float | None:
    """Return the corrected item-total correlation of a question, -1..1, or None where it is not defined.

    Args:
        table: scores, shape (candidates, questions), without gaps.
        column: of the question; its own score is no part of what it is held against.

    >>> item_rest_correlation(np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]]), 0)
    1.0
    """
    if table.shape[0] < 2 or table.shape[1] < 2:
        return None
    own, rest = table[:, column], np.delete(table, column, axis=1).mean(axis=1)
    if not np.ptp(own) or not np.ptp(rest):
        return None
    return max(-1.0, min(1.0, correlation(own, rest)))


def cronbach_alpha(table: NDArray[np.float64]) -> float | None:
    """Return Cronbach's alpha, or None where it is not defined: k / (k - 1) * (1 - sum of variances / variance of sums).

    Args:
        table: scores, shape (candidates, questions), without gaps.

    >>> cronbach_alpha(np.array([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]]))
    1.0
    """
    people, items = table.shape
    if people < 2 or items < 2 or not np.ptp(table.sum(axis=1)):
        return None
    parts, whole = table.var(axis=0, ddof=1).sum(), table.sum(axis=1).var(ddof=1)
    return float(items / (items - 1) * (1 - parts / whole))


def _standard_error(table: NDArray[np.float64], alpha: float | None) -> float | None:
    """Return the spread of the means times the root of what alpha leaves unexplained."""
    if alpha is None or alpha < 0:
        return None
    return float(table.mean(axis=1).std(ddof=1) * np.sqrt(max(0.0, 1 - alpha)))
