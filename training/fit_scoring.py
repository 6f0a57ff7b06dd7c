"""Fits the numbers of the scoring model to development ratings and writes ``evaluator/calibration.json``.

    python training/fit_scoring.py

A random search over ``Calibration``. What is sought: quadratic weighted kappa and correlation with the mean of the raters, good
answers above unacceptable ones, acceptable sentences above their harmful twins; red flags are raised as often as the tolerated
share of false ones on good answers allows. The figures printed are cross-validated: each writer's answers and pairs are judged with
numbers fitted on the other writers.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluator.agreement import correlation, fit_cuts, levels_at, quadratic_kappa
from evaluator.bank import bank_digest
from evaluator.calibration import LIKELY, MAX_SCORE, Calibration
from evaluator.derive import derived_question
from evaluator.domain import Answer, Bank, Signature
from evaluator.engine import Engine, Examined, conclude
from evaluator.flagging import wording_ceiling
from evaluator.judged import Judged
from evaluator.loading import load_engine
from evaluator.scoring import PRIOR_SENTENCES

RATED = Path(__file__).parent / "data" / "rated"
Array = NDArray[np.float64]

TOLERATED = 0.0125
"""Share of good answers that may carry a false red flag. Those of writers that the bar was not set on carry more: see the figures
printed."""
ALONE = 3
"""How many times as many acceptable sentences by themselves may carry one: writers made them hard to tell from harmful ones."""
DOUBTED = 0.08
"""Share of good answers that may be put before a person because of a doubtful passage."""
LOWEST_CUT = 10.0
"""Lowest score of level 2: unacceptable answers need room to differ in, or all of them score 0."""
SEARCHED = {
    "base": (5, 50), "favour": (0, 50), "favour_sentences": (2, 9), "enough": (5, 26), "enough_share": (0.3, 1.0),
    "covered": (0.85, 0.9), "partly": (0.08, 0.35),
    "contradicted": (0.5, 0.95), "penalty": (0.0, 1.0), "balance": (0, 70), "harm": (0, 70), "flag_share": (0.1, 0.9),
    "amid": (0, 1),
}  # fmt: skip
"""What is searched, and between which bounds. Outside those of ``covered`` and ``contradicted``, and with more of ``amid``, the bank's
own statements are taken for other behaviours or accused: ``evaluator bank test``."""
DERIVED = {
    "derived_base": (5, 45), "derived_enough_share": (0.15, 1.0), "derived_balance": (10, 100), "derived_words": (0.2, 0.8),
    "derived_favour": (0, 50), "derived_sentences": (2, 7), "derived_contradicted": (0.5, 0.95), "derived_penalty": (0, 1),
}  # fmt: skip
"""The same for questions with model answers only. Some of each of both readings of a clause must stay: words know no negation."""


@dataclass(frozen=True, slots=True)
class Cases:
    """Judged texts as arrays, padded: everything that the scoring model reads."""

    affirms: Array
    """Shape (texts, points)."""
    denies: Array
    weights: Array
    favour: Array
    """Shape (texts, sentences)."""
    against: Array
    harmful: Array
    flagged: Array
    earning: Array
    """Sentences in favour that earn points, shape (texts,)."""
    ceiling: Array
    """Highest level that off-topic and tricks allow, shape (texts,)."""

    def __getitem__(self, chosen: Array) -> Cases:
        return Cases(*(getattr(self, name)[chosen] for name in Cases.__slots__))


@dataclass(frozen=True, slots=True)
class Rated:
    """Rated answers and pairs of one or more writers."""

    answers: Cases
    level: Array
    harmful: Array
    question: Array
    words: Array
    """Length of each answer."""
    good: Cases
    bad: Cases

    def part(self, answers: Array, pairs: Array) -> Rated:
        """Return the chosen answers and pairs."""
        return Rated(
            self.answers[answers], self.level[answers], self.harmful[answers], self.question[answers],
            self.words[answers], self.good[pairs], self.bad[pairs],
        )  # fmt: skip


def cases(examined: Sequence[Examined], calibration: Calibration) -> Cases:
    """Return judged texts as arrays."""

    def padded(rows: list[list[float]]) -> Array:
        array = np.zeros((len(rows), max(1, *(len(row) for row in rows))))
        for number, row in enumerate(rows):
            array[number, : len(row)] = row
        return array

    columns: list[list[list[float]]] = [[] for _ in range(7)]
    earning, ceilings = [], []
    for item in examined:
        if item.question is None or item.normalised is None or item.match is None:
            raise SystemExit(f"{item.answer.candidate_id}: could not be examined: {item.unscored}")
        told = list({piece.text.lower(): piece for piece in item.match.conduct}.values())
        values = (
            [p.affirms for p in item.match.points], [p.denies for p in item.match.points],
            [p.weight for p in item.question.key_points],
            [c.favour for c in told], [c.against for c in told], [c.harmful for c in told], [c.flagged for c in told],
        )  # fmt: skip
        for column, value in zip(columns, values, strict=True):
            column.append(value)
        judged = Judged(item.question, item.normalised, item.segments, item.match, calibration)
        earning.append(judged.sentences_in_favour)
        ceilings.append(wording_ceiling(judged))
    return Cases(*(padded(column) for column in columns), np.array(earning), np.array(ceilings, dtype=float))


def credit_sum(found: Cases, c: Calibration) -> Array:
    """Return the weighted credits of ``evaluator.scoring.coverage`` as a share of what is enough, at most 1."""
    contradicted = (found.denies >= c.contradicted) & (found.denies > found.affirms)
    credit = np.clip((found.affirms - c.partly) / max(c.covered - c.partly, 1e-9), 0, 1)
    credit = np.where(contradicted, -c.penalty * found.denies, credit)
    enough = np.minimum(c.enough, c.enough_share * found.weights.sum(1))
    return np.asarray((credit * found.weights).sum(1) / np.maximum(enough, 1e-9))


def worst(found: Cases, c: Calibration) -> Array:
    """Return the harm of each text's worst sentence."""
    return amid(c.flag_share * found.flagged + (1 - c.flag_share) * found.harmful, found, c)


