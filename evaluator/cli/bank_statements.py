"""``evaluator bank test``: a bank held against its own statements."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from evaluator.cli.options import (
    EXIT_FAILED_UNDER,
    ModelChoice,
    bank_option,
    calibration_option,
    model_options,
    open_engine,
)


@click.command("test")
@bank_option
@click.option("-q", "--question", "question_name", metavar="ID", help="Test this question only.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option(
    "--fail-under",
    type=click.FloatRange(0, 1),
    metavar="SHARE",
    help="Exit with 4 where a smaller share of the statements passes as they stand.",
)
@calibration_option
@model_options
def test_statements(
    bank_folder: Path | None,
    question_name: str | None,
    form: str,
    fail_under: float | None,
    calibration: Path | None,
    models: ModelChoice,
) -> None:
    """Judge every statement of a bank as an answer: is it taken for what it is? Drafts are tested, too."""
    from evaluator.bank import load_bank, shipped_bank_path
    from evaluator.cli.options import named_question
    from evaluator.statement_checks import bank_statements, check_statements, pass_share
    from evaluator.statement_report import statements_as_data, statements_as_text

    folder = bank_folder or shipped_bank_path()
    bank = load_bank(folder)
    question = named_question(bank, question_name, "--question") if question_name else None
    statements = bank_statements(bank, folder)
    if question is not None:
        statements = tuple(item for item in statements if item.question == question.id)
    click.echo(f"Judging {len(statements)} statements ...", err=True)
    engine = open_engine(bank, models, calibration=calibration, batch=True)
    checks = check_statements(engine, statements)
    click.echo(
        json.dumps(statements_as_data(checks), ensure_ascii=False, indent=2)
        if form == "json"
        else statements_as_text(checks)
    )
    share = pass_share("all", checks).share
    if fail_under is not None and share < fail_under:
        click.echo(f"{share:.3f} of the statements pass; --fail-under {fail_under:g}", err=True)
        sys.exit(EXIT_FAILED_UNDER)
