"""How well answers are graded by reference answers alone: public short-answer sets through the public interface.

    python benchmarks/asag.py --data ../shared/data/graded

Each question becomes a bank entry with nothing but its text and reference answers, as a recruiter would write one. Printed for
each set: Pearson and Spearman correlation with the human grades, root mean squared error after a line fitted on the training
part, and for Beetle macro-F1 of 2 and 3 classes; beside them the cosine of the whole answer to the nearest reference and the
share of content words in common. Only the training parts are ever fitted to.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

from evaluator.agreement import correlation, spearman
from evaluator.bank import bank_digest
from evaluator.derive import derived_question
from evaluator.domain import Answer, Bank, Result
from evaluator.engine import Engine
from evaluator.loading import load_engine
from evaluator.text import content_words

SETS = (("Beetle", "beetle"), ("SAF", "saf_en"))
PARTS = ("ua", "uq")
TRAINING_ROWS = 1500
"""Rows of the training part that the line and the classes are fitted on."""

Array = NDArray[np.float64]
Row = dict[str, Any]


def read(folder: Path, name: str) -> list[Row]:
    """Return the rows of a set's part."""
    with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def bank_of(rows: list[Row]) -> Bank:
    """Return a bank with one question for each of a set's, known by its reference answers only."""
    references: dict[str, tuple[str, dict[str, None]]] = {}
    for row in rows:
        own = references.setdefault(row["qid"], (row["question"], {}))
        own[1].update(dict.fromkeys(text for text in row["reference"] if text.strip()))
    questions = [derived_question(name, text, list(own)) for name, (text, own) in references.items()]
    return Bank(tuple(questions), bank_digest(questions))


def results(engine: Engine, rows: list[Row]) -> list[Result]:
    """Return what the tool says of the rows; a row without an answer stays unscored."""
    return list(engine.evaluate(Answer(str(i), row["qid"], row["answer"]) for i, row in enumerate(rows)))


def features(result: Result) -> list[float]:
    """Return what a result says, as numbers: score, what the clause earns that is told best and worst, what is flagged."""
    credits = [point.credit for point in result.points]
    off_topic = any(flag.kind == "off_topic" for flag in result.flags)
    return [(result.score or 0.0) / 100, max(credits, default=0.0), min(credits, default=0.0), float(off_topic)]


def overlap(row: Row) -> float:
    """Return the share of a reference's content words that the answer has, of the nearest reference."""
    own = content_words(row["answer"])
    shares = [len(own & words) / len(words) for text in row["reference"] if (words := content_words(text))]
    return max(shares, default=0.0)


def cosines(engine: Engine, rows: list[Row]) -> list[float]:
    """Return the cosine of each whole answer to the nearest reference."""
    texts = list(dict.fromkeys(text for row in rows for text in (row["answer"], *row["reference"]) if text.strip()))
    vectors = dict(zip(texts, engine.models.encoder.encode(texts), strict=True))
    return [
        max((float(vectors[row["answer"]] @ vectors[text]) for text in row["reference"] if text.strip()), default=0.0)
        if row["answer"].strip()
        else 0.0
        for row in rows
    ]


def rmse(fit: tuple[Array, Array], values: Array, grades: Array) -> float:
    """Return the root mean squared error of grades predicted by a line fitted on ``fit``."""
    slope, offset = np.polyfit(*fit, 1)
    return float(np.sqrt(((slope * values + offset - grades) ** 2).mean()))


def classes_f1(train: tuple[Array, list[str]], test: tuple[Array, list[str]]) -> tuple[float, float]:
    """Return macro-F1 and the F1 of "contradictory" of classes fitted on the training part."""
    model = LogisticRegression(max_iter=1000, class_weight="balanced").fit(*train)
    given = model.predict(test[0])
    one = f1_score(test[1], given, labels=["contradictory"], average="macro", zero_division=0)
    return float(f1_score(test[1], given, average="macro")), float(one)


def main() -> None:
    """Print one table a set."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data/graded"))
    options = parser.parse_args()
    if not options.data.is_dir():
        raise SystemExit(f"{options.data}: no such folder. Give the folder of graded sets with --data.")
    engine = load_engine()
    for title, name in SETS:
        train = read(options.data, f"{name}.train")
        train = train[:: max(1, len(train) // TRAINING_ROWS)]
        parts = {"train": train, **{part: read(options.data, f"{name}.{part}") for part in PARTS}}
        judge = Engine(bank_of([row for rows in parts.values() for row in rows]), engine.models, engine.calibration)
        judged = {part: results(judge, rows) for part, rows in parts.items()}
        ways: dict[str, Callable[[str], list[float]]] = {
            "ours": lambda part, judged=judged: [result.score or 0.0 for result in judged[part]],  # type: ignore[misc]
            "cosine": lambda part, parts=parts: cosines(engine, parts[part]),  # type: ignore[misc]
            "word overlap": lambda part, parts=parts: [overlap(row) for row in parts[part]],  # type: ignore[misc]
        }
        values = {way: {part: np.array(of(part)) for part in parts} for way, of in ways.items()}
        grades = {part: np.array([float(row["score"]) for row in rows]) for part, rows in parts.items()}
        print(f"{title}: {', '.join(f'{part} n = {len(rows)}' for part, rows in parts.items())}")
        print("                     " + "".join(f"{part:>24}" for part in PARTS))
        print("                     " + "      r    rho   RMSE   " * len(PARTS))
        for way, found in values.items():
            cells = (
                f"{correlation(found[p], grades[p]):7.3f}{spearman(found[p], grades[p]):7.3f}"
                f"{rmse((found['train'], grades['train']), found[p], grades[p]):7.3f}   "
                for p in PARTS
            )
            print(f"  {way:19}" + "".join(cells))
        if name == "beetle":
            _print_classes(parts, judged, values)
        print()


def _print_classes(
    parts: dict[str, list[Row]], judged: dict[str, list[Result]], values: dict[str, dict[str, Array]]
) -> None:
    ours = {part: np.array([features(result) for result in found]) for part, found in judged.items()}
    tables = {"ours": ours} | {
        way: {p: v[:, None] for p, v in values[way].items()} for way in ("cosine", "word overlap")
    }
    for count in (3, 2):
        labels = {
            part: [row["label"] if count == 3 else ("correct" if row["score"] else "incorrect") for row in rows]
            for part, rows in parts.items()
        }
        for way, table in tables.items():
            cells = []
            for part in PARTS:
                whole, one = classes_f1((table["train"], labels["train"]), (table[part], labels[part]))
                cells.append(f"macro-F1 {whole:.3f}" + (f" contradictory {one:.3f}" if count == 3 else ""))
            print(f"  {count}-way {way:13} " + "   ".join(cells))


if __name__ == "__main__":
    main()
