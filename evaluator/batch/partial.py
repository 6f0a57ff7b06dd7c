"""The partial file of a batch: results as they come, in a file beside the target, so that a run that stopped can go on.

It is JSON Lines: a head that says what is being scored with what, a line a result, and a foot once every answer is
scored. Results are added a chunk at a time, and only whole chunks count: a chunk whose writing was cut off is scored
again, with the very neighbours it had, so that the results are the same to the byte.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from evaluator.batch.local import Scored
from evaluator.domain import Answer, Signature
from evaluator.engine import CHUNK
from evaluator.errors import BatchError

SCHEMA = "evaluator-partial/1"
"""Name and version of the form of a partial file."""

HEAD_LINES = 1
"""Lines before the first result."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What must be the same for a run to go on where another one stopped."""

    inputs: tuple[str, ...]
    """sha256 of each input file in hexadecimal, '' for a stream, which is compared answer by answer."""
    mapping: Mapping[str, str]
    """Which column answers which question, where the user says so."""
    signature: Signature
    chunk: int = field(default=CHUNK)

    def difference(self, other: Mapping[str, Any]) -> str:
        """Return in what a head differs from this, in words, or ''."""
        own = json.loads(json.dumps(asdict(self)))
        theirs = other.get("signature") or {}
        for name, words in (
            ("tool", "another version of the tool"),
            ("bank", "another bank, or another state of it"),
            ("model", "another --model"),
            ("stance", "another judge"),
            ("calibration", "another calibration"),
        ):
            if theirs.get(name) != own["signature"][name]:
                return words
        if other.get("inputs") != own["inputs"]:
            return "other answers: a file was changed, or others were given"
        if other.get("mapping") != own["mapping"]:
            return "another --map"
        return "" if other.get("chunk") == own["chunk"] else "another version of the tool"


def file_digest(path: Path | str) -> str:
    """Return the sha256 of a file, or '' for a URL and for what is no regular file and can be read once only.

    Raises:
        BatchError: the file cannot be read.
    """
    try:
        if isinstance(path, str) or not path.is_file():
            return ""
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BatchError(f"{path}: cannot be read ({error.strerror}). Copy the file and try again.") from error


