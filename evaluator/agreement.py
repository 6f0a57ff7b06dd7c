"""How far levels agree with people's ratings, and cut-offs fitted to them: pure functions over numbers.

Terms and thresholds follow the reports of educational measurement: quadratic weighted kappa (Cohen 1968) of at least 0.70
and an absolute standardised mean difference of at most 0.15 (Williamson, Xi and Breyer 2012, "A framework for evaluation
and use of automated scoring").
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Cuts = tuple[float, float, float, float]

LEVEL_COUNT = 5
LEAST_KAPPA = 0.70
"""Quadratic weighted kappa below which agreement is flagged."""
MOST_SMD = 0.15
"""Absolute standardised mean difference above which agreement is flagged."""
LEAST_RATINGS = 30
"""Ratings below which cut-offs are not fitted: each of five levels would rest on a handful of answers."""
PRIOR_RATINGS = 30.0
"""Ratings that the cut-offs in use count as when new ones are fitted: few ratings move them little."""
FOLDS = 5
MOST_EDGES = 40
"""Scores that a cut-off is tried above and between, evenly spread."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its bootstrap interval."""

    value: float
    low: float
    """2.5th percentile."""
    high: float
    """97.5th percentile."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Levels held against ratings of the same answers."""

    count: int
    """Number of answers."""
    kappa: Interval
    """Quadratic weighted kappa, -1..1."""
    pearson: Interval
    """Of the scores (0-100) with the ratings, -1..1."""
    spearman: float
    """Rank correlation of the scores with the ratings, -1..1."""
    exact: float
    """Share of answers with the very level, 0..1."""
    adjacent: float
    """Share of answers at most one level apart, 0..1."""
    smd: float
    """Standardised mean difference, (mean level - mean rating) / standard deviation of the ratings."""
    confusion: tuple[tuple[int, ...], ...]
    """Rows: rated 1-5; columns: given 1-5."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What falls short of the usual thresholds, a sentence each."""
        found = []
        if self.kappa.value < LEAST_KAPPA:
            found.append(f"Quadratic weighted kappa is below {LEAST_KAPPA:.2f}.")
        if abs(self.smd) > MOST_SMD:
            found.append(f"The standardised mean difference is beyond {MOST_SMD:.2f}.")
        return tuple(found)


@dataclass(frozen=True, slots=True)
class CutFit:
    """Cut-offs fitted to ratings, and what they are worth on ratings they were not fitted to."""

    cuts: Cuts
    """Lowest score of levels 2, 3, 4 and 5."""
    before: float
    """Quadratic weighted kappa of the cut-offs in use."""
    held_out: float
    """The same of cut-offs fitted on the other folds."""

    @property
    def gain(self) -> float:
        """Cross-validated gain in quadratic weighted kappa."""
        return self.held_out - self.before


def confusion(rated: Sequence[int] | IntArray, given: Sequence[int] | IntArray) -> IntArray:
    """Return how often each pair of levels occurs, shape (5, 5), rows rated, columns given."""
    table = np.zeros((LEVEL_COUNT, LEVEL_COUNT), dtype=np.int64)
    np.add.at(table, (np.asarray(rated, dtype=int) - 1, np.asarray(given, dtype=int) - 1), 1)
    return table


def quadratic_kappa(rated: Sequence[int] | IntArray, given: Sequence[int] | IntArray) -> float:
    """Return the quadratic weighted kappa of two lists of levels 1-5 (Cohen 1968).

    Lists that are constant and equal, or empty, agree perfectly, 1.0.

    >>> quadratic_kappa([1, 2, 3, 4, 5], [1, 2, 3, 4, 5]), quadratic_kappa([1, 5], [5, 1]), quadratic_kappa([3, 3], [3, 3])
    (1.0, -1.0, 1.0)
    """
    table = confusion(rated, given)
    weights = np.subtract.outer(np.arange(LEVEL_COUNT), np.arange(LEVEL_COUNT)) ** 2
    expected = float((weights * np.outer(table.sum(1), table.sum(0))).sum()) / max(1, int(table.sum()))
    return 1 - float((weights * table).sum()) / expected if expected else 1.0


def correlation(first: Sequence[float] | FloatArray, second: Sequence[float] | FloatArray) -> float:
    """Return Pearson's correlation, -1..1; 0.0 where a list is constant.

    >>> correlation([1, 2, 3], [2, 4, 6]), correlation([1, 1], [1, 2])
    (1.0, 0.0)
    """
    a, b = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size else 0.0


