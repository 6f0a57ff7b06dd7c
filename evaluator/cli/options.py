"""Options and arguments that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

if TYPE_CHECKING:
    from evaluator.domain import Bank
    from evaluator.engine import Engine
    from evaluator.models.runtime import Runtime

Command = Callable[..., Any]

EXIT_UNSCORED = 3
"""Done, but some rows could not be scored."""


def bank_option(command: Command) -> Command:
    """Add ``--bank``."""
    return click.option(
        "--bank",
        "bank_folder",
        type=click.Path(path_type=Path),
        metavar="FOLDER",
        help="Folder of questions.  [default: the shipped bank]",
    )(command)


def model_options(command: Command) -> Command:
    """Add ``--model``, ``--stance-model``, ``--runtime``, ``--threads`` and ``--no-cache``."""
    for option in (
        click.option("--no-cache", is_flag=True, help="Neither use nor keep computed numbers."),
        click.option(
            "--threads", type=click.IntRange(1, 256), help="Processor threads for the models.  [default: all]"
        ),
        click.option(
            "--runtime",
            type=click.Choice(["auto", "compiled", "torch"]),
            default="auto",
            show_default=True,
            help="What runs the models; auto: compiled where it can be.",
        ),
        click.option(
            "--stance-model",
            metavar="PATH",
            help="Any CrossEncoder trained for inference, to tell for from against.  [default: the shipped judge]",
        ),
        click.option("--model", metavar="PATH", help="Any sentence-transformers model.  [default: all-MiniLM-L6-v2]"),
    ):
        command = option(command)
    return command


def open_engine(
    bank: Bank | Path | None,
    model: str | None,
    stance_model: str | None,
    threads: int | None,
    runtime: str,
    no_cache: bool,
    *,
    calibration: Path | None = None,
    batch: bool = False,
) -> Engine:
    """Return the engine that a command's options describe; when the command ends, stderr says how much was reused."""
    from evaluator.loading import load_engine

    engine = load_engine(
        bank,
        model,
        threads,
        stance_model=stance_model,
        calibration=calibration,
        runtime=cast("Runtime", runtime),
        cache=not no_cache,
        batch=batch,
        tell=lambda sentence: click.echo(sentence, err=True),
    )

    def tell_reuse() -> None:
        reuse = engine.models.reuse
        if reuse and reuse.asked:
            click.echo(f"reused {reuse.reused:,} of {reuse.asked:,} segments", err=True)

    click.get_current_context().call_on_close(tell_reuse)
    return engine


def calibration_option(command: Command) -> Command:
    """Add ``--calibration``."""
    return click.option(
        "--calibration",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Cut-offs that `evaluator calibrate` wrote.  [default: the shipped ones]",
    )(command)


def audience_options(command: Command) -> Command:
    """Add ``--audience`` and ``--with-model-answers``."""
    for option in (
        click.option("--with-model-answers", is_flag=True, help="Show model answers to the candidate, too."),
        click.option(
            "--audience",
            type=click.Choice(["candidate", "recruiter"]),
            default="recruiter",
            show_default=True,
            help="Whom pages are for.",
        ),
    ):
        command = option(command)
    return command
