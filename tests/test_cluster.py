"""Ray, Parquet and object storage: the same results as one process gives. Runs where the extra [ray] is installed."""

from __future__ import annotations

import csv
import json
import os
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fakes import engine, small_bank

from evaluator import loading
from evaluator.batch import Cluster, cluster, score_locally, score_on_ray
from evaluator.cli import main
from evaluator.domain import Answer
from evaluator.engine import CHUNK
from evaluator.neutral_cells import neutral_cell

HERE = Path(__file__).parent
BANK = small_bank()
ENGINE = engine(BANK)
ANSWERS = [
    Answer(f"c{n:03}", "rude-customer", ("I listen.", "I argue.", "")[n % 3], row, extra={"site": "north"})
    for n, row in enumerate(range(2, 2 + 3 * CHUNK + 5))
]
EXPECTED = [line for chunk in score_locally(ENGINE, ANSWERS) for line in chunk]


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    path = tmp_path / "answers.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["candidate_id", "question_id", "answer", "site"])
        writer.writerows([a.candidate_id, a.question_id, a.text, a.extra["site"]] for a in ANSWERS)
    return path


@pytest.fixture(autouse=True)
def exact_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "load_engine", lambda *_, **__: ENGINE)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def make_engine() -> object:
    import fakes

    return fakes.engine(fakes.small_bank())


def test_ray_gives_the_same_bytes_in_the_same_order(answers: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ray")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(HERE.parent), str(HERE)]))
    rows = answers.read_text().splitlines(keepends=True)
    second = answers.with_name("second.jsonl")
    fields = (
        {"candidate_id": a.candidate_id, "question_id": a.question_id, "answer": a.text} for a in ANSWERS[CHUNK + 3 :]
    )
    second.write_text("".join(json.dumps(record) + "\n" for record in fields))
    answers.write_text("".join(rows[: CHUNK + 4]))  # the header and CHUNK + 3 answers: chunks run across files
    chunks = list(score_on_ray(make_engine, [answers, second], BANK, {}, Cluster(workers=2), skip=CHUNK))  # type: ignore[arg-type]
    assert [len(chunk) for chunk in chunks] == [CHUNK, CHUNK, 5]
    scored = [json.loads(line) for chunk in chunks for line in chunk]
    for record, line in zip(scored, EXPECTED[CHUNK:], strict=True):
        expected = json.loads(line)
        for other in ("row", "extra"):
            record.pop(other)
            expected.pop(other)
        assert json.dumps(record) == json.dumps(expected)


def test_what_the_reading_task_and_the_actors_do(answers: Path) -> None:
    """Everything but Ray itself, which needs processes and time: reading into chunks, scoring them, in order."""
    pytest.importorskip("ray")
    chunks = cluster._Chunks([answers], BANK, {}, CHUNK)
    (task,) = chunks.datasource().get_read_tasks(1)
    scorer = cluster._Scorer(lambda: ENGINE)
    tables = list(task())
    assert [table["chunk"].to_pylist() for table in tables] == [[0], [1], [2]]
    batches = [{name: table[name].to_numpy() for name in ("chunk", "answers")} for table in tables]
    scored = [json.loads(results) for batch in batches for results in scorer(batch)["results"]]
    assert [line for lines in scored for line in lines] == EXPECTED[CHUNK:]


def test_every_chunk_is_a_block_by_itself_so_that_no_worker_waits_for_another(answers: Path) -> None:
    pytest.importorskip("ray")
    ray = cluster._started(Cluster())
    try:
        source = cluster._Chunks([answers.absolute()], BANK, {}, 0).datasource()
        assert (
            ray.data.read_datasource(source, override_num_blocks=1).materialize().num_blocks()
            == len(ANSWERS) // CHUNK + 1
        )
    finally:
        ray.shutdown()


def test_without_ray_the_error_says_how_to_install_it(
    answers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    result = run("score", answers, "--engine", "ray", "-o", tmp_path / "out.jsonl")
    assert result.exit_code == 1 and "pip install 'pharmacy-interview-evaluator[ray]'" in result.stderr
    assert not list(tmp_path.glob("out*"))


@pytest.mark.parametrize(
    "arguments", [("--workers", "2"), ("--ray-address", "auto"), ("-", "--engine", "ray")], ids=lambda a: a[0]
)
def test_options_that_do_not_go_together(answers: Path, arguments: tuple[str, ...]) -> None:
    assert run("score", answers, *arguments).exit_code == 2


def test_parquet_in_and_out(answers: Path, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    import pyarrow

    columns = {
        "candidate_id": [a.candidate_id for a in ANSWERS],
        "question_id": [a.question_id for a in ANSWERS],
        "answer": [a.text for a in ANSWERS],
        "site": ["north"] * len(ANSWERS),
    }
    parquet.write_table(pyarrow.table(columns), tmp_path / "answers.parquet", row_group_size=40)
    target = tmp_path / "results.parquet"
    assert run("score", tmp_path / "answers.parquet", "--format", "parquet", "-o", target).exit_code == 3
    rows = parquet.read_table(target).to_pylist()
    expected = [json.loads(line) for line in EXPECTED]
    assert [json.loads(row["result"]) | {"row": 0} for row in rows] == [record | {"row": 0} for record in expected]
    assert [row["score"] for row in rows] == [record["score"] for record in expected]
    assert neutral_cell("=1") == "'=1"  # for spreadsheets; Parquet keeps text as it is


def test_a_damaged_parquet_file_and_a_list_in_a_cell(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    import pyarrow

    (tmp_path / "bad.parquet").write_bytes(b"PAR1 and no more")
    result = run("score", tmp_path / "bad.parquet")
    assert result.exit_code == 1 and "not Parquet" in result.stderr
    table = pyarrow.table({"candidate_id": ["a"], "question_id": ["rude-customer"], "answer": [["I listen."]]})
    parquet.write_table(table, tmp_path / "list.parquet")
    assert json.loads(run("score", tmp_path / "list.parquet").stdout)["unscored"]["reason"] == "unreadable"


def test_answers_and_results_in_object_storage(answers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fsspec = pytest.importorskip("fsspec")
    monkeypatch.chdir(tmp_path)
    with fsspec.open("memory://bucket/answers.csv", "wb") as file:
        file.write(answers.read_bytes())
    result = run("score", "memory://bucket/answers.csv", "-o", "memory://bucket/results.jsonl")
    assert result.exit_code == 3 and "Written to memory://bucket/results.jsonl" in result.stderr
    with fsspec.open("memory://bucket/results.jsonl", "rt") as file:
        assert file.read().splitlines() == EXPECTED
    assert [path.name for path in tmp_path.iterdir()] == ["answers.csv"]


@pytest.mark.parametrize("url", ["memory://nowhere/answers.csv", "nonsense://x/answers.csv"])
def test_a_url_that_leads_nowhere(url: str) -> None:
    pytest.importorskip("fsspec")
    result = run("score", url)
    assert result.exit_code == 1 and url in result.stderr and "Traceback" not in result.output
