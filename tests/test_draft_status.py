"""Drafts: shown, noted, and never scored with unless that is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from evaluator.bank import load_bank
from evaluator.cli import main
from evaluator.errors import BankError
from evaluator.loading import load_engine

DRAFT = """id: lost
status: draft
question: A customer says you lost their prescription. What do you do?
model_answers:
  - I apologise and search for it right away in the system and in the bins.
"""
READY = DRAFT.replace("status: draft\n", "").replace("lost", "gone")
REFUSAL = (
    "lost: status is draft, so nothing is scored with this bank. Finish the file, test it with `evaluator bank test`, "
    "and write `status: ready`; or add --allow-draft to `score`, `check`, `validate` or "
    "`calibrate` to use it as it is."
)


def run(*arguments: object, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], input=stdin)


@pytest.fixture
def bank(tmp_path: Path) -> Path:
    (tmp_path / "bank").mkdir()
    (tmp_path / "bank" / "lost.yaml").write_text(DRAFT, encoding="utf-8")
    (tmp_path / "bank" / "gone.yaml").write_text(READY, encoding="utf-8")
    return tmp_path / "bank"


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    path = tmp_path / "answers.csv"
    path.write_text("candidate_id,question_id,answer\na,lost,I search for it right away.\n", encoding="utf-8")
    return path


def test_a_draft_is_read_and_marked(bank: Path) -> None:
    assert {question.id: question.draft for question in load_bank(bank).questions} == {"gone": False, "lost": True}


def test_the_status_changes_no_digest(bank: Path) -> None:
    before = load_bank(bank).digest
    (bank / "lost.yaml").write_text(DRAFT.replace("draft", "ready"), encoding="utf-8")
    assert load_bank(bank, allow_draft=False).digest == before


def test_several_drafts_are_named_together(bank: Path) -> None:
    (bank / "gone.yaml").write_text(DRAFT.replace("lost", "gone"), encoding="utf-8")
    with pytest.raises(BankError, match=r"^gone, lost: status is draft.* to use them as they are\.$"):
        load_bank(bank, allow_draft=False)


def test_an_engine_refuses_drafts_unless_they_are_allowed(bank: Path, word_overlap: None) -> None:
    with pytest.raises(BankError, match=r"^lost: status is draft"):
        load_engine(bank)
    assert load_engine(bank, allow_draft=True).bank == load_bank(bank)


@pytest.mark.parametrize("command", ["score", "check", "validate", "calibrate"])
def test_nothing_is_scored_with_a_draft(command: str, bank: Path, answers: Path) -> None:
    if command in ("validate", "calibrate"):
        answers.write_text(
            "candidate_id,question_id,answer,rating\n" + "a,gone,I search for it right away.,3\n" * 30, encoding="utf-8"
        )
    arguments = ("-q", "gone", "-a", "I search for it.") if command == "check" else (answers,)
    result = run(command, *arguments, "--bank", bank)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines()[-1] == f"Error: {REFUSAL}"


def test_allow_draft(bank: Path, answers: Path, word_overlap: None) -> None:
    assert run("score", answers, "--bank", bank, "--allow-draft").exit_code == 0
    assert run("check", "-q", "lost", "-a", "I search for it.", "--bank", bank, "--allow-draft").exit_code == 0


def test_list_show_and_check_tell_of_drafts(bank: Path) -> None:
    listed = run("bank", "list", "--bank", bank).stdout.splitlines()
    assert [line.split()[:3] for line in listed] == [["gone", "1", "derived"], ["lost", "1", "draft"]]
    assert "id: lost (draft)" in run("bank", "show", "lost", "--bank", bank).stdout
    checked = run("bank", "check", "--bank", bank)
    assert (checked.exit_code, checked.stdout) == (0, "")
    assert checked.stderr.splitlines() == [
        "note: lost.yaml line 2: status is draft. Write `status: ready` when it is finished; until then nothing is "
        "scored with it.",
        "2 questions, no faults.",
    ]


def test_a_run_with_a_draft_can_be_verified(bank: Path, answers: Path, tmp_path: Path, word_overlap: None) -> None:
    out = tmp_path / "out.jsonl"
    assert run("score", answers, "--bank", bank, "--allow-draft", "-o", out).exit_code == 0
    assert run("verify", out).exit_code == 0
