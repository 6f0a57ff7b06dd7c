"""The colours of charts: five steps, worst to best, that stay apart for every kind of colour vision.

Each step differs from its neighbours in lightness first and in hue second, so that the order survives deuteranopia,
protanopia, tritanopia and a grey printer; tests simulate the first three. No meaning hangs on colour alone: every cell
and bar of a chart carries its number.
"""

from __future__ import annotations

from dataclasses import dataclass

STEPS = 5
"""Colours of a palette: one a level."""


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one theme, as ``#rrggbb``."""

    ramp: tuple[str, ...]
    """Fill of each step, worst first; at least 3:1 against page and card."""
    ink: tuple[str, ...]
    """Text on each step; at least 4.5:1 against it."""

    @property
    def line(self) -> str:
        """The colour of a single series."""
        return self.ramp[STEPS // 2]


LIGHT = Palette(
    ("#b18927", "#7f6f30", "#005c65", "#003c59", "#031044"), ("#000000", "#ffffff", "#ffffff", "#ffffff", "#ffffff")
)
DARK = Palette(
    ("#5171ac", "#3e95bb", "#58b7bc", "#82dbc9", "#f2f5bf"), ("#ffffff", "#000000", "#000000", "#000000", "#000000")
)


def step(value: float, low: float, high: float) -> int:
    """Return the step, 1..5, of a value among five equal bands of ``low`` to ``high``; what lies outside is clipped.

    >>> step(0, 0, 100), step(20, 0, 100), step(100, 0, 100)
    (1, 2, 5)
    """
    share = (value - low) / (high - low) if high > low else 1.0
    return min(STEPS, max(1, int(share * STEPS) + 1))
