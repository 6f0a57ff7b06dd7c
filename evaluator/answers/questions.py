"""Matches the columns of wide form to questions: by --map, by id, by text, and by nearly the text."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from evaluator.answers.table import Table
from evaluator.answers.wording import listed, shown, shown_headers
from evaluator.bank import match_question, nearest_question_id
from evaluator.domain import Bank
from evaluator.errors import AnswersError
from evaluator.text import content_words, words

NEAR_RATIO = 90.0
"""Least token set ratio (0..100) of a header and a question: allows for a number or a note around the question."""

NEAR_SHARE = 0.75
"""Least share of a question's content words that a near header has. A token set ratio is 100 wherever one text holds
all words of the other: without this, "Supervisor" is near "When do you involve your supervisor in a customer
problem?", and "How do you handle it?" near "How do you handle a rude customer?"."""


def question_columns(table: Table, bank: Bank, mapping: Mapping[str, str]) -> dict[int, str]:
    """Return the columns that hold answers: mapped ones first, then ids and whole texts, then near texts."""
    found: dict[int, str] = {}
    for column_name, question_name in mapping.items():
        column, question_id = _mapped_column(table, column_name), _mapped_question(table, bank, question_name)
        if found.get(column, question_id) != question_id:
            raise AnswersError(f"{table.name}: --map gives column {shown(column_name)} two questions. Keep one.")
        found[column] = question_id
    _refuse_repeats(table, found, "--map gives")
    for matched in (_exact_columns, _near_columns):
        asked = set(found.values())
        more = {column: id_ for column, id_ in matched(table, bank).items() if column not in found and id_ not in asked}
        _refuse_repeats(table, more, "the headers give")
        found |= more
    return found


def question_of(header: str, bank: Bank) -> str | None:
    """Return the id of the question that a header stands for by itself, or None."""
    return _exact_question_id(header, bank) or _near_question_id(header, bank)


def _exact_columns(table: Table, bank: Bank) -> dict[int, str]:
    return {column: same for column, name in enumerate(table.header) if (same := _exact_question_id(name, bank))}


def _near_columns(table: Table, bank: Bank) -> dict[int, str]:
    return {column: near for column, name in enumerate(table.header) if (near := _near_question_id(name, bank))}


def _exact_question_id(header: str, bank: Bank) -> str | None:
    question = match_question(bank, header) if words(header) else None
    return question.id if question else None


def _near_question_id(header: str, bank: Bank) -> str | None:
    """Return the only question whose text is nearly that header, or None where there are none or several."""
    from rapidfuzz.fuzz import token_set_ratio

    near = []
    for question in bank.questions:
        content = content_words(question.text) or set(words(question.text))
        enough = len(content & set(words(header))) >= NEAR_SHARE * len(content)
        if content and enough and token_set_ratio(_spaced(header), _spaced(question.text)) >= NEAR_RATIO:
            near.append(question.id)
    return near[0] if len(near) == 1 else None


def _spaced(text: str) -> str:
    return " ".join(words(text))


def _refuse_repeats(table: Table, questions: Mapping[int, str], who: str) -> None:
    for question_id in dict.fromkeys(questions.values()):
        columns = [column for column, other in sorted(questions.items()) if other == question_id]
        if len(columns) > 1:
            raise AnswersError(
                f"{table.header_place}: {who} columns {listed(columns)} the same question {question_id!r}. "
                f"Keep one: --map {columns[0] + 1}={question_id}"
            )


def _mapped_column(table: Table, name: str) -> int:
    """Return the column of that header, of that header but for case, or of that number from 1."""
    wanted = name.strip()
    for same in (
        [column for column, header in enumerate(table.header) if header == wanted],
        [column for column, header in enumerate(table.header) if header.casefold() == wanted.casefold()],
    ):
        if len(same) == 1:
            return same[0]
        if same:
            raise AnswersError(
                f"{table.header_place}: columns {listed(same)} are all called {shown(wanted)}. "
                f"Give --map the number: {same[0] + 1}=..."
            )
    if wanted.isdecimal() and 1 <= int(wanted) <= len(table.header):
        return int(wanted) - 1
    near = difflib.get_close_matches(wanted.casefold(), [header.casefold() for header in table.header if header], n=1)
    meant = next((header for header in table.header if near and header.casefold() == near[0]), "")
    hint = f" Did you mean {shown(meant)}?" if meant else ""
    raise AnswersError(
        f"{table.header_place}: --map names a column {shown(wanted)} that is not there.{hint} "
        f"Columns: {shown_headers(table.header)}; or a number from 1 to {len(table.header)}."
    )


def _mapped_question(table: Table, bank: Bank, name: str) -> str:
    question = match_question(bank, name) if words(name) else None
    if question is None:
        near = nearest_question_id(bank, name)
        hint = f" Did you mean {near!r}?" if near else ""
        raise AnswersError(f"{table.name}: --map names no question {name!r}.{hint} See: evaluator bank list")
    return question.id
