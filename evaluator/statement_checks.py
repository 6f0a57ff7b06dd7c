"""Tests a bank with its own statements: each is judged as if a candidate had said it, and must be taken for what it is.

A statement goes through the whole pipeline as an answer of its own. What must come of it, and what is counted:

============  ==============================  ===========================================  ==================================
side          right                           also counted as wrong                        an overlap, told and not counted
============  ==============================  ===========================================  ==================================
affirm        its point is covered            another point contradicted; a red flag       another point covered
deny          its point is contradicted       another point covered                        another point contradicted
statements    its red flag is raised          a point covered                              another red flag raised
safe          no red flag is raised
============  ==============================  ===========================================  ==================================

A statement is its own nearest neighbour, which flatters the bank: it is judged a second time with itself left out of its
behaviour. That second figure is nearer to what candidates meet, who do not speak in the bank's words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from evaluator.bank_files import readable_files
from evaluator.domain import Answer, Bank, Coverage, FlagKind, KeyPoint, Question, RedFlag, Result
from evaluator.engine import Engine, Models
from evaluator.models.encoder import Encoder
from evaluator.models.stance import STANCES, StanceCase, StanceJudge
from evaluator.question_vectors import QuestionVectors
from evaluator.text import normalise, segment

FloatArray = NDArray[np.float32]
Side = Literal["affirm", "deny", "statements", "safe"]
SIDES: tuple[Side, ...] = ("affirm", "deny", "statements", "safe")
"""The lists of statements in a bank, by the names that files give them."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence of a bank, in one question that uses it."""

    question: str
    behaviour: str
    """Id of its key point or red flag."""
    side: Side
    text: str
    file: str
    """File of the bank that it stands in."""
    line: int
    """Its line there; of the model answers where the point was derived from them."""


@dataclass(frozen=True, slots=True)
class Confusion:
    """Another behaviour that a statement was taken for."""

    behaviour: str
    taken_for: str
    """``covered``, ``contradicted`` or ``raised``."""
    counted: bool
    """Whether it makes the statement fail; an overlap does not."""


@dataclass(frozen=True, slots=True)
class StatementCheck:
    """What a statement was taken for."""

    statement: Statement
    taken_for: str
    """Of its own behaviour: a coverage; ``raised``, ``not raised``; or ``unscored``."""
    right: bool
    """Whether that is what it should be."""
    confusions: tuple[Confusion, ...]
    left_out: str | None
    """Of its own behaviour with the statement itself left out; None where its side would be empty without it."""
    left_out_right: bool | None

    @property
    def passed(self) -> bool:
        """Whether it is taken for what it is, and for nothing that speaks the other way."""
        return self.right and not any(confusion.counted for confusion in self.confusions)


@dataclass(frozen=True, slots=True)
class PassShare:
    """How many statements pass, as they stand and with themselves left out."""

    name: str
    checks: int
    passed: int
    left_out_checks: int
    left_out_right: int

    @property
    def share(self) -> float:
        """As it stands, 0..1; 1 where there is nothing to check."""
        return self.passed / self.checks if self.checks else 1.0

    @property
    def left_out_share(self) -> float | None:
        """Of their own behaviour only, 0..1; None where no statement can be left out."""
        return self.left_out_right / self.left_out_checks if self.left_out_checks else None


def pass_share(name: str, checks: Iterable[StatementCheck]) -> PassShare:
    """Return how many of ``checks`` pass. A statement counts once for each question that uses it."""
    checks = list(checks)
    without = [check.left_out_right for check in checks if check.left_out_right is not None]
    return PassShare(name, len(checks), sum(check.passed for check in checks), len(without), sum(without))


