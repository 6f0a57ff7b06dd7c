"""Judges answers: the one place where text, bank and models meet."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice

import numpy as np

from evaluator import __version__
from evaluator.alignment import Words, read_words
from evaluator.bank import match_question, nearest_question_id
from evaluator.calibration import Calibration, calibration_digest
from evaluator.contexts import Sentence, sentences
from evaluator.domain import (
    Answer,
    Bank,
    FlagKind,
    PointResult,
    Question,
    Result,
    Segment,
    Signature,
    Unscored,
    UnscoredReason,
)
from evaluator.feedback import point_result
from evaluator.flagging import ceilings, doubts, find_flags
from evaluator.judged import Judged, deductions, passages
from evaluator.language import why_unscored
from evaluator.matching import AnswerMatch, match_answer, match_clauses
from evaluator.models.cached import Reuse
from evaluator.models.encoder import Encoder, FloatArray
from evaluator.models.stance import ConductReader, StanceJudge
from evaluator.models.words import WordEncoder
from evaluator.names import without_names
from evaluator.question_vectors import QuestionVectors, context_texts, embed_question, question_texts
from evaluator.scoring import Credit, Scheme, coverage, score_credits
from evaluator.spelling import Speller
from evaluator.text import MAX_ANSWER_CHARS, NormalisedText, normalise, segment

CHUNK = 32
"""Answers whose segments are embedded together."""


@dataclass(frozen=True, slots=True)
class Models:
    """The models an engine judges with, and their digests."""

    encoder: Encoder
    encoder_digest: str
    judge: StanceJudge
    judge_digest: str
    reader: ConductReader
    vocabulary: Collection[str] = ()
    """Words that the models know, beside those of a dictionary."""
    reuse: Reuse | None = None
    """How many segments were known from before; None where nothing is kept."""
    words: WordEncoder | None = None
    """Reads words in their context; without it, no question may have model answers only."""
    learned: Callable[[Sequence[str], Sequence[str]], bool] | None = None
    """Whether the judge was trained on a behaviour, by its statements; None where nobody can say: it counts as trained then."""


@dataclass(frozen=True, slots=True)
class Examined:
    """An answer cut into segments and held against its question, or the reason why it cannot be judged."""

    answer: Answer
    question: Question | None
    normalised: NormalisedText | None
    segments: tuple[Segment, ...]
    sentences: tuple[Sentence, ...]
    unscored: Unscored | None
    match: AnswerMatch | None = None
    """None where it is unscored, or not held against its question yet."""


class Engine:
    """Judges answers to the questions of one bank with one set of models.

    Questions are embedded when they are first asked for and kept.
    """

    def __init__(self, bank: Bank, models: Models, calibration: Calibration | None = None) -> None:
        """Take what every judgement depends on; nothing is loaded or computed yet."""
        self.bank = bank
        self.models = models
        self.calibration = calibration or Calibration()
        self._questions: dict[str, QuestionVectors] = {}

    @cached_property
    def signature(self) -> Signature:
        """What a reader needs to tell whether two results are comparable."""
        return Signature(
            tool=__version__,
            model=self.models.encoder_digest[:16],
            stance=self.models.judge_digest[:32],
            bank=self.bank.digest[:16],
            calibration=calibration_digest(self.calibration),
        )

    def evaluate(self, answers: Iterable[Answer]) -> Iterator[Result]:
        """Yield one result an answer, in the order of ``answers``."""
        for examined in self.examine(answers):
            yield conclude(examined, self.calibration, self.signature)

    def examine(self, answers: Iterable[Answer]) -> Iterator[Examined]:
        """Yield every answer held against its question, in order: all that needs a model, before any scoring."""
        iterator = iter(answers)
        while chunk := list(islice(iterator, CHUNK)):
            prepared = [self._prepare(answer) for answer in chunk]
            texts = list(dict.fromkeys(piece.text for item in prepared for piece in item.segments))
            vectors = self.models.encoder.encode(texts)
            row = {text: number for number, text in enumerate(texts)}
            readings = self._readings(prepared)
            read = self._words(prepared)
            for place, item in enumerate(prepared):
                if item.unscored or item.question is None:
                    yield item
                    continue
                own = [row[piece.text] for piece in item.segments]
                question = self.vectors(item.question)
                others = {name: context for name, context in self.contexts.items() if name != item.question.id}
                match = match_answer(
                    item.answer.text,
                    item.segments,
                    vectors[own],
                    question,
                    others,
                    self.models.judge,
                    item.sentences,
                    np.array([[readings[text] for text in sentence.readings] for sentence in item.sentences]),
                )
                if place in read:
                    match = match_clauses(match, item.segments, read[place], question)
                yield replace(item, match=match)

    def evaluate_one(self, question_id: str, text: str, candidate_id: str = "candidate") -> Result:
        """Return the result of one answer to the question of that id."""
        return next(self.evaluate([Answer(candidate_id, question_id, text)]))

    def vectors(self, question: Question) -> QuestionVectors:
        """Return a question with its statements embedded."""
        if question.id not in self._questions:
            embedded = embed_question(question, self.models.encoder, self.models.reader, self.models.words)
            self._questions[question.id] = replace(embedded, familiar=self._is_familiar(question))
        return self._questions[question.id]

    def _is_familiar(self, question: Question) -> bool:
        learned = self.models.learned
        if learned is None:
            return True
        sides = [item.sides for item in question.key_points] + [item.sides for item in question.red_flags]
        known = [learned(*both) for both in sides]
        return 2 * sum(known) >= len(known)

    @cached_property
    def contexts(self) -> dict[str, FloatArray]:
        """The question texts and model answers of every question, embedded, by question id."""
        texts = {question.id: context_texts(question) for question in self.bank.questions}
        vectors = self.models.encoder.encode([text for own in texts.values() for text in own])
        ends = np.cumsum([len(own) for own in texts.values()])
        return dict(zip(texts, np.split(vectors, ends[:-1]), strict=True))

    @cached_property
    def _speller(self) -> Speller:
        texts = (text for question in self.bank.questions for text in question_texts(question))
        return Speller(texts, self.models.vocabulary)

    def _readings(self, prepared: Iterable[Examined]) -> dict[str, FloatArray]:
        """Return what every sentence of some answers says about the candidate, and every larger text it stands in."""
        texts = list(
            dict.fromkeys(text for item in prepared for sentence in item.sentences for text in sentence.readings)
        )
        return dict(zip(texts, self.models.reader.read(texts), strict=True))

    def _words(self, prepared: Sequence[Examined]) -> dict[int, Words]:
        """Return the words of the answers to questions with model answers only in their contexts, by the place of the answer."""
        texts = {}
        for place, item in enumerate(prepared):
            if item.segments and item.question and item.normalised and item.question.derived:
                whole, asked = item.normalised, self.vectors(item.question)
                # Of conduct nothing is quoted by its words, so that it does not matter where they stand.
                plain = whole if asked.knowledge else normalise(without_names(whole.text, self._speller.own))
                texts[place] = plain
        if not texts or self.models.words is None:
            return {}
        return dict(zip(texts, read_words(list(texts.values()), self.models.words, self._speller.correct), strict=True))

    def _plain(self, text: str) -> str:
        """Return a text without names and misspelt words, as the models read it."""
        return self._speller.correct(without_names(text, self._speller.own))

    def _prepare(self, answer: Answer) -> Examined:
        question = match_question(self.bank, answer.question_id)
        if answer.unreadable:
            return Examined(answer, question, None, (), (), Unscored(UnscoredReason.UNREADABLE, answer.unreadable))
        if question is None:
            near = nearest_question_id(self.bank, answer.question_id)
            hint = f"Did you mean {near!r}? " if near else ""
            detail = f"No such question in the bank. {hint}See: evaluator bank list"
            return Examined(answer, None, None, (), (), Unscored(UnscoredReason.UNKNOWN_QUESTION, detail))
        normalised = normalise(answer.text[: MAX_ANSWER_CHARS + 1])
        unscored = why_unscored(answer.text, normalised)

        knowledge = self.vectors(question).knowledge  # a law or a protocol may have a name
        plain = self._speller.correct if knowledge else self._plain
        segments = () if unscored else tuple(replace(piece, text=plain(piece.text)) for piece in segment(normalised))
        if not unscored and not segments:
            unscored = Unscored(UnscoredReason.UNREADABLE, "The answer has no words.")
        read = () if unscored else sentences(normalised, plain)
        return Examined(answer, question, normalised, segments, read, unscored)


def conclude(examined: Examined, calibration: Calibration, signature: Signature) -> Result:
    """Return the result of an examined answer: coverage, flags, score, level. No model is asked."""
    answer, question, normalised, match = examined.answer, examined.question, examined.normalised, examined.match
    if question is None or normalised is None or match is None:
        return Result(answer, question, None, None, examined.unscored, True, (), (), (), signature)
    calibration = calibration.for_question(derived=question.derived, familiar=match.familiar)
    judged = Judged(question, normalised, examined.segments, match, calibration)
    credits, points = _clauses(judged, answer.text) if question.derived else _behaviours(judged)
    flags = find_flags(judged)
    limits = ceilings(flags)
    scheme = Scheme.of([credit.weight for credit in credits], calibration, judged.kind)
    score, contributions = score_credits(credits, limits, calibration, deductions(judged), scheme, judged.favour)
    level = calibration.level(score)
    if not limits:
        flags.extend(doubts(judged, score))
    review = any(flag.kind is not FlagKind.MIXED_SCRIPT for flag in flags)
    likely = calibration.likely_levels(score)
    return Result(
        answer, question, score, level, None, review, tuple(flags), tuple(points), contributions, signature, likely
    )


def _behaviours(judged: Judged) -> tuple[list[Credit], list[PointResult]]:
    """Return what each key point earns, and what is told about it."""
    credits, points = [], []
    for point, found in zip(judged.question.key_points, judged.match.points, strict=True):
        status, value = coverage(found.affirms, found.denies, judged.calibration)
        credits.append(Credit(point.id, point.label, point.weight, value))
        points.append(point_result(point, status, value, found.evidence))
    return credits, points


def _clauses(judged: Judged, original: str) -> tuple[list[Credit], list[PointResult]]:
    """Return the same where key points are derived: only the model answer counts that the answer tells most of."""
    credits, points = [], []
    found = zip(judged.question.key_points, judged.match.points, judged.match.told, judged.values, strict=True)
    for number, (point, match, told, (status, value)) in enumerate(found):
        weight = told.weight if number in judged.nearest else 0.0
        label = point.label if weight else f"{point.label} (another model answer earns more)"
        credits.append(Credit(point.id, label, weight, value))
        evidence = passages(told, original, judged.calibration) if judged.knowledge else match.evidence
        counted = point if weight else replace(point, weight=0.0)
        points.append(point_result(counted, status, value, evidence))
    return credits, points
