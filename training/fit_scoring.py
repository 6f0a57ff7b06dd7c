"""Fits the numbers of the scoring model to development ratings and writes ``evaluator/calibration.json``.

    python training/fit_scoring.py

First a regression says how harmful a sentence is within its answer; red flags are raised as often as the tolerated shares of false
ones allow. Then differential evolution seeks the other numbers of ``Calibration``: quadratic weighted kappa and correlation with the
mean of the raters, good answers above unacceptable ones, acceptable sentences above their harmful twins, tricks kept at level 2. The
figures printed are cross-validated: the answers and pairs of each sixth of the writers are judged with numbers fitted on the others.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from fit_elsewhere import fit_elsewhere
from fitting import bar_for, folds, spread
from rated import Array, Cases, Rated, read_rated
from scipy.optimize import differential_evolution
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from evaluator.agreement import correlation, fit_cuts, levels_at, quadratic_kappa
from evaluator.calibration import MAX_SCORE, Calibration
from evaluator.engine import Engine
from evaluator.harm import AMID, OTHER, OWN
from evaluator.loading import load_calibration, load_engine
from evaluator.scoring import PRIOR_SENTENCES

TOLERATED = 0.0125
"""Share of good answers that may carry a false red flag. Those of writers that the bar was not set on carry more: see the figures
printed."""
TOLERATED_ACCEPTABLE = 0.04
"""The same of answers rated ``ACCEPTABLE``, which say less for the candidate."""
TOLERATED_WEAK = 0.15
"""The same of weaker answers that show none."""
TOLERATED_ALONE = 0.065
"""The same of acceptable sentences by themselves: writers made them hard to tell from harmful ones."""
WEAK, ACCEPTABLE, GOOD = 2, 3, 4
"""Levels of answers that tell too little, and from which on they are acceptable, and good."""
DOUBTED = 0.08
"""Share of good answers that may be put before a person because of a doubtful passage."""
LOWEST_CUT = 10.0
"""Lowest score of level 2: unacceptable answers need room to differ in, or all of them score 0."""
SEARCHED = {
    "base": (5, 50), "favour": (0, 30), "favour_sentences": (2, 9), "enough": (5, 26), "enough_share": (0.3, 1.0),
    "covered": (0.85, 0.9), "partly": (0.08, 0.35),
    "contradicted": (0.5, 0.95), "penalty": (0.0, 1.0), "balance": (0, 70), "harm": (0, 70),
}  # fmt: skip
"""What is searched, and between which bounds. With more than 30 points for ``favour`` key points hardly count by name. Outside the bounds
of ``covered`` and ``contradicted`` the bank's own statements are taken for other behaviours: ``evaluator bank test``."""
FLAG_SHARE = 0.35
"""``flag_share``, chosen among 0.1, 0.23, 0.35 and 0.5, which differ little: docs/experiments.md."""
PAIR_WEIGHT = 0.25
"""Weight of a sentence by itself in the regression of harm, against 1 for an answer."""


def credit_sum(found: Cases, c: Calibration) -> Array:
    """Return the weighted credits of ``evaluator.scoring.coverage`` as a share of what is enough, at most 1."""
    contradicted = (found.denies >= c.contradicted) & (found.denies > found.affirms)
    credit = np.clip((found.affirms - c.partly) / max(c.covered - c.partly, 1e-9), 0, 1)
    credit = np.where(contradicted, -c.penalty * found.denies, credit)
    enough = np.minimum(c.enough, c.enough_share * found.weights.sum(1))
    return np.asarray((credit * found.weights).sum(1) / np.maximum(enough, 1e-9))


def alone(found: Cases, c: Calibration) -> Array:
    """Return the harm of each sentence, taken alone, as ``evaluator.harm.harm_alone``, shape (texts, sentences)."""
    return np.asarray(c.flag_share * found.flagged + (1 - c.flag_share) * found.harmful)


def worst(found: Cases, c: Calibration) -> Array:
    """Return the harm of each text's worst sentence, as ``evaluator.harm.harm``."""
    own, other, said, amid = surroundings(found, c).T
    return np.asarray(
        expit(c.harm_bias + c.harm_own * own + c.harm_other * other + c.harm_denied * said + c.harm_favour * amid)
    )


def surroundings(found: Cases, c: Calibration) -> Array:
    """Return what the harm of each text's worst sentence follows from, shape (texts, 4), as ``evaluator.harm.harm`` has it."""

    def log_odds(probability: Array | float, bounds: tuple[float, float]) -> Array:
        bounded = np.clip(probability, *bounds)
        return np.asarray(np.log(bounded / (1 - bounded)))

    ordered = np.sort(np.pad(alone(found, c), ((0, 0), (0, 1))), axis=1)
    amid = np.log1p(AMID[0]) - np.log1p(np.clip(found.earning, *AMID))
    other = log_odds(ordered[:, -2], OTHER) - log_odds(0.0, OTHER)
    return np.stack([log_odds(ordered[:, -1], OWN), other, np.log1p(found.denies.sum(1)), amid], axis=1)


