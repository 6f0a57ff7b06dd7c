"""Measures the tables of a workbook without building them.

A spreadsheet reader lays a sheet out as a full rectangle, so one stray cell in the last row and column makes it ask for
hundreds of gigabytes and takes the process down. This walk over the XML finds the rectangle's size first.
"""

from __future__ import annotations

import re
import zipfile
from xml.parsers import expat

MAX_CELLS = 10_000_000
"""Largest sheet that is read: ten thousand people with a thousand columns, about 300 MB in memory."""

_REFERENCE = re.compile(r"([A-Z]+)([0-9]+)")


def table_cells(archive: zipfile.ZipFile, part: str) -> int:
    """Return how many cells the largest table of a part has, from the first cell to the last filled one; 0 for others.

    Raises:
        ValueError: the part is not well-formed XML.
    """
    if part == "content.xml":
        walk: _Walk = _OdsWalk()
    elif part.endswith(".xml") and "worksheets/" in part:
        walk = _XlsxWalk()
    else:
        return 0
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda name, attributes: walk.start(name.rpartition(":")[2], attributes)
    try:
        with archive.open(part) as stream:
            parser.ParseFile(stream)
    except expat.ExpatError as error:
        raise ValueError(f"{part}: {error}") from error
    return walk.largest


class _Walk:
    """Where a walk over cells stands, and how large a rectangle it needed."""

    def __init__(self) -> None:
        self.row = self.column = 0
        """Last row and column of the cell that was met last, from 1."""
        self.rows = self.columns = self.largest = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take note of an element that begins."""
        raise NotImplementedError

    def fill(self) -> None:
        """Take note that the cell met last holds something."""
        self.rows, self.columns = max(self.rows, self.row), max(self.columns, self.column)
        self.largest = max(self.largest, self.rows * self.columns)


class _XlsxWalk(_Walk):
    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "row":
            self.row = int(attributes.get("r", self.row + 1))
            self.column = 0
        elif name == "c":
            reference = _REFERENCE.fullmatch(attributes.get("r", ""))
            if reference:
                self.column, self.row = _column_number(reference[1]), int(reference[2])
            else:
                self.column += 1
        elif name in ("v", "is", "f"):
            self.fill()


class _OdsWalk(_Walk):
    def __init__(self) -> None:
        super().__init__()
        self._repeated = 1

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "table":
            self.row = self.column = self.rows = self.columns = 0
        elif name == "table-row":
            self._repeated = _count(attributes, "number-rows-repeated")
            self.row += self._repeated
            self.column = 0
        elif name in ("table-cell", "covered-table-cell"):
            self.column += _count(attributes, "number-columns-repeated")
            if any(key.endswith(("value-type", "formula")) for key in attributes):
                self.fill()
        elif name == "p":
            self.fill()


def _count(attributes: dict[str, str], name: str) -> int:
    return next((int(value) for key, value in attributes.items() if key.rpartition(":")[2] == name), 1)


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number
