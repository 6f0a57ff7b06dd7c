"""Files in object storage, named by URL (s3://, gs://, abfs://, hdfs://, ...), through fsspec."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TypeGuard, cast

from evaluator.errors import BatchError


def is_url(place: Path | str | None) -> TypeGuard[str]:
    """Return whether a place is named by URL.

    >>> is_url("s3://bucket/answers.csv"), is_url("answers.csv")
    (True, False)
    """
    return isinstance(place, str) and "://" in place


def open_url(url: str) -> BinaryIO:
    """Return a file to read from its first byte, which can also be read from any other.

    Raises:
        BatchError: there is no such file, or no driver for such URLs is installed.
    """
    with _storage(url) as fsspec:
        return cast(BinaryIO, fsspec.open(url, "rb").open())


def upload(path: Path, url: str) -> None:
    """Write a local file under a URL, which most stores show once it is complete.

    Raises:
        BatchError: it cannot be written there.
    """
    with _storage(url) as fsspec, path.open("rb") as source, fsspec.open(url, "wb") as target:
        shutil.copyfileobj(source, target, 1 << 20)


@contextmanager
def _storage(url: str) -> Iterator[Any]:
    try:
        import fsspec

        yield fsspec
    except ImportError as error:
        raise BatchError(f"{url}: no driver for such URLs is installed ({error}).") from error
    except Exception as error:  # every store's driver has errors of its own
        raise BatchError(
            f"{url}: cannot be reached ({type(error).__name__}: {error}). Check the URL and your rights."
        ) from error
