"""``evaluator bank diff``: what two banks say differently, and which scores move because of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fakes import engine, small_bank

from evaluator.bank import bank_digest
from evaluator.bank_diff import compare_scores, diff_as_data, diff_as_text, diff_banks
from evaluator.cli import main
from evaluator.domain import Answer, Bank, KeyPoint, ModelAnswer, Question
from evaluator.domain import Result as Judged

OLD = """id: rude
question: How do you handle a rude customer?
key_points:
  - id: listens
    label: listens
    weight: 3
    affirm: [I listen until the customer has finished talking., I hear the customer out until the very end.]
    deny: [I interrupt whenever somebody rambles endlessly.]
    sources: ["tips#1"]
  - id: calm
    label: keeps calm
    affirm: [My voice stays low and my breathing slow.]
  - id: smiles
    label: smiles
    affirm: [A smile greets everybody there.]
red_flags:
  - id: argues
    label: argues back
    statements: [I argue and prove the customer wrong.]
    safe: [Arguing never helps anybody at the counter.]
model_answers:
  - I listen until the customer has finished talking.
  - text: My voice stays low.
    sources: ["tips#1"]
anchors: {1: Argues., 3: Listens.}
"""
NEW = """id: rude
status: draft
question: How do you deal with a rude customer?
key_points:
  - id: calm
    label: stays calm
    affirm: [My voice stays low and my breathing slow.]
    why: It spreads.
  - id: listens
    label: listens
    weight: 1
    affirm: [Their whole story reaches my ears., I hear the customer out until the very end.]
    deny: [I interrupt whenever somebody rambles endlessly., I cut them short.]
    sources: ["tips#2"]
  - id: solves
    label: finds a solution
    affirm: [Together we look up options that solve the problem.]
red_flags:
  - id: argues
    label: argues back
    severity: critical
    statements: [I argue and prove the customer wrong., I shout at customers.]
  - id: lies
    label: lies
    statements: [I tell lies.]
model_answers:
  - I listen until nobody talks.
  - text: My voice stays low.
    sources: ["tips#2"]
anchors: {3: Listens well., 5: Listens and solves.}
"""
GONE = "id: gone\nquestion: Gone?\nmodel_answers: [I search for it.]\n"
COME = GONE.replace("gone", "come").replace("Gone", "Come")
TEXT = """+ question come
- question gone

rude
  text: "How do you handle a rude customer?" -> "How do you deal with a rude customer?"
  status: "ready" -> "draft"
  key point listens weight: 3 -> 1
  - key point listens affirm: "I listen until the customer has finished talking."
  + key point listens affirm: "Their whole story reaches my ears."
  + key point listens deny: "I cut them short."
  - key point listens sources: "tips#1"
  + key point listens sources: "tips#2"
  key point calm label: "keeps calm" -> "stays calm"
  key point calm why: "" -> "It spreads."
  - key point smiles: "smiles"
  + key point solves: "finds a solution"
  red flag argues severity: "serious" -> "critical"
  + red flag argues statements: "I shout at customers."
  - red flag argues safe: "Arguing never helps anybody at the counter."
  + red flag lies: "lies"
  - model answer: "I listen until the customer has finished talking."
  + model answer: "I listen until nobody talks."
  - model answer 2 sources: "tips#1"
  + model answer 2 sources: "tips#2"
  - level 1: "Argues."
  level 3: "Listens." -> "Listens well."
  + level 5: "Listens and solves."
