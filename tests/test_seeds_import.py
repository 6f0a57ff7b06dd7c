"""`evaluator seeds import`: files, messages, exit codes; what is written is read again, and never overwritten unasked."""

import json
import re
import shlex
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from make_documents import docx_bytes, encrypted_pdf, pdf_bytes, put

from evaluator.cli import main
from evaluator.documents import Part, import_document, read_passages
from evaluator.documents.writing import render
from evaluator.errors import DocumentError
from evaluator.seeds import read_digest

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "tests" / "data" / "documents"
GUIDE = (ROOT / "docs" / "importing.md").read_text(encoding="utf-8")


def run(*arguments: str | Path, env: dict[str, str] | None = None) -> Result:
    return CliRunner().invoke(main, ["seeds", *map(str, arguments)], env=env)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def note(tmp_path: Path) -> Path:
    return put(
        tmp_path / "note.txt", "I listen to the customer first.\n\nThen I apologise for the delay at the counter.\n"
    )


@pytest.fixture
def drafts(tmp_path: Path) -> Path:
    return tmp_path / "drafts"


def test_every_format_becomes_a_draft_with_provenance(tmp_path: Path, drafts: Path) -> None:
    files = [*sorted(SAMPLES.iterdir()), put(tmp_path / "a.docx", docx_bytes()), put(tmp_path / "b.pdf", pdf_bytes())]
    result = run("import", *files, "-o", drafts, "--date", "2024-02-03")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [str(drafts / f"{file.stem}.md") for file in files]
    for file in files:
        digest = read_digest(drafts / f"{file.stem}.md")
        document = import_document(file)
        assert (digest.status, digest.original, digest.sha256) == ("draft", file.name, document.sha256)
        assert digest.tool.startswith("evaluator ") and digest.imported == date(2024, 2, 3)
        passages = read_passages(drafts / f"{file.stem}.passages.jsonl")
        assert [one.text for one in passages] == [one.text for one in document.passages]
        assert list(digest.points) == [one.text for one in passages if one.proposed]
        dropped = [json.loads(line) for line in (drafts / f"{file.stem}.dropped.jsonl").read_text().splitlines()]
        assert all(one["reason"] and one["text"] and one["place"]["line_start"] > 0 for one in dropped)
    assert read_passages(drafts / "b.passages.jsonl")[1].place.page == 2
    assert read_passages(drafts / "answers-page.passages.jsonl")[0].part is Part.ANSWER


def test_a_second_import_changes_nothing_on_another_day_neither(note: Path, drafts: Path) -> None:
    assert run("import", note, "-o", drafts, "--date", "2024-02-03").exit_code == 0
    before = contents(drafts)
    again = run("import", note, "-o", drafts, "--date", "2024-02-04")
    assert again.exit_code == 0 and again.stderr == "note.txt: unchanged\n"
    assert contents(drafts) == before


