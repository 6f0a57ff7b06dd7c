"""The lines of a document as its reader found them, before anything is cleaned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from evaluator.documents.document import Dropped, Place

Role = Literal["text", "heading", "item"]


def iso_day(text: str) -> str:
    """Return the ISO date that a text begins with, or nothing where there is no such day.

    >>> iso_day("2024-02-29T10:00"), iso_day("2024-02-30"), iso_day("soon")
    ('2024-02-29', '', '')
    """
    try:
        return date.fromisoformat(text[:10]).isoformat()
    except ValueError:
        return ""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a text or PDF file, or a whole paragraph of a format that has paragraphs."""

    text: str
    """Without its line end; empty between paragraphs."""
    place: Place
    role: Role = "text"
    """What the format says that it is. A text file says nothing: everything is "text"."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader found in a file."""

    lines: tuple[Line, ...]
    dropped: tuple[Dropped, ...] = ()
    """What the format itself sets apart from the text: menus, scripts, front matter."""
    title: str = ""
    """Title that the format names, or empty."""
    date: str = ""
    """ISO date that the format names, or empty."""
