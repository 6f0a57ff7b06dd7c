"""Turns what was matched into coverage, a score, a level and the contributions that add up to the score.

The model is a sum: every key point adds its weight times its credit, up to what an excellent answer needs; conduct that speaks
against the candidate is deducted; a red flag, a wrong topic or a trick puts a ceiling on what is left. It is monotone by
construction: more credit never lowers a score, and one more deduction or ceiling never raises it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from evaluator.calibration import MAX_SCORE, Calibration
from evaluator.domain import Contribution, Coverage


@dataclass(frozen=True, slots=True)
class Credit:
    """What a key point earns."""

    id: str
    label: str
    weight: float
    value: float
    """-1 (contradicted) .. 1 (covered)."""


@dataclass(frozen=True, slots=True)
class Ceiling:
    """A rule that limits a score whatever the key points earn."""

    id: str
    label: str
    level: int
    """Highest level (1-5) that the rule allows."""


@dataclass(frozen=True, slots=True)
class Deduction:
    """Points that an answer loses for what speaks against the candidate."""

    id: str
    label: str
    points: float
    """At least 0."""


def balance(favour: Sequence[float], against: Sequence[float]) -> float:
    """Return the share of what an answer tells that speaks against the candidate, 0..1.

    One value a different sentence: sentences that tell nothing change nothing, and neither does saying one twice.

    >>> balance([1.0, 0.0], [0.0, 0.0]), balance([0.0], [1.0]) > balance([0.0, 1.0], [1.0, 0.0]) > 0
    (0.0, True)
    """
    bad = sum(against)
    return bad / (bad + sum(favour) + PRIOR_SENTENCES)


PRIOR_SENTENCES = 0.25
"""Sentences in favour that every answer starts with: a single doubtful one is not the whole of an answer."""


def coverage(
    affirms: float, denies: float, calibration: Calibration, *, derived: bool = False
) -> tuple[Coverage, float]:
    """Return the status of a key point and its credit (-1..1) from the probabilities of both stances (0..1).

    Args:
        affirms: probability that the answer shows it.
        denies: probability that the answer shows the opposite.
        calibration: the numbers in use.
        derived: whether the key point was derived from a model answer.
    """
    covered, partly = calibration.covered, calibration.partly
    contradicted, penalty = calibration.contradicted, calibration.penalty
    if derived:
        covered, partly = calibration.derived_covered, calibration.derived_partly
        contradicted, penalty = calibration.derived_contradicted, calibration.derived_penalty
    if denies >= contradicted and denies > affirms:
        return Coverage.CONTRADICTED, -penalty * denies
    if affirms >= covered:
        return Coverage.COVERED, affirms if derived else 1.0
    if affirms >= partly:
        return Coverage.PARTLY, affirms if derived else (affirms - partly) / (covered - partly)
    return Coverage.MISSED, affirms if derived else 0.0


def clause_credit(affirms: float, denies: float, told: float, calibration: Calibration) -> tuple[Coverage, float]:
    """Return the status and the credit (-1..1) of a key point that is a clause of a model answer and speaks of conduct.

    Args:
        affirms: probability that the answer shows it; without it, words alone leave it missed.
        denies: probability that the answer shows the opposite.
        told: how much of the clause's words the answer accounts for, 0..1.
        calibration: the numbers in use.

    >>> clause_credit(0.6, 0.0, 1.0, Calibration(derived_words=0.5))[1]
    0.8
    """
    share = calibration.derived_words
    status, value = coverage((1 - share) * affirms + share * told, denies, calibration, derived=True)
    if affirms < calibration.derived_partly and status is not Coverage.CONTRADICTED:
        return Coverage.MISSED, value
    return status, value


def told_share(recall: float, calibration: Calibration, *, knowledge: bool = False) -> float:
    """Return how much of a model answer's clause an answer tells, 0..1, from the mean cosine of its words (-1..1).

    Args:
        recall: that mean.
        calibration: the numbers in use.
        knowledge: whether the clause is a fact.

    >>> [round(told_share(recall, Calibration(), knowledge=True), 2) for recall in (-0.1, 0.0, 0.45, 0.9, 1.0)]
    [0.0, 0.0, 0.5, 1.0, 1.0]
    """
    none, full = calibration.derived_none, calibration.derived_all
    if knowledge:
        none, full = calibration.knowledge_none, calibration.knowledge_all
    return min(1.0, max(0.0, (recall - none) / max(1e-6, full - none)))


def nearest_alternative(
    alternatives: Sequence[Sequence[int]], weights: Sequence[float], shares: Sequence[float]
) -> tuple[int, ...]:
    """Return the key points (numbers from 0) of the model answer that an answer tells most of; of equal ones the first.

    Args:
        alternatives: the key points that each model answer teaches.
        weights: of all key points.
        shares: how much of each is told, 0..1.
    """

    def told(points: Sequence[int]) -> float:
        return sum(weights[i] * shares[i] for i in points) / (sum(weights[i] for i in points) or 1.0)

    return max((tuple(points) for points in alternatives), key=told, default=())


def enough_weight(weights: Sequence[float], calibration: Calibration) -> float:
    """Return the weight of covered key points that earns the full score, from the weights of all."""
    return min(calibration.enough, calibration.enough_share * sum(weights)) or 1.0


class QuestionKind(Enum):
    """How the points of a question are shared out."""

    WRITTEN = "written"
    """Its key points were written by hand."""
    DERIVED = "derived"
    """They were derived from model answers, and speak of conduct."""
    FACTS = "facts"
    """They were derived from model answers that speak of nobody's conduct."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """How the points of a score are shared out."""

    base: float
    """What an answer earns that is about the question and does no harm."""
    pool: float
    """What key points earn at ``enough``; not less is needed, and more earns more, up to a score of 100."""
    enough: float
    """Weight of covered key points."""
    favour: float = 0.0
    """What conduct in the candidate's favour earns at most."""

    @classmethod
    def of(
        cls, weights: Sequence[float], calibration: Calibration, kind: QuestionKind = QuestionKind.WRITTEN
    ) -> Scheme:
        """Return the scheme of a question.

        Args:
            weights: of its key points; 0 for those of model answers that do not count.
            calibration: the numbers in use.
            kind: what the question asks for, and how it is known.
        """
        if kind is QuestionKind.FACTS:
            base = calibration.knowledge_base
            return cls(base, MAX_SCORE - base, calibration.knowledge_enough_share * sum(weights) or 1.0)
        if kind is QuestionKind.WRITTEN:
            base, favour, enough = calibration.base, calibration.favour, enough_weight(weights, calibration)
        else:
            base, favour = calibration.derived_base, calibration.derived_favour
            enough = calibration.derived_enough_share * sum(weights) or 1.0
        return cls(base, MAX_SCORE - base - favour, enough, favour)