def bank_statements(bank: Bank, folder: Path) -> tuple[Statement, ...]:
    """Return every statement of every question with the file and line it stands in."""
    places = _places(folder)
    found = []
    for question in bank.questions:
        behaviours: list[KeyPoint | RedFlag] = [*question.key_points, *question.red_flags]
        for behaviour in behaviours:
            for side, texts in _sides(behaviour):
                for text in texts:
                    keys = ((question.id, behaviour.id, side, text), ("", behaviour.id, side, text), (question.id,))
                    place = next((places[key] for key in keys if key in places), ("", 0))
                    found.append(Statement(question.id, behaviour.id, side, text, *place))
    return tuple(found)


def check_statements(engine: Engine, statements: Sequence[Statement]) -> tuple[StatementCheck, ...]:
    """Judge every statement as an answer to its question, as it stands and with itself left out of its behaviour.

    All texts are embedded together, and all statements of a question are judged together.
    """
    known = replace(
        engine.models, encoder=_KnownVectors(engine.models.encoder), judge=_KnownStances(engine.models.judge)
    )
    pieces = {item.text: [piece.text for piece in segment(normalise(item.text))] for item in statements}
    known.encoder.encode(list(dict.fromkeys(text for texts in pieces.values() for text in texts)))
    checks: dict[Statement, StatementCheck] = {}
    left_out: dict[tuple[object, ...], Result] = {}
    for question in engine.bank.questions:
        own = [item for item in statements if item.question == question.id]
        alone = _engine_for(question, engine, known)
        texts = list(dict.fromkeys(text for item in own for text in pieces[item.text]))
        if texts:
            known.judge.judge(list(_cases(alone.vectors(question), texts, known.encoder.encode(texts))))
        answers = (Answer(item.behaviour, item.question, item.text) for item in own)
        for item, result in zip(own, alone.evaluate(answers), strict=True):
            rest = _without(question, item)
            # A behaviour that several questions share is the same without its statement in each of them.
            key = (rest.key_points, rest.red_flags, item.text) if rest else ()
            if rest and key not in left_out:
                left_out[key] = _engine_for(rest, engine, known).evaluate_one(rest.id, item.text)
            checks[item] = _check(item, result, left_out.get(key))
    return tuple(checks[item] for item in statements)


def _engine_for(question: Question, engine: Engine, models: Models) -> Engine:
    """Return an engine for one question: others decide only whether an answer is off topic, which is not asked here."""
    return Engine(Bank((question,), engine.bank.digest), models, engine.calibration)


def _sides(behaviour: KeyPoint | RedFlag) -> Iterator[tuple[Side, tuple[str, ...]]]:
    names = SIDES[:2] if isinstance(behaviour, KeyPoint) else SIDES[2:]
    yield from zip(names, behaviour.sides, strict=True)


def _places(folder: Path) -> dict[tuple[str, ...], tuple[str, int]]:
    """Return file and line by question (empty for shared behaviours), behaviour, side and text; and by question alone."""
    places: dict[tuple[str, ...], tuple[str, int]] = {}
    for name, file in readable_files(folder):
        shared = "kind" in file.data
        owner = "" if shared else str(file.data.get("id"))
        groups: list[tuple[tuple[str | int, ...], Any]] = [((), file.data)] if shared else []
        for part in ("key_points", "red_flags"):
            groups += [((part, i), entry) for i, entry in enumerate(file.data.get(part) or [])]
        if not shared:
            places[owner,] = (name, file.line(("model_answers",)))
        for location, entry in groups:
            for side in SIDES:
                for i, text in enumerate(entry.get(side) or []):
                    key = (owner, str(entry.get("id")), side, str(text).strip())
                    places[key] = (name, file.line((*location, side, i)))
    return places


def _without(question: Question, item: Statement) -> Question | None:
    """Return a question whose one behaviour is the statement's own, without the statement; None where its side would be empty.

    The rest of the question is left out: a red flag is told by its own statements and by the reading, without what key points that are
    contradicted add to its harm.
    """
    bare = replace(question, key_points=(), red_flags=(), model_answers=())
    for point in question.key_points:
        if point.id == item.behaviour and item.side in SIDES[:2]:
            affirm, deny = (tuple(text for text in side if text != item.text) for side in point.sides)
            if not affirm or (point.deny and not deny):
                return None
            return replace(bare, key_points=(replace(point, affirm=affirm, deny=deny, weight=1.0),))
    for flag in question.red_flags:
        if flag.id == item.behaviour and item.side in SIDES[2:]:
            told, safe = (tuple(text for text in side if text != item.text) for side in flag.sides)
            if not told or (flag.safe and not safe):
                return None
            return replace(bare, red_flags=(replace(flag, statements=told, safe=safe),))
    raise AssertionError(f"{item.question} has no {item.behaviour}")


