"""Holds the segments of an answer against the statements of a question: which behaviour, and for or against?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluator.domain import Evidence, KeyPoint, Question, RedFlag, Segment, Stance
from evaluator.models.encoder import Encoder
from evaluator.models.stance import STANCES, StanceCase, StanceJudge
from evaluator.text import normalise, segment

FloatArray = NDArray[np.float32]

NEAREST = 4
"""Statements of each side that the judge is shown."""

TOPIC_FLOOR = 0.32
"""Cosine below which a segment is not about a behaviour and the judge is not asked."""

MAX_SEGMENTS_PER_BEHAVIOUR = 4
"""The segments nearest to a behaviour that the judge is asked about."""


@dataclass(frozen=True, slots=True)
class BehaviourVectors:
    """A key point or red flag with its statements embedded."""

    id: str
    affirm: tuple[str, ...]
    deny: tuple[str, ...]
    affirm_vectors: FloatArray
    """Shape (len(affirm), dimensions), unit length."""
    deny_vectors: FloatArray


@dataclass(frozen=True, slots=True)
class QuestionVectors:
    """A question with everything in it embedded, ready to be matched."""

    question: Question
    points: tuple[BehaviourVectors, ...]
    flags: tuple[BehaviourVectors, ...]
    text_vector: FloatArray
    """Of the question itself, shape (dimensions,)."""
    model_vectors: FloatArray
    """Of the sentences of the model answers, shape (sentences, dimensions)."""


@dataclass(frozen=True, slots=True)
class BehaviourMatch:
    """What an answer says about one behaviour."""

    id: str
    affirms: float
    """Probability that some segment shows the behaviour, 0..1."""
    denies: float
    """Probability that some segment shows the opposite, 0..1."""
    similarity: float
    """Highest cosine of any segment to any statement, -1..1."""
    evidence: tuple[Evidence, ...]
    """Segments that are about the behaviour, surest first."""


@dataclass(frozen=True, slots=True)
class AnswerMatch:
    """An answer held against its question."""

    points: tuple[BehaviourMatch, ...]
    flags: tuple[BehaviourMatch, ...]
    topic: float
    """Highest cosine of any segment to anything the question's bank says, -1..1."""


def question_texts(question: Question) -> list[str]:
    """Return every text of a question that is embedded, in the order that ``question_vectors`` expects."""
    texts = [question.text]
    behaviours: list[KeyPoint | RedFlag] = [*question.key_points, *question.red_flags]
    for behaviour in behaviours:
        affirm, deny = _statements(behaviour)
        texts.extend((*affirm, *deny))
    texts.extend(_model_sentences(question))
    return texts


def question_vectors(question: Question, vector: Callable[[str], FloatArray]) -> QuestionVectors:
    """Return a question with its texts looked up in ``vector``."""

    def stack(texts: Sequence[str]) -> FloatArray:
        size = vector(question.text).shape[0]
        return np.stack([vector(text) for text in texts]) if texts else np.zeros((0, size), dtype=np.float32)

    def behaviour(item: KeyPoint | RedFlag) -> BehaviourVectors:
        affirm, deny = _statements(item)
        return BehaviourVectors(item.id, affirm, deny, stack(affirm), stack(deny))

    return QuestionVectors(
        question,
        tuple(behaviour(point) for point in question.key_points),
        tuple(behaviour(flag) for flag in question.red_flags),
        vector(question.text),
        stack(_model_sentences(question)),
    )


def embed_question(question: Question, encoder: Encoder) -> QuestionVectors:
    """Return a question with its texts embedded by ``encoder``."""
    texts = list(dict.fromkeys(question_texts(question)))
    vectors = dict(zip(texts, encoder.encode(texts), strict=True))
    return question_vectors(question, vectors.__getitem__)


def match_answer(
    original: str, segments: Sequence[Segment], vectors: FloatArray, question: QuestionVectors, judge: StanceJudge
) -> AnswerMatch:
    """Hold every segment against every behaviour of the question.

    Args:
        original: the answer as it was read; evidence quotes it.
        segments: its segments.
        vectors: one unit vector a segment, shape (len(segments), dimensions).
        question: the question, embedded.
        judge: asked about the segments nearest to each behaviour.
    """
    behaviours = (*question.points, *question.flags)
    cases: list[StanceCase] = []
    owners: list[tuple[int, int, float]] = []
    nearest: list[float] = []
    for number, behaviour in enumerate(behaviours):
        affirm, deny = vectors @ behaviour.affirm_vectors.T, vectors @ behaviour.deny_vectors.T
        near = np.concatenate([affirm, deny], axis=1).max(axis=1, initial=-1.0)
        nearest.append(float(near.max(initial=-1.0)))
        order = np.argsort(-near, kind="stable")[:MAX_SEGMENTS_PER_BEHAVIOUR]
        for index in order[near[order] >= TOPIC_FLOOR]:
            cases.append(_case(segments[index].text, behaviour, affirm[index], deny[index]))
            owners.append((number, int(index), float(near[index])))
    stances = judge.judge(cases) if cases else np.zeros((0, len(STANCES)), dtype=np.float32)
    found: list[list[tuple[Evidence, FloatArray]]] = [[] for _ in behaviours]
    for (number, index, similarity), row in zip(owners, stances, strict=True):
        found[number].append((_evidence(original, segments[index], similarity, row), row))
    matches = [_behaviour_match(b.id, near, rows) for b, near, rows in zip(behaviours, nearest, found, strict=True)]
    context = [float((vectors @ v).max(initial=-1.0)) for v in (question.text_vector, *question.model_vectors)]
    count = len(question.points)
    return AnswerMatch(tuple(matches[:count]), tuple(matches[count:]), max([*nearest, *context], default=-1.0))


def _statements(behaviour: KeyPoint | RedFlag) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if isinstance(behaviour, KeyPoint):
        return behaviour.affirm, behaviour.deny
    return behaviour.statements, behaviour.safe


def _model_sentences(question: Question) -> list[str]:
    return [piece.text for answer in question.model_answers for piece in segment(normalise(answer.text)) if piece.whole]


def _case(text: str, behaviour: BehaviourVectors, affirm: FloatArray, deny: FloatArray) -> StanceCase:
    best_affirm = np.argsort(-affirm, kind="stable")[:NEAREST]
    best_deny = np.argsort(-deny, kind="stable")[:NEAREST]
    return StanceCase(
        text,
        tuple(behaviour.affirm[i] for i in best_affirm),
        tuple(behaviour.deny[i] for i in best_deny),
        tuple(float(affirm[i]) for i in best_affirm),
        tuple(float(deny[i]) for i in best_deny),
    )


def _evidence(original: str, piece: Segment, similarity: float, row: FloatArray) -> Evidence:
    best = int(row.argmax())
    quote = original[piece.start : piece.end]
    return Evidence(piece.start, piece.end, quote, similarity, STANCES[best], float(row[best]))


def _behaviour_match(identifier: str, similarity: float, rows: Iterable[tuple[Evidence, FloatArray]]) -> BehaviourMatch:
    rows = list(rows)
    told = [evidence for evidence, _ in rows if evidence.stance is not Stance.NEITHER]
    return BehaviourMatch(
        identifier,
        max((float(row[0]) for _, row in rows), default=0.0),
        max((float(row[1]) for _, row in rows), default=0.0),
        similarity,
        tuple(sorted(told, key=lambda evidence: (-evidence.probability, evidence.start, evidence.end))),
    )
