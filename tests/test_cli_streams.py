"""``-`` is standard input or standard output wherever a command reads or writes one file."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from evaluator.cli import main
from evaluator.cli.streams import InputFile
from tests.fakes import engine, small_bank

ANSWERS = (
    "candidate_id,question_id,answer,rating\n"
    "ann,rude-customer,I listen until the customer has finished talking.,4\n"
    "ben,rude-customer,I argue and prove the customer wrong.,1\n"
)


@pytest.fixture(autouse=True)
def small_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("evaluator.loading.load_engine", lambda *_, **__: engine(small_bank()))
    monkeypatch.setattr("evaluator.bank.load_bank", lambda *_, **__: small_bank())
    Path("answers.csv").write_text(ANSWERS, encoding="utf-8")


def run(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, list(arguments), input=stdin)


def test_results_go_through_a_pipe_from_command_to_command() -> None:
    scored = run("score", "answers.csv", "-o", "-")
    assert scored.exit_code == 0 and scored.stdout.count('"candidate_id"') == 2
    for arguments in (
        ("report", "-", "--format", "csv", "-o", "-"),
        ("compare", "-", "-q", "rude-customer", "--candidates", "ann,ben", "-o", "-"),
        ("audit", "-", "--group", "rating", "-o", "-"),
    ):
        done = run(*arguments, stdin=scored.stdout)
        assert done.exit_code == 0, done.output
        assert done.stdout
    assert "kappa" in run("validate", "-", stdin=ANSWERS).stdout
    assert [path.name for path in Path().iterdir()] == ["answers.csv"]


def test_a_set_of_reports_cannot_go_to_standard_output() -> None:
    done = run("score", "answers.csv", "--format", "html", "-o", "-")
    assert done.exit_code == 1 and "cannot go to standard output" in done.stderr


def test_what_came_through_standard_input_is_gone_when_the_command_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[Path] = []
    convert = InputFile.convert
    monkeypatch.setattr(InputFile, "convert", lambda *given: kept.append(convert(*given)) or kept[-1])
    run("validate", "-", stdin=ANSWERS)
    (path,) = set(kept)
    assert path.name == "stdin" and not path.exists() and not path.parent.exists()


def test_one_column_cannot_be_mapped_twice() -> None:
    twice = [argument for name in ("rude-customer", "own-question") for argument in ("--map", f"answer={name}")]
    done = run("score", "answers.csv", *twice, "--dry-run")
    assert done.exit_code == 2 and "two questions" in done.stderr


def test_a_run_is_verified_although_one_input_came_through_standard_input() -> None:
    Path("more.csv").write_text(ANSWERS.replace("ann", "cy").replace("ben", "di"), encoding="utf-8")
    assert run("score", "-", "more.csv", "-o", "out.jsonl", stdin=ANSWERS).exit_code == 0
    done = run("verify", "out.jsonl", "answers.csv", "more.csv")
    assert done.exit_code == 0, done.output
