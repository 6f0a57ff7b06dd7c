"""``evaluator check``: one person, one answer at a time, feedback at once."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from evaluator.cli.options import (
    EXIT_UNSCORED,
    ModelChoice,
    bank_option,
    calibration_option,
    draft_option,
    model_options,
    named_question,
    open_engine,
)
from evaluator.cli.streams import OutputFile


@click.command()
@click.option("-q", "--question", "question_name", metavar="ID", help="The question's id or its text.")
@click.option("-a", "--answer", help="The answer. Without it: standard input, or a conversation on a terminal.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "html", "md", "pdf"]), default="text", show_default=True
)
@click.option("-o", "--output", type=OutputFile(), help="A file instead of standard output.")
@click.option("--with-model-answers", is_flag=True, help="Show model answers, too.")
@click.option(
    "--history/--no-history",
    "remember",
    default=None,
    help="Remember the score and what was covered, and show progress.  [default: in a conversation]",
)
@click.option("--keep-answers", is_flag=True, help="Remember the words of answers, too.")
@bank_option
@draft_option
@calibration_option
@model_options
def check(
    question_name: str | None,
    answer: str | None,
    form: str,
    output: Path | None,
    with_model_answers: bool,
    remember: bool | None,
    keep_answers: bool,
    bank_folder: Path | None,
    allow_draft: bool,
    calibration: Path | None,
    models: ModelChoice,
) -> None:
    """Check one answer of your own: pick a question, answer it, read the feedback, try again."""
    from evaluator.bank import load_bank
    from evaluator.cli.single import on_a_terminal, remembered, rendered

    bank = load_bank(bank_folder, allow_draft=allow_draft, cache=models.cache)
    talking = answer is None and form == "text" and output is None and on_a_terminal()
    remember = talking if remember is None else remember
    if keep_answers and not remember:
        raise click.UsageError("--keep-answers needs a history. Add: --history")
    question = named_question(bank, question_name, "--question") if question_name else None
    if question is None and not talking:
        raise click.UsageError("Name the question with --question. See: evaluator bank list")
    if form == "pdf" and output is None and sys.stdout.isatty():
        raise click.UsageError("--format pdf needs a file. Add: -o feedback.pdf")
    engine = open_engine(bank, models, calibration=calibration)
    if talking:
        from evaluator.cli.conversation import Conversation

        Conversation(engine, with_model_answers, remember, keep_answers).run(question)
        return
    assert question is not None
    text = answer if answer is not None else sys.stdin.buffer.read().decode("utf-8-sig", errors="replace")
    result = engine.evaluate_one(question.id, text)
    earlier = remembered(result, keep_answers) if remember else ()
    _write(rendered(result, form, with_model_answers, earlier, to_file=output is not None), output)
    if result.unscored:
        sys.exit(EXIT_UNSCORED)


def _write(content: str | bytes, output: Path | None) -> None:
    if output is not None:
        from evaluator.whole_files import write_file

        write_file(output, content if isinstance(content, bytes) else f"{content}\n".encode())
        click.echo(f"Written to {output}", err=True)
    elif isinstance(content, bytes):
        sys.stdout.buffer.write(content)
    else:
        click.echo(content)
