"""People's decisions: taken back from a spreadsheet, kept beside the machine's, and held against them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click.testing
import openpyxl
import pytest
from fakes import engine, small_bank

from evaluator.cli import main
from evaluator.destination import Destination
from evaluator.domain import Answer, Result, Review
from evaluator.errors import AnswersError, ReviewsError
from evaluator.outputs import flat_rows, write_results
from evaluator.ratings import read_rated
from evaluator.results import read_results
from evaluator.reviews import add_reviews, read_decisions, review_agreement
from evaluator.stored import HeldResults
from evaluator.workbook import workbook_bytes

LISTEN = "I listen until the customer has finished talking. My voice stays low and my breathing slow."
ANSWERS = (
    Answer("001", "rude-customer", LISTEN, 2),
    Answer("ben", "rude-customer", "I argue and prove the customer wrong.", 3),
    Answer("cem", "rude-customer", "", 4),
    Answer("=dee", "own-question", "I want to learn from your pharmacist.", 5),
    Answer("ben", "rude-customer", LISTEN, 6),
)
HEADER = ["candidate_id", "question_id", "row", "reviewer_level", "reviewer_note"]


@pytest.fixture
def results() -> list[Result]:
    return list(engine(small_bank()).evaluate(ANSWERS))


Put = Callable[[list[list[Any]]], Path]


@pytest.fixture
def put(tmp_path: Path) -> Put:
    def write(rows: list[list[Any]]) -> Path:
        path = tmp_path / "decided.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(rows)
        return path

    return write


def decided_workbook(results: list[Result], decisions: dict[int, tuple[Any, str]], path: Path) -> Path:
    """Fill the workbook in as a person would, by row of the sheet."""
    book = openpyxl.load_workbook(io.BytesIO(workbook_bytes(results, flat_rows(HeldResults(results)))))
    sheet = book["answers"]
    columns = {cell.value: cell.column for cell in sheet[1]}
    for row, (level, note) in decisions.items():
        sheet.cell(row, columns["reviewer_level"], level)
        sheet.cell(row, columns["reviewer_note"], note)
    book.save(path)
    return path


def test_a_workbook_goes_out_and_comes_back(results: list[Result], tmp_path: Path) -> None:
    path = decided_workbook(
        results, {2: (4, "Calm."), 4: (3, ""), 5: (None, "Ask again."), 6: ("5", "")}, tmp_path / "a.xlsx"
    )
    imported = add_reviews(results, read_decisions(path), reviewer="Ana", date="2026-03-31")
    assert imported.faults == () and (imported.added, imported.repeated) == (4, 0)
    assert [result.reviews for result in imported.results] == [
        (Review(4, "Calm.", "Ana", "2026-03-31"),),
        (),
        (Review(3, "", "Ana", "2026-03-31"),),
        (Review(None, "Ask again.", "Ana", "2026-03-31"),),
        (Review(5, "", "Ana", "2026-03-31"),),
    ]
    assert [replace(result, reviews=()) for result in imported.results] == results, "nothing the machine said changes"


def test_decisions_survive_a_results_file(results: list[Result], tmp_path: Path) -> None:
    review = Review(None, "=note \u202e", "Ana", "2026-03-31")
    results[0] = replace(results[0], reviews=(Review(1, "", "Bo", "2026-03-30"), review))
    write_results(HeldResults(results), Destination(("jsonl",), tmp_path / "r.jsonl", False))
    again = read_results(tmp_path / "r.jsonl", small_bank())
    assert [result.reviews for result in again] == [result.reviews for result in results]
    assert again[0].review == Review(1, "", "Bo", "2026-03-30"), "a note alone replaces no level"


def test_the_same_file_twice_changes_nothing_and_a_new_level_is_added_after(results: list[Result], put: Put) -> None:
    rows: list[list[Any]] = [HEADER, ["001", "rude-customer", 2, 4, "Calm."]]
    once = add_reviews(results, read_decisions(put(rows)), reviewer="Ana", date="2026-03-31")
    twice = add_reviews(once.results, read_decisions(put(rows)), reviewer="Ana", date="2026-04-02")
    assert twice.results == once.results and (twice.added, twice.repeated) == (0, 1)
    rows[1][3] = 5
    third = add_reviews(once.results, read_decisions(put(rows)), reviewer="Ana", date="2026-04-02")
    assert [review.level for review in third.results[0].reviews] == [4, 5]
    other = add_reviews(third.results, read_decisions(put(rows)), reviewer="Bo", date="2026-04-02")
    assert [review.reviewer for review in other.results[0].reviews] == ["Ana", "Ana", "Bo"]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (["001", "rude-customer", 2, 6, ""], "row 2: reviewer_level is not a whole number from 1 to 5"),
        (["001", "rude-customer", 2, 0, ""], "row 2: reviewer_level"),
        (["001", "rude-customer", 2, 3.5, ""], "row 2: reviewer_level"),
        (["001", "rude-customer", 2, "nan", ""], "row 2: reviewer_level"),
        (["001", "rude-customer", 2, "good", ""], "row 2: reviewer_level"),
        (["1", "rude-customer", 2, 3, ""], "row 2: no answer of this candidate to question 'rude-customer'"),
        (["001", "rude-custmer", 2, 3, ""], "row 2: no answer of this candidate to question 'rude-custmer'"),
        (["ben", "rude-customer", "", 3, ""], "row 2: 2 answers of this candidate"),
        (["ben", "rude-customer", 99, 3, ""], "row 2: 2 answers of this candidate"),
        (["001", "rude-customer", 2, 3, "", "surplus"], "row 2: the row has more cells than the header"),
    ],
)
def test_bad_rows_are_named_and_the_others_taken(results: list[Result], put: Put, row: list[Any], says: str) -> None:
    path = put([HEADER, row, ["ben", "rude-customer", 3, 1, "Argues."]])
    imported = add_reviews(results, read_decisions(path), reviewer="Ana", date="2026-03-31")
    assert len(imported.faults) == 1 and f"decided.csv {says}" in imported.faults[0]
    assert imported.added == 1 and imported.results[1].reviews[0].level == 1


def test_two_rows_about_one_answer(results: list[Result], put: Put) -> None:
    path = put([HEADER, ["001", "rude-customer", 2, 3, ""], ["001", "rude-customer", 2, 5, ""]])
    imported = add_reviews(results, read_decisions(path), reviewer="Ana", date="2026-03-31")
    assert imported.faults == ("decided.csv row 3: row 2 decides about the same answer. Keep one of the two.",)
    assert [review.level for review in imported.results[0].reviews] == [3]


@pytest.mark.parametrize("candidate", ["=dee", "'=dee", " =dee "])
def test_a_candidate_whose_id_looks_like_a_formula_is_found(results: list[Result], put: Put, candidate: str) -> None:
    path = put([["Candidate ID", "question id", "Reviewer level"], [candidate, "own-question", 5]])
    imported = add_reviews(results, read_decisions(path), reviewer="Ana", date="2026-03-31")
    assert imported.results[3].reviews == (Review(5, "", "Ana", "2026-03-31"),)


def test_files_that_cannot_be_used(put: Put, tmp_path: Path) -> None:
    with pytest.raises(ReviewsError, match="no column reviewer_level"):
        read_decisions(put([["candidate_id", "question_id", "rating"], ["a", "b", 3]]))
    with pytest.raises(AnswersError, match="no such file"):
        read_decisions(tmp_path / "nowhere.xlsx")
    (tmp_path / "r.jsonl").write_text('{"candidate_id": "a"}\n')
    with pytest.raises(ReviewsError, match="is JSON"):
        read_decisions(tmp_path / "r.jsonl")


def test_agreement_needs_both_levels_and_takes_the_newest(results: list[Result]) -> None:
    assert review_agreement(results) is None
    unscored = replace(results[2], reviews=(Review(3, "", "Ana", "d"),))
    assert review_agreement([unscored]) is None
    level = results[0].level
    assert level is not None
    other = level - 1 if level > 1 else level + 1
    changed = replace(results[0], reviews=(Review(5 if level < 3 else 1, "", "Ana", "d"), Review(other, "", "Bo", "d")))
    found = review_agreement([changed, unscored])
    assert found is not None and (found.count, found.exact, found.adjacent) == (1, 0.0, 1.0)


# The command


@pytest.fixture
def written(results: list[Result], tmp_path: Path) -> Path:
    write_results(HeldResults(results), Destination(("jsonl",), tmp_path / "results.jsonl", False))
    return tmp_path / "results.jsonl"


def run(*arguments: object, epoch: str = "") -> click.testing.Result:
    return click.testing.CliRunner(env={"SOURCE_DATE_EPOCH": epoch}).invoke(main, [str(part) for part in arguments])


def test_import_writes_results_and_shows_agreement(written: Path, put: Put, results: list[Result]) -> None:
    file = put([HEADER, ["001", "rude-customer", 2, results[0].level, "Calm."]])
    before = written.read_bytes()
    done = run("review", "import", file, "--results", written, "--reviewer", "Ana", "--date", "2026-03-31")
    assert done.exit_code == 0, done.output
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert rows[0]["reviews"] == [{"level": results[0].level, "note": "Calm.", "reviewer": "Ana", "date": "2026-03-31"}]
    assert rows[0]["level"] == results[0].level and "reviews" not in rows[1]
    assert "1 decision added" in done.stderr and "exact agreement             1.000" in done.stderr
    assert "Calm." not in done.stderr and written.read_bytes() == before


def test_import_in_place_as_json_with_a_bad_row(written: Path, put: Put) -> None:
    file = put([HEADER, ["ben", "rude-customer", 3, 1, ""], ["zoe", "rude-customer", 9, 2, ""]])
    done = run(
        "review", "import", file, "--results", written, "--reviewer", "Ana", "-o", written, "--format", "json", epoch="1774915200"
    )  # fmt: skip
    assert done.exit_code == 3, done.output
    told = json.loads(done.stdout)
    assert (told["added"], told["repeated"], len(told["skipped"])) == (1, 0, 1)
    assert told["agreement"]["count"] == 1 and "kappa" in told["agreement"]
    assert "skipped: decided.csv row 3: no answer of this candidate" in done.stderr
    assert read_results(written)[1].reviews == (Review(1, "", "Ana", "2026-03-31"),)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ((), "Add --date YYYY-MM-DD"),
        (("--date", "31.3.2026"), "is not a date such as 2026-03-31"),
        (("--date", "2026-03-31", "--reviewer", " "), "Say who decided"),
        (("--date", "2026-03-31", "--format", "json"), "-o FILE"),
    ],
)
def test_wrong_usage_says_what_to_do(written: Path, put: Put, more: tuple[str, ...], says: str) -> None:
    file = put([HEADER, ["ben", "rude-customer", 3, 1, ""]])
    done = run("review", "import", file, "--results", written, "--reviewer", "Ana", *more)
    assert done.exit_code == 2 and says in done.stderr and done.stdout == ""


def test_a_bad_row_names_nobody(results: list[Result], put: Put) -> None:
    imported = add_reviews(
        results,
        read_decisions(put([HEADER, ["somebody-else", "rude-customer", "", "3", ""]])),
        reviewer="Ana",
        date="2026-03-31",
    )
    assert len(imported.faults) == 1
    assert "somebody" not in imported.faults[0]


def test_validate_takes_the_workbook_with_peoples_levels(results: list[Result], tmp_path: Path) -> None:
    path = decided_workbook(results, {2: (5, ""), 3: (1, "")}, tmp_path / "decided.xlsx")
    found = read_rated(path, small_bank())
    assert found.columns == ("reviewer_level",)
    assert sorted(rated.ratings for rated in found.answers) == [(1,), (5,)]