def test_two_folders_get_the_same_bytes(note: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        run(
            "import",
            note,
            SAMPLES / "video-summary.txt",
            "-o",
            tmp_path / name,
            env={"SOURCE_DATE_EPOCH": "1700000000"},
        )
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    assert read_digest(tmp_path / "one" / "note.md").imported == date(2023, 11, 14)


def test_a_bad_epoch_is_said(note: Path, drafts: Path) -> None:
    result = run("import", note, "-o", drafts, env={"SOURCE_DATE_EPOCH": "soon"})
    assert result.exit_code == 1 and "SOURCE_DATE_EPOCH is not a number" in result.stderr and not drafts.exists()


@pytest.mark.parametrize("name", ["note.md", "note.passages.jsonl", "note.dropped.jsonl"])
def test_what_a_person_edited_is_never_overwritten_unasked(note: Path, drafts: Path, name: str) -> None:
    note.write_text(note.read_text() + "\nShare\n")
    run("import", note, "-o", drafts)
    edited = drafts / name
    edited.write_text(edited.read_text().replace("customer", "patient").replace("Share", "Shared"))
    before = contents(drafts)
    same = run("import", note, "-o", drafts)
    assert same.exit_code == 0 and "edited by a person, left as it is" in same.stderr
    note.write_text("The document says something else today.")
    changed = run("import", note, "-o", drafts)
    assert changed.exit_code == 1 and "note.txt: has changed" in changed.stderr and "--force" in changed.stderr
    assert contents(drafts) == before
    assert run("import", note, "-o", drafts, "--force").exit_code == 0
    assert read_digest(drafts / "note.md").points == ("The document says something else today.",)


def test_an_untouched_draft_follows_its_document(note: Path, drafts: Path) -> None:
    run("import", note, "-o", drafts)
    note.write_text("The document says something else today.")
    result = run("import", note, "-o", drafts)
    assert result.exit_code == 0 and "1 passages" in result.stderr
    assert read_digest(drafts / "note.md").points == ("The document says something else today.",)


@pytest.mark.parametrize(
    ("there", "says"),
    [
        ("anything", "is no digest"),
        ("---\nid: note\ntitle: T\nkind: k\npublisher: p\ndate: null\nlanguage: en\noriginal: note.txt\nsha256: "
         f"{'a' * 64}\n---\n1. x\n", "was not made by an import"),
    ],
)  # fmt: skip
def test_a_file_in_the_way_is_left_alone(note: Path, drafts: Path, there: str, says: str) -> None:
    drafts.mkdir()
    put(drafts / "note.md", there)
    result = run("import", note, "-o", drafts)
    assert result.exit_code == 1 and says in result.stderr
    assert contents(drafts) == {"note.md": there.encode()}


def test_two_documents_of_one_name_do_not_overwrite_each_other(note: Path, tmp_path: Path, drafts: Path) -> None:
    other = put(
        tmp_path / "note.html", "<html><body><p>Something else stands here about the counter.</p></body></html>"
    )
    result = run("import", note, other, "-o", drafts)
    assert result.exit_code == 1 and "was made from note.txt" in result.stderr
    assert read_digest(drafts / "note.md").original == "note.txt"


def test_one_bad_file_does_not_stop_the_others(note: Path, tmp_path: Path, drafts: Path) -> None:
    bad = put(tmp_path / "locked.pdf", encrypted_pdf("secret"))
    result = run("import", bad, tmp_path / "none.txt", note, "-o", drafts)
    assert result.exit_code == 1
    assert result.stdout == f"{drafts / 'note.md'}\n"
    assert "Error: locked.pdf: is protected by a password" in result.stderr
    assert "Error: none.txt: no such file" in result.stderr
    assert "2 of 3 documents could not be imported." in result.stderr


def test_no_file_is_a_usage_error() -> None:
    assert run("import").exit_code == 2


def test_repeats_across_documents_are_marked(note: Path, tmp_path: Path, drafts: Path) -> None:
    copy = put(tmp_path / "other.txt", note.read_text() + "\nI bring the prescription to the counter myself.\n")
    assert "2 repeat another" in run("import", note, copy, "-o", drafts).stderr
    first = read_passages(drafts / "note.passages.jsonl")
    second = read_passages(drafts / "other.passages.jsonl")
    assert [one.duplicate_of for one in second] == [first[0].id, first[1].id, None]
    assert [one.duplicate_of for one in first] == [None, None]
    assert run("import", note, copy, "-o", drafts).stderr == "note.txt: unchanged\nother.txt: unchanged\n"


def test_a_copy_of_a_document_makes_a_draft_without_points(note: Path, tmp_path: Path, drafts: Path) -> None:
    text = "Then I apologise for the long delay at the counter."
    note.write_text(text)
    assert run("import", note, put(tmp_path / "copy.txt", text), "-o", drafts).exit_code == 0
    assert read_digest(drafts / "copy.md").points == ()


def test_a_given_question_is_kept(drafts: Path, tmp_path: Path) -> None:
    page = put(
        tmp_path / "a.txt",
        "↳\nI stay calm with rude people.\n↳\nI like cake.\n↳\nCalm people get a calm voice from me.\n",
    )
    question = "How do you treat rude people: calmly?"
    assert run("import", page, "-o", drafts, "--question", question).exit_code == 0
    assert read_digest(drafts / "a.md").question == question
    assert [one.answers_question for one in read_passages(drafts / "a.passages.jsonl")] == [True, False, None]
    assert run("import", page, "-o", drafts).stderr == "a.txt: unchanged\n"


def test_check_tells_drafts_and_changed_originals(note: Path, drafts: Path) -> None:
    run("import", note, "-o", drafts)
    fine = run("check", "--seeds", drafts, "--originals", note.parent)
    assert fine.exit_code == 0, fine.output
    assert "note: 2 points (article, no date), DRAFT" in fine.stdout and "Only drafts" in fine.stderr
    note.write_text("Changed.")
    changed = run("check", "--seeds", drafts, "--originals", note.parent)
    assert changed.exit_code == 1
    assert "note.txt has changed. Import it again." in changed.stdout


def test_shipped_digests_are_no_drafts() -> None:
    assert "DRAFT" not in run("check").stdout


@pytest.mark.parametrize(
    ("line", "says"),
    [("{", "line 1"), ('{"id": "a"}', "line 1: text"), ('{"id": "a", "text": "b", "part": "poem"}', "part")],
)
def test_a_faulty_passages_file_is_named(tmp_path: Path, line: str, says: str) -> None:
    with pytest.raises(DocumentError, match=rf"a\.jsonl line 1.*{says.removeprefix('line 1: ')}|a\.jsonl line 1"):
        read_passages(put(tmp_path / "a.jsonl", line + "\n"))


def test_a_strange_title_stays_one_line_of_front_matter(tmp_path: Path) -> None:
    title = "Calm: 'a' \"b\" # & *c* {d} --- !e"
    path = put(tmp_path / "a.md", f"# {title}\n\nI listen to customers at the counter.\n")
    document = import_document(path)
    put(tmp_path / "draft.md", render(document, date(2024, 1, 1))["a.md"])
    assert read_digest(tmp_path / "draft.md").title == document.title
    assert document.title.startswith("Calm: 'a' \"b\" # &")


COMMANDS = [
    line.removeprefix(".venv/bin/evaluator ") for line in GUIDE.splitlines() if line.startswith(".venv/bin/evaluator")
]


def test_the_commands_of_the_guide_run_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "saved").mkdir()
    for name in ("answers-page.txt", "page.html", "captions.vtt"):
        put(tmp_path / "saved" / name, (SAMPLES / name).read_bytes())
    assert len(COMMANDS) >= 4
    for command in COMMANDS:
        result = CliRunner().invoke(main, shlex.split(command))
        assert result.exit_code == 0, f"{command}\n{result.output}"


