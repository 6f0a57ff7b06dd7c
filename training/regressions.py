"""Second stage of training: the logistic regressions over the judge's features, on writers that the layers never saw."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from corpus import HELD_OUT_ANSWERS, answer_examples, rows
from sklearn.linear_model import LogisticRegression

from evaluator.bank import load_bank
from evaluator.domain import KeyPoint, RedFlag
from evaluator.models.stance import StanceCase
from evaluator.models.tuned import TunedJudge

NEITHER_WEIGHT = 0.3
"""Weight of cases that say neither. Nineteen of twenty do; at full weight plain affirmations would stay unlikely."""
AFFIRM_ONLY_SAMPLE = 2
"""Statements that a behaviour keeps where the regression for affirm statements only is fitted."""

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
        if stem in HELD_OUT_ANSWERS:
            for example in answer_examples(row, questions[row["question_id"]], flags):
                examples.setdefault(row["question_id"], {})[example.text] = dict(example.told)
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
                affirm, deny = tuple(rng.sample(affirm, AFFIRM_ONLY_SAMPLE)), ()
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


def fit_regressions(judge: TunedJudge, encoder: Any) -> dict[str, Any]:
    """Return the scaling and coefficients of the regressions."""
    vectors = _Vectors(encoder)
    gathered: dict[str, list[tuple[Any, list[int]]]] = {}
    for anchored, affirm_only in ((True, False), (False, False), (True, True)):
        judge.anchored = anchored
        for cases, labels in annotated_cases(vectors, affirm_only):
            judge.remember([text for case in cases for text in (case.segment, *case.affirm, *case.deny)])
            kind, features = judge.features(cases)
            gathered.setdefault(kind, []).append((features, labels))
    judge.anchored = True
    fitted: dict[str, Any] = {}
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
