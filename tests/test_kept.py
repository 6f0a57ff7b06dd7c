"""Results that are kept: read back to the byte, without a word of the answer, and only where nothing has changed."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import NearestStatementJudge

from evaluator import kept
from evaluator.calibration import Calibration
from evaluator.derive import derived_question
from evaluator.domain import Answer, Bank, Result
from evaluator.engine import Engine, Models
from evaluator.kept import KeepingEngine, packed, unpacked
from evaluator.models.cached import Reuse
from evaluator.models.store import NumberStore
from evaluator.results import to_json_line
from evaluator.tool import tool_digest
from tests.fakes import CALIBRATION, NeutralReader, WordOverlapEncoder, small_bank

ANSWERS = [
    Answer("a", "rude-customer", "I listen until the xylophone customer has finished talking. My voice stays low.", 1),
    Answer("b", "rude-customer", "I argue back \U0001f642 and I shout at the customer until they leave \ud83d.", 2),
    Answer("c", "own-question", "I want to learn.", 3, "", {"shift": "=night"}),
    Answer("d", "rude-customer", "", 4),
    Answer("e", "unknown", "I listen.", 5),
    Answer("f", "rude-customer", "", 6, "the cell holds an error"),
    Answer("g", "rude-customer", "I listen until the xylophone customer has finished talking. My voice stays low.", 7),
]


def models(encoder: WordOverlapEncoder | None = None) -> Models:
    judge, reader = NearestStatementJudge(), NeutralReader({"shout": (0.0, 0.1, 0.9)})
    return Models(encoder or WordOverlapEncoder(), "0" * 64, judge, "1" * 64, reader, (), Reuse(), WordOverlapEncoder())


def keeping(
    folder: Path,
    encoder: WordOverlapEncoder | None = None,
    *,
    bank: Bank | None = None,
    calibration: Calibration = CALIBRATION,
    identity: str = "models",
) -> KeepingEngine:
    store = NumberStore(folder / "numbers.sqlite3")
    return KeepingEngine(bank or small_bank(), models(encoder), calibration, store, identity)


def lines(results: Iterator[Result]) -> list[str]:
    return [to_json_line(result) for result in results]


def values(folder: Path) -> list[bytes]:
    with sqlite3.connect(folder / "numbers.sqlite3") as connection:
        return [value[4:] for (value,) in connection.execute("SELECT value FROM numbers")]


def test_results_are_read_back_to_the_byte_and_no_model_is_asked(tmp_path: Path) -> None:
    plain = list(Engine(small_bank(), models(), CALIBRATION).evaluate(ANSWERS))
    assert list(keeping(tmp_path).evaluate(ANSWERS)) == plain
    encoder = WordOverlapEncoder()
    again = keeping(tmp_path, encoder)
    scored = [answer for answer, result in zip(ANSWERS, plain, strict=True) if result.score is not None]
    results = list(again.evaluate(scored))
    assert encoder.asked == []
    assert any(point.evidence for result in results for point in result.points)
    assert lines(iter(results)) == [to_json_line(result) for result in plain if result.score is not None]
    assert lines(keeping(tmp_path).evaluate(ANSWERS)) == lines(iter(plain))
    assert again.models.reuse and again.models.reuse.reused == again.models.reuse.asked > 0


def test_clauses_of_a_model_answer_that_does_not_count_are_read_back_too(tmp_path: Path) -> None:
    asked = derived_question(
        "two", "Why here?", ["I want to learn. I like people.", "The bus stops here. I know the team."]
    )
    bank = Bank((asked,), "2" * 64)
    answers = [Answer("a", "two", "I want to learn, and I like people.", 1)]
    first = list(keeping(tmp_path, bank=bank).evaluate(answers))
    assert {point.weight for point in first[0].points} > {0.0}
    encoder = WordOverlapEncoder()
    assert list(keeping(tmp_path, encoder, bank=bank).evaluate(answers)) == first
    assert encoder.asked == []


def test_known_and_new_answers_keep_their_order(tmp_path: Path) -> None:
    answers = [Answer(str(n), "rude-customer", f"I listen to customer number {n}.") for n in range(70)]
    list(keeping(tmp_path).evaluate(answers[1::3]))
    results = list(keeping(tmp_path).evaluate(answers))
    assert results == list(Engine(small_bank(), models(), CALIBRATION).evaluate(answers))


def test_one_answer_is_kept_although_nobody_asks_for_a_second(tmp_path: Path) -> None:
    first = keeping(tmp_path).evaluate_one("rude-customer", "I listen.")
    encoder = WordOverlapEncoder()
    assert keeping(tmp_path, encoder).evaluate_one("rude-customer", "I listen.") == first
    assert encoder.asked == []


def test_no_word_of_an_answer_is_kept(tmp_path: Path) -> None:
    list(keeping(tmp_path).evaluate(ANSWERS))
    content = [zlib.decompress(value).lower() for value in values(tmp_path)]
    assert len(content) == 3
    for word in (b"xylophone", b"listen until", b"shout", b"learn", b"night"):
        assert not any(word in value for value in content), word


@pytest.mark.parametrize("what", ["identity", "bank", "calibration", "text", "question", "code"])
def test_a_result_holds_for_the_same_answer_judged_in_the_same_way_only(
    tmp_path: Path, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeping(tmp_path).evaluate_one("rude-customer", "I listen.")
    bank = small_bank()
    encoder = WordOverlapEncoder()
    if what == "bank":
        bank = replace(bank, digest="f" * 64)
    if what == "code":
        monkeypatch.setattr(kept, "tool_digest", lambda: "other")
    numbers = replace(CALIBRATION, near_cut=1.0) if what == "calibration" else CALIBRATION
    other = keeping(
        tmp_path, encoder, bank=bank, calibration=numbers, identity="others" if what == "identity" else "models"
    )
    question = "own-question" if what == "question" else "rude-customer"
    other.evaluate_one(question, "I listen. " if what == "text" else "I listen.")
    assert encoder.asked


def test_a_changed_line_of_code_changes_the_digest(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    for name in ("scoring.py", "models/tuned.py"):
        before = tool_digest(tmp_path)
        tool_digest.cache_clear()
        (tmp_path / name).write_text("changed = True\n")
        assert tool_digest(tmp_path) != before


@pytest.mark.parametrize(
    "value",
    [b"no zlib", zlib.compress(b"no json"), zlib.compress(b"[1, 2]"), zlib.compress(b"7"), zlib.compress(b"{}")],
)
def test_what_is_none_of_our_own_is_unknown(tmp_path: Path, value: bytes) -> None:
    engine = keeping(tmp_path)
    result = engine.evaluate_one("rude-customer", "I listen.")
    (good,) = values(tmp_path)
    store = NumberStore(tmp_path / "numbers.sqlite3")
    with sqlite3.connect(tmp_path / "numbers.sqlite3") as connection:
        ((key,),) = connection.execute("SELECT key FROM numbers")
    store.write({key: value})
    assert keeping(tmp_path).evaluate_one("rude-customer", "I listen.") == result
    assert values(tmp_path) == [good]


def test_a_result_that_would_not_be_read_back_as_it_is_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged = kept.conclude

    def with_other_words(*arguments):
        result = judged(*arguments)
        return replace(result, points=tuple(replace(point, why="another reason") for point in result.points))

    monkeypatch.setattr(kept, "conclude", with_other_words)
    assert keeping(tmp_path).evaluate_one("rude-customer", "I listen.").points[0].why == "another reason"
    assert values(tmp_path) == [] if (tmp_path / "numbers.sqlite3").exists() else True


def test_numbers_survive_exactly() -> None:
    result = Engine(small_bank(), models(), CALIBRATION).evaluate_one("rude-customer", "I listen, then I argue.")
    assert result.question
    odd = replace(result, score=0.1 + 0.2, points=tuple(replace(point, credit=1 / 3) for point in result.points))
    data = packed(odd, result.question, 2)
    assert json.loads(zlib.decompress(data))[1] == 0.1 + 0.2
    assert unpacked(data, odd.answer, result.question, odd.signature) == (odd, 2)
