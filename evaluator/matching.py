"""Holds the segments of an answer against the statements of a question: which behaviour, and for or against?"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from evaluator.alignment import Words, recall
from evaluator.checks import sameness_of
from evaluator.contexts import Sentence
from evaluator.domain import Evidence, Segment, Stance
from evaluator.generalities import GENERAL_SHARE, speaks_in_general
from evaluator.models.stance import CONDUCT, STANCES, StanceCase, StanceJudge
from evaluator.question_vectors import BehaviourVectors, QuestionVectors
from evaluator.text import words

FloatArray = NDArray[np.float32]

TOPIC_FLOOR = 0.0
"""Cosine below which a segment is not about a behaviour and the judge is not asked."""

TOLD = 0.15
"""Probability from which a segment is kept as evidence; whether it counts is decided by the calibration."""

_LEAST = 1e-6
"""Added to probabilities before their logarithm is taken."""

SEGMENTS_A_SIDE = 24
"""The segments nearest to either side of a behaviour that the judge is asked about: all of an ordinary answer, a bound for
very long ones. Each side has its own places, so that harmless sentences never crowd out a harmful one; a text that stands
twice takes one."""


@dataclass(frozen=True, slots=True)
class BehaviourMatch:
    """What an answer says about one behaviour."""

    id: str
    affirms: float
    """Probability that some segment shows the behaviour, 0..1."""
    denies: float
    """Probability that some segment shows the opposite, 0..1."""
    evidence: tuple[Evidence, ...]
    """Segments that are about the behaviour, surest first."""


@dataclass(frozen=True, slots=True)
class Conduct:
    """What a sentence says about the candidate, whatever behaviour it is about."""

    start: int
    """First character in the original text."""
    end: int
    """One past the last character in the original text."""
    text: str
    """The candidate's own words."""
    read: str
    """The same as the models read them: without names and misspelt words."""
    favour: float
    """Probability that it speaks for the candidate, 0..1."""
    against: float
    """Probability that it speaks against the candidate, 0..1."""
    harmful: float
    """The same; less for a sentence in which the candidate does not appear (``generalities``)."""
    flag: str
    """Id of the likeliest red flag in it; empty where the question has none."""
    flagged: float
    """Probability of that red flag, 0..1; less for a sentence in which the candidate does not appear."""
    similarity: float
    """Cosine to the nearest statement of that red flag, -1..1."""


@dataclass(frozen=True, slots=True)
class Told:
    """How far an answer accounts for the words of a model answer's clause."""

    recall: float
    """Mean over the clause's words of the highest cosine to a word of the answer, -1..1."""
    weight: float
    """The clause's content words, those of the question for less."""
    passages: tuple[tuple[Segment, float], ...]
    """The segments of the answer, each with the recall of its own words; none where conduct is asked for."""


@dataclass(frozen=True, slots=True)
class AnswerMatch:
    """An answer held against its question."""

    points: tuple[BehaviourMatch, ...]
    """One a key point."""
    conduct: tuple[Conduct, ...]
    """One a sentence, in their order."""
    topic: float
    """Highest cosine of any segment to anything the question's bank says, -1..1."""
    lead: float
    """How much nearer the answer is to another question's text and model answers than to its own, -2..2."""
    other: str
    """Id of that question; empty where the bank has no other."""
    sameness: float = 0.0
    """How near its sentences are to each other (``checks.sameness_of``), -1..1."""
    told: tuple[Told, ...] = ()
    """One a key point where key points are derived from model answers; none elsewhere."""
    alternatives: tuple[tuple[int, ...], ...] = ()
    """The numbers of the key points that each model answer of such a question teaches, from 0."""
    knowledge: bool = False
    """Whether the question asks for facts."""
    familiar: bool = True
    """Whether the judge was trained on the question's behaviours, or on most of them."""


