"""Rates, impact ratios and differences between groups of candidates: pure functions over numbers.

Terms follow the rules of New York City's Local Law 144 (6 RCNY 5-300): the *selection rate* of a group, the *scoring rate*
(share above the sample's median score), and the *impact ratio* (a group's rate over the highest group's rate). A ratio below
four fifths is flagged (29 CFR 1607.4 D). Figures describe one sample; they say nothing about what is lawful.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

SMALL_GROUP = 30
"""People below which a group is marked: its rates move by more than three points with every single person."""
EXCLUDABLE_SHARE = 0.02
"""Share of the sample below which Local Law 144 lets an auditor leave a group out of the ratios."""
UNKNOWN = frozenset({"", "-", "?", "n/a", "na", "none", "null", "unknown", "missing", "not stated", "not given", "prefer not to say", "decline to answer"})  # fmt: skip
"""What a cell holds, in lower case, where the group is not known."""


@dataclass(frozen=True, slots=True)
class Person:
    """One candidate: groups, and a score and level for every scored answer."""

    groups: Mapping[str, str]
    """Column to group; absent or among ``UNKNOWN`` where it is not known."""
    scores: Mapping[str, tuple[tuple[float, int], ...]]
    """Question id to the (score 0-100, level 1-5) of every scored answer to it."""
    unscored: Mapping[str, int] = field(default_factory=dict)
    """Question id to how many answers could not be scored."""


@dataclass(frozen=True, slots=True)
class Rate:
    """How many of a group reached something, beside the group that did so most often."""

    count: int
    of: int
    ratio: float | None
    """Impact ratio, 0..1; None where nobody reached it or the group is left out of the ratios."""
    below_four_fifths: bool
    p: float | None
    """Fisher's exact test against the group with the highest rate, two-sided; None for that group and where there is no ratio."""

    @property
    def rate(self) -> float | None:
        """Share of the group, 0..1; None where the group has no scored candidates."""
        return self.count / self.of if self.of else None


@dataclass(frozen=True, slots=True)
class GroupFigures:
    """What one group got."""

    group: tuple[str, ...]
    """A value for every column of the table."""
    scored: int
    """Candidates with at least one scored answer; every rate is a share of them."""
    unscored: int
    """Candidates whose answers could not be scored, in no rate."""
    unscored_answers: int
    mean: float | None
    """Mean score, 0..100."""
    smd: float | None
    """Mean score against all other known groups, in pooled standard deviations (Cohen's d)."""
    selection: Rate
    """At or above the chosen level."""
    scoring: Rate
    """Above the median score."""
    small: bool
    """Fewer than ``SMALL_GROUP`` scored candidates."""
    share: float
    """Share of all scored candidates of the table, 0..1."""
    left_out: bool
    """Whether the ratios leave it out."""


@dataclass(frozen=True, slots=True)
class GroupTable:
    """Figures of every group of one column, or of an intersection of columns."""

    columns: tuple[str, ...]
    question_id: str
    """One question, or empty: each candidate's mean score and mean level over all questions."""
    median: float | None
    """Median score of all scored candidates, known group or not."""
    groups: tuple[GroupFigures, ...]
    unknown: int
    """Scored candidates whose group is not known: in the median, in no group."""
    unknown_unscored: int


def audit(
    people: Sequence[Person], columns: Sequence[str], level: float = 4, leave_out_below: float = 0.0
) -> tuple[GroupTable, ...]:
    """Return a table for every column and intersection, over all questions and for each.

    Args:
        people: candidates, each once.
        columns: names of the groups' columns; with two or more, every combination of them is an intersection.
        level: candidates at or above this level (1-5; the mean over the answers in scope) count as selected.
        leave_out_below: share of the sample (0..1) below which a group is left out of ratios and tests.
    """
    named = [_one_spelling(column, people) for column in columns]
    questions = sorted({name for person in people for name in (*person.scores, *person.unscored)})
    picks = [pick for size in range(1, len(columns) + 1) for pick in combinations(range(len(columns)), size)]
    tables = []
    for question in ("", *questions):
        for pick in picks:
            keys = [_key([named[i][p] for i in pick]) for p in range(len(people))]
            tables.append(_table(people, keys, tuple(columns[i] for i in pick), question, level, leave_out_below))
    return tuple(tables)


def impact(counts: Sequence[tuple[int, int]]) -> list[Rate]:
    """Return the rates of groups given as (reached, of), with impact ratios, four-fifths flags and exact tests.

    The reference is the group with the highest rate, the largest of equals.

    >>> [(rate.ratio, rate.below_four_fifths) for rate in impact([(8, 10), (3, 10)])]
    [(1.0, False), (0.375, True)]
    """
    most = max((pair for pair in counts if pair[1]), key=lambda pair: (pair[0] / pair[1], pair[1]), default=(0, 0))
    rates, found = [], False
    for reached, of in counts:
        if not of or not most[0]:
            rates.append(Rate(reached, of, None, False, None))
            continue
        reference = not found and (reached, of) == most
        found = found or reference
        p = None if reference else _fisher(reached, of, *most)
        # In whole numbers, so that a ratio of exactly four fifths is not flagged by a rounding error.
        below = 5 * reached * most[1] < 4 * most[0] * of
        rates.append(Rate(reached, of, (reached * most[1]) / (most[0] * of), below, p))
    return rates