def _check(item: Statement, result: Result, left_out: Result | None) -> StatementCheck:
    taken_for, right = _own(item, result)
    alone, alone_right = _own(item, left_out) if left_out is not None else (None, None)
    return StatementCheck(item, taken_for, right, tuple(_confusions(item, result)), alone, alone_right)


_RIGHT = {"affirm": Coverage.COVERED, "deny": Coverage.CONTRADICTED, "statements": "raised", "safe": "not raised"}


def _own(item: Statement, result: Result) -> tuple[str, bool]:
    """Return what a statement was taken for with regard to its own behaviour, and whether that is right."""
    if result.unscored:
        return f"unscored: {result.unscored.reason}", False
    if item.side in SIDES[:2]:
        taken_for = str(next(point.status for point in result.points if point.id == item.behaviour))
    else:
        taken_for = "raised" if item.behaviour in _raised(result) else "not raised"
    return taken_for, taken_for == _RIGHT[item.side]


def _raised(result: Result) -> list[str]:
    return [flag.id for flag in result.flags if flag.kind is FlagKind.RED_FLAG]


def _confusions(item: Statement, result: Result) -> Iterator[Confusion]:
    """Yield what else a statement was taken for, as the table at the head of this module says."""
    for point in result.points:
        if point.id == item.behaviour and item.side in SIDES[:2]:
            continue
        if point.status is Coverage.COVERED and item.side != "safe":
            yield Confusion(point.id, "covered", item.side != "affirm")
        elif point.status is Coverage.CONTRADICTED and item.side in SIDES[:2]:
            yield Confusion(point.id, "contradicted", item.side == "affirm")
    for name in _raised(result):
        if item.side in ("affirm", "safe") and name != item.behaviour:
            yield Confusion(name, "raised", True)
        elif item.side == "statements" and name != item.behaviour:
            yield Confusion(name, "raised", False)


def _cases(question: QuestionVectors, texts: Sequence[str], vectors: FloatArray) -> Iterator[StanceCase]:
    for behaviour in (*question.points, *question.flags):
        affirm, deny = vectors @ behaviour.affirm_vectors.T, vectors @ behaviour.deny_vectors.T
        for row, text in enumerate(texts):
            sides = behaviour.affirm, behaviour.deny, tuple(affirm[row].tolist()), tuple(deny[row].tolist())
            yield StanceCase(text, *sides, behaviour.harmful)


class _KnownVectors:
    """An encoder that encodes no text twice."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._known: dict[str, FloatArray] = {}

    def encode(self, texts: Sequence[str], /) -> FloatArray:
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new:
            self._known.update(zip(new, self._encoder.encode(new), strict=True))
        return np.stack([self._known[text] for text in texts]) if texts else self._encoder.encode(texts)


class _KnownStances:
    """A judge that judges no pair of a segment and a behaviour twice."""

    def __init__(self, judge: StanceJudge) -> None:
        self._judge = judge
        self._known: dict[tuple[object, ...], FloatArray] = {}

    def judge(self, cases: Sequence[StanceCase], /) -> FloatArray:
        keys = [(case.segment, case.affirm, case.deny, case.harmful) for case in cases]
        new = {key: case for key, case in zip(keys, cases, strict=True) if key not in self._known}
        if new:
            self._known.update(zip(new, self._judge.judge(list(new.values())), strict=True))
        return np.stack([self._known[key] for key in keys]) if keys else np.zeros((0, len(STANCES)), dtype=np.float32)
