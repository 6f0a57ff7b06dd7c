"""Reads Parquet, a row group at a time, where pyarrow is installed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from evaluator.answers.source import Source
from evaluator.answers.table import CellFault, Record, Table, plain_text
from evaluator.errors import AnswersError
from evaluator.remote import is_url, open_url

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
    return Table(source.name, tuple(name.strip() for name in file.schema_arrow.names), 0, _records(file, stream))


def _records(file: object, stream: BinaryIO) -> Iterator[Record]:
    number = 0
    with stream:
        for batch in file.iter_batches(batch_size=ROWS):  # type: ignore[attr-defined]
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                number += 1
                yield Record(number, tuple(map(_cell, row)))


def _cell(value: object) -> str | CellFault | None:
    if isinstance(value, (list, dict, bytes)):
        return CellFault("a field that should be text holds a list, an object or bytes", str(value))
    return plain_text(value)
