"""The one script of the reports, which sorts and filters the overview, and the policy that allows it and no other."""

from __future__ import annotations

import base64
import hashlib
from functools import cache

from markupsafe import Markup

from evaluator.report.environment import TEMPLATES


@cache
def overview_script() -> Markup:
    """Return the script as it stands between its tags."""
    return Markup((TEMPLATES / "overview.js").read_text(encoding="utf-8"))  # nosec B704  # the package's own file


@cache
def script_source() -> str:
    """Return what a content security policy says to allow exactly this script: ``'sha256-...'``."""
    digest = hashlib.sha256(overview_script().encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
