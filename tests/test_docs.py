"""The documents tell the truth: commands run, links lead somewhere, tables name what is there."""

import json
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from evaluator.cli import main
from evaluator.result_records import ResultRecord

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    ROOT / "SECURITY.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted(ROOT.glob("*/README.md")),
]
COMMANDS = [line.split("evaluator ", 1)[1] for line in README.splitlines() if line.startswith(".venv/bin/evaluator")]
LOST = README.split("```yaml\n")[1].split("```")[0]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_the_readme_runs(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "evaluator").symlink_to(ROOT / "evaluator")
    # A part of the rated answers: all of them take minutes.
    rated = Path("training", "data", "rated", "answers.development.jsonl")
    (tmp_path / rated).parent.mkdir(parents=True)
    (tmp_path / rated).write_text(
        "\n".join((ROOT / rated).read_text(encoding="utf-8").splitlines()[:40]), encoding="utf-8"
    )
    examples = ROOT / "reports" / "examples"
    (tmp_path / "reports" / "examples").mkdir(parents=True)
    for name, made in (
        ("examples/results.jsonl", "results.jsonl"),
        ("decided.jsonl", "results.jsonl"),
        ("to-read.xlsx", "results.xlsx"),
    ):
        (tmp_path / "reports" / name).write_bytes((examples / made).read_bytes())
    if "reports/batch" in command and not command.startswith("score"):
        answers = tmp_path / "two.csv"
        answers.write_text(
            "\n".join((ROOT / "evaluator/samples/answers.csv").read_text().splitlines()[:3]), encoding="utf-8"
        )
        CliRunner().invoke(
            main, ["score", str(answers), "--format", "jsonl,csv", "-o", str(tmp_path / "reports" / "batch")]
        )
    (tmp_path / "my-bank").mkdir()
    (tmp_path / "my-bank" / "lost-prescription.yaml").write_text(LOST, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("uvicorn.Server.run", lambda self, sockets: None)  # it would not end by itself
    result = CliRunner().invoke(main, shlex.split(command))
    if command == "check":
        assert result.exit_code == 2  # it asks, and nobody is there to answer
    elif command.startswith("calibrate"):
        assert result.exit_code in (0, 1), result.output  # it refuses where the shipped cut-offs are as good
    else:
        assert result.exit_code in (0, 3), result.output


def test_the_python_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    exec(README.split("```python\n")[1].split("```")[0], {})
    assert re.match(r"[1-5] \d+\.\d\n", capsys.readouterr().out)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_files(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text(encoding="utf-8")):
        if not target.startswith(("http://", "https://")):
            assert (path.parent / target).exists(), target


def test_images_are_shown_and_small() -> None:
    for path in (ROOT / "docs" / "images").glob("*.png"):
        assert f"docs/images/{path.name}" in README
        assert path.stat().st_size < 250_000, path.name


def test_every_command_is_named_in_the_readme_or_the_docs() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)
    for name in main.commands:
        assert re.search(rf"evaluator`? ?{name}|`{name}", text), name


def test_the_table_of_results_names_every_field() -> None:
    table = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
    for name in ResultRecord.model_fields:
        assert f"`{name.removesuffix('_')}`" in table, name


def test_the_rows_that_the_training_readme_counts_are_there() -> None:
    data = ROOT / "training" / "data"
    count = lambda pattern: sum(len(path.read_text().splitlines()) for path in data.glob(pattern))  # noqa: E731
    text = (ROOT / "training" / "README.md").read_text(encoding="utf-8")
    assert f"| {count('statements/pharmacy-*'):,} |" in text
    assert f"| {count('statements/general-*'):,} |" in text
    for name in ("answers", "pairs", "voices"):
        for part in ("development", "test"):
            assert f"{count(f'rated/{name}.{part}*'):,} {name}" in text
    assert f"| {count('pairs/*'):,} pairs |" in text
    assert f"| {count('sentences/*'):,} |" in text
    pieces = [json.loads(line)["pieces"] for path in data.glob("annotated/*") for line in path.read_text().splitlines()]
    assert f"{len(pieces):,} answers, {sum(map(len, pieces)):,} pieces" in text
