"""What people decided about a batch, and how far the machine's levels agree with theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evaluator.domain import Result
from evaluator.item_analysis import LEAST_GROUP
from evaluator.report.overview_questions import figure
from evaluator.report.visible import one_line
from evaluator.reviews import review_agreement


@dataclass(frozen=True, slots=True)
class People:
    """Decisions of people beside the machine's levels."""

    decided: int
    """Answers with a level or a note of a person."""
    reviewers: tuple[str, ...]
    both: int
    """Answers with a level of a person and one of the machine."""
    figures: tuple[tuple[str, str], ...]
    """Name and value of each figure of agreement; empty where there are too few."""
    confusion: tuple[tuple[int, ...], ...]
    """Rows: the person's level 1-5; columns: the machine's; empty as ``figures``."""


def people_view(results: Sequence[Result]) -> People | None:
    """Return what people decided, or None where nobody did."""
    decided = [result for result in results if result.reviews]
    if not decided:
        return None
    reviewers = tuple(dict.fromkeys(one_line(review.reviewer) for result in decided for review in result.reviews))
    found = review_agreement(decided)
    both = found.count if found else 0
    if found is None or both < LEAST_GROUP:
        return People(len(decided), reviewers, both, (), ())
    kappa = found.kappa
    figures = (
        ("Exact agreement", f"{100 * found.exact:.0f}%"),
        ("Within one level", f"{100 * found.adjacent:.0f}%"),
        (
            "Quadratic weighted kappa",
            f"{figure(kappa.value)} (95% interval {figure(kappa.low)} to {figure(kappa.high)})",
        ),
        ("Standardised mean difference", figure(found.smd)),
    )
    return People(len(decided), reviewers, both, figures, found.confusion)