def amid(harm: Array, found: Cases, c: Calibration) -> Array:
    """Return the harm of each text's worst sentence, less the more speaks for the candidate, from what each is by itself."""
    alone = harm.max(1)
    return np.asarray(alone / (alone + (1 - alone) * (1 + found.earning) ** c.amid))


def scores(found: Cases, c: Calibration) -> Array:
    """Return the scores of ``evaluator.engine.conclude``, unrounded."""
    bad = found.against.sum(1)
    share = bad / (bad + found.favour.sum(1) + PRIOR_SENTENCES)
    favour = c.favour * np.minimum(1, found.earning / c.favour_sentences)
    score = np.minimum(c.base + favour + (MAX_SCORE - c.base - c.favour) * credit_sum(found, c), MAX_SCORE)
    harm = worst(found, c)
    score = np.clip(score - c.balance * share - c.harm * harm, 0, MAX_SCORE)
    ceiling = np.where(harm >= c.red_flag, 1, found.ceiling)
    bounds = np.array([c.ceiling(level) for level in range(6)])
    level = ceiling.astype(int)
    low, high = bounds[level - 1], bounds[level]
    return np.asarray(np.minimum(score, low + (high - low) * (1 + score / MAX_SCORE) / 2))


def bar_for(harm: Array, share: float) -> float:
    """Return the lowest bar that at most a share of the harm (0-1) of good answers reaches."""
    bar = float(np.sort(harm)[::-1][int(share * len(harm))]) + 0.005
    return round(min(max(bar, 0.3), 0.99), 3)


def with_red_flag(rated: Rated, c: Calibration, share: float = TOLERATED) -> Calibration:
    """Return the calibration with the lowest bar for red flags that at most a share of the good answers reaches.

    And at most ``ALONE`` times that share of the acceptable sentences that stand alone: a short answer is no more suspect than others.
    """
    bars = (
        bar_for(worst(rated.answers[rated.level >= 4], c), share),
        bar_for(worst(rated.good, c), ALONE * share),
    )
    return replace(c, red_flag=max(bars))


def with_doubts(rated: Rated, c: Calibration) -> Calibration:
    """Return the calibration with the bars from which a person should look, and for questions that state no red flags."""
    good = rated.answers[rated.level >= 4]
    doubt = min(bar_for(worst(good, c), DOUBTED), c.red_flag)
    return replace(c, doubt=doubt, unacceptable=bar_for(amid(good.harmful, good, c), TOLERATED))


