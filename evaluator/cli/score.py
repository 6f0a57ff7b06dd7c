"""``evaluator score`` and ``evaluator report``: a batch of answers in, results and reports out."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evaluator.cli.options import (
    EXIT_INTERRUPTED,
    EXIT_UNSCORED,
    Command,
    ModelChoice,
    audience_options,
    bank_option,
    calibration_option,
    draft_option,
    mapping_option,
    model_options,
    names_option,
    open_engine,
)
from evaluator.cli.streams import InputFile
from evaluator.destination import FILE_FORMATS, FOLDER_FORMATS
from evaluator.remote import is_url

if TYPE_CHECKING:
    from evaluator.answers import AnswerTable
    from evaluator.batch import PartialResults, Scored
    from evaluator.destination import Destination
    from evaluator.domain import Bank
    from evaluator.stored import StoredResults

FORMATS = (*FILE_FORMATS, *FOLDER_FORMATS)


def _formats(_context: click.Context, _parameter: click.Parameter, value: str) -> tuple[str, ...]:
    chosen = tuple(dict.fromkeys(part.strip().lower() for part in value.split(",") if part.strip()))
    unknown = [name for name in chosen if name not in FORMATS]
    if unknown or not chosen:
        raise click.BadParameter(f"{', '.join(unknown) or 'nothing'} is not among {', '.join(FORMATS)}.")
    return chosen


class _Place(click.ParamType[Path | str]):
    """A path, or a URL of object storage, which stays text."""

    name = "place"

    def convert(
        self, value: str | Path, _parameter: click.Parameter | None, _context: click.Context | None
    ) -> Path | str:
        return value if is_url(value) else Path(value)


def formats_option(default: str) -> Callable[[Command], Command]:
    """Add ``--format``, a list."""
    return click.option(
        "--format",
        "formats",
        default=default,
        show_default=True,
        callback=_formats,
        metavar="LIST",
        help=f"Any of {','.join(FORMATS)}.",
    )


output_option = click.option(
    "-o",
    "--output",
    type=_Place(),
    metavar="PATH",
    help="A file or URL for one of jsonl, csv, xlsx, parquet; a folder for html, md, pdf or several formats.",
)


@click.command()
@click.argument("files", nargs=-1, required=True, type=_Place(), metavar="FILE...")
@bank_option
@draft_option
@formats_option("jsonl")
@output_option
@mapping_option
@click.option("--resume", is_flag=True, help="Go on where a run of the same command stopped.")
@click.option(
    "--engine",
    "engine_name",
    type=click.Choice(["local", "ray"]),
    default="local",
    show_default=True,
    help="Score in this process, or on Ray (needs the extra [ray]).",
)
@click.option("--ray-address", metavar="ADDRESS", help="A Ray cluster.  [default: Ray is started on this machine]")
@click.option("--workers", type=click.IntRange(1, 10_000), help="Processes that score on Ray.  [default: 1]")
@click.option("--dry-run", is_flag=True, help="Show how the files are read, score nothing.")
@audience_options
@names_option
@calibration_option
@model_options
def score(
    files: tuple[Path | str, ...],
    bank_folder: Path | None,
    allow_draft: bool,
    formats: tuple[str, ...],
    output: Path | str | None,
    mapping: dict[str, str],
    resume: bool,
    engine_name: str,
    ray_address: str | None,
    workers: int | None,
    dry_run: bool,
    audience: str,
    with_model_answers: bool,
    show_names: str | None,
    calibration: Path | None,
    models: ModelChoice,
) -> None:
    """Score a batch of answers from CSV, XLSX, XLS, ODS or JSONL files, or from standard input (-)."""
    from evaluator.answers import read_answers
    from evaluator.bank import load_bank

    if engine_name != "ray" and (ray_address or workers):
        raise click.UsageError("--ray-address and --workers are for --engine ray.")
    if engine_name == "ray" and any(str(path) == "-" for path in files):
        raise click.UsageError("--engine ray reads files, not standard input.")
    bank = load_bank(bank_folder, allow_draft=allow_draft, cache=models.cache)
    tables = [
        read_answers(None if str(path) == "-" else path, bank, mapping=mapping, stdin=sys.stdin.buffer)
        for path in files
    ]
    for path, table in zip(files, tables, strict=True):
        _show_reading(path, table)
    _check_names(show_names, tables)
    if dry_run:
        return
    from evaluator.batch import Cluster, Identity, PartialResults, file_digest, score_locally, score_on_ray
    from evaluator.destination import Destination
    from evaluator.loading import load_engine
    from evaluator.manifest import write_manifest

    destination = Destination.choose(formats, output, Path(files[0]))
    if resume and destination.partial_path is None:
        raise click.UsageError("--resume needs the file or folder that the run which stopped was writing to: -o PATH.")
    engine = open_engine(bank, models, calibration=calibration, batch=True)
    identity = Identity(tuple(map(file_digest, files)), mapping, engine.signature)
    with tempfile.TemporaryDirectory() as spool:
        path = destination.partial_path or Path(spool) / "results.partial"
        if resume and not path.exists():
            click.echo("There is nothing to go on with: starting at the beginning.", err=True)
        with PartialResults(path, identity, resume=resume) as kept:
            answers = kept.unscored_yet(chain.from_iterable(table.answers for table in tables))
            total = _count(files, bank, mapping) if sys.stderr.isatty() else None
            if engine_name == "ray" and not kept.complete:
                make_engine = partial(
                    load_engine,
                    bank,
                    models.model,
                    models.threads or 1,
                    stance_model=models.stance_model,
                    calibration=calibration,
                    runtime=models.runtime,
                    cache=False,
                )
                cluster = Cluster(ray_address, workers or 1, models.threads or 1)
                chunks = score_on_ray(make_engine, files, bank, mapping, cluster, skip=kept.done)
            else:
                chunks = score_locally(engine, answers)
            _keep(kept, chunks, total, can_go_on=destination.partial_path is not None)
            all_scored = _finish(kept, bank, destination, audience, with_model_answers, show_names)
            write_manifest(destination, engine.signature, click.get_current_context().params)
            kept.remove()  # last: until everything is written, --resume goes on without scoring again
    if not all_scored:
        sys.exit(EXIT_UNSCORED)


@click.command()
@click.argument("results", type=InputFile(), metavar="RESULTS.jsonl")
@bank_option
@formats_option("html")
@output_option
@audience_options
@names_option
def report(
    results: Path,
    bank_folder: Path | None,
    formats: tuple[str, ...],
    output: Path | str | None,
    audience: str,
    with_model_answers: bool,
    show_names: str | None,
) -> None:
    """Render results again, without scoring again."""
    from evaluator.bank import load_bank
    from evaluator.destination import Destination
    from evaluator.outputs import write_results
    from evaluator.stored import StoredResults

    read = StoredResults(results, load_bank(bank_folder))
    destination = Destination.choose(formats, output, results)
    destination.tidy()
    write_results(read, destination, audience=audience, with_model_answers=with_model_answers, show_names=show_names)
    _summarise(read, destination.description)


def _check_names(column: str | None, tables: list[AnswerTable]) -> None:
    """Refuse a column that is not there before the scoring rather than after it."""
    from evaluator.answers.wording import shown_headers

    columns = list(dict.fromkeys(name for table in tables for name in table.extra_columns))
    if column is not None and column not in columns:
        there = shown_headers(columns, whole=False) or "none"
        raise click.BadParameter(
            f"the answers have no column {column!r}. There are: {there}.", param_hint="--show-names"
        )


def _show_reading(path: Path | str, table: AnswerTable) -> None:
    from evaluator.answers.wording import shown, shown_headers

    name = "standard input" if str(path) == "-" else Path(path).name
    click.echo(f"{name}: {table.shape} form", err=True)
    for column, question_id in table.mapping:
        click.echo(f"  column {shown(column)} -> {question_id}", err=True)
    if table.extra_columns:
        click.echo(f"  kept, not judged: {shown_headers(table.extra_columns, whole=False)}", err=True)


def _count(files: tuple[Path | str, ...], bank: Bank, mapping: dict[str, str]) -> int | None:
    """Return how many answers there are, for the time left; None where counting them would use them up."""
    from evaluator.answers import read_answers

    if not all(is_url(path) or Path(path).is_file() for path in files):
        return None
    return sum(1 for path in files for _ in read_answers(path, bank, mapping=mapping).answers)


def _keep(kept: PartialResults, chunks: Iterator[Scored], total: int | None, *, can_go_on: bool) -> None:
    """Score what is not scored yet, and keep what is done whatever happens."""
    from tqdm import tqdm

    before = kept.done
    try:
        # disable=None: nothing is shown where stderr is no terminal.
        with tqdm(desc="scoring", total=total, initial=before, unit=" answers", disable=None, leave=False) as bar:
            for chunk in chunks:
                kept.append(chunk)
                bar.update(len(chunk))
        kept.finish()
    except BaseException as error:
        kept.settle()
        if can_go_on and kept.done:
            click.echo(
                f"Stopped. {kept.done} results are kept in {kept.path}. To go on, give the same command with --resume.",
                err=True,
            )
        elif isinstance(error, KeyboardInterrupt):
            click.echo("Stopped before any result could be kept.", err=True)
        if isinstance(error, KeyboardInterrupt):
            sys.exit(EXIT_INTERRUPTED)
        raise
    if before:
        click.echo(f"{before} answers were scored before, {kept.done - before} now.", err=True)


def _finish(
    kept: PartialResults,
    bank: Bank,
    destination: Destination,
    audience: str,
    with_model_answers: bool,
    show_names: str | None,
) -> bool:
    """Write the results in the forms that were asked for, and return whether every answer could be scored."""
    from evaluator.batch.partial import HEAD_LINES
    from evaluator.outputs import write_results
    from evaluator.stored import StoredResults

    results = StoredResults(kept.path, bank, skip=HEAD_LINES, count=kept.done, find_duplicates=True)
    destination.tidy()
    write_results(results, destination, audience=audience, with_model_answers=with_model_answers, show_names=show_names)
    _summarise(results, destination.description)
    return not results.unscored


def _summarise(results: StoredResults, where: str) -> None:
    scored = len(results) - len(results.unscored)
    click.echo(f"{scored} of {len(results)} answers scored. {where}".rstrip(), err=True)
    for result in results.take(results.unscored):
        if result.unscored:
            click.echo(f"  row {result.answer.row}: {result.unscored.reason}: {result.unscored.detail}", err=True)
    if results.review:
        click.echo(f"{results.review} need a person's look (needs_review).", err=True)
