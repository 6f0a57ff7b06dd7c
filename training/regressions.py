"""Second stage of training: the logistic regressions over the judge's features, on writers that the layers never saw."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from corpus import AFFIRM, DENY, HELD_OUT_ANSWERS, HELD_OUT_PAIRS, answer_examples, rows
from sklearn.linear_model import LogisticRegression

from evaluator.bank import load_bank
from evaluator.derive import derive_key_points
from evaluator.domain import KeyPoint, ModelAnswer, RedFlag
from evaluator.models.features import pair_features
from evaluator.models.stance import StanceCase
from evaluator.models.tuned import TunedJudge

NEITHER_WEIGHT = 0.3
"""Weight of cases that say neither. Nineteen of twenty do; at full weight plain affirmations would stay unlikely."""
AFFIRM_ONLY_SAMPLE = 2
"""Statements that a behaviour keeps where the regression for affirm statements only is fitted."""

PUBLIC_PAIRS = (
    ("inference/snli.jsonl.gz", 2500), ("inference/cad.jsonl.gz", 2500), ("inference/scone.jsonl.gz", 1500),
    ("inference/negnli_snli.test.jsonl.gz", 1500),
)  # fmt: skip
"""Public inference data for the regression over pairs of vectors, and how many rows are drawn."""
PUBLIC_GRADED = ("graded/beetle.train.jsonl.gz", "graded/saf_en.train.jsonl.gz")
INFERENCE = {"entailment": 0, "contradiction": 1, "neutral": 2}
GRADES = {"correct": 0, "contradictory": 1, "incorrect": 2}
PAIR_STRENGTH = 0.3
"""Inverse regularisation of the regression over pairs."""

Cases = tuple[list[StanceCase], list[int]]


class _Vectors:
    """The encoder's own vectors, each text embedded once."""

    def __init__(self, encoder: Any) -> None:
        self._encoder, self._known = encoder, dict[str, Any]()

    def __call__(self, texts: list[str]) -> Any:
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new:
            self._known.update(zip(new, self._encoder.encode(new), strict=True))
        return np.stack([self._known[text] for text in texts])


def annotated_cases(vectors: _Vectors, affirm_only: bool) -> Iterator[Cases]:
    """Yield, a behaviour of a question at a time, cases and their labels (0 affirms, 1 denies, 2 neither)."""
    questions = {question.id: question for question in load_bank().questions}
    flags = {flag.id for question in questions.values() for flag in question.red_flags}
    examples: dict[str, dict[str, dict[str, int | None]]] = {}
    for stem, row in rows("annotated"):
        if stem in HELD_OUT_ANSWERS and row["question_id"] in questions:
            for example in answer_examples(row, questions[row["question_id"]], flags):
                examples.setdefault(row["question_id"], {})[example.text] = dict(example.told)
    for stem, row in rows("pairs"):
        if stem in HELD_OUT_PAIRS and row["behaviour"] in flags and row["question_id"] in questions:
            question, own_examples = questions[row["question_id"]], examples.setdefault(row["question_id"], {})
            unknown = {behaviour.id: None for behaviour in (*question.key_points, *question.red_flags)}
            own_examples[row["good"]] = {**unknown, row["behaviour"]: DENY}
            own_examples[row["bad"]] = {**unknown, row["behaviour"]: AFFIRM}
    rng = random.Random(7)
    for name, question in questions.items():
        texts = list(examples.get(name, {}))
        if not texts:
            continue
        own = vectors(texts)
        behaviours: list[KeyPoint | RedFlag] = [*question.key_points, *([] if affirm_only else question.red_flags)]
        for behaviour in behaviours:
            affirm, deny = behaviour.sides
            if affirm_only:
                affirm, deny = tuple(rng.sample(affirm, min(AFFIRM_ONLY_SAMPLE, len(affirm)))), ()
            towards = own @ vectors(list(affirm)).T
            against = own @ vectors(list(deny)).T if deny else np.zeros((len(texts), 0))
            cases, labels = [], []
            for text, a, d in zip(texts, towards, against, strict=True):
                label = examples[name][text].get(behaviour.id, 2)
                if label is None:
                    continue
                harmful = isinstance(behaviour, RedFlag)
                cases.append(StanceCase(text, affirm, deny, tuple(a.tolist()), tuple(d.tolist()), harmful))
                labels.append(label)
            yield cases, labels


