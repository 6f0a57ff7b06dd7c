"""What a report says about one answer, as frozen values that every medium renders.

A view holds only what its reader may see: the candidate's has no probabilities, no weights and no model answers.
Text that people wrote is already visible (see ``visible``), not yet escaped: that depends on the medium.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evaluator.domain import Coverage, PointResult, Question, Result, Signature
from evaluator.report.changes import Change, find_changes
from evaluator.report.decisions import decision_texts
from evaluator.report.flags import FlagView, flag_label, flag_view, source_list
from evaluator.report.passages import (
    Passage,
    Quote,
    Tone,
    flag_spans,
    point_evidence,
    point_spans,
    quotes,
    split_passages,
)
from evaluator.report.progress import NO_PROGRESS, Progress
from evaluator.report.scale import AnchorView, ContributionView, contribution_views, nearest_anchor, whole_scale
from evaluator.report.sentences import sentence_start
from evaluator.report.visible import one_line, visible
from evaluator.report.wording import (
    STATUS_WORDS,
    SYMBOLS,
    UNSCORED_TITLES,
    Audience,
    headline,
    level_word,
    likely_text,
    weight_words,
)

MAX_CHANGES = 2
"""More advice than this is not acted on; the rest stands with the key points."""

MAX_STRENGTHS = 3

_STATUS_ORDER = (Coverage.COVERED, Coverage.PARTLY, Coverage.CONTRADICTED, Coverage.MISSED)
"""Order of the key points in a report: what came across first, as a good interviewer would begin."""


@dataclass(frozen=True, slots=True)
class PointView:
    """A key point, what the answer says about it, and what to do."""

    number: str
    """From 1, in the order of the report; marked passages refer to it."""
    label: str
    status: str
    """``covered``, ``partly``, ``missed`` or ``contradicted``."""
    word: str
    symbol: str
    weight: str
    """In words, for the recruiter; empty for the candidate."""
    quotes: tuple[Quote, ...]
    advice: str
    """What to add or change; empty where the point is covered."""
    start: str
    """How a next sentence could begin; empty where the point is covered."""
    why: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AnswerView:
    """Everything that a report says about one answer."""

    number: int
    """From 1, in the order of the candidate's answers."""
    candidate: str
    question_id: str
    question: str
    score: str
    """0-100 with one decimal; empty where unscored."""
    value: float
    """The same as a number; 0 where unscored, for drawing only."""
    level: int | None
    level_word: str
    likely: str
    """Which levels a rater would probably give, in a sentence, for recruiters; empty where that is the level itself."""
    headline: str
    anchor: AnchorView | None
    scale: tuple[AnchorView, ...]
    """The whole anchored scale, best first, for the recruiter; empty for the candidate."""
    marked: tuple[Passage, ...]
    """The answer from end to end; empty where there is no text."""
    tones: tuple[str, ...]
    """Tones that occur in ``marked``, for the legend."""
    points: tuple[PointView, ...]
    strengths: tuple[PointView, ...]
    changes: tuple[Change, ...]
    """The most valuable things to change beside the red flags, which carry advice of their own."""
    contributions: tuple[ContributionView, ...]
    red_flags: tuple[FlagView, ...]
    other_flags: tuple[FlagView, ...]
    unscored: str
    """Why there is no level; empty where there is one."""
    unscored_detail: str
    needs_review: bool
    decided: tuple[str, ...]
    """What people decided about it, newest first, for the recruiter; empty for the candidate."""
    model_answers: tuple[tuple[str, tuple[str, ...]], ...]
    """Text and sources, only where the reader may see them."""
    signature: Signature
    progress: Progress = NO_PROGRESS
    """Attempts at the same question up to this one; empty where it is the first."""

    @property
    def tally(self) -> str:
        """How many key points have each status, in words; empty where there is none."""
        found = [(word, sum(point.word == word for point in self.points)) for word in STATUS_WORDS.values()]
        return ", ".join(f"{number} {word.lower()}" for word, number in found if number)

    @property
    def anchor_id(self) -> str:
        """Fragment under which it stands on its candidate's page."""
        return answer_anchor(self.number)


