"""Opens a source document: within limits, by what it holds rather than by its name, and decoded."""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from typing import Literal

from evaluator.errors import DocumentError

Format = Literal["text", "markdown", "html", "docx", "pdf"]

FORMAT_OF_ENDING: dict[str, Format] = {
    ".txt": "text",
    ".text": "text",
    ".vtt": "text",
    ".srt": "text",
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".docx": "docx",
    ".docm": "docx",
    ".pdf": "pdf",
}

MAX_BYTES = 16_000_000
"""Largest file that is read. A book of 500 pages has 1 MB of text; the rest is room for pictures in DOCX and PDF."""

MAX_TEXT_CHARS = 1_000_000
"""Longest text that is read: a book of 500 pages."""

CONTROL_SHARE = 0.02
"""Share of control characters above which a file is not text. Texts have none but tabs and line ends."""

_ZIP, _OLE, _PDF = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"%PDF-"
_NOT_TEXT = {
    _OLE: "an old .doc file, or protected by a password",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"\x7fELF": "a program",
    b"MZ\x90": "a program",
    b"\x1f\x8b": "a compressed file",
    b"Rar!": "an archive",
    b"7z\xbc\xaf": "an archive",
    b"OggS": "a sound recording",
    b"ID3": "a sound recording",
}
_HTML_START = re.compile(
    r"\s*(?:<\?xml[^>]{0,200}\?>\s*)?(?:<!--.{0,2000}?-->\s*)?<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL
)
_HTML_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([\w-]{1,40})", re.IGNORECASE)


def read_bytes(path: Path) -> bytes:
    """Return the content of a file.

    Raises:
        DocumentError: it is missing, no file, not allowed, empty, or larger than ``MAX_BYTES``.
    """
    try:
        if not path.is_file():
            what = "is not a file" if path.exists() else "no such file"
            raise DocumentError(f"{path.name}: {what}. Name a document, such as page.html.")
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise DocumentError(
                f"{path.name}: has {size / 1e6:.0f} MB; at most {MAX_BYTES // 1_000_000} MB are read. "
                "Save the part with the text on its own."
            )
        content = path.read_bytes()
    except OSError as error:
        raise DocumentError(f"{path.name}: cannot be read ({error.strerror}). Check that you may read it.") from error
    if not content.strip():
        raise DocumentError(f"{path.name}: is empty. Save the document again.")
    return content


def format_of(path: Path, content: bytes) -> Format:
    """Return the format of a document: by its first bytes where they tell, else by the ending of its name.

    Raises:
        DocumentError: it is of a kind that is not read, or is not what its name says.
    """
    named = FORMAT_OF_ENDING.get(path.suffix.lower())
    if named is None and path.suffix:
        known = ", ".join(FORMAT_OF_ENDING)
        raise DocumentError(f"{path.name}: files ending in {path.suffix} are not read. Save it as one of {known}.")
    held: Format | None = "docx" if content.startswith(_ZIP) else "pdf" if _PDF in content[:1024] else None
    if named in {"docx", "pdf"}:
        if held == named:
            return named
        what = next(
            (text for magic, text in _NOT_TEXT.items() if content.startswith(magic)), f"not a {named.upper()} file"
        )
        raise DocumentError(
            f"{path.name}: is damaged, or is {what}. Open it in its program and save it again as {named.upper()}."
        )
    if held is not None:
        raise DocumentError(
            f"{path.name}: is a {'zip archive or DOCX' if held == 'docx' else 'PDF'}, not text. Give it its right ending."
        )
    return named or "text"


def decode(name: str, content: bytes) -> str:
    """Return the text of a file in UTF-8, UTF-16 or, where it is neither, cp1252 or what an HTML page says it is.

    Raises:
        DocumentError: it is not text, or longer than ``MAX_TEXT_CHARS``.
    """
    for magic, what in _NOT_TEXT.items():
        if content.startswith(magic):
            raise DocumentError(f"{name}: is {what}, not text. Save the text of the document as .txt.")
    text = _decoded(content)
    control = sum(1 for char in text if (char < " " and char not in "\t\n\r\f\v\x1b") or char == "\ufffd")
    if control > CONTROL_SHARE * len(text):
        raise DocumentError(
            f"{name}: is not text (it holds control characters). Save the text of the document as .txt."
        )
    return within_limit(name, text)


def within_limit(name: str, text: str) -> str:
    """Return ``text`` where it is no longer than ``MAX_TEXT_CHARS``.

    Raises:
        DocumentError: it is longer.
    """
    if len(text) > MAX_TEXT_CHARS:
        raise DocumentError(
            f"{name}: has {len(text):,} characters of text; at most {MAX_TEXT_CHARS:,} are read. Split it."
        )
    return text


def holds_html(text: str) -> bool:
    """Return whether a text is an HTML page, whatever its file is called."""
    return bool(_HTML_START.match(text.removeprefix("\ufeff")))


def _decoded(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", errors="replace")
    head = content[:4096]
    # UTF-16 without a mark: every second byte of Latin text is NUL.
    for start, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if (
            len(head) >= 8
            and head[start::2].count(0) > 0.4 * len(head[start::2])
            and head[1 - start :: 2].count(0) == 0
        ):
            return content.decode(encoding, errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    named = _HTML_CHARSET.search(content[:4096])
    try:
        return content.decode(named.group(1).decode() if named else "cp1252", errors="replace")
    except LookupError:
        return content.decode("cp1252", errors="replace")
