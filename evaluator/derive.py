"""Derives key points from model answers, for questions that come with nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from evaluator.domain import KeyPoint, ModelAnswer, Question, Segment
from evaluator.text import content_words, normalise, segment, words

SAME_SHARE = 0.75
"""Share of content words in common above which two clauses say the same."""


def derived_question(identifier: str, text: str, model_answers: Sequence[str]) -> Question:
    """Return a question that is known by its model answers only."""
    answers = tuple(ModelAnswer(answer) for answer in model_answers)
    return Question(identifier, text, derive_key_points(answers), (), answers, derived=True)


def derive_key_points(model_answers: tuple[ModelAnswer, ...]) -> tuple[KeyPoint, ...]:
    """Return one key point a clause of the model answers, weighted by how much content the clause has.

    A clause that repeats another one's content words is left out. Labels name content words only, so that a
    candidate's report does not give the model answer away.
    """
    points: dict[int, KeyPoint] = {}
    for answer, clauses in enumerate(taught(model_answers), start=1):
        for number, piece in clauses:
            if number not in points:
                content = content_words(piece.text)
                weight = float(min(3, max(1, round(len(content) / 4))))
                told = dict.fromkeys(word for word in words(piece.text) if word in content)
                label = "mentions: " + ", ".join(told)[:80]
                source = f"model answer {answer}"
                points[number] = KeyPoint(f"point-{number + 1}", label, weight, (piece.text,), (), (source,))
    return tuple(points.values())


def taught(model_answers: Sequence[ModelAnswer]) -> list[list[tuple[int, Segment]]]:
    """Return for each model answer its clauses with content, each with the number of its key point, from 0.

    A clause that repeats another one's content words has that one's number.
    """
    seen: list[set[str]] = []
    found: list[list[tuple[int, Segment]]] = []
    for answer in model_answers:
        found.append([])
        for piece in _clauses(answer.text):
            content = content_words(piece.text)
            if not content:
                continue
            same = (i for i, other in enumerate(seen) if len(content & other) / len(content | other) > SAME_SHARE)
            number = next(same, len(seen))
            if number == len(seen):
                seen.append(content)
            found[-1].append((number, piece))
    return found


def _clauses(text: str) -> list[Segment]:
    """Return the smallest segments of a text: clauses where a sentence has them, whole sentences elsewhere."""
    segments = segment(normalise(text))
    return [
        piece
        for piece in segments
        if not any(piece.start <= other.start and other.end <= piece.end for other in segments if other is not piece)
    ]
