"""Embeds everything that a bank says of a question, ready to hold answers against."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from evaluator.alignment import ModelClauses, model_clauses
from evaluator.domain import KeyPoint, Question, RedFlag
from evaluator.errors import ModelError
from evaluator.models.encoder import Encoder
from evaluator.models.stance import CONDUCT, ConductReader
from evaluator.models.words import WordEncoder
from evaluator.text import normalise, segment, words

FloatArray = NDArray[np.float32]

NEUTRAL_SHARE = 0.37
"""Mean probability of a model answer's sentences to speak neither for nor against anybody from which facts are asked for."""


@dataclass(frozen=True, slots=True)
class BehaviourVectors:
    """A key point or red flag with its statements embedded."""

    id: str
    affirm: tuple[str, ...]
    deny: tuple[str, ...]
    affirm_vectors: FloatArray
    """Shape (len(affirm), dimensions), unit length."""
    deny_vectors: FloatArray
    harmful: bool
    """Whether it is a red flag."""
    sides: Mapping[str, int] = field(default_factory=dict)
    """The words of each statement, and which of ``STANCES`` they take: who says them word for word leaves no doubt."""


@dataclass(frozen=True, slots=True)
class QuestionVectors:
    """A question with everything in it embedded, ready to be matched."""

    question: Question
    points: tuple[BehaviourVectors, ...]
    flags: tuple[BehaviourVectors, ...]
    context: FloatArray
    """Of the question itself and the sentences of its model answers, shape (1 + sentences, dimensions)."""
    clauses: ModelClauses | None = None
    """What its model answers teach, where its key points are derived from them; None elsewhere."""
    knowledge: bool = False
    """Whether it asks for facts: its model answers speak of nobody's conduct."""
    familiar: bool = True
    """Whether the judge was trained on its behaviours, or on most of them."""


def context_texts(question: Question) -> list[str]:
    """Return the question and the sentences of its model answers: what it is about, without its statements."""
    return [question.text, *(sentence for answer in question.model_answers for sentence in _sentences(answer.text))]


@lru_cache(maxsize=1024)
def _sentences(text: str) -> tuple[str, ...]:
    return tuple(piece.text for piece in segment(normalise(text)) if piece.whole)


def question_texts(question: Question) -> list[str]:
    """Return every text of a question that is embedded."""
    texts = context_texts(question)
    behaviours: list[KeyPoint | RedFlag] = [*question.key_points, *question.red_flags]
    for behaviour in behaviours:
        affirm, deny = behaviour.sides
        texts.extend((*affirm, *deny))
    return texts


def question_vectors(
    question: Question,
    vector: Callable[[str], FloatArray],
    clauses: ModelClauses | None = None,
    *,
    knowledge: bool = False,
) -> QuestionVectors:
    """Return a question with its texts looked up in ``vector``; for the rest see ``QuestionVectors``."""

    def stack(texts: Sequence[str]) -> FloatArray:
        size = vector(question.text).shape[0]
        return np.stack([vector(text) for text in texts]) if texts else np.zeros((0, size), dtype=np.float32)

    def behaviour(item: KeyPoint | RedFlag) -> BehaviourVectors:
        affirm, deny = item.sides
        sides = {_spoken(text): 0 for text in affirm} | {_spoken(text): 1 for text in deny}
        return BehaviourVectors(item.id, affirm, deny, stack(affirm), stack(deny), isinstance(item, RedFlag), sides)

    return QuestionVectors(
        question,
        tuple(behaviour(point) for point in question.key_points),
        tuple(behaviour(flag) for flag in question.red_flags),
        stack(context_texts(question)),
        clauses,
        knowledge,
    )


def embed_question(
    question: Question, encoder: Encoder, reader: ConductReader, word_encoder: WordEncoder | None = None
) -> QuestionVectors:
    """Return a question with its texts embedded by ``encoder``.

    Where its key points are derived, ``reader`` tells whether it asks for conduct or for facts, and ``word_encoder`` reads its
    model answers.

    Raises:
        ModelError: its key points are derived, and there is nothing that reads words.
    """
    texts = list(dict.fromkeys(question_texts(question)))
    vectors = dict(zip(texts, encoder.encode(texts), strict=True))
    if not question.derived:
        return question_vectors(question, vectors.__getitem__)
    if word_encoder is None:
        raise ModelError(f"{question.id} has model answers only, and no model of words was given.")
    clauses, knowledge = model_clauses(question, word_encoder), _asks_for_facts(question, reader)
    return question_vectors(question, vectors.__getitem__, clauses, knowledge=knowledge)


def _asks_for_facts(question: Question, reader: ConductReader) -> bool:
    readings = reader.read(context_texts(question)[1:])
    neutral = float(readings[:, CONDUCT.index("neutral")].mean()) if len(readings) else 0.0
    return neutral > NEUTRAL_SHARE


def _spoken(statement: str) -> str:
    """Return the words of a statement as they come out of an answer: normalised, fillers removed, in lower case."""
    return " ".join(words(" ".join(piece.text for piece in segment(normalise(statement)) if piece.whole)))
