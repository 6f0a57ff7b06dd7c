"""Writes results in every form: JSON Lines, flat tables, and report sets with an index and a page a candidate."""

from __future__ import annotations

import csv
import io
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Literal

from evaluator.destination import FILE_FORMATS, Destination
from evaluator.domain import Coverage
from evaluator.errors import EvaluatorError
from evaluator.neutral_cells import neutral_cell
from evaluator.page_names import page_names
from evaluator.remote import upload
from evaluator.stored import Results
from evaluator.whole_files import fill_file, write_file

Audience = Literal["candidate", "recruiter"]

FLAT_COLUMNS = (
    "candidate_id", "question_id", "score", "level", "unscored", "needs_review", "flags", "covered", "partly", "missed",
    "contradicted", "contributions",
)  # fmt: skip
"""Columns of the flat form, followed by the extra columns of the input."""

MAX_SHEET_ROWS = 1_048_576
"""Rows that a sheet of a workbook can have, the header among them."""

PARQUET_ROWS = 1_000
"""Rows of a row group: some 8 MB."""


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
            fill_file(file, _filler(results, destination.formats[0]))
            upload(file, destination.url)
        return
    if destination.path is None:
        _print(_flat_text(results, destination.formats[0]))
        return
    if not destination.is_folder:
        fill_file(destination.path, _filler(results, destination.formats[0]))
        return
    for form in destination.formats:
        if form in FILE_FORMATS:
            fill_file(destination.path / f"results.{form}", _filler(results, form))
        else:
            for name, page in _pages(results, form, people, with_model_answers, show_names):
                write_file(destination.path / name, page if isinstance(page, bytes) else page.encode())


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


def _print(pieces: Iterable[str]) -> None:
    try:
        for piece in pieces:
            sys.stdout.write(piece)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        # What is left in the buffer would fail again when the interpreter closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise EvaluatorError(
            f"standard output: cannot be written ({error.strerror}). Write to a file with -o."
        ) from error


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

    links = {candidate_id: f"{name}.{form}" for candidate_id, name in page_names(results.candidates).items()}
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
