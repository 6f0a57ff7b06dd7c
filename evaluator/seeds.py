"""The source material: digests of documents in our own words, and the check that every source named exists."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date as Day
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from evaluator.bank import FIELD_SOURCE
from evaluator.bank_files import Fault
from evaluator.bank_reading import source_references
from evaluator.errors import SeedsError
from evaluator.yamlfile import MAX_BYTES, YamlFault, parse_yaml

_POINT = re.compile(r"^(\d+)\.\s+(\S.*)$")
_FENCE = "---"


class _FrontMatter(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(?:-[a-z0-9]+)*$")]
    title: str
    kind: str
    publisher: str
    date: Day | str | None
    language: str
    original: str
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    status: Literal["draft", "final"] = "final"
    question: str = ""
    tool: str = ""
    imported: Day | None = None
    written: Annotated[str, StringConstraints(pattern=r"^(?:[0-9a-f]{64})?$")] = ""


@dataclass(frozen=True, slots=True)
class Digest:
    """One source document, told in our own words."""

    id: str
    title: str
    kind: str
    publisher: str
    date: str
    """ISO date, or empty where the original has none."""
    language: str
    original: str
    """File name of the original document."""
    sha256: str
    """Of the original document, in hexadecimal."""
    points: tuple[str, ...]
    """What the source teaches; ``points[0]`` is point 1."""
    status: Literal["draft", "final"] = "final"
    """A draft holds the document's own words still; a final digest retells them."""
    question: str = ""
    """Question that a page of answers answers, or empty."""
    tool: str = ""
    """Name and version of the tool that imported the original, or empty where a person wrote the digest."""
    imported: Day | None = None
    """Day of the import, or None."""
    written: str = ""
    """sha256 of what the import wrote, or empty: tells whether a person has edited it since."""


def shipped_seeds_path() -> Path:
    """Return the folder of the digests that ship with the tool, installed or in a checkout."""
    installed = Path(__file__).parent / "_shipped" / "seeds"
    return installed if installed.is_dir() else Path(__file__).parent.parent / "seeds"


def load_digests(folder: Path) -> tuple[Digest, ...]:
    """Return every digest (``*.md``) in ``folder``, by file name.

    Raises:
        SeedsError: no such folder, or a digest that is malformed; names file, line and cure.
    """
    if not folder.is_dir():
        raise SeedsError(f"{folder}: no such folder. A folder of digests (*.md) is needed.")
    return tuple(read_digest(path) for path in sorted(folder.glob("*.md")) if path.name != "README.md")


def read_digest(path: Path) -> Digest:
    """Read one digest: front matter between two lines of ``---``, then numbered points.

    Raises:
        SeedsError: the front matter is missing or wrong, or the points are not numbered 1, 2, 3, ...
    """
    lines = _text(path).splitlines()
    if not lines or lines[0].strip() != _FENCE or _FENCE not in (line.strip() for line in lines[1:]):
        raise SeedsError(f"{path.name} line 1: no front matter. Start the file with `---`, fields, and `---`.")
    end = next(i for i, line in enumerate(lines[1:], start=1) if line.strip() == _FENCE)
    try:
        file = parse_yaml("\n".join(lines[1:end]), path, first_line=2)
        front = _FrontMatter.model_validate(file.data)
    except ValidationError as error:
        detail = error.errors()[0]
        location = tuple(detail["loc"])
        raise SeedsError(
            f"{path.name} line {file.line(location)}: {'.'.join(map(str, location))}: {detail['msg']}."
        ) from None
    except YamlFault as fault:
        raise SeedsError(str(fault)) from None
    points = tuple(_points(path, lines, end + 1))
    if not points and front.status == "final":
        raise SeedsError(f"{path.name}: no numbered points. Write what the source teaches as `1. ...`, `2. ...`.")
    day = "" if front.date is None else str(front.date)
    return Digest(
        front.id, front.title, front.kind, front.publisher, day, front.language, front.original, front.sha256, points,
        front.status, front.question, front.tool, front.imported, front.written,
    )  # fmt: skip


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise SeedsError(f"{path.name}: is larger than {MAX_BYTES // 1_000_000} MB. A digest is short: split it.")
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = 1 + error.object[: error.start].count(b"\n")
        raise SeedsError(f"{path.name} line {line}: the file is not UTF-8 text. Save it as UTF-8.") from error
    except OSError as error:
        raise SeedsError(f"{path.name}: cannot be read ({error.strerror}). Check that you may read it.") from error


def _points(path: Path, lines: list[str], start: int) -> Iterator[str]:
    expected = 1
    for number, line in enumerate(lines[start:], start=start + 1):
        match = _POINT.match(line)
        if not match:
            continue
        if int(match.group(1)) != expected:
            raise SeedsError(
                f"{path.name} line {number}: point {match.group(1)} follows point {expected - 1}. Number in order."
            )
        expected += 1
        yield match.group(2).strip()


def unknown_sources(
    bank_folder: Path, digests: tuple[Digest, ...], passages: frozenset[str] = frozenset()
) -> Iterator[Fault]:
    """Yield every source named in a bank that is neither a point of a digest, nor one of ``passages``, nor a public standard."""
    points = {f"{digest.id}#{number}" for digest in digests for number in range(1, len(digest.points) + 1)}
    known = ", ".join(digest.id for digest in digests)
    for file, line, source in source_references(bank_folder):
        if source.startswith(FIELD_SOURCE):
            if len(source) < len(FIELD_SOURCE) + 10:
                yield Fault(file, line, f"{source!r} names no standard. Say which, and where to look it up.", False)
        elif source not in points and source not in passages:
            cure = f"Name a point as digest#number (digests: {known}), or `{FIELD_SOURCE} <standard>`."
            yield Fault(file, line, f"no source {source!r}. {cure}", False)


def changed_originals(digests: tuple[Digest, ...], folder: Path) -> Iterator[str]:
    """Yield a sentence for every digest whose original is not in ``folder`` or is not the document it was made from."""
    for digest in digests:
        path = folder / digest.original
        if not path.is_file():
            yield f"{digest.id}: no original {digest.original} in {folder}. Copy it there, or leave --originals out."
        elif hashlib.sha256(path.read_bytes()).hexdigest() != digest.sha256:
            cure = "Import it again." if digest.tool else "Read it again, correct the digest, and write its new sha256."
            yield f"{digest.id}: {digest.original} has changed. {cure}"
