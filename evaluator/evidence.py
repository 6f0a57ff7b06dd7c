"""Reads the passages that a question can be drafted from: imported passages, or the points of digests."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from evaluator.bounded_reading import read_bounded
from evaluator.errors import SeedsError
from evaluator.seeds import read_digest

PASSAGES_ENDING = ".passages.jsonl"
"""How the name of a file of imported passages ends."""

MAX_PASSAGES_BYTES = 50_000_000
"""Largest file of imported passages: a document of a million characters has a tenth of it."""


class _PlaceRecord(BaseModel):
    model_config = ConfigDict(extra="ignore")

    line_start: int | None = None
    page: int | None = None


class _PassageRecord(BaseModel):
    # The fields that a draft needs; an import writes more.
    model_config = ConfigDict(extra="ignore")

    id: str
    text: str
    place: _PlaceRecord = _PlaceRecord()
    language: str = "en"
    duplicate_of: str | None = None
    answers_question: bool | None = None


@dataclass(frozen=True, slots=True)
class SourcePassage:
    """A piece of source material that a key point can rest on."""

    id: str
    """As a bank names it among its sources: a passage's id, or ``digest#number``."""
    text: str
    place: str
    """Where in its document it stands, such as "line 12", or empty."""


@dataclass(frozen=True, slots=True)
class SourcePassages:
    """What was read, and how many passages were left out for which reason."""

    passages: tuple[SourcePassage, ...]
    left_out: dict[str, int]
    """Reason to count, such as ``{"repeating another": 2}``."""


def read_source_passages(paths: tuple[Path, ...]) -> SourcePassages:
    """Return the passages of files (``*.passages.jsonl``, digests ``*.md``) and of folders that hold such files.

    Of an imported document its passages are read, not the digest draft beside them: they say which of them repeat another
    or do not answer the question of their page. Those, and passages that are not English, are left out.

    Raises:
        SeedsError: there is no such file, nothing of that kind in a folder, or a file is malformed; names file and cure.
    """
    passages: dict[str, SourcePassage] = {}
    left_out: Counter[str] = Counter()
    for file in dict.fromkeys(file for path in paths for file in _files(path)):
        if file.name.endswith(PASSAGES_ENDING):
            for record in _records(file):
                reason = _left_out(record)
                if reason:
                    left_out[reason] += 1
                else:
                    place = _place(record.place)
                    passages.setdefault(record.id, SourcePassage(record.id, record.text, place))
        else:
            digest = read_digest(file)
            for number, point in enumerate(digest.points, start=1):
                name = f"{digest.id}#{number}"
                passages.setdefault(name, SourcePassage(name, point, f"point {number}"))
    return SourcePassages(tuple(passages.values()), dict(sorted(left_out.items())))


def passage_ids(folder: Path) -> frozenset[str]:
    """Return the ids of all imported passages in a folder: names that a bank may use as sources.

    Raises:
        SeedsError: a file of passages is malformed; names file, line and cure.
    """
    files = sorted(folder.glob(f"*{PASSAGES_ENDING}"))
    return frozenset(record.id for file in files for record in _records(file))


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        imported = sorted(path.glob(f"*{PASSAGES_ENDING}"))
        with_passages = {file.name.removesuffix(PASSAGES_ENDING) for file in imported}
        digests = [file for file in sorted(path.glob("*.md")) if file.name != "README.md"]
        found = [*imported, *(file for file in digests if file.stem not in with_passages)]
        if not found:
            raise SeedsError(f"{path}: no passages (*{PASSAGES_ENDING}) and no digest (*.md) in this folder.")
        return found
    if not path.is_file():
        raise SeedsError(
            f"{path}: no such file. Give a digest (*.md), imported passages (*{PASSAGES_ENDING}) or a folder."
        )
    if not path.name.endswith((".md", PASSAGES_ENDING)):
        raise SeedsError(
            f"{path}: neither a digest (*.md) nor imported passages (*{PASSAGES_ENDING}). Import a document first: "
            "evaluator seeds import"
        )
    return [path]


def _records(path: Path) -> list[_PassageRecord]:
    try:
        lines = read_bounded(path, MAX_PASSAGES_BYTES, SeedsError, "Import the document again.").decode().split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SeedsError(f"{path.name}: cannot be read. Import the document again.") from error
    records = []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                records.append(_PassageRecord.model_validate_json(line))
            except ValidationError as error:
                detail = error.errors()[0]
                where = ".".join(map(str, detail["loc"]))
                message = f"{where}: {detail['msg']}" if where else detail["msg"]
                raise SeedsError(
                    f"{path.name} line {number}: {message}. Correct it, or import the document again."
                ) from None
    return records


def _left_out(record: _PassageRecord) -> str:
    if record.duplicate_of is not None:
        return "repeating another"
    if record.answers_question is False:
        return "beside the question of their page"
    return "" if record.language == "en" else "not in English"


def _place(place: _PlaceRecord) -> str:
    if place.page is not None:
        return f"page {place.page}"
    return "" if place.line_start is None else f"line {place.line_start}"
