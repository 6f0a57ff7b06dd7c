"""Runs the models off the event loop: one piece of work at a time, in the order of asking, with a bounded queue."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from evaluator.errors import EvaluatorError

T = TypeVar("T")

MAX_WAITING = 64
"""Pieces of work that may wait: three rooms of twenty people who all press the button at once."""


class BusyError(EvaluatorError):
    """Too many people ask at once."""


class Worker:
    """One thread that does what it is given, first come, first served."""

    def __init__(self, max_waiting: int = MAX_WAITING) -> None:
        """Start nothing yet: the thread starts with the first piece of work."""
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="evaluator")
        self._max_waiting = max_waiting
        self.waiting = 0
        """Pieces of work that are asked for and not done, the running one included."""

    async def run(self, work: Callable[[], T], *, patient: bool = False) -> T:
        """Return what ``work`` returns, once its turn has come.

        Args:
            work: called in the thread.
            patient: whether it may wait where the queue is full; batches may, since each waits with one piece only.

        Raises:
            BusyError: the queue is full.
        """
        if self.waiting >= self._max_waiting and not patient:
            raise BusyError("Many people are asking at this moment. Wait a minute and send it again.")
        self.waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, work)
        finally:
            self.waiting -= 1

    def close(self) -> None:
        """Drop what waits; what runs ends by itself."""
        self._executor.shutdown(wait=False, cancel_futures=True)
