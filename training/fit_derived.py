"""Fits the numbers of questions that come with model answers only; a part of ``fit_scoring.py``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from rated import Array, examine_own_questions

from evaluator.agreement import correlation, quadratic_kappa
from evaluator.calibration import Calibration
from evaluator.domain import Signature
from evaluator.engine import Engine, Examined, conclude

DERIVED = {
    "derived_base": (5, 45), "derived_enough_share": (0.15, 1.0), "derived_balance": (10, 100), "derived_words": (0.2, 0.8),
    "derived_favour": (0, 50), "derived_sentences": (2, 7), "derived_contradicted": (0.5, 0.95), "derived_penalty": (0, 1),
}  # fmt: skip
"""What is searched, and between which bounds. Some of each of both readings of a clause must stay: words know no negation."""


def derived_quality(
    examined: Sequence[Examined], level: Array, c: Calibration, signature: Signature
) -> tuple[float, float]:
    """Return kappa and Pearson correlation with the raters."""
    results = [conclude(item, c, signature) for item in examined]
    kappa = quadratic_kappa(level.tolist(), [result.level or 1 for result in results])
    return kappa, correlation([result.score or 0.0 for result in results], level)


def search_derived(
    examined: Sequence[Examined], level: Array, c: Calibration, signature: Signature, rounds: int, seed: int
) -> Calibration:
    """Return the numbers with those of questions that have only model answers, found by random search near the best so far."""
    rng = np.random.default_rng(seed)
    best, found = sum(derived_quality(examined, level, c, signature)), c
    for done in range(rounds):
        near = done > rounds // 3
        values: dict[str, float] = {}
        for name, (low, high) in DERIVED.items():
            if near and rng.random() < 0.5:
                continue
            value = rng.normal(getattr(found, name), (high - low) / 8) if near else rng.uniform(low, high)
            values[name] = round(float(np.clip(value, low, high)), 2)
        tried = replace(c, **{name: getattr(found, name) for name in DERIVED} | values)
        quality = sum(derived_quality(examined, level, tried, signature))
        if quality > best:
            best, found = quality, tried
    return found


def fit_derived(engine: Engine, c: Calibration, rounds: int, seed: int) -> Calibration:
    """Return the numbers with those of questions that have only model answers, fitted on the development ones.

    Prints what they are worth, each writer's questions left out once.
    """
    examined, level, writers = examine_own_questions(engine, c)

    def part(chosen: Array) -> tuple[list[Examined], Array]:
        return [item for item, kept in zip(examined, chosen, strict=True) if kept], level[chosen]

    held = []
    for writer in sorted(set(writers)):
        fitted = search_derived(*part(writers != writer), c, engine.signature, rounds // 2, seed)
        held.append(derived_quality(*part(writers == writer), fitted, engine.signature))
    found = search_derived(examined, level, c, engine.signature, rounds, seed)
    for title, kappa, pearson in (
        ("fitted on all", *derived_quality(examined, level, found, engine.signature)),
        ("each writer left out once", *np.mean(held, axis=0)),
    ):
        print(f"questions with model answers only, {title}: kappa {kappa:.3f}, Pearson {pearson:.3f}")
    return found
