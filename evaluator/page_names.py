"""Names the pages of candidates: readable, safe on every system, and no two alike."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from evaluator.destination import FOLDER_FORMATS

SHORT_DIGEST, WHOLE_DIGEST = 8, 64
"""Digits of sha256 in the name of a page: few to read, and all where two candidates of a batch share those few."""


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
