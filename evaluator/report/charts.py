"""Draws small charts as inline SVG: progress as a line, a distribution as bars.

A chart is markup that can stand anywhere in a page that includes ``charts.css.j2``: a figure with a caption, the
drawing with a title and a description for those who do not see it, and its numbers in a table that unfolds. The same
input gives the same bytes. Labels are escaped; what cannot be seen in them is shown as a token.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from evaluator.report.environment import html_environment
from evaluator.report.palette import step
from evaluator.report.visible import one_line

_WIDTH = 400
_LEFT, _RIGHT, _TOP, _PLOT = 34.0, 14.0, 18.0, 130.0
"""Margins and height of the plot of a line or bar chart, in user units."""

_CHARACTER = 6.4
"""Mean width of a character of a label, in user units."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A point or a bar."""

    label: str
    number: str
    """What is printed beside it; a dash where there is no value."""
    x: str
    y: str
    height: str = "0"
    step: int = 3
    """Colour, 1..5; 0 where there is no value."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing with everything that its template needs, in user units."""

    id: str
    """Unique within its page; ids of its parts begin with it."""
    title: str
    description: str
    unit: str
    """What the numbers are, such as "score of 100"."""
    head: str
    """Heading of the labels in the table."""
    width: str
    height: str
    marks: tuple[Mark, ...]
    grid: tuple[tuple[str, str], ...] = ()
    """Place and number of each horizontal line."""
    lines: tuple[str, ...] = ()
    """Points of each unbroken stretch of a line."""
    base: str = "0"
    """Where the lower edge of the plot is."""
    bar: str = "0"
    """Width of a bar."""
    slanted: bool = False
    """Whether labels are too long to stand side by side."""


def line_chart(
    id: str,
    title: str,
    points: Sequence[tuple[str, float | None]],
    *,
    unit: str = "score of 100",
    head: str = "Attempt",
) -> Markup:
    """Return the course of a score, 0-100, over its attempts, oldest first.

    Args:
        id: unique within the page.
        title: what is shown, a phrase without a full stop.
        points: label and value of each; a value of None leaves a gap.
        unit: what the values are.
        head: what the labels are, for the table.
    """
    apart = (_WIDTH - _LEFT - _RIGHT - 24) / max(1, len(points) - 1)
    marks, lines = [], [""]
    for i, (label, value) in enumerate(points):
        x, y = _LEFT + 12 + i * apart, _TOP + _PLOT * (1 - min(max(value or 0.0, 0.0), 100.0) / 100)
        marks.append(Mark(one_line(label), _number(value), _units(x), _units(y), step=0 if value is None else 3))
        if value is None:
            lines.append("")
        else:
            lines[-1] = f"{lines[-1]} {_units(x)},{_units(y)}".strip()
    grid = tuple((_units(_TOP + _PLOT * (1 - value / 100)), str(value)) for value in (0, 50, 100))
    return _rendered(
        "line",
        Chart(
            id, one_line(title), _course(points, unit), unit, head, str(_WIDTH), _units(_TOP + _PLOT + 26), tuple(marks),
            grid, tuple(line for line in lines if " " in line), _units(_TOP + _PLOT),
        ),
    )  # fmt: skip


def bar_chart(
    id: str, title: str, bars: Sequence[tuple[str, float]], *, unit: str, head: str, graded: bool = False
) -> Markup:
    """Return a distribution as upright bars from zero.

    Args:
        id: unique within the page.
        title: what is shown, a phrase without a full stop.
        bars: label and value, 0 or more, of each, in the order in which they are to stand.
        unit: what the values are, such as "answers".
        head: what the labels are, for the table.
        graded: whether the bars run from worst to best and take the colours of the palette in turn.
    """
    most = max((value for _, value in bars), default=0.0) or 1.0
    apart = (_WIDTH - _LEFT - _RIGHT) / max(1, len(bars))
    marks = []
    for i, (label, value) in enumerate(bars):
        tall = _PLOT * value / most
        colour = step(i, 0, len(bars)) if graded else 3
        x = _LEFT + (i + 0.5) * apart
        marks.append(
            Mark(one_line(label), _number(value), _units(x), _units(_TOP + _PLOT - tall), _units(tall), colour)
        )
    longest = max((len(mark.label) for mark in marks), default=0)
    slanted = longest * _CHARACTER > apart
    below = 14 + longest * _CHARACTER * 0.707 if slanted else 26
    highest = max(bars, key=lambda bar: bar[1], default=("", 0.0))
    description = f"{len(bars)} bars, {unit}. Highest: {one_line(highest[0])} with {_number(highest[1])}."
    return _rendered(
        "bars",
        Chart(
            id, one_line(title), description, unit, head, str(_WIDTH), _units(_TOP + _PLOT + below), tuple(marks),
            ((_units(_TOP + _PLOT), "0"), (_units(_TOP), _number(most))), (), _units(_TOP + _PLOT),
            _units(min(apart * 0.72, 64)), slanted,
        ),
    )  # fmt: skip


def _rendered(macro: str, chart: Chart) -> Markup:
    module = html_environment().get_template("charts.html.j2").module
    return Markup(getattr(module, macro)(chart))  # nosec B704  # a macro of a template that escapes


def _course(points: Sequence[tuple[str, float | None]], unit: str) -> str:
    known = [(label, value) for label, value in points if value is not None]
    if not known:
        return "There are no values."
    first, last, best = known[0], known[-1], max(known, key=lambda point: point[1])
    if len(known) == 1:
        return f"One value, {unit}: {_number(first[1])} ({one_line(first[0])})."
    return (
        f"{len(known)} values, {unit}: from {_number(first[1])} ({one_line(first[0])}) to {_number(last[1])}"
        f" ({one_line(last[0])}); the best is {_number(best[1])} ({one_line(best[0])})."
    )


def _number(value: float | None) -> str:
    """Return a value with at most one decimal, or a dash."""
    return "\u2013" if value is None else _units(value)


def _units(value: float) -> str:
    """Return user units with at most one decimal: the same on every machine."""
    return f"{value:.1f}".removesuffix(".0")
