"""Opens a file or standard input, tells what it holds, and decodes text line by line."""

from __future__ import annotations

import codecs
import io
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePath, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO, Literal, TextIO

from evaluator.errors import AnswersError
from evaluator.remote import open_url

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

Kind = Literal["csv", "json", "spreadsheet", "parquet"]

KIND_OF_ENDING: dict[str, Kind] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".xlsx": "spreadsheet",
    ".xlsm": "spreadsheet",
    ".xls": "spreadsheet",
    ".ods": "spreadsheet",
    ".jsonl": "json",
    ".ndjson": "json",
    ".json": "json",
    ".parquet": "parquet",
}
HEAD_BYTES = 65_536
"""How much of a file is looked at to tell what it is."""

MAX_LINE_CHARS = 32_000_000
"""Longest line that is read: every column of a form at its own limit of a million characters."""

MAX_WHOLE_CHARS = 200_000_000
"""Longest text that is read as one piece, which a JSON array is: as long as a workbook may be."""

BINARY_SHARE = 0.3
"""Share of control and undecodable characters above which a file with NULs is not text; French in cp1252 has 0.04."""

ZIP_MAGIC, OLE_MAGIC, PDF_MAGIC = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"%PDF"
_NOT_TEXT = {ZIP_MAGIC: "a zip archive or spreadsheet", OLE_MAGIC: "an Excel workbook", PDF_MAGIC: "a PDF"}
_BYTE_FALLBACK = "evaluator_cp1252"


@dataclass(frozen=True, slots=True)
class Source:
    """An opened input, from its first byte."""

    name: str
    """The file's name without its folder, for messages."""
    kind: Kind
    head: bytes
    """Its first bytes; ``stream`` yields them again."""
    stream: io.BufferedReader
    place: Path | str | None = None
    """Where it can be opened once more; None for standard input."""

    def text(self) -> TextIO:
        """Return the input as text, with its line ends as they are.

        UTF-16 needs a byte order mark. Everything else is UTF-8, and a byte that is not is read as cp1252: so a file
        in cp1252 is read without a look at its end first, and one bad byte in a UTF-8 file spoils one character.
        """
        if self.head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return io.TextIOWrapper(self.stream, encoding="utf-16", errors="replace", newline="")
        return io.TextIOWrapper(self.stream, encoding="utf-8-sig", errors=_BYTE_FALLBACK, newline="")


class Lines:
    """The lines of a text, with their numbers, that can be given back."""

    def __init__(self, source: Source) -> None:
        """Start at the first line of ``source``."""
        self._stream = source.text()
        self._name = source.name
        self._given_back: deque[str] = deque()
        self.number = 1
        """Number of the line that comes next."""
        self.taken: list[str] = []
        """Lines taken since ``mark``."""
        self.overlong = False
        """Whether a line taken since ``mark`` was cut because it is longer than any line may be."""

    def __iter__(self) -> Iterator[str]:
        """Return itself."""
        return self

    def __next__(self) -> str:
        """Take a line, with its line end."""
        line = self._given_back.popleft() if self._given_back else self._read()
        if not line:
            raise StopIteration
        self.taken.append(line)
        self.overlong |= _is_cut(line)
        self.number += 1
        return line

    def mark(self) -> int:
        """Forget which lines were taken and return the number of the next one."""
        self.taken = []
        self.overlong = False
        return self.number

    def give_back(self, after: int = 0) -> None:
        """Give back the lines taken since ``mark`` but for the first ``after``."""
        self._given_back.extendleft(reversed(self.taken[after:]))
        self.number -= len(self.taken[after:])
        del self.taken[after:]

    def rest(self) -> str:
        """Take everything that is left, as one text.

        Raises:
            AnswersError: it is longer than ``MAX_WHOLE_CHARS``, or a line that was given back is longer than any may be.
        """
        with reading(self._name):
            text = "".join(self._given_back) + self._stream.read(MAX_WHOLE_CHARS + 1)
        if self.overlong or len(text) > MAX_WHOLE_CHARS:
            raise AnswersError(
                f"{self._name}: is too long for a JSON array, which is read whole: at most {MAX_WHOLE_CHARS:,} characters, "
                f"{MAX_LINE_CHARS:,} of them in a line. Write one object a line."
            )
        return text

    def close(self) -> None:
        """Close the input."""
        self._stream.close()

    def _read(self) -> str:
        with reading(self._name):
            line = piece = self._stream.readline(MAX_LINE_CHARS)
            while _is_cut(piece):
                piece = self._stream.readline(MAX_LINE_CHARS)
        return line


