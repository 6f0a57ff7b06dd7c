"""Finds answers that two candidates gave in nearly the same words: exact, and pure but for the words it is given.

All pairs are compared in principle. Counting characters rules out nearly all of them first, without ever ruling out a
pair that reaches the ratio, so that a large batch gets the same flags as a small one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from evaluator.domain import Flag, FlagKind, Result
from evaluator.text import words

DUPLICATE_RATIO = 90.0
"""rapidfuzz ratio (0-100) from which two answers are duplicates. Wording only: good answers resemble each other in meaning."""
DUPLICATE_WORDS = 12
"""Words that an answer has at least: short ones coincide by chance."""

_BINS = 32
"""Bins that characters are counted in, by code point modulo their number: letters and the space do not share one."""


def compared_text(result: Result) -> str:
    """Return the words of an answer as they are compared, or '' where it is compared with none."""
    if result.score is None or result.question is None:
        return ""
    said = words(result.answer.text)
    return " ".join(said) if len(said) >= DUPLICATE_WORDS else ""


def duplicate_flag(twin: str) -> Flag:
    """Return the flag of an answer that repeats the answer of the candidate ``twin``."""
    return Flag(FlagKind.DUPLICATE, twin, f"Nearly the same words as the answer of candidate {twin}.")


def flagged(result: Result, twin: str | None) -> Result:
    """Return a result with the flag of a duplicate, or as it is where there is no ``twin``."""
    if twin is None:
        return result
    return replace(result, needs_review=True, flags=(*result.flags, duplicate_flag(twin)))


def mark_duplicates(results: Iterable[Result]) -> list[Result]:
    """Return results in their order, with a flag on every answer that repeats another candidate's to the same question.

    The flag names the first such candidate in the order of the results; both answers get one, since nobody knows who
    copied.
    """
    marked = list(results)
    texts = [compared_text(result) for result in marked]
    questions: dict[str, list[int]] = {}
    for row, result in enumerate(marked):
        if texts[row] and result.question is not None:
            questions.setdefault(result.question.id, []).append(row)
    for rows in questions.values():
        candidates = [marked[row].answer.candidate_id for row in rows]
        for own, other in find_twins(candidates, [texts[row] for row in rows]):
            marked[rows[own]] = flagged(marked[rows[own]], candidates[other])
    return marked


def find_twins(candidates: Sequence[object], texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield the position of each text that repeats another candidate's, with the position of the first such text.

    How it is decided: a ratio of 90 allows one insertion or deletion for ten characters of both texts together. Each
    changes the count of one character by one, so texts whose counts differ by more cannot reach it; only the others
    are aligned. Texts are looked at by length, since a text of 100 characters reaches it with 82 to 122 only.

    Args:
        candidates: whose text it is; texts of one candidate are never held against each other.
        texts: to one question, in the order of the input.
    """
    lengths = np.array([len(text) for text in texts], dtype=np.int64)
    counts = np.stack([_counts(text) for text in texts]) if texts else np.zeros((0, _BINS), dtype=np.int32)
    by_length = np.argsort(lengths, kind="stable")
    sorted_lengths, sorted_counts = lengths[by_length], counts[by_length]
    allowed = 1.0 - DUPLICATE_RATIO / 100.0
    first: dict[int, int] = {}
    for place, own in enumerate(by_length.tolist()):
        longest = lengths[own] * (1 + allowed) / (1 - allowed) + 1
        end = int(np.searchsorted(sorted_lengths, longest, side="right"))
        rest = slice(place + 1, end)
        difference = np.abs(sorted_counts[rest] - sorted_counts[place]).sum(axis=1)
        plausible = by_length[rest][difference <= allowed * (sorted_lengths[rest] + lengths[own]) + 1].tolist()
        others = [row for row in plausible if candidates[row] != candidates[own]]
        if not others:
            continue
        ratios = process.cdist(
            [texts[own]],
            [texts[row] for row in others],
            scorer=fuzz.ratio,
            score_cutoff=DUPLICATE_RATIO,
            dtype=np.uint8,
        )
        for other in (others[i] for i in np.flatnonzero(ratios[0])):
            first[own] = min(other, first.get(own, other))
            first[other] = min(own, first.get(other, own))
    yield from sorted(first.items())


def _counts(text: str) -> NDArray[np.int32]:
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    return np.bincount(codes % _BINS, minlength=_BINS).astype(np.int32)
