"""Where on this machine prepared models and computed numbers are kept."""

from __future__ import annotations

import os
import sys
from pathlib import Path

VARIABLE = "EVALUATOR_CACHE"
"""Environment variable that names another folder."""

NAME = "pharmacy-interview-evaluator"


def cache_folder() -> Path:
    """Return the user's cache folder of this tool; it may not exist yet.

    ``EVALUATOR_CACHE`` where it is set, else the place that the system has for caches.
    """
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named).expanduser()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / NAME
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / NAME / "Cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / NAME


def folder_bytes(folder: Path) -> int:
    """Return how much the files in a folder take, in bytes; 0 where there is none."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else 0
