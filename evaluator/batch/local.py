"""Scores a stream of answers in this process, chunk by chunk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from evaluator.domain import Answer
from evaluator.engine import CHUNK, Engine
from evaluator.results import to_json_line

Scored = list[str]
"""The results of one chunk of answers, as lines of JSON without line breaks, in the order of the answers."""


def score_locally(engine: Engine, answers: Iterable[Answer]) -> Iterator[Scored]:
    """Yield the results of every ``CHUNK`` answers. No more answers are pulled than those of the chunk in hand."""
    lines = map(to_json_line, engine.evaluate(answers))
    while chunk := list(islice(lines, CHUNK)):
        yield chunk
