"""How well the tool agrees with raters on answers, pairs, voices and questions it was not trained on, beside two baselines.

    python benchmarks/agreement.py --part development

Prints one table. The baselines are the cosine of the whole answer to its nearest model answer, and the answer's length.
The test part is looked at once a release.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import spearmanr

sys.path.insert(0, str(Path(__file__).parent.parent / "training"))

from rated import RATED, own_questions

from evaluator.agreement import confusion, correlation, quadratic_kappa
from evaluator.bank import load_bank
from evaluator.baselines import cosine_baseline, length_baseline
from evaluator.domain import Answer, Bank, FlagKind, Result
from evaluator.engine import Engine
from evaluator.loading import load_engine

Rows = list[dict[str, Any]]


def read(name: str, part: str, writers: set[str]) -> Rows:
    """Return the rows of a rated file that some writers wrote; all where none is named."""
    lines = (RATED / f"{name}.{part}.jsonl").read_text(encoding="utf-8").splitlines()
    return [row for row in map(json.loads, lines) if not writers or row["writer"] in writers]


def judge(engine: Engine, rows: Rows, key: str = "answer") -> list[Result]:
    """Return the results of one text a row."""
    return list(engine.evaluate(Answer(str(i), row["question_id"], row[key]) for i, row in enumerate(rows)))


def good_over_unacceptable(rows: Rows, levels: list[int], scores: list[float]) -> float:
    """Return how often a good answer (4, 5) scores above an unacceptable one (1) to the same question; ties half."""
    won = []
    for row, level, score in zip(rows, levels, scores, strict=True):
        for other, other_level, other_score in zip(rows, levels, scores, strict=True):
            if level >= 4 and other_level == 1 and row["question_id"] == other["question_id"]:
                won.append(1.0 if score > other_score else 0.5 if score == other_score else 0.0)
    return float(np.mean(won))


def within_likely(results: list[Result], levels: list[int]) -> float:
    """Return how often the raters' level is one of the likely ones."""
    bounds = [result.likely_levels or (1, 5) for result in results]
    return float(np.mean([low <= level <= high for level, (low, high) in zip(levels, bounds, strict=True)]))


def answers_table(engine: Engine, rows: Rows, part: str) -> None:
    """Print agreement on whole answers."""
    levels = [round((row["rating_a"] + row["rating_b"]) / 2 + 0.01) for row in rows]
    results = judge(engine, rows)
    scores = [result.score or 0.0 for result in results]
    given = [result.level or 1 for result in results]
    answered = [(result.answer, result.question) for result in results if result.question is not None]
    lengths = length_baseline(answered)
    cosines = cosine_baseline(answered, engine.models.encoder)
    flagged = [any(flag.kind is FlagKind.RED_FLAG for flag in result.flags) for result in results]
    harmful = [bool(row["red_flags_a"]) and bool(row["red_flags_b"]) for row in rows]
    print(f"answers ({part}, n = {len(rows)})              ours   cosine  length")
    for name, values in (("Spearman with the raters", (scores, cosines, lengths)),):
        print(f"  {name:36} " + "  ".join(f"{spearmanr(levels, value).statistic:6.3f}" for value in values))
    ranked = [good_over_unacceptable(rows, levels, value) for value in (scores, cosines, lengths)]
    print(f"  {'good over unacceptable':36} " + "  ".join(f"{value:6.3f}" for value in ranked))
    print(f"  {'quadratic weighted kappa':36} {quadratic_kappa(levels, given):6.3f}")
    errors = np.array(given) - np.array(levels)
    print(f"  {'exact / within one level':36} {(errors == 0).mean():6.3f} {(abs(errors) <= 1).mean():6.3f}")
    print(f"  {'correlation of error with length':36} {np.corrcoef(errors, lengths)[0, 1]:6.3f}")
    found = [flag for flag, harm in zip(flagged, harmful, strict=True) if harm]
    false = [flag for flag, level in zip(flagged, levels, strict=True) if level >= 4]
    print(f"  {'red flags found / false on good':36} {np.mean(found):6.3f} {np.mean(false):6.3f}")
    weak = [
        flag
        for flag, level, row in zip(flagged, levels, rows, strict=True)
        if level in (2, 3) and not (row["red_flags_a"] or row["red_flags_b"])
    ]
    print(f"  {'false red flags on levels 2 and 3':36} {np.mean(weak):6.3f}")
    review = np.array([result.needs_review for result in results])
    usual = review[np.array(levels) >= 3]
    print(f"  {'needs_review: all / levels 3 to 5':36} {review.mean():6.3f} {usual.mean():6.3f}")
    print(f"  {'raters within the likely levels':36} {within_likely(results, levels):6.3f}")
    print("  rated (rows) against given (columns), levels 1-5")
    for row in confusion(levels, given):
        print("    " + " ".join(f"{count:4}" for count in row))
    tricks_table(rows, results)