def _is_cut(line: str) -> bool:
    return len(line) == MAX_LINE_CHARS and not line.endswith(("\n", "\r"))


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Turn a failure of the disk, network or pipe behind the input ``name`` into an AnswersError."""
    try:
        yield
    except OSError as error:
        raise AnswersError(f"{name}: reading stopped ({error.strerror}). Copy the file and try again.") from error


def open_source(path: Path | str | None, stdin: BinaryIO) -> Source:
    """Open ``path``, or ``stdin`` where it is None, and tell what it holds: by its ending, or else by its first bytes.

    A ``path`` that is text is a URL.

    Raises:
        AnswersError: it is missing, a folder, not allowed, empty, of an unknown kind, or not of the kind it is named.
    """
    if path is None:
        return _sniffed("standard input", None, _Replayed(stdin, owned=False))
    if isinstance(path, str):
        return _opened(PurePosixPath(path), path, open_url(path))
    if path.is_dir():
        raise AnswersError(f"{path.name}: is a folder. Give a file of answers.")
    try:
        stream = path.open("rb")
    except FileNotFoundError as error:
        raise AnswersError(f"{path.name}: no such file. Check its name and folder.") from error
    except OSError as error:
        raise AnswersError(f"{path.name}: cannot be opened ({error.strerror}). Check that you may read it.") from error
    return _opened(path, path, stream)


def _opened(named: PurePath, place: Path | str, stream: BinaryIO) -> Source:
    replayed = _Replayed(stream, owned=True)
    ending = named.suffix.lower()
    try:
        if ending and ending not in KIND_OF_ENDING:
            known = ", ".join(sorted(KIND_OF_ENDING))
            raise AnswersError(f"{named.name}: files ending in {ending} cannot be read. Save it as one of {known}.")
        return replace(_sniffed(named.name, KIND_OF_ENDING.get(ending), replayed), place=place)
    except BaseException:
        replayed.close()
        raise


def _sniffed(name: str, kind: Kind | None, raw: _Replayed) -> Source:
    with reading(name):
        head = raw.peek_head()
    if not head:
        raise AnswersError(f"{name}: is empty. Export the answers again.")
    if kind is None:
        kind = _kind_of(head)
    if kind in ("csv", "json"):
        _refuse_binary(name, head)
    return Source(name, kind, head, io.BufferedReader(raw, HEAD_BYTES))


def _kind_of(head: bytes) -> Kind:
    if head.startswith((ZIP_MAGIC, OLE_MAGIC)):
        return "spreadsheet"
    return "json" if _decoded(head).lstrip("\ufeff \t\r\n").startswith(("{", "[")) else "csv"


def _decoded(head: bytes) -> str:
    utf16 = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return head.decode("utf-16" if utf16 else "utf-8-sig", errors="replace")


def _refuse_binary(name: str, head: bytes) -> None:
    for magic, what in _NOT_TEXT.items():
        if head.startswith(magic):
            raise AnswersError(f"{name}: is {what}, not text. Give it its right ending, or save it as CSV.")
    text = _decoded(head)
    lines = text.lstrip("\r\n").splitlines()
    odd = sum(1 for char in text if char == "\ufffd" or (char < " " and char not in "\0\t\r\n\f\v"))
    if "\0" in text and ("\0" in lines[0] or odd > BINARY_SHARE * len(text)):
        raise AnswersError(f"{name}: is not text (it holds NUL bytes). Save it as CSV in UTF-8.")


def _as_cp1252(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", errors="replace"), error.end


codecs.register_error(_BYTE_FALLBACK, _as_cp1252)


class _Replayed(io.RawIOBase):
    """A stream whose head can be looked at first; closing it leaves a stream that is not its own open."""

    def __init__(self, stream: BinaryIO, *, owned: bool) -> None:
        self._stream = stream
        self._owned = owned
        self._head = b""

    def peek_head(self) -> bytes:
        """Return the first bytes of the stream, which stay to be read."""
        while len(self._head) < HEAD_BYTES and (piece := self._stream.read(HEAD_BYTES - len(self._head))):
            self._head += piece
        return self._head

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer)
        piece = self._head[: len(view)] or self._stream.read(len(view)) or b""
        self._head = self._head[len(view) :]
        view[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        if self._owned and not self.closed:
            self._stream.close()
        super().close()
