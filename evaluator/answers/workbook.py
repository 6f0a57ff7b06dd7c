"""Reads a workbook from standard input and writes its rows to standard output: a program of its own.

The reader is native code that lays a sheet out as a full rectangle and believes the sizes a file states. One stray cell
in the last row and column, or one wrong byte, makes it ask for hundreds of gigabytes, and then it ends the process. So
it gets a process that may end, with a limit on its memory; ``spreadsheet.py`` starts it.
"""

from __future__ import annotations

import io
import json
import sys

MAX_MEMORY = 1 << 30
"""Bytes of address space the reader may take: one of 190 MB unpacked took 0.8 GB. No limit on Windows."""

EXIT_PASSWORD = 3
"""Exit code for an encrypted workbook; any other than this and 0 means that the reader refused it or broke down."""

Row = tuple[int, list[object]]


def first_rows(data: bytes, column: str = "") -> list[Row]:
    """Return the rows that hold something, with their numbers, of the first sheet that has any, visible ones first.

    Where ``column`` is given, a sheet with that name among the cells of its first row comes before those without.
    """
    from python_calamine import SheetTypeEnum, SheetVisibleEnum, load_workbook

    with load_workbook(io.BytesIO(data)) as workbook:
        sheets = [sheet for sheet in workbook.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
        first: list[Row] = []
        for sheet in sorted(sheets, key=lambda sheet: sheet.visible != SheetVisibleEnum.Visible):
            numbered = enumerate(workbook.get_sheet_by_name(sheet.name).iter_rows(), start=1)
            rows: list[Row] = [(n, list(cells)) for n, cells in numbered if any(str(cell).strip() for cell in cells)]
            if rows and (not column or column in rows[0][1]):
                return rows
            first = first or rows
    return first


def main() -> int:
    """Read, write one JSON array of rows, and return an exit code."""
    _limit_memory()
    from python_calamine import PasswordError

    try:
        rows = first_rows(sys.stdin.buffer.read(), *sys.argv[1:2])
    except PasswordError:
        return EXIT_PASSWORD
    sys.stdout.buffer.write(json.dumps(rows, default=str).encode())
    return 0


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:
        return
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    soft = MAX_MEMORY if most == resource.RLIM_INFINITY else min(MAX_MEMORY, most)
    resource.setrlimit(resource.RLIMIT_AS, (soft, most))


if __name__ == "__main__":
    sys.exit(main())
