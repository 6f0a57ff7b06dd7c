"""The command line with the exact engine in the place of the models, as slow as it is told to be: a program of its own.

It is called with the seconds that an answer takes, and the arguments of the command.
"""

import sys
import time
from collections.abc import Iterable, Iterator

import fakes

from evaluator import loading
from evaluator.cli import main
from evaluator.domain import Answer
from evaluator.engine import Engine, Examined


class SlowEngine(Engine):
    """Takes its time, and says on standard output whom it scores."""

    def examine(self, answers: Iterable[Answer]) -> Iterator[Examined]:
        for examined in super().examine(answers):
            print("scored", examined.answer.candidate_id, flush=True)
            time.sleep(float(sys.argv[1]))
            yield examined


def load_engine(*_: object, **__: object) -> Engine:
    exact = fakes.engine(fakes.small_bank())
    return SlowEngine(exact.bank, exact.models, exact.calibration)


if __name__ == "__main__":
    loading.load_engine = load_engine  # type: ignore[assignment]
    main(sys.argv[2:], prog_name="evaluator")