def match_clauses(
    match: AnswerMatch, segments: Sequence[Segment], read: Words, question: QuestionVectors
) -> AnswerMatch:
    """Return a match with how far the answer accounts for each clause of the model answers.

    Args:
        match: of the answer.
        segments: of the answer.
        read: the words of the whole answer.
        question: one whose key points are derived.
    """
    if question.clauses is None:
        return match
    own = read.content()
    parts = [(piece, own.within(piece)) for piece in segments] if question.knowledge else []
    told = tuple(
        Told(recall(clause, own), clause.weight, tuple((piece, recall(clause, words)) for piece, words in parts))
        for clause in question.clauses.clauses
    )
    return replace(match, told=told, alternatives=question.clauses.alternatives, knowledge=question.knowledge)


def match_answer(
    original: str,
    segments: Sequence[Segment],
    vectors: FloatArray,
    question: QuestionVectors,
    others: Mapping[str, FloatArray],
    judge: StanceJudge,
    read: Sequence[Sentence],
    readings: FloatArray,
) -> AnswerMatch:
    """Hold every segment against every behaviour of the question, and tell what every sentence says about the candidate.

    Args:
        original: the answer as it was read; evidence quotes it.
        segments: its segments.
        vectors: one unit vector a segment, shape (len(segments), dimensions).
        question: the question, embedded.
        others: the contexts of the bank's other questions by id.
        judge: asked about the segments nearest to each behaviour.
        read: its sentences.
        readings: what each sentence says about the candidate, one for each of ``Sentence.readings``, shape (len(read), 3, 3),
            columns as ``CONDUCT``.
    """
    behaviours = (*question.points, *question.flags)
    cases: list[StanceCase] = []
    owners: list[tuple[int, int, float]] = []
    nearest: list[float] = []
    for number, behaviour in enumerate(behaviours):
        affirm, deny = vectors @ behaviour.affirm_vectors.T, vectors @ behaviour.deny_vectors.T
        near = np.concatenate([affirm, deny], axis=1).max(axis=1, initial=-1.0)
        nearest.append(float(near.max(initial=-1.0)))
        for index in _candidates(segments, affirm, deny, near):
            cases.append(_case(segments[index].text, behaviour, affirm[index], deny[index]))
            owners.append((number, index, float(near[index])))
    stances = judge.judge(cases) if cases else np.zeros((0, len(STANCES)), dtype=np.float32)
    readings = readings.copy()
    holders = _holders(segments, read)
    certain: set[int] = set()
    for case, (number, index, _) in enumerate(owners):
        side = behaviours[number].sides.get(" ".join(words(segments[index].text)))
        if side is not None:
            stances[case] = np.eye(len(STANCES), dtype=np.float32)[side]
            if behaviours[number].harmful and side == 0:
                for place in holders[segments[index].text.lower()]:
                    certain.add(place)
                    readings[place] = np.eye(len(CONDUCT), dtype=np.float32)[CONDUCT.index("against")]
    found: list[list[tuple[Evidence, FloatArray]]] = [[] for _ in behaviours]
    likeliest: dict[int, tuple[float, str, float]] = {}
    for (number, index, similarity), row in zip(owners, stances, strict=True):
        found[number].append((_evidence(original, segments[index], similarity, row), row))
        if behaviours[number].harmful:
            flagged = (float(row[0]), behaviours[number].id, similarity)
            for place in holders[segments[index].text.lower()]:
                likeliest[place] = max(likeliest.get(place, (0.0, "", 0.0)), flagged)
    conduct = tuple(
        _conduct(original, sentence, reading, likeliest.get(index, (0.0, "", 0.0)), certain=index in certain)
        for index, (sentence, reading) in enumerate(zip(read, readings, strict=True))
    )
    points = tuple(_behaviour_match(point.id, rows) for point, rows in zip(question.points, found, strict=False))
    topic = max([*nearest, float((vectors @ question.context.T).max())])
    lead, other = max(
        ((_closeness(vectors, context), identifier) for identifier, context in others.items()), default=(-1.0, "")
    )
    lead -= _closeness(vectors, question.context)
    sameness = sameness_of(segments, vectors)
    return AnswerMatch(
        points,
        conduct,
        topic,
        lead,
        other,
        sameness=sameness,
        familiar=question.familiar,
    )


