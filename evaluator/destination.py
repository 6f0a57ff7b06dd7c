"""Says where results go, and in which forms."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from evaluator.errors import EvaluatorError
from evaluator.whole_files import remove_abandoned

FILE_FORMATS = ("jsonl", "csv", "xlsx", "parquet")
BINARY_FORMATS = ("xlsx", "parquet")
FOLDER_FORMATS = ("html", "md", "pdf")


@dataclass(frozen=True, slots=True)
class Destination:
    """Where results go, and in which forms."""

    formats: tuple[str, ...]
    path: Path | None
    """A file, a folder, or None for standard output."""
    is_folder: bool
    url: str = ""
    """Where the file goes in the end, in object storage; then ``path`` is None."""

    @classmethod
    def choose(cls, formats: tuple[str, ...], output: Path | str | None, source: Path) -> Destination:
        """Return where ``formats`` go: ``output``, or standard output for one flat form, or a folder under ``reports``.

        Raises:
            EvaluatorError: a binary form would go to standard output, or a folder is named where a file is needed.
        """
        folder = len(formats) > 1 or formats[0] in FOLDER_FORMATS
        if isinstance(output, str):
            if folder:
                raise EvaluatorError(
                    f"{output}: only a file of one form can be written there. Write a folder, and copy it."
                )
            return cls(formats, None, False, output)
        if output == Path("-"):
            if folder:
                raise EvaluatorError(f"{', '.join(formats)} cannot go to standard output. Name a folder: -o FOLDER")
            output = None
        if output is None and folder:
            return cls(formats, Path("reports") / (source.stem if str(source) != "-" else "stdin"), True)
        if output is None and formats[0] in BINARY_FORMATS:
            raise EvaluatorError(f"--format {formats[0]} needs a file. Add: -o results.{formats[0]}")
        if output is not None and not folder and output.is_dir():
            raise EvaluatorError(f"{output} is a folder. Name a file, such as {output / f'results.{formats[0]}'}")
        if output is not None and folder and output.is_file():
            raise EvaluatorError(f"{output} is a file. {', '.join(formats)} need a folder.")
        return cls(formats, output, folder)

    @property
    def partial_path(self) -> Path | None:
        """Where results are kept until all are there; None where they go to standard output."""
        if self.url:
            return Path(f"{PurePosixPath(self.url).name}.partial")
        if self.path is None:
            return None
        return self.path / "results.partial" if self.is_folder else self.path.with_name(f"{self.path.name}.partial")

    def tidy(self) -> None:
        """Remove what killed runs left half written where this one writes."""
        if self.path is not None:
            remove_abandoned(self.path if self.is_folder else self.path.parent)

    @property
    def description(self) -> str:
        """Say where the results are, for the end of a run."""
        if self.path is None:
            return f"Written to {self.url}" if self.url else ""
        return (
            f"Open {self.path / 'index.html'}"
            if self.is_folder and "html" in self.formats
            else f"Written to {self.path}"
        )
