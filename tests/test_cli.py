"""The command line with the real models: streams, exit codes, formats."""

import json
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from evaluator.cli import main

GOOD = "I let them finish without interrupting, say sorry for the trouble, and look for a solution with the pharmacist."

LONG = f"""candidate_id,question_id,answer,site
a,rude-customer,"{GOOD}",North
b,rude-customer,,North
c,rude-customer,🙂🙂🙂,South
d,rude-customer,"Escucho al cliente con paciencia y le pido disculpas por la espera, siempre con calma.",South
e,rude-custmer,I listen.,South
f,rude-customer,calm,South
g,rude-customer,"<script>alert(1)</script> I listen to the customer and stay calm.",South
"""


def run(*arguments: str, stdin: str | bytes | None = None) -> Result:
    return CliRunner().invoke(main, list(arguments), input=stdin)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the tool tried to reach a network")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    path = tmp_path / "answers.csv"
    path.write_text(LONG, encoding="utf-8")
    return path


def test_help_and_version() -> None:
    assert "person decides" in run("-h").output
    assert run("--version").output.startswith("evaluator, version")


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("score", "nowhere.csv"), 1, "nowhere.csv"),
        (("score",), 2, "Missing argument"),
        (("score", "x.csv", "--format", "docx"), 2, "docx is not among"),
        (("score", "x.csv", "--map", "nonsense"), 2, "COLUMN=QUESTION_ID"),
        (("check", "--question", "rude-custmer", "--answer", "x"), 2, "Did you mean 'rude-customer'"),
        (("check", "--answer", "x"), 2, "--question"),
        (("bank", "show", "rude-custmer"), 2, "Did you mean"),
        (("bank", "list", "--bank", "nowhere"), 1, "no such folder"),
        (("report", "nowhere.jsonl"), 1, "nowhere.jsonl"),
        (("seeds", "check", "--seeds", "nowhere"), 1, "no such folder"),
        (("nonsense",), 2, "No such command"),
    ],
)
def test_errors_say_what_to_do(arguments: tuple[str, ...], code: int, says: str) -> None:
    result = run(*arguments)
    assert result.exit_code == code, result.output
    assert says in result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.output


def test_a_folder_an_empty_file_and_a_missing_column(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "column.csv").write_text("candidate_id,question_id\na,rude-customer\n")
    for name in ("", "empty.csv", "column.csv"):
        result = run("score", str(tmp_path / name))
        assert result.exit_code == 1, result.output
        assert result.stdout == ""


def test_bank_commands() -> None:
    listed = run("bank", "list")
    assert listed.exit_code == 0 and listed.stdout.count("\n") == 12
    shown = run("bank", "show", "rude-customer").stdout
    assert "listens-fully" in shown and "Model answer 1" in shown
    checked = run("bank", "check")
    assert checked.exit_code == 0, checked.output


