"""Reads plain text and Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evaluator.documents.document import Dropped, Place
from evaluator.documents.lines import Line, Reading, Role, iso_day

_FENCE = "---"
_TITLE = re.compile(r"^title:\s*[\"']?(.+?)[\"']?\s*$", re.MULTILINE)
_DATE = re.compile(r"^date:\s*[\"']?(\d{4}-\d{2}-\d{2})", re.MULTILINE)


def read_text(text: str) -> Reading:
    """Return the lines of a plain text."""
    return Reading(
        tuple(Line(line.strip(), Place(number, number)) for number, line in enumerate(_split(text), start=1))
    )


def read_markdown(text: str) -> Reading:
    """Return the headings, paragraphs and list items of a Markdown document as plain text, with their lines.

    Front matter, code and comments are dropped; what tags of HTML enclose is kept.
    """
    lines = _split(text)
    dropped = []
    title = date = ""
    if lines and lines[0].strip() == _FENCE and _FENCE in (line.strip() for line in lines[1:]):
        end = next(i for i, line in enumerate(lines[1:], start=1) if line.strip() == _FENCE)
        front = "\n".join(lines[1:end])
        dropped.append(Dropped(front, Place(1, end + 1), "front matter"))
        title = found.group(1) if (found := _TITLE.search(front)) else ""
        date = iso_day(found.group(1)) if (found := _DATE.search(front)) else ""
        lines[: end + 1] = [""] * (end + 1)
    found_lines: list[Line] = []
    for line in _blocks("\n".join(lines), dropped):
        found_lines += (line, Line("", line.place))
    return Reading(tuple(found_lines), tuple(dropped), title, date)


def _split(text: str) -> list[str]:
    return re.split(r"\r\n|\n|\r|\x0b|\x0c|\u2028|\u2029", text)


def _blocks(text: str, dropped: list[Dropped]) -> Iterator[Line]:
    from markdown_it import MarkdownIt

    role: Role = "text"
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        if token.type == "heading_open":
            role = "heading"
        elif token.type == "list_item_open":
            role = "item"
        elif token.type in {"heading_close", "list_item_close"}:
            role = "text"
        if token.map is None:
            continue
        place = Place(token.map[0] + 1, max(token.map[0] + 1, token.map[1]))
        if token.type == "inline":
            if content := _plain(token.children or []):
                yield Line(content, place, role)
        elif token.type in {"fence", "code_block"}:
            dropped.append(Dropped(token.content.strip(), place, "code"))
        elif token.type == "html_block":
            yield from _enclosed(token.content, place, dropped)


def _plain(tokens: list) -> str:  # type: ignore[type-arg]
    """Return the words of inline Markdown without its marks; a picture's description is not part of the text."""
    parts = [
        " " if token.type in {"softbreak", "hardbreak"} else token.content
        for token in tokens
        if token.type in {"text", "code_inline", "softbreak", "hardbreak"}
    ]
    return " ".join("".join(parts).split())


def _enclosed(html: str, place: Place, dropped: list[Dropped]) -> Iterator[Line]:
    from evaluator.documents.read_html import visible_text

    content = visible_text(html)
    if content:
        yield Line(content, place)
    else:
        dropped.append(Dropped(" ".join(html.split()), place, "HTML without text"))
