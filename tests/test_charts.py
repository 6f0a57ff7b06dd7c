"""Charts: what they draw, that those who see no drawing or no colour get the same, and that labels stay text."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from evaluator.report.charts import bar_chart, line_chart
from evaluator.report.environment import TEMPLATES, html_environment
from evaluator.report.palette import DARK, LIGHT, Palette, step

SIGHT = {
    "usual": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900),
    ),
}  # fmt: skip
"""What linear red, green and blue become in each kind of sight (Machado, Oliveira and Fernandes 2009, severity 1)."""

NEIGHBOURS, GRAPHICS, TEXT = 1.3, 3.0, 4.5
"""Least contrast of two neighbouring steps, of a step with what is behind it (WCAG 2.2, 1.4.11), of text (1.4.3)."""


def linear(colour: str) -> tuple[float, ...]:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return tuple(c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)


def contrast(one: str, other: str, sight: str = "usual") -> float:
    """Return the contrast ratio (WCAG 2.2) of two colours as they look in one kind of sight."""

    def lightness(colour: str) -> float:
        seen = [sum(m * c for m, c in zip(row, linear(colour), strict=True)) for row in SIGHT[sight]]
        return sum(w * min(max(c, 0.0), 1.0) for w, c in zip((0.2126, 0.7152, 0.0722), seen, strict=True))

    low, high = sorted((lightness(one), lightness(other)))
    return (high + 0.05) / (low + 0.05)


def grounds() -> tuple[list[str], list[str]]:
    """Return what charts stand on in the light and the dark theme: page and card."""
    css = (TEMPLATES / "style.css.j2").read_text(encoding="utf-8")
    light, dark = css.split(":root {")[1:3]
    return tuple([re.findall(rf"--{name}: (#\w+)", theme)[0] for name in ("page", "card")] for theme in (light, dark))


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_neighbouring_colours_stay_apart_in_every_kind_of_sight(palette: Palette, sight: str) -> None:
    for one, other in pairwise(palette.ramp):
        assert contrast(one, other, sight) >= NEIGHBOURS, (one, other)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_colours_stand_out_from_the_page_and_text_from_colours(theme: int) -> None:
    palette = (LIGHT, DARK)[theme]
    for colour, ink in zip(palette.ramp, palette.ink, strict=True):
        assert all(contrast(colour, ground) >= GRAPHICS for ground in grounds()[theme]), colour
        assert contrast(colour, ink) >= TEXT, colour


@pytest.mark.parametrize(
    ("value", "low", "high", "expected"),
    [(0, 0, 100, 1), (19.9, 0, 100, 1), (20, 0, 100, 2), (99.9, 0, 100, 5), (100, 0, 100, 5), (-3, 0, 100, 1),
     (300, 0, 100, 5), (1, 0.5, 5.5, 1), (3, 0.5, 5.5, 3), (5, 0.5, 5.5, 5), (1, 1, 1, 5)],
)  # fmt: skip
def test_steps_are_equal_bands(value: float, low: float, high: float, expected: int) -> None:
    assert step(value, low, high) == expected


def parsed(chart: Markup) -> ElementTree.Element:
    """Return a chart as a tree: charts are well-formed XML, so that they are good HTML, too."""
    return ElementTree.fromstring(str(chart))


def texts(chart: Markup, kind: str) -> list[str]:
    return [element.text or "" for element in parsed(chart).iter("text") if element.get("class") == kind]


def rows(chart: Markup) -> list[list[str]]:
    return [["".join(cell.itertext()) for cell in row] for row in parsed(chart).iter("tr")]


def test_a_line_shows_its_course_in_lines_words_and_numbers() -> None:
    chart = line_chart("progress", "Progress", [("1", 0.0), ("2", 50.0), ("3", None), ("4", 100.0), ("5", 75.25)])
    lines = [element.get("points") for element in parsed(chart).iter("polyline")]
    assert lines == ["46,148 128,83", "292,18 374,50.2"]
    assert texts(chart, "value") == ["0", "50", "100", "75.2"]
    assert parsed(chart).find("svg/desc").text == "4 values, score of 100: from 0 (1) to 75.2 (5); the best is 100 (4)."
    assert rows(chart) == [
        ["Attempt", "Score of 100"],
        ["1", "0"],
        ["2", "50"],
        ["3", "–"],
        ["4", "100"],
        ["5", "75.2"],
    ]


def test_bars_are_as_tall_as_their_values_and_graded_ones_change_colour() -> None:
    chart = bar_chart(
        "levels", "Levels", [("1", 0), ("2", 500_000), ("3", 1_000_000)], unit="answers", head="Level", graded=True
    )
    drawn = [(e.get("class"), e.get("y"), e.get("height")) for e in parsed(chart).iter("rect")]
    assert drawn == [("s1", "148", "0"), ("s2", "83", "65"), ("s4", "18", "130")]
    assert texts(chart, "value") == ["0", "500000", "1000000"]
    assert rows(chart)[1:] == [["1", "0"], ["2", "500000"], ["3", "1000000"]]
    assert "Highest: 3 with 1000000." in chart


def test_long_labels_of_bars_slant_and_short_ones_do_not() -> None:
    short = bar_chart("a", "A", [("1", 1), ("2", 2)], unit="answers", head="Level")
    long = bar_chart("a", "A", [(f"{i}0 to {i}9", i) for i in range(10)], unit="answers", head="Score")
    assert "rotate" not in short and long.count("rotate(-45)") == 10


LABELS = st.text(max_size=40)
VALUES = st.none() | st.floats(0, 100)


@given(LABELS, st.lists(st.tuples(LABELS, VALUES), max_size=6))
def test_any_label_stays_text_and_every_chart_has_a_name(title: str, points: list[tuple[str, float | None]]) -> None:
    known = [(label, value or 0.0) for label, value in points]
    charts = [
        line_chart("a", title, points),
        bar_chart("b", title, known, unit="answers", head="Level"),
    ]
    for chart in charts:
        tree = parsed(chart)
        svg = tree.find("svg")
        assert svg.get("role") == "img"
        named = {element.get("id") for element in (svg.find("title"), svg.find("desc"))}
        assert set(svg.get("aria-labelledby").split()) == named
        assert {e.tag for e in tree.iter()} <= set(
            "figure figcaption svg title desc line text polyline circle rect g ul li details summary table caption thead "
            "tbody tr th td div".split()
        )
        assert not [
            name for e in tree.iter() for name in e.attrib if name.startswith("on") or name in ("style", "href")
        ]


def test_hostile_labels_are_escaped() -> None:
    chart = line_chart("a", "<script>alert(1)</script>\u202e", [('"><img src=x>', 1.0)])
    assert "<script" not in chart and "<img" not in chart and "[U+202E]" in chart


def test_the_style_sheet_holds_the_tested_colours() -> None:
    css = html_environment().get_template("charts.css.j2").render()
    for palette in (LIGHT, DARK):
        for i, colour in enumerate(palette.ramp, start=1):
            assert f"--s{i}: {colour};" in css
