"""The machine-readable files of an import: a passage, or a dropped piece, a line of JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from evaluator.bounded_reading import read_bounded
from evaluator.documents.document import Dropped, Part, Passage, Place
from evaluator.errors import DocumentError
from evaluator.evidence import MAX_PASSAGES_BYTES


class _PlaceRecord(BaseModel):
    model_config = ConfigDict(extra="ignore")

    line_start: int
    line_end: int
    page: int | None = None


class _PassageRecord(BaseModel):
    # Later versions may add fields; what is known is read strictly.
    model_config = ConfigDict(extra="ignore")

    id: str
    text: str
    part: Part
    section: str = ""
    place: _PlaceRecord
    language: str
    duplicate_of: str | None = None
    answers_question: bool | None = None
    reason: str = ""


def passages_jsonl(passages: Iterable[Passage]) -> str:
    """Return passages as JSON Lines."""
    return "".join(
        _line(
            {
                "id": passage.id,
                "text": passage.text,
                "part": str(passage.part),
                "section": passage.section,
                "place": _place(passage.place),
                "language": passage.language,
                "duplicate_of": passage.duplicate_of,
                "answers_question": passage.answers_question,
                "reason": passage.reason,
            }
        )
        for passage in passages
    )


def dropped_jsonl(dropped: Iterable[Dropped]) -> str:
    """Return dropped pieces as JSON Lines."""
    return "".join(_line({"text": one.text, "place": _place(one.place), "reason": one.reason}) for one in dropped)


def read_passages(path: Path) -> tuple[Passage, ...]:
    """Read the passages that an import wrote (``*.passages.jsonl``).

    Raises:
        DocumentError: the file cannot be read, or a line is no passage; names file, line and cure.
    """
    try:
        content = read_bounded(path, MAX_PASSAGES_BYTES, DocumentError, "Import the document again.")
        lines = content.decode().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DocumentError(f"{path.name}: cannot be read. Import the document again.") from error
    return tuple(_passage(path, number, line) for number, line in enumerate(lines, start=1) if line.strip())


def _passage(path: Path, number: int, line: str) -> Passage:
    try:
        record = _PassageRecord.model_validate_json(line)
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(map(str, fault["loc"]))
        raise DocumentError(
            f"{path.name} line {number}: {where + ': ' if where else ''}{fault['msg']}. Correct it, or import the document again."
        ) from error
    place = Place(record.place.line_start, record.place.line_end, record.place.page)
    return Passage(
        record.id, record.text, record.part, record.section, place, record.language, record.duplicate_of,
        record.answers_question, record.reason,
    )  # fmt: skip


def _place(place: Place) -> dict[str, int | None]:
    return {"line_start": place.line_start, "line_end": place.line_end, "page": place.page}


def _line(record: dict[str, Any]) -> str:
    # json leaves U+2028 as it is, which splitlines would cut at.
    text = (
        json.dumps(record, ensure_ascii=False)
        .replace("\u2028", "\\u2028")
        .replace("\u2029", "\\u2029")
        .replace("\x85", "\\u0085")
    )
    return f"{text}\n"