"""


@pytest.fixture
def banks(tmp_path: Path) -> tuple[Path, Path]:
    for folder, files in {
        "old": {"rude": OLD, "gone": GONE},
        "new": {"rude": NEW, "come": COME},
    }.items():
        (tmp_path / folder).mkdir()
        for name, text in files.items():
            (tmp_path / folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return tmp_path / "old", tmp_path / "new"


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    path = tmp_path / "answers.csv"
    path.write_text(
        "candidate_id,question_id,answer\n"
        "ann,rude,I listen until the customer has finished talking.\n"
        "bob,rude,Together we look up options that solve the problem.\n"
        "cem,rude,My voice stays low and my breathing slow.\n"
        "dot,gone,I search for it.\n"
        "eve,rude,\n",
        encoding="utf-8",
    )
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_every_kind_of_change_is_told(banks: tuple[Path, Path]) -> None:
    result = run("bank", "diff", *banks)
    assert (result.exit_code, result.stdout, result.stderr) == (0, TEXT, "")


def test_backwards_it_tells_the_opposite(banks: tuple[Path, Path]) -> None:
    forwards, backwards = (
        json.loads(run("bank", "diff", *pair, "--format", "json").stdout) for pair in (banks, banks[::-1])
    )
    assert (forwards["questions_added"], forwards["questions_removed"]) == (["come"], ["gone"])
    assert (backwards["questions_added"], backwards["questions_removed"]) == (["gone"], ["come"])

    def told(data: dict[str, list[dict[str, object]]], old: str, new: str) -> set[tuple[object, ...]]:
        # The number of a model answer is that in the old bank.
        return {tuple(change[key] for key in ("question", "part", "field", old, new)) for change in data["changes"]}

    assert told(forwards, "old", "new") == told(backwards, "new", "old")
    assert forwards["changes"][2] == {
        "kind": "changed", "question": "rude", "part": "key_points", "id": "listens", "field": "weight", "old": 3.0, "new": 1.0,
    }  # fmt: skip


def test_equal_banks_and_another_order(banks: tuple[Path, Path]) -> None:
    assert run("bank", "diff", banks[0], banks[0]).stdout == "No difference.\n"
    bank = small_bank()
    first, second = bank.questions
    turned = (replace(first, key_points=first.key_points[::-1]), second)
    assert (
        diff_as_text(diff_banks(bank, Bank(turned, bank_digest(turned)))) == "No difference but the order of entries."
    )


def derived(*texts: str) -> Question:
    points = tuple(KeyPoint(f"point-{i}", text, 1.0, (text,)) for i, text in enumerate(texts))
    return Question("own", "Why?", points, (), tuple(ModelAnswer(text) for text in texts), derived=True)


def test_derived_key_points_are_told_by_their_model_answers() -> None:
    old, new = derived("I listen."), derived("I act.", "I listen.")
    lines = diff_as_text(diff_banks(Bank((old,), "a"), Bank((new,), "b"))).splitlines()
    assert lines == ["own", '  + model answer: "I act."']
    written = replace(old, derived=False)
    lines = diff_as_text(diff_banks(Bank((old,), "a"), Bank((written,), "b"))).splitlines()
    assert lines == ["own", '  key points: "derived" -> "written"']


def test_which_scores_move(banks: tuple[Path, Path], answers: Path, word_overlap: None) -> None:
    result = run("bank", "diff", *banks, "--answers", answers)
    assert result.exit_code == 0, result.output
    told = result.stdout.split('"Listens and solves."\n\n')[1]
    assert told == (
        "3 of 5 answers are scored with both banks: 2 a level up, 1 down, 0 on the same level.\n"
        "4 scores move, the largest change first:\n"
        "  dot  gone  100.0 (level 5) -> not scored\n"
        "  bob  rude    8.9 (level 1) ->  64.4 (level 4)  +55.5\n"
        "  ann  rude   34.9 (level 2) ->   8.9 (level 1)  -26.0\n"
        "  cem  rude   46.7 (level 3) ->  64.4 (level 4)  +17.7\n"
    )
    assert "listen until" not in told and "search" not in told


def test_scores_as_data(banks: tuple[Path, Path], answers: Path, word_overlap: None) -> None:
    data = json.loads(run("bank", "diff", *banks, "--answers", answers, "--format", "json").stdout)
    assert data["schema"] == "bank-diff/1"
    moves = data["answers"].pop("moves")
    assert data["answers"] == {"answers": 5, "scored_with_both": 3, "level_up": 2, "level_down": 1}
    assert [move["change"] for move in moves] == [None, 55.5, -26.0, 17.7]
    assert moves[0]["row"] == 5 and moves[0]["new_level"] is None


def test_a_wide_file_with_a_mapping(banks: tuple[Path, Path], tmp_path: Path, word_overlap: None) -> None:
    wide = tmp_path / "form.csv"
    wide.write_text(
        "Email,Q1,Q2\nx@example.org,I listen until the customer has finished talking.,I search\n", encoding="utf-8"
    )
    command = ("bank", "diff", *banks, "--answers", wide, "--map", "Q1=rude", "--format", "json")
    data = json.loads(run(*command, "--map", "Q2=gone").stdout)
    assert (data["answers"]["answers"], data["answers"]["scored_with_both"]) == (2, 1)
    assert run(*command, "--map", "Q2=nowhere").exit_code == 1


def test_a_row_is_the_same_answer_whatever_the_banks_call_its_question(
    banks: tuple[Path, Path], answers: Path, word_overlap: None
) -> None:
    (banks[1] / "come.yaml").write_text(GONE.replace("id: gone", "id: come"), encoding="utf-8")
    (banks[0] / "gone.yaml").write_text(GONE, encoding="utf-8")
    data = json.loads(run("bank", "diff", *banks, "--answers", answers, "--format", "json").stdout)
    assert (data["answers"]["answers"], data["answers"]["scored_with_both"]) == (5, 4)


@pytest.mark.parametrize("number", [0, 1])
def test_a_bank_that_cannot_be_read(banks: tuple[Path, Path], number: int) -> None:
    pair = [banks[0], banks[1]]
    pair[number] = Path("nowhere")
    result = run("bank", "diff", *pair)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "nowhere: no such folder" in result.stderr


def test_answers_of_one_person_in_one_row_are_kept_apart() -> None:
    def judged(*texts: str) -> list[Judged]:
        return list(engine(small_bank()).evaluate(Answer("a", "rude-customer", text, 1) for text in texts))

    low, high = "The customer spoke and I was there.", "I listen until the customer has finished talking."
    comparison = compare_scores(judged(low, high), judged(low, low))
    assert (comparison.answers, comparison.both, comparison.up, comparison.down) == (2, 2, 0, 1)
    assert len(comparison.moves) == 1
    same = compare_scores(judged(low), judged(low))
    data = diff_as_data(diff_banks(small_bank(), small_bank()), same)
    assert data["same_content"] and data["answers"]["moves"] == []
    assert "No score moves." in diff_as_text(diff_banks(small_bank(), small_bank()), same)
