"""Reads Parquet, a row group at a time, where pyarrow is installed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from evaluator.answers.source import Source
from evaluator.answers.table import CellFault, Record, Table, plain_text
from evaluator.errors import AnswersError
from evaluator.remote import is_url, open_url

if TYPE_CHECKING:
    from pyarrow import Array, RecordBatch
    from pyarrow.parquet import ParquetFile

ROWS = 1_000
"""Rows that are taken from a row group at once."""


def read_parquet(source: Source) -> Table:
    """Return the table in a Parquet file; its rows are read as they are asked for.

    Raises:
        AnswersError: pyarrow is not installed, the file is not Parquet, or it came without a name.
    """
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise AnswersError(
            f"{source.name}: Parquet needs pyarrow. Run: pip install 'pharmacy-interview-evaluator[ray]'"
        ) from error
    source.stream.close()
    place = source.place
    if place is None:
        raise AnswersError(f"{source.name}: Parquet cannot be read from a stream. Give the file.")
    stream = open_url(place) if is_url(place) else open(place, "rb")  # noqa: PTH123, SIM115 - closed by _records
    try:
        file = ParquetFile(stream)
    except (ArrowException, OSError) as error:
        stream.close()
        raise AnswersError(f"{source.name}: is damaged, or not Parquet. Write it again.") from error
    names = tuple(name.strip() for name in file.schema_arrow.names)
    return Table(source.name, names, 0, _records(file, stream, source.name))


def _records(file: ParquetFile, stream: BinaryIO, name: str) -> Iterator[Record]:
    number = 0
    with stream:
        batches = file.iter_batches(batch_size=ROWS)
        while (batch := _next_batch(batches, name)) is not None:
            for row in zip(*map(_values, batch.columns), strict=True):
                number += 1
                yield Record(number, tuple(map(_cell, row)))


def _next_batch(batches: Iterator[RecordBatch], name: str) -> RecordBatch | None:
    """Return the next rows, or None at the end; a page that is damaged is an error of the file."""
    from pyarrow import ArrowException

    try:
        return next(batches, None)
    except (ArrowException, OSError) as error:
        raise AnswersError(f"{name}: reading stopped at a damaged page. Write the file again.") from error


def _values(column: Array) -> list[object]:
    """Return a column as Python objects; text that is not UTF-8 stays readable."""
    try:
        return list(column.to_pylist())
    except UnicodeDecodeError:
        raw = column.cast("binary").to_pylist()
        return [None if value is None else value.decode("utf-8", "replace") for value in raw]


def _cell(value: object) -> str | CellFault | None:
    if isinstance(value, (list, dict, bytes)):
        return CellFault("a field that should be text holds a list, an object or bytes", str(value))
    return plain_text(value)
