"""Holds the words of an answer against those of a model answer: which of them does it account for?

For each content word of the model answer the nearest content word of the answer is looked up, by the cosine of their states in
their contexts; the mean of these cosines is the recall of BERTScore (Zhang et al. 2020, "BERTScore: Evaluating text generation
with BERT").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluator.contexts import block_spans
from evaluator.derive import taught
from evaluator.domain import Question, Segment
from evaluator.models.words import Pieces, WordEncoder
from evaluator.text import FUNCTION_WORDS, NormalisedText, normalise, word_matches

FloatArray = NDArray[np.float32]

ASKED = 0.5
"""What a word counts that stands in the question already, as a share of any other."""


@dataclass(frozen=True, slots=True)
class Words:
    """Words of a text in their context."""

    texts: tuple[str, ...]
    """In lower case."""
    spans: tuple[tuple[int, int], ...]
    """First character and one past the last, in the original text."""
    vectors: FloatArray
    """Shape (words, width), unit length."""

    def content(self) -> Words:
        """Return the words that carry content; all of them where none does."""
        return self.where([text not in FUNCTION_WORDS for text in self.texts]) if self._has_content() else self

    def within(self, piece: Segment) -> Words:
        """Return the words whose middle stands in a segment of the same text."""
        return self.where([piece.start <= (start + end) // 2 < piece.end for start, end in self.spans])

    def where(self, keep: Sequence[bool]) -> Words:
        """Return some of the words."""
        chosen = [i for i, kept in enumerate(keep) if kept]
        return Words(tuple(self.texts[i] for i in chosen), tuple(self.spans[i] for i in chosen), self.vectors[chosen])

    def _has_content(self) -> bool:
        return any(text not in FUNCTION_WORDS for text in self.texts)


@dataclass(frozen=True, slots=True)
class Clause:
    """A key point that was derived from a clause of a model answer, with the clause's content words."""

    words: Words
    weights: FloatArray
    """Of each word, shape (words,)."""

    @property
    def weight(self) -> float:
        """How much the clause counts: its content words, those of the question for less."""
        return float(self.weights.sum())


@dataclass(frozen=True, slots=True)
class ModelClauses:
    """What model answers teach, clause by clause."""

    clauses: tuple[Clause, ...]
    """One a key point."""
    alternatives: tuple[tuple[int, ...], ...]
    """The numbers of the key points that each model answer teaches, from 0: any one of them would do."""


def model_clauses(question: Question, encoder: WordEncoder) -> ModelClauses:
    """Return what the model answers of a question with derived key points teach, read by ``encoder``."""
    texts = [normalise(answer.text) for answer in question.model_answers]
    read = [words.content() for words in read_words(texts, encoder)]
    asked = {match.group().lower() for match in word_matches(normalise(question.text).text)}
    clauses: dict[int, Clause] = {}
    alternatives = []
    for words, points in zip(read, taught(question.model_answers), strict=True):
        alternatives.append(tuple(dict.fromkeys(number for number, _ in points)))
        for number, piece in points:
            own = words.within(piece)
            weights = np.array([ASKED if text in asked else 1.0 for text in own.texts], dtype=np.float32)
            clauses.setdefault(number, Clause(own, weights))
    return ModelClauses(tuple(clauses[number] for number in sorted(clauses)), tuple(alternatives))


def recall(clause: Clause, words: Words) -> float:
    """Return the mean over a clause's words of the highest cosine to any of an answer's words, -1..1; 0 without words.

    Args:
        clause: of a model answer.
        words: content words of an answer, or of a part of it.
    """
    if not len(clause.weights) or not words.texts:
        return 0.0
    nearest = (clause.words.vectors @ words.vectors.T).max(axis=1)
    return float(clause.weights @ nearest / clause.weights.sum())


def read_words(
    texts: Sequence[NormalisedText], encoder: WordEncoder, correct: Callable[[str], str] = str
) -> list[Words]:
    """Return the words of each text in their context: the whole text, or a part of about 160 words of a long one.

    Args:
        texts: to be read.
        encoder: reads them; what it cuts off is read by itself.
        correct: returns a text with its misspelt words corrected.
    """
    parts = [_Part(n, text, *span) for n, text in enumerate(texts) for span in block_spans(text)]
    found: list[list[_Word]] = [[] for _ in texts]
    while parts:
        sides = [part.sides(correct) for part in parts]
        rest = []
        read = encoder.words([text for text, _, _ in sides])
        for part, (_, places, original), pieces in zip(parts, sides, read, strict=True):
            cut = pieces.spans[-1][1] if pieces.spans else 0
            for place, own in zip(places, original, strict=True):
                if place.start() >= cut:
                    if own.start():
                        rest.append(_Part(part.number, part.text, part.start + own.start(), part.end))
                    break
                vector = _vector(pieces, place)
                if vector is not None:
                    span = part.text.span(part.start + own.start(), part.start + own.end())
                    found[part.number].append(_Word(place.group().lower(), span, vector))
        parts = rest
    return [_joined(sorted(words, key=lambda word: word.span)) for words in found]


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    span: tuple[int, int]
    vector: FloatArray


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a text that is read at once."""

    number: int
    text: NormalisedText
    start: int
    end: int

    def sides(self, correct: Callable[[str], str]) -> tuple[str, list[re.Match[str]], list[re.Match[str]]]:
        """Return what is read, its words, and the words of the original: as many, so that each knows where it stands."""
        raw = self.text.text[self.start : self.end]
        read = correct(raw)
        places, original = word_matches(read), word_matches(raw)
        return (read, places, original) if len(places) == len(original) else (raw, original, original)


def _vector(pieces: Pieces, place: re.Match[str]) -> FloatArray | None:
    """Return the mean of a word's pieces, of unit length; None where the encoder does not know it at all."""
    own = [i for i, (start, end) in enumerate(pieces.spans) if start < place.end() and place.start() < end]
    if not own:
        return None
    mean = pieces.vectors[own].mean(axis=0)
    unit: FloatArray = mean / max(1e-12, float(np.linalg.norm(mean)))
    return unit


def _joined(words: Sequence[_Word]) -> Words:
    vectors = np.stack([word.vector for word in words]) if words else np.zeros((0, 0), dtype=np.float32)
    return Words(tuple(word.text for word in words), tuple(word.span for word in words), vectors)
