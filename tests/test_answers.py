"""Reading answers: every format round trip, every fault of a row or a file, long and wide form, and laziness."""

from __future__ import annotations

import codecs
import contextlib
import csv
import doctest
import gc
import importlib
import io
import json
import os
import random
import tracemalloc
import warnings
import zipfile
from datetime import date, datetime, time
from itertools import islice
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from evaluator.answers import AnswerTable, read_answers
from evaluator.answers.workbook import first_rows
from evaluator.domain import Answer, Bank, Question
from evaluator.errors import AnswersError

DATA = Path(__file__).parent / "data" / "answers"
RUDE = "How do you handle a rude customer?"
INSURANCE = (
    "You have to tell a customer that their insurance will not cover a refill because it is ten days early, and they "
    "are about to leave on a cruise. How do you handle it?"
)
SUPERVISOR = "When do you involve your supervisor in a customer problem, and when not?"
PRESSURE = "How do you work under pressure at a busy pharmacy?"
TEXTS = {
    "rude-customer": RUDE,
    "insurance-refusal": INSURANCE,
    "supervisor-escalation": SUPERVISOR,
    "work-under-pressure": PRESSURE,
}
BANK = Bank(tuple(Question(id_, text, (), (), ()) for id_, text in TEXTS.items()), "0" * 64)

SECRET = "zanzibar"
"""A word of the candidates' texts and ids that no message may repeat."""

LONG = [
    ["candidate_id", "question_id", "answer", "site"],
    ["c1", "rude-customer", 'I\u2019d listen \u2013 calmly.\nThen I\'d help, "really"; café.', "north"],
    ["c2", "work-under-pressure", "  One thing\tat a time. ", ""],
]
LONG_ANSWERS = [
    Answer("c1", "rude-customer", LONG[1][2], 2, extra={"site": "north"}),
    Answer("c2", "work-under-pressure", LONG[2][2], 4, extra={"site": ""}),
]
WIDE = [
    ["ID", RUDE, "Hired", "work-under-pressure"],
    ["7", "I listen.", "yes", "I plan."],
    ["8", "", "no", "I breathe."],
]
WIDE_ANSWERS = [
    Answer("7", "rude-customer", "I listen.", 2, extra={"Hired": "yes"}),
    Answer("7", "work-under-pressure", "I plan.", 2, extra={"Hired": "yes"}),
    Answer("8", "rude-customer", "", 3, extra={"Hired": "no"}),
    Answer("8", "work-under-pressure", "I breathe.", 3, extra={"Hired": "no"}),
]


def as_csv(rows: list[list[str]], encoding: str = "utf-8", delimiter: str = ",") -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue().encode(encoding)


def as_jsonl(rows: list[list[str]]) -> bytes:
    return "".join(json.dumps(dict(zip(rows[0], row, strict=True))) + "\n" for row in rows[1:]).encode()


def as_array(rows: list[list[str]]) -> bytes:
    return json.dumps([dict(zip(rows[0], row, strict=True)) for row in rows[1:]], indent=2).encode()