def _candidates(segments: Sequence[Segment], affirm: FloatArray, deny: FloatArray, near: FloatArray) -> list[int]:
    """Return the segments worth judging for one behaviour, in their order: the nearest different texts of each side."""
    first = {piece.text.lower(): i for i, piece in reversed(list(enumerate(segments)))}
    different = [i for i in sorted(first.values()) if near[i] >= TOPIC_FLOOR]
    chosen: set[int] = set()
    for side in (affirm, deny):
        if side.shape[1]:
            chosen.update(sorted(different, key=lambda i: -float(side[i].max()))[:SEGMENTS_A_SIDE])
    return sorted(chosen)


def _closeness(vectors: FloatArray, context: FloatArray) -> float:
    """Return the mean over segments of the highest cosine to a context."""
    return float((vectors @ context.T).max(axis=1).mean())


def _case(text: str, behaviour: BehaviourVectors, affirm: FloatArray, deny: FloatArray) -> StanceCase:
    return StanceCase(
        text, behaviour.affirm, behaviour.deny, tuple(affirm.tolist()), tuple(deny.tolist()), behaviour.harmful
    )


def _holders(segments: Sequence[Segment], read: Sequence[Sentence]) -> dict[str, list[int]]:
    """Return for the text of each segment the numbers of the sentences that the middle of such a segment stands in."""
    starts = [sentence.start for sentence in read]
    found: dict[str, list[int]] = {}
    for piece in segments:
        place = max(0, bisect_right(starts, (piece.start + piece.end) // 2) - 1)
        found.setdefault(piece.text.lower(), []).append(place)
    return found


def _conduct(
    original: str, sentence: Sentence, readings: FloatArray, flagged: tuple[float, str, float], *, certain: bool
) -> Conduct:
    """Return what a sentence says; ``certain``: it is a statement of a red flag, word for word."""
    probability, flag, similarity = flagged
    favour, _, against = in_context(readings).tolist()
    quote = original[sentence.start : sentence.end]
    share = GENERAL_SHARE if speaks_in_general(sentence.text) and not certain else 1.0
    return Conduct(
        sentence.start,
        sentence.end,
        quote,
        sentence.text,
        favour,
        against,
        share * against,
        flag,
        share * probability,
        similarity,
    )


def in_context(readings: FloatArray) -> FloatArray:
    """Return the geometric mean of readings of one sentence, shape (readings, 3), as probabilities, shape (3,)."""
    means = np.maximum(np.exp(np.log(readings + _LEAST).mean(axis=0)) - _LEAST, 0.0)
    probabilities: FloatArray = (means / means.sum()).astype(np.float32)
    return probabilities


def _evidence(original: str, piece: Segment, similarity: float, row: FloatArray) -> Evidence:
    """Return what a segment says: the likelier of for and against, or neither where both are unlikely."""
    side = int(row[1] > row[0])
    stance = STANCES[side] if row[side] >= TOLD else Stance.NEITHER
    quote = original[piece.start : piece.end]
    return Evidence.rounded(piece.start, piece.end, quote, similarity, stance, float(row[side]))


def _behaviour_match(identifier: str, rows: Iterable[tuple[Evidence, FloatArray]]) -> BehaviourMatch:
    rows = list(rows)
    told = [evidence for evidence, _ in rows if evidence.stance is not Stance.NEITHER]
    return BehaviourMatch(
        identifier,
        max((float(row[0]) for _, row in rows), default=0.0),
        max((float(row[1]) for _, row in rows), default=0.0),
        tuple(sorted(told, key=lambda evidence: (-evidence.probability, evidence.start, evidence.end))),
    )
