"""Who did how on which question: a table of scores that is coloured by level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evaluator.domain import LEVEL_NAMES, FlagKind, Result
from evaluator.report.names import Names, candidate_name
from evaluator.report.queue import relative_link
from evaluator.report.ranking import Ranked, question_order
from evaluator.report.views import answer_anchor
from evaluator.report.visible import one_line
from evaluator.report.wording import UNSCORED_TITLES


@dataclass(frozen=True, slots=True)
class Entry:
    """One answer in a cell."""

    score: str
    """0-100, one decimal; a dash where it could not be scored."""
    value: float | None
    level: int
    """1-5, 0 where it could not be scored."""
    words: str
    """Level or reason in words, for those who do not see the colour."""
    link: str
    red_flag: bool
    person: str
    """The newest level that a person gave, empty where nobody did."""


@dataclass(frozen=True, slots=True)
class MapRow:
    """A candidate's answers, one cell a question; a cell is empty where there is no answer, and may hold several."""

    name: str
    called: str
    link: str
    mean: str
    cells: tuple[tuple[Entry, ...], ...]


@dataclass(frozen=True, slots=True)
class ScoreMap:
    """Candidates, ranked, by questions."""

    questions: tuple[tuple[str, str], ...]
    """Id and text of each column."""
    rows: tuple[MapRow, ...]


def score_map(order: Sequence[Ranked], results: Sequence[Result], links: Mapping[str, str], names: Names) -> ScoreMap:
    """Return the scores of all candidates in their order, by question in the order of the batch."""
    questions = question_order(results)
    texts = {result.question_id: result.question.text for result in results if result.question}
    return ScoreMap(
        tuple((one_line(q) or "(no question)", one_line(texts.get(q, ""))) for q in questions),
        tuple(_row(entry, questions, links.get(entry.candidate, ""), names) for entry in order),
    )


def _row(entry: Ranked, questions: Sequence[str], link: str, names: Names) -> MapRow:
    cells: dict[str, list[Entry]] = {}
    for number, result in enumerate(entry.results, start=1):
        address = relative_link(link, answer_anchor(number)) if link else ""
        cells.setdefault(result.question_id, []).append(_entry(result, address))
    return MapRow(
        name=candidate_name(entry.candidate),
        called=names.get(entry.candidate, ""),
        link=relative_link(link) if link else "",
        mean="" if entry.mean is None else f"{entry.mean:.1f}",
        cells=tuple(tuple(cells.get(question, ())) for question in questions),
    )


def _entry(result: Result, link: str) -> Entry:
    if result.unscored:
        words = f"not scored, {UNSCORED_TITLES[result.unscored.reason]}"
    else:
        words = f"level {result.level}, {LEVEL_NAMES[result.level or 1]}"
    return Entry(
        score="\u2013" if result.score is None else f"{result.score:.1f}",
        value=result.score,
        level=result.level or 0,
        words=words,
        link=link,
        red_flag=any(flag.kind is FlagKind.RED_FLAG for flag in result.flags),
        person=str(result.review.level) if result.review else "",
    )
