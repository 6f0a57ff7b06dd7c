"""``evaluator verify``: whether a run can be made again."""

from __future__ import annotations

import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evaluator.cli.options import ModelChoice, bank_option, calibration_option, judge_options, open_engine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evaluator.domain import Answer, Bank, Result
    from evaluator.engine import Engine
    from evaluator.manifest import Manifest

SHOWN = 10
"""Differences that are listed; the rest are counted."""


@click.command()
@click.argument("run", type=click.Path(path_type=Path), metavar="RUN")
@click.argument("inputs", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE]...")
@click.option(
    "--sample",
    type=click.IntRange(1),
    default=20,
    show_default=True,
    metavar="N",
    help="How many answers to judge again, evenly spread.",
)
@bank_option
@calibration_option
@judge_options
def verify(
    run: Path,
    inputs: tuple[Path, ...],
    sample: int,
    bank_folder: Path | None,
    calibration: Path | None,
    models: ModelChoice,
) -> None:
    """Judge a sample of a run again and tell whether it comes out the same.

    RUN is the folder or the results that `evaluator score -o` wrote, with the manifest beside them; FILE is where the
    answers are now, if they were moved. Bank, models and calibration are those of the manifest unless given.
    """
    from evaluator.bank import load_bank
    from evaluator.errors import ResultsError
    from evaluator.manifest import find_manifest, read_manifest
    from evaluator.results import read_results
    from evaluator.verification import signature_differences

    path = find_manifest(run)
    manifest = read_manifest(path)
    if manifest.results_name is None:
        raise ResultsError(
            f"{path.name}: this run kept no results.jsonl. Score again with --format jsonl among others."
        )
    results_path = path.parent / manifest.results_name
    kept = read_results(results_path)
    options = manifest.options
    folder = bank_folder or _path(options.get("bank_folder"))
    engine = open_engine(
        load_bank(folder),  # a draft, too: the signature tells whether it is the same
        replace(
            models,
            model=models.model or options.get("model"),
            stance_model=models.stance_model or options.get("stance_model"),
        ),
        calibration=calibration or _path(options.get("calibration")),
        batch=True,
    )
    found = signature_differences(manifest.signature.model_dump(), asdict(engine.signature))
    found += _changed_files(manifest, results_path)
    answers = None
    if manifest.counts and manifest.counts.removed:
        click.echo("Answers were removed since; those in the results are judged again.", err=True)
    else:
        answers = _input_answers(manifest, inputs or _known_inputs(manifest, path.parent), engine.bank, found)
    unlike = _unlike(answers, kept) if answers is not None else []
    found += unlike
    compared = _judge_again(engine, kept, answers if answers and not unlike else None, sample, found)
    for line in found[:SHOWN]:
        click.echo(line)
    if len(found) > SHOWN:
        click.echo(f"... and {len(found) - SHOWN} more")
    click.echo(f"{compared} of {len(kept)} answers judged again.", err=True)
    click.echo("The run could not be reproduced." if found else "The run was reproduced.", err=True)
    if found:
        sys.exit(1)


def _path(value: object) -> Path | None:
    return Path(str(value)) if value else None


def _changed_files(manifest: Manifest, results: Path) -> list[str]:
    from evaluator.batch import file_digest

    kept = next((file.sha256 for file in manifest.outputs if file.path == results.name), None)
    return [] if kept == file_digest(results) else [f"{results.name}: changed since it was written"]


def _known_inputs(manifest: Manifest, beside: Path) -> tuple[Path, ...]:
    """Return where the inputs are: as they were named, from here or from the manifest's folder; those that exist."""
    choices = [(Path(file.path), beside / file.path) for file in manifest.inputs if file.sha256]
    return tuple(found for pair in choices if (found := next(filter(Path.is_file, pair), None)))


def _input_answers(manifest: Manifest, paths: Sequence[Path], bank: Bank, found: list[str]) -> list[Answer] | None:
    """Return the answers that were scored, or None where their files are gone or others, which goes to ``found``."""
    from evaluator.answers import read_answers
    from evaluator.batch import file_digest

    if len(paths) < len(manifest.inputs):
        click.echo("Not every input is there; the answers in the results are judged again instead.", err=True)
        return None
    changed = [
        file.path
        for file, path in zip(manifest.inputs, paths, strict=False)
        if file.sha256 and file.sha256 != file_digest(path)
    ]
    if changed:
        found += [f"{Path(name).name}: another file than was scored" for name in changed]
        return None
    mapping = manifest.options.get("mapping") or {}
    return [answer for path in paths for answer in read_answers(path, bank, mapping=mapping).answers]


def _unlike(answers: Sequence[Answer], kept: Sequence[Result]) -> list[str]:
    """Return in which rows the results hold other answers than the input."""
    if len(answers) != len(kept):
        return [f"answers: {len(kept)} in the results, {len(answers)} in the input"]
    pairs = zip(answers, (result.answer for result in kept), strict=True)
    return [
        f"row {answer.row}: the results hold another answer than the input"
        for answer, old in pairs
        if (_text(answer.candidate_id), _text(answer.text)) != (old.candidate_id, old.text)
    ]


def _text(text: str) -> str:
    """Return a text as results write it: a surrogate without its other half is U+FFFD."""
    return "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)


def _judge_again(
    engine: Engine, kept: Sequence[Result], answers: Sequence[Answer] | None, size: int, found: list[str]
) -> int:
    """Add what differs in a sample to ``found`` and return how many answers were compared."""
    from evaluator.results import to_record
    from evaluator.verification import differences, spread_sample

    rows = spread_sample(len(kept), size)
    again = [answers[row] if answers else _kept_answer(kept[row]) for row in rows]
    for row, result in zip(rows, engine.evaluate(again), strict=True):
        old = kept[row]
        found += [f"row {old.answer.row}: {line}" for line in differences(to_record(old), to_record(result))]
    return len(rows)


def _kept_answer(result: Result) -> Answer:
    """Return the answer of a result. Why its cell could not be read is known to the reader of the file only."""
    from dataclasses import replace

    from evaluator.domain import UnscoredReason

    unscored = result.unscored
    fault = unscored.detail if unscored and unscored.reason is UnscoredReason.UNREADABLE else ""
    return replace(result.answer, unreadable=fault)
