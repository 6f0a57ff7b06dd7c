"""Judgements that went wrong once, or that a reader would not forgive: order, levels and flags with the real models.

Every row of ``data/judgements.jsonl`` is either a sentence that must score above its twin, or an answer with the lowest or
highest level it may get, a kind of flag it must have, or one it must not have; to a question of the shipped bank, or to one of its own that
comes with model answers only. A wrong judgement becomes a row before it is mended:
rows with ``known_wrong`` still are, and the suite fails as soon as one of them comes right, so that the mark goes.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from evaluator.bank import bank_digest
from evaluator.derive import derived_question
from evaluator.domain import Bank, Result
from evaluator.engine import Engine
from evaluator.loading import load_engine

pytestmark = pytest.mark.model
ROWS = [json.loads(line) for line in (Path(__file__).parent / "data" / "judgements.jsonl").read_text().splitlines()]
NAMES = [row["why"] for row in ROWS]


def marked(key: str) -> list[Any]:
    """Return the rows that have ``key``, those that are judged wrongly marked so."""
    wrong = pytest.mark.xfail(strict=True, reason="known wrong judgement")
    return [
        pytest.param(row, marks=[wrong] if row.get("known_wrong") else [], id=row["why"]) for row in ROWS if key in row
    ]


@lru_cache(maxsize=1)
def real_engine() -> Engine:
    return load_engine()


def judge(row: dict[str, Any], key: str) -> Result:
    engine = real_engine()
    if "model_answers" in row:
        asked = derived_question(row["question_id"], row["question"], row["model_answers"])
        engine = Engine(Bank((asked,), bank_digest([asked])), engine.models, engine.calibration)
    return engine.evaluate_one(row["question_id"], row[key])


def test_the_shipped_judge_was_trained_on_the_shipped_bank_as_it_stands() -> None:
    """Otherwise its questions would be scored by the numbers of other banks."""
    engine = real_engine()
    for question in engine.bank.questions:
        assert engine.vectors(question).familiar
        points = tuple(replace(point, affirm=(*point.affirm, "I do as I am told.")) for point in question.key_points)
        assert not Engine(engine.bank, engine.models).vectors(replace(question, key_points=points)).familiar


def told(result: Result) -> tuple[object, ...]:
    return result.score, result.level, [(flag.kind.value, flag.id) for flag in result.flags]


@pytest.mark.parametrize("row", marked("better"))
def test_the_better_sentence_scores_higher(row: dict[str, Any]) -> None:
    better, worse = judge(row, "better"), judge(row, "worse")
    assert (better.score or 0) > (worse.score or 0), (told(better), told(worse))


@pytest.mark.parametrize("row", marked("text"))
def test_an_answer_gets_a_level_within_bounds_and_the_right_flags(row: dict[str, Any]) -> None:
    result = judge(row, "text")
    kinds = {flag.kind.value for flag in result.flags}
    assert row.get("least", 1) <= (result.level or 0) <= row.get("most", 5), told(result)
    assert row.get("flag") in kinds | {None}, told(result)
    assert row.get("not") not in kinds, told(result)


def test_every_row_says_why_and_no_two_are_the_same() -> None:
    assert all(NAMES)
    assert len(set(NAMES)) == len(NAMES)
