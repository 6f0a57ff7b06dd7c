"""What the fits of the scoring model share: bars, the search near the best so far, and how far levels can be trusted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from rated import Array

from evaluator.calibration import LIKELY, MAX_SCORE, Calibration

FOLDS = 6
"""Parts into which writers or questions are dealt; each part is judged once with numbers fitted on the others."""


def folds(groups: Array) -> list[Array]:
    """Return for each part which answers are in it, as booleans; what shares a group (a writer, a question) stays together."""
    names, number = np.unique(groups, return_inverse=True)
    return [number % FOLDS == part for part in range(min(FOLDS, len(names)))]


def bar_for(harm: Array, share: float) -> float:
    """Return the lowest bar that at most a share of the harm (0-1) of good answers reaches."""
    bar = float(np.sort(harm)[::-1][int(share * len(harm))]) + 0.005
    return round(min(max(bar, 0.3), 0.99), 3)


def random_search(
    c: Calibration,
    bounds: Mapping[str, tuple[float, float]],
    quality: Callable[[Calibration], float],
    rounds: int,
    seed: int,
) -> Calibration:
    """Return the numbers with the best ones found within bounds: a third of the rounds anywhere, the others near the best so far.

    Args:
        c: what is started from.
        bounds: what is searched, by name.
        quality: what numbers are worth; higher is better.
        rounds: how many are tried.
        seed: of what is drawn.
    """
    rng = np.random.default_rng(seed)
    best, found = quality(c), c
    for done in range(rounds):
        near = done > rounds // 3
        values: dict[str, float] = {}
        for name, (low, high) in bounds.items():
            if near and rng.random() < 0.5:
                continue
            value = rng.normal(getattr(found, name), (high - low) / 8) if near else rng.uniform(low, high)
            values[name] = round(float(np.clip(value, low, high)), 2)
        tried = replace(c, **{name: getattr(found, name) for name in bounds} | values)
        worth = quality(tried)
        if worth > best:
            best, found = worth, tried
    return found


def spread(held_out: Sequence[tuple[Array, Array, Calibration]]) -> float:
    """Return the points within which the raters' level lies of a share ``LIKELY`` of unseen answers.

    Args:
        held_out: scores, the raters' levels, and the numbers fitted without these answers; one item a part.
    """
    distances = []
    for score, level, c in held_out:
        low = np.array([0.0, *c.cuts])[level.astype(int) - 1]
        high = np.array([*c.cuts, MAX_SCORE])[level.astype(int) - 1]
        distances.append(np.maximum(0.0, np.maximum(low - score, score - high)))
    found = np.sort(np.concatenate(distances))
    return float(found[min(len(found) - 1, int(np.ceil((len(found) + 1) * LIKELY)) - 1)])
