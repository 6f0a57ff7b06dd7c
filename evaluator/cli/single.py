"""What ``evaluator check`` does with one answer: find its question, remember it, render it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from evaluator.domain import Result


def remembered(result: Result, keep_answer: bool) -> tuple[float | None, ...]:
    """Remember a result and return the scores of comparable attempts before it, oldest first.

    A history that cannot be used is told on stderr and costs nobody the feedback.
    """
    from evaluator.errors import HistoryError
    from evaluator.history import add_attempt, list_attempts

    if result.question is None:
        return ()
    answer = result.answer
    try:
        before = list_attempts(
            candidate_id=answer.candidate_id, question_id=result.question.id, signature=result.signature
        )
        add_attempt(result, keep_answer=keep_answer)
    except HistoryError as error:
        click.echo(f"Not remembered: {error}", err=True)
        return ()
    return tuple(attempt.score for attempt in before)


def rendered(
    result: Result, form: str, with_model_answers: bool, earlier: Sequence[float | None], *, to_file: bool = False
) -> str | bytes:
    """Return one result in a form, for the candidate; text that goes to a file has no colours."""
    if form == "json":
        import json

        from evaluator.results import to_record

        return json.dumps(to_record(result), ensure_ascii=False, indent=2)
    by_question = {result.question.id: earlier} if result.question else {}
    if form in ("html", "pdf"):
        from evaluator.report.html import render_candidate_html

        page = render_candidate_html(
            [result], with_model_answers=with_model_answers, title_id="Self-check", earlier=by_question
        )
        if form == "html":
            return page
        from evaluator.report.pdf import render_pdf

        return render_pdf(page)
    if form == "md":
        from evaluator.report.markdown import render_markdown

        return render_markdown(
            [result], with_model_answers=with_model_answers, title_id="Self-check", earlier=by_question
        ).rstrip("\n")
    from evaluator.report.terminal import render_text

    colour, width = terminal_style()
    return render_text(
        result, with_model_answers=with_model_answers, colour=colour and not to_file, width=width, earlier=earlier
    )


def on_a_terminal() -> bool:
    """Return whether a person types."""
    return sys.stdin.isatty()


def terminal_style() -> tuple[bool, int]:
    """Return whether to use colour, and how many columns there are."""
    colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    return colour, min(100, shutil.get_terminal_size().columns)
