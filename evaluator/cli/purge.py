"""``evaluator purge``: removes what the tool keeps of a candidate."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evaluator.cli.options import bank_option

if TYPE_CHECKING:
    from evaluator.purge import Found


@click.command()
@click.argument("ids", nargs=-1, required=True, metavar="CANDIDATE_ID...")
@click.option(
    "--in",
    "folders",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=[Path("reports")],
    show_default="reports",
    metavar="FOLDER",
    help="Folder of runs, with those below it; several times for several.",
)
@click.option("--dry-run", is_flag=True, help="Show what would go, remove nothing.")
@bank_option
def purge(ids: tuple[str, ...], folders: tuple[Path, ...], dry_run: bool, bank_folder: Path | None) -> None:
    """Remove a candidate's answers, results and pages from runs, and what the caches hold.

    Files that hold others' results, too, are written anew without the candidate. Your own files of answers are not
    touched; what still names the candidate in FOLDER is listed, and the exit code is 1.
    """
    from evaluator.bank import load_bank
    from evaluator.purge import STORES, purge_folder

    bank = load_bank(bank_folder)
    found: list[Found] = []
    for folder in folders:
        found += purge_folder(folder, ids, not dry_run, bank)
    for store in STORES:
        found += store(ids, not dry_run)
    for item in found:
        verb = "LEFT" if item.left else "would go" if dry_run else "removed"
        click.echo(f"{verb}: {item.place}: {item.what}")
    if not found:
        click.echo("Nothing was found. Ids must be as they stand in the results.", err=True)
    if any(item.left for item in found):
        click.echo(
            "Remove by hand what is LEFT. Backups and your own files of answers are yours to look through.", err=True
        )
        sys.exit(1)
