"""Renders Markdown (CommonMark with GitHub's tables): the same content as the pages, for wikis and trackers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache

from jinja2 import Environment

from evaluator.domain import Result
from evaluator.report.candidate import candidate_view
from evaluator.report.environment import plain_environment
from evaluator.report.index import index_view
from evaluator.report.names import names_from
from evaluator.report.passages import Passage
from evaluator.report.progress import Earlier
from evaluator.report.visible import one_line
from evaluator.report.wording import SYMBOLS, Audience

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_STRUCTURE = re.compile(r"[\\`*_{}\[\]#|~$]|(?<!\w)[-+=]|[-+=](?!\w)|(?<=\d)[.)](?=\s|$)")
"""ASCII punctuation that can begin structure: everywhere, at a word's edge, or after the number of a list item.
Other characters stay, so that the source remains readable."""

_TOKEN = re.compile(r"\S+")
_LINKABLE = re.compile(r"://|www\.|@", re.IGNORECASE)
"""Words that GitHub's dialect turns into links or mentions even where their punctuation is escaped."""


def render_markdown(
    results: Sequence[Result],
    *,
    audience: Audience = "candidate",
    with_model_answers: bool = False,
    title_id: str = "",
    earlier: Earlier | None = None,
) -> str:
    """Return all answers of one candidate as Markdown.

    What the candidate wrote is escaped: it makes no heading, list, table, link, image, mention or HTML. Marked
    passages stand between bold brackets, which escaped text cannot imitate.
    """
    view = candidate_view(
        results, audience=audience, with_model_answers=with_model_answers, name=title_id, earlier=earlier
    )
    return _tidy(_environment().get_template("candidate.md.j2").render(view=view))


def render_index_markdown(results: Sequence[Result], *, links: Mapping[str, str], show_names: str | None = None) -> str:
    """Return the overview of a batch as Markdown; arguments as in ``render_index_html``."""
    names = names_from(results, show_names)
    view = index_view(results, links=links, names=names, names_column=show_names or "")
    return _tidy(_environment().get_template("index.md.j2").render(view=view))


def markdown_page(template: str, view: object) -> str:
    """Return a template's text for ``view``, with one blank line between blocks."""
    return _tidy(_environment().get_template(template).render(view=view))


def escape_markdown(text: str) -> str:
    r"""Return ``text`` so that Markdown shows it as it stands, on one line.

    >>> escape_markdown("# *no* heading")
    '\\# \\*no\\* heading'
    """
    flat = " ".join(text.split())
    parts: list[str] = []
    end = 0
    for match in _TOKEN.finditer(flat):
        if not _LINKABLE.search(match.group()):
            continue
        parts += [_escape(flat[end : match.start()]), _code(match.group())]
        end = match.end()
    return "".join([*parts, _escape(flat[end:])])


def quote_markdown(passages: Sequence[Passage]) -> str:
    """Return an answer as a block quote, its marked passages between bold brackets with sign and numbers."""
    lines: list[str] = [""]
    for passage in passages:
        if passage.tone:
            sign = " ".join([SYMBOLS[passage.tone.value], ", ".join(passage.numbers)]).strip()
            lines[-1] += f"{_space(lines[-1])}**\\[{sign}:** "
        for i, line in enumerate(passage.text.split("\n")):
            if i:
                lines.append("")
            if lines[-1].endswith("**") and line[:1].isalnum():
                lines[-1] += " "
            lines[-1] += _padded(line) if passage.tone is None else escape_markdown(line)
        if passage.tone:
            lines[-1] += " **\\]**"
    return "\n".join(f"> {line.strip()}".rstrip() + ("  " if line.strip() else "") for line in lines).rstrip()


@cache
def _environment() -> Environment:
    environment = plain_environment()
    environment.filters.update(
        md=escape_markdown, quote=quote_markdown, cell=_cell, code=lambda text: _code(one_line(text) or "-")
    )
    return environment


def _tidy(text: str) -> str:
    """Leave one blank line between blocks; an answer's own blank lines are inside its quote and stay."""
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _escape(text: str) -> str:
    return _STRUCTURE.sub(lambda m: "\\" + m.group(), re.sub(r"[&<>]", lambda m: _ENTITIES[m.group()], text))


def _code(text: str) -> str:
    """Return ``text``, which has no line feed, as a code span: no dialect looks for links there."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * (longest + 1)
    return f"{fence} {text} {fence}" if "`" in text else f"{fence}{text}{fence}"


def _cell(text: str) -> str:
    """Return ``text`` for a table cell, where a bar divides even inside a code span."""
    return re.sub(r"(?<!\\)\|", r"\\|", escape_markdown(text))


def _padded(line: str) -> str:
    """Escape a line and keep one space where the passage begins or ends with space."""
    escaped = escape_markdown(line)
    return f"{' ' * line[:1].isspace()}{escaped}{' ' * (line[-1:].isspace() and bool(escaped))}"


def _space(line: str) -> str:
    return " " if line and not line[-1].isspace() else ""
