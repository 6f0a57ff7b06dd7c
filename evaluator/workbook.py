"""Writes results as a workbook: a summary, an answer a row with columns for a person's decision, a candidate a row."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from evaluator.domain import LEVEL_NAMES, LEVELS, Result, Review
from evaluator.item_analysis import LEAST_GROUP, STEADY_GROUP, ItemAnalysis, analyse_items
from evaluator.report.ranking import question_order, ranked_candidates, score_table
from evaluator.report.scale import distinct_signatures, mean_score
from evaluator.report.wording import ADVICE_ONLY
from evaluator.reviews import LEVEL_COLUMN, NOTE_COLUMN, review_agreement

Cell = str | float | int | None

EPOCH = datetime(2000, 1, 1)
"""Creation date of every workbook: the same results give the same bytes."""
MOST_CHARACTERS = 32_767
"""What a cell holds at most."""
CUT = " [cut]"

_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")

_ANSWER_WIDTHS = {
    "candidate_id": 16,
    "question_id": 24,
    "question": 32,
    "answer": 70,
    LEVEL_COLUMN: 14,
    NOTE_COLUMN: 32,
}
_WRAPPED = ("question", "answer", NOTE_COLUMN, "flags", "reviews")

HOW_TO = (
    f"Read an answer on the sheet `answers`, choose a level in {LEVEL_COLUMN}, write why in {NOTE_COLUMN}, and save.",
    "Then: evaluator review import THIS_FILE --results RESULTS.jsonl --reviewer NAME --date YYYY-MM-DD -o RESULTS.jsonl",
    "For levels that do not lean on the machine's, hide the columns score and level before you read.",
    "Other columns of the input are kept in hidden columns at the right of that sheet.",
)


def workbook_bytes(results: Sequence[Result], flat: Iterable[Sequence[Cell]]) -> bytes:
    """Return results as an XLSX file; the same results give the same bytes.

    Text is written as text, whatever it begins with, and stays text when somebody edits the cell.

    Args:
        results: in the order of the rows.
        flat: a header and one row a result, in the same order, as ``outputs.flat_rows`` yields them.
    """
    import xlsxwriter

    buffer = io.BytesIO()
    items = analyse_items(score_table(results), question_order([r for r in results if r.score is not None]))
    with xlsxwriter.Workbook(buffer, dict(_OPTIONS)) as book:
        book.set_properties({"created": EPOCH, "title": "Interview results", "comments": ADVICE_ONLY})
        sheets = _Sheets(book)
        sheets.write("summary", _summary(results, items), widths={0: 34, 1: 90}, header=False)
        header, own = answer_table(results, flat)
        sheet = sheets.write("answers", [header, *own], widths=_widths(header), frozen=(1, 2))
        _ask_for_levels(sheet, header.index(LEVEL_COLUMN), len(own))
        for column in range(header.index("reviews") + 1, len(header)):
            sheet.set_column(column, column, 16, None, {"hidden": True})
        sheets.write("candidates", _candidates(results), widths={1: 20, 6: 40}, frozen=(1, 2))
        sheets.write("questions", _questions(results, items), widths={0: 30, 1: 60}, frozen=(1, 1))
    return buffer.getvalue()


class _Sheets:
    """Writes tables into a workbook, every text as text."""

    def __init__(self, book: Any) -> None:  # noqa: ANN401
        """Prepare the formats of ``book``, an ``xlsxwriter.Workbook``."""
        self._book = book
        self._text = book.add_format({"quote_prefix": True, "valign": "top"})
        self._wrapped = book.add_format({"quote_prefix": True, "valign": "top", "text_wrap": True})
        self._number = book.add_format({"valign": "top"})
        self._head = book.add_format({"bold": True, "bottom": 1, "quote_prefix": True})

    def write(
        self,
        name: str,
        rows: Sequence[Sequence[Cell]],
        *,
        widths: Mapping[int, float],
        header: bool = True,
        frozen: tuple[int, int] = (0, 0),
    ) -> Any:  # noqa: ANN401
        """Add a sheet and return it, an ``xlsxwriter.Worksheet``."""
        sheet = self._book.add_worksheet(name)
        for column, width in widths.items():
            sheet.set_column(column, column, width)
        sheet.freeze_panes(*frozen)
        wrapped = {i for i, cell in enumerate(rows[0]) if cell in _WRAPPED} if header else {1}
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                if cell == "":
                    continue
                if isinstance(cell, str):
                    form = self._wrapped if column in wrapped else self._text
                    head = (header and number == 0) or (not header and column == 0)
                    sheet.write_string(number, column, cell_text(cell), self._head if head else form)
                elif cell is not None:
                    sheet.write_number(number, column, cell, self._number)
        if header and len(rows) > 1:
            sheet.autofilter(0, 0, len(rows) - 1, len(rows[0]) - 1)
        return sheet


def cell_text(text: str) -> str:
    """Return text that a cell can hold: valid, and cut, with a word about it, where it is too long."""
    valid = _LONE_SURROGATE.sub("\ufffd", text)
    return valid if len(valid) <= MOST_CHARACTERS else valid[: MOST_CHARACTERS - len(CUT)] + CUT


def answer_table(results: Sequence[Result], flat: Iterable[Sequence[Cell]]) -> tuple[list[str], list[list[Cell]]]:
    """Return the header and the rows of the sheet of answers; the person's two columns are empty.

    A column of the input that is called like one of ours gets ``input_`` in front.
    """
    rows = iter(flat)
    names = [str(name) for name in next(rows)]
    judged = [
        "level", "score", "needs_review", "flags", "unscored", "covered", "partly", "missed", "contradicted",
        "contributions",
    ]  # fmt: skip
    own = ["candidate_id", "question_id", "row", "question", "answer", LEVEL_COLUMN, NOTE_COLUMN, *judged, "reviews"]
    extra = list(dict.fromkeys(name for result in results for name in result.answer.extra))
    at = {name: names.index(name) for name in judged}
    table: list[list[Cell]] = []
    for result, row in zip(results, rows, strict=True):
        answer = result.answer
        table.append(
            [
                answer.candidate_id, result.question_id, answer.row or None,
                result.question.text if result.question else "", answer.text, None, None,
                *(row[at[name]] for name in judged), "; ".join(map(review_text, result.reviews)),
                *(answer.extra.get(name, "") for name in extra),
            ]
        )  # fmt: skip
    return [*own, *(f"input_{name}" if name in own else name for name in extra)], table


def review_text(review: Review) -> str:
    """Return a person's decision on one line.

    >>> review_text(Review(4, "Names the pharmacist.", "Ana", "2026-03-31"))
    'level 4 (Ana, 2026-03-31): Names the pharmacist.'
    """
    what = f"level {review.level}" if review.level else "no level"
    return f"{what} ({review.reviewer}, {review.date})" + (f": {review.note}" if review.note else "")


def _widths(header: Sequence[str]) -> dict[int, float]:
    return {number: _ANSWER_WIDTHS.get(name, 13) for number, name in enumerate(header)}


def _ask_for_levels(sheet: Any, column: int, rows: int) -> None:  # noqa: ANN401
    if not rows:
        return
    sheet.data_validation(
        1, column, rows, column,
        {
            "validate": "list", "source": list(LEVELS), "input_title": "Level",
            "input_message": ", ".join(f"{level} {word}" for level, word in LEVEL_NAMES.items()),
            "error_title": "A level from 1 to 5", "error_message": "Give 1, 2, 3, 4 or 5, or leave the cell empty.",
        },
    )  # fmt: skip


def _summary(results: Sequence[Result], items: ItemAnalysis) -> list[list[Cell]]:
    levels = Counter(result.level for result in results)
    scored = sum(result.score is not None for result in results)
    rows: list[list[Cell]] = [
        ["Interview results", ADVICE_ONLY],
        ["candidates", len({result.answer.candidate_id for result in results})],
        ["answers", len(results)],
        ["scored", scored],
        ["not scored", len(results) - scored],
        ["to be read first", sum(r.needs_review or r.score is None for r in results)],
        ["mean score (0-100)", mean_score(results)],
        *_level_rows(levels),
        [
            "Cronbach's alpha",
            "not defined" if items.alpha is None and items.complete >= LEAST_GROUP else _figure(items.alpha),
        ],
        ["what alpha rests on", alpha_words(items)],
    ]
    found = review_agreement(results)
    rows.append(["decided by a person", sum(bool(result.reviews) for result in results)])
    if found:
        rows += [
            ["levels from both", found.count],
            ["exact agreement", round(found.exact, 3)],
            ["within one level", round(found.adjacent, 3)],
            ["quadratic weighted kappa", round(found.kappa.value, 3)],
        ]
    rows += [[f"how to decide, {number}", text] for number, text in enumerate(HOW_TO, start=1)]
    for signature in distinct_signatures(results):
        made = f"tool {signature.tool}, model {signature.model}, stance {signature.stance}, "
        rows.append(["signature", f"{made}bank {signature.bank}, calibration {signature.calibration}"])
    return rows


def _level_rows(levels: Counter[int | None]) -> list[list[Cell]]:
    return [[f"level {level}, {LEVEL_NAMES[level]}", levels[level]] for level in reversed(LEVELS)]


def alpha_words(items: ItemAnalysis) -> str:
    """Return what an analysis rests on, a sentence or two."""
    complete = f"{items.complete} candidates with a score for every question"
    if items.complete < LEAST_GROUP:
        return f"Too few: {complete}; figures about the group start at {LEAST_GROUP}."
    if items.alpha is None:
        return f"{complete}; alpha is not defined, because there is one question or nobody differs."
    if not items.steady:
        return f"{complete}. Below {STEADY_GROUP} such figures move much from group to group: a hint at best."
    return f"{complete}."


def _figure(value: float | None) -> Cell:
    return "too few" if value is None else round(value, 3)


def _candidates(results: Sequence[Result]) -> list[list[Cell]]:
    rows: list[list[Cell]] = [
        ["rank", "candidate_id", "mean_score", "scored", "not_scored", "to_be_read", "flags",
         *(f"level_{level}" for level in LEVELS), "decided_by_a_person", "persons_mean_level"]
    ]  # fmt: skip
    for entry in ranked_candidates(results):
        levels = Counter(result.level for result in entry.results)
        kinds = Counter(str(flag.kind) for result in entry.results for flag in result.flags)
        people = [result.review.level for result in entry.results if result.review and result.review.level]
        scored = sum(result.score is not None for result in entry.results)
        rows.append(
            [
                entry.rank, entry.candidate, entry.mean, scored, len(entry.results) - scored,
                sum(r.needs_review or r.score is None for r in entry.results),
                "; ".join(f"{kind}: {number}" for kind, number in sorted(kinds.items())),
                *(levels[level] for level in LEVELS), sum(bool(r.reviews) for r in entry.results),
                round(sum(people) / len(people), 2) if people else None,
            ]
        )  # fmt: skip
    return rows


def _questions(results: Sequence[Result], items: ItemAnalysis) -> list[list[Cell]]:
    texts = {result.question_id: result.question.text for result in results if result.question}
    rows: list[list[Cell]] = [["question_id", "question", "scored", "difficulty", "spread", "discrimination"]]
    for item in items.items:
        figures = [_figure(figure) for figure in (item.difficulty, item.spread, item.discrimination)]
        rows.append([item.question, texts.get(item.question, ""), item.count, *figures])
    return rows
