"""``evaluator score`` and ``evaluator report``: a batch of answers in, results and reports out."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evaluator.cli.options import EXIT_UNSCORED, audience_options, bank_option, calibration_option, model_options

if TYPE_CHECKING:
    from evaluator.answers import AnswerTable
    from evaluator.domain import Result

FORMATS = ("jsonl", "csv", "xlsx", "html", "md")


def _formats(_context: click.Context, _parameter: click.Parameter, value: str) -> tuple[str, ...]:
    chosen = tuple(dict.fromkeys(part.strip().lower() for part in value.split(",") if part.strip()))
    unknown = [name for name in chosen if name not in FORMATS]
    if unknown or not chosen:
        raise click.BadParameter(f"{', '.join(unknown) or 'nothing'} is not among {', '.join(FORMATS)}.")
    return chosen


def _mapping(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    mapping = {}
    for value in values:
        column, equals, question = value.rpartition("=")
        if not equals or not column or not question:
            raise click.BadParameter(f"{value!r} is not COLUMN=QUESTION_ID.")
        mapping[column] = question
    return mapping


format_option = click.option(
    "--format",
    "formats",
    default="jsonl",
    show_default=True,
    callback=_formats,
    metavar="LIST",
    help="Any of jsonl,csv,xlsx,html,md.",
)
output_option = click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="A file for one of jsonl, csv, xlsx; a folder for html, md or several formats.",
)


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True), metavar="FILE...")
@bank_option
@format_option
@output_option
@click.option(
    "--map",
    "mapping",
    multiple=True,
    callback=_mapping,
    metavar="COLUMN=QUESTION_ID",
    help="Wide files: which column answers which question.",
)
@click.option("--dry-run", is_flag=True, help="Show how the files are read, score nothing.")
@audience_options
@calibration_option
@model_options
def score(
    files: tuple[Path, ...],
    bank_folder: Path | None,
    formats: tuple[str, ...],
    output: Path | None,
    mapping: dict[str, str],
    dry_run: bool,
    audience: str,
    with_model_answers: bool,
    calibration: Path | None,
    model: str | None,
    stance_model: str | None,
    threads: int | None,
) -> None:
    """Score a batch of answers from CSV, XLSX, XLS, ODS or JSONL files, or from standard input (-)."""
    from evaluator.answers import read_answers
    from evaluator.bank import load_bank

    bank = load_bank(bank_folder)
    tables = [
        read_answers(None if str(path) == "-" else path, bank, mapping=mapping, stdin=sys.stdin.buffer)
        for path in files
    ]
    for path, table in zip(files, tables, strict=True):
        _show_reading(path, table)
    if dry_run:
        return
    from evaluator.duplicates import mark_duplicates
    from evaluator.loading import load_engine
    from evaluator.manifest import write_manifest
    from evaluator.outputs import Destination, write_results

    destination = Destination.choose(formats, output, files[0])
    engine = load_engine(bank_folder, model, threads, stance_model=stance_model, calibration=calibration)
    answers = (answer for table in tables for answer in table.answers)
    results = mark_duplicates(_with_progress(engine.evaluate(answers)))
    write_results(results, destination, audience=audience, with_model_answers=with_model_answers)
    write_manifest(destination, engine.signature, click.get_current_context().params)
    _summarise(results, destination.description)
    if any(result.unscored for result in results):
        sys.exit(EXIT_UNSCORED)


@click.command()
@click.argument("results", type=click.Path(path_type=Path), metavar="RESULTS.jsonl")
@bank_option
@click.option(
    "--format",
    "formats",
    default="html",
    show_default=True,
    callback=_formats,
    metavar="LIST",
    help="Any of jsonl,csv,xlsx,html,md.",
)
@output_option
@audience_options
def report(
    results: Path,
    bank_folder: Path | None,
    formats: tuple[str, ...],
    output: Path | None,
    audience: str,
    with_model_answers: bool,
) -> None:
    """Render results again, without scoring again."""
    from evaluator.bank import load_bank
    from evaluator.outputs import Destination, write_results
    from evaluator.results import read_results

    read = read_results(results, load_bank(bank_folder))
    destination = Destination.choose(formats, output, results)
    write_results(read, destination, audience=audience, with_model_answers=with_model_answers)
    _summarise(read, destination.description)


def _show_reading(path: Path, table: AnswerTable) -> None:
    name = "standard input" if str(path) == "-" else path.name
    click.echo(f"{name}: {table.shape} form", err=True)
    for column, question_id in table.mapping:
        click.echo(f"  column {column!r} -> {question_id}", err=True)
    if table.extra_columns:
        click.echo(f"  kept, not judged: {', '.join(table.extra_columns)}", err=True)


def _with_progress(results: Iterable[Result]) -> Iterator[Result]:
    """Pass results on, counting them on stderr where that is a terminal."""
    if not sys.stderr.isatty():
        yield from results
        return
    for done, result in enumerate(results, start=1):
        if done % 10 == 0:
            click.echo(f"\rscored {done}", nl=False, err=True)
        yield result
    click.echo("\r\033[K", nl=False, err=True)


def _summarise(results: list[Result], where: str) -> None:
    scored = [result for result in results if result.unscored is None]
    click.echo(f"{len(scored)} of {len(results)} answers scored. {where}".rstrip(), err=True)
    for result in results:
        if result.unscored:
            click.echo(f"  row {result.answer.row}: {result.unscored.reason}: {result.unscored.detail}", err=True)
    review = sum(result.needs_review for result in scored)
    if review:
        click.echo(f"{review} need a person's look (needs_review).", err=True)
