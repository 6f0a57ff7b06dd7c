"""Finds answers that two candidates gave in nearly the same words: pure functions over results."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from rapidfuzz import fuzz, process

from evaluator.domain import Flag, FlagKind, Result
from evaluator.text import words

DUPLICATE_RATIO = 90.0
"""rapidfuzz ratio (0-100) from which two answers are duplicates. Wording only: good answers resemble each other in meaning."""
DUPLICATE_WORDS = 12
"""Words that an answer has at least: short ones coincide by chance."""
CHUNK = 256
"""Answers that are compared with all others at once: bounds the table of ratios."""


def mark_duplicates(results: Iterable[Result]) -> list[Result]:
    """Return results in their order, with a flag on every answer that repeats another candidate's to the same question.

    The flag names the first such candidate by id; both answers get one, since nobody knows who copied.
    """
    marked = list(results)
    questions: dict[str, list[int]] = {}
    for row, result in enumerate(marked):
        if result.score is not None and result.question is not None:
            questions.setdefault(result.question.id, []).append(row)
    for rows in questions.values():
        for row, other in _twins(marked, rows):
            twin = marked[other].answer.candidate_id
            detail = f"Nearly the same words as the answer of candidate {twin}."
            flag = Flag(FlagKind.DUPLICATE, twin, detail)
            marked[row] = replace(marked[row], needs_review=True, flags=(*marked[row].flags, flag))
    return marked


def _twins(results: Sequence[Result], rows: Sequence[int]) -> list[tuple[int, int]]:
    """Return each row that repeats another candidate's answer, with the first such row."""
    split = {row: words(results[row].answer.text) for row in rows}
    rows = [row for row in rows if len(split[row]) >= DUPLICATE_WORDS]
    flat = [" ".join(split[row]) for row in rows]
    found = []
    for start in range(0, len(rows), CHUNK):
        part = flat[start : start + CHUNK]
        ratios = process.cdist(part, flat, scorer=fuzz.ratio, score_cutoff=DUPLICATE_RATIO, dtype=np.uint8)
        for row, line in zip(rows[start : start + CHUNK], ratios, strict=True):
            own = results[row].answer.candidate_id
            others = (rows[i] for i in np.flatnonzero(line) if results[rows[i]].answer.candidate_id != own)
            first = next(others, None)
            if first is not None:
                found.append((row, first))
    return found
