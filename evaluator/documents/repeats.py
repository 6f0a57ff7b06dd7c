"""Marks passages that say what another passage says in nearly the same words: pure functions over passages."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from rapidfuzz import fuzz, process

from evaluator.documents.document import Passage
from evaluator.documents.stems import topic_stems
from evaluator.text import words

REPEAT_RATIO = 90.0
"""rapidfuzz ratio (0-100) of the words from which two passages are the same, as for candidates' answers."""

CONTAINED_SHARE = 0.8
"""Share of a passage's content that must stand in one other passage for it to be a repeat of it."""

MIN_STEMS = 4
"""Different content words that a passage must have: shorter ones coincide by chance."""

MIN_WORDS = 3
"""Words from which a passage repeats one that is the same word for word: "Thank you." is said often."""

CHUNK = 256
"""Passages compared with all others at once: bounds the table of ratios."""


def mark_repeats(passages: Sequence[Passage], others: Iterable[Passage] = ()) -> list[Passage]:
    """Return the passages with ``duplicate_of`` set where another one says the same.

    Two passages in nearly the same words: the later repeats the earlier, and those of ``others`` are earlier. Else a
    passage repeats a longer one, before or after it, that has ``CONTAINED_SHARE`` of its content words. A duplicate is
    always one of a passage that is none.
    """
    outside = [other for other in others if other.duplicate_of is None]
    everything = [*outside, *passages]
    first_own = len(outside)
    stems = [Counter(topic_stems(passage.text)) for passage in everything]
    eligible = [index for index, found in enumerate(stems) if len(found) >= MIN_STEMS]
    same = _same_words(everything, eligible, first_own)
    remaining = [index for index in eligible if index not in same]
    inside = _contained(stems, remaining, first_own)
    target = {**same, **inside}

    def root(index: int) -> int:
        while index in target:
            index = target[index]
        return index

    marked = list(passages)
    for index in target:
        marked[index - first_own] = replace(marked[index - first_own], duplicate_of=everything[root(index)].id)
    return marked


def _same_words(passages: Sequence[Passage], eligible: Sequence[int], first_own: int) -> dict[int, int]:
    """Return each passage with the first one before it that has nearly the same words."""
    flat = [" ".join(words(passages[index].text)) for index in eligible]
    found = _identical(passages, first_own)
    for start in range(0, len(eligible), CHUNK):
        ratios = process.cdist(
            flat[start : start + CHUNK], flat, scorer=fuzz.ratio, score_cutoff=REPEAT_RATIO, dtype=np.uint8
        )
        for row, line in enumerate(ratios, start=start):
            first = int(np.flatnonzero(line)[0])
            if first < row and eligible[row] >= first_own:
                found.setdefault(eligible[row], eligible[first])
    return found


def _identical(passages: Sequence[Passage], first_own: int) -> dict[int, int]:
    """Return each passage with the first one before it that has the very same words, however few content words."""
    first: dict[str, int] = {}
    found: dict[int, int] = {}
    for index, passage in enumerate(passages):
        spoken = words(passage.text)
        earlier = first.setdefault(" ".join(spoken), index)
        if earlier < index >= first_own and len(spoken) >= MIN_WORDS:
            found[index] = earlier
    return found


def _contained(stems: Sequence[Counter[str]], eligible: Sequence[int], first_own: int) -> dict[int, int]:
    """Return each passage with the longest other one that holds most of its content words."""
    holders: dict[str, list[int]] = defaultdict(list)
    for index in eligible:
        for stem in stems[index]:
            holders[stem].append(index)
    size = {index: sum(stems[index].values()) for index in eligible}
    found: dict[int, int] = {}
    for index in eligible:
        if index < first_own:
            continue
        needed = CONTAINED_SHARE * size[index]
        shared: Counter[int] = Counter()
        for stem, count in stems[index].items():
            for other in holders[stem]:
                shared[other] += min(count, stems[other][stem])
        larger = [
            other
            for other, count in shared.items()
            if count >= needed and (size[other], -other) > (size[index], -index)
        ]
        if larger:
            found[index] = max(larger, key=lambda other: (shared[other], size[other], -other))
    return found
