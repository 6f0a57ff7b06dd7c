"""Says what candidates are called in a report: by id, or by a column of the input where the reader asks for it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from evaluator.answers.wording import shown_headers
from evaluator.domain import Result
from evaluator.errors import ResultsError
from evaluator.report.visible import one_line

Names = Mapping[str, str]
"""Candidate to what stands beside the id; empty in a blind report."""

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def names_from(results: Iterable[Result], column: str | None) -> dict[str, str]:
    """Return what a column of the input says of each candidate, from the first answer where it says something.

    Raises:
        ResultsError: no answer has such a column.
    """
    if column is None:
        return {}
    found: dict[str, str] = {}
    columns: dict[str, None] = {}
    for result in results:
        columns.update(dict.fromkeys(result.answer.extra))
        said = one_line(result.answer.extra.get(column, ""))
        if said:
            found.setdefault(result.answer.candidate_id, said)
    if column not in columns:
        there = shown_headers(tuple(columns), whole=False) or "none"
        raise ResultsError(f"--show-names: the answers have no column {column!r}. There are: {there}.")
    return found


def candidate_name(candidate: str) -> str:
    """Return a candidate's id as a report shows it."""
    return one_line(candidate) or "(no id)"


def names_in_ids(candidates: Iterable[str]) -> bool:
    """Return whether an id is an e-mail address, so that a report by id is not blind."""
    return any(_ADDRESS.fullmatch(candidate.strip()) for candidate in candidates)
