"""Writes results in every form: JSON Lines, flat tables, and report sets with an index and a page a candidate."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
import sys
import tempfile
from collections import Counter
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
from evaluator.whole_files import fill_file, remove_abandoned
from evaluator.whole_files import write_file as write_file

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

SHORT_DIGEST, WHOLE_DIGEST = 8, 64
"""Digits of sha256 in the name of a page: few to read, and all where two candidates of a batch share those few."""

PARQUET_ROWS = 1_000
"""Rows of a row group: some 8 MB."""

_UNSEEN = r"\s\x00-\x1f\x7f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
_FORMULA_LEAD = re.compile(
    rf"(?:^|(?<![;{_UNSEEN}]))([;{_UNSEEN}]*+)[=+\-@\uff1d\uff0b\uff0d\uff20\ufe62\ufe63\ufe66\ufe6b\u2212]"
)
"""A sign that begins a formula, with what cannot be seen before it. A run is tried from its start only."""
_CELL_END = re.compile(r"[;\t\r\n]")
"""Where a program that divides at semicolons or tabs begins a cell, whatever our quotation marks say."""


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


def page_name(candidate_id: str) -> str:
    """Return a file name for a candidate's page that is safe and unique on every system, without an ending.

    >>> page_name("../Ann O'Neil") != page_name("../ann o'neil")
    True
    """
    return _page_name(candidate_id, SHORT_DIGEST)


def page_names(candidate_ids: Iterable[str]) -> dict[str, str]:
    """Return the page name of each candidate of a batch: those of whom two would share one get a longer name.

    >>> page_names(["a", "A"])
    {'a': 'a-ca978112', 'A': 'a-559aead0'}
    """
    short = {candidate_id: page_name(candidate_id) for candidate_id in candidate_ids}
    shared = {name for name, number in Counter(short.values()).items() if number > 1}
    return {who: _page_name(who, WHOLE_DIGEST) if name in shared else name for who, name in short.items()}


def page_files(folder: Path, candidate_id: str) -> list[Path]:
    """Return the pages of a candidate in a folder, whatever length of name they have."""
    names = [_page_name(candidate_id, digits) for digits in (SHORT_DIGEST, WHOLE_DIGEST)]
    paths = (folder / f"{name}.{form}" for name in names for form in FOLDER_FORMATS)
    return [path for path in paths if path.is_file()]


def _page_name(candidate_id: str, digits: int) -> str:
    readable = re.sub(r"[^a-z0-9]+", "-", candidate_id.lower())[:40].strip("-") or "candidate"
    return f"{readable}-{hashlib.sha256(candidate_id.encode('utf-8', 'surrogatepass')).hexdigest()[:digits]}"


def neutral_cell(value: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: an apostrophe goes before a lead such as ``=``.

    It also goes behind a semicolon, tab or line break inside the cell, where some programs begin a cell of their own.

    >>> neutral_cell("=1+1"), neutral_cell("fine"), neutral_cell("so; -1")
    ("'=1+1", 'fine', "so;' -1")
    """
    neutral = _FORMULA_LEAD.sub(_with_apostrophe, value)
    return f"'{neutral}" if neutral[:1] in {"\t", "\r", "\n"} else neutral


def _with_apostrophe(match: re.Match[str]) -> str:
    found = match.group()
    end = max((mark.end() for mark in _CELL_END.finditer(match.group(1))), default=0)
    inside = f"{found[:end]}'{found[end:]}" if end else found
    return f"'{inside}" if match.start() == 0 else inside


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
