"""``evaluator bank new`` and ``evaluator bank draft``: questions from good answers, and from source material."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click

from evaluator.cli.options import encoder_options

id_option = click.option(
    "--id", "question_id", default="", metavar="ID", help="Such as lost-prescription.  [default: from the question]"
)
force_option = click.option("--force", is_flag=True, help="Overwrite the file.")
DEFAULT_BANK = Path("my-bank")


@click.command()
@click.option("-q", "--question", default="", metavar="TEXT", help="The question, as candidates are asked it.")
@click.option(
    "-a",
    "--model-answer",
    "model_answers",
    multiple=True,
    metavar="TEXT",
    help="A good answer; @FILE reads it from a file, - from standard input. Once for each answer.",
)
@id_option
@click.option(
    "--bank",
    "bank_folder",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help=f"Bank that it goes to, as ID.yaml.  [default: {DEFAULT_BANK}]",
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="The file itself."
)
@force_option
def new(
    question: str,
    model_answers: tuple[str, ...],
    question_id: str,
    bank_folder: Path | None,
    output: Path | None,
    force: bool,
) -> None:
    """Make a question from one or more good answers. Asks for what is not given, on a terminal."""
    from evaluator.bank_view import describe_question
    from evaluator.bank_writing import question_yaml, write_question
    from evaluator.drafting import question_slug

    if output is not None and bank_folder is not None:
        raise click.UsageError("Give --bank or -o, not both.")
    interactive = on_terminal() and "-" not in model_answers
    answers = [_text(value) for value in model_answers]
    if not question.strip():
        if not interactive:
            raise click.UsageError("Give the question with --question.")
        question = click.prompt("Question", err=True)
    if not answers:
        if not interactive:
            raise click.UsageError("Give one or more good answers with --model-answer (TEXT, @FILE or -).")
        answers = _ask_answers()
    question = " ".join(question.split())
    name = question_id or question_slug(question)
    path = output or (bank_folder or DEFAULT_BANK) / f"{name}.yaml"
    made = write_question(path, question_yaml(name, question, answers), force=force)
    click.echo(describe_question(made))
    click.echo(f"\nWritten to {path}. Try it, and score answers with it:", err=True)
    bank = shlex.quote(str(path.parent))
    click.echo(f"\nevaluator check --bank {bank} --question {made.id}")
    click.echo(f"evaluator score answers.csv --bank {bank} --format html -o reports/{made.id}")


@click.command()
@click.option("-q", "--question", required=True, metavar="TEXT", help="The question, as candidates are asked it.")
@click.option(
    "--from",
    "sources",
    multiple=True,
    required=True,
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Imported passages (*.passages.jsonl), a digest (*.md), or a folder of them. More than one is fine.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="A file of a bank (*.yaml).  [default: standard output]",
)
@id_option
@click.option(
    "--passages",
    "most_passages",
    type=click.IntRange(1, 400),
    default=40,
    show_default=True,
    help="Passages to use, the nearest to the question first.",
)
@click.option(
    "--points", "most_points", type=click.IntRange(1, 30), default=12, show_default=True, help="Most key points."
)
@force_option
@encoder_options
def draft(
    question: str,
    sources: tuple[Path, ...],
    output: Path | None,
    question_id: str,
    most_passages: int,
    most_points: int,
    force: bool,
    model: str | None,
    threads: int | None,
) -> None:
    """Propose key points for a question from source material: a draft that a person finishes.

    Passages that repeat another or do not answer their page's question are left out; what is about the question is
    clustered. The file says `status: draft`, and nothing is scored with it until it says ready.
    """
    from evaluator.bank_writing import draft_yaml, loaded_question, write_question
    from evaluator.drafting import draft_question
    from evaluator.errors import SeedsError
    from evaluator.evidence import read_source_passages
    from evaluator.models.runtime import load_spaces

    question = " ".join(question.split())
    read = read_source_passages(sources)
    encoder = load_spaces(model, threads=threads, tell=lambda sentence: click.echo(sentence, err=True)).plain
    proposed = draft_question(
        question,
        read.passages,
        encoder,
        question_id=question_id,
        most_passages=most_passages,
        most_points=most_points,
    )
    if not proposed.points:
        raise SeedsError(
            f"none of the {len(read.passages)} passages is about {question!r}. Give other sources, or write the question from a "
            "good answer: evaluator bank new"
        )
    text = draft_yaml(proposed, read.left_out)
    if output is None:
        loaded_question("draft.yaml", text)
        click.echo(text, nl=False)
    else:
        write_question(output, text, force=force)
        click.echo(output)
    used = sum(len(point.evidence) for point in proposed.points)
    click.echo(
        f"DRAFT: {len(proposed.points)} key points from {used} of {len(read.passages)} passages. Read it, write what is marked "
        "TODO, and set `status: ready`; nothing is scored with it before.",
        err=True,
    )


def on_terminal() -> bool:
    """Return whether somebody is there to answer questions."""
    return sys.stdin.isatty()


def _text(value: str) -> str:
    """Return a model answer given as text, as ``@FILE`` or as ``-`` for standard input."""
    if value == "-":
        return sys.stdin.buffer.read().decode("utf-8-sig", errors="replace").strip()
    if value.startswith("@"):
        try:
            return Path(value[1:]).read_text(encoding="utf-8-sig").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not UTF-8 text"
            raise click.BadParameter(f"{value[1:]}: cannot be read ({reason}).", param_hint="--model-answer") from error
    return value.strip()


def _ask_answers() -> list[str]:
    answers: list[str] = []
    while True:
        click.echo(f"Good answer {len(answers) + 1}. An empty line ends it; nothing at all ends the list.", err=True)
        lines: list[str] = []
        for line in sys.stdin:
            if not line.strip():
                break
            lines.append(line.strip())
        if lines:
            answers.append(" ".join(lines))
        elif answers:
            return answers
        else:
            raise click.UsageError("A question needs at least one good answer.")
