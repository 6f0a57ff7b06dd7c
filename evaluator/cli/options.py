"""Options and arguments that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

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
    """Add ``--model``, ``--stance-model`` and ``--threads``."""
    for option in (
        click.option(
            "--threads", type=click.IntRange(1, 256), help="Processor threads for the models.  [default: all]"
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


def names_option(command: Command) -> Command:
    """Add ``--show-names``."""
    return click.option(
        "--show-names",
        metavar="COLUMN",
        help="Column of the input to show beside the ids in overviews.  [default: none, a blind report]",
    )(command)
