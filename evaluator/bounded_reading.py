"""Reads files no further than to a limit, for a file may be anything, and without an end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO, AnyStr

from evaluator.errors import EvaluatorError


def read_bounded(path: Path, most: int, error: type[EvaluatorError], cure: str) -> bytes:
    """Return the content of a file.

    Args:
        path: the file.
        most: bytes that it may have.
        error: raised where it has more.
        cure: what to do then, as a sentence.

    Raises:
        EvaluatorError: it is larger, as ``error``.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise error(f"{path.name}: is larger than {_millions(most)} MB. {cure}")
    return content


def bounded_lines(file: IO[AnyStr], name: str, most: int, error: type[EvaluatorError], cure: str) -> Iterator[AnyStr]:
    """Yield the lines of an open file, with their line ends.

    Args:
        file: where it is read from.
        name: what it is called in an error.
        most: characters, or bytes of a binary file, that a line may have.
        error: raised where it has more.
        cure: what to do then, as a sentence.

    Raises:
        EvaluatorError: a line is longer, as ``error``; names the line.
    """
    number = 0
    while line := file.readline(most + 1):
        number += 1
        if len(line) > most:
            raise error(f"{name} line {number}: is longer than {_millions(most)} million characters. {cure}")
        yield line


def _millions(number: int) -> str:
    return f"{number / 1_000_000:g}"
