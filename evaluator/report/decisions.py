"""What people decided about an answer, in words."""

from __future__ import annotations

from collections.abc import Sequence

from evaluator.domain import LEVEL_NAMES, Review
from evaluator.report.visible import one_line


def decision_texts(reviews: Sequence[Review]) -> tuple[str, ...]:
    """Return what people decided, newest first."""
    return tuple(decision_text(review) for review in reversed(reviews))


def decision_text(review: Review) -> str:
    """Return what a person decided, on one line.

    >>> decision_text(Review(4, "Names the pharmacist.", "Ana", "2026-03-31"))
    'Level 4, good (Ana, 2026-03-31): Names the pharmacist.'
    """
    what = "No level" if review.level is None else f"Level {review.level}, {LEVEL_NAMES[review.level]}"
    note = f": {one_line(review.note)}" if review.note.strip() else ""
    return f"{what} ({one_line(review.reviewer)}, {one_line(review.date)}){note}"
