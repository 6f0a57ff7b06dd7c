"""Lays the answers of a few candidates to one question side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evaluator.domain import Result, Signature
from evaluator.errors import ResultsError
from evaluator.report.environment import html_environment
from evaluator.report.markdown import markdown_page
from evaluator.report.names import Names, candidate_name, names_from
from evaluator.report.scale import distinct_signatures
from evaluator.report.views import AnswerView, PointView, answer_view
from evaluator.report.visible import one_line
from evaluator.report.wording import weight_words

FEWEST, MOST = 2, 4
"""Candidates that are compared: more do not fit beside each other."""


@dataclass(frozen=True, slots=True)
class Column:
    """A candidate's answer."""

    name: str
    called: str
    """What the reader asked to see beside the id; empty in a blind report."""
    answer: AnswerView


@dataclass(frozen=True, slots=True)
class BehaviourRow:
    """A key point and what each answer says about it, None where it was not judged."""

    label: str
    weight: str
    cells: tuple[PointView | None, ...]


@dataclass(frozen=True, slots=True)
class ComparisonView:
    """Answers of a few candidates to one question."""

    question: str
    columns: tuple[Column, ...]
    rows: tuple[BehaviourRow, ...]
    decided: bool
    """Whether people decided about any of them."""
    tones: tuple[str, ...]
    """Tones that occur in the answers, for the legend."""
    signatures: tuple[Signature, ...]


def pick_answers(results: Sequence[Result], question: str, candidates: Sequence[str]) -> list[Result]:
    """Return the answer of each candidate to a question, in the order of ``candidates``; of several, the last.

    Raises:
        ResultsError: there is no answer to that question, or a candidate has none.
    """
    answered = {result.answer.candidate_id: result for result in results if result.question_id == question}
    if not answered:
        there = ", ".join(dict.fromkeys(result.question_id for result in results if result.question)) or "no question"
        raise ResultsError(f"no answer to question {question!r}. There are answers to: {there}.")
    for candidate in candidates:
        if candidate not in answered:
            raise ResultsError(
                f"no answer of candidate {one_line(candidate)!r} to question {question!r}. "
                f"{len(answered)} candidates answered it; the overview of `evaluator report` names them."
            )
    return [answered[candidate] for candidate in candidates]


def render_comparison_html(results: Sequence[Result], *, show_names: str | None = None) -> str:
    """Return a page with answers side by side, as ``pick_answers`` returns them.

    Raises:
        ResultsError: there is no column ``show_names``.
    """
    view = comparison_view(results, names_from(results, show_names))
    return html_environment().get_template("compare.html.j2").render(view=view)


def render_comparison_markdown(results: Sequence[Result], *, show_names: str | None = None) -> str:
    """Return the same as Markdown."""
    view = comparison_view(results, names_from(results, show_names))
    return markdown_page("compare.md.j2", view)


def comparison_view(results: Sequence[Result], names: Names) -> ComparisonView:
    """Return answers to one question side by side."""
    columns = tuple(_column(result, number, names) for number, result in enumerate(results, start=1))
    found = [{point.label: point for point in column.answer.points} for column in columns]
    weights: dict[str, float] = {}
    for point in (point for result in results for point in result.points):
        label = one_line(point.label)
        weights[label] = max(point.weight, weights.get(label, 0.0))  # 0 where another model answer counts for somebody
    return ComparisonView(
        question=columns[0].answer.question,
        columns=columns,
        rows=tuple(
            BehaviourRow(label, weight_words(weight), tuple(own.get(label) for own in found))
            for label, weight in weights.items()
        ),
        decided=any(column.answer.decided for column in columns),
        tones=tuple(dict.fromkeys(tone for column in columns for tone in column.answer.tones)),
        signatures=distinct_signatures(results),
    )


def _column(result: Result, number: int, names: Names) -> Column:
    candidate = result.answer.candidate_id
    return Column(
        name=candidate_name(candidate),
        called=names.get(candidate, ""),
        answer=answer_view(result, number=number, audience="recruiter"),
    )
