"""Fits the numbers of the scoring model to development ratings and writes ``evaluator/calibration.json``.

    python training/fit_scoring.py

A random search over ``Calibration``, judged by quadratic weighted kappa with the mean of the raters minus what false red
flags and missed red flags cost. The figure printed at the end is cross-validated: each writer's answers are rated with
numbers fitted on the other writers.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evaluator.checks import copied_from, find_tricks
from evaluator.domain import Answer
from evaluator.engine import Engine, Examined
from evaluator.loading import load_engine
from evaluator.scoring import Calibration, coverage, enough_weight

RATED = Path(__file__).parent / "data" / "rated" / "answers.development.jsonl"
Array = NDArray[np.float64]

TOLERATED = 0.02
"""Share of good answers that may carry a false red flag: a person looks at every flag."""


@dataclass(frozen=True, slots=True)
class Case:
    """A rated answer, reduced to what the scoring model reads."""

    writer: str
    level: int
    has_red_flag: bool
    affirms: tuple[float, ...]
    denies: tuple[float, ...]
    weights: tuple[float, ...]
    red_flag: float
    topic: float
    lead: float
    told: float
    tricks: bool


def read_cases(engine: Engine, path: Path) -> list[Case]:
    """Return the rated answers of a file, examined."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    answers = [Answer(row["candidate_id"], row["question_id"], row["answer"]) for row in rows]
    return [_case(row, examined) for row, examined in zip(rows, engine.examine(answers), strict=True)]


def _case(row: dict[str, object], examined: Examined) -> Case:
    question, match, normalised = examined.question, examined.match, examined.normalised
    if question is None or match is None or normalised is None:
        raise SystemExit(f"{row['candidate_id']}: could not be examined: {examined.unscored}")
    level = round((int(str(row["rating_a"])) + int(str(row["rating_b"]))) / 2 + 0.01)
    tricky = bool(find_tricks(normalised.text, examined.segments, question))
    tricky = tricky or copied_from(normalised.text, examined.segments, question) is not None
    return Case(
        str(row["writer"]), level, bool(row["red_flags_a"]) and bool(row["red_flags_b"]),
        tuple(p.affirms for p in match.points), tuple(p.denies for p in match.points),
        tuple(p.weight for p in question.key_points),
        max((f.affirms for f in match.flags), default=0.0), match.topic, match.lead, match.told, tricky,
    )  # fmt: skip


def is_off_topic(case: Case, calibration: Calibration) -> bool:
    """Return whether an answer counts as being about something else, or about another question."""
    other = case.lead > calibration.other_question and case.told < calibration.telling
    other = other and case.topic < calibration.on_topic
    return case.topic < calibration.off_topic or other


def raw_score(case: Case, calibration: Calibration) -> float:
    """Return the score before ceilings."""
    credit = sum(
        weight * coverage(affirms, denies, calibration)[1]
        for weight, affirms, denies in zip(case.weights, case.affirms, case.denies, strict=True)
    )
    score = calibration.base + (100 - calibration.base) * credit / enough_weight(case.weights, calibration)
    return float(np.clip(score, 0, 100))


def levels(scores: Array, cases: list[Case], calibration: Calibration) -> NDArray[np.int64]:
    """Return the level of each case from its score before ceilings."""
    found = 1 + (scores[:, None] >= np.array(calibration.cuts)[None, :]).sum(1)
    for number, case in enumerate(cases):
        if case.red_flag >= calibration.red_flag or is_off_topic(case, calibration):
            found[number] = 1
        elif case.tricks:
            found[number] = min(found[number], 2)
    return found


def quadratic_kappa(rated: Array, given: Array) -> float:
    """Return the quadratic weighted kappa of two lists of levels 1-5 (Cohen 1968)."""
    table = np.zeros((5, 5))
    for a, b in zip(rated, given, strict=True):
        table[int(a) - 1, int(b) - 1] += 1
    weights = np.subtract.outer(np.arange(5), np.arange(5)) ** 2
    expected = np.outer(table.sum(1), table.sum(0)) / table.sum()
    return float(1 - (weights * table).sum() / (weights * expected).sum())


