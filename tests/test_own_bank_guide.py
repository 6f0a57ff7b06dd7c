"""The guide to a bank of one's own: its commands run, in its order, and do what it says."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import fields
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from evaluator.bank import load_bank
from evaluator.bank_diff import Change, ScoreMove
from evaluator.cli import main
from evaluator.cli.seeds import seeds
from evaluator.statement_checks import Confusion, PassShare, Statement, StatementCheck

GUIDE = (Path(__file__).parent.parent / "docs" / "your-own-bank.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^\.venv/bin/evaluator (.+)$", GUIDE, re.MULTILINE)
FINISHED = GUIDE.split("```yaml\n")[1].split("```")[0]
ADVICE = {
    "guide.3f2a91c0": "When the queue is long, tell everybody how long they will wait.",
    "guide.b81d0e57": "A customer who knows the waiting time can come back later.",
    "guide.77c4e2a9": "Ask a colleague to open a second counter before the queue is too long.",
    "guide.0c5be318": "Call the team to the other register; nobody keeps a queue moving alone.",
    "guide.e4490d6f": "Greet everybody who waits in the queue with a nod.",
    "guide.91aa72b3": "Parking is behind the building.",
}
ANSWERS = """candidate_id,question_id,answer
a,long-queue,"I let everybody know how many minutes they will wait, and I ask a colleague to open the other counter."
b,long-queue,I skip the identity check when the queue is long.
"""


def command(start: str) -> list[str]:
    (found,) = [line for line in COMMANDS if line.startswith(start)]
    return shlex.split(found)


def run(start: str, *more: str) -> Result:
    return CliRunner().invoke(main, [*command(start), *more])


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def imported() -> None:
    """Write what an import of the guide's document leaves."""
    Path("my-seeds").mkdir()
    lines = [json.dumps({"id": name, "text": text}) for name, text in ADVICE.items()]
    Path("my-seeds", "guide.passages.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.mark.skipif("import" not in seeds.commands, reason="there is no `evaluator seeds import` yet")
def test_a_document_becomes_a_draft() -> None:
    docx = pytest.importorskip("docx")
    document = docx.Document()
    document.add_heading("Interview guide", 0)
    for text in ADVICE.values():
        document.add_paragraph(text)
    document.save("guide.docx")
    result = run("seeds import")
    assert result.exit_code == 0, result.output
    drafted = run("bank draft")
    assert drafted.exit_code == 0, drafted.output
    assert load_bank("my-bank").questions[0].draft
    assert "no source" not in run("bank check").stdout


def test_one_good_answer_is_enough_for_a_start() -> None:
    assert run("bank new").exit_code == 0
    (question,) = load_bank("quick-bank").questions
    assert question.derived and not question.draft


def test_from_passages_to_a_scored_batch() -> None:
    imported()
    drafted = run("bank draft")
    assert drafted.exit_code == 0, drafted.output
    path = Path("my-bank", "long-queue.yaml")
    text = path.read_text(encoding="utf-8")
    assert "TODO" in text and "second counter" in text and "Parking" not in text
    path.write_text(FINISHED, encoding="utf-8")
    checked = run("bank check")
    assert checked.exit_code == 1 and "write at least 8" in checked.stdout and "status is draft" in checked.stderr
    assert "no source" not in checked.stdout
    tested = run("bank test")
    assert tested.exit_code == 0 and "itself left out" in tested.stdout
    assert run("check").exit_code == 0
    Path("answers.csv").write_text(ANSWERS, encoding="utf-8")
    refused = run("score")
    assert refused.exit_code == 1 and "status is draft" in refused.stderr
    path.write_text(FINISHED.replace("status: draft", "status: ready"), encoding="utf-8")
    scored = run("score")
    assert scored.exit_code == 0, scored.output
    lines = Path("reports", "long-queue", "results.jsonl").read_text(encoding="utf-8").splitlines()
    good, bad = (json.loads(line) for line in lines)
    assert good["level"] > bad["level"]
    Path("my-bank-before").mkdir()
    (Path("my-bank-before") / path.name).write_text(FINISHED, encoding="utf-8")
    path.write_text(FINISHED.replace("    weight: 3\n", "    weight: 1\n"), encoding="utf-8")
    compared = run("bank diff")
    assert compared.exit_code == 0, compared.output
    assert "key point says-how-long weight: 3 -> 1" in compared.stdout
    assert "2 of 2 answers are scored with both banks" in compared.stdout


def test_every_command_of_the_guide_is_run_here() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    for line in COMMANDS:
        start = " ".join(line.split()[: 2 if line.split()[0] in ("bank", "seeds") else 1])
        assert f'run("{start}")' in source, start


def test_the_guide_names_every_field_of_the_json_forms() -> None:
    forms = GUIDE.split("## For programs")[1]
    for form in (StatementCheck, Confusion, Statement, PassShare, Change, ScoreMove):
        for field in fields(form):
            if field.name not in ("name", "old_score", "old_level", "new_score", "new_level"):
                assert re.search(rf"\b{field.name}\b", forms), field.name