def public_rows(folder: Path, name: str) -> list[dict[str, Any]]:
    """Return the rows of a file of public data."""
    with gzip.open(folder / name, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def grade(row: dict[str, Any]) -> int | None:
    """Return the stance of a graded answer towards its reference; None for one that is half right."""
    if row["label"] in GRADES and "label5" in row:
        return GRADES[row["label"]]
    return 0 if row["score"] >= 0.8 else 2 if row["score"] <= 0.2 else None


def graded_pairs(folder: Path, vectors: _Vectors) -> list[tuple[str, str, int, str]]:
    """Return answers of the public training parts with the nearest clause of a reference, the stance, and the question."""
    found = []
    for name in PUBLIC_GRADED:
        for row in public_rows(folder, name):
            label = grade(row)
            references = tuple(ModelAnswer(text) for text in row["reference"] if text.strip())
            clauses = [text for point in derive_key_points(references) for text in point.affirm]
            if label is not None and row["answer"].strip() and clauses:
                near = int((vectors(clauses) @ vectors([row["answer"]])[0]).argmax())
                found.append((row["answer"], clauses[near], label, row["qid"]))
    return found


def fit_pairs(judge: TunedJudge, pairs: list[tuple[str, str, int]]) -> dict[str, Any]:
    """Return the coefficients of the regression over pairs of vectors."""
    judge.remember([text for first, second, _ in pairs for text in (first, second)])
    first, second = (judge.mean_vectors([pair[side] for pair in pairs]) for side in (0, 1))
    model = LogisticRegression(C=PAIR_STRENGTH, max_iter=500, class_weight="balanced")
    model.fit(pair_features(first, second), [label for *_, label in pairs])
    return {
        "pair.weight": torch.tensor(np.ascontiguousarray(model.coef_), dtype=torch.float32),
        "pair.bias": torch.tensor(model.intercept_, dtype=torch.float32),
    }


def inference_pairs(folder: Path) -> list[tuple[str, str, int]]:
    """Return premises, hypotheses and stances of public inference data; the same every time."""
    rng = random.Random(3)
    found = []
    for name, count in PUBLIC_PAIRS:
        known = [row for row in public_rows(folder, name) if row["label"] in INFERENCE]
        found += [
            (r["premise"], r["hypothesis"], INFERENCE[r["label"]]) for r in rng.sample(known, min(count, len(known)))
        ]
    return found


def statement_pairs() -> list[tuple[str, str, int]]:
    """Return pairs of statements of the bank: of one behaviour and stance, of opposite stances, of different behaviours."""
    rng = random.Random(4)
    found = []
    for question in load_bank().questions:
        points = question.key_points
        for point in points:
            others = [p for p in points if p.id != point.id]
            other = rng.choice(others).affirm if others else ()
            for text in point.affirm:
                same = [t for t in point.affirm if t != text]
                for texts, label in ((same, 0), (point.deny, 1), (other, 2)):
                    if texts:
                        found.append((rng.choice(texts), text, label))
    return found


def fit_regressions(judge: TunedJudge, encoder: Any, public: Path | None) -> dict[str, Any]:
    """Return the scaling and coefficients of the regressions.

    Args:
        judge: with tuned layers.
        encoder: the default one.
        public: folder of public data for behaviours with affirm statements only; None to do without.
    """
    vectors = _Vectors(encoder)
    graded = graded_pairs(public, vectors) if public else []
    names = sorted({name for *_, name in graded})
    pairs = statement_pairs() + [(a, b, label) for a, b, label, name in graded if names.index(name) % 2]
    fitted = fit_pairs(judge, pairs + (inference_pairs(public) if public else []))
    judge.add(fitted)
    gathered: dict[str, list[tuple[Any, list[int]]]] = {}
    for answer, clause, label, name in graded:
        if names.index(name) % 2 == 0:
            similarity = float(vectors([answer])[0] @ vectors([clause])[0])
            case = StanceCase(answer, (clause,), (), (similarity,), ())
            judge.remember([answer, clause])
            gathered.setdefault("affirm_only", []).append((judge.features([case])[1], [label]))
    for anchored, affirm_only in ((True, False), (False, False), (True, True)):
        judge.anchored = anchored
        for cases, labels in annotated_cases(vectors, affirm_only):
            judge.remember([text for case in cases for text in (case.segment, *case.affirm, *case.deny)])
            kind, features = judge.features(cases)
            gathered.setdefault(kind, []).append((features, labels))
    judge.anchored = True
    for kind, parts in gathered.items():
        features, labels = np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])
        centre, scale = features.mean(0), features.std(0) + 1e-6
        model = LogisticRegression(C=0.3, max_iter=1000)
        model.fit((features - centre) / scale, labels, sample_weight=np.where(labels == 2, NEITHER_WEIGHT, 1.0))
        values = {"mean": centre, "scale": scale, "weight": model.coef_, "bias": model.intercept_}
        for name, value in values.items():
            fitted[f"{kind}.{name}"] = torch.tensor(np.ascontiguousarray(value), dtype=torch.float32)
        print(f"{kind}: {len(labels)} cases, {np.bincount(labels, minlength=3).tolist()} affirm, deny, neither")
    return fitted
