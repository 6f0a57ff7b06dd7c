"""What every input format is turned into first: a header and records of cells."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CellFault:
    """A cell that holds something other than text."""

    reason: str
    """What it holds, for the reader."""
    text: str
    """What stood there, written as JSON: kept where nobody needs to judge it."""


Cell = str | CellFault


@dataclass(frozen=True, slots=True)
class Record:
    """One row, line or object."""

    row: int
    """Where the user finds it, from 1."""
    cells: tuple[Cell | None, ...]
    """One a column of the header, None where the record has no such cell; fewer where the record ends early."""
    fault: str = ""
    """Why the record as a whole cannot be read, empty where it can."""
    surplus: tuple[tuple[str, Cell], ...] = ()
    """Cells that no column of the header stands for, with a name."""

    def cell(self, column: int | None) -> Cell | None:
        """Return the cell of that column, or None where there is none."""
        return self.cells[column] if column is not None and column < len(self.cells) else None

    def text(self, column: int | None) -> str:
        """Return the text of that column's cell, or '' where there is none."""
        cell = self.cell(column)
        return cell if isinstance(cell, str) else ""

    def cell_fault(self, column: int | None, absent: str = "") -> str:
        """Return why that cell cannot be read, ``absent`` where there is no such cell, '' where nothing is wrong."""
        cell = self.cell(column)
        if cell is None:
            return absent
        return cell.reason if isinstance(cell, CellFault) else ""


@dataclass(frozen=True, slots=True)
class Table:
    """A header and its records."""

    name: str
    """The file's name, for messages."""
    header: tuple[str, ...]
    header_row: int
    """Where the user finds the header, from 1; 0 where the names stand in the records, as in JSON."""
    records: Iterator[Record]
    keyed: bool = False
    """Whether every record names its cells, as a JSON object does, rather than lining them up under the header."""

    def column_name(self, column: int) -> str:
        """Return a column's header, or its number where it has none."""
        return self.header[column] or f"column {column + 1}"

    @property
    def header_place(self) -> str:
        """Where the header stands, for the beginning of a message."""
        return f"{self.name} row {self.header_row}" if self.header_row else self.name


def plain_text(value: object) -> str:
    """Return a number or truth value as a person would type it, and '' for None.

    >>> plain_text(3.0), plain_text(2.5), plain_text(True), plain_text(None)
    ('3', '2.5', 'true', '')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        # Above 2**53 a float no longer stands for one integer: writing its digits out would invent some.
        return str(int(value)) if math.isfinite(value) and value.is_integer() and abs(value) <= 2**53 else repr(value)
    return str(value)
