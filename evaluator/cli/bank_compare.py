"""``evaluator bank diff``: two versions of a bank, and what the difference does to scores."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evaluator.cli.options import ModelChoice, calibration_option, mapping_option, model_options, open_engine

if TYPE_CHECKING:
    from evaluator.bank_diff import ScoreComparison
    from evaluator.domain import Bank
    from evaluator.engine import Engine


@click.command()
@click.argument("old", type=click.Path(path_type=Path), metavar="OLD")
@click.argument("new", type=click.Path(path_type=Path), metavar="NEW")
@click.option(
    "--answers",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Score these answers with both banks, and show which scores and levels move.",
)
@mapping_option
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@calibration_option
@model_options
def diff(
    old: Path,
    new: Path,
    answers: Path | None,
    mapping: dict[str, str],
    form: str,
    calibration: Path | None,
    models: ModelChoice,
) -> None:
    """Compare two banks (folders): what was added, removed and changed, and which scores move because of it.

    Drafts are compared and scored like all other questions. The exit code is 0 whether the banks differ or not.
    """
    from evaluator.bank import load_bank
    from evaluator.bank_diff import diff_as_data, diff_as_text, diff_banks

    banks = load_bank(old), load_bank(new)
    difference = diff_banks(*banks)
    scores = None
    if answers is not None:
        engine = open_engine(banks[0], models, calibration=calibration, batch=True)
        scores = _scores(banks, engine, answers, mapping)
    if form == "json":
        click.echo(json.dumps(diff_as_data(difference, scores), ensure_ascii=False, indent=2))
    else:
        click.echo(diff_as_text(difference, scores))


def _scores(banks: tuple[Bank, Bank], engine: Engine, path: Path, mapping: dict[str, str]) -> ScoreComparison:
    from evaluator.answers import read_answers
    from evaluator.bank_diff import compare_scores
    from evaluator.engine import Engine

    def own(bank: Bank, other: Bank) -> dict[str, str]:
        # A column of a question that only one bank has is none of the other's; one that neither has is an error.
        return {column: name for column, name in mapping.items() if bank.find(name) or not other.find(name)}

    tables = [read_answers(path, bank, mapping=own(bank, other)) for bank, other in (banks, (banks[1], banks[0]))]
    engines = engine, Engine(banks[1], engine.models, engine.calibration)
    before, after = (list(judge.evaluate(table.answers)) for judge, table in zip(engines, tables, strict=True))
    return compare_scores(before, after, by_row=all(table.shape == "long" for table in tables))