def as_xlsx(rows: list[list[Any]], *, sheets_before: int = 0) -> bytes:
    book = openpyxl.Workbook()
    for _ in range(sheets_before):
        book.create_sheet("blank", 0)
    sheet = book[book.sheetnames[-1]]
    for row in rows:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def as_ods(rows: list[list[str]], *, repeat: tuple[int, int] = (1, 1), manifest: str = "") -> bytes:
    """Write the smallest ODS file there can be; ``repeat`` is how often the last cell is repeated down and across."""
    names = {"office": "office", "table": "table", "text": "text"}
    spaces = " ".join(f'xmlns:{k}="urn:oasis:names:tc:opendocument:xmlns:{v}:1.0"' for k, v in names.items())
    body = ""
    for n, row in enumerate(rows):
        down, across = repeat if n == len(rows) - 1 else (1, 1)
        body += f'<table:table-row table:number-rows-repeated="{down}">'
        for m, cell in enumerate(row):
            lines = "".join(f"<text:p>{line}</text:p>" for line in cell.split("\n"))
            times = across if m == len(row) - 1 else 1
            body += f'<table:table-cell office:value-type="string" table:number-columns-repeated="{times}">{lines}'
            body += "</table:table-cell>"
        body += "</table:table-row>"
    # What spreadsheet programs write below and beside the data: all the rest of the sheet, as one empty cell.
    rest = '<table:table-row table:number-rows-repeated="1048000"><table:table-cell '
    rest += 'table:number-columns-repeated="16384"/></table:table-row>'
    content = (
        f'<?xml version="1.0"?><office:document-content {spaces}><office:body><office:spreadsheet>'
        f'<table:table table:name="S">{body}{rest}</table:table></office:spreadsheet></office:body>'
        "</office:document-content>"
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet", zipfile.ZIP_STORED)
        archive.writestr("META-INF/manifest.xml", f'<manifest xmlns="urn:x">{manifest}</manifest>')
        archive.writestr("content.xml", content)
    return out.getvalue()


def as_zip(parts: dict[str, bytes], sizes: dict[str, int] | None = None) -> bytes:
    """Write a zip archive whose directory declares the ``sizes`` given rather than the true ones."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
        for part in archive.filelist:
            part.file_size = (sizes or {}).get(part.filename, part.file_size)
    return out.getvalue()


@pytest.fixture
def put(tmp_path: Path) -> Any:
    def put(content: bytes | str, name: str = "answers.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return put


def read(path: Path, **options: Any) -> list[Answer]:
    return list(read_answers(path, BANK, **options).answers)


# --- formats ---------------------------------------------------------------------------------------------------------

FORMATS = {
    "a.csv": as_csv(LONG),
    "sig.CSV": as_csv(LONG, "utf-8-sig"),
    "utf16.csv": as_csv(LONG, "utf-16"),
    "utf16le.csv": codecs.BOM_UTF16_LE + as_csv(LONG, "utf-16-le"),
    "utf16be.csv": codecs.BOM_UTF16_BE + as_csv(LONG, "utf-16-be"),
    "cp1252.csv": as_csv(LONG, "cp1252"),
    "semicolon.csv": as_csv(LONG, delimiter=";"),
    "a.tsv": as_csv(LONG, delimiter="\t"),
    "a.jsonl": as_jsonl(LONG),
    "a.ndjson": as_jsonl(LONG),
    "utf16.jsonl": as_jsonl(LONG).decode().encode("utf-16"),
    "array.json": as_array(LONG),
    "array.jsonl": as_array(LONG),
    "a.xlsx": as_xlsx(LONG),
    "a.ods": as_ods(LONG),
}
ROWS = {".json": [1, 2], ".jsonl": [1, 2], ".ndjson": [1, 2], ".xlsx": [2, 3], ".ods": [2, 3]}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_same_answers(put: Any, name: str) -> None:
    table = read_answers(put(FORMATS[name], name), BANK)
    assert (table.shape, table.mapping, table.extra_columns) == ("long", (), ("site",))
    answers = list(table.answers)
    assert [answer.row for answer in answers] == ROWS.get(Path(name).suffix.lower(), [2, 4])
    if name == "a.ods":  # An ODS paragraph has no leading white space.
        answers[1] = Answer(**{**fields(answers[1]), "text": LONG_ANSWERS[1].text})
    assert [fields(answer) | {"row": 0} for answer in answers] == [
        fields(answer) | {"row": 0} for answer in LONG_ANSWERS
    ]


@pytest.mark.parametrize("name", FORMATS)
def test_standard_input_is_recognised_by_its_content(name: str) -> None:
    stdin = io.BytesIO(FORMATS[name])
    answers = list(read_answers(None, BANK, stdin=stdin).answers)
    assert [answer.candidate_id for answer in answers] == ["c1", "c2"]
    assert answers[0].text == LONG[1][2]
    assert not stdin.closed


@pytest.mark.parametrize("name", ["answers", "answers.csv"])
@pytest.mark.parametrize("wide", [as_csv(WIDE), as_csv(WIDE, delimiter=";"), as_csv(WIDE, "cp1252", "\t")])
def test_wide_csv(put: Any, name: str, wide: bytes) -> None:
    table = read_answers(put(wide, name), BANK)
    assert table.shape == "wide"
    assert table.mapping == ((RUDE, "rude-customer"), ("work-under-pressure", "work-under-pressure"))
    assert table.extra_columns == ("Hired",)
    assert list(table.answers) == WIDE_ANSWERS


@pytest.mark.parametrize(
    ("content", "name"),
    [(as_xlsx(WIDE, sheets_before=2), "a.xlsx"), (as_ods(WIDE), "a.ods"), (as_jsonl(WIDE), "a.jsonl")],
)
def test_wide_in_other_formats(put: Any, content: bytes, name: str) -> None:
    table = read_answers(put(content, name), BANK)
    assert table.mapping == ((RUDE, "rude-customer"), ("work-under-pressure", "work-under-pressure"))
    shift = 1 if name == "a.jsonl" else 0
    assert list(table.answers) == [Answer(**fields(answer) | {"row": answer.row - shift}) for answer in WIDE_ANSWERS]


def test_old_excel_file_with_an_empty_first_sheet() -> None:
    assert [(answer.row, answer.candidate_id, answer.text, answer.extra) for answer in read(DATA / "long.xls")] == [
        (2, "c1", "I would listen \u2013 calmly.", {"score": "3"}),
        (3, "7", "Line one\nline two", {"score": "3.5"}),
        (4, "c3", "2024-05-01", {"score": "true"}),
    ]


def test_numbers_and_dates_of_a_spreadsheet_become_plain_text(put: Any) -> None:
    values = [
        3.0,
        3.5,
        15551234567,
        -2,
        1e300,
        date(2024, 5, 1),
        datetime.fromisoformat("2024-05-01 10:30"),
        time(9, 5),
        False,
        None,
    ]
    path = put(as_xlsx([["id", "question", "answer"], *([n, RUDE, value] for n, value in enumerate(values))]), "a.xlsx")
    assert [answer.text for answer in read(path)] == [
        "3", "3.5", "15551234567", "-2", "1e+300", "2024-05-01", "2024-05-01 10:30:00", "09:05:00", "false", "",
    ]  # fmt: skip
    assert [answer.candidate_id for answer in read(path)][:2] == ["0", "1"]


def test_rows_of_a_spreadsheet_keep_their_numbers(put: Any) -> None:
    path = put(as_xlsx([[], [], ["", "id", "question", "answer"], [], ["", 1, RUDE, "yes"]]), "a.xlsx")
    assert [(answer.row, answer.text, answer.extra) for answer in read(path)] == [(5, "yes", {})]


def test_a_visible_sheet_goes_before_a_hidden_one(put: Any) -> None:
    book = openpyxl.Workbook()
    book.active.append(["id", "question", "answer"])
    book.active.append([1, RUDE, "hidden"])
    book.active.sheet_state = "hidden"
    book.create_sheet("second").append(["id", "question", "answer"])
    book["second"].append([1, RUDE, "visible"])
    out = io.BytesIO()
    book.save(out)
    assert [answer.text for answer in read(put(out.getvalue(), "a.xlsx"))] == ["visible"]


# --- CSV -------------------------------------------------------------------------------------------------------------


def test_rows_of_csv_are_the_lines_on_which_records_start(put: Any) -> None:
    path = put('\n\nid,question,answer\r\n1,q,"a\nb\r\n\nc"\r\n\n,,\n2,q,d')
    assert [(answer.row, answer.text) for answer in read(path)] == [(4, "a\nb\r\n\nc"), (10, "d")]


def test_one_bad_byte_spoils_one_character(put: Any) -> None:
    assert (
        read(put("id,question,answer\n1,q,naïve ".encode() + b"caf\xe9 \x81 na\xc3\xafve"))[0].text
        == "naïve café \ufffd naïve"
    )


def test_nul_characters_in_a_cell_stay(put: Any) -> None:
    answers = read(put("id,question,answer\n1,q,a\0b\n2,q," + 30 * "\0" + "\n3,q,c\n"))
    assert [answer.text for answer in answers] == ["a\0b", 30 * "\0", "c"]


@pytest.mark.parametrize(
    ("header", "row", "expected"),
    [
        (f"Name;{INSURANCE}", "Ann;a, b, c", {"insurance-refusal": "a, b, c"}),
        (f"Name\t{INSURANCE}\t{RUDE}", "Ann\ta, b\tc;d", {"insurance-refusal": "a, b", "rude-customer": "c;d"}),
        ('"Name","Role; site","rude-customer"', "Ann,x;y,a;b", {"rude-customer": "a;b"}),
        ("sep=;\r\nName;rude-customer", "Ann;a,b", {"rude-customer": "a,b"}),
        ('Name,"How do you handle\na rude customer?"', "Ann,a", {"rude-customer": "a"}),
    ],
)
def test_delimiter_is_the_one_that_gives_known_columns(
    put: Any, header: str, row: str, expected: dict[str, str]
) -> None:
    answers = read(put(f"{header}\r\n{row}\r\n"))
    assert {answer.question_id: answer.text for answer in answers} == expected
    assert {answer.candidate_id for answer in answers} == {"Ann"}


def test_cells_up_to_a_million_characters(put: Any) -> None:
    before = 131_072  # the module's own
    csv.field_size_limit(before)
    longest = "x" * 1_000_000
    path = put(f'id,question,answer\n1,q,{longest}\n2,q,{longest}x\n3,q,"{longest}\nx"\n4,q,fine\n')
    found = {}
    for answer in read_answers(path, BANK).answers:
        assert csv.field_size_limit() == before
        found[answer.candidate_id] = answer
    assert (found["1"].unreadable, len(found["1"].text)) == ("", 1_000_000)
    assert (found["2"].row, found["2"].unreadable) == (3, "a cell is longer than 1,000,000 characters")
    assert (found["3"].row, found["3"].unreadable) == (4, "a cell is longer than 1,000,000 characters")
    assert (found["4"].row, found["4"].text) == (6, "fine")


def test_a_line_without_end_is_cut(put: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evaluator.answers.source.MAX_LINE_CHARS", 100)
    path = put("id,question,answer\n1,q," + 500 * "x," + "\n2,q,fine\n")
    assert [(answer.row, bool(answer.unreadable)) for answer in read(path)] == [(2, True), (3, False)]
    path = put('{"answer": "' + 500 * "x" + '"}\n{"id": 2, "question": "q", "answer": "fine"}\n', "a.jsonl")
    assert [(answer.row, answer.unreadable) for answer in read(path)] == [(1, "the line is too long"), (2, "")]


def test_a_stray_quotation_mark_costs_one_row(put: Any) -> None:
    path = put('id,question,answer\n1,q,"open\n2,q,two\n3,q,"three, quoted"\n4,q,"four\nlines"\n')
    answers = read(path)
    assert [(answer.row, answer.candidate_id, answer.text) for answer in answers] == [
        (2, "1", ""), (3, "2", "two"), (4, "3", "three, quoted"), (5, "4", "four\nlines"),
    ]  # fmt: skip
    assert "quotation mark" in answers[0].unreadable


# --- faults of a row -------------------------------------------------------------------------------------------------

CSV_ROWS = [
    ("c1,rude-customer,fine", "c1", "rude-customer", "fine", ""),
    (f"c1,{RUDE},fine", "c1", "rude-customer", "fine", ""),
    (" c1 , rude customer , fine ", "c1", "rude-customer", " fine ", ""),
    ("c1,rude-custmer,fine", "c1", "rude-custmer", "fine", ""),
    ("c1,,fine", "c1", "", "fine", ""),
    (" ,rude-customer,fine", "row-2", "rude-customer", "fine", ""),
    ("c1,rude-customer,", "c1", "rude-customer", "", ""),
    ("c1,rude-customer,,,", "c1", "rude-customer", "", ""),
    ("c1,rude-customer", "c1", "rude-customer", "", "the row has no answer cell"),
    ("c1", "c1", "", "", "the row has no answer cell"),
    (f"c1,rude-customer,I {SECRET}, then b", "c1", "rude-customer", f"I {SECRET}", "more cells than the header"),
    (f'c1,rude-customer,"I {SECRET}', "c1", "rude-customer", "", "quotation mark"),
    (f'"c1","rude-customer","I {SECRET}', "row-2", "", "", "quotation mark"),
    ('c1,rude-customer,"Sorry" is what I say', "c1", "rude-customer", "Sorry is what I say", ""),
    ('c1,rude-customer,"I say "sorry", and go"', "c1", "rude-customer", 'I say sorry"', "more cells than the header"),
    ('c1,rude-customer,5" of snow', "c1", "rude-customer", '5" of snow', ""),
]
JSON_ROWS = [
    ('{"candidate_id": "c1", "question_id": "rude-customer", "answer": "fine"}', "c1", "rude-customer", "fine", ""),
    (f'{{"id": 7, "question": "{RUDE}", "response": 12.0}}', "7", "rude-customer", "12", ""),
    ('{"id": null, "question": "q", "answer": null}', "row-1", "q", "", ""),
    ('{"id": "c1", "question": "q", "answer": NaN}', "c1", "q", "", ""),
    ('{"id": "c1", "question": "q", "answer": true}', "c1", "q", "true", ""),
    ('{"id": "c1", "question": "q", "answer": "a\tb"}', "c1", "q", "a\tb", ""),
    (r'{"id": "c1", "question": "q", "answer": "\ud83d \ud83d\ude00"}', "c1", "q", "\ufffd \U0001f600", ""),
    ('{"id": "c1", "question": "rude-customer"}', "c1", "rude-customer", "", "the object has no answer"),
    (f'{{"id": "c1", "question": "q", "answer": ["{SECRET}"]}}', "c1", "q", "", "holds a list"),
    (f'{{"id": "c1", "question": "q", "answer": {{"a": "{SECRET}"}}}}', "c1", "q", "", "holds an object"),
    ('{"id": ["c1"], "question": "q", "answer": "a"}', "row-1", "q", "a", "holds a list"),
    ('{"id": "c1", "question": {}, "answer": "a"}', "c1", "", "a", "holds an object"),
    (f'{{"id": "c1", "answer": "{SECRET}"', "row-1", "", "", "the line is not valid JSON"),
    (f'{{"id": "c1", "answer": "{SECRET}"}} {{}}', "row-1", "", "", "the line is not valid JSON"),
    (f'"{SECRET}"', "row-1", "", "", "the line is not a JSON object"),
    ("[1, 2]", "row-1", "", "", "the line is not a JSON object"),
    (f"[2024] {SECRET}", "row-1", "", "", "the line is not valid JSON"),
    ("null", "row-1", "", "", "the line is not a JSON object"),
    ("{}", "row-1", "", "", "the object has no answer"),
    ('{"id": "c1", "question": "q", "answer": "a", "answer": "b"}', "row-1", "", "", "two fields of the same name"),
    ('{"id": "c1", "question": "q", "answer": "a", "answer ": "b"}', "row-1", "", "", "two fields of the same name"),
    ('{"answer": ' + 100_000 * "[" + "}", "row-1", "", "", "the line is not valid JSON"),
    ('{"answer": ' + 9_999 * "1" + "}", "row-1", "", "", "the line is not valid JSON"),
    ('{"answer": 1e999, "question": "q", "id": "c1"}', "c1", "q", "inf", ""),
]
GOOD_CSV = "c9,work-under-pressure,I plan."
GOOD_JSON = '{"id": "c9", "question": "work-under-pressure", "answer": "I plan."}'


def check_row(answers: list[Answer], candidate: str, question: str, text: str, why: str, row: int) -> None:
    answer, after = answers
    assert (answer.candidate_id, answer.question_id, answer.text) == (candidate, question, text)
    assert why in answer.unreadable
    assert bool(why) == bool(answer.unreadable)
    assert SECRET not in answer.unreadable
    assert answer.row == row
    assert (after.candidate_id, after.question_id, after.text, after.row) == (
        "c9",
        "work-under-pressure",
        "I plan.",
        row + 1,
    )


@pytest.mark.parametrize(("line", "candidate", "question", "text", "why"), CSV_ROWS)
def test_rows_of_csv(put: Any, line: str, candidate: str, question: str, text: str, why: str) -> None:
    path = put(f"candidate_id,question_id,answer\n{line}\n{GOOD_CSV}\n")
    check_row(read(path), candidate, question, text, why, 2)


@pytest.mark.parametrize(("line", "candidate", "question", "text", "why"), JSON_ROWS)
def test_rows_of_json_lines(put: Any, line: str, candidate: str, question: str, text: str, why: str) -> None:
    good = GOOD_JSON.replace("answer", "response") if "response" in line else GOOD_JSON
    path = put(f"{line}\n{good.replace('id', 'candidate_id', 1) if 'candidate_id' in line else good}\n", "a.jsonl")
    check_row(read(path), candidate, question, text, why, 1)


@pytest.mark.parametrize(
    ("line", "why"), [(line, why) for line, *_, why in JSON_ROWS if why and "no answer" not in why]
)
def test_a_file_of_nothing_but_unreadable_json_lines(put: Any, line: str, why: str) -> None:
    if line.startswith("[2024]"):
        pytest.skip("alone this is a broken array, a fault of the file")
    assert [why in answer.unreadable for answer in read(put(f"{line}\n\n{line}\n", "a.jsonl"))] == [True, True]


def test_an_object_without_answer_alone_is_a_row_and_not_a_file(put: Any) -> None:
    answers = read(put('\n{"candidate_id": "c1", "question_id": "rude-customer"}\n', "a.jsonl"))
    assert answers == [Answer("c1", "rude-customer", "", 2, "the object has no answer")]


def test_elements_of_an_array_that_are_no_objects(put: Any) -> None:
    answers = read(put(f"[\n1,\n {GOOD_JSON},\n null]", "a.json"))
    assert [(answer.row, bool(answer.unreadable)) for answer in answers] == [(1, True), (2, False), (3, True)]


def test_fields_that_nobody_judges_are_kept_whatever_they_hold(put: Any) -> None:
    late = '{"id": 1, "question": "q", "answer": "a", "late": {"x": [1]}}'
    path = put(
        GOOD_JSON[:-1] + ', "n": 2.0, "tags": ["é"], "gone": null}\n' + 99 * (GOOD_JSON + "\n") + late, "a.jsonl"
    )
    table = read_answers(path, BANK)
    assert table.extra_columns == ("n", "tags", "gone")
    answers = list(table.answers)
    assert (answers[0].extra, answers[1].extra) == ({"n": "2", "tags": '["é"]', "gone": ""}, {})
    assert (answers[100].row, answers[100].extra) == (101, {"late": '{"x": [1]}'})


# --- long form -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "candidate", ["Candidate ID", "candidate", "CandidateId", "ID", "Applicant", "respondent", "Email", "Name"]
)
@pytest.mark.parametrize("question", ["question id", "Question", "QUESTION_ID"])
@pytest.mark.parametrize("answer", ["Answer", "response", "Answer Text", "answer_text", "Transcript"])
def test_obvious_headers(put: Any, candidate: str, question: str, answer: str) -> None:
    table = read_answers(put(f"Date,{answer},{question},{candidate}\nMay,text,{RUDE},c1\n"), BANK)
    assert (table.shape, table.extra_columns) == ("long", ("Date",))
    assert list(table.answers) == [Answer("c1", "rude-customer", "text", 2, extra={"Date": "May"})]


def test_the_better_of_two_headers_is_used_and_the_other_kept(put: Any) -> None:
    answers = read(put(f"id,candidate_id,question,question_id,response,answer\n9,c1,{RUDE},q,r,a\n9,c2,{RUDE},,r,a\n"))
    extra = {"id": "9", "question": RUDE, "response": "r"}
    assert answers == [Answer("c1", "q", "a", 2, extra=extra), Answer("c2", "rude-customer", "a", 3, extra=extra)]


def test_columns_without_a_header_and_of_one_header_are_kept_apart(put: Any) -> None:
    table = read_answers(put("id,question,answer,note,,note,\n1,q,a,x,y,z,\n"), BANK)
    assert table.extra_columns == ("note", "note (2)")
    assert next(table.answers).extra == {"note": "x", "column 5": "y", "note (2)": "z"}


# --- wide form -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "question_id"),
    [
        ("rude-customer", "rude-customer"),
        ("Rude Customer", "rude-customer"),
        (RUDE.upper(), "rude-customer"),
        (f"  {RUDE} *", "rude-customer"),
        (f"1. {RUDE}", "rude-customer"),
        (f"Q4 {SUPERVISOR} (3-5 sentences)", "supervisor-escalation"),
        ("How would you handle a rude customer", "rude-customer"),
        ("How do you handle it?", None),
        ("How do you handle a customer?", None),
        ("How do you handle a rude patient?", None),
        ("Was a rude customer ever too much for your colleagues to handle without you, and why?", None),
        ("Supervisor", None),
        ("Pharmacy", None),
        ("???", None),
        ("", None),
    ],
)
def test_headers_of_form_exports(put: Any, header: str, question_id: str | None) -> None:
    table = read_answers(put(as_csv([["Name", PRESSURE, header], ["Ann", "a", "b"]])), BANK)
    found = dict(table.mapping)
    assert found.pop(PRESSURE) == "work-under-pressure"
    assert list(found.values()) == ([question_id] if question_id else [])
    # What is not matched is kept.
    answers = list(table.answers)
    assert "b" in ([answers[-1].text] if question_id else list(answers[0].extra.values()))


def test_an_ambiguous_near_header_is_left_alone(put: Any) -> None:
    a, b = (Question(place, f"{RUDE} ({place})", (), (), ()) for place in ("phone", "counter"))
    other = Question("other", PRESSURE, (), (), ())
    path = put(as_csv([["name", "other", f"1. {RUDE} (phone or counter)"], ["Ann", "x", "y"]]))
    assert read_answers(path, Bank((a, b, other), "0" * 64)).mapping == (("other", "other"),)
    assert len(read_answers(path, Bank((a, other), "0" * 64)).mapping) == 2


def test_the_exact_header_goes_before_the_near_one(put: Any) -> None:
    table = read_answers(put(f"ID,{RUDE} [Score],{RUDE},{RUDE} [Feedback]\n1,5,I listen,ok\n"), BANK)
    assert table.mapping == ((RUDE, "rude-customer"),)
    assert next(table.answers).extra == {f"{RUDE} [Score]": "5", f"{RUDE} [Feedback]": "ok"}


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Email,Name,ID", "z"),
        ("Full name,Site,Email address", "z"),
        ("Candidate name,Site,Room", "x"),
        ("Shift,Site,Room", "row-2"),
        ("Shift,Site,Respondent ID", "z"),
    ],
)
def test_who_the_person_of_a_wide_row_is(put: Any, header: str, expected: str) -> None:
    answers = read(put(f"{header},rude-customer\nx,y,z,a\n"))
    assert answers[0].candidate_id == expected


def test_wide_rows_with_faults(put: Any) -> None:
    answers = read(put('id,rude-customer,work-under-pressure,site\n1,a\n,"",b,c\n3,a,b,c,d\n4,"a\n5,,,\n'))
    shown = [(answer.candidate_id, answer.question_id[:4], answer.text, answer.unreadable[:24]) for answer in answers]
    assert shown == [
        ("1", "rude", "a", ""), ("1", "work", "", "the row has no answer ce"),
        ("row-3", "rude", "", ""), ("row-3", "work", "b", ""),
        ("3", "rude", "a", "the row has more cells t"), ("3", "work", "b", "the row has more cells t"),
        ("4", "rude", "", "a quotation mark is not "), ("4", "work", "", "a quotation mark is not "),
        ("5", "rude", "", ""), ("5", "work", "", ""),
    ]  # fmt: skip


def test_wide_json_lines(put: Any) -> None:
    lines = [{"id": 1, "rude-customer": "a"}, {"id": 2, "work-under-pressure": ["b"]}, 3]
    lines += 97 * [{"id": 0}] + [{"id": 101, "rude-customer": "x", PRESSURE: "y", SUPERVISOR: "z", "late": 1}]
    table = read_answers(put("\n".join(map(json.dumps, lines)), "a.jsonl"), BANK)
    assert table.mapping == (("rude-customer",) * 2, ("work-under-pressure",) * 2)
    answers = list(table.answers)
    shown = [(answer.row, answer.question_id[:4], answer.text, bool(answer.unreadable)) for answer in answers]
    assert shown[:6] == [
        (1, "rude", "a", False), (1, "work", "", False), (2, "rude", "", False), (2, "work", "", True),
        (3, "rude", "", True), (3, "work", "", True),
    ]  # fmt: skip
    # A question that nobody answered among the first hundred is still a question.
    assert shown[-3:] == [(101, "rude", "x", False), (101, "work", "", False), (101, "supe", "z", False)]
    assert answers[-1].extra["late"] == "1"
    assert SUPERVISOR not in answers[-1].extra and "z" not in answers[-1].extra.values()


# --- --map -----------------------------------------------------------------------------------------------------------

EXPORT = f"Name,Q1,Answer,Q1b,3,{RUDE}\nAnn,b,c,d,e,f\n"


@pytest.mark.parametrize(
    ("mapping", "expected"),
    [
        ({"Q1": "work-under-pressure"}, {"work-under-pressure": "b", "rude-customer": "f"}),
        ({"q1": "work-under-pressure"}, {"work-under-pressure": "b", "rude-customer": "f"}),
        ({"2": "work-under-pressure"}, {"work-under-pressure": "b", "rude-customer": "f"}),
        ({"3": "work-under-pressure"}, {"work-under-pressure": "e", "rude-customer": "f"}),
        ({"answer": SUPERVISOR}, {"supervisor-escalation": "c", "rude-customer": "f"}),
        ({"Q1": "rude-customer"}, {"rude-customer": "b"}),
        ({"6": "work-under-pressure"}, {"work-under-pressure": "f"}),
        ({"Q1": "work-under-pressure", "2": "work-under-pressure"}, {"work-under-pressure": "b", "rude-customer": "f"}),
    ],
)
def test_map_overrides_headers(put: Any, mapping: dict[str, str], expected: dict[str, str]) -> None:
    answers = read(put(EXPORT), mapping=mapping)
    assert {answer.question_id: answer.text for answer in answers} == expected
    assert answers[0].candidate_id == "Ann"


def test_map_makes_a_file_wide(put: Any) -> None:
    table = read_answers(put("id,question,answer\n1,x,y\n"), BANK, mapping={"answer": "rude-customer"})
    assert (table.shape, table.mapping) == ("wide", (("answer", "rude-customer"),))
    assert list(table.answers) == [Answer("1", "rude-customer", "y", 2, extra={"question": "x"})]


def test_map_works_for_json_and_spreadsheets(put: Any) -> None:
    for path in (put('{"id": 1, "a": "x"}', "a.jsonl"), put(as_xlsx([["id", "a"], [1, "x"]]), "a.xlsx")):
        for column in ("A", "2"):
            assert [answer.text for answer in read(path, mapping={column: "rude-customer"})] == ["x"]


# --- faults of a file ------------------------------------------------------------------------------------------------

ODD_ZIP = as_zip({"a.txt": b"hello"})
FILE_FAULTS: dict[str, tuple[str, bytes, dict[str, str], list[str]]] = {
    "empty": ("a.csv", b"", {}, ["a.csv: is empty"]),
    "blank": ("a.csv", b"\xef\xbb\xbf \r\n\r\n,,\n", {}, ["a.csv: is empty"]),
    "blank json": ("a.jsonl", b"\n \n", {}, ["a.jsonl: is empty"]),
    "empty array": ("a.json", b"[]", {}, ["a.json: is empty"]),
    "empty sheet": ("a.xlsx", as_xlsx([]), {}, ["a.xlsx: is empty"]),
    "empty xlsx": ("a.xlsx", b"", {}, ["a.xlsx: is empty"]),
    "no rows": ("a.csv", b"candidate_id,question_id,answer\n\n", {}, ["a.csv: has a header and no rows"]),
    "no rows xlsx": ("a.xlsx", as_xlsx([LONG[0]]), {}, ["a.xlsx: has a header and no rows"]),
    "no header, ids": (
        "a.csv",
        f"{SECRET},rude-customer,I {SECRET}\nc2,rude-customer,b\n".encode(),
        {},
        ["a.csv row 1:", "should be the header"],
    ),
    "no header, texts": (
        "a.csv",
        as_csv([[SECRET, RUDE, SECRET], ["c2", PRESSURE, "b"]]),
        {},
        ["a.csv row 1:", "should be the header"],
    ),
    "no header, other questions": (
        "a.csv",
        f"{SECRET},What?,I would {SECRET} them\nc2,What?,b\n".encode(),
        {},
        ["a.csv row 1:", "should be the header"],
    ),
    "no header, addresses": (
        "a.csv",
        f"{SECRET}@example.org,yes\nb@example.org,no\n".encode(),
        {},
        ["a.csv row 1:", "should be the header"],
    ),
    "no answer column": (
        "a.csv",
        b"candidate_id,question_id,text\nc1,q,a\n",
        {},
        ["a.csv row 1: no column holds answers", "'candidate_id', 'question_id', 'text'", "answer", "--map"],
    ),
    "no question column": (
        "a.csv",
        b"\ncandidate_id,answer\nc1,a\n",
        {},
        ["a.csv row 2: no column says which question", "'answer'", "--map"],
    ),
    "neither": (
        "a.xlsx",
        as_xlsx([["Site", "Shift"], [1, 2]]),
        {},
        ["a.xlsx row 1: no column holds", "'Site', 'Shift'", "--map"],
    ),
    "neither, json": (
        "a.jsonl",
        b'{"site": 1, "shift": 2}',
        {},
        ["a.jsonl: no column holds", "'site', 'shift'", "--map"],
    ),
    "neither, many": ("a.csv", (",".join(f"h{n}" for n in range(50)) + "\n1\n").encode(), {}, ["'h19' and 30 more"]),
    "open header": (
        "a.csv",
        b'id,"question,answer\nc1,q,a\n',
        {},
        ["a.csv row 1: the header cannot be read", "quotation mark"],
    ),
    "two answers": (
        "a.csv",
        b"id,question,Answer,answer\n1,q,a,b\n",
        {},
        ["a.csv row 1: columns 3 and 4 are both called 'Answer'", "Rename"],
    ),
    "two ids": ("a.csv", b"ID,id,rude-customer\n1,1,a\n", {}, ["columns 1 and 2 are both called 'ID'"]),
    "two exact questions": (
        "a.csv",
        f"id,rude-customer,{RUDE}\n1,a,b\n".encode(),
        {},
        ["columns 2 and 3", "'rude-customer'", "--map 2=rude-customer"],
    ),
    "two near questions": (
        "a.csv",
        f"id,1. {RUDE},2. {RUDE}\n1,a,b\n".encode(),
        {},
        ["columns 2 and 3", "--map 2=rude-customer"],
    ),
    "map: two columns, one question": (
        "a.csv",
        EXPORT.encode(),
        {"Q1": "rude-customer", "Q1b": "rude-customer"},
        ["--map gives columns 2 and 4 the same question"],
    ),
    "map: one column, two questions": (
        "a.csv",
        EXPORT.encode(),
        {"Q1": "rude-customer", "2": "work-under-pressure"},
        ["--map gives column '2' two questions"],
    ),
    "map: unknown question": (
        "a.csv",
        EXPORT.encode(),
        {"Q1": "rude-custmer"},
        ["a.csv: --map names no question 'rude-custmer'. Did you mean 'rude-customer'?"],
    ),
    "map: no question": (
        "a.csv",
        EXPORT.encode(),
        {"Q1": ""},
        ["a.csv: --map names no question ''. See: evaluator bank list"],
    ),
    "map: unknown column": (
        "a.csv",
        EXPORT.encode(),
        {"Answers": "rude-customer"},
        ["a.csv row 1: --map names a column 'Answers'", "Did you mean 'Answer'?"],
    ),
    "map: column 0": ("a.csv", EXPORT.encode(), {"0": "rude-customer"}, ["a column '0'", "a number from 1 to 6"]),
    "map: column 7": ("a.csv", EXPORT.encode(), {"7": "rude-customer"}, ["a column '7'", "a number from 1 to 6"]),
    "map: ambiguous column": (
        "a.csv",
        b"Name,Text,text\nx,a,b\n",
        {"TEXT": "rude-customer"},
        ["columns 2 and 3 are all called 'TEXT'", "the number: 2="],
    ),
    "map: unreadable json": ("a.jsonl", b"{oops\n", {"a": "rude-customer"}, ["a.jsonl: --map names a column 'a'"]),
    "ending": ("a.docx", as_csv(LONG), {}, ["a.docx: files ending in .docx cannot be read", ".csv"]),
    "zip as csv": ("a.csv", as_xlsx(LONG), {}, ["a.csv: is a zip archive or spreadsheet"]),
    "excel as json": ("a.json", (DATA / "long.xls").read_bytes(), {}, ["a.json: is an Excel workbook"]),
    "pdf as csv": ("a.csv", b"%PDF-1.4\n", {}, ["a.csv: is a PDF"]),
    "binary as csv": ("a.csv", bytes(range(256)) * 9, {}, ["a.csv: is not text"]),
    "picture as csv": ("a.csv", b"\x89PNG\r\n\x1a\n" + random.Random(1).randbytes(3000), {}, ["a.csv: is not text"]),
    "utf-16 without mark": ("a.csv", as_csv(LONG, "utf-16-le"), {}, ["a.csv: is not text", "UTF-8"]),
    "csv as xlsx": ("a.xlsx", as_csv(LONG), {}, ["a.xlsx: holds text, not a spreadsheet"]),
    "encrypted xlsx": ("a.xlsx", (DATA / "encrypted.xlsx").read_bytes(), {}, ["a.xlsx: is protected by a password"]),
    "encrypted ods": ("a.ods", as_ods(LONG, manifest="<encryption-data/>"), {}, ["a.ods: is protected by a password"]),
    "cut xlsx": ("a.xlsx", as_xlsx(LONG)[:3000], {}, ["a.xlsx: is damaged"]),
    "cut xls": ("a.xls", (DATA / "long.xls").read_bytes()[:700], {}, ["a.xls: is damaged"]),
    "other zip": ("a.xlsx", ODD_ZIP, {}, ["a.xlsx: is damaged"]),
    "pretty object": ("a.jsonl", b'\n{\n "id": 1\n}\n', {}, ["a.jsonl line 2: an object runs over several lines"]),
    "broken array": (
        "a.json",
        f'[\n{{"answer": "{SECRET}"}},\n{{"answer"}}]'.encode(),
        {},
        ["a.json line 3: not a valid JSON array"],
    ),
    "deep array": ("a.json", 100_000 * b"[", {}, ["a.json: not a valid JSON array"]),
    "ratio": (
        "a.xlsx",
        as_zip({"xl/worksheets/sheet1.xml": bytes(5_000_000)}),
        {},
        ["a.xlsx: unpacks from", "save them as CSV"],
    ),
    "declared size": (
        "a.xlsx",
        as_zip({"x": random.Random(2).randbytes(1_500_000)}, {"x": 200_000_001}),
        {},
        ["unpacks from", "200,000,001"],
    ),
    "repeated cells": (
        "a.ods",
        as_ods(LONG, repeat=(1_000_000, 16_000)),
        {},
        ["a.ods: is damaged", "so far from the others"],
    ),
}


@pytest.mark.parametrize("fault", FILE_FAULTS)
def test_faults_of_a_file(put: Any, fault: str) -> None:
    name, content, mapping, fragments = FILE_FAULTS[fault]
    path = put(content, name)
    with pytest.raises(AnswersError) as caught:
        read(path, mapping=mapping)
    message = str(caught.value)
    assert message.startswith(name)
    assert all(fragment in message for fragment in fragments), message
    assert str(path.parent) not in message
    assert SECRET not in message


def test_a_cell_far_from_the_others_ends_the_reader_and_nothing_else(put: Any) -> None:
    book = openpyxl.Workbook()
    for row in LONG:
        book.active.append(row)
    for ref in ("T1048576", "XFD1048576"):
        book.active[ref].font = openpyxl.styles.Font(bold=True)
    book.save(out := io.BytesIO())
    assert len(read(put(out.getvalue(), "a.xlsx"))) == 2
    book.active["XFD1048576"] = SECRET
    book.save(out := io.BytesIO())
    with pytest.raises(AnswersError, match="a filled cell so far from the others"):
        read(put(out.getvalue(), "a.xlsx"))


@pytest.mark.parametrize("count", [2, 2**32 - 1])
def test_sizes_that_a_workbook_states_are_not_believed(put: Any, count: int) -> None:
    with zipfile.ZipFile(io.BytesIO(as_xlsx(LONG))) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    parts["xl/sharedStrings.xml"] = f'<sst xmlns="{space}" uniqueCount="{count}"><si><t>x</t></si></sst>'.encode()
    with contextlib.nullcontext() if count == 2 else pytest.raises(AnswersError, match="the sheet is too large"):
        assert len(read(put(as_zip(parts), "a.xlsx"))) == 2


def test_a_workbook_that_takes_too_long(put: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evaluator.answers.spreadsheet.MAX_SECONDS", 0.001)
    with pytest.raises(AnswersError, match="takes more than"):
        read(put(as_xlsx(LONG), "a.xlsx"))


def test_a_part_that_is_not_closed_is_refused_before_the_reader_waits_for_its_end(
    put: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evaluator.answers.spreadsheet.MAX_SECONDS", 5)
    with zipfile.ZipFile(io.BytesIO(as_ods(LONG))) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["content.xml"] = parts["content.xml"].replace(b"</table:table>", b"</tab5e:table>")
    with pytest.raises(AnswersError, match="is damaged"):
        read(put(as_zip(parts), "a.ods"))


def test_the_workbook_reader_is_the_same_within_a_process() -> None:
    assert [row for row, _ in first_rows((DATA / "long.xls").read_bytes())] == [1, 2, 3, 4]
    assert first_rows(as_xlsx([])) == []


def test_missing_file_and_folder(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    for name, message in [("none.csv", "none.csv: no such file"), ("folder.csv", "folder.csv: is a folder")]:
        with pytest.raises(AnswersError, match=message) as caught:
            read(tmp_path / name)
        assert str(tmp_path) not in str(caught.value)


@pytest.mark.skipif(
    os.name == "nt" or (hasattr(os, "geteuid") and os.geteuid() == 0), reason="root may read everything"
)
def test_forbidden_file(put: Any) -> None:
    path = put(as_csv(LONG))
    path.chmod(0)
    with pytest.raises(AnswersError, match="cannot be opened"):
        read(path)


class Broken(io.RawIOBase):
    """Gives some bytes, then fails as a disk or network would."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece, self.content = self.content[: len(buffer)], self.content[len(buffer) :]
        if not piece:
            raise OSError(5, "Input/output error")
        buffer[: len(piece)] = piece
        return len(piece)


@pytest.mark.parametrize(
    "content", [b"", as_csv(LONG), as_csv([LONG[0], *(5000 * LONG[1:])]), 5000 * as_jsonl(LONG), as_xlsx(LONG)]
)
def test_input_that_breaks_off_while_it_is_read(content: bytes) -> None:
    with pytest.raises(AnswersError, match=r"standard input: reading stopped \(Input/output error\)"):
        list(read_answers(None, BANK, stdin=Broken(content)).answers)  # type: ignore[arg-type]


# --- laziness and tidiness -------------------------------------------------------------------------------------------


class Endless(io.RawIOBase):
    """A header and the same line for ever; counts what was taken."""

    def __init__(self, header: bytes, line: bytes) -> None:
        self.header, self.line, self.taken = header, line, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = (self.header + self.line * (len(buffer) // len(self.line) + 1))[: len(buffer)]
        self.header = b""
        buffer[: len(piece)] = piece
        self.taken += len(piece)
        return len(piece)


@pytest.mark.parametrize(
    ("header", "line"), [(b"id,question,answer\n", b"1,q,a\n"), (b"", b'{"id": 1, "question": "q", "answer": "a"}\n')]
)
def test_csv_and_json_lines_are_read_as_they_are_asked_for(header: bytes, line: bytes) -> None:
    stdin = Endless(header, line)
    answers = read_answers(None, BANK, stdin=stdin).answers  # type: ignore[arg-type]
    assert [answer.text for answer in islice(answers, 1000)] == 1000 * ["a"]
    assert stdin.taken < 300_000


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_memory_does_not_grow_with_the_file(put: Any, name: str) -> None:
    rows = [LONG[0], *([["c", "rude-customer", 500 * "word ", "x"]] * 4000)]
    path = put(as_csv(rows) if name == "a.csv" else as_jsonl(rows), name)
    assert path.stat().st_size > 10_000_000
    list(islice(read_answers(path, BANK).answers, 3))
    tracemalloc.start()
    try:
        assert sum(1 for _ in read_answers(path, BANK).answers) == 4000
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("take", [0, 1, 9])
def test_files_are_closed_however_far_they_were_read(put: Any, name: str, take: int) -> None:
    path = put(FORMATS[name], name)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table: AnswerTable | None = read_answers(path, BANK)
        assert table is not None
        list(islice(table.answers, take))
        table = None
        gc.collect()
    if Path("/proc/self/fd").is_dir():
        assert path not in [Path(os.path.realpath(link)) for link in Path("/proc/self/fd").iterdir()]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_under_a_name_is_read_once() -> None:
    reader, writer = os.pipe()
    os.write(writer, as_csv(LONG))
    os.close(writer)
    try:
        path = Path(f"/dev/fd/{reader}")
        if not path.exists():
            pytest.skip("no /dev/fd here")
        assert len(read(path)) == 2
    finally:
        os.close(reader)


# --- properties ------------------------------------------------------------------------------------------------------

texts = st.lists(st.text(st.characters(codec="utf-8"), max_size=60), min_size=1, max_size=8)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=texts, delimiter=st.sampled_from(",;\t"), encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
@example(texts=['"', '""', ",", "\r", "\n", "\0", "\ufeff", "\u2028", "'", " a "], delimiter=",", encoding="utf-8")
def test_any_texts_survive_csv(put: Any, texts: list[str], delimiter: str, encoding: str) -> None:
    rows = [["id", "question", "answer"], *([f"c{n}", "rude-customer", text] for n, text in enumerate(texts))]
    answers = read(put(as_csv(rows, encoding, delimiter)))
    assert [(answer.text, answer.unreadable) for answer in answers] == [(text, "") for text in texts]
    assert [answer.candidate_id for answer in answers] == [row[0] for row in rows[1:]]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=texts, array=st.booleans(), ascii_only=st.booleans())
def test_any_texts_survive_json(put: Any, texts: list[str], array: bool, ascii_only: bool) -> None:
    objects = [{"id": f"c{n}", "question": "rude-customer", "answer": text} for n, text in enumerate(texts)]
    dumped = [json.dumps(item, ensure_ascii=ascii_only) for item in objects]
    answers = read(put("[" + ",".join(dumped) + "]" if array else "\n".join(dumped), "a.jsonl"))
    assert [(answer.text, answer.unreadable) for answer in answers] == [(text, "") for text in texts]
    assert [answer.row for answer in answers] == list(range(1, len(texts) + 1))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.text(st.characters(codec="utf-8"), max_size=40), min_size=2, max_size=2))
