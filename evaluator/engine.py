"""Judges answers: the one place where text, bank and models meet."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from itertools import islice

import numpy as np

from evaluator import __version__
from evaluator.bank import match_question, nearest_question_id
from evaluator.checks import copied_from, find_tricks
from evaluator.domain import (
    LEVELS,
    Answer,
    Bank,
    Evidence,
    Flag,
    FlagKind,
    Question,
    Result,
    Segment,
    Signature,
    Stance,
    Unscored,
    UnscoredReason,
)
from evaluator.feedback import point_result
from evaluator.language import why_unscored
from evaluator.matching import (
    AnswerMatch,
    BehaviourMatch,
    Conduct,
    QuestionVectors,
    context_texts,
    embed_question,
    match_answer,
)
from evaluator.models.encoder import Encoder, FloatArray
from evaluator.models.stance import ConductReader, StanceJudge
from evaluator.scoring import (
    Calibration,
    Ceiling,
    Credit,
    Deduction,
    balance,
    coverage,
    enough_weight,
    harm,
    score_credits,
)
from evaluator.text import MAX_ANSWER_CHARS, NormalisedText, normalise, segment, words

CHUNK = 32
"""Answers whose segments are embedded together."""

EMPTY_TALK_WORDS = 20
"""Words from which an answer that tells nothing is empty talk rather than merely short."""

UNNAMED_FLAG = "unacceptable-conduct"
"""Id of a red flag that no red flag of the question names."""


@dataclass(frozen=True, slots=True)
class Models:
    """The models an engine judges with, and their digests."""

    encoder: Encoder
    encoder_digest: str
    judge: StanceJudge
    judge_digest: str
    reader: ConductReader


@dataclass(frozen=True, slots=True)
class Examined:
    """An answer cut into segments and held against its question, or the reason why it cannot be judged."""

    answer: Answer
    question: Question | None
    normalised: NormalisedText | None
    segments: tuple[Segment, ...]
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
        calibration = hashlib.sha256(json.dumps(asdict(self.calibration), sort_keys=True).encode()).hexdigest()
        return Signature(
            tool=__version__,
            model=self.models.encoder_digest[:16],
            stance=self.models.judge_digest[:32],
            bank=self.bank.digest[:16],
            calibration=calibration[:16],
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
            readings = self.models.reader.read(texts)
            row = {text: number for number, text in enumerate(texts)}
            for item in prepared:
                if item.unscored or item.question is None:
                    yield item
                    continue
                own = [row[piece.text] for piece in item.segments]
                question = self.vectors(item.question)
                others = {name: context for name, context in self.contexts.items() if name != item.question.id}
                match = match_answer(
                    item.answer.text, item.segments, vectors[own], question, others, self.models.judge, readings[own]
                )
                yield replace(item, match=match)

    def evaluate_one(self, question_id: str, text: str, candidate_id: str = "candidate") -> Result:
        """Return the result of one answer to the question of that id."""
        return next(self.evaluate([Answer(candidate_id, question_id, text)]))

    def vectors(self, question: Question) -> QuestionVectors:
        """Return a question with its statements embedded."""
        if question.id not in self._questions:
            self._questions[question.id] = embed_question(question, self.models.encoder)
        return self._questions[question.id]

    @cached_property
    def contexts(self) -> dict[str, FloatArray]:
        """The question texts and model answers of every question, embedded, by question id."""
        texts = {question.id: context_texts(question) for question in self.bank.questions}
        vectors = self.models.encoder.encode([text for own in texts.values() for text in own])
        ends = np.cumsum([len(own) for own in texts.values()])
        return dict(zip(texts, np.split(vectors, ends[:-1]), strict=True))

    def _prepare(self, answer: Answer) -> Examined:
        question = match_question(self.bank, answer.question_id)
        if answer.unreadable:
            return Examined(answer, question, None, (), Unscored(UnscoredReason.UNREADABLE, answer.unreadable))
        if question is None:
            near = nearest_question_id(self.bank, answer.question_id)
            hint = f"Did you mean {near!r}? " if near else ""
            detail = f"No such question in the bank. {hint}See: evaluator bank list"
            return Examined(answer, None, None, (), Unscored(UnscoredReason.UNKNOWN_QUESTION, detail))
        normalised = normalise(answer.text[: MAX_ANSWER_CHARS + 1])
        unscored = why_unscored(answer.text, normalised)
        segments = () if unscored else segment(normalised)
        if not unscored and not segments:
            unscored = Unscored(UnscoredReason.UNREADABLE, "The answer has no words.")
        return Examined(answer, question, normalised, segments, unscored)


def conclude(examined: Examined, calibration: Calibration, signature: Signature) -> Result:
    """Return the result of an examined answer: coverage, flags, score, level. No model is asked."""
    answer, question, match = examined.answer, examined.question, examined.match
    if question is None or match is None:
        return Result(answer, question, None, None, examined.unscored, True, (), (), (), signature)
    credits, points = [], []
    for point, found in zip(question.key_points, match.points, strict=True):
        status, value = coverage(found.affirms, found.denies, calibration)
        credits.append(Credit(point.id, point.label, point.weight, status, value))
        points.append(point_result(point, status, value, found.evidence))
    flags = [*_red_flags(question, match, calibration), *_wording_flags(question, examined, match, calibration)]
    ceilings = [Ceiling(flag.id, flag.detail, _CEILINGS[flag.kind]) for flag in flags if flag.kind in _CEILINGS]
    alternatives = len(question.model_answers) if question.derived else 1
    score, contributions = score_credits(credits, ceilings, calibration, deductions(match, calibration), alternatives)
    level = calibration.level(score)
    if not ceilings:
        flags.extend(_doubts(match, score, calibration))
    review = any(flag.kind is not FlagKind.MIXED_SCRIPT for flag in flags)
    return Result(answer, question, score, level, None, review, tuple(flags), tuple(points), contributions, signature)


def answer_ceiling(examined: Examined, calibration: Calibration) -> int:
    """Return the highest level that off-topic, tricks and copying allow an answer; 5 where none is found."""
    if examined.question is None or examined.match is None:
        return LEVELS[-1]
    flags = _wording_flags(examined.question, examined, examined.match, calibration)
    return min((_CEILINGS[flag.kind] for flag in flags if flag.kind in _CEILINGS), default=LEVELS[-1])


def deductions(match: AnswerMatch, calibration: Calibration) -> tuple[Deduction, Deduction]:
    """Return what an answer loses for conduct that speaks against the candidate, on the whole and in its worst sentence."""
    told = {piece.text.lower(): piece for piece in match.conduct if piece.whole}.values()
    share = balance([piece.favour for piece in told], [piece.against for piece in told])
    worst = max((_harm(piece, calibration) for piece in told), default=0.0)
    return (
        Deduction("conduct", "what the answer says against the candidate", calibration.balance * share),
        Deduction("worst", "its most doubtful sentence", calibration.harm * worst),
    )


def _harm(piece: Conduct, calibration: Calibration) -> float:
    return harm(piece.flagged if piece.flag else None, piece.against, calibration)


def _is_red_flag(piece: Conduct, calibration: Calibration) -> bool:
    bar = calibration.red_flag if piece.flag else calibration.unacceptable
    return piece.whole and _harm(piece, calibration) >= bar


def _red_flags(question: Question, match: AnswerMatch, calibration: Calibration) -> Iterator[Flag]:
    """Yield a flag for each red flag that some sentence raises, in the question's order, quoting the sentences."""
    raised: dict[str, list[Evidence]] = {}
    for piece in match.conduct:
        if _is_red_flag(piece, calibration):
            name = piece.flag if piece.flagged >= calibration.named else UNNAMED_FLAG
            raised.setdefault(name, []).append(_quoted(piece, _harm(piece, calibration)))
    labels = {flag.id: flag.label for flag in question.red_flags} | {UNNAMED_FLAG: "unacceptable conduct"}
    for name, label in labels.items():
        if name in raised:
            evidence = sorted(raised[name], key=lambda passage: (-passage.probability, passage.start))
            yield Flag(FlagKind.RED_FLAG, name, f"Red flag: {label}.", tuple(evidence))


