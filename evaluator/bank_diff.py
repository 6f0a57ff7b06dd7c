"""Compares two banks: what one says that the other does not, and which scores move because of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from evaluator.domain import Bank, KeyPoint, ModelAnswer, Question, RedFlag, Result
from evaluator.report.visible import one_line

SCHEMA = "bank-diff/1"

Part = Literal["question", "key_points", "red_flags", "model_answers", "anchors"]
Value = str | float


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs between two versions of a question."""

    question: str
    part: Part
    id: str
    """Of a key point or red flag; the level of an anchor; empty elsewhere."""
    field: str
    """Which field differs, such as ``weight`` or ``affirm``; empty where the whole entry was added or removed."""
    old: Value | None
    """None where it was added. Of a whole key point or red flag, its label; of a list, the entry."""
    new: Value | None
    """None where it was removed."""

    @property
    def kind(self) -> Literal["added", "removed", "changed"]:
        """What happened to it."""
        return "added" if self.old is None else "removed" if self.new is None else "changed"


@dataclass(frozen=True, slots=True)
class BankDiff:
    """What differs between two banks."""

    added: tuple[str, ...]
    """Ids of questions that only the new bank has."""
    removed: tuple[str, ...]
    """Ids of questions that only the old bank has."""
    changes: tuple[Change, ...]
    """In the questions that both have, by question in the order of the old bank."""
    same_content: bool
    """Whether the digests are equal: then no judgement can differ."""

    @property
    def empty(self) -> bool:
        """Whether nothing was found; the order of entries and of questions is not compared."""
        return not (self.added or self.removed or self.changes)


@dataclass(frozen=True, slots=True)
class ScoreMove:
    """An answer whose score or level differs between two banks."""

    candidate_id: str
    question_id: str
    row: int
    """Number of its row in the file."""
    old_score: float | None
    """0..100; None where it is not scored with that bank."""
    old_level: int | None
    new_score: float | None
    new_level: int | None

    @property
    def change(self) -> float | None:
        """Points that the score rose by; None where one bank does not score the answer."""
        if self.old_score is None or self.new_score is None:
            return None
        return round(self.new_score - self.old_score, 1)


@dataclass(frozen=True, slots=True)
class ScoreComparison:
    """The same answers scored with two banks."""

    answers: int
    both: int
    """How many of them both banks score."""
    up: int
    """How many of those get a higher level with the new bank."""
    down: int
    moves: tuple[ScoreMove, ...]
    """Answers that only one bank scores first, then by the size of the change, largest first."""


def diff_banks(old: Bank, new: Bank) -> BankDiff:
    """Return what ``new`` says differently from ``old``, question by question."""
    changes: list[Change] = []
    for question in old.questions:
        other = new.find(question.id)
        if other is not None:
            changes.extend(_question_changes(question, other))
    return BankDiff(
        tuple(question.id for question in new.questions if old.find(question.id) is None),
        tuple(question.id for question in old.questions if new.find(question.id) is None),
        tuple(changes),
        old.digest == new.digest,
    )


def compare_scores(old: Iterable[Result], new: Iterable[Result], *, by_row: bool = False) -> ScoreComparison:
    """Return how scores and levels moved between two rounds of results for the same file of answers.

    Args:
        old: results with the old bank.
        new: results with the new bank.
        by_row: whether a row is one answer (long form), which is the same answer even where the banks name its question
            differently; else the rows' answers are told apart by their questions.
    """
    before, after = _by_place(old, by_row), _by_place(new, by_row)
    moves, both, up, down = [], 0, 0, 0
    for place in dict.fromkeys([*before, *after]):
        one, two = before.get(place), after.get(place)
        known = one or two
        assert known is not None
        answer = known.answer
        move = ScoreMove(
            answer.candidate_id,
            answer.question_id,
            answer.row,
            one.score if one else None,
            one.level if one else None,
            two.score if two else None,
            two.level if two else None,
        )
        if move.old_level is not None and move.new_level is not None:
            both += 1
            up += move.new_level > move.old_level
            down += move.new_level < move.old_level
        if (move.old_score, move.old_level) != (move.new_score, move.new_level):
            moves.append(move)
    moves.sort(key=lambda move: (move.change is not None, -abs(move.change or 0.0), move.row, move.question_id))
    return ScoreComparison(len({*before, *after}), both, up, down, tuple(moves))


def diff_as_data(diff: BankDiff, scores: ScoreComparison | None = None) -> dict[str, Any]:
    """Return a comparison ready for JSON; ``answers`` is there where answers were scored."""
    data: dict[str, Any] = {
        "schema": SCHEMA,
        "same_content": diff.same_content,
        "questions_added": list(diff.added),
        "questions_removed": list(diff.removed),
        "changes": [{"kind": change.kind, **asdict(change)} for change in diff.changes],
    }
    if scores is not None:
        data["answers"] = {
            "answers": scores.answers,
            "scored_with_both": scores.both,
            "level_up": scores.up,
            "level_down": scores.down,
            "moves": [{**asdict(move), "change": move.change} for move in scores.moves],
        }
    return data


