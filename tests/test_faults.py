"""Faults: killed at any point, disk full, nowhere to write, two at once, a clock that goes back.

Whatever happens, no half file stands under a final name, ``--resume`` gives the bytes of an undisturbed run, and what was kept
is not scored again. The commands run in processes of their own (``forked_score.py``) and are killed with SIGKILL.
"""

from __future__ import annotations

import csv
import gc
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from evaluator.cli import main
from evaluator.engine import CHUNK
from evaluator.whole_files import WRITING, fill_file, remove_abandoned, write_file

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals and forks are for POSIX")

HERE = Path(__file__).parent
ANSWERS = 500
POINTS = 20
SEED = 20260331
FORMATS = "jsonl,csv,xlsx"
SAID = (
    "I listen until the customer has finished talking.",
    "I want to learn from your pharmacist.",
    "I argue and prove the customer wrong.",
    "",
    "My voice stays low and my breathing slow, and together we look up options.",
)


class Server:
    """Commands in processes of their own, which load nothing anew."""

    def __init__(self) -> None:
        environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(HERE.parent), str(HERE)])}
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "forked_score.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
        )  # fmt: skip

    def __call__(self, *arguments: object, **fault: object) -> dict[str, Any]:
        return self.at_once([arguments], **fault)[0]

    def at_once(self, commands: list[tuple[object, ...]], **fault: object) -> list[dict[str, Any]]:
        assert self._process.stdin and self._process.stdout
        request = {"commands": [list(map(str, arguments)) for arguments in commands], **fault}
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        self._process.communicate(timeout=60)


@pytest.fixture(scope="module")
def run() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("faults") / "answers.csv"
    with path.open("w", newline="") as file:
        rows = ([f"c{n % 50}", ("rude-customer", "own-question")[n % 2], f"{SAID[n % 5]}", n] for n in range(ANSWERS))
        csv.writer(file).writerows([["candidate_id", "question_id", "answer", "site"], *rows])
    return path


@pytest.fixture(scope="module")
def expected(run: Server, answers: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What an undisturbed run writes."""
    folder = tmp_path_factory.mktemp("undisturbed")
    done = score(run, answers, folder)
    assert done["code"] == 3 and done["scored"] == list(range(2, ANSWERS + 2)), done["words"]
    assert set(contents(folder)) == {"results.jsonl", "results.csv", "results.xlsx", "manifest.json"}
    return contents(folder)


def score(run: Server, answers: Path, folder: Path, *more: object, **fault: object) -> dict[str, Any]:
    return run("score", answers, "--format", FORMATS, "-o", folder, *more, **fault)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.is_dir() else {}


def final(folder: Path) -> dict[str, bytes]:
    """Return the files under final names: all but the partial file, and those that are being written."""
    hidden = (WRITING, "results.partial")
    return {name: data for name, data in contents(folder).items() if not name.startswith(hidden)}


def kept(folder: Path) -> int:
    """Return how many results of whole chunks the partial file holds."""
    path = folder / "results.partial"
    lines = path.read_bytes().split(b"\n") if path.exists() else []
    if any(line.startswith(b'{"complete"') for line in lines[:-1]):
        return ANSWERS
    return max(0, len(lines) - 2) // CHUNK * CHUNK


def assert_nothing_half(folder: Path, expected: dict[str, bytes]) -> None:
    found = final(folder)
    assert {name: data == expected.get(name) for name, data in found.items()} == dict.fromkeys(found, True)


def assert_goes_on(run: Server, answers: Path, folder: Path, expected: dict[str, bytes]) -> int:
    """Resume, hold the files against the undisturbed ones, and return how many were not scored again."""
    before = kept(folder)
    done = score(run, answers, folder, "--resume")
    assert done["code"] == 3 and "Traceback" not in done["words"], done["words"]
    assert done["scored"] == list(range(2 + before, ANSWERS + 2)), "what was kept must not be scored again"
    assert contents(folder) == expected
    return before


# Killed


def test_killed_at_any_point_a_batch_goes_on_to_the_same_bytes(
    run: Server, answers: Path, expected: dict[str, bytes], tmp_path: Path
) -> None:
    touched, seconds = whole_run(run, answers, tmp_path)
    points = random.Random(SEED)
    some = POINTS // 3
    # While it scores; where it touches a file, which it mostly does when it writes; and anywhere.
    faults: list[dict[str, float]] = [{"kill_at_answer": points.randint(CHUNK + 2, ANSWERS)} for _ in range(some)]
    faults += [{"kill_at": points.randint(1, touched)} for _ in range(some)]
    faults += [{"kill_after": points.uniform(0.05, 0.9) * seconds} for _ in range(POINTS - 2 * some)]
    stages = set()
    for number, fault in enumerate(faults):
        folder = tmp_path / str(number)
        killed = score(run, answers, folder, **fault)
        # A processor that hurries may be done before its time is up.
        assert killed["code"] == -9 or (killed["code"] == 3 and "kill_after" in fault), fault
        assert_nothing_half(folder, expected)
        if final(folder) == expected and not (folder / "results.partial").exists():
            stages.add("done")
            continue
        stages.add("nothing" if kept(folder) == 0 else "scoring" if kept(folder) < ANSWERS else "writing")
        assert_goes_on(run, answers, folder, expected)
    assert {"scoring", "writing"} <= stages


def whole_run(run: Server, answers: Path, place: Path) -> tuple[int, float]:
    """Return how often an undisturbed run touches a file, and how many seconds of the processor it takes."""
    touched, seconds = score(run, answers, place / "whole")["words"].split()[-2:]
    return int(touched), float(seconds)


def test_killed_again_and_again_nothing_is_scored_twice(
    run: Server, answers: Path, expected: dict[str, bytes], tmp_path: Path
) -> None:
    points = random.Random(SEED)
    folder = tmp_path / "run"
    counted: list[int] = []
    for _ in range(4):
        before = kept(folder)
        killed = score(run, answers, folder, "--resume", kill_at_answer=points.randint(ANSWERS // 20, ANSWERS // 4))
        after = kept(folder)
        assert killed["code"] == -9 and not final(folder)
        assert killed["scored"] == list(range(2 + before, 2 + before + len(killed["scored"])))
        counted += killed["scored"][: after - before]
    last = assert_goes_on(run, answers, folder, expected)
    assert counted == list(range(2, 2 + last)) and last > 0


def test_what_a_killed_run_left_half_written_is_removed_and_what_another_one_writes_is_not(tmp_path: Path) -> None:
    left = tmp_path / f"{WRITING}left"
    left.write_bytes(b"half")
    during: list[bool] = []

    def fill(file: Any) -> None:
        file.write(b"whole")
        remove_abandoned(tmp_path)
        during.append(len(list(tmp_path.glob(f"{WRITING}*"))) == 1)

    fill_file(tmp_path / "out", fill)
    assert during == [True] and not left.exists()
    assert contents(tmp_path) == {"out": b"whole"}


# No room


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Return a function that mounts a disk with options such as ``size=64k``, or changes them; it needs the rights to."""
    place, mounted = tmp_path / "disk", [False]
    place.mkdir()

    def mount(options: str) -> Path:
        more = f"remount,{options}" if mounted[0] else options
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", more, "tmpfs", str(place)], capture_output=True, check=False
        )
        if done.returncode:
            pytest.skip(f"no disk can be mounted: {done.stderr.decode().strip()}")
        mounted[0] = True
        return place

    yield mount
    if mounted[0]:
        subprocess.run(["umount", "-l", str(place)], check=True)


