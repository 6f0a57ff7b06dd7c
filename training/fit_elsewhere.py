"""Fits the numbers of questions that the judge was not trained on; a part of ``fit_scoring.py``.

They come with model answers only, or with the statements of another bank.

The judge is surer of itself than right where it has never met the job, so that what holds for the shipped bank does not hold for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import numpy as np
from fitting import bar_for, folds, random_search, spread
from rated import RATED, Array, Elsewhere, own_questions, read_elsewhere, read_rows

from evaluator.agreement import correlation, quadratic_kappa
from evaluator.bank import load_bank
from evaluator.calibration import Calibration
from evaluator.domain import FlagKind, Signature
from evaluator.engine import Engine, conclude
from evaluator.judged import Judged

DERIVED = {
    "derived_base": (5, 45), "derived_enough_share": (0.15, 1.0), "derived_balance": (10, 100), "derived_words": (0.2, 0.8),
    "derived_favour": (0, 50), "derived_sentences": (1, 7), "derived_contradicted": (0.5, 0.95), "derived_penalty": (0, 1),
    "elsewhere_off_topic": (0.3, 0.42), "elsewhere_doubtful_topic": (0.36, 0.5),
}  # fmt: skip
"""What is searched, and between which bounds. Some of each of both readings of a clause must stay: words know no negation."""
NEW = {
    "new_covered": (0.4, 0.9), "new_partly": (0.05, 0.4), "new_enough_share": (0.3, 1.0), "new_favour_sentences": (2, 8),
}  # fmt: skip
"""The same for questions of another bank."""
DERIVED_BAR, NEW_BAR = "unacceptable", "new_red_flag"
"""The bars for red flags: of questions that state none, and of questions of another bank that do."""
GOOD = 4
"""Level from which an answer is good."""
TOLERATED = {DERIVED_BAR: 0.0125, NEW_BAR: 0.02}
"""Share of good answers that each bar may let be accused: where statements of red flags stand beside the reading, it is the project's own bar."""


@dataclass(frozen=True, slots=True)
class Worth:
    """What numbers are worth on rated answers."""

    kappa: float
    pearson: float
    false: float
    """Share of good answers (levels 4 and 5) that a red flag is raised for."""
    score: Array
    """Of each answer, 0..100."""


def worth(answers: Elsewhere, c: Calibration, signature: Signature) -> Worth:
    """Return what numbers are worth on rated answers."""
    results = [conclude(item, c, signature) for item in answers.examined]
    score = np.array([result.score or 0.0 for result in results])
    accused = np.array([any(flag.kind is FlagKind.RED_FLAG for flag in result.flags) for result in results])
    good = answers.level >= GOOD
    return Worth(
        quadratic_kappa(answers.level.tolist(), [result.level or 1 for result in results]),
        correlation(score, answers.level),
        float(accused[good].mean()) if good.any() else 0.0,
        score,
    )


def with_bar(answers: Elsewhere, c: Calibration, bar: str) -> Calibration:
    """Return the numbers with the lowest bar for red flags, by its name, that no more good answers reach than is tolerated.

    Only answers about conduct count for which the bar holds: those to questions that state red flags, or those to the others.
    Without any, the numbers stay.
    """
    harm = []
    for item, level in zip(answers.examined, answers.level, strict=True):
        question, match = item.question, item.match
        if level < GOOD or not (question and item.normalised and match) or match.knowledge:
            continue
        if bar == (NEW_BAR if question.red_flags else DERIVED_BAR):
            harm.append(Judged(question, item.normalised, item.segments, match, c).worst)
    return replace(c, **{bar: bar_for(np.array(harm), TOLERATED[bar])}) if harm else c


@dataclass(frozen=True, slots=True)
class Fit:
    """A search over some of the numbers."""

    bounds: Mapping[str, tuple[float, float]]
    bar: str
    """The number from which conduct is a red flag; it follows from the answers."""
    spread: str
    """The number that says how far levels can be trusted; it follows from answers that are left out."""
    signature: Signature
    rounds: int
    seed: int = 0

    def best(self, answers: Elsewhere, c: Calibration, rounds: int) -> Calibration:
        """Return the numbers with the best that are found."""

        def quality(tried: Calibration) -> float:
            found = worth(answers, tried, self.signature)
            return found.kappa + found.pearson

        return random_search(with_bar(answers, c, self.bar), self.bounds, quality, rounds, self.seed)

    def run(self, title: str, answers: Elsewhere, c: Calibration) -> Calibration:
        """Return the fitted numbers; print what they are worth, on all answers and on each part of the groups left out once."""
        held, unseen = [], []
        for part in folds(answers.group):
            fitted = self.best(answers[~part], c, self.rounds // 2)
            own = answers[part]
            held.append(worth(own, fitted, self.signature))
            unseen.append((held[-1].score, own.level, fitted))
        found = self.best(answers, c, self.rounds)
        for name, seen in (("fitted on all", [worth(answers, found, self.signature)]), ("left out", held)):
            means = [np.mean([getattr(one, figure) for one in seen]) for figure in ("kappa", "pearson", "false")]
            print(
                f"{title}, {name}: kappa {means[0]:.3f}, Pearson {means[1]:.3f}, red flags on good answers {means[2]:.3f}"
            )
        return replace(found, **{self.spread: round(spread(unseen), 1)})


def without_elsewhere(c: Calibration) -> Calibration:
    """Return the numbers with those of questions that the judge was not trained on as they are before any fit."""
    own = ("derived_", "knowledge_", "elsewhere_", "new_", DERIVED_BAR)
    plain = {field.name: field.default for field in fields(Calibration) if field.name.startswith(own)}
    return replace(c, **plain)  # type: ignore[arg-type]


def fit_elsewhere(engine: Engine, c: Calibration, rounds: int, seed: int) -> Calibration:
    """Return the numbers with those of questions that the judge was not trained on."""
    return fit_new(engine, fit_derived(engine, without_elsewhere(c), rounds, seed), rounds, seed)


def fit_derived(engine: Engine, c: Calibration, rounds: int, seed: int) -> Calibration:
    """Return the numbers with those of questions that have only model answers; writers are left out in turn."""
    answers = read_elsewhere("own-questions", "writer", own_questions(read_rows("own-questions")), engine)
    fit = Fit(DERIVED, DERIVED_BAR, "derived_spread", engine.signature, rounds, seed)
    return fit.run("questions with model answers only", answers, c)


def fit_new(engine: Engine, c: Calibration, rounds: int, seed: int) -> Calibration:
    """Return the numbers with those of questions of another bank; questions are left out in turn."""
    answers = read_elsewhere("other-bank", "question_id", load_bank(RATED / "other-bank.development"), engine)
    return Fit(NEW, NEW_BAR, "new_spread", engine.signature, rounds, seed).run("another bank", answers, c)
