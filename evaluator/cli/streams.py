"""``-`` for standard input and standard output, wherever a command reads or writes one file."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import click


class InputFile(click.ParamType[Path]):
    """A file to read. Standard input is put into a private folder first, and is gone when the command ends."""

    name = "file"

    def convert(self, value: str | Path, _parameter: click.Parameter | None, context: click.Context | None) -> Path:
        """Return the file, or where standard input was put."""
        if str(value) != "-" or context is None:
            return Path(value)
        folder = context.with_resource(TemporaryDirectory(prefix="evaluator-"))
        path = Path(folder) / "stdin"
        with path.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        return path


class OutputFile(click.ParamType[Path | None]):
    """A file to write; None for standard output."""

    name = "file"

    def convert(
        self, value: str | Path, _parameter: click.Parameter | None, _context: click.Context | None
    ) -> Path | None:
        """Return the file, or None."""
        return None if str(value) == "-" else Path(value)
