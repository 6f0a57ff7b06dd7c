"""``evaluator seeds``: the digests of the source material."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from evaluator.cli.options import bank_option


@click.group()
def seeds() -> None:
    """Check the digests that the bank names as its sources."""


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
    from evaluator.seeds import changed_originals, load_digests, shipped_seeds_path, unknown_sources

    digests = load_digests(seeds_folder or shipped_seeds_path())
    problems = [str(fault) for fault in unknown_sources(bank_folder or shipped_bank_path(), digests)]
    if originals is not None:
        problems.extend(changed_originals(digests, originals))
    for digest in digests:
        click.echo(f"{digest.id}: {len(digest.points)} points ({digest.kind}, {digest.date or 'no date'})")
    for problem in problems:
        click.echo(problem)
    if problems:
        click.echo(f"{len(problems)} problems.", err=True)
        sys.exit(1)
    click.echo("Every source named in the bank exists.", err=True)