def good_over_unacceptable(rated: Rated, score: Array) -> float:
    """Return how often a good answer scores above an unacceptable one to the same question; ties half."""
    good, bad = rated.level >= 4, rated.level == 1
    same = rated.question[good][:, None] == rated.question[bad][None, :]
    difference = score[good][:, None] - score[bad][None, :]
    return float(((difference > 0) + 0.5 * (difference == 0))[same].mean())


def figures(rated: Rated, c: Calibration) -> dict[str, float]:
    """Return what numbers are worth on rated texts."""
    score = scores(rated.answers, c)
    given = levels_at(score, c.cuts)
    good, bad = scores(rated.good, c), scores(rated.bad, c)
    apart = (levels_at(good, c.cuts) > levels_at(bad, c.cuts)) | (
        (worst(rated.bad, c) >= c.red_flag) & (worst(rated.good, c) < c.red_flag)
    )
    flagged = worst(rated.answers, c) >= c.red_flag
    return {
        "kappa": quadratic_kappa(rated.level.astype(int), given),
        "pearson": correlation(score, rated.level),
        "good over unacceptable": good_over_unacceptable(rated, score),
        "pairs ordered": float((good > bad).mean()),
        "pairs apart": float(apart.mean()),
        "red flags found": float(flagged[rated.harmful].mean()),
        "false red flags": float(flagged[rated.level >= 4].mean()),
        "error with length": correlation((given - rated.level).tolist(), rated.words.tolist()),
    }


WORTH = {
    "kappa": 1.0, "pearson": 0.6, "good over unacceptable": 0.6, "pairs ordered": 0.6, "pairs apart": 0.6,
    "red flags found": 0.6,
}  # fmt: skip
"""What counts in the search, and how much."""
FREE_LENGTH = 0.08
"""Correlation of the error with the length of an answer from which it counts against numbers, whole."""
CEILING_ROUNDS = 2
"""Fits whose numbers set the ceilings of the next one, which rest on what an answer earns."""
STARTS = 3
"""Searches that begin anew, for a random one ends where it began near."""


def quality(rated: Rated, c: Calibration) -> tuple[float, Calibration]:
    """Return how well numbers do, with the bar for red flags and the cut-offs that suit them."""
    c = with_red_flag(rated, c)
    free = (worst(rated.answers, c) < c.red_flag) & (rated.answers.ceiling == 5)
    score = scores(replace_ceiling(rated.answers[free]), c)
    cuts = fit_cuts(score.tolist(), rated.level[free].astype(int).tolist(), c.cuts, prior=0.0, rounds=1)
    if cuts[0] < LOWEST_CUT:
        return -1.0, c
    c = replace(c, cuts=(round(float(cuts[0]), 1), *(round(float(cut), 1) for cut in cuts[1:])))  # type: ignore[arg-type]
    found = figures(rated, c)
    worth = sum(weight * found[name] for name, weight in WORTH.items())
    return worth - max(0.0, abs(found["error with length"]) - FREE_LENGTH), c


def replace_ceiling(found: Cases) -> Cases:
    """Return the same texts with no ceiling."""
    return replace(found, ceiling=np.full(len(found.ceiling), 5.0))


def fit(rated: Rated, rounds: int, seed: int) -> tuple[float, Calibration]:
    """Return the best numbers found by several searches, and what they are worth."""
    return max((search(rated, rounds, seed + start) for start in range(STARTS)), key=lambda found: found[0])


