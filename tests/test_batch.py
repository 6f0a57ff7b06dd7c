"""Batches: streamed, in order, kept whatever happens, and gone on with to the same bytes."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fakes import engine, small_bank

from evaluator import loading
from evaluator.batch import Identity, PartialResults, score_locally
from evaluator.cli import main
from evaluator.domain import Answer
from evaluator.engine import CHUNK
from evaluator.errors import BatchError
from evaluator.results import read_results, to_json_line
from evaluator.stored import HeldResults, StoredResults

BANK = small_bank()
ENGINE = engine(BANK)
HERE = Path(__file__).parent
COPY = "I listen until the customer has finished talking, then together we look up options that solve the problem."
ROWS = [
    [f"c{n:03}", ("rude-customer", "own-question")[n % 2], COPY if n in (4, 70) else text, f"site {n % 3}"]
    for n, text in enumerate(
        100 * ["I listen until the customer has finished talking.", "I learn from your pharmacist.", "I argue."]
    )
][:75]
"""Two whole chunks and a part of one, with one answer that repeats another across chunks."""
IDENTITY = Identity(("",), {}, ENGINE.signature)


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    return written(tmp_path / "answers.csv", ROWS)


@pytest.fixture(autouse=True)
def exact_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "load_engine", lambda *_, **__: ENGINE)


def written(path: Path, rows: list[list[str]]) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["candidate_id", "question_id", "answer", "site"], *rows])
    return path


def run(*arguments: object, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], input=stdin)


def undisturbed(answers: Path) -> bytes:
    target = answers.parent / "undisturbed.jsonl"
    assert run("score", answers, "-o", target).exit_code == 0
    return target.read_bytes()


def begin(*arguments: object, seconds: float) -> subprocess.Popen[str]:
    """Start the command as a process of its own that takes ``seconds`` an answer."""
    command = [sys.executable, HERE / "slow_score.py", seconds, *arguments]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(HERE.parent), str(HERE)])}
    return subprocess.Popen(
        list(map(str, command)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        preexec_fn=_heed_interrupts,
    )


def _heed_interrupts() -> None:
    """Take Ctrl-C even where the tests themselves were started in the background, which ignores it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def wait_for_lines(path: Path, lines: int) -> None:
    deadline = time.monotonic() + 200
    while not path.exists() or path.read_bytes().count(b"\n") < lines:
        assert time.monotonic() < deadline, "nothing was kept"
        time.sleep(0.02)


# Results as they come


def test_results_are_in_the_order_of_the_input_and_nothing_is_left_beside_them(answers: Path) -> None:
    lines = [json.loads(line) for line in undisturbed(answers).splitlines()]
    assert [line["candidate_id"] for line in lines] == [row[0] for row in ROWS]
    left = sorted(path.name for path in answers.parent.iterdir() if "undisturbed" in path.name)
    assert left == ["undisturbed.jsonl", "undisturbed.manifest.json"]


def test_duplicates_are_found_across_chunks(answers: Path) -> None:
    lines = [json.loads(line) for line in undisturbed(answers).splitlines()]
    copies = {n: [flag["id"] for flag in line["flags"] if flag["kind"] == "duplicate"] for n, line in enumerate(lines)}
    assert {n: ids for n, ids in copies.items() if ids} == {4: ["c070"], 70: ["c004"]}
    assert lines[4]["needs_review"]


def test_standard_output_is_what_a_file_gets(answers: Path) -> None:
    assert run("score", answers).stdout_bytes == undisturbed(answers)
    assert run("score", "-", stdin=answers.read_bytes()).stdout_bytes == undisturbed(answers)


def test_answers_are_pulled_a_chunk_at_a_time() -> None:
    pulled = []

    def endless() -> Iterator[Answer]:
        while True:
            pulled.append(1)
            yield Answer("a", "rude-customer", "I listen.")

    chunks = score_locally(ENGINE, endless())
    assert [len(chunk) for chunk in islice(chunks, 3)] == 3 * [CHUNK]
    assert len(pulled) == 3 * CHUNK


def test_memory_does_not_grow_with_the_batch(tmp_path: Path) -> None:
    def peak(number: int) -> int:
        # Long answers that nobody has to judge: what counts is what is held on to.
        stream = (Answer(f"c{n % 7}", "no-question", f"{n} " * 500) for n in range(number))
        tracemalloc.start()
        with PartialResults(tmp_path / f"{number}", IDENTITY, resume=False) as kept:
            for chunk in score_locally(ENGINE, stream):
                kept.append(chunk)
            stored = StoredResults(kept.path, BANK, skip=1, count=kept.done, find_duplicates=False)
            assert sum(len(line) for line in stored.lines()) > 1000 * number
            most = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            return most

    peak(CHUNK)  # what is loaded once
    small = peak(CHUNK * 2)
    # An answer's place in the file, and no more: its result has 2,000 bytes.
    assert peak(CHUNK * 40) - small < 150 * CHUNK * 38


