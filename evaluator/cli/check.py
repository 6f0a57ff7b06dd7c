"""``evaluator check``: one person, one answer at a time, feedback at once."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evaluator.cli.options import (
    EXIT_UNSCORED,
    bank_option,
    calibration_option,
    draft_option,
    model_options,
    named_question,
    open_engine,
)

if TYPE_CHECKING:
    from evaluator.domain import Bank, Question, Result
    from evaluator.engine import Engine


@click.command()
@click.option("-q", "--question", "question_name", metavar="ID", help="The question's id or its text.")
@click.option("-a", "--answer", help="The answer. Without it: standard input, or a prompt on a terminal.")
@click.option("--format", "form", type=click.Choice(["text", "json", "html"]), default="text", show_default=True)
@click.option("--with-model-answers", is_flag=True, help="Show model answers, too.")
@bank_option
@draft_option
@calibration_option
@model_options
def check(
    question_name: str | None,
    answer: str | None,
    form: str,
    with_model_answers: bool,
    bank_folder: Path | None,
    allow_draft: bool,
    calibration: Path | None,
    model: str | None,
    stance_model: str | None,
    threads: int | None,
    runtime: str,
    no_cache: bool,
) -> None:
    """Check one answer of your own: pick a question, answer it, read the feedback, try again."""
    from evaluator.bank import load_bank

    bank = load_bank(bank_folder, allow_draft=allow_draft)
    interactive = answer is None and sys.stdin.isatty() and form == "text"
    question = named_question(bank, question_name, "--question") if question_name else None
    if question is None:
        if not interactive:
            raise click.UsageError("Name the question with --question. See: evaluator bank list")
        question = _choose_question(bank)
    engine = open_engine(bank, model, stance_model, threads, runtime, no_cache, calibration=calibration)
    if interactive:
        _converse(engine, question, with_model_answers)
        return
    text = answer if answer is not None else sys.stdin.buffer.read().decode("utf-8-sig", errors="replace")
    result = engine.evaluate_one(question.id, text)
    click.echo(_render(result, form, with_model_answers))
    if result.unscored:
        sys.exit(EXIT_UNSCORED)


def _choose_question(bank: Bank) -> Question:
    for number, question in enumerate(bank.questions, start=1):
        click.echo(f"{number:3}. {question.text}")
    number = click.prompt("Question", type=click.IntRange(1, len(bank.questions)))
    return bank.questions[number - 1]


def _converse(engine: Engine, question: Question, with_model_answers: bool) -> None:
    """Ask, judge and ask again until the person has had enough."""
    scores: list[float] = []
    while True:
        click.echo()
        click.secho(question.text, bold=True)
        click.echo("Type your answer. An empty line ends it.")
        text = _read_lines()
        result = engine.evaluate_one(question.id, text)
        click.echo(_render(result, "text", with_model_answers))
        if result.score is not None:
            scores.append(result.score)
            if len(scores) > 1:
                click.echo("Your attempts: " + " -> ".join(f"{score:.1f}" for score in scores))
        choice = click.prompt(
            "(a)gain, (n)ext question, (q)uit", type=click.Choice(["a", "n", "q"]), default="a", show_choices=False
        )
        if choice == "q":
            return
        if choice == "n":
            question, scores = _choose_question(engine.bank), []


def _read_lines() -> str:
    lines: list[str] = []
    for line in sys.stdin:
        if not line.strip():
            break
        lines.append(line)
    return "".join(lines)


def _render(result: Result, form: str, with_model_answers: bool) -> str:
    if form == "json":
        import json

        from evaluator.results import to_record

        return json.dumps(to_record(result), ensure_ascii=False, indent=2)
    if form == "html":
        from evaluator.report.html import render_candidate_html

        return render_candidate_html(
            [result], audience="candidate", with_model_answers=with_model_answers, title_id="Self-check"
        )
    import os
    import shutil

    from evaluator.report.terminal import render_text

    colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    return render_text(result, audience="candidate", colour=colour, width=min(100, shutil.get_terminal_size().columns))
