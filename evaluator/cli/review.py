"""``evaluator review``: what people decided about answers, taken back into the results."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evaluator.cli.options import EXIT_UNSCORED
from evaluator.cli.streams import InputFile, OutputFile
from evaluator.source_date import source_date

if TYPE_CHECKING:
    from evaluator.agreement import Agreement
    from evaluator.reviews import Imported


@click.group()
def review() -> None:
    """Take people's decisions back into the results."""


@review.command("import")
@click.argument("file", type=InputFile(), metavar="FILE")
@click.option(
    "--results",
    "results_path",
    type=click.Path(path_type=Path),
    required=True,
    metavar="RESULTS.jsonl",
    help="The results that FILE was made from.",
)
@click.option("--reviewer", required=True, metavar="NAME", help="Who decided.")
@click.option(
    "--date",
    "when",
    metavar="YYYY-MM-DD",
    help="When they did.  [default: that of SOURCE_DATE_EPOCH; one of the two is needed]",
)
@click.option(
    "-o",
    "--output",
    type=OutputFile(),
    help="Where the results with the decisions go; may be the same file.  [default: standard output]",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Agreement as text on stderr, or as JSON on stdout (then -o is needed).",
)
def import_(file: Path, results_path: Path, reviewer: str, when: str | None, output: Path | None, form: str) -> None:
    """Put the levels and notes that people filled into the spreadsheet beside the machine's.

    FILE is the workbook of `evaluator score --format xlsx` with the columns reviewer_level and reviewer_note of its
    sheet `answers` filled in, or that sheet as CSV. The machine's levels stay as they are; `evaluator report` shows both.
    """
    decided = _date(when)
    if not reviewer.strip():
        raise click.BadParameter("is empty. Say who decided.", param_hint="--reviewer")
    if form == "json" and output is None:
        raise click.UsageError("--format json puts the agreement on standard output. Say where the results go: -o FILE")
    from evaluator.destination import Destination
    from evaluator.outputs import write_results
    from evaluator.results import read_results
    from evaluator.reviews import add_reviews, read_decisions, review_agreement
    from evaluator.stored import HeldResults

    results = read_results(results_path)
    imported = add_reviews(results, read_decisions(file), reviewer=reviewer.strip(), date=decided)
    write_results(HeldResults(imported.results), Destination(("jsonl",), output, False))
    found = review_agreement(imported.results)
    for fault in imported.faults:
        click.echo(f"skipped: {fault}", err=True)
    if form == "json":
        click.echo(json.dumps(_as_json(imported, found), indent=2))
    else:
        click.echo(_as_text(imported, found), err=True)
    if imported.faults:
        sys.exit(EXIT_UNSCORED)


def _date(given: str | None) -> str:
    """Return an ISO date from the option or the environment."""
    if given is None and (moment := source_date()):
        return moment.date().isoformat()
    if given is None:
        raise click.UsageError("When were these decisions made? Add --date YYYY-MM-DD")
    try:
        return date.fromisoformat(given).isoformat()
    except ValueError:
        raise click.BadParameter(f"{given!r} is not a date such as 2026-03-31.", param_hint="--date") from None


def _as_json(imported: Imported, found: Agreement | None) -> dict[str, Any]:
    return {
        "added": imported.added,
        "repeated": imported.repeated,
        "skipped": list(imported.faults),
        "agreement": None if found is None else {**asdict(found), "warnings": list(found.warnings)},
    }


def _as_text(imported: Imported, found: Agreement | None) -> str:
    from evaluator.report.wording import count

    added, skipped = count(imported.added, "decision"), count(len(imported.faults), "row")
    lines = [f"{added} added, {imported.repeated} known already, {skipped} skipped."]
    if found is None:
        return "\n".join([*lines, "No answer has a level from both, so there is no agreement to show."])
    kappa = found.kappa
    lines += [
        f"{count(found.count, 'answer')} with a level from a person and from the machine:",
        f"  exact agreement            {found.exact:6.3f}",
        f"  within one level           {found.adjacent:6.3f}",
        f"  quadratic weighted kappa   {kappa.value:6.3f}   {kappa.low:.3f} to {kappa.high:.3f}",
        "  People who saw the machine's level before they gave theirs agree with it more than they would have.",
    ]
    return "\n".join(lines)
