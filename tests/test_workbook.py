"""The workbook: every figure where it belongs, every text as text, and the same bytes from the same results."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import openpyxl
import pytest
from fakes import engine, small_bank

from evaluator.domain import Answer, Result, Review
from evaluator.outputs import flat_rows
from evaluator.stored import HeldResults
from evaluator.workbook import CUT, MOST_CHARACTERS, answer_table, cell_text, workbook_bytes

HOSTILE = '=HYPERLINK("http://evil.example","x")'
ANSWERS = (
    Answer("ann", "rude-customer", "I listen until the customer has finished talking.", 2, "", {"name": "Ann B."}),
    Answer("ben", "rude-customer", "I argue and prove the customer wrong.", 3, "", {"name": HOSTILE}),
    Answer("cem", "rude-customer", "", 4, "", {"name": "Cem", "row": "7"}),
    Answer("=1+1", "rude-customer", HOSTILE, 5),
)


@pytest.fixture
def results() -> list[Result]:
    return list(engine(small_bank()).evaluate(ANSWERS))


def sheets(results: Sequence[Result]) -> dict[str, list[list[Any]]]:
    book = openpyxl.load_workbook(io.BytesIO(workbook_bytes(results, flat_rows(HeldResults(results)))))
    return {sheet.title: [[cell.value for cell in row] for row in sheet.rows] for sheet in book}


def test_sheets_and_rows(results: list[Result]) -> None:
    found = sheets(results)
    assert list(found) == ["summary", "answers", "candidates", "questions"]
    summary = {row[0]: row[1] for row in found["summary"]}
    assert (summary["answers"], summary["scored"], summary["not scored"]) == (4, 3, 1)
    assert summary["Cronbach's alpha"] == "too few" and "start at 5" in summary["what alpha rests on"]
    assert [row[1] for row in found["candidates"][1:]] == ["ann", "=1+1", "ben", "cem"]
    assert found["candidates"][4][0] is None, "nobody is ranked without a score"
    assert found["questions"][1][0] == "rude-customer" and found["questions"][1][3] == "too few"


def test_an_answer_a_row_with_the_machines_figures_and_two_empty_columns(results: list[Result]) -> None:
    header, *rows = sheets(results)["answers"]
    assert header[:7] == [
        "candidate_id", "question_id", "row", "question", "answer", "reviewer_level", "reviewer_note",
    ]  # fmt: skip
    flat = list(flat_rows(HeldResults(results)))
    for row, plain, result in zip(rows, flat[1:], results, strict=True):
        cells, same = dict(zip(header, row, strict=True)), dict(zip(flat[0], plain, strict=True))
        assert (cells["reviewer_level"], cells["reviewer_note"], cells["reviews"]) == (None, None, None)
        for name in ("candidate_id", "question_id", "level", "score", "flags", "covered", "missed"):
            assert (cells[name] or 0) == (same[name] or 0), name
        assert (cells["answer"] or "") == result.answer.text and cells["row"] == result.answer.row
    assert rows[2][header.index("score")] is None, "never 0 for an answer without a score"


def test_no_text_becomes_a_formula_or_a_link_even_when_it_is_edited(results: list[Result]) -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook_bytes(results, flat_rows(HeldResults(results)))))
    sheet = book["answers"]
    cells = [cell for row in sheet.rows for cell in row if isinstance(cell.value, str)]
    assert {cell.data_type for cell in cells} == {"s"}
    assert all(cell.quotePrefix for cell in cells)
    assert HOSTILE in {cell.value for cell in cells} and "=1+1" in {cell.value for cell in cells}
    assert not any(cell.hyperlink for cell in cells)


def test_levels_are_chosen_from_one_to_five_in_every_row(results: list[Result]) -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook_bytes(results, flat_rows(HeldResults(results)))))
    (rule,) = book["answers"].data_validations.dataValidation
    assert (rule.type, rule.formula1, str(rule.sqref)) == ("list", '"1,2,3,4,5"', "F2:F5")


def test_columns_of_the_input_are_kept_hidden_and_never_pass_for_ours(results: list[Result]) -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook_bytes(results, flat_rows(HeldResults(results)))))
    sheet = book["answers"]
    letters = {cell.value: cell.column for cell in sheet[1]}
    assert {"name", "input_row"} <= set(letters)
    (hidden,) = [group for group in sheet.column_dimensions.values() if group.hidden]
    assert (hidden.min, hidden.max) == (letters["reviews"] + 1, sheet.max_column)


def test_decisions_of_people_stand_beside_the_machines_level(results: list[Result]) -> None:
    reviews = (Review(2, "", "Ana", "2026-03-30"), Review(4, "Calm.", "Bo", "2026-03-31"))
    results[0] = replace(results[0], reviews=reviews)
    found = sheets(results)
    header, first, *_ = found["answers"]
    assert first[header.index("reviews")] == "level 2 (Ana, 2026-03-30); level 4 (Bo, 2026-03-31): Calm."
    assert first[header.index("level")] == results[0].level
    summary = {row[0]: row[1] for row in found["summary"]}
    assert (summary["decided by a person"], summary["levels from both"]) == (1, 1)
    assert summary["exact agreement"] == float(results[0].level == 4)
    assert found["candidates"][1][-2:] == [1, 4]


def test_the_same_results_give_the_same_bytes(results: list[Result]) -> None:
    assert workbook_bytes(results, flat_rows(HeldResults(results))) == workbook_bytes(
        results, flat_rows(HeldResults(results))
    )


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("", ""),
        ("=1", "=1"),
        ("half \ud83d", "half \ufffd"),
        ("x" * MOST_CHARACTERS, "x" * MOST_CHARACTERS),
        ("x" * (MOST_CHARACTERS + 1), "x" * (MOST_CHARACTERS - len(CUT)) + CUT),
    ],
)
def test_what_a_cell_holds(text: str, kept: str) -> None:
    assert cell_text(text) == kept


def test_no_results_make_a_workbook_too() -> None:
    found = sheets([])
    assert len(found["answers"]) == 1 and {row[0]: row[1] for row in found["summary"]}["answers"] == 0


def test_control_characters_and_half_surrogates_survive(results: list[Result]) -> None:
    odd = replace(
        results[0], answer=replace(results[0].answer, text="nul\x00 esc\x1b \ud83d _x0041_", extra={"\x01": "\x02"})
    )
    header, row = sheets([odd])["answers"]
    text = row[header.index("answer")]
    assert text.endswith("_x0041_") and "\ufffd" in text


def test_the_table_is_as_long_as_its_header(results: list[Result]) -> None:
    header, rows = answer_table(results, flat_rows(HeldResults(results)))
    assert {len(row) for row in rows} == {len(header)}
    assert len(set(header)) == len(header)
