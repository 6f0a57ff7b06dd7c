"""Remembers a person's attempts, so that progress can be shown: one SQLite file in the user's own data folder.

It holds scores, levels and which key points were covered; the words of an answer only where they are asked for. The
file can be read by its owner alone, and what is deleted is overwritten.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evaluator.domain import Coverage, Result, Signature
from evaluator.errors import HistoryError
from evaluator.source_date import source_date

FILE_NAME = "history.sqlite3"
_FORM = 1
"""Version of the tables, kept in the file's ``user_version``."""

_TABLE = """
CREATE TABLE IF NOT EXISTS attempts (
    id INTEGER PRIMARY KEY,
    candidate_id TEXT NOT NULL,
    question_id TEXT NOT NULL,
    made_at TEXT NOT NULL,
    score REAL,
    level INTEGER,
    unscored TEXT,
    coverage TEXT NOT NULL,
    signature TEXT NOT NULL,
    answer TEXT
)
"""
_COLUMNS = "id, candidate_id, question_id, made_at, score, level, unscored, coverage, signature, answer"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One answer that was judged, without its evidence."""

    id: int
    """Number in the file, in the order in which attempts were made."""
    candidate_id: str
    question_id: str
    made_at: str
    """UTC, ISO 8601, to the second."""
    score: float | None
    """0-100, one decimal; None where unscored."""
    level: int | None
    """1-5; None where unscored."""
    unscored: str
    """Reason where there is no level, else empty."""
    coverage: Mapping[str, Coverage]
    """Status of each key point, by its id."""
    signature: str
    """Digest of how it was judged: only attempts with equal ones can be compared."""
    answer: str | None
    """The words themselves; None where they were not kept."""


def data_folder() -> Path:
    """Return the folder of the user's data: ``EVALUATOR_DATA``, or the system's place for it."""
    import platformdirs

    chosen = os.environ.get("EVALUATOR_DATA", "").strip()
    return Path(chosen) if chosen else platformdirs.user_data_path("pharmacy-interview-evaluator", appauthor=False)


def history_path() -> Path:
    """Return the file of attempts, which need not be there."""
    return data_folder() / FILE_NAME


def add_attempt(result: Result, *, keep_answer: bool = False) -> Attempt:
    """Remember a result and return the attempt.

    The answer's words are kept only with ``keep_answer``. The time is now, or ``SOURCE_DATE_EPOCH`` where it is set.

    Raises:
        HistoryError: the file cannot be written or is not a history.
    """
    coverage = {point.id: point.status.value for point in result.points}
    row = (
        result.answer.candidate_id,
        result.question.id if result.question else result.answer.question_id,
        _now(),
        result.score,
        result.level,
        str(result.unscored.reason) if result.unscored else "",
        json.dumps(coverage),
        signature_digest(result.signature),
        result.answer.text.encode("utf-8", "replace").decode() if keep_answer else None,
    )
    with _opened(create=True) as connection:
        names = _COLUMNS.removeprefix("id, ")
        cursor = connection.execute(f"INSERT INTO attempts ({names}) VALUES ({', '.join('?' * len(row))})", row)  # nosec B608  # names of columns are this module's, values are bound
        return _attempt((cursor.lastrowid, *row))


def list_attempts(
    *, candidate_id: str | None = None, question_id: str | None = None, signature: Signature | None = None
) -> tuple[Attempt, ...]:
    """Return attempts, oldest first; all of them where nothing is named.

    Args:
        candidate_id: only those of this person.
        question_id: only those at this question.
        signature: only those that were judged in this way.

    Raises:
        HistoryError: the file cannot be read or is not a history.
    """
    wanted = {
        "candidate_id": candidate_id,
        "question_id": question_id,
        "signature": None if signature is None else signature_digest(signature),
    }
    given = {name: value for name, value in wanted.items() if value is not None}
    where = " AND ".join(f"{name} = ?" for name in given) or "1"
    with _opened() as connection:
        rows = connection.execute(f"SELECT {_COLUMNS} FROM attempts WHERE {where} ORDER BY id", tuple(given.values()))  # nosec B608  # names of columns are this module's, values are bound
        return tuple(_attempt(row) for row in rows)


def delete_candidate(candidate_id: str) -> int:
    """Forget every attempt of one person and return how many there were.

    Raises:
        HistoryError: the file cannot be written or is not a history.
    """
    with _opened() as connection:
        found = connection.execute("DELETE FROM attempts WHERE candidate_id = ?", (candidate_id,)).rowcount
    _compact()
    return int(found)


def clear() -> int:
    """Forget every attempt, remove the file and return how many there were.

    A file that is not a history is left alone.

    Raises:
        HistoryError: the file cannot be removed or is not a history.
    """
    with _opened() as connection:
        found = connection.execute("DELETE FROM attempts").rowcount
    _compact()
    try:
        history_path().unlink(missing_ok=True)
    except OSError as error:
        raise HistoryError(f"{history_path()}: cannot be removed ({error.strerror}). Remove it by hand.") from error
    return int(found)


def signature_digest(signature: Signature) -> str:
    """Return 16 hexadecimal digits that are equal where two results were made in the same way."""
    parts = (signature.tool, signature.model, signature.stance, signature.bank, signature.calibration)
    return hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()[:16]


@contextmanager
def _opened(*, create: bool = False) -> Iterator[sqlite3.Connection]:
    """Open the file for one transaction; where there is none, and none is to be made, stand an empty one in for it."""
    path = history_path()
    with _explained(path):
        if create:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        there = path.exists()
        with closing(sqlite3.connect(path if there else ":memory:", timeout=10)) as connection, connection:
            if there:
                path.chmod(0o600)
            connection.execute("PRAGMA secure_delete = ON")
            form = connection.execute("PRAGMA user_version").fetchone()[0]
            if form > _FORM:
                raise HistoryError(f"{path}: was written by a newer version. Update the tool, or move the file away.")
            if not form:
                if connection.execute("SELECT 1 FROM sqlite_master").fetchone():
                    raise HistoryError(f"{path}: is another program's. Name another folder in EVALUATOR_DATA.")
                connection.execute(_TABLE)
                connection.execute(f"PRAGMA user_version = {_FORM}")
            yield connection


def _compact() -> None:
    """Write the file anew, so that nothing of what was deleted stays in free pages."""
    path = history_path()
    if path.exists():
        with _explained(path), closing(sqlite3.connect(path, timeout=10, isolation_level=None)) as connection:
            connection.execute("VACUUM")


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what can be wrong with the file into an error that says what to do."""
    try:
        yield
    except (sqlite3.Error, ValueError) as error:
        raise HistoryError(f"{path}: cannot be used as a history ({error}). Move it away and try again.") from error
    except OSError as error:
        raise HistoryError(
            f"{path}: cannot be used ({error.strerror}). Name another folder in EVALUATOR_DATA, or use --no-history."
        ) from error


def _now() -> str:
    return (source_date() or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _attempt(row: tuple[Any, ...]) -> Attempt:
    number, candidate_id, question_id, made_at, score, level, unscored, coverage, signature, answer = row
    statuses = {point: Coverage(status) for point, status in json.loads(coverage).items()}
    return Attempt(
        number, candidate_id, question_id, made_at, score, level, unscored or "", statuses, signature, answer
    )
