"""A recruiter's batch: an uploaded file in a private folder, its columns, its scoring, and its reports."""

from __future__ import annotations

import asyncio
import re
import secrets
import shutil
import tempfile
import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Literal

from evaluator.answers import read_answers, read_header
from evaluator.destination import Destination
from evaluator.domain import Answer, Bank, Result
from evaluator.duplicates import mark_duplicates
from evaluator.engine import Engine
from evaluator.errors import AnswersError, EvaluatorError
from evaluator.outputs import write_results
from evaluator.stored import HeldResults
from evaluator.web.worker import Worker

MAX_ANSWERS = 5_000
"""Answers in one batch of the page; the command line has no such limit."""

PIECE = 8
"""Answers scored before somebody else has a turn: a second or two."""

FORMATS = ("jsonl", "csv", "xlsx", "html", "md")
ARCHIVE = "reports.zip"

State = Literal["uploaded", "scoring", "done", "failed"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of an uploaded file."""

    key: str
    """What ``read_answers`` finds it by: its header, or its number from 1 where the header is blank or not the only one."""
    name: str
    question_id: str
    """Question that its answers are to; empty where it holds none."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file was understood."""

    shape: str
    """``long`` or ``wide``; empty where neither could be made out."""
    columns: tuple[Column, ...]
    answers: tuple[Answer, ...]
    problem: str = ""
    """Why it cannot be scored as it is, and what to do; empty where it can."""

    @property
    def candidates(self) -> int:
        """How many people answered."""
        return len({answer.candidate_id for answer in self.answers})

    @property
    def questions(self) -> tuple[tuple[str, int], ...]:
        """Questions as the file names them, with the number of answers, in the order of the file."""
        return tuple(Counter(answer.question_id for answer in self.answers).items())


def safe_name(name: str) -> str:
    """Return a file name that keeps its ending and is harmless in any folder.

    >>> safe_name("../../Übung mai.XLSX"), safe_name("")
    ('Übung mai.XLSX', 'answers')
    """
    last = re.split(r"[/\\]", name)[-1]
    return re.sub(r"[^\w. ()-]", "_", last).strip(". ")[-80:] or "answers"


@dataclass(slots=True, eq=False)
class Batch:
    """One uploaded file, from upload to reports."""

    name: str
    """The file's name, safe to use in a folder."""
    folder: Path
    """Private folder that holds the upload, then the reports; gone after ``delete``."""
    id: str = field(default_factory=lambda: secrets.token_urlsafe(9))
    state: State = "uploaded"
    reading: Reading | None = None
    done: int = 0
    """Answers scored."""
    problem: str = ""
    """Why it failed."""
    results: list[Result] = field(default_factory=list)
    files: dict[str, Path] = field(default_factory=dict)
    """What can be looked at or downloaded, by name."""
    task: asyncio.Task[None] | None = None
    deleted: bool = False

    @classmethod
    def create(cls, name: str, content: bytes) -> Batch:
        """Put an upload into a new folder that only this user may read."""
        folder = Path(tempfile.mkdtemp(prefix="evaluator-"))
        batch = cls(safe_name(name), folder)
        batch.upload.write_bytes(content)
        return batch

    @property
    def upload(self) -> Path:
        """Where the uploaded file is until it has been scored."""
        return self.folder / self.name

    @property
    def total(self) -> int:
        """Answers to score."""
        return len(self.reading.answers) if self.reading else 0

    def read(self, bank: Bank, chosen: Mapping[str, str] | None = None) -> Reading:
        """Read the upload: columns and answers. Blocks; call it in a thread.

        Args:
            bank: the questions.
            chosen: column key to question id, or to "" for a column that holds no answers; None to go by headers.
        """
        mapping = {key: question_id for key, question_id in (chosen or {}).items() if question_id}
        try:
            header = read_header(self.upload, bank)
        except AnswersError as error:
            return Reading("", (), (), str(error))
        keys = _column_keys(header)
        try:
            table = read_answers(self.upload, bank, mapping=mapping)
            asked = zip(table.columns, table.mapping, strict=True)
            found = {keys[place]: question_id for place, (_, question_id) in asked}
            left_out = {question_id for key, question_id in found.items() if (chosen or {}).get(key) == ""}
            wanted = (answer for answer in table.answers if answer.question_id not in left_out)
            kept = tuple(islice(wanted, MAX_ANSWERS + 1))
        except AnswersError as error:
            columns = tuple(Column(key, name, mapping.get(key, "")) for key, name in zip(keys, header, strict=True))
            return Reading("", columns, (), _without_options(str(error)))
        columns = tuple(
            Column(key, name, "" if found.get(key, "") in left_out else found.get(key, ""))
            for key, name in zip(keys, header, strict=True)
        )
        return Reading(table.shape, columns, kept, _size_problem(kept))

    async def score(self, engine: Engine, worker: Worker) -> None:
        """Score the answers a few at a time, so that others have their turns, and write the reports."""
        assert self.reading is not None
        try:
            results: list[Result] = []
            answers = iter(self.reading.answers)
            while piece := list(islice(answers, PIECE)):
                results += await worker.run(partial(_evaluate, engine, piece), patient=True)
                self.done = len(results)
            self.results = await asyncio.to_thread(mark_duplicates, results)
            self.files = await asyncio.to_thread(self._write_reports)
            self.state = "done"
        except EvaluatorError as error:
            self.state, self.problem = "failed", str(error)
        except Exception:
            # The message of an unforeseen error may quote an answer: nobody is shown it, and nothing logs it.
            self.state, self.problem = "failed", "Scoring stopped because of a fault of the program."
        finally:
            self.upload.unlink(missing_ok=True)

    def delete(self) -> None:
        """Stop scoring and remove every file."""
        self.deleted = True
        if self.task is not None:
            self.task.cancel()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _write_reports(self) -> dict[str, Path]:
        try:
            return write_reports(self.results, self.folder)
        finally:
            if self.deleted:  # while they were being written
                shutil.rmtree(self.folder, ignore_errors=True)


def write_reports(results: Sequence[Result], folder: Path) -> dict[str, Path]:
    """Write the report set and an archive of it; return the files by name. Blocks; call it in a thread."""
    reports = folder / ".reports"  # no upload is called so: see safe_name
    write_results(HeldResults(results), Destination(FORMATS, reports, True), audience="recruiter")
    files = {path.relative_to(reports).as_posix(): path for path in sorted(reports.rglob("*")) if path.is_file()}
    archive = folder / ARCHIVE
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, path in files.items():
            # A fixed date: the same results give the same bytes.
            entry = zipfile.ZipInfo(f"reports/{name}", (2000, 1, 1, 0, 0, 0))
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            packed.writestr(entry, path.read_bytes())
    return {**files, ARCHIVE: archive}


def _evaluate(engine: Engine, answers: Sequence[Answer]) -> list[Result]:
    return list(engine.evaluate(answers))


def _column_keys(header: Sequence[str]) -> list[str]:
    times = Counter(name.casefold() for name in header)
    alone = {name for name in header if times[name.casefold()] == 1}
    return [name if name in alone and name != f"column {i}" else str(i) for i, name in enumerate(header, start=1)]


def _size_problem(answers: Sequence[Answer]) -> str:
    if len(answers) > MAX_ANSWERS:
        return f"This file has more than {MAX_ANSWERS:,} answers. Split it, or use the command: evaluator score"
    return "" if answers else "No column holds answers. Choose a question for at least one column."


def _without_options(message: str) -> str:
    """Return an error of the reader in the words of the page, where columns are chosen and no option is typed."""
    cure = r" (?:Rename the columns, or say which is which|Keep one|Give --map the number): (?:--map )?\S+"
    return re.sub(cure, " Choose the columns below.", message).replace("--map gives", "the choice gives")
