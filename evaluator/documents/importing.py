"""Imports a document: reads it, cleans it, cuts it into passages, and marks languages, answers and duplicates."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from evaluator.documents.cleaning import clean, split_marks
from evaluator.documents.document import ImportedDocument, Kind, Part, Passage, Place
from evaluator.documents.lines import Reading
from evaluator.documents.opening import decode, format_of, holds_html, read_bytes, within_limit
from evaluator.documents.passages import cut
from evaluator.documents.relevance import mark_answers
from evaluator.documents.repeats import mark_repeats
from evaluator.documents.transcripts import find_speech
from evaluator.errors import DocumentError
from evaluator.language import other_language
from evaluator.text import words

MAX_PASSAGES = 5_000
"""Passages of a document: a book of 500 pages has about 3,000 paragraphs."""

_OWN_LANGUAGE_WORDS = 8
"""Words from which a passage's language is told on its own; below, it has that of its document."""

_LANGUAGE_CHARS = 20_000
"""Characters from which a document's language is told."""


def import_document(path: Path, *, question: str = "", others: Iterable[Passage] = ()) -> ImportedDocument:
    """Return a document as clean passages, with everything that was dropped.

    Args:
        path: a text, Markdown, HTML, DOCX, PDF, VTT or SRT file.
        question: the question that a page of answers answers, where the page does not say it.
        others: passages of other documents; what repeats one of them is marked as its duplicate.

    Raises:
        DocumentError: the file cannot be read, or holds no text; names file, fault and cure.
    """
    content = read_bytes(path)
    reading = _read(path, content)
    reading = replace(reading, lines=split_marks(reading.lines))
    within_limit(path.name, "\n".join(line.text for line in reading.lines))
    language = _language("\n".join(line.text for line in reading.lines)[:_LANGUAGE_CHARS])
    speech = find_speech(reading.lines)
    spoken = frozenset(cue.line for cue in speech.cues) | frozenset(speech.stamps)
    lines, dropped, date = clean(reading.lines, language, spoken)
    made = cut(document_id(path), lines, speech, reading.title)
    if not made.passages:
        raise DocumentError(
            f"{path.name}: holds no text but menus, marks and the like. Save the page again, or copy its text to a .txt file."
        )
    if len(made.passages) > MAX_PASSAGES:
        raise DocumentError(
            f"{path.name}: has {len(made.passages):,} passages; at most {MAX_PASSAGES:,} are read. Split it."
        )
    passages = [replace(passage, language=_passage_language(passage.text, language)) for passage in made.passages]
    comments = next((one.place for one in dropped if one.reason == "comment form"), None)
    if made.kind is Kind.ARTICLE and comments:
        passages = [
            replace(one, part=Part.COMMENT) if _order(one.place) > _order(comments) else one for one in passages
        ]
    asked = question or made.question
    if made.kind is Kind.QUESTIONS_AND_ANSWERS:
        passages = mark_answers(passages, asked)
    passages = mark_repeats(passages, others)
    listed = sorted(
        (*reading.dropped, *dropped, *made.dropped), key=lambda one: (one.place.page or 0, one.place.line_start)
    )
    return ImportedDocument(
        document_id(path), made.title or path.stem, made.kind, language, reading.date or date, path.name,
        hashlib.sha256(content).hexdigest(), asked, tuple(passages), tuple(listed),
    )  # fmt: skip


def _order(place: Place) -> tuple[int, int]:
    return place.page or 0, place.line_start


def document_id(path: Path) -> str:
    """Return the id of a document from its file name: lower-case letters, digits and hyphens.

    >>> document_id(Path("Rude customers (2).html"))
    'rude-customers-2'
    """
    plain = unicodedata.normalize("NFKD", path.stem).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    return slug or f"document-{hashlib.sha256(path.stem.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def _read(path: Path, content: bytes) -> Reading:
    # The readers bring libraries that only an import needs.
    form = format_of(path, content)
    if form == "docx":
        from evaluator.documents.read_docx import read_docx

        return _normalised(read_docx(path.name, content))
    if form == "pdf":
        from evaluator.documents.read_pdf import read_pdf

        return _normalised(read_pdf(path.name, content))
    text = decode(path.name, content)
    if form == "html" or holds_html(text):
        from evaluator.documents.read_html import read_html

        return _normalised(read_html(path.name, text))
    from evaluator.documents.read_text import read_markdown, read_text

    return _normalised(read_markdown(text) if form == "markdown" else read_text(text))


def _normalised(reading: Reading) -> Reading:
    """Return a reading without control and zero-width characters and with plain spaces."""
    lines = tuple(replace(line, text=tidy_line(line.text)) for line in reading.lines)
    return replace(reading, lines=lines, title=tidy_line(reading.title))


def tidy_line(text: str) -> str:
    r"""Return a line without control, direction and zero-width characters, ligatures split, with single spaces.

    >>> tidy_line("of\ufb01ce\u200b  hours")
    'office hours'
    """
    plain = unicodedata.normalize("NFC", "".join(_LIGATURES.get(char, char) for char in text))
    return " ".join(
        "".join(
            " " if char.isspace() else "" if unicodedata.category(char) in _UNSEEN else char for char in plain
        ).split()
    )


_UNSEEN = frozenset({"Cc", "Cf", "Co", "Cs", "Cn"})
_LIGATURES = {"\ufb00": "ff", "\ufb01": "fi", "\ufb02": "fl", "\ufb03": "ffi", "\ufb04": "ffl"}


def _language(text: str) -> str:
    return other_language(text) or "en"


def _passage_language(text: str, language: str) -> str:
    return _language(text) if len(words(text)) >= _OWN_LANGUAGE_WORDS else language
