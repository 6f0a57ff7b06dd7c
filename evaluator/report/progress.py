"""Progress over attempts at one question, in numbers and in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evaluator.domain import Result
from evaluator.report.scale import score_text

Earlier = Mapping[str, Sequence[float | None]]
"""Scores (0-100, None where unscored) of attempts before those of the report, by question id, oldest first."""


@dataclass(frozen=True, slots=True)
class Progress:
    """All attempts at one question up to the one that is looked at."""

    scores: tuple[float | None, ...]
    """0-100, oldest first; the last is the attempt itself."""

    @property
    def points(self) -> tuple[tuple[str, float | None], ...]:
        """Number and score of every attempt."""
        return tuple((str(i), score) for i, score in enumerate(self.scores, start=1))

    @property
    def course(self) -> str:
        """All scores in one line."""
        return " \u2192 ".join(score_text(score) or "\u2013" for score in self.scores)

    @property
    def words(self) -> str:
        """One sentence that holds the last attempt against the one before; empty where there is none to hold it to.

        >>> Progress((40.0, 62.5)).words
        'That is 22.5 points more than last time, and your best so far.'
        """
        before = [score for score in self.scores[:-1] if score is not None]
        now = self.scores[-1] if self.scores else None
        if not before or now is None:
            return ""
        change = round(now - before[-1], 1)
        if change == 0:
            return "That is the same as last time."
        best = max(before)
        if change > 0:
            more = f"That is {change:.1f} points more than last time"
            return f"{more}, and your best so far." if now > best else f"{more}; your best so far is {best:.1f}."
        return f"That is {-change:.1f} points less than last time; your best so far is {best:.1f}."


NO_PROGRESS = Progress(())


def progress_of(results: Sequence[Result], earlier: Earlier) -> tuple[Progress, ...]:
    """Return, for every result of one person, its attempt and those before it, in ``earlier`` or in ``results``.

    Attempts that were judged in another way are left out: their scores cannot be compared. A question answered for
    the first time has no progress.
    """
    found = []
    for i, result in enumerate(results):
        name = result.question.id if result.question else ""
        same = [
            other.score
            for other in results[: i + 1]
            if name and other.question and other.question.id == name and other.signature == result.signature
        ]
        scores = (*earlier.get(name, ()), *same)
        found.append(Progress(scores) if len(scores) > 1 else NO_PROGRESS)
    return tuple(found)
