"""Takes back what people decided about answers, beside the machine's levels and never in their place."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from evaluator.agreement import Agreement, agreement
from evaluator.answers.delimited import read_delimited
from evaluator.answers.source import Source, open_source
from evaluator.answers.spreadsheet import read_spreadsheet
from evaluator.answers.table import Record, Table
from evaluator.answers.wording import shown, shown_headers
from evaluator.domain import LEVELS, Result, Review
from evaluator.errors import ReviewsError

LEVEL_COLUMN = "reviewer_level"
NOTE_COLUMN = "reviewer_note"
_NAMED = ("candidate_id", "question_id", "row", LEVEL_COLUMN, NOTE_COLUMN)
_NEEDED = ("candidate_id", "question_id", LEVEL_COLUMN)


@dataclass(frozen=True, slots=True)
class Decision:
    """A row of a spreadsheet in which a person gave a level or left a note."""

    place: int
    """Row of the spreadsheet, from 1."""
    candidate_id: str
    question_id: str
    row: int
    """Row of the answer in the input that was scored; 0 where the spreadsheet does not say."""
    level: int | None
    note: str


@dataclass(frozen=True, slots=True)
class DecisionFile:
    """What people decided, and the rows that cannot be used."""

    name: str
    decisions: tuple[Decision, ...]
    faults: tuple[str, ...]
    """A sentence each, with the row and what to do."""


@dataclass(frozen=True, slots=True)
class Imported:
    """Results with the decisions beside them."""

    results: tuple[Result, ...]
    added: int
    repeated: int
    """Decisions that the results had already, by the same person with the same level and note."""
    faults: tuple[str, ...]


def read_decisions(path: Path) -> DecisionFile:
    """Return the decisions in a workbook or CSV file with the columns of the sheet ``answers``.

    Rows in which the person's two columns are empty are no decisions. A bad row is named and left out.

    Raises:
        ReviewsError: a column is missing.
        AnswersError: the file cannot be read at all.
    """
    source = open_source(path, io.BytesIO())
    table = _table(source)
    columns = {name: _column(table, name) for name in _NAMED}
    missing = [name for name in _NEEDED if columns[name] is None]
    if missing:
        raise ReviewsError(
            f"{table.header_place}: no column {missing[0]}. Found: {shown_headers(table.header)}. Fill in the sheet "
            "`answers` of the workbook that `evaluator score --format xlsx` wrote, and give that file, or the sheet as CSV."
        )
    decisions, faults = [], []
    for record in table.records:
        try:
            decision = _decision(record, columns)
        except ValueError as error:
            faults.append(f"{table.name} row {record.row}: {error}")
            continue
        if decision is not None:
            decisions.append(decision)
    return DecisionFile(table.name, tuple(decisions), tuple(faults))


def add_reviews(results: Sequence[Result], file: DecisionFile, *, reviewer: str, date: str) -> Imported:
    """Return the results with a review beside each answer that was decided about; the machine's level stays as it is.

    The same decision of the same person a second time changes nothing; another one is added after it.

    Args:
        results: what was judged.
        file: what was decided.
        reviewer: who decided.
        date: ISO date of the decisions.
    """
    places: dict[tuple[str, str], list[int]] = {}
    for number, result in enumerate(results):
        places.setdefault((result.answer.candidate_id, result.question_id), []).append(number)
    changed, faults, taken = list(results), list(file.faults), dict[int, int]()
    added = repeated = 0
    for decision in file.decisions:
        where = f"{file.name} row {decision.place}"
        found = _find(decision, places, results)
        if len(found) != 1:
            faults.append(f"{where}: {_not_one(decision, len(found))}")
        elif found[0] in taken:
            faults.append(f"{where}: row {taken[found[0]]} decides about the same answer. Keep one of the two.")
        else:
            taken[found[0]] = decision.place
            review = Review(decision.level, decision.note, reviewer, date)
            if _is_known(changed[found[0]], review):
                repeated += 1
            else:
                added += 1
                changed[found[0]] = replace(changed[found[0]], reviews=(*changed[found[0]].reviews, review))
    return Imported(tuple(changed), added, repeated, tuple(faults))


def review_agreement(results: Iterable[Result]) -> Agreement | None:
    """Return how the machine's levels agree with the newest level that a person gave, or None where nothing has both."""
    both = [
        (review.level, result.level, result.score)
        for result in results
        if (review := result.review) and review.level and result.level and result.score is not None
    ]
    if not both:
        return None
    people, machine, scores = zip(*both, strict=True)
    return agreement(people, machine, scores)


def _table(source: Source) -> Table:
    if source.kind == "spreadsheet":
        return read_spreadsheet(source, LEVEL_COLUMN)
    if source.kind in ("json", "parquet"):
        source.stream.close()
        raise ReviewsError(
            f"{source.name}: is {source.kind.upper()}. Give the workbook, or its sheet `answers` saved as CSV."
        )
    return read_delimited(source, lambda header: sum(_key(name) in _NAMED for name in header))


def _column(table: Table, name: str) -> int | None:
    return next((number for number, header in enumerate(table.header) if _key(header) == name), None)


def _key(header: str) -> str:
    return "_".join(header.lower().replace("_", " ").split())


def _decision(record: Record, columns: dict[str, int | None]) -> Decision | None:
    """Return the decision of a row, or None where the person wrote nothing. Raises ValueError with what is wrong."""
    if record.fault:
        raise ValueError(f"{record.fault}. Correct it and import the file again.")
    level, note = record.text(columns[LEVEL_COLUMN]).strip(), record.text(columns[NOTE_COLUMN]).strip()
    if not level and not note:
        return None
    row = record.text(columns["row"]).strip()
    return Decision(
        place=record.row,
        candidate_id=record.text(columns["candidate_id"]),
        question_id=record.text(columns["question_id"]).strip(),
        row=int(row) if row.isascii() and row.isdigit() and len(row) < 10 else 0,
        level=_level(level) if level else None,
        note=note,
    )


def _level(text: str) -> int:
    try:
        level = float(text)
    except ValueError:
        level = 0.0
    if level not in LEVELS:
        raise ValueError(f"{LEVEL_COLUMN} is not a whole number from 1 to 5. Correct it, or leave the cell empty.")
    return int(level)


def _find(decision: Decision, places: dict[tuple[str, str], list[int]], results: Sequence[Result]) -> list[int]:
    """Return the numbers of the answers that a decision may be about."""
    written = decision.candidate_id
    # A CSV file has an apostrophe before what a spreadsheet would take for a formula, and may have lost white space.
    for candidate in dict.fromkeys((written, written.strip(), written.removeprefix("'"))):
        found = places.get((candidate, decision.question_id), [])
        if found:
            same_row = [number for number in found if decision.row and results[number].answer.row == decision.row]
            return same_row if len(found) > 1 and same_row else found
    return []


def _not_one(decision: Decision, found: int) -> str:
    who = f"this candidate to question {shown(decision.question_id)}"
    if found:
        return f"{found} answers of {who}. Say which in a column `row`, the row of the answer in the input."
    return f"no answer of {who} in the results. Give the results file that the spreadsheet was made from."


def _is_known(result: Result, review: Review) -> bool:
    """Return whether the newest review by that person says the same."""
    own = [known for known in result.reviews if known.reviewer == review.reviewer]
    return bool(own) and (own[-1].level, own[-1].note) == (review.level, review.note)
