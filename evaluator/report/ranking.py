"""Puts a batch in order: candidates by mean score, and the scores of everybody by question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evaluator.domain import Result
from evaluator.report.scale import mean_score


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate in the order of a batch."""

    rank: int | None
    """From 1, equal for equal means; None where nothing is scored."""
    candidate: str
    mean: float | None
    """Mean score, 0-100, one decimal."""
    results: tuple[Result, ...]
    """The candidate's own, in the order of the batch."""


def ranked_candidates(results: Sequence[Result]) -> tuple[Ranked, ...]:
    """Return candidates by mean score, rounded to one decimal, ties by id; those without a score come last."""
    by_candidate: dict[str, list[Result]] = {}
    for result in results:
        by_candidate.setdefault(result.answer.candidate_id, []).append(result)
    means = {candidate: mean_score(own) for candidate, own in by_candidate.items()}
    order = sorted(by_candidate, key=lambda c: (means[c] is None, -(means[c] or 0.0), c))
    first: dict[float | None, int] = {}
    for place, candidate in enumerate(order, start=1):
        first.setdefault(means[candidate], place)
    return tuple(
        Ranked(None if means[c] is None else first[means[c]], c, means[c], tuple(by_candidate[c])) for c in order
    )


def question_order(results: Sequence[Result]) -> tuple[str, ...]:
    """Return the questions in the order in which they first occur."""
    return tuple(dict.fromkeys(result.question_id for result in results))


def score_table(results: Sequence[Result]) -> dict[str, dict[str, float]]:
    """Return candidate to question to score; where one answered a question more than once, the mean of the scores."""
    found: dict[str, dict[str, list[float]]] = {}
    for result in results:
        own = found.setdefault(result.answer.candidate_id, {})
        if result.score is not None:
            own.setdefault(result.question_id, []).append(result.score)
    return {
        candidate: {question: sum(scores) / len(scores) for question, scores in own.items()}
        for candidate, own in found.items()
    }