def test_any_texts_survive_wide_csv(put: Any, texts: list[str]) -> None:
    answers = read(put(as_csv([["id", RUDE, PRESSURE], ["1", *texts]])))
    assert [(answer.text, answer.unreadable) for answer in answers] == [(text, "") for text in texts]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.one_of(st.binary(max_size=300), st.text(alphabet='a1,;\t"\n\r{}[]:\0é ', max_size=200).map(str.encode)),
    head=st.sampled_from(
        [b"", b"id,question,answer\n", b"id,rude-customer\n", b'{"id": 1, "answer": "a", "question": "q"}\n', b"["]
    ),
    ending=st.sampled_from([".csv", ".jsonl", ".json", ".xlsx", ".xls", ".ods", ""]),
)
def test_nothing_but_answers_or_an_answers_error_comes_of_any_bytes(
    put: Any, content: bytes, head: bytes, ending: str
) -> None:
    try:
        answers = read(put(head + content, "any" + ending))
    except AnswersError:
        return
    assert all(answer.candidate_id and answer.row >= 1 for answer in answers)


@pytest.mark.parametrize("name", ["a.xlsx", "a.ods", "a.xls"])
def test_damaged_workbooks_give_answers_or_an_answers_error(put: Any, name: str) -> None:
    whole = (DATA / "long.xls").read_bytes() if name == "a.xls" else FORMATS[name]
    chance = random.Random(name)
    for _ in range(40):
        damaged = bytearray(whole)
        for _ in range(chance.randint(1, 6)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        path = put(bytes(damaged[: chance.choice([len(damaged), chance.randrange(len(damaged))])]), name)
        with contextlib.suppress(AnswersError):
            read(path)


MODULES = sorted(path.stem for path in Path(importlib.import_module("evaluator.answers").__path__[0]).glob("[a-z]*.py"))


@pytest.mark.parametrize("module", MODULES)
def test_examples_in_docstrings(module: str) -> None:
    assert doctest.testmod(importlib.import_module(f"evaluator.answers.{module}")).failed == 0


def fields(answer: Answer) -> dict[str, Any]:
    return {name: getattr(answer, name) for name in Answer.__dataclass_fields__}


def test_a_damaged_page_of_parquet_is_an_error_and_a_cell_that_is_not_utf_8_stops_nothing(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    path = tmp_path / "answers.parquet"
    offsets, data = (pyarrow.py_buffer(content) for content in (b"\0\0\0\0\x0a\0\0\0", b"Jos\xe9 waits"))
    said = pyarrow.Array.from_buffers(pyarrow.string(), 1, [None, offsets, data])
    columns = {"candidate_id": ["c1"], "question_id": ["rude-customer"], "answer": said}
    parquet.write_table(pyarrow.table(columns), path, compression="none", use_dictionary=False)
    (answer,) = read_answers(path, BANK).answers
    assert answer.text == "Jos\ufffd waits"
    content = bytearray(path.read_bytes())
    content[4:60] = bytes(56)
    path.write_bytes(content)
    with pytest.raises(AnswersError, match=r"answers\.parquet: reading stopped at a damaged page"):
        list(read_answers(path, BANK).answers)
