"""Writes results in every form: JSON Lines, flat tables, and report sets with an index and a page a candidate."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from evaluator.domain import Coverage, Result
from evaluator.errors import EvaluatorError
from evaluator.results import to_json_line

Audience = Literal["candidate", "recruiter"]

FILE_FORMATS = ("jsonl", "csv", "xlsx")
FOLDER_FORMATS = ("html", "md")

FLAT_COLUMNS = (
    "candidate_id", "question_id", "score", "level", "unscored", "needs_review", "flags", "covered", "partly", "missed",
    "contradicted",
)  # fmt: skip
"""Columns of the flat form, followed by the extra columns of the input."""

_EPOCH = datetime(2000, 1, 1)
"""Creation date of every workbook: the same results give the same bytes."""

_FORMULA_LEAD = re.compile(r"^[\s\u200b\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]")


@dataclass(frozen=True, slots=True)
class Destination:
    """Where results go, and in which forms."""

    formats: tuple[str, ...]
    path: Path | None
    """A file, a folder, or None for standard output."""
    is_folder: bool

    @classmethod
    def choose(cls, formats: tuple[str, ...], output: Path | None, source: Path) -> Destination:
        """Return where ``formats`` go: ``output``, or standard output for one flat form, or a folder under ``reports``.

        Raises:
            EvaluatorError: a binary form would go to standard output, or a folder is named where a file is needed.
        """
        folder = len(formats) > 1 or formats[0] in FOLDER_FORMATS
        if output is None and folder:
            return cls(formats, Path("reports") / (source.stem if str(source) != "-" else "stdin"), True)
        if output is None and formats[0] == "xlsx":
            raise EvaluatorError("--format xlsx needs a file. Add: -o results.xlsx")
        if output is not None and not folder and output.is_dir():
            raise EvaluatorError(f"{output} is a folder. Name a file, such as {output / f'results.{formats[0]}'}")
        if output is not None and folder and output.is_file():
            raise EvaluatorError(f"{output} is a file. {', '.join(formats)} need a folder.")
        return cls(formats, output, folder)

    @property
    def description(self) -> str:
        """Say where the results are, for the end of a run."""
        if self.path is None:
            return ""
        return (
            f"Open {self.path / 'index.html'}"
            if self.is_folder and "html" in self.formats
            else f"Written to {self.path}"
        )


def sample_answers_path() -> Path:
    """Return the file of sample answers that ships with the tool."""
    return Path(__file__).parent / "samples" / "answers.csv"


def write_results(
    results: Sequence[Result],
    destination: Destination,
    *,
    audience: str = "recruiter",
    with_model_answers: bool = False,
) -> None:
    """Write results in every form of a destination. A file appears under its name only once it is complete."""
    people: Audience = "candidate" if audience == "candidate" else "recruiter"
    if destination.path is None:
        sys.stdout.write("".join(_flat_text(results, destination.formats[0])))
        return
    if not destination.is_folder:
        write_file(destination.path, _file_content(results, destination.formats[0]))
        return
    for form in destination.formats:
        if form in FILE_FORMATS:
            write_file(destination.path / f"results.{form}", _file_content(results, form))
        else:
            for name, text in _pages(results, form, people, with_model_answers):
                write_file(destination.path / name, text.encode())


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


def flat_rows(results: Iterable[Result]) -> Iterator[list[str | float | int | None]]:
    """Yield the header and one row a result. Text is as it was read; writers make it safe for their form."""
    results = list(results)
    extra = list(dict.fromkeys(name for result in results for name in result.answer.extra))
    yield [*FLAT_COLUMNS, *extra]
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
            *(result.answer.extra.get(name, "") for name in extra),
        ]


def _flat_text(results: Sequence[Result], form: str) -> Iterator[str]:
    if form == "jsonl":
        yield from (f"{to_json_line(result)}\n" for result in results)
        return
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    for row in flat_rows(results):
        writer.writerow([neutral_cell(cell) if isinstance(cell, str) else "" if cell is None else cell for cell in row])
    yield buffer.getvalue()


def _file_content(results: Sequence[Result], form: str) -> bytes:
    if form != "xlsx":
        return "".join(_flat_text(results, form)).encode()
    return _workbook(results)


def _workbook(results: Sequence[Result]) -> bytes:
    import xlsxwriter

    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(buffer, options) as workbook:
        workbook.set_properties({"created": _EPOCH})
        sheet = workbook.add_worksheet("results")
        sheet.freeze_panes(1, 2)
        for number, row in enumerate(flat_rows(results)):
            for column, cell in enumerate(row):
                if isinstance(cell, str):
                    sheet.write_string(number, column, cell[:32_767])
                elif cell is not None:
                    sheet.write_number(number, column, cell)
    return buffer.getvalue()


def _pages(
    results: Sequence[Result], form: str, audience: Audience, with_model_answers: bool
) -> Iterator[tuple[str, str]]:
    """Yield the name and text of the index and of every candidate's page."""
    from evaluator.report.html import render_candidate_html, render_index_html
    from evaluator.report.markdown import render_index_markdown, render_markdown

    ids = list(dict.fromkeys(result.answer.candidate_id for result in results))
    links = {candidate_id: f"{page_name(candidate_id)}.{form}" for candidate_id in ids}
    for candidate_id in ids:
        own = [result for result in results if result.answer.candidate_id == candidate_id]
        if form == "html":
            text = render_candidate_html(
                own, audience=audience, with_model_answers=with_model_answers, title_id=candidate_id
            )
        else:
            text = render_markdown(own, audience=audience, with_model_answers=with_model_answers)
        yield links[candidate_id], text
    yield (
        f"index.{form}",
        render_index_html(results, links=links) if form == "html" else render_index_markdown(results, links=links),
    )


def write_file(path: Path, content: bytes) -> None:
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
            file.write(content)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise EvaluatorError(f"{path}: cannot be written ({error.strerror}). Choose another output with -o.") from error
