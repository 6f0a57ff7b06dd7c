"""Tells from a header which columns hold candidates, questions and answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from evaluator.answers.questions import question_columns, question_of
from evaluator.answers.table import Record, Table
from evaluator.answers.wording import is_data, listed, shown, shown_headers
from evaluator.bank import match_question
from evaluator.domain import Bank
from evaluator.errors import AnswersError
from evaluator.text import words

CANDIDATE = (
    "candidateid", "candidate", "candidatenumber", "candidateno", "applicantid", "applicant", "respondentid",
    "respondent", "participantid", "participant", "id",
)  # fmt: skip
"""Headers of the column that names the person, best first, without case, space and punctuation."""

CONTACT = (
    "email", "emailaddress", "mail", "username", "candidatename", "applicantname", "respondentname", "fullname",
    "yourname", "name",
)  # fmt: skip
"""Headers that name a person where nothing better does: an address first, because two people may share a name."""

QUESTION = ("questionid", "qid", "question", "questiontext", "prompt")
ANSWER = ("answer", "answertext", "response", "responsetext", "transcript", "transcription")


@dataclass(frozen=True, slots=True)
class Layout:
    """What each column of a table holds."""

    shape: Literal["long", "wide"]
    candidate: int | None
    extra: tuple[tuple[int, str], ...]
    """Columns that are kept and not judged, each with a name that no other one has."""
    named_in: tuple[int, ...] = ()
    """Long: columns that name the question; the first that is not blank counts."""
    answer: int | None = None
    questions: tuple[tuple[int, str], ...] = ()
    """Wide: columns that hold answers, with the id of their question."""


def count_recognised(header: tuple[str, ...], bank: Bank) -> int:
    """Return how many headers mean something: the more, the likelier a file was cut at the right delimiter."""
    roles = {*CANDIDATE, *CONTACT, *QUESTION, *ANSWER}
    return sum(1 for name in header if _key(name) in roles or question_of(name, bank))


def lay_out(table: Table, bank: Bank, mapping: Mapping[str, str]) -> Layout:
    """Return what each column holds: by ``mapping`` where there is one, else long form, else wide form.

    Raises:
        AnswersError: neither form can be made out, two columns claim one place, or ``mapping`` names a column or
            question that does not exist.
    """
    if not table.header and table.keyed and not mapping:
        # Not one object could be read: that is a fault of every row, and no row's fault stops a file.
        return Layout("long", None, ())
    named_in = () if mapping else _role_columns(table, QUESTION)
    answer = None if mapping else next(iter(_role_columns(table, ANSWER)), None)
    # An object may lack its answer, a fault of one row; a table without the column lacks every answer.
    if named_in and (answer is not None or table.keyed):
        candidate = _candidate_column(table, {answer, *named_in})
        # Only the best of the columns that name the question is left out: its text beside its id is worth keeping.
        return Layout("long", candidate, _extra(table, {candidate, answer, named_in[0]}), named_in, answer)
    questions = question_columns(table, bank, mapping)
    if questions:
        candidate = _candidate_column(table, set(questions))
        extra = _extra(table, {candidate, *questions})
        return Layout("wide", candidate, extra, questions=tuple(sorted(questions.items())))
    raise AnswersError(_unrecognised(table, has_answer=answer is not None))


def check_header(table: Table, layout: Layout, bank: Bank, first: Record) -> None:
    """Refuse a long file whose header is missing: its first row has a question's id, which looks like wide form.

    Raises:
        AnswersError: the row under the header holds a question where it should hold an answer.
    """
    if table.keyed or layout.shape == "long" or layout.candidate is not None:
        return
    texts = (first.text(column) for column, _ in layout.questions)
    if any(text.strip() and match_question(bank, text) for text in texts):
        raise AnswersError(_no_header(table))


def _key(header: str) -> str:
    return "".join(words(header))


def _role_columns(table: Table, names: Iterable[str], *, once: bool = True) -> tuple[int, ...]:
    """Return the columns with such a header, in the order of ``names``."""
    keys = [_key(name) for name in table.header]
    found: list[int] = []
    for name in names:
        columns = [column for column, key in enumerate(keys) if key == name]
        if once and len(columns) > 1:
            raise AnswersError(
                f"{table.header_place}: columns {listed(columns)} are both called {shown(table.header[columns[0]])}. "
                "Rename the one that is not meant."
            )
        found.extend(columns[:1])
    return tuple(found)


def _candidate_column(table: Table, taken: Iterable[int | None]) -> int | None:
    columns = (*_role_columns(table, CANDIDATE), *_role_columns(table, CONTACT, once=False))
    return next((column for column in columns if column not in set(taken)), None)


def _extra(table: Table, taken: Iterable[int | None]) -> tuple[tuple[int, str], ...]:
    used = set(taken)
    names: dict[str, int] = {}
    for column in range(len(table.header)):
        if column not in used:
            name, copy = table.column_name(column), 1
            while name in names:
                copy += 1
                name = f"{table.column_name(column)} ({copy})"
            names[name] = column
    return tuple((column, name) for name, column in names.items())


def _unrecognised(table: Table, *, has_answer: bool) -> str:
    if any(is_data(name) for name in table.header):
        return _no_header(table)
    problem = "no column says which question an answer is to." if has_answer else "no column holds answers."
    return (
        f"{table.header_place}: {problem} Found: {shown_headers(table.header)}. Expected: candidate_id, question_id "
        "and answer, one answer a row; or one row a person and one column a question, called by its id or text (see: "
        "evaluator bank list). Rename the columns, or say which is which: --map COLUMN=QUESTION_ID"
    )


def _no_header(table: Table) -> str:
    return (
        f"{table.header_place}: this should be the header, and looks like somebody's answers. "
        "Put a row with the names of the columns above it: candidate_id, question_id, answer."
    )
