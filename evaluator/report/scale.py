"""The numbers of a report made plain: the anchored rating scale, and the contributions that add up to a score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evaluator.domain import LEVELS, Contribution, Question, Result, Signature
from evaluator.report.visible import one_line
from evaluator.report.wording import Audience, level_word, signed


@dataclass(frozen=True, slots=True)
class AnchorView:
    """What the rating scale says about a level."""

    level: int
    word: str
    text: str
    exact: bool = True
    """False where the level itself has no text and this is the nearest higher one that has."""


@dataclass(frozen=True, slots=True)
class ContributionView:
    """A row of the table that adds up to the score."""

    label: str
    points: str
    """Signed, one decimal."""
    start: float
    """Where its bar starts on a scale of 0..100."""
    width: float
    """Length of its bar on the same scale."""
    negative: bool


def nearest_anchor(question: Question | None, level: int, audience: Audience = "recruiter") -> AnchorView | None:
    """Return the anchor text of ``level``, or of the nearest higher level that has one, or None."""
    anchors = question.anchors if question else {}
    nearest = min((known for known in anchors if known >= level), default=None)
    return None if nearest is None else _anchor(anchors[nearest], nearest, audience, exact=nearest == level)


def whole_scale(question: Question | None) -> tuple[AnchorView, ...]:
    """Return every level that has an anchor text, best first."""
    anchors = question.anchors if question else {}
    return tuple(_anchor(anchors[level], level, "recruiter") for level in reversed(LEVELS) if level in anchors)


def contribution_views(contributions: Sequence[Contribution]) -> tuple[ContributionView, ...]:
    """Return the rows that add up to a score, without those that add nothing, each with its bar.

    Every bar starts where the one before it ended, so that the last one ends at the score.
    """
    totals = [0.0]
    for contribution in contributions:
        totals.append(round(totals[-1] + contribution.points, 1))
    low, high = min(totals), max(*totals, 100.0)
    stretch = 100.0 / (high - low)
    return tuple(
        ContributionView(
            label=one_line(contribution.label).rstrip("."),
            points=signed(contribution.points),
            start=round((min(before, after) - low) * stretch, 2),
            width=round(abs(after - before) * stretch, 2),
            negative=contribution.points < 0,
        )
        for contribution, before, after in zip(contributions, totals, totals[1:], strict=False)
        if round(contribution.points, 1)
    )


def mean_score(results: Sequence[Result]) -> float | None:
    """Return the mean score (0-100, one decimal) of the answers that are scored, or None where none is."""
    return mean_of([result.score for result in results if result.score is not None])


def mean_of(scores: Sequence[float]) -> float | None:
    """Return the mean of scores, one decimal, or None where there is none."""
    return round(sum(scores) / len(scores), 1) if scores else None


def distinct_signatures(results: Sequence[Result]) -> tuple[Signature, ...]:
    """Return how the results were made, each way once."""
    return tuple(dict.fromkeys(result.signature for result in results))


def score_text(score: float | None) -> str:
    """Return a score with one decimal, or nothing where there is none."""
    return "" if score is None else f"{score:.1f}"


def _anchor(text: str, level: int, audience: Audience, *, exact: bool = True) -> AnchorView:
    return AnchorView(level, level_word(level, audience), one_line(text), exact)
