"""The date that a build or a run is given from outside: SOURCE_DATE_EPOCH, as reproducible-builds.org defines it."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from evaluator.errors import EvaluatorError

VARIABLE = "SOURCE_DATE_EPOCH"


def source_date() -> datetime | None:
    """Return the moment in SOURCE_DATE_EPOCH, or None where it is not set.

    Raises:
        EvaluatorError: it is not a number of seconds since 1970, or one of no year.
    """
    seconds = os.environ.get(VARIABLE, "").strip()
    if not seconds:
        return None
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        raise EvaluatorError(f"{VARIABLE} is not a number of seconds since 1970. Correct it, or unset it.") from None