def search(rated: Rated, rounds: int, seed: int) -> tuple[float, Calibration]:
    """Return the best numbers found by random search, mostly near the best ones so far."""
    rng = np.random.default_rng(seed)
    best_quality, best = quality(rated, Calibration())
    for done in range(rounds):
        values: dict[str, float] = {}
        near = done > rounds // 4
        for name, (low, high) in SEARCHED.items():
            if near and rng.random() < 0.6:
                continue
            spread = (high - low) / (6 if done < rounds // 2 else 20)
            value = rng.normal(getattr(best, name), spread) if near else rng.uniform(low, high)
            values[name] = round(float(np.clip(value, low, high)), 3)
        found, fitted = quality(rated, replace(best, **values))
        if found > best_quality:
            best_quality, best = found, fitted
    return best_quality, best


def spread(held_out: Sequence[tuple[Array, Array, Calibration]]) -> float:
    """Return the points within which the raters' level lies of a share ``LIKELY`` of unseen answers.

    Args:
        held_out: scores, the raters' levels, and the numbers fitted without these answers; one item a writer.
    """
    distances = []
    for score, level, c in held_out:
        low = np.array([0.0, *c.cuts])[level.astype(int) - 1]
        high = np.array([*c.cuts, MAX_SCORE])[level.astype(int) - 1]
        distances.append(np.maximum(0.0, np.maximum(low - score, score - high)))
    found = np.sort(np.concatenate(distances))
    return float(found[min(len(found) - 1, int(np.ceil((len(found) + 1) * LIKELY)) - 1)])


def examine_own_questions(engine: Engine, c: Calibration) -> tuple[list[Examined], Array, Array]:
    """Return the development answers to questions that come with model answers only, judged; the raters' levels; the writers."""
    rows = read_rows("own-questions")
    own = Engine(own_questions(rows), engine.models, c)
    examined = list(own.examine(Answer(str(i), row["question_id"], row["answer"]) for i, row in enumerate(rows)))
    level = np.array([(row["rating_a"] + row["rating_b"] + 1) // 2 for row in rows])
    return examined, level, np.array([row["writer"] for row in rows])


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


def read_rows(name: str) -> list[dict[str, Any]]:
    """Return the rows of a file of development ratings."""
    path = RATED / f"{name}.development.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def own_questions(rows: Sequence[dict[str, Any]]) -> Bank:
    """Return a bank of the questions that come with model answers only."""
    questions = [
        derived_question(row["question_id"], row["question"], row["model_answers"])
        for row in rows
        if "model_answers" in row
    ]
    return Bank(tuple(questions), bank_digest(questions))


def read_rated(engine: Engine) -> tuple[Callable[[Calibration], Rated], Array, Array]:
    """Return the development answers and pairs, judged, with their writers; the former for the numbers that set ceilings."""

    def judged(texts: list[dict[str, Any]], key: str) -> list[Examined]:
        return list(
            engine.examine(Answer(str(number), row["question_id"], row[key]) for number, row in enumerate(texts))
        )

    answers, pairs = read_rows("answers"), read_rows("pairs")
    examined = [judged(answers, "answer"), judged(pairs, "good"), judged(pairs, "bad")]
    level = np.array([(row["rating_a"] + row["rating_b"] + 1) // 2 for row in answers])
    harmful = np.array([bool(row["red_flags_a"]) and bool(row["red_flags_b"]) for row in answers])
    question = np.array([row["question_id"] for row in answers])
    words = np.array([len(row["answer"].split()) for row in answers], dtype=float)

    def under(c: Calibration) -> Rated:
        whole, good, bad = (cases(texts, c) for texts in examined)
        return Rated(whole, level, harmful, question, words, good, bad)

    return under, np.array([row["writer"] for row in answers]), np.array([row["writer"] for row in pairs])


def main() -> None:
    """Fit, cross-validate by writer, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--derived-rounds", type=int, default=120, help="of questions with model answers only")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", "--output", type=Path, default=Path("evaluator/calibration.json"))
    options = parser.parse_args()
    engine = load_engine()
    under, writers, pair_writers = read_rated(engine)
    c = Calibration()
    for _ in range(CEILING_ROUNDS):  # which answers are off topic follows from the numbers that are sought
        _, c = fit(under(c), options.rounds // 2, options.seed)
    rated = under(c)
    held: dict[str, list[float]] = {}
    unseen: list[tuple[Array, Array, Calibration]] = []
    for writer in sorted(set(writers)):
        _, c = fit(rated.part(writers != writer, pair_writers != writer), options.rounds // 2, options.seed)
        own = rated.part(writers == writer, pair_writers == writer)
        unseen.append((scores(own.answers, c), own.level, c))
        for name, value in figures(own, c).items():
            held.setdefault(name, []).append(value)
    found, c = fit(rated, options.rounds, options.seed)
    fitted = figures(rated, c)
    print("                          fitted on all   each writer left out once (mean)")
    for name, values in held.items():
        print(f"{name:26} {fitted[name]:12.3f} {np.mean(values):14.3f}")
    c = replace(with_doubts(rated, c), spread=round(spread(unseen), 1))
    c = fit_derived(engine, c, options.derived_rounds, options.seed)
    print(f"objective {found:.3f}\n{c}")
    options.output.write_text(json.dumps(asdict(c), indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
