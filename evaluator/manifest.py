"""The manifest of a run: what it was made of, so that it can be made again. No answer, name or id stands in it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evaluator.batch import file_digest
from evaluator.bounded_reading import read_bounded
from evaluator.destination import FILE_FORMATS, Destination
from evaluator.domain import Signature
from evaluator.errors import ResultsError
from evaluator.result_records import SignatureRecord
from evaluator.results import result_lines
from evaluator.source_date import source_date
from evaluator.whole_files import write_file

SCHEMA = "evaluator-manifest/1"
NAME = "manifest.json"
OPTIONS = (
    "formats",
    "mapping",
    "audience",
    "with_model_answers",
    "show_names",
    "model",
    "stance_model",
    "bank_folder",
    "calibration",
)
"""Options of ``evaluator score`` that change what is written; threads and engines do not."""
MAX_BYTES = 2_000_000
"""Largest manifest: the shipped examples have two thousand."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class FileRecord(_Part):
    """A file that was read or written."""

    path: str
    """As it was given, or the name beside the manifest; ``-`` for standard input."""
    sha256: str | None
    """None for standard input, which is gone, and for a URL."""


class Counts(_Part):
    """How many answers there were and what became of them."""

    answers: int
    scored: int
    needs_review: int
    unscored: dict[str, int]
    """Reason to number."""
    overridden: int = 0
    """Answers with a level that a person set."""
    removed: int = 0
    """Answers that `evaluator purge` removed since."""


class Manifest(_Part):
    """What a run was made of."""

    schema_: Literal["evaluator-manifest/1"] = Field(alias="schema")
    signature: SignatureRecord
    """Tool version; model, judge, bank and calibration by digest."""
    inputs: list[FileRecord]
    outputs: list[FileRecord]
    options: dict[str, Any]
    counts: Counts | None
    """None where the run kept no results.jsonl."""
    date: str | None
    """From SOURCE_DATE_EPOCH only: the same run gives the same bytes."""

    @classmethod
    def of_run(cls, destination: Destination, signature: Signature, parameters: Mapping[str, Any]) -> Self:
        """Return the manifest of a run whose files are written.

        Args:
            destination: where they are; not standard output.
            signature: of the engine.
            parameters: of ``evaluator score``, by name.
        """
        files = written_files(destination)
        results = next((path for path in files if path.suffix == ".jsonl"), None)
        return cls(
            schema=SCHEMA,
            signature=SignatureRecord(**{name: getattr(signature, name) for name in SignatureRecord.model_fields}),
            inputs=[_file_record(path, str(path)) for path in parameters.get("files", ())],
            outputs=[_file_record(path, path.name) for path in files],
            options={name: _plain(parameters.get(name)) for name in OPTIONS},
            counts=None if results is None else count_results(results),
            date=run_date(),
        )

    @property
    def results_name(self) -> str | None:
        """Name of the lossless results, None where the run kept none."""
        return next((file.path for file in self.outputs if file.path.endswith(".jsonl")), None)


def write_manifest(destination: Destination, signature: Signature, parameters: Mapping[str, Any]) -> None:
    """Write the manifest of a run beside its results; a run to standard output has none. Raises as ``write_file``."""
    if destination.path is None:
        return
    manifest = Manifest.of_run(destination, signature, parameters)
    _write(manifest_path(destination.path, is_folder=destination.is_folder), manifest)


def manifest_path(run: Path, *, is_folder: bool) -> Path:
    """Return where the manifest of a run lies: in its folder, or beside its one file.

    >>> manifest_path(Path("out/results.jsonl"), is_folder=False).name
    'results.manifest.json'
    """
    return run / NAME if is_folder else run.with_suffix(".manifest.json")


def find_manifest(run: Path) -> Path:
    """Return the manifest of a run that is named by its folder, its results or the manifest itself.

    Raises:
        ResultsError: there is none.
    """
    choices = [run / NAME] if run.is_dir() else [run.with_suffix(".manifest.json"), run.parent / NAME]
    found = run if run.name.endswith(NAME) and run.is_file() else next(filter(Path.is_file, choices), None)
    if found is None:
        raise ResultsError(f"{run}: no manifest there. Give the folder or the file that `evaluator score -o` wrote.")
    return found


def read_manifest(path: Path) -> Manifest:
    """Return the manifest in a file.

    Raises:
        ResultsError: it cannot be read, or is no manifest of this version.
    """
    try:
        return Manifest.model_validate_json(read_bounded(path, MAX_BYTES, ResultsError, "Score the answers again."))
    except OSError as error:
        raise ResultsError(f"{path}: cannot be read ({error.strerror}). Score the answers again.") from error
    except ValidationError as error:
        where = ".".join(str(step) for step in error.errors()[0]["loc"])
        raise ResultsError(
            f"{path.name}: not a manifest of this version ({where or 'not JSON'}). Score the answers again."
        ) from None


def forget(path: Path) -> None:
    """Write a manifest anew after results were removed: counts and digests of what is left, and how many went."""
    before = read_manifest(path)
    outputs = [file for file in before.outputs if (path.parent / file.path).is_file()]
    results = next((path.parent / file.path for file in outputs if file.path.endswith(".jsonl")), None)
    counts = before.counts
    if results is not None and before.counts is not None:
        now = count_results(results)
        removed = before.counts.removed + before.counts.answers - now.answers
        counts = now.model_copy(update={"removed": removed})
    after = before.model_copy(
        update={"outputs": [_file_record(path.parent / file.path, file.path) for file in outputs], "counts": counts}
    )
    _write(path, after)


def written_files(destination: Destination) -> Sequence[Path]:
    """Return the flat files of a destination that exist; pages can be rendered again from them."""
    if destination.path is None:
        return []
    names = [f"results.{form}" for form in destination.formats if form in FILE_FORMATS]
    paths = [destination.path / name for name in names] if destination.is_folder else [destination.path]
    return [path for path in paths if path.is_file()]


def count_results(path: Path) -> Counts:
    """Return what became of the answers in a results file."""
    answers, scored, review, overridden = 0, 0, 0, 0
    reasons: Counter[str] = Counter()
    with path.open(encoding="utf-8") as file:
        for line in result_lines(file, path.name):
            record = json.loads(line)
            answers += 1
            scored += record["score"] is not None
            review += bool(record["needs_review"])
            overridden += any(review["level"] is not None for review in record.get("reviews", ()))
            reasons.update([record["unscored"]["reason"]] if record["unscored"] else [])
    return Counts(
        answers=answers,
        scored=scored,
        needs_review=review,
        unscored=dict(sorted(reasons.items())),
        overridden=overridden,
    )


def run_date() -> str | None:
    """Return the date of a run, YYYY-MM-DD, that SOURCE_DATE_EPOCH gives, or None. The clock is not asked.

    Raises:
        EvaluatorError: SOURCE_DATE_EPOCH is not a number of seconds.
    """
    moment = source_date()
    return moment.date().isoformat() if moment else None


def _write(path: Path, manifest: Manifest) -> None:
    text = json.dumps(manifest.model_dump(mode="json", by_alias=True), ensure_ascii=False, indent=2, sort_keys=True)
    write_file(path, f"{text}\n".encode())


def _file_record(path: Path | str, name: str) -> FileRecord:
    return FileRecord(path=name, sha256=file_digest(path) or None)


def _plain(value: object) -> Any:  # noqa: ANN401
    if isinstance(value, Path | date):
        return str(value)
    if isinstance(value, tuple):
        return list(value)
    return value
