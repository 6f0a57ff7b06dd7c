"""``evaluator bank``: make questions, look at them, check, test and compare them."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from evaluator.cli.bank_compare import diff
from evaluator.cli.bank_making import draft, new
from evaluator.cli.bank_statements import test_statements
from evaluator.cli.options import bank_option, named_question


@click.group()
def bank() -> None:
    """Make, look at, check, test and compare the questions."""


@bank.command("list")
@bank_option
def list_questions(bank_folder: Path | None) -> None:
    """List the questions: id, number of key points, text."""
    from evaluator.bank import load_bank

    loaded = load_bank(bank_folder)
    width = max(len(question.id) for question in loaded.questions)
    for question in loaded.questions:
        kind = "draft  " if question.draft else "derived" if question.derived else "points "
        click.echo(f"{question.id:{width}}  {len(question.key_points):2} {kind}  {question.text}")


@bank.command()
@click.argument("question_id", metavar="ID")
@bank_option
def show(question_id: str, bank_folder: Path | None) -> None:
    """Show what is known about good answers to a question."""
    from evaluator.bank import load_bank
    from evaluator.bank_view import describe_question

    click.echo(describe_question(named_question(load_bank(bank_folder), question_id, "ID")))


@bank.command()
@bank_option
@click.option(
    "--seeds",
    "seeds_folder",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Digests that sources name.  [default: the shipped ones]",
)
def check(bank_folder: Path | None, seeds_folder: Path | None) -> None:
    """Check every file of a bank; name file, line and cure of every fault, and exit with 1 if there is one."""
    from evaluator.bank import shipped_bank_path
    from evaluator.bank_gaps import completeness_faults, draft_notes
    from evaluator.bank_reading import read_bank
    from evaluator.evidence import passage_ids
    from evaluator.seeds import load_digests, shipped_seeds_path, unknown_sources

    folder = bank_folder or shipped_bank_path()
    loaded, faults = read_bank(folder)
    if not any(fault.fatal for fault in faults):
        faults.extend(completeness_faults(loaded, folder))
        seeds = seeds_folder or shipped_seeds_path()
        faults.extend(unknown_sources(folder, load_digests(seeds), passage_ids(seeds)))
    for fault in faults:
        click.echo(str(fault))
    for note in draft_notes(folder):
        click.echo(f"note: {note}", err=True)
    if faults:
        click.echo(f"{len(faults)} faults in {folder}", err=True)
        sys.exit(1)
    click.echo(f"{len(loaded.questions)} questions, no faults.", err=True)


for command in (new, draft, test_statements, diff):
    bank.add_command(command)
