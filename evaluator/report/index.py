"""What the index of a batch says: who did how, which questions were hard, and which answers a person must look at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from evaluator.domain import LEVELS, Coverage, FlagKind, Result, Signature
from evaluator.report.flags import flag_view
from evaluator.report.ranking import Ranked, ranked_candidates
from evaluator.report.scale import distinct_signatures, mean_score, score_text
from evaluator.report.views import answer_anchor
from evaluator.report.visible import one_line
from evaluator.report.wording import FLAG_NAMES, UNSCORED_TITLES, count

_PRESSING = (FlagKind.RED_FLAG, FlagKind.OFF_TOPIC, FlagKind.GAMING, FlagKind.COPIED, FlagKind.DUPLICATE, None)
"""What calls for a person first; None is an answer that could not be scored."""


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """A candidate in the index of a batch."""

    rank: str
    """From 1, equal for equal means; empty where nothing is scored."""
    name: str
    link: str
    mean: str
    value: float
    scored: int
    unscored: int
    review: int
    flags: str


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """A question in the index of a batch."""

    id: str
    text: str
    mean: str
    scored: int
    unscored: int
    levels: tuple[int, ...]
    """How many answers reached each level, worst first."""
    missed: str
    """The key point missed or contradicted by most, empty where there is none."""


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """An answer that a person must look at."""

    name: str
    question: str
    link: str
    score: str
    reasons: tuple[str, ...]
    quote: str
    gravity: int
    """How soon a person should look, 0 first; rows are sorted by it."""


@dataclass(frozen=True, slots=True)
class IndexView:
    """A batch."""

    candidates: tuple[CandidateRow, ...]
    questions: tuple[QuestionRow, ...]
    review: tuple[ReviewRow, ...]
    summary: str
    comparable: bool
    """Whether every candidate has scored answers to the same questions."""
    signatures: tuple[Signature, ...]

    @property
    def pressing(self) -> tuple[ReviewRow, ...]:
        """Answers that a person must look at first."""
        return tuple(row for row in self.review if row.gravity < len(_PRESSING))

    @property
    def less_pressing(self) -> tuple[ReviewRow, ...]:
        """Answers where only the closeness to a border or the script calls for a person."""
        return tuple(row for row in self.review if row.gravity >= len(_PRESSING))


def index_view(results: Sequence[Result], *, links: Mapping[str, str]) -> IndexView:
    """Return the overview of a batch.

    Candidates are ranked by mean score, rounded to one decimal, ties by id; those without a score come last.
    Questions come in the order in which they first occur.
    """
    order = ranked_candidates(results)
    answered = {frozenset(r.question_id for r in entry.results if r.score is not None) for entry in order}
    rows = [_candidate_row(entry, links) for entry in order]
    review = sum(_for_a_person(result) for result in results)
    return IndexView(
        candidates=tuple(rows),
        questions=_question_rows(results),
        review=tuple(
            sorted((r for entry in order for r in _review_rows(entry.results, links)), key=lambda row: row.gravity)
        ),
        summary=f"{count(len(order), 'candidate')}, {count(len(results), 'answer')}, {review} to be read by a person.",
        comparable=len(answered) <= 1,
        signatures=distinct_signatures(results),
    )


def relative_link(link: str, fragment: str = "") -> str:
    """Return a relative path as an address that cannot leave the report set's host or name a scheme.

    >>> relative_link("candidates/Ana Ruiz.html", "answer-2")
    './candidates/Ana%20Ruiz.html#answer-2'
    """
    path = quote(link.lstrip("/\\"), safe="/.-_~", errors="replace")
    return f"./{path}#{fragment}" if fragment else f"./{path}"


def _candidate_row(entry: Ranked, links: Mapping[str, str]) -> CandidateRow:
    candidate, own = entry.candidate, entry.results
    kinds = Counter(flag.kind for result in own for flag in result.flags)
    return CandidateRow(
        rank="" if entry.rank is None else str(entry.rank),
        name=one_line(candidate) or "(no id)",
        link=relative_link(links[candidate]) if candidate in links else "",
        mean=score_text(entry.mean),
        value=entry.mean or 0.0,
        scored=sum(result.score is not None for result in own),
        unscored=sum(result.score is None for result in own),
        review=sum(_for_a_person(result) for result in own),
        flags=", ".join(_times(kinds[kind], FLAG_NAMES[kind]) for kind in FlagKind if kinds[kind]),
    )


def _question_rows(results: Sequence[Result]) -> tuple[QuestionRow, ...]:
    by_question: dict[str, list[Result]] = {}
    for result in results:
        by_question.setdefault(result.question_id, []).append(result)
    return tuple(_question_row(identifier, own) for identifier, own in by_question.items())


def _question_row(identifier: str, own: Sequence[Result]) -> QuestionRow:
    levels = Counter(result.level for result in own)
    question = own[0].question
    gaps = Counter(
        point.label
        for result in own
        for point in result.points
        if point.status in (Coverage.MISSED, Coverage.CONTRADICTED)
    )
    most = max(gaps, key=lambda label: (gaps[label], label), default="")
    return QuestionRow(
        id=one_line(identifier) or "(no question)",
        text=one_line(question.text) if question else "",
        mean=score_text(mean_score(own)),
        scored=sum(result.score is not None for result in own),
        unscored=sum(result.score is None for result in own),
        levels=tuple(levels[level] for level in LEVELS),
        missed=f"{one_line(most)} ({gaps[most]})" if most else "",
    )


def _review_rows(own: Sequence[Result], links: Mapping[str, str]) -> list[ReviewRow]:
    rows = []
    for number, result in enumerate(own, start=1):
        if not _for_a_person(result):
            continue
        flags = [flag_view(flag, result.question, recruiter=True) for flag in result.flags]
        reasons = [f"{flag.title}. {flag.detail}".strip() for flag in flags]
        if result.unscored:
            title = f"Not scored: {UNSCORED_TITLES[result.unscored.reason]}."
            reasons.insert(0, f"{title} {one_line(result.unscored.detail)}".strip())
        candidate = result.answer.candidate_id
        rows.append(
            ReviewRow(
                name=one_line(candidate) or "(no id)",
                question=one_line(result.question.text if result.question else result.answer.question_id),
                link=relative_link(links[candidate], answer_anchor(number)) if candidate in links else "",
                score="" if result.score is None else f"{result.score:.1f}",
                reasons=tuple(reasons) or ("Marked for a person to read.",),
                quote=next((quote.text for flag in flags for quote in flag.quotes), ""),
                gravity=_gravity(result),
            )
        )
    return rows


def _times(number: int, noun: str) -> str:
    return noun if number == 1 else f"{number} \u00d7 {noun}"


def _gravity(result: Result) -> int:
    """Return the place of the gravest reason among those that press, or one past them."""
    kinds = {flag.kind for flag in result.flags} | ({None} if result.score is None else set())
    return min((_PRESSING.index(kind) for kind in kinds if kind in _PRESSING), default=len(_PRESSING))


def _for_a_person(result: Result) -> bool:
    return result.needs_review or result.score is None