def test_the_python_example_of_the_guide_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "saved").mkdir()
    put(tmp_path / "saved" / "answers-page.txt", (SAMPLES / "answers-page.txt").read_bytes())
    monkeypatch.chdir(tmp_path)
    exec(GUIDE.split("```python\n")[1].split("```")[0], {})
    assert capsys.readouterr().out.startswith("line 5 I let the patient speak")


def test_the_guide_names_every_field_and_part() -> None:
    record = json.loads(
        render(import_document(SAMPLES / "guide.md"), date(2024, 1, 1))["guide.passages.jsonl"].splitlines()[0]
    )
    for name in (*record, *record["place"], *Part):
        assert re.search(rf"`{name}`", GUIDE), name


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "page.html",
            "<html><body><time datetime='0000-00-00T00:00:00'></time><p>I listen to the customer first.</p></body></html>",
        ),
        ("note.md", "---\ndate: 2024-02-30\n---\n\nI listen to the customer first.\n"),
        ("note.txt", "Updated 2024-13-01\n\nI listen to the customer first.\n"),
    ],
)
def test_a_day_that_is_none_is_no_date(name: str, text: str, tmp_path: Path, drafts: Path, note: Path) -> None:
    result = run("import", put(tmp_path / name, text), "-o", drafts)
    assert result.exit_code == 0, result.output
    assert not read_digest(drafts / f"{Path(name).stem}.md").date