class PartialResults:
    """The partial file of one run. Nobody else writes to it meanwhile."""

    def __init__(self, path: Path, identity: Identity, *, resume: bool) -> None:
        """Open the file, or go on with the one that is there.

        Raises:
            BatchError: another run writes to it; or there is one already and ``resume`` is not asked for; or it was
                begun with something else than ``identity``; or it cannot be written.
        """
        self.path = path
        self.done = 0
        """Results in the file."""
        self.complete = False
        """Whether every answer is scored."""
        self._identity = identity
        self._resumed = 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.is_symlink():
                raise BatchError(f"{path} is a link. Remove it, or choose another output.")
            flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
            self._file: BinaryIO = os.fdopen(os.open(path, flags, 0o600), "r+b")
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            _lock(self._file, path)
            self._open(resume)
        except BaseException:
            self._close()
            raise

    def __enter__(self) -> PartialResults:
        """Return itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Close the file, and remove it where it holds no result: nothing is lost with it."""
        if kind is not None and self.path.exists():
            self.settle()
        if self.done == 0:
            self.remove()
        self._close()

    def settle(self) -> None:
        """Count what is in the file, after a stop that may have come in the middle of adding to it.

        Where the disk is full, what could not be written is given up: it is scored again.
        """
        try:
            self._file.seek(0)
        except OSError:
            self._close()
            self._file = self.path.open("r+b")
            _lock(self._file, self.path)
        self._file.readline()
        self._keep_whole_chunks()

    def unscored_yet(self, answers: Iterator[Answer]) -> Iterator[Answer]:
        """Return the answers that are not scored yet: those behind the ones in the file, which must be the same.

        Raises:
            BatchError: the answers are not those that the results in the file are of.
        """
        self._file.seek(0)
        for line in islice(self._file, HEAD_LINES, HEAD_LINES + self._resumed):
            record, answer = json.loads(line), next(answers, None)
            known = (record["candidate_id"], record["answer"], record["row"], record["extra"])
            if answer is None or known != _as_written(answer):
                raise self._begun_with("other answers: the input was changed")
        self._file.seek(0, os.SEEK_END)
        if self.complete and next(answers, None) is not None:
            raise self._begun_with("other answers: the input was changed")
        return answers

    def append(self, chunk: Scored) -> None:
        """Add the results of a chunk, and see to it that they outlive this process.

        Raises:
            BatchError: the disk is full, or not there any more.
        """
        self._write("".join(f"{line}\n" for line in chunk))
        self.done += len(chunk)

    def finish(self) -> None:
        """Note that every answer is scored."""
        if not self.complete:
            self._write(_json({"complete": self.done}))
            self.complete = True

    def remove(self) -> None:
        """Remove the file: the results stand elsewhere now."""
        if os.name == "nt":
            self._file.close()  # which cannot remove an open file
        self.path.unlink(missing_ok=True)

    def _close(self) -> None:
        with suppress(OSError):  # what was in the buffer of a full disk
            self._file.close()

    def _open(self, resume: bool) -> None:
        head = self._file.readline()
        if not head.endswith(b"\n"):
            self._begin()
            return
        try:
            found = json.loads(head)
        except ValueError:
            found = None
        if not isinstance(found, dict) or found.get("schema") != SCHEMA:
            raise BatchError(f"{self.path}: is there already, and no partial file of this version. Move it away.")
        if not resume:
            raise BatchError(
                f"{self.path}: an earlier run stopped before it was done. Add --resume to go on with it, or delete the "
                "file to begin anew."
            )
        if difference := self._identity.difference(found):
            raise self._begun_with(difference)
        self._keep_whole_chunks()

    def _begin(self) -> None:
        self._file.seek(0)
        self._file.truncate()
        self._write(_json({"schema": SCHEMA, **asdict(self._identity)}))

    def _keep_whole_chunks(self) -> None:
        """Count what is there, and cut off the chunk whose writing was cut off."""
        end = kept = self._file.tell()
        lines = self.done = 0
        for number, line in enumerate(self._file, start=1):
            if not line.endswith(b"\n"):
                break
            if line == _json({"complete": lines}).encode():
                self.complete, self.done, kept = True, lines, end + len(line)
                break
            if not line.startswith(b"{"):
                break  # a disk that lost its power can leave a stretch of zeros
            end += len(line)
            lines = number
            if lines % CHUNK == 0:
                self.done, kept = lines, end
        self._resumed = self.done
        self._file.seek(kept)
        self._file.truncate()

    def _write(self, text: str) -> None:
        try:
            self._file.write(text.encode())
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise self._unwritable(error) from error

    def _begun_with(self, difference: str) -> BatchError:
        return BatchError(
            f"{self.path}: was begun with {difference}. Give what it was begun with, or delete the file to begin anew."
        )

    def _unwritable(self, error: OSError) -> BatchError:
        return BatchError(f"{self.path}: cannot be written ({error.strerror}). Choose another output with -o.")


def _as_written(answer: Answer) -> tuple[str, str, int, Mapping[str, str]]:
    return answer.candidate_id, answer.text, answer.row, dict(answer.extra)


def _json(value: Mapping[str, Any] | Sequence[Any]) -> str:
    return json.dumps(value, ensure_ascii=False) + "\n"


def _lock(file: BinaryIO, path: Path) -> None:
    """Keep other runs out until the file is closed, be it by a crash. Windows keeps nobody out."""
    try:
        import fcntl
    except ImportError:
        return
    busy = BatchError(f"{path}: another run is writing there. Wait for it, or choose another output.")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise busy from error
    # The other run may have ended, and removed the file, between our opening it and our locking it.
    if not path.exists() or not os.path.samestat(path.stat(), os.fstat(file.fileno())):
        raise busy
