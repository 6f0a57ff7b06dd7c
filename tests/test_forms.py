"""Every form of a result says the same: the score, the level, and contributions that add up to the score."""

from __future__ import annotations

import csv
import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from fakes import engine, small_bank
from test_report import Page, number

from evaluator.destination import Destination
from evaluator.domain import Answer, Result
from evaluator.outputs import write_results
from evaluator.page_names import page_name
from evaluator.report import render_text
from evaluator.stored import HeldResults

ANSWERS = (
    Answer("good", "rude-customer", "I listen until the customer has finished talking. My voice stays low and slow."),
    Answer("mixed", "rude-customer", "I listen until the customer has finished. My temper explodes and everything gets loud."),
    Answer("flagged", "rude-customer", "I listen until they finish. Then I argue and prove the customer wrong."),
    Answer("whole", "rude-customer", small_bank().questions[0].model_answers[0].text),
    Answer("derived", "own-question", "I want to learn from your pharmacist every day of the week."),
    Answer("nothing", "rude-customer", ""),
)  # fmt: skip
FORMS = ("jsonl", "csv", "xlsx", "html", "md")

Said = tuple[Decimal | None, int | None, list[Decimal]]
"""Score, level, and the contributions that are not nothing, in order of size."""


@pytest.fixture(scope="module")
def results() -> list[Result]:
    return list(engine(small_bank()).evaluate(ANSWERS))


@pytest.fixture(scope="module")
def folder(results: list[Result], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything that ``score --format jsonl,csv,xlsx,html,md`` writes."""
    path = tmp_path_factory.mktemp("forms")
    write_results(HeldResults(results), Destination(FORMS, path, True))
    return path


def flat(row: dict[str, Any]) -> Said:
    parts = [part.rsplit(":", 1)[1] for part in (row["contributions"] or "").split("; ") if part]
    return said(row["score"], row["level"], parts)


def said(score: object, level: object, parts: list[Any]) -> Said:
    points = sorted(value for part in parts if (value := number(str(part))))
    return (
        None if score in (None, "") else number(str(score)),
        None if level in (None, "") else int(str(level)),
        points,
    )


def of_table(rows: list[tuple[str, str]], level: str) -> Said:
    """Read the table of contributions: a part a row, the score in the last one."""
    if not rows:
        return None, None, []
    *parts, (name, score) = rows
    assert name.strip("* ") == "Score"
    return said(score.strip("* "), level, [points for _, points in parts])


def from_jsonl(folder: Path, result: Result) -> Said:
    lines = map(json.loads, (folder / "results.jsonl").read_text(encoding="utf-8").splitlines())
    row = next(row for row in lines if row["candidate_id"] == result.answer.candidate_id)
    return said(row["score"], row["level"], [part["points"] for part in row["contributions"]])


def from_csv(folder: Path, result: Result) -> Said:
    with (folder / "results.csv").open(encoding="utf-8", newline="") as file:
        return flat(next(row for row in csv.DictReader(file) if row["candidate_id"] == result.answer.candidate_id))


def from_xlsx(folder: Path, result: Result) -> Said:
    header, *rows = openpyxl.load_workbook(folder / "results.xlsx")["answers"].values
    table = [dict(zip(header, row, strict=True)) for row in rows]
    return flat(next(row for row in table if row["candidate_id"] == result.answer.candidate_id))


def from_html(folder: Path, result: Result) -> Said:
    text = (folder / f"{page_name(result.answer.candidate_id)}.html").read_text(encoding="utf-8")
    rows = [(row[0], row[-1]) for row in Page(text).rows if len(row) == 3 and re.search(r"\d\.\d$", row[-1])]
    return of_table(rows, "".join(re.findall(r"Level (\d) of 5: ", text)))


def from_md(folder: Path, result: Result) -> Said:
    text = (folder / f"{page_name(result.answer.candidate_id)}.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (.+) \| (\W*\d+\.\d\W*) \|$", text, re.M)
    return of_table(rows, re.findall(r"Level (\d) of 5", text)[0] if rows else "")


def from_terminal(folder: Path, result: Result) -> Said:
    text = render_text(result, audience="recruiter", with_model_answers=False, colour=False, width=100)
    table = text.split("How the score adds up\n")[1].split("\n\n")[0] if result.level else ""
    rows = [
        (row[0], row[1]) for line in table.splitlines() if re.search(r"\d\.\d$", line) and (row := line.rsplit(None, 1))
    ]
    return of_table(rows, "".join(re.findall(r"Level (\d) of 5", text)[:1]))


READERS = (from_jsonl, from_csv, from_xlsx, from_html, from_md, from_terminal)


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__name__)
def test_contributions_add_up_to_the_score_in_every_form_and_all_forms_agree(
    reader: Any, folder: Path, results: list[Result]
) -> None:
    for result in results:
        score, level, parts = found = reader(folder, result)
        assert found == said(result.score, result.level, [part.points for part in result.contributions])
        assert sum(parts) == (score or 0)
        assert (level is None) == (score is None)


def test_the_answers_have_what_can_go_wrong(results: list[Result]) -> None:
    assert {result.level for result in results} > {None, 1}
    assert any(part.points < 0 for result in results for part in result.contributions)
    assert len({result.score for result in results}) == len(results)