TRICKS = ("off-topic", "other-question", "echo", "keywords", "padding", "corporate", "contradiction", "negated")
CATCHING = {FlagKind.RED_FLAG, FlagKind.OFF_TOPIC, FlagKind.GAMING, FlagKind.COPIED}


def tricks_table(rows: Rows, results: list[Result]) -> None:
    """Print how many answers of each trick carry a flag, have a flag or a level of at most 2, and got level 5."""
    print("  tricks                              n  flagged  flagged or level <= 2  level 5")
    for trick in TRICKS:
        own = [result for row, result in zip(rows, results, strict=True) if row["kind"].split(":")[0] == trick]
        if own:
            flagged = [any(flag.kind in CATCHING for flag in result.flags) for result in own]
            caught = [flag or (result.level or 1) <= 2 for flag, result in zip(flagged, own, strict=True)]
            best = sum(result.level == 5 for result in own)
            print(f"    {trick:32} {len(own):3} {np.mean(flagged):8.2f} {np.mean(caught):22.2f} {best:8}")


def pairs_table(engine: Engine, rows: Rows) -> None:
    """Print how often an acceptable sentence scores above its harmful twin."""
    good, bad = judge(engine, rows, "good"), judge(engine, rows, "bad")
    ordered = [(g.score or 0) > (b.score or 0) for g, b in zip(good, bad, strict=True)]
    told = [
        (g.level or 1) > (b.level or 1) or (_has_red_flag(b) and not _has_red_flag(g))
        for g, b in zip(good, bad, strict=True)
    ]
    print(f"pairs (n = {len(rows)})")
    print(f"  ordered by score {np.mean(ordered):.3f}, by at least one level or a red flag {np.mean(told):.3f}")


def _has_red_flag(result: Result) -> bool:
    return any(flag.kind is FlagKind.RED_FLAG for flag in result.flags)


def voices_table(engine: Engine, rows: Rows) -> None:
    """Print how far the level moves when the same content is said in another voice."""
    levels: dict[str, dict[str, int]] = defaultdict(dict)
    for row, result in zip(rows, judge(engine, rows), strict=True):
        levels[row["set"]][row["voice"]] = result.level or 1
    print(f"voices ({len(levels)} sets)")
    for voice in ("spoken", "non-native", "misspelt", "terse"):
        shifts = [own[voice] - own["plain"] for own in levels.values() if voice in own and "plain" in own]
        print(
            f"  {voice:12} mean shift {np.mean(shifts):+.2f}, mean absolute shift {np.mean(np.abs(shifts)):.2f} levels"
        )


def elsewhere_table(engine: Engine, rows: Rows, title: str, bank: Bank) -> None:
    """Print agreement on questions that the judge was not trained on."""
    results = judge(Engine(bank, engine.models, engine.calibration), rows)
    levels = [round((row["rating_a"] + row["rating_b"]) / 2 + 0.01) for row in rows]
    answered = [(result.answer, result.question) for result in results if result.question is not None]
    scores = [result.score or 0.0 for result in results]
    cosines, lengths = cosine_baseline(answered, engine.models.encoder), length_baseline(answered)
    print(f"{title} ({len({row['question_id'] for row in rows})} questions, n = {len(rows)})    ours   cosine  length")
    correlations = [correlation(levels, values) for values in (scores, cosines, lengths)]
    print(f"  {'Pearson with the raters':36} " + "  ".join(f"{value:6.3f}" for value in correlations))
    print(f"  {'quadratic weighted kappa':36} {quadratic_kappa(levels, [r.level or 1 for r in results]):6.3f}")
    ranked = [good_over_unacceptable(rows, levels, value) for value in (scores, cosines, lengths)]
    print(f"  {'good over unacceptable':36} " + "  ".join(f"{value:6.3f}" for value in ranked))
    good = [_has_red_flag(result) for result, level in zip(results, levels, strict=True) if level >= 4]
    bad = [_has_red_flag(result) for result, level in zip(results, levels, strict=True) if level == 1]
    print(f"  {'red flags on unacceptable / on good':36} {np.mean(bad):6.3f} {np.mean(good):6.3f}")
    print(f"  {'raters within the likely levels':36} {within_likely(results, levels):6.3f}")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=["development", "test"], default="development")
    parser.add_argument("--writers", default="", help="only what these wrote, such as w57,w58; all by default")
    options = parser.parse_args()
    writers = set(filter(None, options.writers.split(",")))
    part, engine = options.part, load_engine()
    answers, pairs, voices, own, other = (
        read(name, part, writers) for name in ("answers", "pairs", "voices", "own-questions", "other-bank")
    )
    answers_table(engine, answers, part)
    pairs_table(engine, pairs)
    voices_table(engine, voices)
    elsewhere_table(engine, own, "questions with model answers only", own_questions(own))
    elsewhere_table(engine, other, "questions of another bank", load_bank(RATED / f"other-bank.{part}"))


if __name__ == "__main__":
    main()
