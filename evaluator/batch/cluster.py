"""Scores a stream of answers on Ray Data: on the processors of one machine, or of many.

One task reads the answers, with the readers of every other command, into chunks; actors that load the models once score
whole chunks; this process takes the results in the order of the input. A chunk has the same answers as on one machine
without Ray, and so the same results. Ray holds back the reading where scoring is slower, and gives a chunk whose actor
was lost to another one.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from evaluator.answers import read_answers
from evaluator.batch.local import Scored
from evaluator.domain import Answer, Bank
from evaluator.engine import CHUNK, Engine
from evaluator.errors import BatchError
from evaluator.results import to_json_line

BLOCK_BYTES = 1
"""Most bytes that Ray puts together before it passes them on: every chunk by itself, seconds of work for an actor."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where to score, and with how much."""

    address: str | None = None
    """Of a Ray cluster, such as ``ray://head:10001`` or ``auto``; None starts Ray on this machine."""
    workers: int = 1
    """Actors, each with models of its own."""
    threads: int = 1
    """Processor threads of each."""


def score_on_ray(
    make_engine: Callable[[], Engine],
    places: Sequence[Path | str],
    bank: Bank,
    mapping: Mapping[str, str],
    cluster: Cluster,
    *,
    skip: int = 0,
) -> Iterator[Scored]:
    """Yield the results of every ``CHUNK`` answers in ``places``, in order, without the first ``skip`` answers.

    Args:
        make_engine: called once in each actor.
        places: files or URLs that every machine of the cluster can read.
        bank: by which columns are matched to questions.
        mapping: which column answers which question, where the user says so.
        cluster: where to score.
        skip: answers that are scored already, a multiple of ``CHUNK``.

    Raises:
        BatchError: Ray is not installed, cannot be reached, or gives up.
    """
    ray = _started(cluster)
    from ray.data import ActorPoolStrategy
    from ray.exceptions import RayError

    source = _Chunks(
        [str(place) if isinstance(place, str) else place.absolute() for place in places], bank, mapping, skip
    )
    try:
        scored = ray.data.read_datasource(source.datasource(), override_num_blocks=1, num_cpus=0.5).map_batches(
            _Scorer,
            batch_size=1,
            batch_format="numpy",
            fn_constructor_args=(make_engine,),
            compute=ActorPoolStrategy(size=cluster.workers),
            num_cpus=cluster.threads,
            max_restarts=3,
            max_task_retries=3,
        )
        for number, row in enumerate(scored.iter_rows()):
            if row["chunk"] != number:
                raise BatchError("Ray mixed up the order of the answers. Score without --engine ray.")
            yield json.loads(row["results"])
    except RayError as error:
        # Not chained and not quoted: Ray's errors may carry what it was working on.
        raise BatchError(f"Ray gave up ({type(error).__name__}). Its logs say why; --resume goes on.") from None
    finally:
        ray.shutdown()


class _Chunks:
    """Reads answers chunk by chunk, on whichever machine Ray chooses."""

    def __init__(self, places: Sequence[Path | str], bank: Bank, mapping: Mapping[str, str], skip: int) -> None:
        self._places, self._bank, self._mapping, self._skip = places, bank, mapping, skip

    def __call__(self) -> Iterator[Any]:
        """Yield one table a chunk: its number and its answers, as JSON."""
        import pyarrow

        answers = islice(self._answers(), self._skip, None)
        number = 0
        while chunk := list(islice(answers, CHUNK)):
            text = json.dumps([asdict(answer) for answer in chunk])
            yield pyarrow.table({"chunk": [number], "answers": [text]})
            number += 1

    def _answers(self) -> Iterator[Answer]:
        for place in self._places:
            yield from read_answers(place, self._bank, mapping=self._mapping).answers

    def datasource(self) -> Any:  # noqa: ANN401 - of Ray, which is not typed here
        """Return what Ray reads from: one task, since rows are numbered and columns known from the top only."""
        from ray.data.block import BlockMetadata
        from ray.data.datasource import Datasource, ReadTask

        chunks = self

        class AnswerChunks(Datasource):  # type: ignore[misc]
            def estimate_inmemory_data_size(self) -> int | None:
                return None

            def get_read_tasks(self, parallelism: int, *_: object, **__: object) -> list[Any]:
                nothing_known = BlockMetadata(num_rows=None, size_bytes=None, exec_stats=None, input_files=None)
                return [ReadTask(chunks, nothing_known)]

        return AnswerChunks()


class _Scorer:
    """Scores chunks with models of its own."""

    def __init__(self, make_engine: Callable[[], Engine]) -> None:
        self._engine = make_engine()

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        scored = []
        for text in batch["answers"]:
            answers = (Answer(**fields) for fields in json.loads(text))
            scored.append(json.dumps([to_json_line(result) for result in self._engine.evaluate(answers)]))
        return {"chunk": batch["chunk"], "results": scored}


def _started(cluster: Cluster) -> Any:  # noqa: ANN401 - of Ray, which is not typed here
    # Nothing about a batch leaves the cluster, and the driver does not repeat what workers print.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise BatchError(
            f"--engine ray needs Ray ({error}). Run: pip install 'pharmacy-interview-evaluator[ray]'"
        ) from error
    options: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False, "ignore_reinit_error": True}
    if cluster.address is None:
        # One processor more than the actors take: the task that reads needs a part of it.
        options |= {"num_cpus": cluster.workers * cluster.threads + 1, "include_dashboard": False}
    try:
        ray.init(address=cluster.address, **options)
    except Exception as error:  # a start that takes too long raises no class of its own
        what = "reached" if cluster.address else "started"
        raise BatchError(
            f"Ray cannot be {what} ({error}). Check --ray-address, or score without --engine ray."
        ) from error
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.execution_options.preserve_order = True
    context.target_max_block_size = BLOCK_BYTES
    context.target_min_block_size = 1
    return ray