def _doubts(match: AnswerMatch, score: float, calibration: Calibration) -> Iterator[Flag]:
    """Yield why the level itself is unsure."""
    if min(abs(score - cut) for cut in calibration.cuts) < calibration.near_cut:
        yield Flag(FlagKind.NEAR_CUT, "near_cut", "The score is close to the border of two levels.")
    doubtful = [piece for piece in match.conduct if piece.whole and _harm(piece, calibration) >= calibration.doubt]
    if doubtful:
        worst = max(doubtful, key=lambda piece: (_harm(piece, calibration), -piece.start))
        detail = "This passage may be a red flag: read it before you rely on the level."
        yield Flag(FlagKind.NEAR_CUT, "possible-red-flag", detail, (_quoted(worst, _harm(worst, calibration)),))


def _quoted(piece: Conduct, certainty: float) -> Evidence:
    return Evidence.rounded(piece.start, piece.end, piece.text, piece.similarity, Stance.AFFIRMS, certainty)


def _earned(question: Question, match: AnswerMatch, calibration: Calibration) -> float:
    """Return what covered key points earn as a share of a complete answer, 0..; contradicted ones count as missed."""
    weights = [point.weight for point in question.key_points]
    earned = (
        weight * max(0.0, coverage(found.affirms, 0.0, calibration)[1])
        for weight, found in zip(weights, match.points, strict=True)
    )
    alternatives = len(question.model_answers) if question.derived else 1
    return sum(earned) / enough_weight(weights, calibration, alternatives)


