"""Turns what was matched into coverage, a score, a level and the contributions that add up to the score.

The model is a sum: every key point adds its weight times its credit, up to what an excellent answer needs; conduct that speaks
against the candidate is deducted; a red flag, a wrong topic or a trick puts a ceiling on what is left. It is monotone by
construction: more credit never lowers a score, and one more deduction or ceiling never raises it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import Enum

from evaluator.domain import Contribution, Coverage

MAX_SCORE = 100.0

LIKELY = 0.8
"""Share of unseen answers whose raters' level lies within the likely levels: split conformal prediction (Vovk et al. 2005)."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """The numbers of the scoring model. Fitted on development answers by ``training/fit_scoring.py``."""

    base: float = 20.0
    """What an answer earns that is about the question and does no harm."""
    enough: float = 9.0
    """Weight of covered key points at which an answer is complete: nobody can show every behaviour in two minutes."""
    enough_share: float = 0.6
    """The same as a share of all weights, for questions with few key points; the smaller of the two counts."""
    favour: float = 0.0
    """Points that conduct in the candidate's favour earns at most, whatever key points it is about."""
    favour_sentences: float = 4.0
    """Sentences surely in favour that earn all of these."""
    derived_base: float = 20.0
    """``base`` of questions whose key points were derived from model answers."""
    derived_enough_share: float = 0.6
    """``enough_share`` of the same, of the model answer that an answer tells most of: any one of them would do."""
    derived_balance: float = 40.0
    """``balance`` of the same, which lose nothing for their worst sentence: without red flags its reading alone is too unsure."""
    derived_covered: float = 0.5
    """``covered`` of the same. Their credit is the probability itself: one clause of a model answer tells less than statements do."""
    derived_partly: float = 0.25
    """``partly`` of the same."""
    derived_words: float = 0.5
    """How much of that credit comes from the words of the clause that the answer accounts for, as a share."""
    derived_none: float = 0.3
    """Mean cosine of a clause's words to their nearest ones in the answer up to which nothing of it is told: chance."""
    derived_all: float = 0.8
    """The same from which the clause is told in full; in between, its share rises in a straight line."""
    derived_favour: float = 0.0
    """``favour`` of the same."""
    derived_sentences: float = 4.0
    """``favour_sentences`` of the same."""
    knowledge_base: float = 10.0
    """``base`` of derived questions that ask for facts: their model answers speak of nobody's conduct."""
    knowledge_none: float = 0.0
    """``derived_none`` of the same."""
    knowledge_all: float = 0.9
    """``derived_all`` of the same."""
    covered: float = 0.6
    """Probability of the affirming stance from which a key point counts as covered, and earns its whole weight."""
    partly: float = 0.3
    """The same for partly covered; from here to ``covered`` the credit rises in a straight line from 0."""
    contradicted: float = 0.6
    """Probability of the denying stance from which a key point counts as contradicted, where it beats the affirming one."""
    penalty: float = 0.7
    """What a contradicted point costs, as a share of what covering it earns."""
    balance: float = 20.0
    """Points that an answer loses whose every telling sentence speaks against the candidate; fewer, pro rata."""
    harm: float = 20.0
    """Points that an answer loses whose worst sentence is surely harmful; fewer, pro rata."""
    flag_share: float = 0.5
    """How much of a sentence's harm comes from the likeliest red flag; the rest, from how much it speaks against."""
    red_flag: float = 0.7
    """Harm (0-1) of a sentence from which it is a red flag."""
    unacceptable: float = 0.95
    """The same for a question that states no red flags, where only the reading of the sentence tells."""
    named: float = 0.5
    """Probability of a red flag from which a harmful sentence goes by its name; below, it is just unacceptable."""
    doubt: float = 0.5
    """Harm of a sentence from which a person should read it, although it is no red flag."""
    opposite: float = 0.6
    """Probability of both stances, in different sentences, from which an answer contradicts itself."""
    off_topic: float = 0.45
    """Highest cosine to anything in the question's bank below which an answer is off topic."""
    doubtful_topic: float = 0.52
    """The same for an answer that earns next to nothing (``empty``), or little while it hardly speaks of conduct."""
    unrelated: float = 0.3
    """The same for a sentence or two, which rarely come near anything."""
    other_question: float = 0.085
    """How much nearer (mean cosine) an answer must be to another question's model answers to count as answering that."""
    elsewhere: float = 0.2
    """Share of a complete answer below which an answer may count as answering another question."""
    empty: float = 0.12
    """The same below which many words are empty talk."""
    cuts: tuple[float, float, float, float] = (15.0, 35.0, 55.0, 80.0)
    """Lowest score of levels 2, 3, 4 and 5."""
    near_cut: float = 3.0
    """Distance to a cut-off, in points, below which an answer is flagged."""
    spread: float = 20.0
    """Points by which a score must be moved, at most, to reach the raters' level in ``LIKELY`` of unseen answers."""

    def level(self, score: float) -> int:
        """Return the level (1-5) of a score (0-100)."""
        return 1 + sum(score >= cut for cut in self.cuts)

    def ceiling(self, level: int) -> float:
        """Return the highest score (one decimal) of a level (1-5); 0 for level 0."""
        if level == 0 or level == len(self.cuts) + 1:
            return MAX_SCORE if level else 0.0
        return max(0.0, round(self.cuts[level - 1] - 0.1, 1))

    def likely_levels(self, score: float) -> tuple[int, int]:
        """Return the lowest and the highest level (1-5) within the spread of a score (0-100)."""
        return self.level(score - self.spread), self.level(score + self.spread)

    def limited(self, score: float, level: int) -> float:
        """Return a score (0-100) under a ceiling: within the level, and the better the better the answer is otherwise."""
        low, high = self.ceiling(level - 1), self.ceiling(level)
        return min(score, low + (high - low) * (1 + score / MAX_SCORE) / 2)


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