def standardised_difference(own: Sequence[float], others: Sequence[float] | NDArray[np.float64]) -> float | None:
    """Return (mean own - mean others) / pooled standard deviation, or None where that is not defined.

    >>> standardised_difference([1.0, 3.0], [2.0, 4.0])
    -0.7071067811865475
    """
    if len(own) < 2 or len(others) < 2:
        return None
    freedom = len(own) + len(others) - 2
    squares = float(sum((len(scores) - 1) * np.var(scores, ddof=1) for scores in (own, others)))
    difference = float(np.mean(own) - np.mean(others))
    if not squares:
        return None if difference else 0.0
    return float(difference / (squares / freedom) ** 0.5)


def is_known(value: str) -> bool:
    """Return whether a cell names a group.

    >>> is_known("North"), is_known(" N/A "), is_known("")
    (True, False, False)
    """
    return " ".join(value.split()).lower() not in UNKNOWN


def _fisher(reached: int, of: int, most: int, most_of: int) -> float:
    from scipy.stats import fisher_exact

    return float(fisher_exact([[reached, of - reached], [most, most_of - most]]).pvalue)


def _one_spelling(column: str, people: Sequence[Person]) -> list[str | None]:
    """Return every person's group; values that differ in case and spaces only are one group, by its commonest spelling."""
    raw = [" ".join(person.groups.get(column, "").split()) for person in people]
    spellings: dict[str, Counter[str]] = {}
    for value in raw:
        spellings.setdefault(value.casefold(), Counter())[value] += 1
    chosen = {key: min(found.items(), key=lambda item: (-item[1], item[0]))[0] for key, found in spellings.items()}
    return [chosen[value.casefold()] if is_known(value) else None for value in raw]


def _key(values: Sequence[str | None]) -> tuple[str, ...] | None:
    known = [value for value in values if value is not None]
    return tuple(known) if len(known) == len(values) else None


def _means(person: Person, question: str) -> tuple[float, float] | None:
    """Return mean score and mean level of a person's scored answers in scope, or None where there are none."""
    scored = [pair for name, pairs in person.scores.items() if question in ("", name) for pair in pairs]
    if not scored:
        return None
    return statistics.fmean(score for score, _ in scored), statistics.fmean(level for _, level in scored)


def _table(
    people: Sequence[Person],
    keys: Sequence[tuple[str, ...] | None],
    columns: tuple[str, ...],
    question: str,
    level: float,
    leave_out_below: float,
) -> GroupTable:
    means = [_means(person, question) for person in people]
    missing = [sum(n for name, n in person.unscored.items() if question in ("", name)) for person in people]
    scored = [mean[0] for mean in means if mean]
    median = statistics.median(scored) if scored else None
    names = sorted({key for key in keys if key is not None}, key=lambda key: [value.casefold() for value in key])
    members: dict[tuple[str, ...], list[int]] = {name: [] for name in names}
    for i, key in enumerate(keys):
        if key is not None:
            members[key].append(i)
    scores = {name: [mean[0] for i in members[name] if (mean := means[i])] for name in names}
    left_out = {name for name in names if scored and len(scores[name]) / len(scored) < leave_out_below}
    selection = _rates(names, left_out, {n: _count(means, members[n], 1, level, strict=False) for n in names}, scores)
    scoring = _rates(names, left_out, {n: _count(means, members[n], 0, median, strict=True) for n in names}, scores)
    everybody = np.array([score for name in names for score in scores[name]])
    groups, before = [], 0
    for name in names:
        own = scores[name]
        others = np.concatenate([everybody[:before], everybody[before + len(own) :]])
        before += len(own)
        away = [i for i in members[name] if means[i] is None and missing[i]]
        groups.append(
            GroupFigures(
                name,
                len(own),
                len(away),
                sum(missing[i] for i in members[name]),
                statistics.fmean(own) if own else None,
                standardised_difference(own, others),
                selection[name],
                scoring[name],
                len(own) < SMALL_GROUP,
                len(own) / len(scored) if scored else 0.0,
                name in left_out,
            )
        )
    unknown = [i for i, key in enumerate(keys) if key is None]
    lost = sum(means[i] is None and missing[i] > 0 for i in unknown)
    return GroupTable(columns, question, median, tuple(groups), sum(means[i] is not None for i in unknown), lost)


def _count(
    means: Sequence[tuple[float, float] | None], rows: Sequence[int], which: int, cut: float | None, *, strict: bool
) -> int:
    values = [mean[which] for row in rows if (mean := means[row])]
    return sum(value > cut if strict else value >= cut for value in values) if cut is not None else 0


def _rates(
    names: Sequence[tuple[str, ...]],
    left_out: set[tuple[str, ...]],
    counts: Mapping[tuple[str, ...], int],
    scores: Mapping[tuple[str, ...], Sequence[float]],
) -> dict[tuple[str, ...], Rate]:
    kept = [name for name in names if name not in left_out]
    rates = dict(zip(kept, impact([(counts[name], len(scores[name])) for name in kept]), strict=True))
    return rates | {name: Rate(counts[name], len(scores[name]), None, False, None) for name in left_out}