def _answers_another(match: AnswerMatch, earned: float, calibration: Calibration) -> bool:
    """Return whether an answer fits another question better and earns next to nothing for this one."""
    return match.lead >= calibration.other_question and earned < calibration.elsewhere


def _speaks_against(match: AnswerMatch) -> bool:
    told = [piece for piece in match.conduct if piece.whole]
    return balance([piece.favour for piece in told], [piece.against for piece in told]) >= 0.5


def _wording_flags(
    question: Question, examined: Examined, match: AnswerMatch, calibration: Calibration
) -> Iterator[Flag]:
    text = examined.normalised.text if examined.normalised else ""
    earned = _earned(question, match, calibration)
    if match.topic < (calibration.doubtful_topic if earned < calibration.empty else calibration.off_topic):
        yield Flag(FlagKind.OFF_TOPIC, "off_topic", "The answer is not about the question.")
    elif _answers_another(match, earned, calibration):
        yield Flag(
            FlagKind.OFF_TOPIC, f"other-question-{match.other}", f"This answers another question: {match.other}."
        )
    else:
        yield from _told_flags(text, match, earned, calibration)
    for trick in find_tricks(text, examined.segments, question):
        yield Flag(FlagKind.GAMING, trick.id, trick.detail)
    number = copied_from(text, examined.segments, question)
    if number is not None:
        yield Flag(FlagKind.COPIED, f"model-answer-{number}", f"The answer repeats model answer {number} of the bank.")
    if examined.normalised and examined.normalised.mixed_script:
        yield Flag(FlagKind.MIXED_SCRIPT, "mixed_script", "Some words mix letters of different scripts.")


def _told_flags(text: str, match: AnswerMatch, earned: float, calibration: Calibration) -> Iterator[Flag]:
    """Yield what is suspicious about what an answer tells: nothing in many words, or a thing and its opposite."""
    if len(words(text)) >= EMPTY_TALK_WORDS and earned < calibration.empty and not _speaks_against(match):
        detail = "Many words, and next to nothing in them that the question's key points ask for."
        yield Flag(FlagKind.GAMING, "empty-talk", detail)
    for found in match.points:
        sides = _opposite_passages(found, calibration)
        if sides:
            detail = "The answer says a thing in one sentence and its opposite in another."
            yield Flag(FlagKind.GAMING, "self-contradiction", detail, sides)
            return


def _opposite_passages(found: BehaviourMatch, calibration: Calibration) -> tuple[Evidence, ...]:
    """Return the surest passages for and against a behaviour where both are sure and do not overlap."""
    for against in found.evidence:
        if against.stance is Stance.DENIES and against.probability >= calibration.opposite:
            for affirm in found.evidence:
                apart = affirm.end <= against.start or against.end <= affirm.start
                if affirm.stance is Stance.AFFIRMS and affirm.probability >= calibration.opposite and apart:
                    return affirm, against
    return ()


_CEILINGS = {FlagKind.RED_FLAG: 1, FlagKind.OFF_TOPIC: 1, FlagKind.GAMING: 2, FlagKind.COPIED: 2}
"""The highest level that an answer with such a flag can get."""
