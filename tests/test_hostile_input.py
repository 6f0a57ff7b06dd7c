"""Hostile input: each row is a file or a text that a stranger may send, and what the program promises to do with it.

The clock is in ``benchmarks/hostile.py``; here the work is bounded by what is cut, counted and refused.
"""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import zipfile
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from fakes import engine, small_bank
from hostile import FIRE, HARMLESS, PAYLOADS, TEXTS, poisoned, rendered
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from openpyxl import load_workbook

from evaluator import loading
from evaluator.answers import read_answers, spreadsheet
from evaluator.bank import load_bank
from evaluator.cli import main
from evaluator.destination import Destination
from evaluator.documents.importing import import_document
from evaluator.domain import Answer, FlagKind
from evaluator.errors import AnswersError, CalibrationError, EvaluatorError, ModelError
from evaluator.loading import SHIPPED_CALIBRATION, load_calibration
from evaluator.manifest import read_manifest
from evaluator.models import encoder
from evaluator.models.encoder import DEFAULT_MODEL_PACKAGE, default_model_folder, load_encoder, model_folder
from evaluator.neutral_cells import neutral_cell
from evaluator.outputs import write_results
from evaluator.page_names import page_name, page_names
from evaluator.report.visible import one_line
from evaluator.results import read_results, to_json_line
from evaluator.reviews import read_decisions
from evaluator.seeds import read_digest
from evaluator.spans import WINDOW_CHARS
from evaluator.stored import HeldResults
from evaluator.text import MAX_ANSWER_CHARS, normalise, segment
from evaluator.whole_files import write_file
from evaluator.workbook import workbook_bytes
from evaluator.yamlfile import YamlFault, read_yaml

BANK = small_bank()
ENGINE = engine(BANK)


# Formulas: neutral in CSV, typed as text in XLSX

SIGNS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\ufe66", "\ufe62", "\ufe63", "\ufe6b", "\u2212")
BEFORE = ("", " ", "  ", "\t", "\r", "\n", "\xa0", "\u3000", "\u200b", "\ufeff", "\u202e", "\u2060", "\u00ad", "\x00")
FORMULAS = (
    *(f"{space}{sign}1+cmd|' /C calc'!A0" for space in BEFORE for sign in SIGNS),
    "\tcmd",
    "\rcmd",
    "\ncmd",
    # A program that divides at semicolons or tabs, or at a line break, begins a cell in the middle of ours.
    "Ana;=HYPERLINK(A1)",
    "Ana; =1",
    "Ana;\u200b=1",
    "Ana\t=1",
    "Ana\n=1",
    "Ana\r\n\t@SUM(A1)",
    'Ana";=1;"',
)  # fmt: skip
PLAIN = ("", "Ana", "a-b", "a = b", "a;b", "1-2", "x@example.org", "'", "a\nb", "so; then", "50%", "C-101", "\u200bAna")


def sent(text: str) -> HeldResults:
    """Return results of answers that hold a text wherever a table of them does."""
    answers = [Answer(text, text, "I listen.", 2, extra={text or "x": text}), Answer("b", "rude-customer", text, 3)]
    return HeldResults(ENGINE.evaluate(answers))


def cells_of(text: str, delimiter: str) -> list[str]:
    """Return what a program that divides at one delimiter puts into cells; quotation marks bind at the start only."""
    return [cell for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) for cell in row]


def begins_a_formula(cell: str) -> bool:
    seen = re.sub(r"^[\s\x00-\x1f\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]+", "", cell)
    return seen.startswith(SIGNS)


def is_number(cell: str) -> bool:
    return bool(re.fullmatch(r"-?\d+(?:\.\d+)?", cell))


