"""Rated files: which columns are ratings, and what a wrong rating says."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes import small_bank

from evaluator.errors import AnswersError
from evaluator.ratings import read_rated

HEADER = "candidate_id,question_id,answer"


def write(folder: Path, header: str, *rows: str) -> Path:
    path = folder / "rated.csv"
    path.write_text("\n".join([HEADER + header, *rows]) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("header", "row", "columns", "ratings"),
    [
        (",rating", ",4", ("rating",), (4,)),
        (",rating_a,rating_b", ",4,3.0", ("rating_a", "rating_b"), (4, 3)),
        (",level,department", ",2,5", ("level",), (2,)),
        (",reviewer_level", ",5", ("reviewer_level",), (5,)),
        (",rating_a,rating_b", ",,3", ("rating_a", "rating_b"), (None, 3)),
        (",rating,intended_level", ",1,5", ("rating",), (1,)),
    ],
)
def test_rating_columns(
    tmp_path: Path, header: str, row: str, columns: tuple[str, ...], ratings: tuple[int | None, ...]
) -> None:
    file = read_rated(write(tmp_path, header, f"c1,rude-customer,I listen to them.{row}"), small_bank())
    assert file.columns == columns
    assert [item.ratings for item in file.answers] == [ratings]


def test_a_column_can_be_named_and_halves_go_up(tmp_path: Path) -> None:
    path = write(tmp_path, ",anna,ben", "c1,rude-customer,I listen.,4,3", "c2,rude-customer,I listen.,,")
    file = read_rated(path, small_bank(), ["anna", "ben"])
    assert [(item.ratings, item.level) for item in file.answers] == [((4, 3), 4)]
    assert file.unrated == 1


@pytest.mark.parametrize(
    ("header", "row", "columns", "message"),
    [
        ("", "", (), "no column of ratings. Name the column with --rating; there are: none."),
        (",notes", ",fine", ("rating",), "no column 'rating'. Name the column with --rating; there are: 'notes'."),
        (",rating", ",6", (), "row 2: rating is not a level from 1 to 5"),
        (",rating", ",good", (), "row 2: rating is not a level from 1 to 5"),
        (",rating", ",3.5", (), "row 2: rating is not a level from 1 to 5"),
        (",rating", ",", (), "no row has a rating"),
    ],
)
def test_faults(tmp_path: Path, header: str, row: str, columns: tuple[str, ...], message: str) -> None:
    path = write(tmp_path, header, f"c1,rude-customer,I listen.{row}")
    with pytest.raises(AnswersError) as error:
        read_rated(path, small_bank(), columns)
    assert message in str(error.value)
    assert "I listen" not in str(error.value)
