"""Turns what was matched into coverage, a score, a level and the contributions that add up to the score.

The model is a sum: every key point adds its weight times its credit, up to what an excellent answer needs; a red flag,
a wrong topic or a trick puts a ceiling on the sum. It is monotone by construction: more credit never lowers a score, and
one more ceiling never raises it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evaluator.domain import Contribution, Coverage

MAX_SCORE = 100.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """The numbers of the scoring model. Fitted on development answers by ``training/fit_scoring.py``."""

    base: float = 20.0
    """What an answer earns that is about the question and does no harm."""
    enough: float = 9.0
    """Weight of covered key points at which an answer is complete: nobody can show every behaviour in two minutes."""
    enough_share: float = 0.6
    """The same as a share of all weights, for questions with few key points; the smaller of the two counts."""
    covered: float = 0.6
    """Probability of the affirming stance from which a key point counts as covered, and earns its whole weight."""
    partly: float = 0.3
    """The same for partly covered; from here to ``covered`` the credit rises in a straight line from 0."""
    contradicted: float = 0.6
    """Probability of the denying stance from which a key point counts as contradicted, where it beats the affirming one."""
    penalty: float = 0.7
    """What a contradicted point costs, as a share of what covering it earns."""
    red_flag: float = 0.7
    """Probability from which a red flag counts."""
    off_topic: float = 0.45
    """Highest cosine to anything in the question's bank below which an answer is off topic."""
    other_question: float = 0.1
    """How much nearer (mean cosine) an answer must be to another question's model answers to count as answering that."""
    on_topic: float = 0.6
    """Highest cosine to anything in the question's bank from which an answer is never taken for another question's."""
    telling: float = 0.8
    """Probability from which an answer tells something about a behaviour, and so is not an answer to another question."""
    cuts: tuple[float, float, float, float] = (15.0, 35.0, 55.0, 80.0)
    """Lowest score of levels 2, 3, 4 and 5."""
    near_cut: float = 3.0
    """Distance to a cut-off, in points, below which an answer is flagged."""

    def level(self, score: float) -> int:
        """Return the level (1-5) of a score (0-100)."""
        return 1 + sum(score >= cut for cut in self.cuts)

    def ceiling(self, level: int) -> float:
        """Return the highest score (one decimal) of a level (1-5)."""
        return MAX_SCORE if level == len(self.cuts) + 1 else max(0.0, round(self.cuts[level - 1] - 0.1, 1))


@dataclass(frozen=True, slots=True)
class Credit:
    """What a key point earns."""

    id: str
    label: str
    weight: float
    status: Coverage
    value: float
    """-1 (contradicted) .. 1 (covered)."""


@dataclass(frozen=True, slots=True)
class Ceiling:
    """A rule that limits a score whatever the key points earn."""

    id: str
    label: str
    level: int
    """Highest level (1-5) that the rule allows."""


def coverage(affirms: float, denies: float, calibration: Calibration) -> tuple[Coverage, float]:
    """Return the status of a key point and its credit (-1..1) from the probabilities of both stances (0..1)."""
    if denies >= calibration.contradicted and denies > affirms:
        return Coverage.CONTRADICTED, -calibration.penalty * denies
    if affirms >= calibration.covered:
        return Coverage.COVERED, 1.0
    if affirms >= calibration.partly:
        return Coverage.PARTLY, (affirms - calibration.partly) / (calibration.covered - calibration.partly)
    return Coverage.MISSED, 0.0


def enough_weight(weights: Sequence[float], calibration: Calibration) -> float:
    """Return the weight of covered key points that earns the full score."""
    return min(calibration.enough, calibration.enough_share * sum(weights)) or 1.0


def score_credits(
    credits: Sequence[Credit], ceilings: Sequence[Ceiling], calibration: Calibration
) -> tuple[float, tuple[Contribution, ...]]:
    """Return the score (0-100, one decimal) and its contributions, which add up to it exactly.

    Contributions come in the order: base, key points, completeness (what exceeds 100 or falls below 0), ceilings.
    """
    enough = enough_weight([credit.weight for credit in credits], calibration)
    tally = _Tally()
    tally.add("base", "answers the question", calibration.base)
    for credit in credits:
        tally.add(credit.id, credit.label, (MAX_SCORE - calibration.base) * credit.weight * credit.value / enough)
    if tally.score > MAX_SCORE:
        tally.add("complete", "more than a complete answer needs", MAX_SCORE - tally.total)
    elif tally.score < 0:
        tally.add("floor", "a score is never below 0", -tally.total)
    for ceiling in sorted(ceilings, key=lambda item: (item.level, item.id)):
        highest = calibration.ceiling(ceiling.level)
        if tally.score > highest:
            tally.add(ceiling.id, ceiling.label, highest - tally.total)
    return tally.score, tuple(tally.contributions)


class _Tally:
    """A running sum whose rounded parts add up to the rounded sum."""

    def __init__(self) -> None:
        self.total = 0.0
        self.contributions: list[Contribution] = []

    @property
    def score(self) -> float:
        return round(self.total, 1) + 0.0

    def add(self, identifier: str, label: str, points: float) -> None:
        before = round(self.total, 1)
        self.total += points
        self.contributions.append(Contribution(identifier, label, round(round(self.total, 1) - before, 1) + 0.0))
