"""How the questions of a batch did, in words and figures, and whether together they tell candidates apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evaluator.domain import LEVELS, Coverage, Result
from evaluator.item_analysis import (
    LEAST_DISCRIMINATION,
    LEAST_GROUP,
    STEADY_GROUP,
    ItemAnalysis,
    ItemStatistics,
    analyse_items,
)
from evaluator.report.ranking import question_order, score_table
from evaluator.report.scale import mean_score, score_text
from evaluator.report.visible import one_line
from evaluator.report.wording import count

GOOD_ALPHA = 0.7
"""Alpha from which a mean is commonly taken for consistent enough to compare groups (Nunnally 1978)."""


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """A question in the overview of a batch."""

    id: str
    text: str
    mean: str
    scored: int
    unscored: int
    levels: tuple[int, ...]
    """How many answers reached each level, worst first."""
    missed: str
    """The key point missed or contradicted by most, empty where there is none."""
    enough: bool
    """Whether there are answers enough for figures about the group."""
    difficulty: str
    """Mean share of the points, 0.00 hardest .. 1.00 easiest; empty where there are too few."""
    discrimination: str
    """Item-rest correlation, two decimals; empty where there are too few."""
    remark: str
    """What the discrimination means, where it calls for a look at the question."""


@dataclass(frozen=True, slots=True)
class Consistency:
    """How far the questions tell the same story about a candidate."""

    alpha: str
    """Cronbach's alpha, two decimals; empty where there is none."""
    words: tuple[str, ...]
    """What it rests on and means, a sentence each."""


def question_rows(results: Sequence[Result]) -> tuple[tuple[QuestionRow, ...], Consistency]:
    """Return the questions in the order in which they first occur, and how consistent they are together."""
    by_question: dict[str, list[Result]] = {}
    for result in results:
        by_question.setdefault(result.question_id, []).append(result)
    asked = question_order([result for result in results if result.score is not None])
    items = analyse_items(score_table(results), asked)
    figures = {item.question: item for item in items.items}
    rows = tuple(_question_row(identifier, own, figures) for identifier, own in by_question.items())
    return rows, _consistency(items)


def figure(value: float | None) -> str:
    """Return a figure with two decimals and a true minus sign, or nothing where there is none.

    >>> figure(-0.256), figure(-0.001), figure(None)
    ('\u22120.26', '0.00', '')
    """
    if value is None:
        return ""
    text = f"{abs(value):.2f}"
    return f"\u2212{text}" if value < 0 and float(text) else text


def _question_row(identifier: str, own: Sequence[Result], figures: Mapping[str, ItemStatistics]) -> QuestionRow:
    levels = Counter(result.level for result in own)
    question = own[0].question
    gaps = Counter(
        point.label
        for result in own
        for point in result.points
        if point.status in (Coverage.MISSED, Coverage.CONTRADICTED)
    )
    most = max(gaps, key=lambda label: (gaps[label], label), default="")
    scored = sum(result.score is not None for result in own)
    item = figures.get(identifier)
    return QuestionRow(
        id=one_line(identifier) or "(no question)",
        text=one_line(question.text) if question else "",
        mean=score_text(mean_score(own)),
        scored=scored,
        unscored=len(own) - scored,
        levels=tuple(levels[level] for level in LEVELS),
        missed=f"{one_line(most)} ({gaps[most]})" if most else "",
        enough=scored >= LEAST_GROUP,
        difficulty=figure(item.difficulty) if item else "",
        discrimination=figure(item.discrimination) if item else "",
        remark=_remark(item.discrimination) if item else "",
    )


def _remark(discrimination: float | None) -> str:
    if discrimination is None or discrimination >= LEAST_DISCRIMINATION:
        return ""
    return "runs against the others" if discrimination < 0 else "hardly related to the others"


def _consistency(items: ItemAnalysis) -> Consistency:
    people = count(items.complete, "candidate")
    basis = f"{people} {'has' if items.complete == 1 else 'have'} a score for every question."
    if items.complete < LEAST_GROUP:
        return Consistency("", (basis, f"Fewer than {LEAST_GROUP} give no figure."))
    if items.alpha is None:
        return Consistency("", (basis, "It takes two questions, and candidates who differ."))
    words = [basis]
    if items.alpha < GOOD_ALPHA:
        words.append(
            f"Below {GOOD_ALPHA:.2f} the questions measure different things or measure them loosely: look at answers, not at means."
        )
    if items.error is not None:
        words.append(
            f"A mean score is uncertain by about {items.error:.1f} points (standard error of measurement); "
            f"candidates closer than {1.96 * 2**0.5 * items.error:.0f} points are not told apart."
        )
    if not items.steady:
        words.append(
            f"With fewer than {STEADY_GROUP} candidates alpha and discrimination change much from group to group: take them for hints."
        )
    return Consistency(figure(items.alpha), tuple(words))
