"""Reads DOCX documents: paragraphs and tables, in order. Macros are never looked at."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

from evaluator.documents.document import Place
from evaluator.documents.lines import Line, Reading, Role
from evaluator.errors import DocumentError

MAX_EXPANDED = 128_000_000
"""Bytes that the archive may expand to: eight times the largest file that is read."""

MAX_XML = 32_000_000
"""Bytes that one XML part may expand to: text of ``MAX_TEXT_CHARS`` with thirty bytes of markup a character."""

MAX_ENTRIES = 5_000
"""Files in the archive; a document has some dozens, and one for each picture."""

_TYPES = "[Content_Types].xml"
_MACRO_TYPE = b"application/vnd.ms-word.document.macroEnabled.main+xml"
_PLAIN_TYPE = b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"


def read_docx(name: str, content: bytes) -> Reading:
    """Return the paragraphs of a document, numbered from 1. Headers, footers, notes and text boxes are not read.

    Raises:
        DocumentError: it is damaged, protected by a password, no Word document, or expands to more than is allowed.
    """
    from docx import Document
    from lxml import etree

    damaged = f"{name}: is damaged, or no Word document. Open it in its program and save it again as DOCX."
    try:
        _check_sizes(name, content)
        document = Document(io.BytesIO(_without_macro_type(content)))
        lines = tuple(_lines(document))
        return Reading(lines, title=(document.core_properties.title or "").strip())
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        KeyError,
        ValueError,
        IndexError,
        AttributeError,
        NotImplementedError,
        EOFError,
        OSError,
        RuntimeError,
        etree.LxmlError,
    ) as error:
        raise DocumentError(damaged) from error


def _check_sizes(name: str, content: bytes) -> None:
    """Refuse an archive that expands to more than a document does, before a byte of it is expanded."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = archive.infolist()
    xml = max((entry.file_size for entry in entries if entry.filename.endswith((".xml", ".rels"))), default=0)
    if len(entries) > MAX_ENTRIES or xml > MAX_XML or sum(entry.file_size for entry in entries) > MAX_EXPANDED:
        raise DocumentError(f"{name}: expands to more than a document does, and is not opened. Save its text as .txt.")


def _without_macro_type(content: bytes) -> bytes:
    """Return a document with macros as one without: the reader knows plain documents only, and nobody needs the macros."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        types = archive.read(_TYPES)
        if _MACRO_TYPE not in types:
            return content
        plain = io.BytesIO()
        with zipfile.ZipFile(plain, "w", zipfile.ZIP_DEFLATED) as copy:
            for entry in archive.infolist():
                data = types.replace(_MACRO_TYPE, _PLAIN_TYPE) if entry.filename == _TYPES else archive.read(entry)
                copy.writestr(entry.filename, data)
    return plain.getvalue()


def _lines(document: Any) -> Iterator[Line]:  # noqa: ANN401
    from docx.text.paragraph import Paragraph

    number = 0
    for block in document.iter_inner_content():
        if isinstance(block, Paragraph):
            number += 1
            yield from _paragraph(block, number)
            continue
        for row in block.rows:
            number += 1
            cells = list(dict.fromkeys(" ".join(cell.text.split()) for cell in row.cells))
            yield Line(" ".join(cell for cell in cells if cell), Place(number, number))
            yield Line("", Place(number, number))


def _paragraph(paragraph: Any, number: int) -> Iterator[Line]:  # noqa: ANN401
    style = (paragraph.style.name or "") if paragraph.style is not None else ""
    role: Role = "heading" if style.startswith(("Heading", "Title")) else "item" if style.startswith("List") else "text"
    place = Place(number, number)
    for piece in paragraph.text.split("\n"):
        yield Line(" ".join(piece.split()), place, role)
    yield Line("", place)
