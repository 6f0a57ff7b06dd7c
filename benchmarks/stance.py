"""How well the stance judge tells which behaviour a text is about, and whether it is for or against: each by itself.

    python benchmarks/stance.py

Alignment: area under the ROC curve of "affirms or denies" over all behaviours of a question, and how often the surest behaviour is
the right one. Stance: among aligned pairs, area of "affirms" against "denies". Product: how often the surest behaviour is
right and its stance, too. Held out: annotated answers of five writers that the tuned layers never saw (the regressions were
fitted on them); the development pairs, whose writers wrote nothing for training; general behaviours that were kept out of
training altogether, judged by their statements with one left out.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

sys.path.insert(0, str(Path(__file__).parent.parent / "training"))

import json

from corpus import DATA, HELD_OUT_ANSWERS, is_held_out, rows

from evaluator.bank import load_bank
from evaluator.loading import load_engine
from evaluator.models.stance import StanceCase
from evaluator.models.tuned import TunedJudge

Labelled = tuple[np.ndarray, np.ndarray]


def behaviour_tables() -> dict[str, list[tuple[str, tuple[str, ...], tuple[str, ...], bool]]]:
    """Return, for each question, its behaviours with their statements."""
    return {
        question.id: [
            *((p.id, p.affirm, p.deny, False) for p in question.key_points),
            *((f.id, f.statements, f.safe, True) for f in question.red_flags),
        ]
        for question in load_bank().questions
    }


def annotated() -> None:
    """Print the figures on pieces of annotated answers."""
    engine = load_engine()
    tables = behaviour_tables()
    told: list[int] = []
    probabilities: list[np.ndarray] = []
    right = right_stance = about = 0
    for question, behaviours in tables.items():
        pieces = [
            (piece["text"], dict(piece["labels"]))
            for stem, row in rows("annotated")
            if stem in HELD_OUT_ANSWERS and row["question_id"] == question
            for piece in row["pieces"]
        ]
        own = engine.models.encoder.encode([text for text, _ in pieces])
        columns = []
        for _, affirm, deny, harmful in behaviours:
            a = own @ engine.models.encoder.encode(list(affirm)).T
            d = own @ engine.models.encoder.encode(list(deny)).T
            cases = [
                StanceCase(text, affirm, deny, tuple(x.tolist()), tuple(y.tolist()), harmful)
                for (text, _), x, y in zip(pieces, a, d, strict=True)
            ]
            columns.append(engine.models.judge.judge(cases))
        table = np.stack(columns, axis=1)  # pieces, behaviours, stances
        for row, (_, labels) in zip(table, pieces, strict=True):
            stances = [{"affirm": 0, "deny": 1, "weak": -1}.get(labels.get(b[0], ""), 2) for b in behaviours]
            told.extend(stances)
            probabilities.extend(row)
            if any(stance in (0, 1) for stance in stances):
                about += 1
                surest = int(row[:, :2].max(axis=1).argmax())
                right += stances[surest] in (0, 1)
                right_stance += stances[surest] == int(row[surest, :2].argmax())
    label, p = np.array(told), np.stack(probabilities)
    known = label >= 0
    aligned = known & (label < 2)
    print(f"annotated pieces of held-out writers: {about} that tell something, {len(label)} pairs with a behaviour")
    print(
        f"  alignment  area {roc_auc_score(label[known] < 2, 1 - p[known, 2]):.3f}, surest behaviour right {right / about:.3f}"
    )
    print(f"  stance     area {roc_auc_score(label[aligned] == 0, p[aligned, 0] - p[aligned, 1]):.3f}")
    print(f"  product    surest behaviour and its stance right {right_stance / about:.3f}")


def pairs() -> None:
    """Print how the reading ranks acceptable sentences and their twins."""
    reader = load_engine().models.reader
    lines = (DATA / "rated" / "pairs.development.jsonl").read_text(encoding="utf-8").splitlines()
    twins = [json.loads(line) for line in lines]

    def favour(key: str) -> np.ndarray:
        read = reader.read([row[key] for row in twins])
        return np.log(read[:, 0] + 1e-6) - np.log(read[:, 2] + 1e-6)

    good, bad = favour("good"), favour("bad")
    print(f"development pairs, read without any behaviour: {len(twins)}")
    print(f"  ordered {np.mean(good > bad):.3f}, both signs right {np.mean((good > 0) & (bad < 0)):.3f}")
    for trick in sorted({row["trick"] for row in twins}):
        own = np.array([row["trick"] == trick for row in twins])
        print(f"    {trick:16} {np.mean((good > bad)[own]):.2f}  (n = {own.sum()})")


def unseen_behaviours() -> None:
    """Print how statements of behaviours that were kept out of training are told for or against, one left out."""
    groups: dict[str, dict[str, list[str]]] = {}
    for _, row in rows("statements", "general-*.jsonl"):
        if is_held_out(row["behaviour"]) and row["stance"] in ("affirm", "deny"):
            groups.setdefault(row["behaviour"], {"affirm": [], "deny": []})[row["stance"]].append(row["text"])
    engine = load_engine(cache=False)
    judge = engine.models.judge
    assert isinstance(judge, TunedJudge)
    labels, values = [], []
    for group in groups.values():
        vectors = {text: v for s in group.values() for text, v in zip(s, engine.models.encoder.encode(s), strict=True)}
        for stance, texts in group.items():
            for text in texts:
                sides = [tuple(t for t in group[side] if t != text) for side in ("affirm", "deny")]
                if all(sides):
                    near = [tuple(float(vectors[text] @ vectors[t]) for t in side) for side in sides]
                    row = judge.judge([StanceCase(text, sides[0], sides[1], near[0], near[1])])[0]
                    labels.append(stance == "affirm")
                    values.append(row[0] - row[1])
    print(f"unseen general behaviours: {len(groups)} behaviours, {len(labels)} statements")
    print(f"  stance     area {roc_auc_score(labels, values):.3f}")


if __name__ == "__main__":
    annotated()
    pairs()
    unseen_behaviours()
