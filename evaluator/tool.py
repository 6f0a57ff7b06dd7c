"""Which code judges: what was kept by other code is not taken up."""

from __future__ import annotations

import hashlib
import unicodedata
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

LIBRARIES = ("numpy", "rapidfuzz", "snowballstemmer", "pyspellchecker", "py3langid", "pydantic", "PyYAML")
"""Beside the models, what a judgement and a bank depend on that is not in this package."""


@cache
def tool_digest(package: Path = Path(__file__).parent) -> str:
    """Return the sha256 over the code that judges and the versions of what it rests on: other code may judge otherwise."""
    digest = hashlib.sha256(unicodedata.unidata_version.encode())
    for path in sorted((*package.glob("*.py"), *package.glob("models/*.py"))):
        digest.update(path.read_bytes())
    for name in LIBRARIES:
        try:
            digest.update(f"{name} {version(name)}\n".encode())
        except PackageNotFoundError:
            digest.update(f"{name}\n".encode())
    return digest.hexdigest()
