"""Puts results and the groups of candidates together, for an audit. No text of an answer gets past this module."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from evaluator.answers import read_table
from evaluator.answers.source import open_source
from evaluator.answers.wording import shown_headers
from evaluator.audit import Person, is_known
from evaluator.domain import Result
from evaluator.errors import AnswersError

ID_COLUMN = "candidate_id"

Groups = Mapping[str, Mapping[str, str]]
"""Candidate id to column to group."""


def read_groups(path: Path) -> Groups:
    """Return the groups of every candidate in a file with a column ``candidate_id``: CSV, a spreadsheet, JSON Lines or Parquet.

    Raises:
        AnswersError: the file or a row cannot be read, it has no such column, or names a candidate twice with different groups.
    """
    source = open_source(path, io.BytesIO())
    table = read_table(source, lambda cells: sum(cell.strip() == ID_COLUMN for cell in cells))
    if ID_COLUMN not in table.header:
        raise AnswersError(
            f"{table.header_place}: no column {ID_COLUMN!r}. Add it, with the ids that the results have."
        )
    place = table.header.index(ID_COLUMN)
    found: dict[str, dict[str, str]] = {}
    for record in table.records:
        fault = record.fault or next((why for i in range(len(table.header)) if (why := record.cell_fault(i))), "")
        if fault:
            raise AnswersError(f"{table.name} row {record.row}: {fault}. Correct it.")
        own = {name: record.text(i).strip() for i, name in enumerate(table.header) if i != place and name}
        if found.setdefault(record.text(place).strip(), own) != own:
            raise AnswersError(
                f"{table.name} row {record.row}: this candidate stands above with other groups. Keep one row a candidate."
            )
    return found


def people_of(results: Iterable[Result], columns: Sequence[str], groups: Groups | None = None) -> list[Person]:
    """Return every candidate with groups and scores, in the order in which they first occur.

    A column of ``groups`` counts for the candidates it names; elsewhere the extra columns of the results do.

    Raises:
        AnswersError: there is no such column, or a candidate has two groups in one column; names the row.
    """
    own_groups: dict[str, dict[str, str]] = {}
    scores: dict[str, dict[str, list[tuple[float, int]]]] = {}
    unscored: dict[str, dict[str, int]] = {}
    seen: set[str] = set()
    for result in results:
        name = result.answer.candidate_id.strip()
        given = {**result.answer.extra, **(groups or {}).get(name, {})}
        seen.update(given)
        _merge(own_groups.setdefault(name, {}), {c: given[c] for c in columns if c in given}, result.answer.row)
        question = result.question.id if result.question else result.answer.question_id
        if result.score is None or result.level is None:
            lost = unscored.setdefault(name, {})
            lost[question] = lost.get(question, 0) + 1
        else:
            scores.setdefault(name, {}).setdefault(question, []).append((result.score, result.level))
    absent = [column for column in columns if column not in seen]
    if absent:
        known = shown_headers(sorted(seen), whole=False) or "none"
        raise AnswersError(
            f"no column {absent[0]!r} in the results. There are: {known}. Or give a file with it: --groups FILE.csv"
        )
    return [
        Person(own, {q: tuple(pairs) for q, pairs in scores.get(name, {}).items()}, unscored.get(name, {}))
        for name, own in own_groups.items()
    ]


def _merge(own: dict[str, str], given: Mapping[str, str], row: int) -> None:
    for column, value in given.items():
        before = own.get(column, "")
        if is_known(before) and is_known(value) and _same(before) != _same(value):
            raise AnswersError(
                f"row {row}: this candidate has two groups in column {column!r}. Correct the input, or give --groups FILE.csv"
            )
        if is_known(value) or column not in own:
            own[column] = value


def _same(value: str) -> str:
    return " ".join(value.split()).casefold()