@pytest.mark.parametrize("text", FORMULAS, ids=ascii)
def test_a_formula_is_neutral_in_csv_whatever_divides_its_cells(text: str, tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    write_results(sent(text), Destination(("csv",), path, False))
    written = path.read_bytes().decode()
    for delimiter in (",", ";", "\t"):
        assert not [cell for cell in cells_of(written, delimiter) if begins_a_formula(cell) and not is_number(cell)]
    cells = cells_of(written, ",")
    assert text not in cells and not [cell for cell in cells if cell.startswith(("\t", "\r", "\n"))]


@pytest.mark.parametrize("text", PLAIN, ids=ascii)
def test_what_is_no_formula_stays_as_it_is(text: str) -> None:
    assert neutral_cell(text) == text


def test_a_formula_is_typed_as_text_in_a_workbook(tmp_path: Path) -> None:
    path = tmp_path / "out.xlsx"
    answers = [Answer(text, text, text, extra={"extra": text, text: text}) for text in FORMULAS]
    write_results(HeldResults(ENGINE.evaluate(answers)), Destination(("xlsx",), path, False))
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert not [name for name, part in parts.items() if b"<f>" in part or b"<f " in part or b"externalLink" in part]
    cells = [
        cell for sheet in load_workbook(path) for row in sheet.iter_rows() for cell in row if cell.value is not None
    ]
    assert {cell.data_type for cell in cells} <= {"s", "n", "inlineStr"}
    held = [cell for cell in cells if isinstance(cell.value, str) and begins_a_formula(cell.value)]
    assert len(held) >= 4 * (len(FORMULAS) - 10) and all(cell.quotePrefix for cell in held)


# Markup: escaped in every page


class Shape(HTMLParser):
    """What a browser would build of a page: elements with the names of their attributes, addresses, and the text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: Counter[tuple[str, ...]] = Counter()
        self.addresses: set[str] = set()
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements[tag, *sorted(name for name, _ in attrs)] += 1
        self.addresses |= {value or "" for name, value in attrs if name in {"href", "src", "action", "data", "srcset"}}

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_decl(self, decl: str) -> None:
        self.elements["declaration", decl] += 1

    def handle_comment(self, data: str) -> None:
        self.elements["comment", data] += 1


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_markup_in_every_field_is_shown_as_text(payload: str) -> None:
    """The page has the elements, attributes and kinds of address that it has for plain words, and shows the payload."""
    pages = rendered(poisoned(payload))
    for name, page in rendered(poisoned(HARMLESS)).items():
        if name.endswith(".html"):
            shape = Shape(pages[name])
            expected = Shape(page)
            # Lists of passages are as long as a text has passages; what they are made of stays the same.
            assert set(shape.elements) <= set(expected.elements), name
            assert not [a for a in shape.addresses if not re.fullmatch(r"#[\w-]+|\./[\w./~%-]+(?:#[\w-]+)?", a)], name
            flat = " ".join(shape.text.split())
            assert one_line(payload) in flat, name
            assert str(7 * 191) not in flat
            assert not re.search("[\x00\x1b\u202e\u2028]", pages[name])


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_markup_makes_no_html_link_or_heading_in_markdown(payload: str) -> None:
    pages = rendered(poisoned(payload))
    for name, page in rendered(poisoned(HARMLESS)).items():
        if name.endswith(".md"):
            own, expected = kinds(pages[name]), kinds(page)
            for kind in (
                "html_block",
                "html_inline",
                "image",
                "fence",
                "code_block",
                "heading_open",
                "link_open",
                "table_open",
            ):
                assert own[kind] <= expected[kind], (name, kind)


def kinds(markdown: str) -> Counter[str]:
    """Return what a reader of Markdown makes of a text: how many tokens of each kind."""
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(markdown)
    return Counter(inner.type for token in tokens for inner in (token, *(token.children or ())))


def test_the_payloads_would_do_something() -> None:
    """So that the tests above can fail: unescaped, nearly all of them make elements, and the rest links or numbers."""
    assert len(PAYLOADS) >= 30
    assert sum(bool(Shape(payload).elements) for payload in PAYLOADS) >= 20
    assert sum(FIRE[7:] in payload for payload in PAYLOADS) >= 20


# YAML: refused with file, line and cure, before anything grows

BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(9 * [f'*{chr(97 + n)}'])}]\n" for n in range(8)
)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (BOMB, "line 1: anchors, aliases and tags are not allowed"),
        ("id: !!python/object/apply:os.system ['true']\n", "line 1: anchors, aliases and tags"),
        ("id: !!python/name:os.system\n", "line 1: anchors, aliases and tags"),
        ("id: !include /etc/passwd\n", "line 1: anchors, aliases and tags"),
        ("id: a\nquestion: b\nid: c\n", "line 3: 'id' is given twice"),
        ("<<: {id: a}\nid: b\n", "line 1: not valid YAML"),
        ("id: a\nquestion: " + "[" * 100_000, "line 2: nested too deeply"),
        ("id: a\nquestion: " + "9" * 100_000, "line 2: "),
        ("id: a\nquestion: \x00\n", "line 2: character #x0000"),
        ("x" * 50_000_000, "line 1: the file is larger than 2 MB"),
    ],
    ids=lambda value: ascii(value)[:24],
)
def test_a_bank_of_hostile_yaml_is_refused(tmp_path: Path, content: str, says: str) -> None:
    path = tmp_path / "question.yaml"
    path.write_text(content)
    with pytest.raises(YamlFault, match=re.escape(says)):
        read_yaml(path)
    with pytest.raises(EvaluatorError, match=re.escape(f"question.yaml {says}")):
        load_bank(tmp_path)


# Workbooks: refused by what their parts say they unpack to, and read where little memory is


def packed(parts: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def workbook() -> bytes:
    return workbook_bytes(list(ENGINE.evaluate([Answer("a", "rude-customer", "I listen.")])), FLAT)


FLAT = [
    [
        *"candidate_id question_id score level unscored needs_review flags covered partly missed contradicted contributions".split()
    ],
    ["a", "rude-customer", 1.0, 1, "", "no", "", 0, 0, 0, 0, ""],
]
SHEET = "xl/worksheets/sheet1.xml"
ENTITIES = "<!DOCTYPE a [<!ENTITY a 'aaaaaaaaaa'>{}]><a>&j;</a>".format(
    "".join(f"<!ENTITY {chr(98 + n)} '{10 * f'&{chr(97 + n)};'}'>" for n in range(9))
)
LIES = packed({SHEET: b"<a>" + b" " * 3_000_000})
REFUSED_WORKBOOKS = {
    "sum of sizes": packed({f"xl/media/{n}.bmp": bytes(30_000_000) for n in range(8)}),
    "ratio": packed({SHEET: bytes(20_000_000)}),
    "a size that is not true": LIES.replace((3_000_003).to_bytes(4, "little"), (30_003).to_bytes(4, "little")),
    "a bomb in a bomb": packed({"xl/a.zip": packed({"b": bytes(20_000_000)}), SHEET: bytes(20_000_000)}),
    "behind a prefix": b"\0" * 8 + workbook(),
    "behind the head of an old workbook": spreadsheet.OLE_MAGIC + b"\0" * 600 + packed({SHEET: bytes(20_000_000)}),
    "entities": packed({SHEET: ENTITIES.encode()}),
    "an external entity": packed({SHEET: b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>"}),
    "an element without end": packed({SHEET: b"<a>" * 1000}),
    "a password": spreadsheet.OLE_MAGIC + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le") + b"\0" * 600,
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED_WORKBOOKS)
def test_a_hostile_workbook_is_refused_before_it_is_unpacked(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "answers.xlsx"
    path.write_bytes(REFUSED_WORKBOOKS[name])
    asked: list[str] = []
    if name != "an external entity":  # which is not followed, and leaves a sheet that the reader refuses
        monkeypatch.setattr(spreadsheet, "subprocess", SimpleNamespace(run=lambda *_, **__: asked.append(name)))
    with pytest.raises(AnswersError, match=r"answers\.xlsx: ") as caught:
        read_answers(path, BANK)
    assert not asked and "root:" not in str(caught.value)


def test_the_reader_of_workbooks_gets_no_gigabyte() -> None:
    from evaluator.answers import workbook as reader

    assert reader.MAX_MEMORY <= 1 << 30
    assert spreadsheet.MAX_BYTES <= 200_000_000 and spreadsheet.MAX_RATIO <= 200


# Texts: bounded work, and an honest word about what was not read


@pytest.mark.parametrize("name", TEXTS)
def test_a_hostile_text_takes_bounded_work_and_gets_an_honest_word(name: str) -> None:
    text, reason, ids = TEXTS[name]
    read = normalise(text[: MAX_ANSWER_CHARS + 1])
    pieces = segment(read)
    # What the models are asked about grows with the words that are read, and no piece is longer than a window.
    assert len(pieces) <= 1 + len(text[: MAX_ANSWER_CHARS + 1]) / 4
    assert all(len(piece.text) <= WINDOW_CHARS for piece in pieces)
    (result,) = ENGINE.evaluate([Answer("a", "rude-customer", text)])
    assert (result.unscored.reason if result.unscored else None) == reason
    assert ids <= {flag.id for flag in result.flags}
    assert (result.score is None) == (result.level is None) == (reason is not None)
    if not ids:
        assert not {"hidden_characters", "mixed_script"} & {flag.id for flag in result.flags}
    assert json.loads(to_json_line(result))["candidate_id"] == "a"


ROW = "a,rude-customer,My voice stays low \u2013 na\u00efve \u201cquotes\u201d"
CSV = f"candidate_id,question_id,answer\n{ROW}\n"


@pytest.mark.parametrize(
    ("content", "outcome"),
    [
        (CSV.encode(), None),
        (CSV.encode("utf-8-sig"), None),
        (CSV.encode("cp1252"), None),
        (CSV.encode("utf-16"), None),
        (CSV.encode("utf-16-be"), "is not text"),
        (CSV.encode("utf-32"), "is not text"),
        (b"\xff\xfe" + CSV.encode("utf-16-le")[:-1], None),
        (CSV.encode().replace(b"\n", b"\r"), None),
        (b"\x1f\x8b" + bytes(range(256)), "is not text"),
        (bytes(1000), "is not text"),
        (b"", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
    ],
    ids=ascii,
)  # fmt: skip
def test_encodings_are_read_or_refused_and_never_guessed_wrong(
    content: bytes, outcome: str | None, tmp_path: Path
) -> None:
    path = tmp_path / "answers.csv"
    path.write_bytes(content)
    if outcome is None:
        (answer,) = read_answers(path, BANK).answers
        assert answer.text.startswith(ROW.split(",")[2])
        return
    with pytest.raises(AnswersError, match=outcome):
        list(read_answers(path, BANK).answers)


# Ids as paths: pages stay in the folder, each has its own, links are not followed

CLASH = ("\u200b\u200b\u200b\u200b\u200b\u200b\u8c3b\u3041", "\u81e5\u3042")
"""Two ids of which eight digits of the digest are the same."""
IDS = (
    "../x", "..", ".", "/etc/passwd", "..\\..\\x", "C:\\x", "CON", "con", "NUL.txt", "aux.", "a/b", "a\\b", "a\x00b", "x" * 300,
    "\U0001f469\u200d\u2695\ufe0f", "\U0001f600", "Anna", "ANNA", "anna", "stra\u00dfe", "STRASSE", "e\u0301", "\u00e9", " a", "a",
    "a ", "-rf", "~", "$HOME", "`id`", "*", "?", "index", "index.html", "results", "results.jsonl", ".hidden", "%2e%2e%2fx",
    "a\nb", "\u202egpj.exe", "", *CLASH,
)  # fmt: skip


def test_ids_as_paths_stay_in_the_folder_and_are_unique(tmp_path: Path) -> None:
    folder = tmp_path / "out" / "reports"
    results = HeldResults(ENGINE.evaluate(Answer(id, "rude-customer", f"unheard{n}word") for n, id in enumerate(IDS)))
    write_results(results, Destination(("html", "md", "csv", "jsonl"), folder, True))
    assert {path.name for path in tmp_path.iterdir()} == {"out"}
    assert {path.name for path in folder.parent.iterdir()} == {"reports"}
    written = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))
    assert len(written) == 2 * len(set(IDS)) + 4
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9-]{0,110}\.(?:html|md|csv|jsonl)", name) for name in written)
    assert len({name.casefold() for name in written}) == len(written)
    index = (folder / "index.html").read_text()
    linked = {address.removeprefix("./").split("#")[0] for address in Shape(index).addresses}
    assert {name for name in written if name.endswith(".html")} - {"index.html"} <= linked
    for number, id in enumerate(IDS):
        assert f"unheard{number}word" in (folder / f"{page_names(IDS)[id]}.html").read_text()


def test_two_candidates_whose_short_names_clash_are_told_apart_and_purged_apart(tmp_path: Path) -> None:
    assert page_name(CLASH[0]) == page_name(CLASH[1])
    results = HeldResults(ENGINE.evaluate(Answer(id, "rude-customer", "I listen.") for id in CLASH))
    write_results(results, Destination(("html", "jsonl"), tmp_path, True))
    assert len(list(tmp_path.glob("candidate-*.html"))) == 2
    assert CliRunner().invoke(main, ["purge", CLASH[0], "--in", str(tmp_path)]).exit_code == 0
    (left,) = tmp_path.glob("candidate-*.html")
    assert one_line(CLASH[1]) in left.read_text()


@pytest.mark.parametrize("form", ["jsonl", "csv", "xlsx"])
@pytest.mark.parametrize("aim", ["a file", "nothing", "a folder"])
def test_a_link_in_the_place_of_a_target_is_refused(form: str, aim: str, tmp_path: Path) -> None:
    victim, target = tmp_path / "victim", tmp_path / "out"
    if aim == "a folder":
        victim.mkdir()
    elif aim == "a file":
        victim.write_text("mine")
    target.symlink_to(victim)
    with pytest.raises(EvaluatorError, match=r"is a link|is a folder"):
        write_results(sent("x"), Destination((form,), target, False))
    with pytest.raises(EvaluatorError, match=r"is a link|is a folder"):
        write_file(target, b"x")
    assert target.is_symlink() and [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    assert aim != "a file" or victim.read_text() == "mine"
    assert aim != "nothing" or not victim.exists()


@pytest.mark.parametrize("name", ["results.partial", "results.csv", "index.html", "manifest.json"])
def test_a_link_within_the_folder_of_a_run_is_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "load_engine", lambda *_, **__: ENGINE)
    answers, folder, victim = tmp_path / "a.csv", tmp_path / "out", tmp_path / "victim"
    answers.write_text(CSV)
    folder.mkdir()
    victim.write_text("mine")
    (folder / name).symlink_to(victim)
    done = CliRunner().invoke(main, ["score", str(answers), "--format", "html,csv", "-o", str(folder)])
    assert done.exit_code == 1 and "is a link" in done.stderr
    assert victim.read_text() == "mine"


# Models: nothing that can run code, and no other weights than the published ones


def pickle_only(folder: Path) -> None:
    (folder / "pytorch_model.bin").write_bytes(b"\x80\x04.")


def pickle_in_a_module(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"")
    (folder / "2_Dense").mkdir()
    (folder / "2_Dense" / "pytorch_model.bin").write_bytes(b"\x80\x04.")


def program_as_a_module(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"")
    (folder / "evil.py").write_text("raise SystemExit('run')")
    (folder / "modules.json").write_text(json.dumps([{"idx": 0, "name": "0", "path": "", "type": "evil.Module"}]))


def modules_that_are_none(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"")
    (folder / "modules.json").write_text("[" * 100_000)


@pytest.mark.parametrize(
    ("fill", "says"),
    [
        (lambda _: None, "no \\*.safetensors here"),
        (pickle_only, "pickle format can run code and are refused"),
        (pickle_in_a_module, "2_Dense: no \\*.safetensors here"),
        (program_as_a_module, "'evil.Module' is a program of the model's own"),
        (modules_that_are_none, "not a list of modules"),
    ],
)
def test_a_model_that_can_run_code_is_refused(fill: object, says: str, tmp_path: Path) -> None:
    fill(tmp_path)  # type: ignore[operator]
    with pytest.raises(ModelError, match=says):
        model_folder(str(tmp_path))
    with pytest.raises(ModelError, match=says):
        load_encoder(str(tmp_path))


def test_the_default_model_with_other_weights_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / DEFAULT_MODEL_PACKAGE
    shutil.copytree(default_model_folder(), package / "model", ignore=shutil.ignore_patterns("*.safetensors"))
    (package / "model" / "model.safetensors").write_bytes(b"other weights")
    monkeypatch.setattr(encoder, "default_model_folder", lambda: package / "model")
    with pytest.raises(ModelError, match="is not the published 53aa51172d14"):
        load_encoder()


# Any bytes at all: every reader gives its values or one error of ours, and so does the whole pipeline

FEW = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
RESULT = to_json_line(ENGINE.evaluate_one("rude-customer", "My voice stays low and my breathing slow.")).encode()
QUESTION = Path("reference_answers/rude-customer.yaml")
STARTS: dict[str, tuple[bytes, ...]] = {
    "answers.csv": (CSV.encode(), b"candidate_id;How do you handle a rude customer?\na;I listen\n"),
    "answers.jsonl": (b'{"candidate_id": "a", "question_id": "rude-customer", "answer": "I listen."}\n', b"[{}]"),
    "answers.xlsx": (workbook(), b"PK\x03\x04"),
    "results.jsonl": (RESULT + b"\n", b"{}\n"),
    "question.yaml": (b"id: a\nquestion: What?\nmodel_answers: [I listen.]\n", b"id: a\nstatus: draft\n"),
    "digest.md": (b"---\nid: a\ntitle: A\nkind: note\npublisher: P\ndate: 2020-01-01\nlanguage: en\noriginal: a.txt\n"
                  b"sha256: " + b"0" * 64 + b"\n---\n1. Listen.\n2. Stay calm.\n",),
    "page.html": (b"<html><body><p>I listen to the customer until they are done.</p></body></html>",),
    "note.txt": (b"How do you handle a rude customer?\n\nI listen to them.\n", b"0:01 I listen\n0:05 to them\n"),
    "manifest.json": (b'{"schema": "evaluator-manifest/1", "inputs": [], "outputs": [], "options": {}}',),
    "decisions.csv": (b"candidate_id,question_id,reviewer_level,reviewer_note\na,rude-customer,3,fine\n",),
    "calibration.json": (SHIPPED_CALIBRATION.read_bytes(),),
}  # fmt: skip
READERS = {
    "answers.csv": lambda path: list(read_answers(path, BANK).answers),
    "answers.jsonl": lambda path: list(read_answers(path, BANK).answers),
    "answers.xlsx": lambda path: list(read_answers(path, BANK).answers),
    "results.jsonl": lambda path: read_results(path, BANK),
    "question.yaml": lambda path: load_bank(path.parent),
    "digest.md": read_digest,
    "page.html": import_document,
    "note.txt": import_document,
    "manifest.json": read_manifest,
    "decisions.csv": read_decisions,
    "calibration.json": load_calibration,
}


@st.composite
def damaged(draw: st.DrawFn, starts: tuple[bytes, ...]) -> bytes:
    """Return a file that is nearly sound: pieces of it replaced by other bytes or by what means something to a parser."""
    data = draw(st.sampled_from(starts))
    marks = [b"\0", b'"', b"'", b"\n", b"---\n", b"[" * 50, b"{" * 50, b": ", b"\xff", b"\xed\xa0\x80", b"1e999", b"NaN", b"&a", b"*a", b"!!x"]  # fmt: skip
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(data)))
        gone = draw(st.sampled_from([0, 0, 1, 5, 1000]))
        data = data[:place] + draw(st.one_of(st.sampled_from(marks), st.binary(max_size=6))) + data[place + gone :]
    return draw(st.sampled_from([data, data, data, data[: len(data) // 2], draw(st.binary(max_size=40))]))


@pytest.mark.parametrize("name", READERS)
@FEW
@given(data=st.data())
def test_every_reader_gives_values_or_an_error_of_ours(name: str, data: st.DataObject, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(data.draw(damaged(STARTS[name])))
    try:
        READERS[name](path)
    except EvaluatorError as error:
        assert name in str(error) and len(str(error)) < 2000


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "null", '"x"', "[]"])
@pytest.mark.parametrize("field", ["base", "cuts", "spread"])
def test_a_calibration_of_no_numbers_is_refused(number: str, field: str, tmp_path: Path) -> None:
    held = json.loads(SHIPPED_CALIBRATION.read_text()) | {field: ["?", 2, 3, 4] if field == "cuts" else "?"}
    path = tmp_path / "calibration.json"
    path.write_text(json.dumps(held).replace('"?"', number))
    with pytest.raises(CalibrationError, match=rf"calibration\.json: not a calibration \({field}"):
        load_calibration(path)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
@pytest.mark.parametrize("field", ["score", "weight", "similarity", "probability", "credit", "points"])
def test_results_of_no_numbers_are_refused(number: str, field: str, tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    changed, times = re.subn(rf'"{field}": -?[0-9][0-9.]*', f'"{field}": {number}', RESULT.decode(), count=1)
    assert times
    path.write_text(changed)
    with pytest.raises(EvaluatorError, match=r"results\.jsonl line 1: not a result"):
        read_results(path)


TEXT = st.one_of(st.text(max_size=60), st.sampled_from([*PAYLOADS[:6], *FORMULAS[:6], *IDS[:12], "I listen.", ""]))


@settings(FEW, max_examples=25)
@given(
    rows=st.lists(st.tuples(TEXT, st.sampled_from(["rude-customer", "own-question", "no-question"]), TEXT, TEXT), min_size=1, max_size=4),
    name=TEXT,
)  # fmt: skip
def test_the_whole_pipeline_ends_in_reports_or_an_error_of_ours(
    rows: list[tuple[str, str, str, str]], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "load_engine", lambda *_, **__: ENGINE)
    path, folder = tmp_path / "answers.csv", tmp_path / "out"
    shutil.rmtree(folder, ignore_errors=True)
    with path.open("w", newline="", encoding="utf-8", errors="surrogatepass") as file:
        csv.writer(file).writerows([["candidate_id", "question_id", "answer", name], *rows])
    done = CliRunner().invoke(main, ["score", str(path), "--format", "jsonl,csv,xlsx,html,md", "-o", str(folder)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert done.exit_code in {0, 1, 3}
    if done.exit_code == 1:
        assert "Error: " in done.stderr and not list(folder.glob("*"))
        return
    results = read_results(folder / "results.jsonl")
    assert len(results) == len(list(read_answers(path, BANK).answers))
    assert all(result.unscored or 0 <= result.score <= 100 for result in results)
    assert not [flag for result in results for flag in result.flags if flag.kind not in FlagKind]
    again = CliRunner().invoke(main, ["report", str(folder / "results.jsonl"), "-o", str(folder)])
    assert again.exit_code == 0, again.output