def with_harm(rated: Rated, c: Calibration) -> Calibration:
    """Return the calibration with the regression of harm: answers and sentences with red flags against those that only lack something."""
    chosen = rated.blameless | rated.harmful
    parts = (rated.answers[chosen], rated.good, rated.bad)
    c = replace(c, flag_share=FLAG_SHARE)
    features = [surroundings(part, c) for part in parts]
    harmful = np.concatenate([rated.harmful[chosen], np.zeros(len(features[1])), np.ones(len(features[2]))])
    weight = np.repeat([1.0, PAIR_WEIGHT, PAIR_WEIGHT], [len(part) for part in features])
    fitted = LogisticRegression(max_iter=1000).fit(np.concatenate(features), harmful, weight)
    own, other, denied, favour = (round(float(value), 3) for value in fitted.coef_[0])
    bias = round(float(fitted.intercept_[0]), 3)
    return replace(
        c, harm_bias=bias, harm_own=own, harm_other=max(other, 0.0), harm_denied=max(denied, 0.0), harm_favour=max(favour, 0.0)
    )  # fmt: skip


def scores(found: Cases, c: Calibration, harm: Array | None = None) -> Array:
    """Return the scores of ``evaluator.engine.conclude``, unrounded; ``harm`` is that of ``worst`` where it is known."""
    bad = found.against.sum(1)
    share = bad / (bad + found.favour.sum(1) + PRIOR_SENTENCES)
    favour = c.favour * np.minimum(1, found.earning / c.favour_sentences)
    score = np.minimum(c.base + favour + (MAX_SCORE - c.base - c.favour) * credit_sum(found, c), MAX_SCORE)
    harm = worst(found, c) if harm is None else harm
    score = np.clip(score - c.balance * share - c.harm * harm, 0, MAX_SCORE)
    ceiling = np.where(harm >= c.red_flag, 1, found.ceiling)
    bounds = np.array([c.ceiling(level) for level in range(6)])
    level = ceiling.astype(int)
    low, high = bounds[level - 1], bounds[level]
    return np.asarray(np.minimum(score, low + (high - low) * (1 + score / MAX_SCORE) / 2))


def with_red_flag(rated: Rated, c: Calibration) -> Calibration:
    """Return the calibration with the lowest bar for red flags that no more acceptable texts reach than is tolerated.

    Long and short ones each have their share: a short answer is no more suspect than others.
    """
    harm = worst(rated.answers, c)
    bars = (
        bar_for(harm[rated.level >= GOOD], TOLERATED),
        bar_for(harm[rated.level == ACCEPTABLE], TOLERATED_ACCEPTABLE),
        bar_for(harm[rated.blameless & (rated.level < ACCEPTABLE)], TOLERATED_WEAK),
        bar_for(worst(rated.good, c), TOLERATED_ALONE),
    )
    return replace(c, red_flag=max(bars))


def with_doubt(rated: Rated, c: Calibration) -> Calibration:
    """Return the calibration with the bar from which a person should look."""
    return replace(c, doubt=min(bar_for(worst(rated.answers[rated.level >= GOOD], c), DOUBTED), c.red_flag))


def good_over_unacceptable(rated: Rated, score: Array) -> float:
    """Return how often a good answer scores above an unacceptable one to the same question; ties half."""
    good, bad = rated.level >= GOOD, rated.level == 1
    same = rated.question[good][:, None] == rated.question[bad][None, :]
    difference = score[good][:, None] - score[bad][None, :]
    return float(((difference > 0) + 0.5 * (difference == 0))[same].mean())


@dataclass(frozen=True, slots=True)
class Harms:
    """The harm of each text's worst sentence: of answers, acceptable sentences and harmful ones."""

    answers: Array
    good: Array
    bad: Array


def harms_of(rated: Rated, c: Calibration) -> Harms:
    """Return the harm of each text's worst sentence."""
    return Harms(*(worst(texts, c) for texts in (rated.answers, rated.good, rated.bad)))


def figures(rated: Rated, c: Calibration, harms: Harms | None = None) -> dict[str, float]:
    """Return what numbers are worth on rated texts."""
    harms = harms or harms_of(rated, c)
    score = scores(rated.answers, c, harms.answers)
    given = levels_at(score, c.cuts)
    good, bad = scores(rated.good, c, harms.good), scores(rated.bad, c, harms.bad)
    apart = (levels_at(good, c.cuts) > levels_at(bad, c.cuts)) | ((harms.bad >= c.red_flag) & (harms.good < c.red_flag))
    flagged = harms.answers >= c.red_flag
    return {
        "kappa": quadratic_kappa(rated.level.astype(int), given),
        "pearson": correlation(score, rated.level),
        "good over unacceptable": good_over_unacceptable(rated, score),
        "pairs ordered": float((good > bad).mean()),
        "pairs apart": float(apart.mean()),
        "tricks caught": float(((given <= WEAK) | flagged)[rated.tricky].mean()),
        "red flags found": float(flagged[rated.harmful].mean()),
        "false red flags": float(flagged[rated.level >= GOOD].mean()),
        "error with length": correlation((given - rated.level).tolist(), rated.words.tolist()),
    }


