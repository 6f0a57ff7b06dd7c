"""Reads HTML pages: lxml parses, trafilatura says which blocks are the main text. Nothing is fetched and nothing runs."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import Any

from evaluator.documents.document import Dropped, Place
from evaluator.documents.lines import Line, Reading, Role, iso_day
from evaluator.errors import DocumentError
from evaluator.text import words

_BLOCKS = frozenset(
    """address article aside blockquote body button caption center dd details dialog div dl dt fieldset figcaption figure
    footer form h1 h2 h3 h4 h5 h6 header hr html label legend li main nav ol option p pre section select summary table tbody
    td tfoot th thead tr ul""".split()
)
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_UNSEEN = frozenset(
    "script style noscript template svg math canvas iframe object embed audio video head textarea".split()
)
_APART = {
    "nav": "menu",
    "header": "head of the page",
    "footer": "foot of the page",
    "aside": "beside the text",
    "form": "form",
    "button": "button",
    "dialog": "dialog",
    "select": "form",
}
_ROLES = {
    "navigation": "menu",
    "banner": "head of the page",
    "contentinfo": "foot of the page",
    "dialog": "dialog",
    "alertdialog": "dialog",
    "search": "form",
}
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)

MAX_DEPTH = 250
"""Deepest nesting of elements that is read; libxml2 stops at 256."""

KEPT_SHARE = 0.3
"""Share of the words outside menus and the like that trafilatura must have found for its word to be taken: on a page made of
short answers it finds next to nothing, and then every block is kept."""

_KEPT_ANYWAY = 8
"""Words of a block that is kept among kept neighbours, though trafilatura left it out: no widget is that long a sentence."""


def read_html(name: str, text: str) -> Reading:
    """Return the blocks of an HTML page that belong to its text, with the line at which each starts.

    Raises:
        DocumentError: there is no text in it.
    """
    root = _parsed(text)
    if root is None:
        raise DocumentError(
            f"{name}: no text was found in this page. Save it again from the browser, or copy its text to a .txt file."
        )
    dropped: list[Dropped] = []
    blocks = list(_blocks(root, dropped))
    main = _main_text(text)
    total = sum(len(words(line.text)) for line in blocks)
    inside = [f" {' '.join(words(line.text))} " in main for line in blocks]
    trusted = (
        sum(len(words(line.text)) for line, kept in zip(blocks, inside, strict=True) if kept) >= KEPT_SHARE * total
    )
    lines: list[Line] = []
    for number, (line, kept) in enumerate(zip(blocks, inside, strict=True)):
        neighbours = any(inside[max(0, number - 1) : number + 2])
        if (
            not trusted
            or kept
            or not words(line.text)
            or line.role == "heading"
            or (neighbours and _is_sentence(line.text))
        ):
            lines += (line, Line("", line.place))
        else:
            dropped.append(Dropped(line.text, line.place, "outside the main text of the page"))
    if not any(line.text for line in lines):
        raise DocumentError(
            f"{name}: no text was found in this page. Save it again from the browser, or copy its text to a .txt file."
        )
    titles = [line.text for line in lines if line.role == "heading"] + [_text_of(found) for found in root.iter("title")]
    return Reading(tuple(lines), tuple(dropped), titles[0] if titles else "", _date(root))


def visible_text(html: str) -> str:
    """Return what a reader of a piece of HTML sees, as one line.

    >>> visible_text("<p>Stay <b>calm</b>.</p><script>alert(1)</script>")
    'Stay calm.'
    """
    root = _parsed(html)
    return "" if root is None else " ".join(line.text for line in _blocks(root, []))


def _parsed(text: str) -> Any:  # noqa: ANN401
    from lxml import etree, html

    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True)
    try:
        return html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, AssertionError):
        return None


def _main_text(text: str) -> str:
    """Return the words of what trafilatura takes for the main text, in one line between spaces."""
    from trafilatura import extract

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    try:
        found = extract(text, output_format="txt", include_comments=True, favor_recall=True)
    except (RecursionError, ValueError):
        found = None
    return f" {' '.join(words(found or ''))} "


def _blocks(root: Any, dropped: list[Dropped]) -> Iterator[Line]:  # noqa: ANN401
    """Yield the text of every block element, in order, outside what the page itself sets apart; list the rest as dropped."""
    buffer: list[str] = []
    start = root.sourceline or 1
    role: Role = "text"

    # A stack and not recursion: pages nest as deep as they like.
    stack: list[tuple[str, Any]] = [("open", root)]
    while stack:
        step, node = stack.pop()
        if step == "tail":
            buffer.append(node)
            continue
        if step == "close":
            if content := " ".join("".join(buffer).split()):
                yield Line(content, Place(start, start), role)
            buffer.clear()
            role = "text"
            start = node.sourceline or start
            continue
        tag = node.tag if isinstance(node.tag, str) else "script"
        reason = _reason(node, tag)
        if reason:
            if reason != "not text" and (content := _text_of(node)):
                line = node.sourceline or start
                dropped.append(Dropped(content, Place(line, line), reason))
            continue
        if tag == "br":
            buffer.append(" ")
            continue
        if tag in _BLOCKS:
            if content := " ".join("".join(buffer).split()):
                yield Line(content, Place(start, start), role)
            buffer.clear()
            start = node.sourceline or start
            role = "heading" if tag in _HEADINGS else "item" if tag in {"li", "dd"} else "text"
            stack.append(("close", node))
        if node.text:
            buffer.append(node.text)
        for child in reversed(node):
            if child.tail:
                stack.append(("tail", child.tail))
            stack.append(("open", child))
    if content := " ".join("".join(buffer).split()):
        yield Line(content, Place(start, start), role)


def _reason(node: Any, tag: str) -> str:  # noqa: ANN401
    """Return why the page itself sets an element apart from its text, or nothing."""
    if tag in _UNSEEN:
        return "not text"
    if node.get("hidden") is not None or node.get("aria-hidden") == "true" or _HIDDEN.search(node.get("style") or ""):
        return "hidden"
    if tag == "header" and any(parent.tag in {"article", "main"} for parent in node.iterancestors()):
        return ""  # the head of an article holds its title
    return _ROLES.get(node.get("role") or "", "") or _APART.get(tag, "")


def _text_of(node: Any) -> str:  # noqa: ANN401
    unseen = {id(found) for found in node.iter() if found.tag in _UNSEEN or not isinstance(found.tag, str)}
    parts = []
    for found in node.iter():
        if found.text and id(found) not in unseen:
            parts.append(found.text)
        if found.tail and found is not node:
            parts.append(found.tail)
    return " ".join(" ".join(parts).split())


def _is_sentence(text: str) -> bool:
    return len(words(text)) >= _KEPT_ANYWAY and text.rstrip("\"'”’)").endswith((".", "!", "?"))


def _date(root: Any) -> str:  # noqa: ANN401
    """Return the date that the page names in its head or in a time element."""
    named = [
        node.get("content") or ""
        for node in root.iter("meta")
        if node.get("property") == "article:published_time" or node.get("name") == "date"
    ]
    named += [node.get("datetime") or "" for node in root.iter("time")]
    return next((day for value in named if (day := iso_day(value))), "")
