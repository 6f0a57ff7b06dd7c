"""What the index of a batch says: who did how, which questions were hard, and which answers a person must look at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from evaluator.domain import LEVELS, Coverage, FlagKind, Question, Result, Signature
from evaluator.report.flags import flag_view
from evaluator.report.scale import mean_of, score_text
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


def index_view(results: Iterable[Result], *, links: Mapping[str, str]) -> IndexView:
    """Return the overview of a batch. Results are looked at one at a time and not kept.

    Candidates are ranked by mean score, rounded to one decimal, ties by id; those without a score come last.
    Questions come in the order in which they first occur.
    """
    candidates: dict[str, _CandidateTally] = {}
    questions: dict[str, _QuestionTally] = {}
    signatures: dict[Signature, None] = {}
    review: list[tuple[str, ReviewRow]] = []
    answers = 0
    for answers, result in enumerate(results, start=1):  # noqa: B007 - the number of the last one is used
        candidate = result.answer.candidate_id
        tally = candidates.setdefault(candidate, _CandidateTally())
        tally.add(result)
        questions.setdefault(_question_id(result), _QuestionTally(result.question)).add(result)
        signatures.setdefault(result.signature)
        if _for_a_person(result):
            review.append((candidate, _review_row(result, tally.answers, links)))
    means = {candidate: tally.mean for candidate, tally in candidates.items()}
    order = sorted(candidates, key=lambda c: (means[c] is None, -(means[c] or 0.0), c))
    ranks: dict[float, int] = {}
    rows = []
    for place, candidate in enumerate(order, start=1):
        mean = means[candidate]
        rank = "" if mean is None else str(ranks.setdefault(mean, place))
        rows.append(_candidate_row(candidate, candidates[candidate], rank, mean, links))
    places = {candidate: place for place, candidate in enumerate(order)}
    # Rows of one candidate are in the order of the answers already, and sorting is stable.
    review.sort(key=lambda item: (item[1].gravity, places[item[0]]))
    return IndexView(
        candidates=tuple(rows),
        questions=tuple(_question_row(identifier, tally) for identifier, tally in questions.items()),
        review=tuple(row for _, row in review),
        summary=f"{count(len(order), 'candidate')}, {count(answers, 'answer')}, {len(review)} to be read by a person.",
        comparable=len({frozenset(tally.scored_questions) for tally in candidates.values()}) <= 1,
        signatures=tuple(signatures),
    )


def relative_link(link: str, fragment: str = "") -> str:
    """Return a relative path as an address that cannot leave the report set's host or name a scheme.

    >>> relative_link("candidates/Ana Ruiz.html", "answer-2")
    './candidates/Ana%20Ruiz.html#answer-2'
    """
    path = quote(link.lstrip("/\\"), safe="/.-_~", errors="replace")
    return f"./{path}#{fragment}" if fragment else f"./{path}"


class _CandidateTally:
    """What the answers of one candidate add up to."""

    def __init__(self) -> None:
        self.answers = self.review = 0
        self.scores: list[float] = []
        self.scored_questions: set[str] = set()
        self.kinds: Counter[FlagKind] = Counter()

    def add(self, result: Result) -> None:
        self.answers += 1
        self.review += _for_a_person(result)
        self.kinds.update(flag.kind for flag in result.flags)
        if result.score is not None:
            self.scores.append(result.score)
            self.scored_questions.add(_question_id(result))

    @property
    def mean(self) -> float | None:
        return mean_of(self.scores)


class _QuestionTally:
    """What the answers to one question add up to."""

    def __init__(self, question: Question | None) -> None:
        self.question = question
        self.answers = 0
        self.scores: list[float] = []
        self.levels: Counter[int | None] = Counter()
        self.gaps: Counter[str] = Counter()

    def add(self, result: Result) -> None:
        self.answers += 1
        self.levels[result.level] += 1
        if result.score is not None:
            self.scores.append(result.score)
        self.gaps.update(
            point.label for point in result.points if point.status in (Coverage.MISSED, Coverage.CONTRADICTED)
        )


def _candidate_row(
    candidate: str, tally: _CandidateTally, rank: str, mean: float | None, links: Mapping[str, str]
) -> CandidateRow:
    return CandidateRow(
        rank=rank,
        name=one_line(candidate) or "(no id)",
        link=relative_link(links[candidate]) if candidate in links else "",
        mean=score_text(mean),
        value=mean or 0.0,
        scored=len(tally.scores),
        unscored=tally.answers - len(tally.scores),
        review=tally.review,
        flags=", ".join(_times(tally.kinds[kind], FLAG_NAMES[kind]) for kind in FlagKind if tally.kinds[kind]),
    )


def _question_row(identifier: str, tally: _QuestionTally) -> QuestionRow:
    gaps = tally.gaps
    most = max(gaps, key=lambda label: (gaps[label], label), default="")
    return QuestionRow(
        id=one_line(identifier) or "(no question)",
        text=one_line(tally.question.text) if tally.question else "",
        mean=score_text(mean_of(tally.scores)),
        scored=len(tally.scores),
        unscored=tally.answers - len(tally.scores),
        levels=tuple(tally.levels[level] for level in LEVELS),
        missed=f"{one_line(most)} ({gaps[most]})" if most else "",
    )


def _review_row(result: Result, number: int, links: Mapping[str, str]) -> ReviewRow:
    """Return the row of an answer that is the candidate's ``number``-th."""
    flags = [flag_view(flag, result.question, recruiter=True) for flag in result.flags]
    reasons = [f"{flag.title}. {flag.detail}".strip() for flag in flags]
    if result.unscored:
        title = f"Not scored: {UNSCORED_TITLES[result.unscored.reason]}."
        reasons.insert(0, f"{title} {one_line(result.unscored.detail)}".strip())
    candidate = result.answer.candidate_id
    return ReviewRow(
        name=one_line(candidate) or "(no id)",
        question=one_line(result.question.text if result.question else result.answer.question_id),
        link=relative_link(links[candidate], answer_anchor(number)) if candidate in links else "",
        score="" if result.score is None else f"{result.score:.1f}",
        reasons=tuple(reasons) or ("Marked for a person to read.",),
        quote=next((quote.text for flag in flags for quote in flag.quotes), ""),
        gravity=_gravity(result),
    )


def _question_id(result: Result) -> str:
    return result.question.id if result.question else result.answer.question_id


def _times(number: int, noun: str) -> str:
    return noun if number == 1 else f"{number} \u00d7 {noun}"


def _gravity(result: Result) -> int:
    """Return the place of the gravest reason among those that press, or one past them."""
    kinds = {flag.kind for flag in result.flags} | ({None} if result.score is None else set())
    return min((_PRESSING.index(kind) for kind in kinds if kind in _PRESSING), default=len(_PRESSING))


def _for_a_person(result: Result) -> bool:
    return result.needs_review or result.score is None