def diff_as_text(diff: BankDiff, scores: ScoreComparison | None = None) -> str:
    """Return a comparison as lines for people: ``+`` added, ``-`` removed, ``old -> new`` changed."""
    lines = [f"+ question {name}" for name in diff.added] + [f"- question {name}" for name in diff.removed]
    question = ""
    for change in diff.changes:
        if change.question != question:
            question = change.question
            lines += ["", question] if lines else [question]
        lines.append(f"  {_change_line(change)}")
    if diff.empty:
        lines.append("No difference." if diff.same_content else "No difference but the order of entries.")
    if scores is not None:
        lines += ["", *_score_lines(scores)]
    return "\n".join(lines)


def _question_changes(old: Question, new: Question) -> Iterator[Change]:
    fields = (
        ("text", old.text, new.text),
        ("status", *("draft" if question.draft else "ready" for question in (old, new))),
        ("key points", *("derived" if question.derived else "written" for question in (old, new))),
    )
    for field, before, after in fields:
        if before != after:
            yield Change(old.id, "question", "", field, before, after)
    # Derived key points follow from the model answers, which are compared below: their numbers would only be noise.
    if not (old.derived and new.derived):
        yield from _behaviour_changes(old.id, "key_points", old.key_points, new.key_points)
    yield from _behaviour_changes(old.id, "red_flags", old.red_flags, new.red_flags)
    yield from _model_answer_changes(old.id, old.model_answers, new.model_answers)
    for level in sorted({*old.anchors, *new.anchors}):
        told, tells = old.anchors.get(level), new.anchors.get(level)
        if told != tells:
            yield Change(old.id, "anchors", str(level), "", told, tells)


def _behaviour_changes(
    question: str, part: Part, old: Sequence[KeyPoint | RedFlag], new: Sequence[KeyPoint | RedFlag]
) -> Iterator[Change]:
    before, after = {item.id: item for item in old}, {item.id: item for item in new}
    for name in dict.fromkeys([*before, *after]):
        if name not in after:
            yield Change(question, part, name, "", before[name].label, None)
        elif name not in before:
            yield Change(question, part, name, "", None, after[name].label)
        else:
            yield from _fields(question, part, name, asdict(before[name]), asdict(after[name]))


def _fields(question: str, part: Part, name: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Change]:
    for field, before in old.items():
        after = new[field]
        if isinstance(before, tuple):
            for one, two in _entries(before, after):
                yield Change(question, part, name, field, one, two)
        elif before != after:
            yield Change(question, part, name, field, before, after)


def _model_answer_changes(question: str, old: Sequence[ModelAnswer], new: Sequence[ModelAnswer]) -> Iterator[Change]:
    for one, two in _entries([answer.text for answer in old], [answer.text for answer in new]):
        yield Change(question, "model_answers", "", "", one, two)
    sources = {answer.text: answer.sources for answer in new}
    for number, answer in enumerate(old, start=1):
        for one, two in _entries(answer.sources, sources.get(answer.text, answer.sources)):
            yield Change(question, "model_answers", str(number), "sources", one, two)


def _entries(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[str | None, str | None]]:
    """Yield the entries of a list that were removed, then those that were added; the order of a list says nothing."""
    gone, come = Counter(old) - Counter(new), Counter(new) - Counter(old)
    yield from ((text, None) for text in gone.elements())
    yield from ((None, text) for text in come.elements())


def _by_place(results: Iterable[Result], by_row: bool) -> dict[tuple[int, str, str, int], Result]:
    """Return results by row, candidate, question unless ``by_row``, and number among those that have these in common."""
    seen: Counter[tuple[int, str, str]] = Counter()
    placed = {}
    for result in results:
        place = result.answer.row, result.answer.candidate_id, "" if by_row else result.answer.question_id
        placed[*place, seen[place]] = result
        seen[place] += 1
    return placed


_PARTS = {"key_points": "key point", "red_flags": "red flag", "model_answers": "model answer", "anchors": "level"}


def _change_line(change: Change) -> str:
    what = " ".join(filter(None, [_PARTS.get(change.part, ""), change.id, change.field]))
    if change.kind == "changed":
        return f"{what}: {_shown(change.old)} -> {_shown(change.new)}"
    sign, value = ("+", change.new) if change.kind == "added" else ("-", change.old)
    return f"{sign} {what}: {_shown(value)}"


def _shown(value: Value | None) -> str:
    return f'"{value}"' if isinstance(value, str) else f"{value:g}"


def _score_lines(scores: ScoreComparison) -> Iterator[str]:
    same = scores.both - scores.up - scores.down
    yield (
        f"{scores.both} of {scores.answers} answers are scored with both banks: {scores.up} a level up, {scores.down} down, "
        f"{same} on the same level."
    )
    if not scores.moves:
        yield "No score moves."
        return
    yield f"{len(scores.moves)} scores move, the largest change first:"
    named = [(one_line(move.candidate_id), one_line(move.question_id)) for move in scores.moves]
    wide, longest = (max(map(len, column)) for column in zip(*named, strict=True))
    for move, (candidate, question) in zip(scores.moves, named, strict=True):
        old, new = _score(move.old_score, move.old_level), _score(move.new_score, move.new_level)
        change = "" if move.change is None else f"  {move.change:+.1f}"
        yield f"  {candidate:{wide}}  {question:{longest}}  {old} -> {new}{change}".rstrip()


def _score(score: float | None, level: int | None) -> str:
    return "not scored" if score is None else f"{score:5.1f} (level {level})"
