"""Finds what is worth changing most in an answer, and in all answers of one person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from evaluator.domain import Coverage, Flag, FlagKind, PointResult, Question, Result
from evaluator.report.flags import find_red_flag, flag_label, source_list
from evaluator.report.passages import flag_evidence, point_evidence
from evaluator.report.sentences import sentence_start
from evaluator.report.visible import one_line
from evaluator.report.wording import FLAG_TITLES

_CRITICAL, _RED_FLAG, _OFF_TOPIC, _FORM, _KEY_POINT, _SAID_ALREADY = range(6)
"""What limits the score whatever else is said comes before what adds to it."""

_FORM_ADVICE = "Tell it in whole sentences of your own: what happened, what you did, and how it ended."


@dataclass(frozen=True, slots=True)
class Change:
    """Something to change, with the reason."""

    id: str
    rank: int
    """Kind of change, the most urgent 0; only for sorting."""
    gain: float
    """How much it could add, in weight; only for sorting within a rank."""
    caption: str
    """What it is about in a few words, such as "contradicted: keeps calm"."""
    advice: str
    """What to do, one or two sentences."""
    why: str
    sources: tuple[str, ...]
    quote: str
    """The candidate's words that call for it, empty where something is missing."""
    start: str = ""
    """How a next sentence could begin, empty where the advice says it all."""
    answers: tuple[int, ...] = ()
    """Numbers of the answers it is about; empty within one answer."""

    @property
    def red_flag(self) -> bool:
        """Whether it is about a red flag."""
        return self.rank in (_CRITICAL, _RED_FLAG)


def find_changes(result: Result) -> tuple[Change, ...]:
    """Return everything worth changing in an answer, most valuable first.

    Red flags come first (critical ones before serious ones), then a missed topic, then a form that hides what was
    meant, then key points by what they could still earn: weight times missing credit. A key point contradicted in
    the very words of a red flag comes last: one cure serves both. Clauses of a model answer that does not count are left out.
    """
    flagged = [change for flag in result.flags if (change := _flag_change(flag, result.question))]
    open_points = (point for point in result.points if point.status is not Coverage.COVERED and point.weight > 0)
    points = [_point_change(point) for point in open_points]
    points = [replace(p, rank=_SAID_ALREADY) if any(_same_words(p, f) for f in flagged) else p for p in points]
    return tuple(sorted([*flagged, *points], key=_urgency))


def combine_changes(found: Iterable[tuple[int, tuple[Change, ...]]]) -> tuple[Change, ...]:
    """Return the changes of several answers, given with their numbers, most valuable first.

    The same behaviour in several answers is one change that gains as much as all of them, told in the words of the
    answer where it gains most.
    """
    together: dict[tuple[int, str], list[tuple[int, Change]]] = {}
    for number, changes in found:
        for change in changes:
            together.setdefault((change.rank, change.id), []).append((number, change))
    combined = []
    for same in together.values():
        _, best = max(same, key=lambda item: (item[1].gain, -item[0]))
        numbers = tuple(dict.fromkeys(number for number, _ in same))
        combined.append(replace(best, gain=sum(change.gain for _, change in same), answers=numbers))
    return tuple(sorted(combined, key=_urgency))


def _flag_change(flag: Flag, question: Question | None) -> Change | None:
    quote = next((one_line(evidence.text) for evidence in flag_evidence(flag)), "")
    if flag.kind is FlagKind.RED_FLAG:
        known, label = find_red_flag(flag, question), flag_label(flag, question)
        rank = _CRITICAL if known and known.severity == "critical" else _RED_FLAG
        advice = known.advice if known and known.advice else "Say what you would do instead."
        why = one_line(known.why) if known else ""
        sources = source_list(known.sources) if known else ()
        return Change(flag.id, rank, 1.0, f"red flag: {label}", one_line(advice), why, sources, quote)
    if flag.kind is FlagKind.OFF_TOPIC:
        asked = f" It was: \u201c{one_line(question.text)}\u201d" if question else ""
        return Change(flag.id, _OFF_TOPIC, 1.0, "off topic", f"Answer the question that was asked.{asked}", "", (), "")
    if flag.kind in (FlagKind.GAMING, FlagKind.COPIED):
        return Change("form", _FORM, 1.0, FLAG_TITLES[flag.kind].lower(), _FORM_ADVICE, "", (), quote)
    return None


def _point_change(point: PointResult) -> Change:
    quote = next((one_line(evidence.text) for evidence in point_evidence(point)), "")
    label = one_line(point.label)
    word = {Coverage.MISSED: "missed", Coverage.PARTLY: "partly covered"}.get(point.status, "contradicted")
    advice = one_line(point.advice) or f"A good answer also {label}. Say how you do that."
    gain = point.weight * (1.0 - point.credit)
    return Change(
        point.id, _KEY_POINT, gain, f"{word}: {label}", advice, one_line(point.why), source_list(point.sources), quote,
        sentence_start(label),
    )  # fmt: skip


def _same_words(one: Change, other: Change) -> bool:
    return bool(one.quote and other.quote) and (one.quote in other.quote or other.quote in one.quote)


def _urgency(change: Change) -> tuple[int, float, str]:
    return change.rank, -change.gain, change.id
