"""Reads XLSX, XLS and ODS workbooks, and refuses those that would fill the memory."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator

from evaluator.answers.extent import MAX_CELLS, table_cells
from evaluator.answers.ole import sectors_end
from evaluator.answers.source import OLE_MAGIC, ZIP_MAGIC, Source, reading
from evaluator.answers.table import Record, Table, plain_text
from evaluator.errors import AnswersError

MAX_BYTES = 200_000_000
"""Largest workbook, as a file and unpacked: a thousand times an export of a thousand candidates."""

MAX_RATIO = 200
"""Most that a workbook may grow when it is unpacked; real ones grow tenfold to fiftyfold."""

_ZIP_FAULTS = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, ValueError, EOFError, OSError)
"""What a damaged archive makes the zipfile module raise."""

_ENCRYPTED_PART = "EncryptedPackage".encode("utf-16-le")


def read_spreadsheet(source: Source) -> Table:
    """Return the first sheet that has rows, visible ones first; numbers and dates become plain text.

    Rows keep the numbers that a spreadsheet program shows. The header is the first row that is not blank.

    Raises:
        AnswersError: the workbook is encrypted, damaged, too large, not a workbook, or has no rows.
    """
    with source.stream, reading(source.name):
        data = source.stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise AnswersError(f"{source.name}: is larger than {MAX_BYTES // 1_000_000} MB. Save its answers as CSV.")
    if data.startswith(ZIP_MAGIC):
        _check_zip(source.name, data)
    elif data.startswith(OLE_MAGIC):
        if _ENCRYPTED_PART in data:
            raise _encrypted(source.name)
        if not sectors_end(data):
            raise _damaged(source.name)
    elif b"\0" not in source.head:
        raise AnswersError(f"{source.name}: holds text, not a spreadsheet. Rename it to .csv, or save it as .xlsx.")
    records = ((row, cells) for row, cells in _first_rows(source.name, data) if any(cell.strip() for cell in cells))
    header = next(records, None)
    if header is None:
        raise AnswersError(f"{source.name}: is empty: no sheet has rows. Export the answers again.")
    header_row, names = header
    return Table(
        source.name, tuple(name.strip() for name in names), header_row, (Record(row, cells) for row, cells in records)
    )


def _check_zip(name: str, data: bytes) -> None:
    """Refuse a workbook by what its parts say they unpack to, before any of them is unpacked as a whole."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
            if unpacked > MAX_BYTES or unpacked > MAX_RATIO * len(data):
                raise AnswersError(
                    f"{name}: unpacks from {len(data):,} to {unpacked:,} bytes, which no file of answers does. "
                    "Copy the answers to a new workbook, or save them as CSV."
                )
            parts = archive.namelist()
            if "META-INF/manifest.xml" in parts and b"encryption-data" in archive.read("META-INF/manifest.xml"):
                raise _encrypted(name)
            if any(table_cells(archive, part) > MAX_CELLS for part in parts):
                raise AnswersError(
                    f"{name}: a filled cell stands so far from the others that a sheet has more than {MAX_CELLS:,} "
                    "cells. Delete the empty rows and columns, or save the answers as CSV."
                )
    except _ZIP_FAULTS as error:
        raise _damaged(name) from error


def _first_rows(name: str, data: bytes) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield the numbered rows of the first sheet that has any."""
    from python_calamine import CalamineError, PasswordError, SheetTypeEnum, SheetVisibleEnum, load_workbook

    try:
        with load_workbook(io.BytesIO(data)) as workbook:
            sheets = [sheet for sheet in workbook.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
            for sheet in sorted(sheets, key=lambda sheet: sheet.visible != SheetVisibleEnum.Visible):
                rows = workbook.get_sheet_by_name(sheet.name).to_python(skip_empty_area=False)
                if any(cell != "" for row in rows for cell in row):
                    yield from ((n, tuple(map(plain_text, row))) for n, row in enumerate(rows, start=1))
                    return
    except PasswordError as error:
        raise _encrypted(name) from error
    except CalamineError as error:
        raise _damaged(name) from error
    except BaseException as error:
        # A fault inside the reader's native code comes as a PanicException, which is no Exception.
        if type(error).__name__ != "PanicException":
            raise
        raise _damaged(name) from error


def _encrypted(name: str) -> AnswersError:
    return AnswersError(f"{name}: is protected by a password. Open it, save it without one, and try again.")


def _damaged(name: str) -> AnswersError:
    return AnswersError(f"{name}: is damaged, or is no spreadsheet. Open it where it was made and save it as .xlsx.")
