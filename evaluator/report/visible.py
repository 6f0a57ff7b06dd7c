"""Makes text that people wrote safe to look at: what cannot be seen is shown as a token such as ``[U+202E]``."""

from __future__ import annotations

import unicodedata

_HIDDEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
"""Unicode categories without a glyph of their own: control, format (direction, zero width), unassigned, private,
surrogate, and the separators that some programs take for a line break."""


def visible_pieces(text: str) -> list[str]:
    r"""Return, for every character of ``text``, what a reader is shown for it.

    Line feed and tab stay, ``\r\n`` and a lone ``\r`` become one line feed, every other character without a glyph
    becomes a token. The list is as long as the text, so that spans of the text are slices of the list.

    >>> visible_pieces("a\u202eb")
    ['a', '[U+202E]', 'b']
    """
    return [_visible(char, text[i + 1 : i + 2]) for i, char in enumerate(text)]


def visible(text: str) -> str:
    r"""Return ``text`` with every character that cannot be seen as a token.

    >>> visible("nothing\x00 hidden")
    'nothing[U+0000] hidden'
    """
    return "".join(visible_pieces(text))


def one_line(text: str) -> str:
    r"""Return ``text`` visible and on one line, for labels and short quotes.

    >>> one_line("so\n\n  there")
    'so there'
    """
    return " ".join(visible(text).split())


def _visible(char: str, following: str) -> str:
    if char in "\n\t":
        return char
    if char == "\r":
        return "" if following == "\n" else "\n"
    if unicodedata.category(char) in _HIDDEN:
        return f"[U+{ord(char):04X}]"
    return char
