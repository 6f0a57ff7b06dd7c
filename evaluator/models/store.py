"""Keeps computed numbers in the user's cache folder: bounded, shared by processes, and without a word of any text.

A key is a sha256 over a text, the models and whatever else the numbers depend on; a value is numbers in single precision, or
what was judged about an answer (``evaluator.kept``), behind a checksum. A store that cannot be read is put aside and begun anew; one that cannot be written is done without.
"""

from __future__ import annotations

import sqlite3
import threading
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evaluator.models.place import cache_folder

FloatArray = NDArray[np.float32]

FILE = "numbers.sqlite3"
LIMIT = 1 << 30
"""Bytes that the file may take: about 60,000 answers of ordinary length."""
SHARE_EVICTED = 0.1
"""Share of the entries, the oldest, that go when the limit is reached."""
PATIENCE = 10.0
"""Seconds to wait for another process that is writing."""
PART = 500
"""Keys that are asked for at once."""

_SCHEMA = "CREATE TABLE IF NOT EXISTS numbers (age INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, value BLOB NOT NULL)"


def store_path() -> Path:
    """Return the file of the store."""
    return cache_folder() / FILE


class NumberStore:
    """Rows of numbers by key, in one SQLite file."""

    def __init__(self, path: Path, limit: int = LIMIT) -> None:
        """Take the file, which is made when it is first used, and the bytes that it may take."""
        self._path, self._limit = path, limit
        self._connection: sqlite3.Connection | None = None
        self._usable = True
        self._lock = threading.Lock()  # a web server asks from several threads

    def get(self, keys: Sequence[bytes]) -> dict[bytes, FloatArray]:
        """Return the numbers that are known, by key; damaged ones are unknown."""
        found = self.read(keys).items()
        return {key: np.frombuffer(value, dtype="<f4") for key, value in found if len(value) % 4 == 0}

    def put(self, rows: dict[bytes, FloatArray]) -> None:
        """Keep numbers by key; the oldest entries go where there are too many."""
        self.write({key: np.ascontiguousarray(row, dtype="<f4").tobytes() for key, row in rows.items()})

    def read(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return what is known, by key; what is damaged is unknown."""
        found: dict[bytes, bytes] = {}

        def read(connection: sqlite3.Connection) -> None:
            for start in range(0, len(keys), PART):
                part = keys[start : start + PART]
                places = ",".join("?" * len(part))
                for key, value in connection.execute(f"SELECT key, value FROM numbers WHERE key IN ({places})", part):  # nosec B608  # only question marks
                    if _is_sound(value):
                        found[key] = value[4:]

        if keys:
            self._try(read)
        return found

    def write(self, values: dict[bytes, bytes]) -> None:
        """Keep values by key; the oldest entries go where there are too many."""

        def write(connection: sqlite3.Connection) -> None:
            packed = ((key, zlib.crc32(value).to_bytes(4, "little") + value) for key, value in values.items())
            with connection:
                connection.executemany("INSERT OR REPLACE INTO numbers (key, value) VALUES (?, ?)", packed)
                if _bytes_in_use(connection) > self._limit:
                    oldest = "SELECT age FROM numbers ORDER BY age LIMIT max(1, CAST((SELECT count(*) FROM numbers) * ? AS INTEGER))"
                    connection.execute(f"DELETE FROM numbers WHERE age IN ({oldest})", (SHARE_EVICTED,))  # nosec B608  # a constant of two lines above

        if values:
            self._try(write)

    def count(self) -> int:
        """Return how many entries there are."""
        counted = [0]

        def count(connection: sqlite3.Connection) -> None:
            counted[0] = connection.execute("SELECT count(*) FROM numbers").fetchone()[0]

        if self._path.exists():
            self._try(count)
        return counted[0]

    def close(self) -> None:
        """Close the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _try(self, work: Callable[[sqlite3.Connection], None]) -> None:
        """Do something with the file: anew where it is damaged, not at all where it cannot be used."""
        with self._lock:
            self._try_twice(work)

    def _try_twice(self, work: Callable[[sqlite3.Connection], None]) -> None:
        for _ in range(2):
            if not self._usable:
                return
            try:
                work(self._open())
                return
            except sqlite3.OperationalError as error:
                # Locked for too long, read-only, or the disk is full: scoring goes on without.
                self._usable = "locked" in str(error)
                return
            except OSError:
                self._usable = False
                return
            except sqlite3.DatabaseError as error:
                if type(error) is not sqlite3.DatabaseError:  # a mistake in how it is used, no damage
                    raise
                self.close()
                put_aside(self._path)
        self._usable = False

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self._path, timeout=PATIENCE, check_same_thread=False)
            try:
                connection.execute("PRAGMA journal_mode=WAL")
                connection.execute("PRAGMA synchronous=NORMAL")
                connection.execute(_SCHEMA)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection


def store_files() -> list[Path]:
    """Return every file that belongs to the store, a damaged one that was put aside among them."""
    place = cache_folder()
    return sorted(place.glob(f"{FILE}*")) if place.is_dir() else []


def store_bytes() -> int:
    """Return how much the store takes, in bytes."""
    return sum(path.stat().st_size for path in store_files())


def remove_store() -> int:
    """Remove the store, and return how many bytes that freed. A process that has it open goes on with its own."""
    freed = store_bytes()
    for path in store_files():
        path.unlink(missing_ok=True)
    return freed


def put_aside(path: Path) -> None:
    """Move a damaged store out of the way, keeping the last one, and remove what belonged to it."""
    with suppress(OSError):
        path.replace(path.with_name(f"{path.name}.damaged"))
    for suffix in ("-wal", "-shm"):
        with suppress(OSError):
            path.with_name(path.name + suffix).unlink()


def _is_sound(value: object) -> bool:
    if not isinstance(value, bytes) or len(value) <= 4:
        return False
    return zlib.crc32(value[4:]).to_bytes(4, "little") == value[:4]


def _bytes_in_use(connection: sqlite3.Connection) -> int:
    pages, free, size = (
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)