@dataclass(frozen=True, slots=True)
class Deduction:
    """Points that an answer loses for what speaks against the candidate."""

    id: str
    label: str
    points: float
    """At least 0."""


def harm(flagged: float | None, against: float, calibration: Calibration) -> float:
    """Return how harmful a sentence is, 0..1.

    Args:
        flagged: probability of the likeliest red flag; None where the question states none.
        against: probability that the sentence speaks against the candidate.
        calibration: the numbers in use.
    """
    if flagged is None:
        return against
    return calibration.flag_share * flagged + (1 - calibration.flag_share) * against


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
    if derived:
        covered, partly = calibration.derived_covered, calibration.derived_partly
    if denies >= calibration.contradicted and denies > affirms:
        return Coverage.CONTRADICTED, -calibration.penalty * denies
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


def enough_weight(weights: Sequence[float], calibration: Calibration, alternatives: int | None = None) -> float:
    """Return the weight of covered key points that earns the full score.

    Args:
        weights: of all key points.
        calibration: the numbers in use.
        alternatives: how many model answers the key points were derived from; None where they were written by hand.
    """
    if alternatives is None:
        return min(calibration.enough, calibration.enough_share * sum(weights)) or 1.0
    return calibration.derived_enough_share * sum(weights) / max(1, alternatives) or 1.0


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
        if kind is QuestionKind.FACTS:  # all that counts is needed
            base = calibration.knowledge_base
            return cls(base, MAX_SCORE - base, sum(weights) or 1.0)
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

    Contributions come in the order: base, conduct in the candidate's favour, key points, completeness (what exceeds 100), deductions, floor (what falls below
    0), ceilings. Deductions of no points are left out. Without ``scheme`` the key points count as
    written by hand. ``favour`` (0..1) is the share of the scheme's points for such conduct that are earned.
    """
    scheme = scheme or Scheme.of([credit.weight for credit in credits], calibration)
    tally = _Tally()
    tally.add("base", "answers the question", scheme.base)
    if scheme.favour:
        tally.add("favour", "what the answer says for the candidate", scheme.favour * favour)
    for credit in credits:
        tally.add(credit.id, credit.label, scheme.pool * credit.weight * credit.value / scheme.enough)
    if tally.score > MAX_SCORE:
        tally.add("complete", "more than a complete answer needs", MAX_SCORE - tally.total)
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


def calibration_digest(calibration: Calibration) -> str:
    """Return 16 hexadecimal digits that are equal where two calibrations are."""
    return hashlib.sha256(json.dumps(asdict(calibration), sort_keys=True).encode()).hexdigest()[:16]
