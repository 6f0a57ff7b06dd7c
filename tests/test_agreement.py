"""Agreement figures against exact values and an oracle; cut-offs that are fitted only where they help."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import cohen_kappa_score

from evaluator.agreement import (
    agreement,
    bootstrap,
    correlation,
    cross_validated_cuts,
    fit_cuts,
    levels_at,
    levels_by_rank,
    quadratic_kappa,
    spearman,
    standardised_difference,
)

LEVEL = st.integers(1, 5)
CUTS = (20.0, 40.0, 60.0, 80.0)


@pytest.mark.parametrize(
    ("rated", "given_levels", "kappa"),
    [
        ([1, 2, 3, 4, 5], [1, 2, 3, 4, 5], 1.0),
        ([1, 5], [5, 1], -1.0),
        ([3, 3], [3, 3], 1.0),  # constant and equal
        ([3, 3], [2, 2], 0.0),  # constant and apart: chance does as well
        ([1, 2, 3], [2, 2, 2], 0.0),
        ([], [], 1.0),
    ],
)
def test_kappa(rated: list[int], given_levels: list[int], kappa: float) -> None:
    assert quadratic_kappa(rated, given_levels) == pytest.approx(kappa)


@given(st.lists(st.tuples(LEVEL, LEVEL), min_size=2, max_size=60))
def test_kappa_agrees_with_an_oracle(pairs: list[tuple[int, int]]) -> None:
    rated, levels = zip(*pairs, strict=True)
    if len({*rated, *levels}) > 1:
        oracle = cohen_kappa_score(rated, levels, weights="quadratic", labels=[1, 2, 3, 4, 5])
        assert quadratic_kappa(rated, levels) == pytest.approx(oracle)


@given(st.lists(st.tuples(st.integers(0, 100), LEVEL), min_size=3, max_size=60))
def test_correlations_agree_with_an_oracle(pairs: list[tuple[int, int]]) -> None:
    first, second = zip(*pairs, strict=True)
    if len(set(first)) > 1 and len(set(second)) > 1:
        assert correlation(first, second) == pytest.approx(stats.pearsonr(first, second).statistic)
        assert spearman(first, second) == pytest.approx(stats.spearmanr(first, second).statistic)
    else:
        assert correlation(first, second) == spearman(first, second) == 0.0


def test_standardised_difference() -> None:
    assert standardised_difference([1, 3], [2, 4]) == pytest.approx(1.0)
    assert standardised_difference([3, 3], [4, 4]) == 0.0


def test_agreement_as_a_whole() -> None:
    found = agreement([1, 2, 3, 4, 5, 5], [1, 2, 4, 4, 5, 3], [5, 30, 65, 70, 95, 50])
    assert (found.count, found.exact, found.adjacent) == (6, pytest.approx(4 / 6), pytest.approx(5 / 6))
    assert found.confusion[4] == (0, 0, 1, 0, 1)
    assert sum(map(sum, found.confusion)) == 6
    assert found.kappa.low <= found.kappa.value <= found.kappa.high
    with pytest.raises(ValueError, match="at least one"):
        agreement([], [], [])


def test_warnings_follow_the_thresholds() -> None:
    good = agreement([1, 2, 3, 4, 5], [1, 2, 3, 4, 5], [10, 30, 50, 70, 90])
    strict = agreement([1, 2, 3, 4, 5], [1, 1, 2, 3, 4], [10, 15, 30, 50, 70])
    assert good.warnings == ()
    assert strict.warnings == ("The standardised mean difference is beyond 0.15.",)
    assert len(agreement([1, 5, 1, 5], [5, 1, 1, 1], [1, 2, 3, 4]).warnings) == 2


def test_the_bootstrap_is_the_same_every_time() -> None:
    values = np.arange(30.0)
    assert bootstrap(lambda rows: float(values[rows].mean()), 30) == bootstrap(
        lambda rows: float(values[rows].mean()), 30
    )


def test_a_baseline_gets_the_distribution_of_the_ratings() -> None:
    assert levels_by_rank([0.9, 0.1, 0.5], [5, 1, 1]) == [5, 1, 1]


def test_cut_offs_follow_the_ratings_and_few_ratings_move_them_little() -> None:
    scores = [float(score) for score in range(100)]
    rated = levels_at(scores, (30.0, 50.0, 70.0, 90.0)).tolist()
    fitted = fit_cuts(scores, rated, CUTS, prior=0.0)
    assert fitted == pytest.approx((30, 50, 70, 90), abs=1.5)
    few = fit_cuts(scores[::10], rated[::10], CUTS)
    assert few != CUTS
    assert all(abs(new - old) <= 5 for old, new in zip(CUTS, few, strict=True))
    assert list(few) == sorted(few)


def test_cut_offs_are_worth_what_they_do_on_ratings_held_out() -> None:
    scores = [float(score) for score in range(100)]
    moved = levels_at(scores, (30.0, 50.0, 70.0, 90.0)).tolist()
    assert cross_validated_cuts(scores, moved, CUTS).gain > 0
    right = levels_at(scores, CUTS).tolist()
    assert cross_validated_cuts(scores, right, CUTS).gain <= 0
