"""Options and arguments that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from evaluator.domain import Bank, Question
    from evaluator.engine import Engine
    from evaluator.models.runtime import Runtime

Command = Callable[..., Any]

EXIT_UNSCORED = 3
"""Done, but some rows could not be scored."""
EXIT_INTERRUPTED = 130
"""Stopped with Ctrl-C, as shells number it."""

EXIT_FAILED_UNDER = 4
"""A --fail-under was not met."""


def bank_option(command: Command) -> Command:
    """Add ``--bank``."""
    return click.option(
        "--bank",
        "bank_folder",
        type=click.Path(path_type=Path),
        metavar="FOLDER",
        help="Folder of questions.  [default: the shipped bank]",
    )(command)


def draft_option(command: Command) -> Command:
    """Add ``--allow-draft``."""
    return click.option("--allow-draft", is_flag=True, help="Use questions whose status is draft, to try them out.")(
        command
    )


_model_option = click.option(
    "--model", metavar="PATH", help="Any sentence-transformers model.  [default: all-MiniLM-L6-v2]"
)
_threads_option = click.option(
    "--threads", type=click.IntRange(1, 256), help="Processor threads for the models.  [default: all]"
)


def encoder_options(command: Command) -> Command:
    """Add ``--model`` and ``--threads``."""
    return _model_option(_threads_option(command))


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """The models that a command judges with, and how they are run."""

    model: str | None
    """Path of the encoder; None for the default one."""
    stance_model: str | None
    """Path of a cross-encoder in the judge's place; None for the shipped judge."""
    threads: int | None
    """Processor threads; None for all."""
    runtime: Runtime
    cache: bool
    """Whether computed numbers are used and kept."""


def judge_options(command: Command) -> Command:
    """Add ``--model``, ``--stance-model``, ``--runtime`` and ``--threads``; the command gets them as ``models``."""
    return _judge_options(_choosing(command))


def model_options(command: Command) -> Command:
    """Add ``judge_options`` and ``--no-cache``; the command gets them as ``models``."""
    no_cache = click.option("--no-cache", is_flag=True, help="Neither use nor keep computed numbers.")
    return _judge_options(no_cache(_choosing(command)))


def _choosing(command: Command) -> Command:
    """Give a command one value for the options of models. Without ``--no-cache`` nothing is kept."""

    @wraps(command)
    def choosing(
        *arguments: Any,  # noqa: ANN401
        model: str | None,
        stance_model: str | None,
        threads: int | None,
        runtime: Runtime,
        no_cache: bool = True,
        **others: Any,  # noqa: ANN401
    ) -> object:
        models = ModelChoice(model, stance_model, threads, runtime, not no_cache)
        return command(*arguments, models=models, **others)

    return choosing


def _judge_options(command: Command) -> Command:
    stance = click.option(
        "--stance-model",
        metavar="PATH",
        help="Any CrossEncoder trained for inference, to tell for from against.  [default: the shipped judge]",
    )
    runtime = click.option(
        "--runtime",
        type=click.Choice(["auto", "compiled", "torch"]),
        default="auto",
        show_default=True,
        help="What runs the models; auto: compiled where it can be.",
    )
    return _model_option(stance(runtime(_threads_option(command))))


def mapping_option(command: Command) -> Command:
    """Add ``--map``."""
    return click.option(
        "--map",
        "mapping",
        multiple=True,
        callback=_mapping,
        metavar="COLUMN=QUESTION_ID",
        help="Wide files: which column answers which question.",
    )(command)


def _mapping(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    mapping: dict[str, str] = {}
    for value in values:
        column, equals, question = value.rpartition("=")
        if not equals or not column or not question:
            raise click.BadParameter(f"{value!r} is not COLUMN=QUESTION_ID.")
        if mapping.setdefault(column, question) != question:
            raise click.BadParameter(f"gives column {column!r} two questions. Keep one.")
    return mapping


def open_engine(
    bank: Bank | Path | None,
    models: ModelChoice,
    *,
    calibration: Path | None = None,
    batch: bool = False,
) -> Engine:
    """Return the engine that a command's options describe; when the command ends, stderr says how much was reused."""
    from evaluator.loading import load_engine

    engine = load_engine(
        bank,
        models.model,
        models.threads,
        stance_model=models.stance_model,
        calibration=calibration,
        runtime=models.runtime,
        cache=models.cache,
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


def named_question(bank: Bank, name: str, parameter: str) -> Question:
    """Return the question of that id or text, or raise a usage error that names the nearest id."""
    from evaluator.bank import match_question, nearest_question_id

    question = match_question(bank, name)
    if question is None:
        near = nearest_question_id(bank, name)
        hint = f" Did you mean {near!r}?" if near else ""
        raise click.BadParameter(f"no question {name!r}.{hint} See: evaluator bank list", param_hint=parameter)
    return question


def names_option(command: Command) -> Command:
    """Add ``--show-names``."""
    return click.option(
        "--show-names",
        metavar="COLUMN",
        help="Column of the input to show beside the ids in overviews.  [default: none, a blind report]",
    )(command)
