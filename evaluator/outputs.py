"""Writes results in every form: JSON Lines, flat tables, and report sets with an index and a page a candidate."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Literal

from evaluator.domain import Coverage
from evaluator.errors import EvaluatorError
from evaluator.remote import upload
from evaluator.stored import Results

Audience = Literal["candidate", "recruiter"]

FILE_FORMATS = ("jsonl", "csv", "xlsx", "parquet")
BINARY_FORMATS = ("xlsx", "parquet")
FOLDER_FORMATS = ("html", "md", "pdf")

FLAT_COLUMNS = (
    "candidate_id", "question_id", "score", "level", "unscored", "needs_review", "flags", "covered", "partly", "missed",
    "contradicted", "contributions",
)  # fmt: skip
"""Columns of the flat form, followed by the extra columns of the input."""

MAX_SHEET_ROWS = 1_048_576
"""Rows that a sheet of a workbook can have, the header among them."""

PARQUET_ROWS = 1_000
"""Rows of a row group: some 8 MB."""

_FORMULA_LEAD = re.compile(r"^[\s\u200b\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]")


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


def sample_answers_path() -> Path:
    """Return the file of sample answers that ships with the tool."""
    return Path(__file__).parent / "samples" / "answers.csv"


def write_results(
    results: Results,
    destination: Destination,
    *,
    audience: str = "recruiter",
    with_model_answers: bool = False,
    show_names: str | None = None,
) -> None:
    """Write results in every form of a destination. A file appears under its name only once it is complete."""
    people: Audience = "candidate" if audience == "candidate" else "recruiter"
    if destination.url:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "results"
            _write(file, _filler(results, destination.formats[0]))
            upload(file, destination.url)
        return
    if destination.path is None:
        for piece in _flat_text(results, destination.formats[0]):
            sys.stdout.write(piece)
        return
    if not destination.is_folder:
        _write(destination.path, _filler(results, destination.formats[0]))
        return
    for form in destination.formats:
        if form in FILE_FORMATS:
            _write(destination.path / f"results.{form}", _filler(results, form))
        else:
            for name, page in _pages(results, form, people, with_model_answers, show_names):
                write_file(destination.path / name, page if isinstance(page, bytes) else page.encode())


def page_name(candidate_id: str) -> str:
    """Return a file name for a candidate's page that is safe and unique on every system, without an ending.

    >>> page_name("../Ann O'Neil") != page_name("../ann o'neil")
    True
    """
    readable = re.sub(r"[^a-z0-9]+", "-", candidate_id.lower())[:40].strip("-") or "candidate"
    return f"{readable}-{hashlib.sha256(candidate_id.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def neutral_cell(value: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: an apostrophe goes before a lead such as ``=``.

    >>> neutral_cell("=1+1"), neutral_cell("fine")
    ("'=1+1", 'fine')
    """
    return f"'{value}" if _FORMULA_LEAD.match(value) else value


def flat_rows(results: Results) -> Iterator[list[str | float | int | None]]:
    """Yield the header and one row a result. Text is as it was read; writers make it safe for their form."""
    yield [*FLAT_COLUMNS, *results.extra]
    for result in results:
        points = {status: sum(point.status is status for point in result.points) for status in Coverage}
        yield [
            result.answer.candidate_id,
            result.question.id if result.question else result.answer.question_id,
            result.score,
            result.level,
            str(result.unscored.reason) if result.unscored else "",
            "yes" if result.needs_review else "no",
            "; ".join(f"{flag.kind}:{flag.id}" for flag in result.flags),
            *(points[status] for status in Coverage),
            "; ".join(f"{part.id}:{part.points:.1f}" for part in result.contributions if part.points),
            *(result.answer.extra.get(name, "") for name in results.extra),
        ]


def _flat_text(results: Results, form: str) -> Iterator[str]:
    if form == "jsonl":
        yield from (f"{line}\n" for line in results.lines())
        return
    for row in flat_rows(results):
        buffer = io.StringIO()
        cells = [neutral_cell(cell) if isinstance(cell, str) else "" if cell is None else cell for cell in row]
        csv.writer(buffer, lineterminator="\n").writerow(cells)
        yield buffer.getvalue()


