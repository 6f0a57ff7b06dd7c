"""What the overview of a batch says: who did how, what the group shows, and which answers a person must look at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evaluator.domain import POSSIBLE_RED_FLAG, Flag, FlagKind, Result, Signature
from evaluator.report.flags import TITLES_OF_IDS
from evaluator.report.names import Names, candidate_name, names_in_ids
from evaluator.report.overview_group import Duplicate, Group, duplicates, group_view
from evaluator.report.overview_map import ScoreMap, score_map
from evaluator.report.overview_people import People, people_view
from evaluator.report.overview_questions import Consistency, QuestionRow, question_rows
from evaluator.report.queue import PRESSING, ReviewRow, for_a_person, relative_link, review_rows
from evaluator.report.ranking import Ranked, ranked_candidates
from evaluator.report.scale import distinct_signatures, mean_score, score_text
from evaluator.report.wording import FLAG_NAMES, count


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """A candidate in the overview of a batch."""

    rank: str
    """From 1, equal for equal means; empty where nothing is scored."""
    name: str
    called: str
    """What the reader asked to see beside the id; empty in a blind report."""
    link: str
    mean: str
    value: float
    scored: int
    unscored: int
    review: int
    flags: str
    marks: str
    """Words to filter by: ``review``, ``red_flag``, ``unscored``, ``decided``."""
    person: str
    """Mean of the newest levels that people gave, and of how many answers; empty where nobody did."""


@dataclass(frozen=True, slots=True)
class IndexView:
    """A batch."""

    candidates: tuple[CandidateRow, ...]
    map: ScoreMap
    group: Group
    questions: tuple[QuestionRow, ...]
    consistency: Consistency
    review: tuple[ReviewRow, ...]
    duplicates: tuple[Duplicate, ...]
    people: People | None
    """What people decided; None where nobody did."""
    answers: int
    scored: int
    mean: str
    """Mean score of all scored answers."""
    summary: str
    names: str
    """Column that stands beside the ids; empty in a blind report."""
    names_in_ids: bool
    """Whether ids are addresses, so that a report by id is not blind."""
    comparable: bool
    """Whether every candidate has scored answers to the same questions."""
    signatures: tuple[Signature, ...]

    @property
    def waiting(self) -> tuple[ReviewRow, ...]:
        """Answers that nobody has decided about."""
        return tuple(row for row in self.review if not row.decided)

    @property
    def pressing(self) -> tuple[tuple[str, tuple[ReviewRow, ...]], ...]:
        """Answers that a person must look at first, by their gravest reason."""
        groups = [tuple(row for row in self.waiting if row.gravity == place) for place in range(len(PRESSING))]
        return tuple((title, group) for title, group in zip(PRESSING, groups, strict=True) if group)

    @property
    def less_pressing(self) -> tuple[ReviewRow, ...]:
        """Answers where only the closeness to a border or the script calls for a person."""
        return tuple(row for row in self.waiting if row.gravity >= len(PRESSING))

    @property
    def decided(self) -> tuple[ReviewRow, ...]:
        """Answers that a person has looked at already."""
        return tuple(row for row in self.review if row.decided)


def index_view(
    results: Sequence[Result], *, links: Mapping[str, str], names: Names | None = None, names_column: str = ""
) -> IndexView:
    """Return the overview of a batch.

    Candidates are ranked by mean score, rounded to one decimal, ties by id; those without a score come last.
    Questions come in the order in which they first occur.
    """
    called = names or {}
    order = ranked_candidates(results)
    answered = {frozenset(r.question_id for r in entry.results if r.score is not None) for entry in order}
    questions, consistency = question_rows(results)
    review = sorted((r for e in order for r in review_rows(e.results, links, called)), key=lambda row: row.gravity)
    waiting = sum(not row.decided for row in review)
    return IndexView(
        candidates=tuple(_candidate_row(entry, links, called) for entry in order),
        map=score_map(order, results, links, called),
        group=group_view(order, results),
        questions=questions,
        consistency=consistency,
        review=tuple(review),
        duplicates=duplicates(results),
        people=people_view(results),
        answers=len(results),
        scored=sum(result.score is not None for result in results),
        mean=score_text(mean_score(results)),
        summary=f"{count(len(order), 'candidate')}, {count(len(results), 'answer')}, {waiting} to be read first.",
        names=names_column,
        names_in_ids=names_in_ids(entry.candidate for entry in order),
        comparable=len(answered) <= 1,
        signatures=distinct_signatures(results),
    )


def _candidate_row(entry: Ranked, links: Mapping[str, str], names: Names) -> CandidateRow:
    candidate, own = entry.candidate, entry.results
    kinds = Counter(flag.kind for result in own for flag in result.flags)
    named = Counter(name for result in own for name in {_flag_name(flag) for flag in result.flags})
    unscored = sum(result.score is None for result in own)
    waiting = sum(for_a_person(result) and not result.reviews for result in own)
    levels = [result.review.level for result in own if result.review and result.review.level]
    marks = {"review": waiting, "red_flag": kinds[FlagKind.RED_FLAG], "unscored": unscored, "decided": len(levels)}
    return CandidateRow(
        rank="" if entry.rank is None else str(entry.rank),
        name=candidate_name(candidate),
        called=names.get(candidate, ""),
        link=relative_link(links[candidate]) if candidate in links else "",
        mean=score_text(entry.mean),
        value=entry.mean or 0.0,
        scored=len(own) - unscored,
        unscored=unscored,
        review=waiting,
        flags=", ".join(_times(named[name], name) for name in ORDER if named[name]),
        marks=" ".join(mark for mark, number in marks.items() if number),
        person=f"{sum(levels) / len(levels):.1f} ({len(levels)})" if levels else "",
    )


ORDER = (
    FLAG_NAMES[FlagKind.RED_FLAG],
    TITLES_OF_IDS[POSSIBLE_RED_FLAG].lower(),
    *(FLAG_NAMES[kind] for kind in FlagKind if kind is not FlagKind.RED_FLAG),
)
"""How flags are named in the table of candidates, gravest first; each is counted once an answer."""


def _flag_name(flag: Flag) -> str:
    return ORDER[1] if flag.id == POSSIBLE_RED_FLAG else FLAG_NAMES[flag.kind]


def _times(number: int, noun: str) -> str:
    return noun if number == 1 else f"{number} \u00d7 {noun}"
