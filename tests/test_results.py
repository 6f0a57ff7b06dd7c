"""Results as JSON Lines: the published form, there and back again, and errors that name the line."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fakes import engine, small_bank
from hypothesis import given
from hypothesis import strategies as st

from evaluator.domain import (
    Answer,
    Contribution,
    Coverage,
    Evidence,
    Flag,
    FlagKind,
    PointResult,
    Result,
    Signature,
    Stance,
    Unscored,
    UnscoredReason,
)
from evaluator.errors import ResultsError
from evaluator.results import SCHEMA, parse_results, read_results, to_json_line, to_record

TEXT = "I let them finish — “always”. I argue."
QUOTE = Evidence(0, 17, TEXT[:17], 0.7312, Stance.AFFIRMS, 0.934)
SIGNATURE = Signature("0.1.0", "53aa51172d142c89", "nearest-statement", "c0ffee00c0ffee00", "0123456789abcdef")
BANK = small_bank()
SCORED = Result(
    Answer("ann", "rude-customer", TEXT, 3, extra={"site": "north", "note": ""}),
    BANK.questions[0],
    50.0,
    3,
    None,
    True,
    (Flag(FlagKind.RED_FLAG, "argues-back", "Red flag: argues back.", (replace(QUOTE, start=30, end=38, text=TEXT[30:38]),)),),
    (
        PointResult("listens", "listens without interrupting", 3.0, Coverage.COVERED, 1.0, (QUOTE,), ("a-b#1", "field: x"), "", "why"),
        PointResult("calm", "keeps calm", 2.0, Coverage.CONTRADICTED, -0.7, (), (), "Say so."),
    ),
    (Contribution("listens", "listens without interrupting", 50.0), Contribution("calm", "keeps calm", 0.0)),
    SIGNATURE,
)  # fmt: skip
UNSCORED = Result(
    Answer("bob", "rude-custmer", ""), None, None, None, Unscored(UnscoredReason.EMPTY, "The answer is empty."), True, (), (), (), SIGNATURE
)  # fmt: skip


def there_and_back(result: Result, bank: object = BANK) -> Result:
    (found,) = parse_results([to_json_line(result)], "results.jsonl", bank)  # type: ignore[arg-type]
    return found


def changed(**fields: Any) -> str:
    """Return the record of a scored answer as JSON, with some fields replaced; ``...`` leaves a field out."""
    record = to_record(SCORED) | fields
    return json.dumps({name: value for name, value in record.items() if value is not ...})


# The published form: design, section 6


def test_the_published_fields() -> None:
    record = to_record(SCORED)
    assert record["schema"] == SCHEMA == "evaluator-result/1"
    assert record["candidate_id"] == "ann"
    assert record["question_id"] == "rude-customer"
    assert record["score"] == 50.0
    assert record["level"] == 3
    assert record["unscored"] is None
    assert record["needs_review"] is True
    assert [set(flag) for flag in record["flags"]] == [{"kind", "id", "detail", "evidence"}]
    assert record["points"][0] == {
        "id": "listens",
        "label": "listens without interrupting",
        "weight": 3.0,
        "status": "covered",
        "credit": 1.0,
        "evidence": [
            {"start": 0, "end": 17, "text": "I let them finish", "similarity": 0.7312, "stance": "affirms", "probability": 0.934}
        ],
        "sources": ["a-b#1", "field: x"],
        "advice": "",
        "why": "why",
    }  # fmt: skip
    assert {"tool", "model", "stance", "bank", "calibration"} == set(record["signature"])
    assert to_record(UNSCORED)["unscored"] == {"reason": "empty", "detail": "The answer is empty."}


def test_a_line_is_json_with_plain_values() -> None:
    record = to_record(SCORED)
    assert json.loads(to_json_line(SCORED)) == record
    assert type(record["flags"][0]["kind"]) is str
    assert type(record["points"][0]["evidence"][0]["stance"]) is str


@pytest.mark.parametrize("result", [SCORED, UNSCORED], ids=["scored", "unscored"])
def test_there_and_back(result: Result) -> None:
    assert there_and_back(result) == result


def test_without_a_bank_the_question_keeps_its_text() -> None:
    found = there_and_back(SCORED, None)
    assert found.question is not None
    assert (found.question.id, found.question.text) == ("rude-customer", "How do you handle a rude customer?")
    assert (found.question.key_points, found.question.model_answers) == ((), ())
    assert replace(found, question=None) == replace(SCORED, question=None)
    assert there_and_back(UNSCORED, None) == UNSCORED


def test_a_question_given_by_its_text_is_written_by_its_id() -> None:
    asked = replace(SCORED, answer=replace(SCORED.answer, question_id="How do you handle a rude customer?"))
    assert to_record(asked)["question_id"] == "rude-customer"


def test_what_the_engine_says_survives() -> None:
    texts = ["I listen until the customer has finished talking. I argue and prove the customer wrong.", "", "ok", "😀"]
    for result in engine(BANK).evaluate([Answer("c", "rude-customer", text) for text in texts]):
        found = there_and_back(result)
        assert to_record(found) == to_record(result)
        assert there_and_back(found) == found


@given(
    st.text(max_size=80), st.text(max_size=20), st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=3)
)
def test_any_text_survives(text: str, candidate: str, extra: dict[str, str]) -> None:
    asked = replace(SCORED, answer=Answer(candidate, "rude-customer", text, 1, extra=extra))
    line = to_json_line(asked)
    assert len(line.splitlines()) == 1 or "\x85" in line
    assert "\n" not in line
    assert there_and_back(asked) == asked


def test_half_a_surrogate_pair_can_be_written_and_moves_no_span(tmp_path: Path) -> None:
    asked = replace(SCORED, answer=replace(SCORED.answer, text="ab\ud83dcd"))
    path = tmp_path / "results.jsonl"
    path.write_text(to_json_line(asked) + "\n", encoding="utf-8")
    assert read_results(path)[0].answer.text == "ab\ufffdcd"


def test_a_number_that_is_none_is_never_written() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json_line(replace(SCORED, score=float("nan")))


# Reading


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\n\n  \n"])
def test_a_file_is_read_in_its_order(tmp_path: Path, encoding: str, ending: str) -> None:
    path = tmp_path / "results.jsonl"
    path.write_bytes(ending.join([to_json_line(SCORED), to_json_line(UNSCORED), ""]).encode(encoding))
    assert read_results(path, BANK) == [SCORED, UNSCORED]


def test_unknown_fields_of_a_later_version_are_ignored() -> None:
    (found,) = parse_results([changed(mood="good")], "r.jsonl", BANK)
    assert found == SCORED


@pytest.mark.parametrize("name", ["question", "row", "extra", "contributions"])
def test_fields_that_came_later_may_be_absent(name: str) -> None:
    (found,) = parse_results([changed(**{name: ...})], "r.jsonl", BANK)
    assert found.score == 50.0


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("{", "not JSON"),
        ("hello", "not JSON"),
        ("[1]", "Input should be an object"),
        ("null", "Input should be an object"),
        (changed(schema="evaluator-result/2"), "schema: Input should be 'evaluator-result/1'"),
        (changed(schema=...), "schema: Field required"),
        (changed(candidate_id=...), "candidate_id: Field required"),
        (changed(score=101), "score: Input should be less than or equal to 100"),
        (changed(score=-0.1), "score: Input should be greater than or equal to 0"),
        (changed(score="high"), "score: Input should be a valid number"),
        (changed(score=float("nan")), "score: Input should be a finite number"),
        (changed(level=6), "level: Input should be less than or equal to 5"),
        (changed(level=0), "level: Input should be greater than or equal to 1"),
        (changed(level=2.5), "level: Input should be a valid integer"),
        (changed(score=None), "either score and level are given, or unscored is"),
        (changed(level=None), "either score and level are given, or unscored is"),
        (changed(unscored={"reason": "empty", "detail": ""}), "either score and level are given, or unscored is"),
        (changed(unscored={"reason": "lazy", "detail": ""}), "unscored.reason: Input should be 'empty'"),
        (changed(flags=[{"kind": "nice", "id": "", "detail": ""}]), "flags.0.kind: Input should be 'red_flag'"),
        (changed(points=[{"id": "x"}]), "points.0.label: Field required"),
        (changed(signature={}), "signature.tool: Field required"),
        ('{"a": ' * 500 + "1" + "}" * 500, "not JSON"),
    ],
    ids=lambda value: value[-30:],
)
def test_an_error_names_the_line(line: str, what: str) -> None:
    with pytest.raises(ResultsError) as caught:
        list(parse_results([to_json_line(SCORED), "", line], "results.jsonl"))
    message = str(caught.value)
    assert message.startswith("results.jsonl line 3: not a result of this version (")
    assert what in message
    assert message.endswith("Give the .jsonl file that `evaluator score` wrote.")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no results in it"),
        (b"\n \n", "no results in it"),
        (b"caf\xe9", "not UTF-8 text"),
        (b"PK\x03\x04\xff\xfe", "not UTF-8 text"),
        (b"candidate_id,score\nann,50\n", "line 1: not a result of this version (not JSON)"),
    ],
)
def test_a_file_of_something_else(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "results.jsonl"
    path.write_bytes(content)
    with pytest.raises(ResultsError) as caught:
        read_results(path)
    assert message in str(caught.value)
    assert "Give the .jsonl file that `evaluator score` wrote." in str(caught.value)


@pytest.mark.parametrize(("name", "message"), [("none.jsonl", "No such file"), (".", "Is a directory")])
def test_a_file_that_cannot_be_read(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(ResultsError, match=message):
        read_results(tmp_path / name)
