"""The rated answers and pairs under ``training/data/rated``, judged, as arrays: what the scoring model is fitted to."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluator.bank import bank_digest
from evaluator.calibration import Calibration
from evaluator.derive import derived_question
from evaluator.domain import Answer, Bank
from evaluator.engine import Engine, Examined
from evaluator.flagging import wording_ceiling
from evaluator.judged import Judged

RATED = Path(__file__).parent / "data" / "rated"
Array = NDArray[np.float64]


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
    """Whether both raters saw a red flag."""
    blameless: Array
    """Whether neither saw one, nor a contradiction, and it is not unacceptable for another reason."""
    tricky: Array
    """Whether both raters saw a trick."""
    question: Array
    words: Array
    """Length of each answer."""
    good: Cases
    bad: Cases

    def part(self, answers: Array, pairs: Array) -> Rated:
        """Return the chosen answers and pairs."""
        return Rated(
            self.answers[answers], self.level[answers], self.harmful[answers], self.blameless[answers], self.tricky[answers],
            self.question[answers], self.words[answers], self.good[pairs], self.bad[pairs],
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
        judged = Judged(item.question, item.normalised, item.segments, item.match, calibration)
        values = (
            [p.affirms for p in item.match.points], [p.denies for p in item.match.points],
            [p.weight for p in item.question.key_points],
            *([getattr(piece, name) for piece in judged.told] for name in ("favour", "against", "harmful", "flagged")),
        )  # fmt: skip
        for column, value in zip(columns, values, strict=True):
            column.append(value)
        earning.append(judged.sentences_in_favour)
        ceilings.append(wording_ceiling(judged))
    return Cases(*(padded(column) for column in columns), np.array(earning), np.array(ceilings, dtype=float))


def read_rows(name: str, bank: Bank | None = None) -> list[dict[str, Any]]:
    """Return the rows of a file of development ratings, of the questions of a bank where one is given."""
    path = RATED / f"{name}.development.jsonl"
    found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    if bank is not None:
        asked = {question.id for question in bank.questions}
        found = [row for row in found if row["question_id"] in asked]
    if not found:
        raise SystemExit(f"{path}: has no row for a question of the bank. Add rated answers to its questions.")
    return found


def own_questions(rows: Sequence[dict[str, Any]]) -> Bank:
    """Return a bank of the questions that come with model answers only."""
    questions = [
        derived_question(row["question_id"], row["question"], row["model_answers"])
        for row in rows
        if "model_answers" in row
    ]
    return Bank(tuple(questions), bank_digest(questions))


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Rated answers to questions that the judge was not trained on, held against them."""

    examined: Sequence[Examined]
    level: Array
    """The mean of both raters, 1..5."""
    group: Array
    """What is left out together: the writer of an answer, or its question."""

    def __getitem__(self, chosen: Array) -> Elsewhere:
        """Return some of them."""
        kept = [item for item, own in zip(self.examined, chosen, strict=True) if own]
        return Elsewhere(kept, self.level[chosen], self.group[chosen])


def read_elsewhere(name: str, group: str, bank: Bank, engine: Engine) -> Elsewhere:
    """Return the development answers of a file, judged against a bank.

    Args:
        name: of the file, without its ending.
        group: the field that says what is left out together.
        bank: with their questions.
        engine: whose models judge.
    """
    rows = read_rows(name)
    own = Engine(bank, engine.models, engine.calibration)
    examined = list(own.examine(Answer(str(i), row["question_id"], row["answer"]) for i, row in enumerate(rows)))
    level = np.array([(row["rating_a"] + row["rating_b"] + 1) // 2 for row in rows])
    return Elsewhere(examined, level, np.array([row[group] for row in rows]))


def read_rated(engine: Engine) -> tuple[Callable[[Calibration], Rated], Array, Array]:
    """Return the development answers and pairs, judged, with their writers; the former for the numbers that set ceilings."""

    def judged(texts: list[dict[str, Any]], key: str) -> list[Examined]:
        return list(
            engine.examine(Answer(str(number), row["question_id"], row[key]) for number, row in enumerate(texts))
        )

    answers, pairs = (read_rows(name, engine.bank) for name in ("answers", "pairs"))
    examined = [judged(answers, "answer"), judged(pairs, "good"), judged(pairs, "bad")]
    level = np.array([(row["rating_a"] + row["rating_b"] + 1) // 2 for row in answers])
    seen = [(bool(row["red_flags_a"]), bool(row["red_flags_b"])) for row in answers]
    contradictory = np.array(["contradiction" in (*row["tricks_a"], *row["tricks_b"]) for row in answers])
    harmful, blameless = np.array([all(flags) for flags in seen]), np.array([not any(flags) for flags in seen])
    blameless &= (level > 1) & ~contradictory
    tricky = np.array([bool(row["tricks_a"]) and bool(row["tricks_b"]) for row in answers])
    question = np.array([row["question_id"] for row in answers])
    words = np.array([len(row["answer"].split()) for row in answers], dtype=float)

    def under(c: Calibration) -> Rated:
        whole, good, bad = (cases(texts, c) for texts in examined)
        return Rated(whole, level, harmful, blameless, tricky, question, words, good, bad)

    return under, np.array([row["writer"] for row in answers]), np.array([row["writer"] for row in pairs])