WORTH = {
    "kappa": 1.0, "pearson": 0.6, "good over unacceptable": 0.6, "pairs ordered": 0.6, "pairs apart": 0.6,
    "tricks caught": 0.3,
}  # fmt: skip
"""What counts in the search, and how much."""
FREE_LENGTH = 0.08
"""Correlation of the error with the length of an answer from which it counts against numbers, whole."""
CEILING_ROUNDS = 2
"""Fits whose numbers set the ceilings of the next one, which rest on what an answer earns."""
POPULATION = 6
"""Members of the population for each number that is searched."""


def quality(rated: Rated, c: Calibration, harms: Harms) -> tuple[float, Calibration]:
    """Return how well numbers do, with the cut-offs that suit them."""
    free = (harms.answers < c.red_flag) & (rated.answers.ceiling == 5)
    score = scores(rated.answers[free], c, harms.answers[free])
    cuts = fit_cuts(score.tolist(), rated.level[free].astype(int).tolist(), c.cuts, prior=0.0, rounds=1)
    if cuts[0] < LOWEST_CUT:
        return -1.0, c
    c = replace(c, cuts=(round(float(cuts[0]), 1), *(round(float(cut), 1) for cut in cuts[1:])))  # type: ignore[arg-type]
    found = figures(rated, c, harms)
    worth = sum(weight * found[name] for name, weight in WORTH.items())
    return worth - max(0.0, abs(found["error with length"]) - FREE_LENGTH), c


def fit(rated: Rated, generations: int, seed: int) -> tuple[float, Calibration]:
    """Return the best numbers found, and what they are worth: differential evolution (Storn and Price 1997)."""
    start = with_red_flag(rated, with_harm(rated, Calibration()))
    harms = harms_of(rated, start)

    def numbers(values: Array) -> Calibration:
        return replace(start, **{name: round(float(value), 3) for name, value in zip(SEARCHED, values, strict=True)})

    found = differential_evolution(
        lambda values: -quality(rated, numbers(values), harms)[0],
        list(SEARCHED.values()),
        maxiter=generations,
        popsize=POPULATION,
        tol=0,
        polish=False,
        rng=np.random.default_rng(seed),
    )
    return quality(rated, numbers(found.x), harms)


def fit_known(engine: Engine, options: argparse.Namespace) -> Calibration:
    """Return the numbers of questions that the judge was trained on; print what they are worth, writers left out in turn."""
    under, writers, pair_writers = read_rated(engine)
    c = Calibration()
    for _ in range(CEILING_ROUNDS):  # which answers are off topic follows from the numbers that are sought
        _, c = fit(under(c), options.generations // 2, options.seed)
    rated = under(c)
    held: dict[str, list[float]] = {}
    unseen: list[tuple[Array, Array, Calibration]] = []
    for part in folds(np.concatenate([writers, pair_writers])):
        answers, pairs = part[: len(writers)], part[len(writers) :]
        _, c = fit(rated.part(~answers, ~pairs), options.generations // 2, options.seed)
        own = rated.part(answers, pairs)
        unseen.append((scores(own.answers, c), own.level, c))
        for name, value in figures(own, c).items():
            held.setdefault(name, []).append(value)
    found, c = fit(rated, options.generations, options.seed)
    fitted = figures(rated, c)
    print("                          fitted on all   writers left out in turn (mean)")
    for name, values in held.items():
        print(f"{name:26} {fitted[name]:12.3f} {np.mean(values):14.3f}")
    c = replace(with_doubt(rated, c), spread=round(spread(unseen), 1))
    print(f"objective {found:.3f}")
    return c


def main() -> None:
    """Fit, cross-validate by writer, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--generations", type=int, default=40)
    parser.add_argument(
        "--elsewhere-rounds", type=int, default=120, help="of questions that the judge was not trained on"
    )
    parser.add_argument(
        "--elsewhere-only",
        action="store_true",
        help="fit those numbers only, and keep the others of the file that is there",
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", "--output", type=Path, default=Path("evaluator/calibration.json"))
    options = parser.parse_args()
    engine = load_engine()
    c = load_calibration(options.output) if options.elsewhere_only else fit_known(engine, options)
    c = fit_elsewhere(engine, c, options.elsewhere_rounds, options.seed)
    print(c)
    options.output.write_text(json.dumps(asdict(c), indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
