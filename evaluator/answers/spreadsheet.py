"""Reads XLSX, XLS and ODS workbooks, and outlives what is wrong in them."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path
from xml.parsers import expat

from evaluator.answers import workbook
from evaluator.answers.source import OLE_MAGIC, ZIP_MAGIC, Source, reading
from evaluator.answers.table import Record, Table, plain_text
from evaluator.errors import AnswersError

MAX_BYTES = 200_000_000
"""Largest workbook, as a file and unpacked: a thousand times an export of a thousand candidates."""

MAX_RATIO = 200
"""Most that a workbook may grow when it is unpacked; real ones grow tenfold to fiftyfold."""

MAX_SECONDS = 120
"""Longest time a workbook may take; one of 180 MB unpacked (85,000 rows) took 13."""

_ZIP_FAULTS = (
    zipfile.BadZipFile, zlib.error, expat.ExpatError, NotImplementedError, RuntimeError, ValueError, EOFError, OSError,
)  # fmt: skip
"""What a damaged archive makes the modules for zip and XML raise."""

_ENCRYPTED_PART = "EncryptedPackage".encode("utf-16-le")


def read_spreadsheet(source: Source, column: str = "") -> Table:
    """Return the first sheet that has rows, visible ones first; numbers and dates become plain text.

    Where ``column`` is given, sheets whose header names it come first.

    Rows keep the numbers that a spreadsheet program shows. The header is the first row that is not blank.

    Raises:
        AnswersError: the workbook is encrypted, damaged, too large, not a workbook, or has no rows.
    """
    with source.stream, reading(source.name):
        data = source.stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise AnswersError(f"{source.name}: is larger than {MAX_BYTES // 1_000_000} MB. Save its answers as CSV.")
    if b"\0" not in source.head and not data.startswith((ZIP_MAGIC, OLE_MAGIC)):
        raise AnswersError(f"{source.name}: holds text, not a spreadsheet. Rename it to .csv, or save it as .xlsx.")
    if data.startswith(OLE_MAGIC):
        if _ENCRYPTED_PART in data:
            raise _encrypted(source.name)
        # The reader finds an archive behind anything that stands before it.
        if zipfile.is_zipfile(io.BytesIO(data)):
            _check_zip(source.name, data)
    elif data.startswith(ZIP_MAGIC):
        _check_zip(source.name, data)
    else:
        raise _damaged(source.name)
    rows = _rows(source.name, data, column)
    if not rows:
        raise AnswersError(f"{source.name}: is empty: no sheet has rows. Export the answers again.")
    (header_row, header), *records = rows
    names = tuple(name.strip() for name in header)
    return Table(source.name, names, header_row, (Record(row, cells) for row, cells in records))


def _check_zip(name: str, data: bytes) -> None:
    """Refuse a workbook by what its parts say they unpack to, before any of them is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
            if unpacked > MAX_BYTES or unpacked > MAX_RATIO * len(data):
                raise AnswersError(
                    f"{name}: unpacks from {len(data):,} to {unpacked:,} bytes, which no file of answers does. "
                    "Copy the answers to a new workbook, or save them as CSV."
                )
            manifest = "META-INF/manifest.xml"
            if manifest in archive.namelist() and b"encryption-data" in archive.read(manifest):
                raise _encrypted(name)
            for part in archive.namelist():
                if part == "content.xml" or (part.startswith("xl/") and part.endswith(".xml")):
                    # The reader goes round for ever at the end of a part whose elements are not closed.
                    with archive.open(part) as xml:
                        expat.ParserCreate().ParseFile(xml)
    except _ZIP_FAULTS as error:
        raise _damaged(name) from error


def _rows(name: str, data: bytes, column: str) -> list[tuple[int, tuple[str, ...]]]:
    """Return the numbered rows of the first sheet that has any, read in a process that may break down."""
    # -P keeps the folder of this package, whose modules have common names, out of the other process's imports.
    command = [sys.executable, "-P", str(Path(workbook.__file__)), column]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=MAX_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise AnswersError(
            f"{name}: takes more than {MAX_SECONDS} seconds to read. Save its answers as CSV."
        ) from error
    if done.returncode == workbook.EXIT_PASSWORD:
        raise _encrypted(name)
    if done.returncode != 0:
        raise _damaged(name)
    return [(row, tuple(map(plain_text, cells))) for row, cells in json.loads(done.stdout)]


def _encrypted(name: str) -> AnswersError:
    return AnswersError(f"{name}: is protected by a password. Open it, save it without one, and try again.")


def _damaged(name: str) -> AnswersError:
    return AnswersError(
        f"{name}: is damaged, is no spreadsheet, or has a filled cell so far from the others that the sheet is too "
        "large. Open it where it was made, delete the rows and columns around the answers, and save it as .xlsx or CSV."
    )
