"""``evaluator seeds``: the source material: documents are imported, and digests checked."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from pathlib import Path

import click

from evaluator.cli.options import bank_option
from evaluator.errors import EvaluatorError
from evaluator.source_date import source_date


@click.group()
def seeds() -> None:
    """Import source documents, and check the digests that the bank names as its sources."""


@seeds.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option(
    "-o",
    "--output",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("drafts"),
    show_default=True,
    metavar="FOLDER",
    help="Folder for the drafts.",
)
@click.option("--question", default="", help="Question that a page of answers answers, where the page does not say it.")
@click.option(
    "--date",
    "day",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help="Day of the import.  [default: SOURCE_DATE_EPOCH, or today]",
)
@click.option("--force", is_flag=True, help="Overwrite drafts, edited ones too.")
def import_(files: tuple[Path, ...], folder: Path, question: str, day: datetime | None, force: bool) -> None:
    """Make clean passages and a digest draft of each document: text, Markdown, HTML, DOCX, PDF, VTT or SRT.

    Writes <id>.md, <id>.passages.jsonl and <id>.dropped.jsonl for each. A document that cannot be read does not stop
    the others.
    """
    from evaluator.documents.writing import import_to

    imported = day.date() if day else _day()
    failed = 0
    for file in files:
        try:
            written = import_to(file, folder, imported=imported, question=question.strip(), force=force)
        except EvaluatorError as error:
            failed += 1
            click.echo(f"Error: {error}", err=True)
            continue
        click.echo(written.digest)
        if written.document is None:
            click.echo(f"{file.name}: {written.outcome}", err=True)
            continue
        passages = written.document.passages
        repeats = sum(passage.duplicate_of is not None for passage in passages)
        beside = sum(passage.answers_question is False for passage in passages)
        click.echo(
            f"{file.name}: {written.document.kind}, {len(passages)} passages ({repeats} repeat another, {beside} beside the "
            f"question), {len(written.document.dropped)} pieces dropped",
            err=True,
        )
    if failed:
        click.echo(f"{failed} of {len(files)} documents could not be imported.", err=True)
        sys.exit(1)


def _day() -> date:
    """Return the day of SOURCE_DATE_EPOCH, for builds that must be the same twice, or today."""
    return (source_date() or datetime.now(UTC)).date()


@seeds.command()
@bank_option
@click.option(
    "--seeds",
    "seeds_folder",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Folder of digests.  [default: the shipped ones]",
)
@click.option(
    "--originals",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Folder of original documents: compares their sha256.",
)
def check(bank_folder: Path | None, seeds_folder: Path | None, originals: Path | None) -> None:
    """Check that every source named in the bank exists, and that no original has changed."""
    from evaluator.bank import shipped_bank_path
    from evaluator.evidence import passage_ids
    from evaluator.seeds import changed_originals, load_digests, shipped_seeds_path, unknown_sources

    folder = seeds_folder or shipped_seeds_path()
    digests = load_digests(folder)
    drafts = sum(digest.status == "draft" for digest in digests)
    # A folder of nothing but drafts serves no bank yet.
    only_drafts = bank_folder is None and 0 < len(digests) == drafts
    bank = bank_folder or shipped_bank_path()
    problems = [] if only_drafts else [str(fault) for fault in unknown_sources(bank, digests, passage_ids(folder))]
    if originals is not None:
        problems.extend(changed_originals(digests, originals))
    for digest in digests:
        draft = ", DRAFT: not yet in your own words" if digest.status == "draft" else ""
        click.echo(f"{digest.id}: {len(digest.points)} points ({digest.kind}, {digest.date or 'no date'}){draft}")
    for problem in problems:
        click.echo(problem)
    if problems:
        click.echo(f"{len(problems)} problems.", err=True)
        sys.exit(1)
    if only_drafts:
        click.echo("Only drafts here: no bank was checked. Name one with --bank.", err=True)
        return
    click.echo("Every source named in the bank exists.", err=True)
