"""``evaluator demo``: sample answers in, a whole report set out; the first thing a newcomer runs."""

from __future__ import annotations

from pathlib import Path

import click

from evaluator.cli.options import ModelChoice, model_options, open_engine


@click.command()
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=Path("reports/demo"),
    show_default=True,
    help="Folder for the reports.",
)
@model_options
def demo(output: Path, models: ModelChoice) -> None:
    """Score the sample answers of six invented candidates and write every kind of report."""
    from evaluator.answers import read_answers
    from evaluator.destination import Destination
    from evaluator.outputs import write_results
    from evaluator.samples import sample_answers_path
    from evaluator.stored import HeldResults

    click.echo("Loading the models ...", err=True)
    engine = open_engine(None, models, batch=True)
    table = read_answers(sample_answers_path(), engine.bank)
    click.echo("Scoring the sample answers of six invented candidates ...", err=True)
    results = list(engine.evaluate(table.answers))
    write_results(
        HeldResults(results),
        Destination(("jsonl", "csv", "xlsx", "html", "md"), output, True),
        audience="recruiter",
        with_model_answers=True,
    )
    click.echo(f"Done: {len(results)} answers. Open this file in a browser:", err=True)
    click.echo(str(output / "index.html"))
