"""Writes files that appear under their name only once they are complete, and removes what killed runs left of them."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from evaluator.errors import EvaluatorError

WRITING = ".writing-"
"""How the name of a file begins while it is written."""


def write_file(path: Path, content: bytes) -> None:
    """Write a file that appears under its name only once it is complete.

    Raises:
        EvaluatorError: the folder cannot be written, the disk is full, or a folder or link stands in the way.
    """
    if path.is_dir():
        raise EvaluatorError(f"{path} is a folder. Name a file in it.")

    def fill(file: BinaryIO) -> None:
        file.write(content)

    fill_file(path, fill, durable=False)


def fill_file(path: Path, fill: Callable[[BinaryIO], None], *, durable: bool = True) -> None:
    """Write a file under a temporary name beside it and then rename it, so that no half file is ever seen.

    Args:
        path: where.
        fill: writes the content.
        durable: whether it must outlive a power cut, too: pages can be rendered again.

    Raises:
        EvaluatorError: the folder cannot be written, the disk is full, or a link stands in the way.
    """
    temporary = ""
    lock = -1
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_symlink():
            raise EvaluatorError(f"{path} is a link. Remove it, or choose another output.")
        handle, temporary, lock = _temporary(path.parent)
        with os.fdopen(handle, "wb") as file:
            fill(file)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        if path.is_file():  # who may read it stays as it was
            Path(temporary).chmod(stat.S_IMODE(path.stat().st_mode))
        Path(temporary).replace(path)
        temporary = ""
    except OSError as error:
        raise EvaluatorError(f"{path}: cannot be written ({error.strerror}). Choose another output with -o.") from error
    finally:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        if lock >= 0:
            os.close(lock)


def remove_abandoned(folder: Path) -> None:
    """Remove what killed runs left half written in a folder; what another run is writing at the moment stays.

    Windows, where nothing is locked, keeps such files.
    """
    try:
        import fcntl
    except ImportError:
        return
    for path in folder.glob(f"{WRITING}*"):
        with suppress(OSError), path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()


def _temporary(folder: Path) -> tuple[int, str, int]:
    """Return a new file, its name, and a second handle whose lock says until it is closed that the file is in use."""
    while True:
        name = str(folder / f"{WRITING}{secrets.token_hex(8)}")
        handle = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)  # less the umask
        try:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)  # another run takes it for abandoned and removes it
            continue
        except (ImportError, OSError):
            return handle, name, -1
        if Path(name).exists():
            return handle, name, os.dup(handle)
        os.close(handle)