def score_credits(
    credits: Sequence[Credit],
    ceilings: Sequence[Ceiling],
    calibration: Calibration,
    deductions: Sequence[Deduction] = (),
    scheme: Scheme | None = None,
    favour: float = 0.0,
) -> tuple[float, tuple[Contribution, ...]]:
    """Return the score (0-100, one decimal) and its contributions, which add up to it exactly.

    Contributions come in the order: base, conduct in the candidate's favour, key points, completeness (what exceeds 100),
    deductions, floor (what falls below 0), ceilings. Deductions of no points are left out. Without ``scheme`` the key points count as
    written by hand. ``favour`` (0..1) is the share of the scheme's points for such conduct that are earned.
    """
    scheme = scheme or Scheme.of([credit.weight for credit in credits], calibration)
    tally = _Tally()
    tally.add("base", "what every answer starts with", scheme.base)
    if scheme.favour:
        tally.add("favour", "what the answer says for the candidate", scheme.favour * favour)
    for credit in credits:
        tally.add(credit.id, credit.label, scheme.pool * credit.weight * credit.value / scheme.enough)
    if tally.score > MAX_SCORE:
        tally.add("complete", "limited to 100", MAX_SCORE - tally.total)
    for deduction in deductions:
        if deduction.points > 0:
            tally.add(deduction.id, deduction.label, -deduction.points)
    if tally.score < 0:
        tally.add("floor", "a score is never below 0", -tally.total)
    unlimited = tally.total
    for ceiling in sorted(ceilings, key=lambda item: (item.level, item.id)):
        limited = calibration.limited(unlimited, ceiling.level)
        if tally.total > limited:
            tally.add(ceiling.id, ceiling.label, limited - tally.total)
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
