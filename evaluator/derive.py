"""Derives key points from model answers, for questions that come with nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from evaluator.domain import KeyPoint, ModelAnswer, Question
from evaluator.text import content_words, normalise, segment, words


def derived_question(identifier: str, text: str, model_answers: Sequence[str]) -> Question:
    """Return a question that is known by its model answers only."""
    answers = tuple(ModelAnswer(answer) for answer in model_answers)
    return Question(identifier, text, derive_key_points(answers), (), answers, derived=True)


def derive_key_points(model_answers: tuple[ModelAnswer, ...]) -> tuple[KeyPoint, ...]:
    """Return one key point a clause of the model answers, weighted by how much content the clause has.

    A clause that repeats another one's content words is left out. Labels name content words only, so that a
    candidate's report does not give the model answer away.
    """
    points: list[KeyPoint] = []
    seen: list[set[str]] = []
    for number, answer in enumerate(model_answers, start=1):
        for piece in _clauses(answer.text):
            content = content_words(piece)
            if not content or any(len(content & other) / len(content | other) > 0.75 for other in seen):
                continue
            seen.append(content)
            weight = float(min(3, max(1, round(len(content) / 4))))
            source = f"model answer {number}"
            label = "mentions: " + ", ".join(dict.fromkeys(word for word in words(piece) if word in content))[:80]
            points.append(KeyPoint(f"point-{len(points) + 1}", label, weight, (piece,), (), (source,)))
    return tuple(points)


def _clauses(text: str) -> list[str]:
    """Return the smallest segments of a text: clauses where a sentence has them, whole sentences elsewhere."""
    segments = segment(normalise(text))
    return [
        piece.text
        for piece in segments
        if not any(piece.start <= other.start and other.end <= piece.end for other in segments if other is not piece)
    ]