def ranks(values: Sequence[float] | FloatArray) -> FloatArray:
    """Return ranks from 0, ties sharing their mean rank.

    >>> ranks([10.0, 30.0, 10.0]).tolist()
    [0.5, 2.0, 0.5]
    """
    array = np.asarray(values, dtype=float)
    _, inverse, counts = np.unique(array, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return np.asarray((ends - (counts + 1) / 2)[inverse], dtype=float)


def spearman(first: Sequence[float] | FloatArray, second: Sequence[float] | FloatArray) -> float:
    """Return Spearman's rank correlation, -1..1; 0.0 where a list is constant."""
    return correlation(ranks(first), ranks(second))


def standardised_difference(rated: Sequence[float] | FloatArray, given: Sequence[float] | FloatArray) -> float:
    """Return (mean given - mean rated) / standard deviation of rated; 0.0 where ratings do not vary."""
    spread = float(np.std(np.asarray(rated, dtype=float)))
    return (float(np.mean(given)) - float(np.mean(rated))) / spread if spread else 0.0


def agreement(rated: Sequence[int], given: Sequence[int], scores: Sequence[float], resamples: int = 1000) -> Agreement:
    """Return how far levels (1-5) and scores (0-100) agree with ratings (1-5) of the same answers.

    Raises:
        ValueError: there are no answers.
    """
    if not rated:
        raise ValueError("agreement needs at least one rated answer")
    r, g, s = np.asarray(rated), np.asarray(given), np.asarray(scores, dtype=float)
    distance = np.abs(r - g)
    return Agreement(
        count=len(r),
        kappa=bootstrap(lambda rows: quadratic_kappa(r[rows], g[rows]), len(r), resamples),
        pearson=bootstrap(lambda rows: correlation(r[rows], s[rows]), len(r), resamples),
        spearman=spearman(r, s),
        exact=float((distance == 0).mean()),
        adjacent=float((distance <= 1).mean()),
        smd=standardised_difference(r, g),
        confusion=tuple(tuple(int(n) for n in row) for row in confusion(r, g)),
    )


def bootstrap(figure: Callable[[IntArray], float], count: int, resamples: int = 1000) -> Interval:
    """Return a figure of all rows with its 95% percentile interval over rows drawn with replacement; one fixed seed."""
    random = np.random.default_rng(0)
    drawn = [figure(random.integers(0, count, count)) for _ in range(resamples)]
    low, high = np.percentile(drawn, [2.5, 97.5]) if drawn else (np.nan, np.nan)
    return Interval(figure(np.arange(count)), float(low), float(high))


def levels_by_rank(values: Sequence[float], rated: Sequence[int]) -> list[int]:
    """Return levels for a baseline's values, distributed exactly as the ratings are: the best that any cut-offs could do."""
    order = np.argsort(np.asarray(values), kind="stable")
    levels = np.empty(len(order), dtype=int)
    levels[order] = np.sort(np.asarray(rated))
    return [int(level) for level in levels]


def levels_at(scores: Sequence[float] | FloatArray, cuts: Sequence[float]) -> IntArray:
    """Return the level (1-5) of each score (0-100)."""
    return np.asarray(1 + (np.asarray(scores)[:, None] >= np.asarray(cuts)[None, :]).sum(axis=1), dtype=np.int64)


def fit_cuts(
    scores: Sequence[float], rated: Sequence[int], current: Cuts, prior: float = PRIOR_RATINGS, rounds: int = 3
) -> Cuts:
    """Return cut-offs that suit ratings, drawn towards those in use, which count as ``prior`` ratings.

    Each cut-off in turn takes the value with the smallest sum of squared distances between level and rating, which is
    what quadratic weighted kappa punishes (the middle one of equals); its own place is kept where no other is better. Order
    is kept.
    """
    s, r = np.asarray(scores, dtype=float), np.asarray(rated)
    different = np.unique(s)[:: 1 + len(np.unique(s)) // MOST_EDGES]
    edges = sorted({0.0, *((a + b) / 2 for a, b in pairwise(different)), *(different + 0.1)})
    cuts = list(current)
    for _ in range(rounds):
        for number in range(len(cuts)):
            low = cuts[number - 1] + 1 if number else 0.1
            high = cuts[number + 1] - 1 if number + 1 < len(cuts) else 99.9
            choices = [edge for edge in edges if low <= edge <= high]
            losses = [_squares(s, r, (*cuts[:number], choice, *cuts[number + 1 :])) for choice in choices]
            if losses and min(losses) < _squares(s, r, cuts):
                best = [choice for choice, loss in zip(choices, losses, strict=True) if loss == min(losses)]
                cuts[number] = best[len(best) // 2]
    share = len(s) / (len(s) + prior)
    drawn = [round(share * fitted + (1 - share) * old, 1) for fitted, old in zip(cuts, current, strict=True)]
    return (drawn[0], drawn[1], drawn[2], drawn[3])


def _squares(scores: FloatArray, rated: IntArray, cuts: Sequence[float]) -> float:
    return float(((levels_at(scores, cuts) - rated) ** 2).sum())


def cross_validated_cuts(scores: Sequence[float], rated: Sequence[int], current: Cuts) -> CutFit:
    """Return cut-offs fitted to all ratings, with the kappa of those in use and the held-out kappa of fitted ones.

    Folds are dealt by rank of score, so that every fold has answers of every height; deterministic.
    """
    s, r = np.asarray(scores, dtype=float), np.asarray(rated)
    fold = np.empty(len(s), dtype=int)
    fold[np.argsort(s, kind="stable")] = np.arange(len(s)) % FOLDS
    given = np.empty(len(s), dtype=np.int64)
    for number in range(FOLDS):
        own = fold == number
        given[own] = levels_at(s[own], fit_cuts(s[~own].tolist(), r[~own].tolist(), current))
    before = quadratic_kappa(r, levels_at(s, current))
    return CutFit(fit_cuts(scores, rated, current), before, quadratic_kappa(r, given))
