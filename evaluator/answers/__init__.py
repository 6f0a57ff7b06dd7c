"""Reads candidates' answers from every input format: CSV, spreadsheets, JSON Lines, Parquet, long or wide."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Literal

from evaluator.answers.columns import Layout, check_header, count_recognised, lay_out
from evaluator.answers.delimited import read_delimited
from evaluator.answers.jsonlines import read_json
from evaluator.answers.parquet import read_parquet
from evaluator.answers.source import Source, open_source
from evaluator.answers.spreadsheet import read_spreadsheet
from evaluator.answers.table import CellFault, Record, Table
from evaluator.bank import match_question
from evaluator.domain import Answer, Bank
from evaluator.errors import AnswersError

__all__ = ["AnswerTable", "read_answers", "read_header"]

NO_ANSWER_CELL = "the row has no answer cell"
NO_ANSWER_FIELD = "the object has no answer"


@dataclass(frozen=True, slots=True)
class AnswerTable:
    """The answers of one file, and how its columns were understood."""

    shape: Literal["long", "wide"]
    """Long: one answer a row. Wide: one person a row, one column a question."""
    answers: Iterator[Answer]
    """In the order of the file, wide rows from left to right; can be walked once. CSV and JSON Lines are read as it is
    walked; an AnswersError in mid-walk means that the file itself stopped being readable."""
    mapping: tuple[tuple[str, str], ...]
    """Wide: header of a column and the id of its question, in the order of the columns. Long: empty."""
    columns: tuple[int, ...]
    """Wide: the places of these columns in the file, from 0; headers may repeat."""
    extra_columns: tuple[str, ...]
    """Columns that are kept with every answer and never judged. For JSON Lines, those of the first 100 objects."""


def read_answers(
    source: Path | str | None,
    bank: Bank,
    *,
    mapping: Mapping[str, str] | None = None,
    stdin: BinaryIO | None = None,
    sheet_with: str = "",
) -> AnswerTable:
    """Return the answers in a file, or those that come on standard input where ``source`` is None. Text is a URL.

    Long form needs the columns ``candidate_id``, ``question_id`` (or ``question``, an id or a text) and ``answer``;
    wide form needs one column whose header is a question's id or text, or nearly its text. ``mapping`` (column, by
    name or by number from 1, to question id) makes a file wide and overrides what its headers say. A row without a
    candidate gets the id ``row-<n>``. An unknown question keeps the name it has in the file. Of a workbook the first sheet is read,
    or the first one that has the column ``sheet_with``.

    ``Answer.row`` is the line on which the record starts in CSV and JSON Lines, the row of a spreadsheet, and the
    number of the element in a JSON array. A fault of one row never raises: it makes an answer with ``unreadable`` set.

    Raises:
        AnswersError: the file as a whole cannot be used; names the file, the row where there is one, and the cure.
    """
    opened = open_source(source, stdin if stdin is not None else sys.stdin.buffer)
    try:
        return _answer_table(opened, bank, mapping or {}, sheet_with)
    except BaseException:
        opened.stream.close()
        raise


def read_header(source: Path, bank: Bank) -> tuple[str, ...]:
    """Return the names of a file's columns, whether or not answers can be found in them; "column 3" for a blank one.

    Raises:
        AnswersError: the file as a whole cannot be read.
    """
    opened = open_source(source, sys.stdin.buffer)
    with opened.stream:
        table = read_table(opened, lambda cells: count_recognised(cells, bank))
        return tuple(table.column_name(column) for column in range(len(table.header)))


def _answer_table(source: Source, bank: Bank, mapping: Mapping[str, str], sheet_with: str) -> AnswerTable:
    table = read_table(source, lambda cells: count_recognised(cells, bank), sheet_with)
    layout = lay_out(table, bank, mapping)
    first = next(table.records, None)
    if first is None:
        raise AnswersError(f"{table.name}: has a header and no rows under it. Add answers, or export it again.")
    check_header(table, layout, bank, first)
    records = chain([first], table.records)
    extra_columns = tuple(name for column, name in layout.extra if table.header[column])
    if layout.shape == "long":
        return AnswerTable("long", _long_answers(table, records, layout, bank), (), (), extra_columns)
    pairs = tuple((table.column_name(column), question_id) for column, question_id in layout.questions)
    places = tuple(column for column, _ in layout.questions)
    return AnswerTable("wide", _wide_answers(table, records, layout, bank), pairs, places, extra_columns)


def read_table(source: Source, recognised: Callable[[tuple[str, ...]], int], sheet_with: str = "") -> Table:
    """Return the table in a file of any kind.

    Args:
        source: the file, opened.
        recognised: how many cells of a line could be headers, to tell delimiters and header lines apart.
        sheet_with: a column by which the sheet of a workbook is chosen.
    """
    if source.kind == "spreadsheet":
        return read_spreadsheet(source, sheet_with)
    if source.kind == "parquet":
        return read_parquet(source)
    if source.kind == "json":
        return read_json(source)
    return read_delimited(source, recognised)


def _long_answers(table: Table, records: Iterable[Record], layout: Layout, bank: Bank) -> Iterator[Answer]:
    question_id = lru_cache(maxsize=1024)(lambda name: _question_id(bank, name))
    for record in records:
        absent = NO_ANSWER_FIELD if table.keyed else NO_ANSWER_CELL
        named = next((name for column in layout.named_in if (name := record.text(column).strip())), "")
        ids = [layout.candidate, *layout.named_in]
        yield Answer(
            candidate_id=_candidate_id(record, layout),
            question_id=question_id(named) if named else "",
            text=record.text(layout.answer),
            row=record.row,
            unreadable=record.fault or record.cell_fault(layout.answer, absent=absent) or _id_fault(record, ids),
            extra=_extra(table, record, layout),
        )


def _wide_answers(table: Table, records: Iterable[Record], layout: Layout, bank: Bank) -> Iterator[Answer]:
    # A person of a JSON file may leave out the questions she did not answer; a row of a table has a cell for each.
    absent = "" if table.keyed else NO_ANSWER_CELL
    asked = {question_id for _, question_id in layout.questions}
    for record in records:
        late = {
            name: question.id
            for name, _ in (record.surplus if table.keyed else ())
            if (question := match_question(bank, name)) is not None and question.id not in asked
        }
        candidate_id, extra = _candidate_id(record, layout), _extra(table, record, layout, late)
        row_fault = record.fault or _id_fault(record, [layout.candidate])
        for column, question_id in layout.questions:
            fault = row_fault or record.cell_fault(column, absent=absent)
            yield Answer(candidate_id, question_id, record.text(column), record.row, fault, extra)
        for name, cell in record.surplus:
            if name in late:
                text, fault = ("", cell.reason) if isinstance(cell, CellFault) else (cell, "")
                yield Answer(candidate_id, late[name], text, record.row, row_fault or fault, extra)


def _candidate_id(record: Record, layout: Layout) -> str:
    return record.text(layout.candidate).strip() or f"row-{record.row}"


def _question_id(bank: Bank, name: str) -> str:
    question = match_question(bank, name)
    return question.id if question else name


def _id_fault(record: Record, columns: Iterable[int | None]) -> str:
    return next((fault for column in columns if (fault := record.cell_fault(column))), "")


def _extra(table: Table, record: Record, layout: Layout, answered: Collection[str] = ()) -> dict[str, str]:
    # A column without a header is mostly a trailing delimiter: it is kept where it holds something.
    kept = ((column, name) for column, name in layout.extra if table.header[column] or record.text(column))
    surplus = (pair for pair in record.surplus if pair[0] not in answered)
    cells = [*((name, record.cell(column)) for column, name in kept), *surplus]
    return {name: cell.text if isinstance(cell, CellFault) else cell for name, cell in cells if cell is not None}