def _filler(results: Results, form: str) -> Callable[[BinaryIO], None]:
    """Return what fills a file with results in one of the flat forms."""
    if form == "xlsx":
        return partial(_fill_workbook, results)
    return partial(_fill_parquet, results) if form == "parquet" else partial(_fill, _flat_text(results, form))


def _fill(pieces: Iterable[str], file: BinaryIO) -> None:
    for piece in pieces:
        file.write(piece.encode())


def _fill_workbook(results: Results, file: BinaryIO) -> None:
    from evaluator.workbook import workbook_bytes

    held = list(results)
    if len(held) >= MAX_SHEET_ROWS:
        raise EvaluatorError(f"A sheet holds {MAX_SHEET_ROWS - 1:,} results and no more. Use --format csv.")
    file.write(workbook_bytes(held, flat_rows(results)))


def _fill_parquet(results: Results, file: BinaryIO) -> None:
    """Write the flat part without the extra columns, and the whole result as JSON in the last column."""
    try:
        import pyarrow
        from pyarrow.parquet import ParquetWriter
    except ImportError as error:
        raise EvaluatorError(
            "--format parquet needs pyarrow. Run: pip install 'pharmacy-interview-evaluator[ray]'"
        ) from error
    kinds = {"score": pyarrow.float64(), "level": pyarrow.int8()}
    kinds |= {str(status): pyarrow.int32() for status in Coverage}
    fields = [(name, kinds.get(name, pyarrow.string())) for name in (*FLAT_COLUMNS, "result")]
    rows = islice(flat_rows(results), 1, None)
    whole = ([*row[: len(FLAT_COLUMNS)], line] for row, line in zip(rows, results.lines(), strict=True))
    with ParquetWriter(file, pyarrow.schema(fields)) as writer:
        while part := list(islice(whole, PARQUET_ROWS)):
            columns = dict(zip((name for name, _ in fields), zip(*part, strict=True), strict=True))
            writer.write_table(pyarrow.table(columns, schema=pyarrow.schema(fields)))


def _pages(
    results: Results, form: str, audience: Audience, with_model_answers: bool, show_names: str | None
) -> Iterator[tuple[str, str | bytes]]:
    """Yield every candidate's page, whose answers alone are in memory, and the index; PDF has no index."""
    from evaluator.report.html import render_candidate_html, render_index_html
    from evaluator.report.markdown import render_index_markdown, render_markdown
    from evaluator.report.pdf import render_pdf

    links = {candidate_id: f"{page_name(candidate_id)}.{form}" for candidate_id in results.candidates}
    for candidate_id, places in results.candidates.items():
        own = list(results.take(places))
        if form == "md":
            yield links[candidate_id], render_markdown(own, audience=audience, with_model_answers=with_model_answers)
            continue
        page = render_candidate_html(
            own, audience=audience, with_model_answers=with_model_answers, title_id=candidate_id
        )
        yield links[candidate_id], render_pdf(page) if form == "pdf" else page
    if form == "pdf":
        return
    render_index = render_index_html if form == "html" else render_index_markdown
    yield f"index.{form}", render_index(list(results), links=links, show_names=show_names)


def write_file(path: Path, content: bytes) -> None:
    """Write a file that appears under its name only once it is complete.

    Raises:
        EvaluatorError: the folder cannot be written, the disk is full, or a folder or link stands in the way.
    """
    if path.is_dir():
        raise EvaluatorError(f"{path} is a folder. Name a file in it.")

    def fill(file: BinaryIO) -> None:
        file.write(content)

    _write(path, fill)


def _write(path: Path, fill: Callable[[BinaryIO], None]) -> None:
    """Write a file under a temporary name beside it and then rename it, so that no half file is ever seen.

    Raises:
        EvaluatorError: the folder cannot be written, the disk is full, or a link stands in the way.
    """
    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_symlink():
            raise EvaluatorError(f"{path} is a link. Remove it, or choose another output.")
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
        with os.fdopen(handle, "wb") as file:
            fill(file)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
        temporary = ""
    except OSError as error:
        raise EvaluatorError(f"{path}: cannot be written ({error.strerror}). Choose another output with -o.") from error
    finally:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
