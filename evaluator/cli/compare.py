"""``evaluator compare``: the answers of a few candidates to one question, side by side."""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path

import click

from evaluator.cli.options import bank_option, names_option
from evaluator.cli.streams import InputFile, OutputFile


@click.command()
@click.argument("results", type=InputFile(), metavar="RESULTS.jsonl")
@click.option("-q", "--question", required=True, metavar="ID", help="The question's id.")
@click.option(
    "--candidates",
    "listed",
    required=True,
    multiple=True,
    metavar="A,B,...",
    help="Two to four ids, with commas or one an option.",
)
@click.option("--format", "form", type=click.Choice(["html", "md"]), help="[default: by the ending of -o, else md]")
@click.option("-o", "--output", type=OutputFile(), help="A file.  [default: standard output]")
@names_option
@bank_option
def compare(
    results: Path,
    question: str,
    listed: tuple[str, ...],
    form: str | None,
    output: Path | None,
    show_names: str | None,
    bank_folder: Path | None,
) -> None:
    """Show the answers of two to four candidates to one question side by side."""
    from evaluator.bank import load_bank
    from evaluator.report.comparison import (
        FEWEST,
        MOST,
        pick_answers,
        render_comparison_html,
        render_comparison_markdown,
    )
    from evaluator.results import read_results
    from evaluator.whole_files import write_file

    read = read_results(results, load_bank(bank_folder))
    candidates = _split(listed, {result.answer.candidate_id for result in read})
    if not FEWEST <= len(candidates) <= MOST:
        raise click.BadParameter(f"name {FEWEST} to {MOST} candidates, each once.", param_hint="--candidates")
    chosen = pick_answers(read, question, candidates)
    html = form == "html" or (form is None and output is not None and output.suffix.lower() in (".html", ".htm"))
    render = render_comparison_html if html else render_comparison_markdown
    text = render(chosen, show_names=show_names)
    if output is None:
        click.echo(text, nl=False)
        return
    write_file(output, text.encode())
    click.echo(f"Written to {output}", err=True)


def _split(listed: tuple[str, ...], known: Container[str]) -> list[str]:
    """Return ids, each once; one that holds a comma is known as a whole."""
    parts = [part for value in listed for part in ([value] if value in known else value.split(","))]
    return list(dict.fromkeys(part if part in known else part.strip() for part in parts if part.strip()))
