"""Reads answers that people have rated: any answers file with one column, or several, of levels 1-5."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from evaluator.answers import read_answers
from evaluator.answers.wording import shown_headers
from evaluator.domain import LEVELS, Answer, Bank
from evaluator.errors import AnswersError
from evaluator.reviews import LEVEL_COLUMN

RATING_COLUMN = re.compile(r"(?:human_|reviewer_)?(?:rating|level)(?:[_ ]?[a-z0-9]+)?", re.IGNORECASE)
"""Names that a column of ratings goes by: ``rating``, ``level``, ``rating_a``, ``reviewer_level``, ..."""
NOT_A_RATING = re.compile(r"intended|expected|given", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RatedAnswer:
    """An answer with the levels that its raters gave it."""

    answer: Answer
    ratings: tuple[int | None, ...]
    """The level (1-5) that each rater gave, in the order of the columns; None where one gave none; at least one did."""

    @property
    def level(self) -> int:
        """The mean of the ratings, halves rounded up."""
        given = [rating for rating in self.ratings if rating is not None]
        return int(sum(given) / len(given) + 0.5)


@dataclass(frozen=True, slots=True)
class RatedFile:
    """Rated answers, and what was left out."""

    answers: tuple[RatedAnswer, ...]
    columns: tuple[str, ...]
    """The columns the ratings come from, one a rater."""
    unrated: int
    """Rows without a rating."""


def read_rated(path: Path, bank: Bank, columns: Sequence[str] = ()) -> RatedFile:
    """Return the rated answers in a file.

    Args:
        path: a file in any form that ``evaluator score`` reads.
        bank: the bank whose questions were answered.
        columns: the columns that hold ratings; without any, those whose names say so.

    Raises:
        AnswersError: there is no such column, or a rating is not a level from 1 to 5; names the row.
    """
    table = read_answers(path, bank, sheet_with=columns[0] if columns else LEVEL_COLUMN)
    chosen = tuple(columns) or _rating_columns(table.extra_columns)
    missing = [name for name in chosen if name not in table.extra_columns]
    if missing or not chosen:
        what = repr(missing[0]) if missing else "of ratings"
        raise AnswersError(
            f"{path.name}: no column {what}. Name the column with --rating; there are: {shown_headers(table.extra_columns, whole=False) or 'none'}."
        )
    rated, unrated = [], 0
    for answer in table.answers:
        ratings = tuple(_levels(answer, chosen, path.name))
        if any(ratings):
            rated.append(RatedAnswer(answer, ratings))
        else:
            unrated += 1
    if not rated:
        raise AnswersError(f"{path.name}: no row has a rating in {', '.join(chosen)}. Give levels from 1 to 5.")
    return RatedFile(tuple(rated), chosen, unrated)


def _rating_columns(names: Sequence[str]) -> tuple[str, ...]:
    """Return the columns of ratings; in a workbook of the tool, ``level`` is the machine's."""
    found = tuple(filter(_is_rating_column, names))
    return tuple(name for name in found if name != "level") if LEVEL_COLUMN in found else found


def _is_rating_column(name: str) -> bool:
    return bool(RATING_COLUMN.fullmatch(name.strip())) and not NOT_A_RATING.search(name)


def _levels(answer: Answer, columns: Sequence[str], name: str) -> Iterator[int | None]:
    for column in columns:
        text = answer.extra.get(column, "").strip()
        if not text:
            yield None
            continue
        try:
            level = float(text)
        except ValueError:
            level = 0.0
        if level not in LEVELS:
            raise AnswersError(
                f"{name} row {answer.row}: {column} is not a level from 1 to 5. Correct it, or leave the cell empty."
            )
        yield int(level)