def quality(cases: list[Case], calibration: Calibration) -> tuple[float, Calibration]:
    """Return how well numbers do, with the cut-offs that suit them best."""
    scores = np.array([raw_score(case, calibration) for case in cases])
    rated = np.array([case.level for case in cases])
    calibration = replace(calibration, cuts=_best_cuts(scores, cases, rated, calibration))
    given = levels(scores, cases, calibration)
    good = rated >= 4
    flagged = np.array([case.red_flag >= calibration.red_flag for case in cases])
    harmful = np.array([case.has_red_flag for case in cases])
    false = max(0.0, float((flagged & good).sum() / good.sum()) - TOLERATED)
    cost = 3.0 * false + 0.5 * (~flagged & harmful).sum() / harmful.sum()
    return quadratic_kappa(rated, given) - float(cost), calibration


def _best_cuts(
    scores: Array, cases: list[Case], rated: Array, calibration: Calibration
) -> tuple[float, float, float, float]:
    """Return the cut-offs with the highest kappa, one after the other, twice; they stay at least 12 points apart."""
    cuts = list(calibration.cuts)
    for _ in range(2):
        for number in range(4):
            low = cuts[number - 1] + 12 if number else 2.0
            high = cuts[number + 1] - 12 if number < 3 else 88.0
            choices = np.arange(low, high + 0.1, 3.0)
            kappas = []
            for choice in choices:
                trial = (*cuts[:number], float(choice), *cuts[number + 1 :])
                kappas.append(quadratic_kappa(rated, levels(scores, cases, replace(calibration, cuts=trial))))  # type: ignore[arg-type]
            if kappas:
                cuts[number] = float(choices[int(np.argmax(kappas))])
    return tuple(round(cut, 1) for cut in cuts)  # type: ignore[return-value]


def fit(cases: list[Case], rounds: int, seed: int) -> tuple[float, Calibration]:
    """Return the best numbers found by random search, refined around the best ones half of the time."""
    rng = np.random.default_rng(seed)
    best_quality, best = quality(cases, Calibration())
    for _ in range(rounds):
        near = rng.random() < 0.5
        trial = Calibration(
            base=_draw(rng, best.base, 8, 35, near),
            enough=_draw(rng, best.enough, 5, 26, near),
            enough_share=_draw(rng, best.enough_share, 0.4, 1.0, near),
            covered=_draw(rng, best.covered, 0.75, 0.9, near),
            partly=_draw(rng, best.partly, 0.5, 0.5, near),  # fixed: told means likelier than not
            contradicted=_draw(rng, best.contradicted, 0.75, 0.95, near),
            penalty=_draw(rng, best.penalty, 0.2, 1.5, near),
            red_flag=_draw(rng, best.red_flag, 0.92, 0.98, near),
            cuts=best.cuts,
        )
        found, fitted = quality(cases, trial)
        if found > best_quality:
            best_quality, best = found, fitted
    return best_quality, best


def _draw(rng: np.random.Generator, current: float, low: float, high: float, near: bool) -> float:
    value = rng.normal(current, (high - low) / 12) if near else rng.uniform(low, high)
    return round(float(np.clip(value, low, high)), 3)


def main() -> None:
    """Fit, cross-validate by writer, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=150)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", "--output", type=Path, default=Path("evaluator/calibration.json"))
    options = parser.parse_args()
    cases = read_cases(load_engine(), RATED)
    held: list[tuple[Case, int]] = []
    for writer in sorted({case.writer for case in cases}):
        _, calibration = fit([case for case in cases if case.writer != writer], options.rounds // 2, options.seed)
        own = [case for case in cases if case.writer == writer]
        scores = np.array([raw_score(case, calibration) for case in own])
        held.extend(zip(own, levels(scores, own, calibration).tolist(), strict=True))
    kappa = quadratic_kappa(np.array([case.level for case, _ in held]), np.array([level for _, level in held]))
    print(f"quadratic weighted kappa, each writer left out once: {kappa:.3f} (n = {len(held)})")
    found, calibration = fit(cases, options.rounds, options.seed)
    print(f"objective on all: {found:.3f}\n{calibration}")
    options.output.write_text(json.dumps(asdict(calibration), indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
