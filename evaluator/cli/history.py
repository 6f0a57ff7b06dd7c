"""``evaluator history``: attempts that ``evaluator check`` remembered, and how to forget them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from evaluator.history import Attempt


@click.group(invoke_without_command=True)
@click.option("-q", "--question", "question_id", metavar="ID", help="Only attempts at this question.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_context
def history(context: click.Context, question_id: str | None, form: str) -> None:
    """List earlier attempts of the self-check, by question.

    Scores and coverage are remembered, the words of an answer only with `evaluator check --keep-answers`. The file
    lies in your own data folder, or in the folder that EVALUATOR_DATA names.
    """
    if context.invoked_subcommand:
        return
    from evaluator.history import history_path, list_attempts

    attempts = list_attempts(question_id=question_id)
    if form == "json":
        click.echo(json.dumps([_record(attempt) for attempt in attempts], ensure_ascii=False, indent=2))
        return
    if not attempts:
        click.echo(f"No attempts are remembered in {history_path()}.", err=True)
        return
    click.echo(_listing(attempts))


@history.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
def clear(yes: bool) -> None:
    """Forget every attempt and remove the file."""
    from evaluator.history import clear as forget
    from evaluator.history import history_path

    if not yes:
        click.confirm(f"Forget every attempt in {history_path()}?", abort=True, err=True)
    number = forget()
    click.echo(f"{number} {'attempt' if number == 1 else 'attempts'} forgotten.", err=True)


def _record(attempt: Attempt) -> dict[str, object]:
    return {
        "id": attempt.id,
        "candidate_id": attempt.candidate_id,
        "question_id": attempt.question_id,
        "made_at": attempt.made_at,
        "score": attempt.score,
        "level": attempt.level,
        "unscored": attempt.unscored or None,
        "coverage": {point: status.value for point, status in attempt.coverage.items()},
        "signature": attempt.signature,
        "answer": attempt.answer,
    }


def _listing(attempts: Sequence[Attempt]) -> str:
    """Return attempts under their questions, oldest first."""
    from evaluator.domain import Coverage
    from evaluator.report import visible

    lines: list[str] = []
    for question_id in dict.fromkeys(attempt.question_id for attempt in attempts):
        lines += [*([""] if lines else []), visible(question_id)]
        own = [attempt for attempt in attempts if attempt.question_id == question_id]
        for number, attempt in enumerate(own, start=1):
            made = attempt.made_at.replace("T", " ").removesuffix("Z")
            covered = sum(status is Coverage.COVERED for status in attempt.coverage.values())
            if attempt.score is None:
                told = f"not scored ({attempt.unscored.replace('_', ' ')})"
            else:
                told = f"{attempt.score:5.1f} of 100, level {attempt.level}, {covered} of {len(attempt.coverage)} key points"
            lines.append(f"{number:4}  {made} UTC  {told}")
    if len({attempt.signature for attempt in attempts}) > 1:
        lines += ["", "Not all attempts were judged in the same way: scores cannot be compared across versions."]
    return "\n".join(lines)
