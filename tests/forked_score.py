"""The command line with the exact engine, in children that end as they are told to: a program of its own.

It loads everything once, and then reads requests from standard input and writes what came of them to standard output, each
a line of JSON. A request names the arguments of one command or of several at once, and what befalls it:

- ``kill_at_answer``: SIGKILL when so many answers were scored;
- ``kill_after``: SIGKILL when it took so many seconds of the processor;
- ``kill_at``: SIGKILL before it touches a file for the so-many-th time: opens, locks, renames, removes it;
- ``most_bytes``: no file may grow larger, as on a full disk;
- ``clock``: seconds that the clock goes back every time it is looked at.
"""

import contextlib
import json
import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import fakes

from evaluator import loading
from evaluator.cli import main
from evaluator.domain import Answer
from evaluator.engine import Engine, Examined


class NotingEngine(Engine):
    """Notes whom it scores where no SIGKILL can take it back."""

    def examine(self, answers: Iterable[Answer]) -> Iterator[Examined]:
        for number, examined in enumerate(super().examine(answers), start=1):
            if NOTES >= 0:
                os.write(NOTES, f"{examined.answer.row}\n".encode())
            if number == REQUEST.get("kill_at_answer"):
                die()
            yield examined


EXACT = fakes.engine(fakes.small_bank())
NOTES = -1
REQUEST: dict[str, Any] = {}
TOUCHES = ("os.", "tempfile.", "fcntl.", "shutil.")


def load_engine(*_: object, **__: object) -> Engine:
    engine = NotingEngine(EXACT.bank, EXACT.models, EXACT.calibration)
    engine._questions = EXACT._questions
    return engine


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def befall(request: dict[str, Any], touched: list[int]) -> None:
    """Let happen to this process what the request says."""

    def touch(event: str, _: object) -> None:
        if event == "open" or event.startswith(TOUCHES):
            touched[0] += 1
            if touched[0] == request.get("kill_at"):
                die()

    REQUEST.update(request)
    sys.addaudithook(touch)
    if request.get("kill_after"):
        signal.signal(signal.SIGPROF, die)
        signal.setitimer(signal.ITIMER_PROF, request["kill_after"])
    if request.get("most_bytes"):
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (request["most_bytes"], resource.RLIM_INFINITY))
    if request.get("clock"):
        now = [2e9]

        def earlier() -> float:
            now[0] -= request["clock"]
            return now[0]

        time.time = earlier
        time.time_ns = lambda: int(earlier() * 1e9)


def child(arguments: list[str], request: dict[str, Any], folder: Path) -> None:
    """Run one command, note what came of it, and end."""
    global NOTES
    NOTES = os.open(folder / "scored", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    words = os.open(folder / "words", os.O_WRONLY | os.O_CREAT)
    os.dup2(words, 1)
    os.dup2(words, 2)
    said, touched, before = "", [0], time.process_time()
    try:
        befall(request, touched)
        main(arguments, prog_name="evaluator")
    except SystemExit as end:
        code = int(end.code or 0)
    except BaseException:
        code, said = 70, traceback.format_exc()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os.write(words, f"{said}\n{touched[0]} {time.process_time() - before}".encode())
    os._exit(code)


def answered(request: dict[str, Any]) -> list[dict[str, Any]]:
    """Run the commands of a request at once, and return what came of each."""
    with tempfile.TemporaryDirectory() as place:
        folders = [Path(place) / str(number) for number in range(len(request["commands"]))]
        children = []
        for folder, arguments in zip(folders, request["commands"], strict=True):
            folder.mkdir()
            if not (pid := os.fork()):
                child(arguments, request, folder)
            children.append(pid)
        codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]
        return [
            {
                "code": code,
                "words": (folder / "words").read_text(errors="replace") if (folder / "words").exists() else "",
                "scored": [int(row) for row in (folder / "scored").read_text().split()],
            }
            for folder, code in zip(folders, codes, strict=True)
        ]


def warm() -> None:
    """Run a command once, so that no child has to import anything."""
    with tempfile.TemporaryDirectory() as place, Path(os.devnull).open("w") as nowhere:
        answers = Path(place) / "answers.csv"
        answers.write_text("candidate_id,question_id,answer\na,rude-customer,I listen.\n")
        with contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere), contextlib.suppress(SystemExit):
            main(["score", str(answers), "--format", "jsonl,csv,xlsx", "-o", place])


if __name__ == "__main__":
    loading.load_engine = load_engine  # type: ignore[assignment]
    warm()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(answered(json.loads(line))) + "\n")
        sys.stdout.flush()