def answer_anchor(number: int) -> str:
    """Return the fragment of a candidate's ``number``-th answer."""
    return f"answer-{number}"


def answer_view(
    result: Result,
    *,
    number: int = 1,
    audience: Audience = "candidate",
    with_model_answers: bool = False,
    progress: Progress = NO_PROGRESS,
) -> AnswerView:
    """Return what ``audience`` is told about an answer.

    The recruiter always sees model answers; the candidate only ``with_model_answers``.
    """
    recruiter = audience == "recruiter"
    points = _point_views(result.points, recruiter)
    numbers = {point.id: view.number for point, view in points}
    spans = [
        *(span for p in result.points for span in point_spans(p, numbers[p.id], with_numbers=recruiter)),
        *(s for f in result.flags for s in flag_spans(f, flag_label(f, result.question), with_numbers=recruiter)),
    ]
    marked = split_passages(result.answer.text, spans)
    flags = [flag_view(flag, result.question, recruiter=recruiter) for flag in result.flags]
    kinds = frozenset(flag.kind for flag in result.flags)
    views = tuple(view for _, view in points)
    level = result.level
    return AnswerView(
        number=number,
        candidate=one_line(result.answer.candidate_id),
        question_id=one_line(result.question.id if result.question else result.answer.question_id),
        question=one_line(result.question.text if result.question else result.answer.question_id) or "(no question)",
        score="" if result.score is None else f"{result.score:.1f}",
        value=result.score or 0.0,
        level=level,
        level_word="" if level is None else level_word(level, audience),
        likely=likely_text(result.likely_levels) if recruiter else "",
        headline="" if level is None else headline(level, audience, kinds),
        anchor=None if level is None else nearest_anchor(result.question, level, audience),
        scale=whole_scale(result.question) if recruiter and level is not None else (),
        marked=marked if result.answer.text.strip() else (),
        tones=tuple(tone.value for tone in Tone if any(span.tone is tone for part in marked for span in part.spans)),
        points=views,
        strengths=tuple(view for view in views if view.status == "covered")[:MAX_STRENGTHS],
        changes=tuple(change for change in find_changes(result) if not change.red_flag)[:MAX_CHANGES],
        contributions=contribution_views(result.contributions),
        red_flags=tuple(view for view in flags if view.kind == "red_flag"),
        other_flags=tuple(view for view in flags if view.kind != "red_flag"),
        unscored=UNSCORED_TITLES[result.unscored.reason] if result.unscored else "",
        unscored_detail=one_line(result.unscored.detail) if result.unscored else "",
        needs_review=result.needs_review,
        decided=decision_texts(result.reviews) if recruiter else (),
        model_answers=_model_answers(result.question) if recruiter or with_model_answers else (),
        signature=result.signature,
        progress=progress,
    )


def _point_views(points: Sequence[PointResult], recruiter: bool) -> list[tuple[PointResult, PointView]]:
    ordered = sorted(points, key=lambda point: (_STATUS_ORDER.index(point.status), -point.weight))
    return [(point, _point_view(point, str(i), recruiter)) for i, point in enumerate(ordered, start=1)]


def _point_view(point: PointResult, number: str, recruiter: bool) -> PointView:
    return PointView(
        number=number,
        label=one_line(point.label),
        status=point.status.value,
        word=STATUS_WORDS[point.status],
        symbol=SYMBOLS[point.status.value],
        weight=weight_words(point.weight) if recruiter else "",
        quotes=quotes(point_evidence(point), with_numbers=recruiter),
        advice="" if point.status is Coverage.COVERED else one_line(point.advice),
        start="" if point.status is Coverage.COVERED else sentence_start(one_line(point.label)),
        why=one_line(point.why),
        sources=source_list(point.sources),
    )


def _model_answers(question: Question | None) -> tuple[tuple[str, tuple[str, ...]], ...]:
    answers = question.model_answers if question else ()
    return tuple((visible(answer.text).strip(), source_list(answer.sources)) for answer in answers)
