"""What a candidate's page says: all answers of one person, and what to do about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evaluator.domain import Result, Signature
from evaluator.report.changes import Change, combine_changes, find_changes
from evaluator.report.progress import Earlier, progress_of
from evaluator.report.scale import distinct_signatures, mean_score, score_text
from evaluator.report.views import MAX_CHANGES, MAX_STRENGTHS, AnswerView, answer_view
from evaluator.report.visible import one_line
from evaluator.report.wording import WORDINGS, Audience, Wording, count


@dataclass(frozen=True, slots=True)
class Strength:
    """A behaviour that came across, with the words it came across in."""

    label: str
    quote: str
    answers: tuple[int, ...]
    """Numbers of the answers that show it."""


@dataclass(frozen=True, slots=True)
class CandidateView:
    """All answers of one candidate."""

    name: str
    """What the candidate is called on the page."""
    audience: Audience
    wording: Wording
    answers: tuple[AnswerView, ...]
    mean: str
    """Mean score, 0-100, one decimal; empty where nothing is scored."""
    value: float
    """The same as a number, 0 where nothing is scored, for drawing only."""
    scored: int
    summary: str
    """One or two sentences on how many answers there are and how they did."""
    strengths: tuple[Strength, ...]
    changes: tuple[Change, ...]
    signatures: tuple[Signature, ...]
    """More than one where the answers were not judged in the same way."""


def candidate_view(
    results: Sequence[Result],
    *,
    audience: Audience,
    with_model_answers: bool,
    name: str,
    earlier: Earlier | None = None,
) -> CandidateView:
    """Return what ``audience`` is told about all answers of one candidate, in the order of ``results``."""
    answers = tuple(
        answer_view(result, number=i, audience=audience, with_model_answers=with_model_answers, progress=progress)
        for i, (result, progress) in enumerate(zip(results, progress_of(results, earlier or {}), strict=True), start=1)
    )
    mean = mean_score(results)
    return CandidateView(
        name=one_line(name) or (answers[0].candidate if answers else ""),
        audience=audience,
        wording=WORDINGS[audience],
        answers=answers,
        mean=score_text(mean),
        value=mean or 0.0,
        scored=sum(answer.level is not None for answer in answers),
        summary=_candidate_summary(results, WORDINGS[audience]),
        strengths=_strengths(answers),
        changes=combine_changes((i, find_changes(r)) for i, r in enumerate(results, start=1))[:MAX_CHANGES],
        signatures=distinct_signatures(results),
    )


def _candidate_summary(results: Sequence[Result], wording: Wording) -> str:
    scored = [result for result in results if result.score is not None]
    if not results:
        return "There are no answers."
    if not scored and len(results) == 1:
        return "The answer could not be scored; the reason stands below."
    if not scored:
        return f"None of the {len(results)} answers could be scored; the reasons stand below."
    asked = len({result.question_id for result in results})
    first = f"{wording.subject} answered {count(asked, 'question')}."
    if len(scored) < len(results):
        first = (
            f"{len(scored)} of {count(len(results), 'answer')} could be scored; why the others could not stands below."
        )
    if len(scored) == 1:
        return first
    best = max(scored, key=lambda result: result.score or 0.0)
    name = one_line(best.question.text) if best.question else one_line(best.answer.question_id)
    return f"{first} The strongest answer is to \u201c{name}\u201d"


def _strengths(answers: Sequence[AnswerView]) -> tuple[Strength, ...]:
    found: dict[str, list[tuple[int, str]]] = {}
    for answer in answers:
        for point in answer.points:
            if point.status == "covered":
                found.setdefault(point.label, []).append((answer.number, point.quotes[0].text if point.quotes else ""))
    ordered = sorted(found.items(), key=lambda item: -len(item[1]))
    return tuple(
        Strength(label, next((text for _, text in shown if text), ""), tuple(number for number, _ in shown))
        for label, shown in ordered[:MAX_STRENGTHS]
    )
