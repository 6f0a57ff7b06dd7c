"""Reads PDF documents page by page, and sets running headers, footers and page numbers apart."""

from __future__ import annotations

import io
import logging
import re
import time
from collections import Counter
from typing import TYPE_CHECKING

from evaluator.documents.document import Dropped, Place
from evaluator.documents.lines import Line, Reading
from evaluator.documents.opening import MAX_TEXT_CHARS
from evaluator.errors import DocumentError

if TYPE_CHECKING:
    from pypdf import PdfReader

MAX_PAGES = 1_000
"""Pages that are read."""

MAX_SECONDS = 120
"""Longest time for all pages. Text comes at some fifty pages a second; a drawing of a million strokes is no text."""

_FILE_NAME = re.compile(r"\.(?:docx?|pdf|pages|odt|indd)$|^Microsoft Word|^untitled", re.IGNORECASE)
"""Titles that a program made up."""

_PAGE_NUMBER = re.compile(r"^(?:(?:page|p\.)\s*)?\d{1,4}(?:\s*(?:/|of)\s*\d{1,4})?$", re.IGNORECASE)
_DIGITS = re.compile(r"\d+")
_EDGE = 2
"""Lines at the top and bottom of a page among which headers and footers are looked for."""


def read_pdf(name: str, content: bytes) -> Reading:
    """Return the lines of a PDF, each with its page.

    Raises:
        DocumentError: it is damaged, protected by a password, too long, or a scan without text.
    """
    from pypdf import PdfReader
    from pypdf.errors import LimitReachedError, PyPdfError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = PdfReader(io.BytesIO(content))
        # Many files are encrypted with an empty password, only to forbid printing: every program opens them.
        if reader.is_encrypted and not reader.decrypt(""):
            raise DocumentError(f"{name}: is protected by a password. Save a copy without it.")
        if len(reader.pages) > MAX_PAGES:
            raise DocumentError(f"{name}: has {len(reader.pages):,} pages; at most {MAX_PAGES:,} are read. Split it.")
        pages = _pages(name, reader)
        title = str((reader.metadata.title if reader.metadata else "") or "").strip()
    except DocumentError:
        raise
    except LimitReachedError as error:
        raise DocumentError(
            f"{name}: expands to more than a document does. Print the pages with the text to a new PDF."
        ) from error
    except PyPdfError as error:
        raise DocumentError(f"{name}: is damaged. Open it in its program and save it again as PDF.") from error
    except ImportError as error:
        raise DocumentError(f"{name}: is protected by a password or encrypted. Save a copy without it.") from error
    except Exception as error:  # pypdf raises what a broken file leads it to: KeyError, TypeError, RecursionError, ...
        raise DocumentError(f"{name}: is damaged. Open it in its program and save it again as PDF.") from error
    if not any(any(char.isalpha() for char in line) for page in pages for line in page):
        raise DocumentError(f"{name}: holds no text; it may be a scan. Run text recognition on it first.")
    return _without_running_lines(pages, "" if _FILE_NAME.search(title) else title)


def _pages(name: str, reader: PdfReader) -> list[list[str]]:
    """Return the lines of every page, within the limits on text and time."""
    started = time.monotonic()
    pages: list[list[str]] = []
    length = 0
    for page in reader.pages:
        text = page.extract_text()
        length += len(text)
        if length > MAX_TEXT_CHARS:
            raise DocumentError(f"{name}: has more than {MAX_TEXT_CHARS:,} characters of text. Split it.")
        if time.monotonic() - started > MAX_SECONDS:
            raise DocumentError(
                f"{name}: takes more than {MAX_SECONDS} seconds to read. Print the pages with the text to a new PDF."
            )
        pages.append([" ".join(line.split()) for line in text.splitlines()])
    return pages


def _without_running_lines(pages: list[list[str]], title: str) -> Reading:
    repeated = Counter(_DIGITS.sub("#", line) for page in pages for line in {*page[:_EDGE], *page[-_EDGE:]} if line)
    lines: list[Line] = []
    dropped: list[Dropped] = []
    for number, page in enumerate(pages, start=1):
        for row, text in enumerate(page, start=1):
            place = Place(row, row, number)
            edge = row <= _EDGE or row > len(page) - _EDGE
            if edge and _PAGE_NUMBER.match(text):
                dropped.append(Dropped(text, place, "page number"))
            elif edge and text and len(pages) > 2 and repeated[_DIGITS.sub("#", text)] > len(pages) / 2:
                dropped.append(Dropped(text, place, "running header or footer"))
            else:
                lines.append(Line(text, place))
    return Reading(tuple(lines), tuple(dropped), title)