def test_faults_of_rows_stop_nothing(tmp_path: Path) -> None:
    rows = [*ROWS[:40], ["x", "rude-customer", "", ""], ["y", "no-question", "I listen.", ""], *ROWS[40:]]
    target = tmp_path / "out.jsonl"
    result = run("score", written(tmp_path / "a.csv", rows), "-o", target)
    assert result.exit_code == 3
    assert "2 of" not in result.stderr and "75 of 77 answers scored" in result.stderr
    assert [json.loads(line)["candidate_id"] for line in target.open()] == [row[0] for row in rows]


# Stopped and gone on with


@pytest.mark.skipif(os.name == "nt", reason="signals are for POSIX")
@pytest.mark.parametrize("kind", ["SIGINT", "SIGKILL"])
def test_a_run_that_was_stopped_goes_on_to_the_same_bytes(answers: Path, tmp_path: Path, kind: str) -> None:
    expected = undisturbed(answers)
    target, partial = tmp_path / "out.jsonl", tmp_path / "out.jsonl.partial"
    process = begin("score", answers, "-o", target, seconds=0.02)
    wait_for_lines(partial, 1 + CHUNK)
    process.send_signal(getattr(signal, kind))
    first, stderr = process.communicate(timeout=200)
    assert not target.exists()
    if kind == "SIGINT":
        assert process.returncode == 130
        assert "--resume" in stderr and "Traceback" not in stderr
    kept = partial.read_bytes().count(b"\n") - 1
    assert kept % CHUNK == 0 and 0 < kept < len(ROWS)
    assert run("score", answers, "-o", target).exit_code == 1, "it must not begin anew without a word"

    process = begin("score", answers, "-o", target, "--resume", seconds=0)
    second, stderr = process.communicate(timeout=200)
    assert process.returncode == 0, stderr
    assert target.read_bytes() == expected
    assert not partial.exists()
    assert second.count("scored ") == len(ROWS) - kept, "what was kept must not be scored again"
    assert f"scored {ROWS[0][0]}" in first and f"scored {ROWS[0][0]}" not in second


def stopped(answers: Path, target: Path, cut: int = 0) -> Path:
    """Leave what a run leaves that was stopped after two chunks, with ``cut`` bytes of the last one missing."""
    partial = target.with_name(f"{target.name}.partial")
    identity = Identity((_digest(answers),), {}, ENGINE.signature)
    with PartialResults(partial, identity, resume=False) as kept:
        stream = (Answer(row[0], row[1], row[2], n, extra={"site": row[3]}) for n, row in enumerate(ROWS, start=2))
        for chunk in islice(score_locally(ENGINE, stream), 2):
            kept.append(chunk)
    partial.write_bytes(partial.read_bytes()[: -cut or None])
    return partial


def _digest(path: Path) -> str:
    from evaluator.batch import file_digest

    return file_digest(path)


@pytest.mark.parametrize("cut", [0, 1, 5, 2000])
def test_what_was_cut_off_is_scored_again(answers: Path, tmp_path: Path, cut: int) -> None:
    target = tmp_path / "out.jsonl"
    stopped(answers, target, cut)
    result = run("score", answers, "-o", target, "--resume")
    assert result.exit_code == 0, result.output
    assert f"{CHUNK if cut else 2 * CHUNK} answers were scored before" in result.stderr
    assert target.read_bytes() == undisturbed(answers)


@pytest.mark.parametrize("tail", [b"\0\0\0\0\n", b'{"candidate_id": "c0', b"\n"])
def test_rubbish_at_the_end_is_dropped(answers: Path, tmp_path: Path, tail: bytes) -> None:
    target = tmp_path / "out.jsonl"
    partial = stopped(answers, target)
    partial.write_bytes(partial.read_bytes() + tail)
    assert run("score", answers, "-o", target, "--resume").exit_code == 0
    assert target.read_bytes() == undisturbed(answers)


def test_a_run_that_was_stopped_while_reports_were_written_scores_nothing(
    answers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "reports"
    with monkeypatch.context() as broken:
        broken.setattr("evaluator.outputs.write_results", lambda *_, **__: 1 / 0)
        assert isinstance(run("score", answers, "--format", "html,csv", "-o", target).exception, ZeroDivisionError)
    monkeypatch.setattr("evaluator.engine.Engine._prepare", lambda *_: 1 / 0)
    assert run("score", answers, "--format", "html,csv", "-o", target, "--resume").exit_code == 0
    assert (target / "index.html").exists() and not list(target.glob("*partial*"))


def test_a_stop_in_the_middle_of_adding_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), PartialResults(tmp_path / "p", IDENTITY, resume=False) as kept:
        monkeypatch.setattr("os.fsync", stop)  # the results are written, and not counted yet
        kept.append(CHUNK * ["{}"])
    with PartialResults(tmp_path / "p", IDENTITY, resume=True) as kept:
        assert kept.done == CHUNK


