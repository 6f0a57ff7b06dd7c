"""The queue of answers that a person must look at, gravest first, with the reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from evaluator.domain import POSSIBLE_RED_FLAG, FlagKind, Result
from evaluator.report.decisions import decision_texts
from evaluator.report.flags import TITLES_OF_IDS, flag_title, flag_view
from evaluator.report.names import Names, candidate_name
from evaluator.report.views import answer_anchor
from evaluator.report.visible import one_line
from evaluator.report.wording import FLAG_TITLES, UNSCORED_TITLES

UNSCORED = "Not scored"
PRESSING = (
    FLAG_TITLES[FlagKind.RED_FLAG],
    TITLES_OF_IDS[POSSIBLE_RED_FLAG],
    *(FLAG_TITLES[kind] for kind in (FlagKind.OFF_TOPIC, FlagKind.GAMING, FlagKind.COPIED, FlagKind.DUPLICATE)),
    UNSCORED,
)
"""What calls for a person first, by title."""

FULL_ROWS = 100
"""Answers of a group that a page lists with their passages; the others get a line each, so that it opens quickly."""


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """An answer that a person must look at."""

    name: str
    called: str
    """What the reader asked to see beside the id; empty in a blind report."""
    question: str
    question_id: str
    link: str
    score: str
    reasons: tuple[str, ...]
    brief: str
    """The reasons in a few words each, on one line."""
    quote: str
    gravity: int
    """How soon a person should look, 0 first; rows are sorted by it."""
    decided: tuple[str, ...]
    """What people decided about it already, newest first."""


def review_rows(own: Sequence[Result], links: Mapping[str, str], names: Names) -> list[ReviewRow]:
    """Return the answers of one candidate that a person must look at."""
    rows = []
    for number, result in enumerate(own, start=1):
        if not for_a_person(result):
            continue
        flags = [flag_view(flag, result.question, recruiter=True) for flag in result.flags]
        reasons = [f"{flag.title}. {flag.detail}".strip() for flag in flags]
        titles = [flag.title for flag in flags]
        if result.unscored:
            title = f"Not scored: {UNSCORED_TITLES[result.unscored.reason]}."
            reasons.insert(0, f"{title} {one_line(result.unscored.detail)}".strip())
            titles.insert(0, title.rstrip("."))
        candidate = result.answer.candidate_id
        rows.append(
            ReviewRow(
                name=candidate_name(candidate),
                called=names.get(candidate, ""),
                question=one_line(result.question.text if result.question else result.answer.question_id),
                question_id=one_line(result.question_id) or "(no question)",
                link=relative_link(links[candidate], answer_anchor(number)) if candidate in links else "",
                score="" if result.score is None else f"{result.score:.1f}",
                reasons=tuple(reasons) or ("Marked for a person to read.",),
                brief="; ".join(titles) or "Marked for a person to read",
                quote=next((quote.text for flag in flags for quote in flag.quotes), ""),
                gravity=_gravity(result),
                decided=decision_texts(result.reviews),
            )
        )
    return rows


def for_a_person(result: Result) -> bool:
    """Return whether a person must look at an answer."""
    return result.needs_review or result.score is None


def relative_link(link: str, fragment: str = "") -> str:
    """Return a relative path as an address that cannot leave the report set's host or name a scheme.

    >>> relative_link("candidates/Ana Ruiz.html", "answer-2")
    './candidates/Ana%20Ruiz.html#answer-2'
    """
    path = quote(link.lstrip("/\\"), safe="/.-_~", errors="replace")
    return f"./{path}#{fragment}" if fragment else f"./{path}"


def _gravity(result: Result) -> int:
    """Return the place of the gravest reason among those that press, or one past them."""
    titles = {flag_title(flag) for flag in result.flags} | ({UNSCORED} if result.score is None else set())
    return min((PRESSING.index(title) for title in titles if title in PRESSING), default=len(PRESSING))
