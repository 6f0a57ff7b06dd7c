"""``evaluator bank test``: every statement is taken for what it is, or told with file, line and what it was taken for."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fakes import WordOverlapEncoder, engine

from evaluator.bank import load_bank
from evaluator.cli import main
from evaluator.domain import Bank, KeyPoint, Question, RedFlag
from evaluator.statement_checks import Side, Statement, StatementCheck, bank_statements, check_statements, pass_share

GOLDEN = Path(__file__).parent / "golden" / "bank-test.txt"
BANK = """id: rude
question: How do you handle a rude customer?
key_points:
  - behaviour: calm
  - id: listens
    label: listens
    affirm:
      - I listen until the customer has finished talking.
      - I listen until every customer has finished talking.
    deny:
      - I interrupt whenever somebody rambles endlessly.
      - My voice stays low and my breathing slow.
red_flags:
  - id: argues
    label: argues back
    statements: [I argue and prove the customer wrong., Wrong customers hear me argue and prove it.]
    safe: [Arguing never helps anybody at the counter.]
"""
CALM = """kind: key_point
id: calm
label: keeps calm
affirm: [My voice stays low and my breathing slow., My voice stays low and my breathing always slow.]
deny: [My temper explodes and everything gets loud., Loud temper explodes and everything gets worse.]
"""
DERIVED = """id: own
question: Why here?
status: draft
model_answers:
  - I want to learn from your pharmacist.
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "bank" / "behaviours").mkdir(parents=True)
    for name, text in {"rude.yaml": BANK, "behaviours/calm.yaml": CALM, "own.yaml": DERIVED}.items():
        (tmp_path / "bank" / name).write_text(text, encoding="utf-8")
    return tmp_path / "bank"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def checked(folder: Path) -> dict[tuple[str, str, str], StatementCheck]:
    bank = load_bank(folder)
    checks = check_statements(engine(bank), bank_statements(bank, folder))
    return {(item.statement.behaviour, item.statement.side, item.statement.text): item for item in checks}


def test_every_statement_has_its_file_and_line(folder: Path) -> None:
    found = bank_statements(load_bank(folder), folder)
    places = [(item.question, item.behaviour, item.side, item.file, item.line) for item in found]
    assert places == [
        ("own", "point-1", "affirm", "own.yaml", 4),
        ("rude", "calm", "affirm", "behaviours/calm.yaml", 4),
        ("rude", "calm", "affirm", "behaviours/calm.yaml", 4),
        ("rude", "calm", "deny", "behaviours/calm.yaml", 5),
        ("rude", "calm", "deny", "behaviours/calm.yaml", 5),
        ("rude", "listens", "affirm", "rude.yaml", 8),
        ("rude", "listens", "affirm", "rude.yaml", 9),
        ("rude", "listens", "deny", "rude.yaml", 11),
        ("rude", "listens", "deny", "rude.yaml", 12),
        ("rude", "argues", "statements", "rude.yaml", 16),
        ("rude", "argues", "statements", "rude.yaml", 16),
        ("rude", "argues", "safe", "rude.yaml", 17),
    ]


def test_what_a_statement_is_taken_for(folder: Path) -> None:
    checks = checked(folder)
    own = checks["listens", "affirm", "I listen until the customer has finished talking."]
    assert (own.taken_for, own.right, own.confusions, own.left_out, own.passed) == (
        "covered",
        True,
        (),
        "covered",
        True,
    )
    # Found nowhere but in itself: without itself it tells nothing.
    alone = checks["listens", "deny", "I interrupt whenever somebody rambles endlessly."]
    assert (alone.left_out, alone.left_out_right) == ("missed", False)
    # Written on the wrong side by mistake: word for word it counts as its own, and it covers the other point.
    wrong = checks["listens", "deny", "My voice stays low and my breathing slow."]
    assert (wrong.taken_for, wrong.right, wrong.passed) == ("contradicted", True, False)
    assert [vars_of(confusion) for confusion in wrong.confusions] == [("calm", "covered", True)]
    flag = checks["argues", "statements", "I argue and prove the customer wrong."]
    assert (flag.taken_for, flag.passed, flag.left_out) == ("raised", True, "raised")
    assert checks["argues", "safe", "Arguing never helps anybody at the counter."].left_out is None
    derived = checks["point-1", "affirm", "I want to learn from your pharmacist."]
    assert (derived.taken_for, derived.passed, derived.left_out) == ("covered", True, None)


def vars_of(confusion: object) -> tuple[object, ...]:
    return tuple(getattr(confusion, name) for name in ("behaviour", "taken_for", "counted"))


def a_bank(points: tuple[KeyPoint, ...], flags: tuple[RedFlag, ...] = ()) -> Bank:
    return Bank((Question("q", "How?", points, flags, ()),), "0" * 64)


SAYS = "I phone the prescriber."
HIDES = "Everybody waits while nothing moves."