def room_for(expected: dict[str, bytes]) -> list[int]:
    """Return seeded sizes of a disk, in bytes, that end the run while it scores and while it writes its files."""
    whole = len(expected["results.jsonl"])
    points = random.Random(SEED)
    return [4096, int(points.uniform(0.3, 0.8) * whole), int(points.uniform(1.2, 2.0) * whole)]


def test_on_a_full_disk_nothing_half_is_left_and_with_room_it_goes_on(
    run: Server, answers: Path, expected: dict[str, bytes], small_disk: Callable[[str], Path]
) -> None:
    stages = set()
    for number, size in enumerate(room_for(expected)):
        disk = small_disk(f"size={size}")
        folder = disk / str(number)
        done = score(run, answers, folder)
        assert done["code"] == 1 and "No space left on device" in done["words"], done["words"]
        assert "Traceback" not in done["words"]
        assert_nothing_half(folder, expected)
        assert not list(folder.glob(f"{WRITING}*"))
        stages.add("scoring" if kept(folder) < ANSWERS else "writing")
        small_disk("size=100m")
        assert_goes_on(run, answers, folder, expected)
        for path in folder.iterdir():
            path.unlink()
    assert stages == {"scoring", "writing"}


def test_at_a_limit_of_file_sizes_nothing_half_is_left_and_without_it_it_goes_on(
    run: Server, answers: Path, expected: dict[str, bytes], tmp_path: Path
) -> None:
    for number, size in enumerate([1000, len(expected["results.jsonl"]) // 2]):
        folder = tmp_path / str(number)
        done = score(run, answers, folder, most_bytes=size)
        assert done["code"] == 1 and "File too large" in done["words"], done["words"]
        assert "Traceback" not in done["words"]
        assert_nothing_half(folder, expected)
        assert_goes_on(run, answers, folder, expected)


def test_a_full_standard_output_is_an_error_of_ours(answers: Path) -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(HERE.parent), str(HERE)])}
    program = (
        "import forked_score as f; f.loading.load_engine = lambda *_, **__: f.EXACT; f.main(prog_name='evaluator')"
    )
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", program, "score", str(answers)],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            check=False,
        )
    assert done.returncode == 1 and "standard output: cannot be written (No space left on device)" in done.stderr
    assert "Traceback" not in done.stderr and "Exception ignored" not in done.stderr


