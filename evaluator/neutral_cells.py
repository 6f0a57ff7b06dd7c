"""Makes the text of a cell safe for programs that take some texts for formulas."""

from __future__ import annotations

import re

_UNSEEN = r"\s\x00-\x1f\x7f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
_FORMULA_LEAD = re.compile(
    rf"(?:^|(?<![;{_UNSEEN}]))([;{_UNSEEN}]*+)[=+\-@\uff1d\uff0b\uff0d\uff20\ufe62\ufe63\ufe66\ufe6b\u2212]"
)
"""A sign that begins a formula, with what cannot be seen before it. A run is tried from its start only."""
_CELL_END = re.compile(r"[;\t\r\n]")
"""Where a program that divides at semicolons or tabs begins a cell, whatever our quotation marks say."""


def neutral_cell(value: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: an apostrophe goes before a lead such as ``=``.

    It also goes behind a semicolon, tab or line break inside the cell, where some programs begin a cell of their own.

    >>> neutral_cell("=1+1"), neutral_cell("fine"), neutral_cell("so; -1")
    ("'=1+1", 'fine', "so;' -1")
    """
    neutral = _FORMULA_LEAD.sub(_with_apostrophe, value)
    return f"'{neutral}" if neutral[:1] in {"\t", "\r", "\n"} else neutral


def _with_apostrophe(match: re.Match[str]) -> str:
    found = match.group()
    end = max((mark.end() for mark in _CELL_END.finditer(match.group(1))), default=0)
    inside = f"{found[:end]}'{found[end:]}" if end else found
    return f"'{inside}" if match.start() == 0 else inside