@pytest.mark.parametrize(
    ("side", "other", "confusions"),
    [
        ("affirm", KeyPoint("b", "b", 1, (SAYS,)), [("b", "covered", False)]),
        ("affirm", KeyPoint("b", "b", 1, ("Nobody sings.",), (SAYS,)), [("b", "contradicted", True)]),
        ("deny", KeyPoint("b", "b", 1, (SAYS,)), [("b", "covered", True)]),
        ("deny", KeyPoint("b", "b", 1, ("Nobody sings.",), (SAYS,)), [("b", "contradicted", False)]),
        ("affirm", RedFlag("b", "b", "serious", (SAYS,)), [("b", "raised", True)]),
        ("deny", RedFlag("b", "b", "serious", (SAYS,)), []),
        ("affirm", KeyPoint("b", "b", 1, ("Nobody sings.",), ("All dance.",)), []),
    ],
)
def test_which_confusions_count(side: Side, other: KeyPoint | RedFlag, confusions: list[tuple[str, str, bool]]) -> None:
    affirm, deny = (SAYS, HIDES) if side == "affirm" else (HIDES, SAYS)
    own = KeyPoint("a", "a", 1, (affirm,), (deny,))
    bank = a_bank((own, other)) if isinstance(other, KeyPoint) else a_bank((own,), (other,))
    (check,) = check_statements(engine(bank), [Statement("q", "a", side, SAYS, "q.yaml", 1)])
    assert check.right
    assert [vars_of(confusion) for confusion in check.confusions] == confusions
    assert check.passed == (not any(counted for *_, counted in confusions))


@pytest.mark.parametrize(
    ("side", "other", "confusions"),
    [
        ("statements", KeyPoint("b", "b", 1, (SAYS,)), [("b", "covered", True)]),
        ("safe", KeyPoint("b", "b", 1, (SAYS,)), []),
        ("safe", RedFlag("b", "b", "serious", (SAYS,)), [("b", "raised", True)]),
    ],
)
def test_which_confusions_of_red_flags_count(
    side: Side, other: KeyPoint | RedFlag, confusions: list[tuple[str, str, bool]]
) -> None:
    told, safe = (SAYS, HIDES) if side == "statements" else (HIDES, SAYS)
    own = RedFlag("a", "a", "serious", (told,), (safe,))
    bank = a_bank((other,), (own,)) if isinstance(other, KeyPoint) else a_bank((), (own, other))
    (check,) = check_statements(engine(bank), [Statement("q", "a", side, SAYS, "q.yaml", 1)])
    assert check.right
    assert [vars_of(confusion) for confusion in check.confusions] == confusions


def test_a_statement_that_cannot_be_judged_fails() -> None:
    bank = a_bank((KeyPoint("a", "a", 1, ("Escucho al cliente con paciencia y le pido disculpas por la espera.",)),))
    text = bank.questions[0].key_points[0].affirm[0]
    (check,) = check_statements(engine(bank), [Statement("q", "a", "affirm", text, "q.yaml", 1)])
    assert (check.taken_for, check.passed) == ("unscored: not_english", False)


def test_no_text_is_encoded_twice_and_the_bank_is_judged_as_the_engine_judges_it(folder: Path) -> None:
    bank, encoder = load_bank(folder), WordOverlapEncoder()
    judge = engine(bank, encoder)
    checks = check_statements(judge, bank_statements(bank, folder))
    asked = [text for texts in encoder.asked for text in texts]
    assert len(asked) == len(set(asked))
    for check in checks:
        item = check.statement
        if item.side in ("affirm", "deny"):
            result = engine(bank).evaluate_one(item.question, item.text)
            assert check.taken_for == next(point.status for point in result.points if point.id == item.behaviour)


def test_two_behaviours_of_one_name_are_two(folder: Path) -> None:
    other = BANK.replace("id: rude", "id: other").replace(
        "until every customer has finished talking", "to music at home"
    )
    (folder / "other.yaml").write_text(other, encoding="utf-8")
    bank = load_bank(folder)
    checks = check_statements(engine(bank), bank_statements(bank, folder))
    text = "I listen until the customer has finished talking."
    assert {c.statement.question: c.left_out for c in checks if c.statement.text == text} == {
        "rude": "covered", "other": "missed",
    }  # fmt: skip


def test_shares() -> None:
    assert pass_share("none", []).share == 1.0
    assert pass_share("none", []).left_out_share is None
    item = Statement("q", "a", "affirm", SAYS, "q.yaml", 1)
    good = StatementCheck(item, "covered", True, (), "partly", False)
    share = pass_share("some", [good, replace(good, right=False), replace(good, left_out=None, left_out_right=None)])
    assert (share.checks, share.passed, share.left_out_checks, share.left_out_right) == (3, 2, 2, 0)


def test_the_report_names_the_statements_to_fix(folder: Path, word_overlap: None, update_golden: bool) -> None:
    result = run("bank", "test", "--bank", folder)
    assert result.exit_code == 0, result.output
    assert result.stderr.startswith("Judging 12 statements ...\n")
    if update_golden:
        GOLDEN.write_text(result.stdout, encoding="utf-8")
    assert result.stdout == GOLDEN.read_text(encoding="utf-8")


def test_as_data_and_fail_under(folder: Path, word_overlap: None) -> None:
    result = run("bank", "test", "--bank", folder, "--format", "json", "--fail-under", "1")
    assert result.exit_code == 4
    data = json.loads(result.stdout)
    assert data["schema"] == "bank-test/1"
    assert data["all"]["checks"] == 12
    assert f"{data['all']['share']:.3f} of the statements pass; --fail-under 1" in result.stderr
    assert run("bank", "test", "--bank", folder, "--fail-under", data["all"]["share"] - 0.001).exit_code == 0
    only = json.loads(
        run("bank", "test", "--bank", folder, "-q", "own", "--format", "json", "--fail-under", "1").stdout
    )
    assert (list(only["questions"]), only["all"]["share"], only["statements"]) == (["own"], 1.0, [])


def test_an_unknown_question(folder: Path) -> None:
    result = run("bank", "test", "--bank", folder, "-q", "rudee")
    assert result.exit_code == 2
    assert "Did you mean 'rude'?" in result.stderr
