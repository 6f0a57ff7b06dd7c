"""``evaluator bank new``: a question from good answers, in a minute, that loads or is not written."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from evaluator.bank import load_bank, shipped_bank_path
from evaluator.bank_writing import question_yaml, write_question
from evaluator.cli import main
from evaluator.errors import BankError, EvaluatorError

QUESTION = "A customer says that you lost their prescription. What do you do?"
GOOD = "I say sorry and search for it right away. I call the prescriber: a new one is needed."
FILE = f"""id: customer-says-lost-prescription
question: "{QUESTION}"
model_answers:
  - "{GOOD}"
"""
SHOWN = f"""{QUESTION}
id: customer-says-lost-prescription

Key points (derived from the model answers)
  *     mentions: say, sorry, search, right, away  [point-1, weight 1]
        says: "I say sorry and search for it right away."
        source: model answer 1
        1 statements for, 0 against
  *     mentions: call, prescriber  [point-2, weight 1]
        says: "I call the prescriber"
        source: model answer 1
        1 statements for, 0 against
  *     mentions: new, one, needed  [point-3, weight 1]
        says: "a new one is needed."
        source: model answer 1
        1 statements for, 0 against

Model answer 1
  {GOOD}

evaluator check --bank my-bank --question customer-says-lost-prescription
evaluator score answers.csv --bank my-bank --format html -o reports/customer-says-lost-prescription
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(*arguments: object, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], input=stdin)


def test_from_options(tmp_path: Path) -> None:
    result = run("bank", "new", "--question", QUESTION, "--model-answer", GOOD)
    assert (result.exit_code, result.stdout) == (0, SHOWN), result.output
    path = Path("my-bank", "customer-says-lost-prescription.yaml")
    assert result.stderr == f"\nWritten to {path}. Try it, and score answers with it:\n"
    assert path.read_text(encoding="utf-8") == FILE
    assert run("bank", "check", "--bank", "my-bank").exit_code == 0


def test_answers_from_a_file_and_standard_input() -> None:
    Path("good.txt").write_text("\ufeffI listen.\nThen I act.\n", encoding="utf-8")
    result = run(
        "bank",
        "new",
        "-q",
        "Why?",
        "-a",
        "@good.txt",
        "-a",
        "-",
        "--id",
        "why",
        "-o",
        "b/w.yaml",
        stdin="I like people.\n",
    )
    assert result.exit_code == 0, result.output
    (question,) = load_bank("b").questions
    assert question.id == "why"
    assert [answer.text for answer in question.model_answers] == ["I listen.\nThen I act.", "I like people."]


def test_on_a_terminal_it_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evaluator.cli.bank_making.on_terminal", lambda: True)
    result = run("bank", "new", stdin=f"{QUESTION}\n{GOOD}\n\nI find it.\nI act.\n\n\n")
    assert result.exit_code == 0, result.output
    (question,) = load_bank("my-bank").questions
    assert [answer.text for answer in question.model_answers] == [GOOD, "I find it. I act."]
    assert "Question: " in result.stderr and "Good answer 2" in result.stderr
    assert "Good answer" not in result.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ((), 2, "Give the question with --question."),
        (("-q", "Why?"), 2, "Give one or more good answers"),
        (("-q", "Why?", "-a", "@nowhere.txt"), 2, "nowhere.txt: cannot be read (No such file or directory)."),
        (("-q", "Why?", "-a", "x", "--bank", "b", "-o", "c.yaml"), 2, "not both"),
        (("-q", "Why?", "-a", "I do it."), 1, "no key point can be derived"),
        (("-q", "Why?", "-a", ""), 1, "model_answers.0 is empty"),
        (("-q", "Why?", "-a", "I listen.", "--id", "Why Not"), 1, "id must be lower case letters"),
        (("-q", "Why?", "-a", "I listen.", "-o", "why.txt"), 1, "Name it why.yaml"),
        (("-q", "   ", "-a", "I listen."), 2, "Give the question"),
    ],
)
def test_what_is_refused(arguments: tuple[str, ...], code: int, says: str) -> None:
    result = run("bank", "new", *arguments)
    assert result.exit_code == code, result.output
    assert says in result.stderr
    assert result.stdout == ""
    assert not list(Path().rglob("*.yaml"))


def test_nothing_is_overwritten_without_force() -> None:
    first = ("bank", "new", "-q", "Why?", "--id", "why", "-a")
    assert run(*first, "I listen.").exit_code == 0
    refused = run(*first, "I act.")
    assert refused.exit_code == 1
    assert "my-bank/why.yaml: is there already" in refused.stderr
    assert load_bank("my-bank").questions[0].model_answers[0].text == "I listen."
    assert run(*first, "I act.", "--force").exit_code == 0
    assert load_bank("my-bank").questions[0].model_answers[0].text == "I act."


def test_an_id_of_the_bank_is_not_given_twice() -> None:
    assert run("bank", "new", "-q", "Why?", "--id", "why", "-a", "I listen.", "-o", "b/one.yaml").exit_code == 0
    refused = run("bank", "new", "-q", "Why?", "--id", "why", "-a", "I listen.", "-o", "b/two.yaml")
    assert refused.exit_code == 1
    assert "b: has a question 'why' already. Choose another with --id." in refused.stderr
    assert run("bank", "new", "-q", "Who?", "--id", "who", "-a", "I listen.", "--bank", "b").exit_code == 0


def test_a_folder_that_cannot_be_written() -> None:
    Path("taken").write_text("a file", encoding="utf-8")
    with pytest.raises(EvaluatorError, match="cannot be written"):
        write_question(Path("taken", "sub", "q.yaml"), question_yaml("q", "Why?", ["I listen."]))


@pytest.mark.parametrize(
    "answer",
    [
        "yes",
        "5",
        "- a list",
        'it\'s "quoted": fine # really',
        "two\nlines\n\nand a gap",
        "tabs\tand  spaces",
        "\x85 \u2028 odd breaks",
        "word " * 300 + "end",
        "  indented",
        "🙂 Ünïcode",
    ],
)
def test_any_answer_comes_back_as_it_was(answer: str) -> None:
    made = write_question(
        Path("b", "q.yaml"), question_yaml("q", f"How: {answer[:20].strip()}?", [f"I listen. {answer}"])
    )
    assert made.model_answers[0].text == f"I listen. {answer}".strip()
    assert load_bank("b").questions == (made,)
    if answer.isprintable() and "  " not in answer:
        assert max(len(line) for line in Path("b", "q.yaml").read_text(encoding="utf-8").split("\n")) <= 110


def test_an_id_that_yaml_reads_as_something_else() -> None:
    for name in ("yes", "123", "1e5", "null"):
        assert write_question(Path("b", f"{name}.yaml"), question_yaml(name, f"{name}?", ["I listen."])).id == name


def test_control_characters_are_a_fault_not_a_crash() -> None:
    with pytest.raises(BankError):
        write_question(Path("b", "q.yaml"), question_yaml("q", "\x00?", [""]))


def test_a_question_with_shared_behaviours_can_be_written_over(tmp_path: Path) -> None:
    copy = shutil.copytree(shipped_bank_path(), tmp_path / "copy")
    done = run(
        "bank",
        "new",
        "--bank",
        copy,
        "--id",
        "rude-customer",
        "--question",
        QUESTION,
        "--model-answer",
        GOOD,
        "--force",
    )
    assert done.exit_code == 0, done.output
    assert next(q for q in load_bank(copy).questions if q.id == "rude-customer").text == QUESTION
