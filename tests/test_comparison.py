"""Answers side by side: whom and what the comparison shows, and the command that makes it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click.testing
import pytest
from fakes import engine, small_bank

from evaluator.cli import main
from evaluator.destination import Destination
from evaluator.domain import Answer, Result, Review
from evaluator.errors import ResultsError
from evaluator.outputs import write_results
from evaluator.report.comparison import (
    comparison_view,
    pick_answers,
    render_comparison_html,
    render_comparison_markdown,
)
from evaluator.stored import HeldResults

LISTEN = "I listen until the customer has finished talking. My voice stays low."
ARGUE = "I argue and prove the customer wrong. <script>alert(1)</script>"


@pytest.fixture
def results() -> list[Result]:
    answers = [
        Answer("ann", "rude-customer", LISTEN, 2, "", {"name": "Ann B."}),
        Answer("ben", "rude-customer", ARGUE, 3, "", {"name": "Ben C."}),
        Answer("c,d", "rude-customer", "", 4),
        Answer("ann", "own-question", "I want to learn.", 5),
        Answer("ben", "rude-customer", LISTEN, 6),
        Answer("eve", "I would never ask for a question here", LISTEN, 7),
    ]
    return list(engine(small_bank()).evaluate(answers))


def test_columns_come_in_the_order_asked_for_with_the_last_answer_of_each(results: list[Result]) -> None:
    picked = pick_answers(results, "rude-customer", ["ben", "ann"])
    assert [(r.answer.candidate_id, r.answer.row) for r in picked] == [("ben", 6), ("ann", 2)]


@pytest.mark.parametrize(
    ("question", "candidates", "says"),
    [
        (
            "rude-custmer",
            ["ann", "ben"],
            "no answer to question 'rude-custmer'. There are answers to: rude-customer, own-q",
        ),
        ("nothing", ["ann", "ben"], r"There are answers to: rude-customer, own-question\.$"),
        ("own-question", ["ann", "ben"], "no answer of candidate 'ben' to question 'own-question'"),
    ],
)
def test_what_is_not_there_is_named(results: list[Result], question: str, candidates: list[str], says: str) -> None:
    with pytest.raises(ResultsError, match=says):
        pick_answers(results, question, candidates)


def test_every_behaviour_stands_in_every_column(results: list[Result]) -> None:
    view = comparison_view(results[:3], {})
    assert [row.label for row in view.rows] == [point.label for point in results[0].points]
    listens = view.rows[0]
    assert [cell and cell.status for cell in listens.cells] == ["covered", "missed", None]
    assert [column.answer.score for column in view.columns][2] == ""
    page = render_comparison_html(results[:3])
    assert 'id="answer-1-point-1"' in page and 'href="#answer-1-point-1"' in page
    assert "not scored: there is no answer to read" in page and "There is no text." in page


def test_hostile_text_stays_text_and_there_is_no_script(results: list[Result]) -> None:
    page, text = render_comparison_html(results[:2]), render_comparison_markdown(results[:2])
    assert "<script" not in page + text and "&lt;script&gt;" in page
    assert "default-src 'none'" in page and "script-src" not in page


def test_a_clause_that_counts_for_one_of_them_is_shown_with_its_weight(results: list[Result]) -> None:
    told = results[0]
    elsewhere = replace(told, points=tuple(replace(point, weight=0.0) for point in told.points))
    for order in ([told, elsewhere], [elsewhere, told]):
        assert [row.weight for row in comparison_view(order, {}).rows][:2] == [
            "essential, weight 3",
            "important, weight 2",
        ]


def test_the_comparison_is_blind_unless_a_column_is_asked_for(results: list[Result]) -> None:
    for render in (render_comparison_html, render_comparison_markdown):
        assert "Ann B." not in render(results[:2])
        assert "Ann B." in render(results[:2], show_names="name")


def test_decisions_stand_beside_the_levels(results: list[Result]) -> None:
    decided = [replace(results[0], reviews=(Review(4, "Calm.", "Ana", "2026-03-31"),)), results[1]]
    assert "Level 4, good (Ana" in render_comparison_html(decided)
    assert "| A person decided |" in render_comparison_markdown(decided)
    assert "A person decided" not in render_comparison_markdown(results[:2])


def run(*arguments: object) -> click.testing.Result:
    return click.testing.CliRunner().invoke(main, [str(part) for part in arguments])


@pytest.fixture
def written(results: list[Result], tmp_path: Path) -> Path:
    write_results(HeldResults(results), Destination(("jsonl",), tmp_path / "results.jsonl", False))
    return tmp_path / "results.jsonl"


def test_the_command_writes_markdown_or_html(written: Path, tmp_path: Path) -> None:
    shown = run("compare", written, "-q", "rude-customer", "--candidates", "ann,ben")
    assert shown.exit_code == 0 and shown.stdout.startswith("# Answers side by side") and shown.stderr == ""
    saved = run("compare", written, "-q", "rude-customer", "--candidates", "ann, c,d", "-o", tmp_path / "c.html")
    assert saved.exit_code == 1 and "'c'" in saved.stderr and not (tmp_path / "c.html").exists()
    saved = run(
        "compare",
        written,
        "-q",
        "rude-customer",
        "--candidates",
        "ann",
        "--candidates",
        "c,d",
        "-o",
        tmp_path / "c.html",
    )
    assert saved.exit_code == 0 and saved.stdout == "", saved.output
    assert (tmp_path / "c.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


@pytest.mark.parametrize("candidates", ["ann", "ann,ann", "a,b,c,d,e", ","])
def test_two_to_four_candidates(written: Path, candidates: str) -> None:
    done = run("compare", written, "-q", "rude-customer", "--candidates", candidates)
    assert done.exit_code == 2 and "2 to 4 candidates" in done.stderr