def test_bank_check_names_file_line_and_cure(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text("id: One\nquestion: What?\nmodel_answers: [I listen.]\n")
    result = run("bank", "check", "--bank", str(tmp_path))
    assert result.exit_code == 1
    assert "one.yaml line 1: id" in result.stdout


def test_seeds_check_and_doctor() -> None:
    assert run("seeds", "check").exit_code == 0
    doctor = run("doctor")
    assert doctor.exit_code == 0 and "BAD" not in doctor.stdout


def test_score_keeps_order_and_says_why_rows_are_unscored(answers: Path) -> None:
    result = run("score", str(answers))
    assert result.exit_code == 3
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [row["candidate_id"] for row in rows] == list("abcdefg")
    reasons = [row["unscored"] and row["unscored"]["reason"] for row in rows]
    assert reasons == [None, "empty", "unreadable", "not_english", "unknown_question", None, None]
    assert rows[0]["level"] >= 3 and rows[0]["extra"] == {"site": "North"}
    for row in rows:
        assert (row["score"] is None) == (row["level"] is None) == (row["unscored"] is not None)
        if row["score"] is not None:
            assert round(sum(part["points"] for part in row["contributions"]), 1) == row["score"]
    assert "row 6" in result.stderr and "Escucho" not in result.stderr


def test_two_runs_give_the_same_bytes_and_report_renders_them_again(answers: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        assert run("score", str(answers), "--format", "jsonl,csv,xlsx,html,md", "-o", str(folder)).exit_code == 3
    names = sorted(path.name for path in first.iterdir())
    assert {"index.html", "index.md", "results.csv", "results.jsonl", "results.xlsx"} <= set(names)
    assert len(names) == 6 + 2 * 7  # the manifest, five indexes and tables, two pages a candidate
    assert all((first / name).read_bytes() == (second / name).read_bytes() for name in names)
    again = tmp_path / "again"
    assert run("report", str(first / "results.jsonl"), "--format", "html", "-o", str(again)).exit_code == 0
    assert all((again / path.name).read_bytes() == path.read_bytes() for path in first.glob("*.html"))
    assert "<script>alert" not in "".join(path.read_text() for path in first.glob("*.html"))


def test_dry_run_shows_the_mapping_and_scores_nothing(tmp_path: Path) -> None:
    wide = tmp_path / "form.csv"
    wide.write_text("Email,How do you handle a rude customer?,Other\nx@example.org,I listen.,y\n", encoding="utf-8")
    result = run("score", str(wide), "--dry-run")
    assert result.exit_code == 0 and result.stdout == ""
    assert "-> rude-customer" in result.stderr


@pytest.mark.parametrize("form", ["text", "json", "html"])
def test_check_from_an_option_and_from_standard_input(form: str) -> None:
    given = run("check", "-q", "rude-customer", "-a", GOOD, "--format", form)
    piped = run("check", "-q", "rude-customer", "--format", form, stdin=GOOD)
    assert given.exit_code == piped.exit_code == 0
    assert given.stdout == piped.stdout
    assert {"text": "acceptable", "json": '"level"', "html": "<!doctype html>"}[form].lower()[
        :5
    ] in given.stdout.lower()


@pytest.mark.parametrize("text", ["", "   \n", "\x00\x00\x00\x00", "🙂"])
def test_check_says_what_cannot_be_judged(text: str) -> None:
    assert run("check", "-q", "rude-customer", "--format", "json", stdin=text).exit_code == 3


def test_five_thousand_words_are_judged_to_the_end() -> None:
    padding = "The weather was fine and the bus was on time. " * 550
    result = run("check", "-q", "rude-customer", "--format", "json", stdin=padding + GOOD)
    points = {point["id"]: point["status"] for point in json.loads(result.stdout)["points"]}
    assert points["listens-fully"] == "covered"


def test_a_bank_of_model_answers_only_works_with_every_command(tmp_path: Path) -> None:
    bank = tmp_path / "bank"
    bank.mkdir()
    (bank / "lost.yaml").write_text(
        "id: lost\nquestion: A customer says you lost their prescription. What do you do?\nmodel_answers:\n"
        "  - I apologise and search for it right away. I check the system and the bins. If it cannot be found I call the "
        "prescriber for a new one, and I tell the customer how long it will take.\n"
    )
    option = ("--bank", str(bank))
    assert run("bank", "list", *option).exit_code == 0
    assert run("bank", "show", "lost", *option).exit_code == 0
    assert run("bank", "check", *option).exit_code == 0
    scores = []
    for text in (
        "I say sorry and look for it at once, in the system and in the bins, and phone the doctor for a new one.",
        "I say sorry and look for it.",
        "My favourite dish is pasta with tomatoes.",
    ):
        result = run("check", *option, "-q", "lost", "-a", text, "--format", "json")
        assert result.exit_code == 0
        scores.append(json.loads(result.stdout)["score"])
    assert scores[0] > scores[1] > scores[2]
    page = run("check", *option, "-q", "lost", "-a", "I say sorry.", "--format", "html").stdout
    assert "call the prescriber" not in page


def test_a_header_that_is_an_answer_or_moves_the_cursor_is_not_printed(tmp_path: Path) -> None:
    path = tmp_path / "answers.csv"
    said = (
        "I let them finish and then I look up what went wrong with the order, call the doctor and say when it is ready"
    )
    path.write_text(f'candidate_id,rude-customer,"no\x1b[2Jtes",{said}\nc1,I listen.,x,y\n', encoding="utf-8")
    shown = run("score", str(path), "--dry-run").stderr
    assert "rude-customer" in shown
    assert "\x1b" not in shown and said not in shown
