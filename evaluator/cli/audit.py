"""``evaluator audit`` and ``evaluator counterfactual``: what groups of candidates get, and what wording alone changes."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evaluator.cli.options import (
    EXIT_FAILED_UNDER,
    ModelChoice,
    bank_option,
    calibration_option,
    model_options,
    open_engine,
)
from evaluator.cli.streams import InputFile, OutputFile

if TYPE_CHECKING:
    from evaluator.domain import Answer


@click.command()
@click.argument("results", type=InputFile(), metavar="RESULTS.jsonl")
@click.option(
    "--group",
    "columns",
    multiple=True,
    required=True,
    metavar="COLUMN",
    help="Column that says which group a candidate is in; several times for intersections.",
)
@click.option(
    "--groups",
    "groups_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="File with candidate_id and the columns.  [default: the extra columns of the results]",
)
@click.option(
    "--level",
    type=click.FloatRange(1, 5),
    default=4,
    show_default=True,
    help="Candidates at or above it count as selected.",
)
@click.option(
    "--leave-out-below",
    type=click.FloatRange(0, 50),
    default=0,
    show_default=True,
    metavar="PERCENT",
    help="Leave groups below this share of the sample out of ratios; Local Law 144 allows 2.",
)
@click.option("--format", "form", type=click.Choice(["text", "json", "csv"]), default="text", show_default=True)
@click.option("-o", "--output", type=OutputFile(), metavar="FILE", help="File.  [default: standard output]")
def audit(
    results: Path,
    columns: tuple[str, ...],
    groups_file: Path | None,
    level: float,
    leave_out_below: float,
    form: str,
    output: Path | None,
) -> None:
    """Compare what groups of candidates got: rates, impact ratios, differences, exact tests."""
    from evaluator.audit import audit as audit_people
    from evaluator.audit_view import audit_csv, audit_json, audit_text
    from evaluator.groups import people_of, read_groups
    from evaluator.results import read_results

    chosen = tuple(dict.fromkeys(columns))
    read = read_results(results)
    people = people_of(read, chosen, read_groups(groups_file) if groups_file else None)
    tables = audit_people(people, chosen, level, leave_out_below / 100)
    text = {"csv": audit_csv(tables), "json": audit_json(tables, level) + "\n"}.get(form)
    _put(text if text is not None else audit_text(tables, level) + "\n", output)
    if len({result.signature for result in read}) > 1:
        click.echo("warning: these results were not all judged in the same way; score them again together.", err=True)


def _put(text: str, output: Path | None) -> None:
    from evaluator.whole_files import write_file

    if output is None:
        click.echo(text, nl=False)
    else:
        write_file(output, text.encode())
        click.echo(f"Written to {output}", err=True)


@click.command()
@click.option(
    "--answers",
    "files",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="More base answers, in any form that `evaluator score` reads; rules reword them.",
)
@click.option(
    "--limit", type=click.IntRange(1), metavar="N", help="At most this many answers of each file, evenly spread."
)
@click.option(
    "--fail-over", type=float, metavar="SD", help="Exit with 4 where a mean shift is larger, or a name moves a score."
)
@click.option("-o", "--output", type=OutputFile(), metavar="FILE", help="File.  [default: standard output]")
@bank_option
@calibration_option
@model_options
def counterfactual(
    files: tuple[Path, ...],
    limit: int | None,
    fail_over: float | None,
    output: Path | None,
    bank_folder: Path | None,
    calibration: Path | None,
    models: ModelChoice,
) -> None:
    """Score the same content in other words (names, pronouns, dialects, spelling) and tell how far scores move."""
    from evaluator.answers import read_answers
    from evaluator.bank import load_bank
    from evaluator.counterfactual import MOST_SHIFT, as_markdown, measure

    bank = load_bank(bank_folder)
    given = [answer for path in files for answer in _spread(list(read_answers(path, bank).answers), limit)]
    engine = open_engine(bank, models, calibration=calibration, batch=True)
    bar = MOST_SHIFT if fail_over is None else fail_over
    found = measure(engine.evaluate, given, bar)
    signature = " ".join(f"{name} {value}" for name, value in asdict(engine.signature).items())
    _put(f"{as_markdown(found, bar)}\n\nSignature: {signature}\n", output)
    if fail_over is not None and not all(shift.within for shift in found.shifts):
        sys.exit(EXIT_FAILED_UNDER)


def _spread(answers: list[Answer], limit: int | None) -> list[Answer]:
    if limit is None or len(answers) <= limit:
        return answers
    return [answers[i * len(answers) // limit] for i in range(limit)]
