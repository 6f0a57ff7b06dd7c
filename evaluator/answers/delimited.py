"""Reads CSV record by record, whatever its delimiter, and survives what is wrong in one record."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from evaluator.answers.source import Lines, Source
from evaluator.answers.table import Record, Table
from evaluator.errors import AnswersError

DELIMITERS = (",", ";", "\t")
MAX_FIELD_CHARS = 1_000_000
"""Longest cell that is read."""

TOO_LONG = f"a cell is longer than {MAX_FIELD_CHARS:,} characters"
BAD_QUOTES = "a quotation mark is not closed, or one inside the text is not doubled"
TOO_MANY_CELLS = "the row has more cells than the header: put text that holds the delimiter between quotation marks"


def read_delimited(source: Source, recognised: Callable[[tuple[str, ...]], int]) -> Table:
    """Return the table in a CSV file; its records are read as they are asked for.

    The delimiter is the one under which ``recognised`` knows most columns of the header, then the one that gives most
    columns: a question's text may hold more commas than the header has semicolons.

    Raises:
        AnswersError: the file holds no header, or the header cannot be read.
    """
    lines = Lines(source)
    delimiter = _declared_delimiter(lines) or _likely_delimiter(lines, recognised)
    records = _records(lines, delimiter)
    header = next(records, None)
    if header is None:
        raise AnswersError(f"{source.name}: is empty. Export the answers again.")
    if header.fault:
        place = f"{source.name} row {header.row}"
        raise AnswersError(f"{place}: the header cannot be read: {header.fault}. Export it again.")
    names = tuple(header.text(column).strip().lstrip("\ufeff") for column in range(len(header.cells)))
    return Table(source.name, names, header.row, (_fitted(record, len(names)) for record in records))


def _fitted(record: Record, width: int) -> Record:
    """Move cells beyond the header aside: the text before them was cut, so the record cannot be judged."""
    beyond = [(f"column {n + 1}", record.text(n)) for n in range(width, len(record.cells)) if record.text(n).strip()]
    fault = record.fault or (TOO_MANY_CELLS if beyond else "")
    return Record(record.row, record.cells[:width], fault, tuple(beyond))


def _records(lines: Lines, delimiter: str) -> Iterator[Record]:
    """Yield every record that is not blank, and close the input at the end."""
    try:
        while (record := _next_record(lines, delimiter)) is not None:
            if record.fault or any(cell.strip() for cell in record.cells if isinstance(cell, str)):
                yield record
    finally:
        lines.close()


def _next_record(lines: Lines, delimiter: str) -> Record | None:
    row = lines.mark()
    try:
        with long_fields():
            cells = next(csv.reader(lines, delimiter=delimiter, strict=True), None)
    except csv.Error as error:
        # A quotation mark that nothing closes runs on through the lines until a cell is too long.
        runs_on = len(lines.taken) > 1 and lines.taken[0].count('"') % 2 == 1
        too_long = "limit" in str(error) and not runs_on
        return _faulty_record(lines, row, delimiter, TOO_LONG if too_long else BAD_QUOTES)
    if cells is None:
        return None
    return Record(row, tuple(cells), TOO_LONG if lines.overlong else "")


def _faulty_record(lines: Lines, row: int, delimiter: str, fault: str) -> Record:
    """Return what the first line still gives, and go on behind it.

    A stray quotation mark runs on through the rows after it: they are given back and read on their own.
    """
    first, alone = lines.taken[0], len(lines.taken) == 1
    lines.give_back(after=1)
    if alone and fault == BAD_QUOTES and first.count('"') % 2 == 0:
        # Such as  c1,q1,"Sorry" is what I say  : the quotation marks pair up within one line, so nothing ran on.
        with long_fields():
            return Record(row, tuple(next(csv.reader([first], delimiter=delimiter))))
    before = first.split('"')[0].split(delimiter)[:-1]
    return Record(row, tuple(cell for cell in before if len(cell) <= MAX_FIELD_CHARS), fault)


@contextmanager
def long_fields() -> Iterator[None]:
    """Raise the csv module's limit, which is one for the whole process, while a record is read."""
    before = csv.field_size_limit(MAX_FIELD_CHARS)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _declared_delimiter(lines: Lines) -> str:
    """Take the line ``sep=;`` with which some spreadsheet programs begin a CSV file, and return its delimiter."""
    lines.mark()
    first = next(lines, "").strip("\r\n\"' ")
    if len(first) == len("sep=;") and first.lower().startswith("sep="):
        return first[-1]
    lines.give_back()
    return ""


def _likely_delimiter(lines: Lines, recognised: Callable[[tuple[str, ...]], int]) -> str:
    def fit(delimiter: str) -> tuple[int, int]:
        lines.mark()
        try:
            with long_fields():
                header = next((cells for cells in csv.reader(lines, delimiter=delimiter) if any(cells)), [])
        except csv.Error:
            header = []
        lines.give_back()
        return recognised(tuple(header)), len(header)

    return max(DELIMITERS, key=fit)