def test_a_full_folder_for_temporary_files_is_an_error_of_ours(
    small_disk: Callable[[str], Path], tmp_path: Path
) -> None:
    disk = small_disk("size=8k")
    told = "I listen until the customer has finished talking, and together we look up options that solve the problem"
    long = tmp_path / "long.csv"
    rows = (f"c{n},rude-customer,{' and '.join(9 * [told])} {n}\n".replace(", and", " and") for n in range(40))
    long.write_text("candidate_id,question_id,answer\n" + "".join(rows))
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(HERE.parent), str(HERE)]), "TMPDIR": str(disk)}
    program = (
        "import forked_score as f; f.loading.load_engine = lambda *_, **__: f.EXACT; f.main(prog_name='evaluator')"
    )
    command = [sys.executable, "-c", program, "score", str(long), "-o", str(tmp_path / "out.jsonl")]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 1 and "No space left on device" in done.stderr and "TMPDIR" in done.stderr, done.stderr
    assert "Traceback" not in done.stderr and not (tmp_path / "out.jsonl").exists()


# Nowhere to write


def test_a_folder_that_cannot_be_written_is_said_before_anything_is_scored(
    run: Server, answers: Path, small_disk: Callable[[str], Path], tmp_path: Path
) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("mine")
    disk = small_disk("ro,size=64k")
    for folder in (in_the_way / "run", disk / "run"):
        done = score(run, answers, folder)
        assert done["code"] == 1 and "cannot be written" in done["words"] and "-o" in done["words"], done["words"]
        assert not done["scored"] and "Traceback" not in done["words"]
    assert in_the_way.read_text() == "mine"


@pytest.mark.parametrize("place", ["a file", "a read-only disk", "a read-only store"])
@pytest.mark.usefixtures("word_overlap")
def test_a_cache_that_cannot_be_written_changes_no_result(
    place: str, answers: Path, tmp_path: Path, small_disk: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    few = tmp_path / "few.csv"
    few.write_text("".join(answers.read_text().splitlines(keepends=True)[:41]))

    def results(name: str) -> bytes:
        done = CliRunner().invoke(main, ["score", str(few), "-o", str(tmp_path / name)])
        assert done.exit_code == 3, done.output
        return (tmp_path / name).read_bytes()

    wanted = results("usual.jsonl")
    cache = tmp_path / "cache"
    if place == "a file":
        cache = tmp_path / "no-folder"
        cache.write_text("mine")
    else:
        disk = small_disk("size=50m")
        cache = disk / "cache"
        monkeypatch.setenv("EVALUATOR_CACHE", str(cache))
        if place == "a read-only store":
            assert results("kept.jsonl") == wanted and list(cache.iterdir())
            gc.collect()  # which closes the store
        small_disk("ro")
    monkeypatch.setenv("EVALUATOR_CACHE", str(cache))
    assert results("without.jsonl") == wanted


# Two at once, and time


def test_runs_into_one_folder_at_once_leave_one_whole_run(
    run: Server, answers: Path, expected: dict[str, bytes], tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    command = ("score", answers, "--format", FORMATS, "-o", folder)
    several = run.at_once([command, command, (*command, "--resume"), command])
    codes = sorted(done["code"] for done in several)
    assert codes[-1] == 3 and set(codes) <= {1, 3}, [done["words"] for done in several]
    for done in several:
        assert "Traceback" not in done["words"]
        assert done["code"] == 3 or "another run is writing" in done["words"] or "--resume" in done["words"]
        assert not (done["code"] == 1 and done["scored"]), "who is refused scores nothing"
    assert contents(folder) == expected


def test_who_may_read_a_file_follows_the_umask_and_stays_when_it_is_written_again(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        write_file(tmp_path / "new", b"1")
    finally:
        os.umask(before)
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o600
    write_file(tmp_path / "new", b"2")
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("seconds", [1, 3600.0, 1e8])
def test_a_clock_that_goes_back_changes_no_byte(
    run: Server, answers: Path, expected: dict[str, bytes], tmp_path: Path, seconds: float
) -> None:
    done = score(run, answers, tmp_path / "whole", clock=seconds)
    assert done["code"] == 3, done["words"]
    assert contents(tmp_path / "whole") == expected


def test_a_partial_file_of_the_future_is_gone_on_with(
    run: Server, answers: Path, expected: dict[str, bytes], tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    assert score(run, answers, folder, kill_at_answer=ANSWERS * 3 // 5)["code"] == -9
    for path in folder.iterdir():
        os.utime(path, (4e9, 4e9))
    assert assert_goes_on(run, answers, folder, expected) > 0
