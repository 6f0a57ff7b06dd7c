"""Renders one result as text for a terminal of any width, with or without colour."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment

from evaluator.domain import Result
from evaluator.report.changes import find_changes
from evaluator.report.environment import plain_environment
from evaluator.report.passages import Passage
from evaluator.report.progress import NO_PROGRESS, Progress
from evaluator.report.views import MAX_CHANGES, answer_view
from evaluator.report.visible import visible
from evaluator.report.wording import SYMBOLS, WORDINGS, Audience

MIN_WIDTH, MAX_WIDTH = 30, 92
"""Narrower breaks every word, wider is hard to read."""

STYLES = {
    "bold": "1",
    "soft": "2",
    "covered": "32",
    "partly": "36",
    "missed": "2",
    "contradicted": "33",
    "red_flag": "1;31",
}
"""Select Graphic Rendition codes. Colours are the terminal's own, so that they suit its background."""

Run = tuple[str, str]
"""Text and its style; the style is empty for plain text."""


@dataclass(frozen=True, slots=True)
class Pen:
    """Writes paragraphs for one terminal."""

    width: int
    colour: bool

    def style(self, text: str, name: str) -> str:
        """Return ``text`` in a style, or as it is where there is no colour."""
        return f"\x1b[{STYLES[name]}m{text}\x1b[0m" if self.colour and name and text else text

    def para(self, text: str, indent: int = 0, first: str = "", style: str = "") -> str:
        """Return ``text`` wrapped; every line is indented and the first begins with ``first`` in its place."""
        return self._lines([(text, style)], indent, first, style)

    def labelled(self, label: str, text: str, indent: int = 0, style: str = "soft", first: str = "") -> str:
        """Return a styled label followed by plain text, wrapped together."""
        return self._lines([(label, style), (" ", ""), (text, "")], indent, first, style)

    def marked(self, passages: Sequence[Passage], indent: int = 2) -> str:
        """Return an answer with its marked passages in brackets, with sign and numbers."""
        return self._lines(list(_bracketed(passages)), indent)

    def bar(self, value: float, length: int = 20) -> str:
        """Return a score (0-100) as a bar."""
        full = round(length * value / 100)
        return self.style("\u2588" * full, "covered") + self.style("\u2591" * (length - full), "soft")

    def rule(self) -> str:
        """Return the line above a total."""
        return "  " + self.style("\u2500" * (self.width - 2), "soft")

    def row(self, label: str, number: str) -> str:
        """Return a table row with the number flush right."""
        lines = self._lines([(label, "")], 2, limit=self.width - 12).split("\n")
        return "\n".join([*lines[:-1], lines[-1] + number.rjust(max(1, self.width - columns(lines[-1])))])

    def _lines(self, runs: Iterable[Run], indent: int, first: str = "", style: str = "", limit: int = 0) -> str:
        room = max(8, (limit or self.width) - indent)
        lines = [line for paragraph in _paragraphs(runs) for line in wrap(paragraph, room)] or [[]]
        texts = [" " * indent + "".join(self.style(text, name) for text, name in line) for line in lines]
        if first:
            texts[0] = self.style(first, style) + texts[0][len(first) :]
        return "\n".join(text.rstrip() for text in texts)


def render_text(
    result: Result,
    *,
    audience: Audience = "candidate",
    with_model_answers: bool = False,
    colour: bool = False,
    width: int = 80,
    earlier: Sequence[float | None] = (),
    brief: bool = False,
) -> str:
    """Return one result as text.

    Args:
        result: the answer and what was judged.
        audience: who reads. The recruiter also sees model answers, probabilities and weights.
        with_model_answers: whether a candidate sees model answers.
        colour: whether to use escape sequences. Without, the text has none: no control character that a person
            wrote gets this far.
        width: columns of the terminal.
        earlier: scores of attempts at the same question before this one, oldest first.
        brief: whether to stop after what to change and the marked answer.
    """
    pen = Pen(min(max(width, MIN_WIDTH), MAX_WIDTH), colour)
    progress = Progress((*earlier, result.score)) if earlier else NO_PROGRESS
    answer = answer_view(result, audience=audience, with_model_answers=with_model_answers, progress=progress)
    changes = find_changes(result)[:MAX_CHANGES]
    template = _environment().get_template("answer.txt.j2")
    return template.render(answer=answer, changes=changes, pen=pen, wording=WORDINGS[audience], brief=brief)


def columns(text: str) -> int:
    """Return how many terminal columns ``text`` takes: two for wide characters, none for combining ones.

    >>> columns("caf\u00e9"), columns("\u65e5\u672c")
    (4, 4)
    """
    return sum(_column(char) for char in text)


def wrap(runs: Sequence[Run], room: int) -> list[list[Run]]:
    """Break styled text into lines of at most ``room`` columns, at white space or, in a longer word, anywhere."""
    lines: list[list[Run]] = [[]]
    used = 0
    for word in _words(runs):
        length = sum(columns(text) for text, _ in word)
        if used and used + 1 + length > room:
            lines.append([])
            used = 0
        if used:
            lines[-1].append((" ", _common(lines[-1][-1][1], word[0][1])))
            used += 1
        for text, style in word:
            for char in text:
                if used + _column(char) > room:
                    lines.append([])
                    used = 0
                lines[-1].append((char, style))
                used += _column(char)
    return [_joined(line) for line in lines]


@cache
def _environment() -> Environment:
    return plain_environment()


def _bracketed(passages: Sequence[Passage]) -> Iterator[Run]:
    for passage in passages:
        if passage.tone is None:
            yield passage.text, ""
            continue
        tone = passage.tone.value
        yield f"[{SYMBOLS[tone]}{','.join(passage.numbers)} ", tone
        yield passage.text, tone
        yield "]", tone


def _paragraphs(runs: Iterable[Run]) -> Iterator[list[Run]]:
    """Cut styled text at line feeds. Control characters are shown as tokens: the last gate before the terminal."""
    paragraph: list[Run] = []
    for text, style in runs:
        pieces = visible(text).split("\n")
        for i, piece in enumerate(pieces):
            if i:
                yield paragraph
                paragraph = []
            paragraph.append((piece, style))
    yield paragraph


def _words(runs: Sequence[Run]) -> Iterator[list[Run]]:
    """Yield the words of styled text; a word can have several styles."""
    word: list[Run] = []
    for text, style in runs:
        for char in text:
            if not char.isspace():
                word.append((char, style))
            elif word:
                yield _joined(word)
                word = []
    if word:
        yield _joined(word)


def _joined(runs: Sequence[Run]) -> list[Run]:
    joined: list[Run] = []
    for text, style in runs:
        if joined and joined[-1][1] == style:
            joined[-1] = (joined[-1][0] + text, style)
        else:
            joined.append((text, style))
    return joined


def _common(before: str, after: str) -> str:
    return before if before == after else ""


def _column(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
