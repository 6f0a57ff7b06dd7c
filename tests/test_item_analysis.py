"""Statistics of questions, held against figures worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.item_analysis import LEAST_GROUP, analyse_items, cronbach_alpha, item_rest_correlation

# Sums 6, 9, 12, 15, 18: variance 22.5. Columns: variances 2.5, 2.5, 2.5. Alpha = 3/2 * (1 - 7.5 / 22.5) = 1.
STEPS = np.array([[1, 2, 3], [2, 3, 4], [3, 4, 5], [4, 5, 6], [5, 6, 7]], dtype=float)

# x: 10 20 30 40 50 (variance 250), y: 20 10 40 30 50 (variance 250), sums 30 30 70 70 100 (variance 900).
# alpha = 2 * (1 - 500 / 900) = 8/9. Deviations x: -20 -10 0 10 20, y: -10 -20 10 0 20, products 200+200+0+0+400 = 800,
# squares 1000 and 1000: r = 0.8.
MIXED = np.array([[10, 20], [20, 10], [30, 40], [40, 30], [50, 50]], dtype=float)

# Opposites but for one step: sums 60 60 60 60 65, variance 5.
OPPOSED = np.array([[10, 50], [20, 40], [30, 30], [40, 20], [50, 15]], dtype=float)


@pytest.mark.parametrize(
    ("table", "alpha"),
    [
        (STEPS, 1.0),
        (MIXED, 8 / 9),
        # y: mean 31, squares 361+81+1+121+256 = 820, variance 205; alpha = 2 * (1 - 455 / 5) = -180.
        (OPPOSED, -180.0),
        (MIXED[:, :1], None),  # one question
        (MIXED[:1], None),  # one person
        (np.full((5, 2), 50.0), None),  # nobody differs
        (np.array([[0.0, 100.0], [100.0, 0.0]]), None),  # sums do not vary
        (np.zeros((0, 0)), None),
    ],
)
def test_alpha(table: np.ndarray, alpha: float | None) -> None:
    assert cronbach_alpha(table) == (None if alpha is None else pytest.approx(alpha))


@pytest.mark.parametrize(
    ("table", "column", "expected"),
    [
        (STEPS, 0, 1.0),
        (MIXED, 0, 0.8),
        (MIXED, 1, 0.8),
        (np.array([[1.0, 3.0], [2.0, 2.0], [3.0, 1.0]]), 0, -1.0),
        (np.array([[1.0, 7.0], [2.0, 7.0]]), 0, None),  # the rest is constant
        (np.array([[7.0, 1.0], [7.0, 2.0]]), 0, None),  # the item is constant
        (MIXED[:, :1], 0, None),
        (MIXED[:1], 0, None),
    ],
)
def test_discrimination_leaves_the_item_itself_out(table: np.ndarray, column: int, expected: float | None) -> None:
    assert item_rest_correlation(table, column) == (None if expected is None else pytest.approx(expected))


def people(table: np.ndarray) -> dict[str, dict[str, float]]:
    return {f"c{row}": {"x": x, "y": y} for row, (x, y) in enumerate(table.tolist())}


def test_a_whole_batch() -> None:
    found = analyse_items(people(MIXED), ["x", "y"])
    x, y = found.items
    assert (x.question, x.count, x.difficulty, x.spread) == ("x", 5, pytest.approx(0.3), pytest.approx(math.sqrt(200)))
    assert x.discrimination == y.discrimination == pytest.approx(0.8)
    assert found.alpha == pytest.approx(8 / 9) and found.complete == 5 and not found.steady
    # Means 15 15 35 35 50: variance 225, spread 15; 15 * sqrt(1/9) = 5 points.
    assert found.error == pytest.approx(5.0)


def test_a_negative_alpha_is_told_and_gives_no_error_of_measurement() -> None:
    found = analyse_items(people(OPPOSED), ["x", "y"])
    assert found.alpha == pytest.approx(-180.0) and found.error is None


def test_small_groups_get_no_figures() -> None:
    found = analyse_items(people(MIXED[: LEAST_GROUP - 1]), ["x", "y"])
    assert [(item.count, item.difficulty, item.spread, item.discrimination) for item in found.items] == [
        (4, None, None, None),
        (4, None, None, None),
    ]
    assert (found.alpha, found.error, found.complete) == (None, None, 4)


def test_gaps_count_for_their_question_and_not_for_alpha() -> None:
    scores = {**people(MIXED), "late": {"x": 90.0}, "none": {}}
    found = analyse_items(scores, ["x", "y"])
    assert [item.count for item in found.items] == [6, 5]
    assert found.items[0].difficulty == pytest.approx(0.4)
    assert found.complete == 5 and found.alpha == pytest.approx(8 / 9)


def test_an_empty_batch_has_no_figures() -> None:
    assert analyse_items({}, []).alpha is None
    assert analyse_items({}, ["x"]).items[0].count == 0


SCORES = st.floats(0, 100).map(lambda value: round(value, 1))


@given(st.dictionaries(st.text(max_size=3), st.dictionaries(st.sampled_from("xyz"), SCORES), max_size=12))
def test_no_figure_is_ever_nan(scores: dict[str, dict[str, float]]) -> None:
    found = analyse_items(scores, ["x", "y", "z"])
    figures = [found.alpha, found.error, *(f for i in found.items for f in (i.difficulty, i.spread, i.discrimination))]
    assert all(figure is None or math.isfinite(figure) for figure in figures)
    assert all(-1 <= item.discrimination <= 1 for item in found.items if item.discrimination is not None)
    assert all(0 <= item.difficulty <= 1 for item in found.items if item.difficulty is not None)