def test_resume_without_anything_to_go_on_with_begins(answers: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    result = run("score", answers, "-o", target, "--resume")
    assert result.exit_code == 0 and "nothing to go on with" in result.stderr
    assert run("score", answers, "--resume").exit_code == 2


def test_a_head_that_was_cut_off_is_no_run(answers: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    (tmp_path / "out.jsonl.partial").write_bytes(b'{"schema": "evalu')
    assert run("score", answers, "-o", target).exit_code == 0


def test_a_changed_input_is_refused(answers: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    partial = stopped(answers, target)
    before = partial.read_bytes()
    written(answers, [*ROWS, ["new", "rude-customer", "I listen.", ""]])
    result = run("score", answers, "-o", target, "--resume")
    assert result.exit_code == 1 and "other answers" in result.stderr
    assert partial.read_bytes() == before and not target.exists()


def test_a_changed_stream_is_refused(answers: Path, tmp_path: Path) -> None:
    """Standard input has no digest beforehand: it is compared answer by answer."""
    target, partial = tmp_path / "out.jsonl", tmp_path / "out.jsonl.partial"
    stream = (Answer(row[0], row[1], row[2], n, extra={"site": row[3]}) for n, row in enumerate(ROWS, start=2))
    with PartialResults(partial, IDENTITY, resume=False) as kept:
        kept.append(next(score_locally(ENGINE, stream)))
    other = answers.read_bytes().replace(b"c003", b"c999")
    assert "other answers" in run("score", "-", "-o", target, "--resume", stdin=other).stderr
    assert run("score", "-", "-o", target, "--resume", stdin=answers.read_bytes()).exit_code == 0
    assert target.read_bytes() == undisturbed(answers)


@pytest.mark.parametrize(
    ("field", "says"),
    [("bank", "another bank"), ("model", "--model"), ("stance", "judge"), ("calibration", "calibration"), ("tool", "version")],
)  # fmt: skip
def test_another_way_of_judging_is_refused(answers: Path, tmp_path: Path, field: str, says: str) -> None:
    target = tmp_path / "out.jsonl"
    partial = stopped(answers, target)
    head, rest = partial.read_text().split("\n", 1)
    changed = json.loads(head)
    changed["signature"][field] = "f" * 16
    partial.write_text(json.dumps(changed) + "\n" + rest)
    result = run("score", answers, "-o", target, "--resume")
    assert result.exit_code == 1 and says in result.stderr


def test_another_mapping_is_refused(tmp_path: Path) -> None:
    with PartialResults(tmp_path / "p", Identity(("",), {"a": "b"}, IDENTITY.signature), resume=False) as kept:
        kept.append(["{}"])
    with pytest.raises(BatchError, match="--map"):
        PartialResults(tmp_path / "p", IDENTITY, resume=True)


@pytest.mark.skipif(os.name == "nt", reason="no locks there")
def test_two_runs_cannot_write_to_one_file(answers: Path, tmp_path: Path) -> None:
    target, partial = tmp_path / "out.jsonl", tmp_path / "out.jsonl.partial"
    process = begin("score", answers, "-o", target, seconds=0.05)
    wait_for_lines(partial, 1)
    for option in ((), ("--resume",)):
        result = run("score", answers, "-o", target, *option)
        assert result.exit_code == 1 and "another run is writing" in result.stderr, result.output
    assert process.communicate(timeout=200) and process.returncode == 0
    assert target.read_bytes() == undisturbed(answers)


def test_a_foreign_file_under_the_partial_name_is_left_alone(answers: Path, tmp_path: Path) -> None:
    partial = tmp_path / "out.jsonl.partial"
    partial.write_text("my notes\n")
    assert run("score", answers, "-o", tmp_path / "out.jsonl", "--resume").exit_code == 1
    assert partial.read_text() == "my notes\n"


def test_an_input_that_breaks_off_keeps_what_was_scored(answers: Path, tmp_path: Path) -> None:
    class Broken:
        def __init__(self) -> None:
            self.pieces = [answers.read_bytes()[:3000]]

        def read(self, _size: int = -1) -> bytes:
            if not self.pieces:
                raise OSError(5, "Input/output error")
            return self.pieces.pop()

    from evaluator.answers import read_answers

    kept = PartialResults(tmp_path / "p", IDENTITY, resume=False)
    with kept, pytest.raises(Exception, match="reading stopped"):
        for chunk in score_locally(ENGINE, read_answers(None, BANK, stdin=Broken()).answers):  # type: ignore[arg-type]
            kept.append(chunk)
    assert kept.done % CHUNK == 0


# Results in a file


def test_stored_and_held_results_are_the_same(answers: Path) -> None:
    path = answers.parent / "undisturbed.jsonl"
    lines = undisturbed(answers).decode().splitlines()
    held, stored = HeldResults(read_results(path, BANK)), StoredResults(path, BANK)
    assert list(held) == list(stored) and len(stored) == len(ROWS)
    assert list(held.lines()) == list(stored.lines()) == lines == [to_json_line(result) for result in stored]
    assert held.extra == stored.extra == ("site",)
    assert {name: list(places) for name, places in stored.candidates.items()} == held.candidates
    assert list(stored.take([70, 4])) == list(held.take([70, 4]))


def test_nothing_is_drawn_off_a_terminal(answers: Path, tmp_path: Path) -> None:
    stderr = run("score", answers, "-o", tmp_path / "out.jsonl").stderr
    assert "\r" not in stderr and "%" not in stderr
