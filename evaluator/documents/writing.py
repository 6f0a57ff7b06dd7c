"""Writes what was imported: a digest draft for a person to retell, and the passages and dropped pieces beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path

import yaml

from evaluator import __version__
from evaluator.documents.document import ImportedDocument, Passage
from evaluator.documents.importing import document_id, import_document
from evaluator.documents.opening import read_bytes
from evaluator.documents.records import dropped_jsonl, passages_jsonl, read_passages
from evaluator.errors import DocumentError, SeedsError
from evaluator.seeds import Digest, read_digest
from evaluator.whole_files import write_file

TOOL = f"evaluator {__version__}"

_WRITTEN = "written: "
_INTRODUCTION = """# Draft

Each point below is a passage in the document's own words. Retell what it teaches in your own words, join and delete points as you
like, number them in order, and set `status: final` above. What was left out, and why, is at the end and in `{id}.dropped.jsonl`.
"""


class Outcome(StrEnum):
    """What an import did."""

    WRITTEN = "written"
    UNCHANGED = "unchanged"
    KEPT = "edited by a person, left as it is"


@dataclass(frozen=True, slots=True)
class Written:
    """What an import did, and where."""

    digest: Path
    outcome: Outcome
    document: ImportedDocument | None
    """What was imported, or None where nothing was written."""


def import_to(path: Path, folder: Path, *, imported: date, question: str = "", force: bool = False) -> Written:
    """Import a document into a folder: ``<id>.md``, ``<id>.passages.jsonl`` and ``<id>.dropped.jsonl``.

    Passages that repeat one of another document in the folder are marked. The same document a second time changes
    nothing, on another day neither. What a person has edited is never overwritten unless ``force``.

    Raises:
        DocumentError: the document cannot be read, or a file is in the way; names file, fault and cure.
        EvaluatorError: the folder cannot be written.
    """
    digest_path = folder / f"{document_id(path)}.md"
    if not force:
        content = read_bytes(path)
        outcome = _existing(digest_path, path.name, hashlib.sha256(content).hexdigest(), question)
        if outcome is not None:
            return Written(digest_path, outcome, None)
    others = [passage for other in _other_passages(digest_path) for passage in read_passages(other)]
    document = import_document(path, question=question, others=others)
    files = render(document, imported)
    for name, text in files.items():
        write_file(folder / name, text.encode("utf-8", "replace"))
    return Written(digest_path, Outcome.WRITTEN, document)


def render(document: ImportedDocument, imported: date) -> dict[str, str]:
    """Return the files of an import by name, the digest last: where it is, the others are complete."""
    records = {
        f"{document.id}.passages.jsonl": passages_jsonl(document.passages),
        f"{document.id}.dropped.jsonl": dropped_jsonl(document.dropped),
    }
    front = {
        "id": document.id,
        "title": document.title,
        "kind": str(document.kind),
        "publisher": "not known",
        "date": date.fromisoformat(document.date) if document.date else None,
        "language": document.language,
        "original": document.original,
        "sha256": document.sha256,
        "status": "draft",
        **({"question": document.question} if document.question else {}),
        "tool": TOOL,
        "imported": imported,
    }
    head = yaml.safe_dump(front, sort_keys=False, allow_unicode=True, width=10_000)
    digest = f"---\n{head}{_WRITTEN}\n---\n\n{_body(document)}"
    signed = _signature(digest, *records.values())
    return {**records, f"{document.id}.md": digest.replace(f"\n{_WRITTEN}\n", f"\n{_WRITTEN}{signed}\n", 1)}


def _body(document: ImportedDocument) -> str:
    parts = [_INTRODUCTION.format(id=document.id)]
    heading = ""
    number = 0
    for passage in document.passages:
        if not passage.proposed:
            continue
        named = f"{passage.part}: {passage.section}" if passage.section else str(passage.part)
        if named != heading:
            parts.append(f"\n## {named}\n\n")
            heading = named
        number += 1
        parts.append(f"{number}. {passage.text}\n   ({passage.place}; {passage.id})\n")
    left_out = list(_left_out(document.passages))
    if left_out:
        parts.append("\n# Passages left out of the points\n\n" + "".join(f"- {line}\n" for line in left_out))
    return "".join(parts)


def _left_out(passages: tuple[Passage, ...]) -> Iterator[str]:
    for passage in passages:
        if not passage.proposed:
            why = (
                f"repeats {passage.duplicate_of}" if passage.duplicate_of else f"beside the question: {passage.reason}"
            )
            yield f"{passage.place}, {passage.id} ({why}): {passage.text}"


def _signature(digest: str, *records: str) -> str:
    """Return the sha256 of what an import writes, but for the line that holds it."""
    lines = [line for line in digest.splitlines() if not line.startswith(_WRITTEN)]
    return hashlib.sha256("\0".join(("\n".join(lines), *records)).encode("utf-8", "replace")).hexdigest()


def _existing(digest_path: Path, original: str, sha256: str, question: str) -> Outcome | None:
    """Return what becomes of the files that are there already, or None where they may be written.

    Raises:
        DocumentError: they were not made from this document, or a person edited them and the document has changed.
    """
    records = [digest_path.with_suffix(ending) for ending in (".passages.jsonl", ".dropped.jsonl")]
    if not digest_path.exists():
        if stray := next((path for path in records if path.exists()), None):
            raise DocumentError(
                f"{stray.name}: is there without its digest. Move it away, or add --force to overwrite it."
            )
        return None
    digest = _readable(digest_path)
    if digest is None or not digest.written or digest.original != original:
        made_from = f"was made from {digest.original}" if digest else "is no digest"
        made_from = "was not made by an import" if digest and not digest.written else made_from
        raise DocumentError(
            f"{original}: {digest_path.name} is there already and {made_from}. Rename the document, choose another folder with "
            "-o, or add --force to overwrite it."
        )
    untouched = _untouched(digest_path, records, digest)
    if digest.sha256 != sha256 and not untouched:
        raise DocumentError(
            f"{original}: has changed, but {digest_path.name} was edited by a person and is not overwritten. Move your digest "
            "away, or add --force to overwrite it."
        )
    if not untouched:
        return Outcome.KEPT
    same = digest.sha256 == sha256 and digest.tool == TOOL and question in {"", digest.question}
    return Outcome.UNCHANGED if same else None


def _readable(digest_path: Path) -> Digest | None:
    try:
        return read_digest(digest_path)
    except (SeedsError, OSError, UnicodeDecodeError):
        return None


def _untouched(digest_path: Path, records: list[Path], digest: Digest) -> bool:
    """Return whether the files are as the import wrote them."""
    try:
        texts = [path.read_bytes().decode("utf-8") for path in (digest_path, *records)]
    except (OSError, UnicodeDecodeError):
        return False
    return _signature(*texts) == digest.written


def _other_passages(digest_path: Path) -> list[Path]:
    own = digest_path.with_suffix(".passages.jsonl").name
    return sorted(path for path in digest_path.parent.glob("*.passages.jsonl") if path.name != own)
