"""Where the words, sentences, clauses and windows of a normalised text stand."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from itertools import pairwise

CLAUSE_MIN_WORDS = 4
"""A clause of fewer words is joined to its neighbour: "I would listen" still says something, "and then" does not."""

WINDOW_WORDS = 22
"""Longest segment. MiniLM was trained on sentences of about this length; its own limit is 256 word pieces."""

WINDOW_CHARS = 400
"""Longest segment in characters: words of sixty letters are no words, and fill the 256 word pieces all the same."""

SENTENCE_WORDS = 45
"""Longest sentence that is read in one piece; transcripts without punctuation are cut at clause marks."""

WINDOW_OVERLAP = 8
"""Words that two neighbouring windows share, so that no clause is cut in both."""

# A run of marks is tried from its start only, and never given back: a thousand dots must not take a million steps.
_BREAK = re.compile(r"""(?:(?<![.!?\u2026])[.!?\u2026]++["')\]]*+(?=\s|$)|[;\n]+|\s[-\u2013\u2014]\s)""")
_ABBREVIATION = re.compile(r"\b(?:mr|mrs|ms|dr|st|vs|e\.g|i\.e|approx)\.\Z", re.IGNORECASE)
_ABBREVIATION_OR_END = re.compile(r"\b(?:etc|a\.m|p\.m|jr|sr)\.\Z", re.IGNORECASE)
_NUMBER_OR_END = re.compile(r"\bno\.\Z", re.IGNORECASE)
_NEXT = re.compile(r"\s*(\S?)")
_CLAUSE = re.compile(
    r"""(?:,\s+(?:and|but|so|then|or|because|while|instead|which|whereas|even)\b
         |,\s+(?=(?:i|we|you|he|she|they|it)(?:'\w+)?\s)
         |\s(?=(?:and|but|so|because)\s+(?:then\s+)?(?:i|we|you|he|she|they|it)(?:'\w+)?\s)
         |\s(?=(?:and\s+then|but|because|instead)\s)
         |:\s
         |,\s+)""",
    re.IGNORECASE | re.VERBOSE,
)
WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_ATOM = re.compile(r"[^\w\s]{0,3}[^\W_]{1,60}(?:['\u2019][^\W_]{1,60}){0,3}[^\w\s]{0,3}")


def marked_sentences(text: str) -> list[tuple[int, int]]:
    """Return where the sentences between the marks of a normalised text stand, whatever their length."""
    spans: list[tuple[int, int]] = []
    start = 0
    for match in _BREAK.finditer(text):
        if _is_abbreviation(text, match) or _is_list_number(text, start, match.start()):
            continue
        spans.append((start, match.end()))
        start = match.end()
    spans.append((start, len(text)))
    return [trimmed for span in spans if (trimmed := _trim(text, *span))]


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Return where the sentences of a normalised text stand, in order; those of more than SENTENCE_WORDS are cut."""
    spans: list[tuple[int, int]] = []
    for start, end in marked_sentences(text):
        pieces = [piece for clause in clause_spans(text, start, end) for piece in _cut(text, *clause)]
        first, last = start, start
        for piece_start, piece_end in pieces:
            if last > first and not fits(text, first, piece_end, SENTENCE_WORDS):
                spans.append((first, last))
                first = piece_start
            last = piece_end
        spans.append((first, end))
    return spans


def _is_abbreviation(text: str, mark: re.Match[str]) -> bool:
    """Return whether a full stop belongs to an abbreviation inside a sentence; "etc." and "no." may also end one."""
    if mark.group() != ".":
        return False
    before, after = (max(0, mark.start() - 8), mark.end()), _NEXT.match(text, mark.end())
    following = after.group(1) if after else ""
    return bool(
        _ABBREVIATION.search(text, *before)
        or (_ABBREVIATION_OR_END.search(text, *before) and not following.isupper())
        or (_NUMBER_OR_END.search(text, *before) and following.isdigit())
    )


def _is_list_number(text: str, start: int, dot: int) -> bool:
    return text[start:dot].strip().isdigit() and len(text[start:dot].strip()) <= 2


def _trim(text: str, start: int, end: int) -> tuple[int, int] | None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return (start, end) if end > start else None


def clause_spans(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Cut a sentence at clause marks, joining pieces too short to judge to the piece before (or the first to the next)."""
    starts = [match.start() for match in WORD.finditer(text, start, end)]
    cuts = [start]
    for match in _CLAUSE.finditer(text, start, end):
        cut = match.start() + 1 if text[match.start()] in ",:" else match.start()
        before = bisect_left(starts, cut)
        if before - bisect_left(starts, cuts[-1]) >= CLAUSE_MIN_WORDS and len(starts) - before >= CLAUSE_MIN_WORDS:
            cuts.append(cut)
    cuts.append(end)
    return [trimmed for pair in pairwise(cuts) if (trimmed := _trim(text, *pair))]


def window_spans(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Cut a piece into overlapping windows of at most WINDOW_WORDS words and WINDOW_CHARS characters."""
    if fits(text, start, end):
        return [(start, end)]
    atoms = [match.span() for match in _ATOM.finditer(text, start, end)]
    windows = []
    first = 0
    while first < len(atoms):
        last = first + 1
        while last < len(atoms) and last - first < WINDOW_WORDS and atoms[last][1] - atoms[first][0] <= WINDOW_CHARS:
            last += 1
        windows.append((atoms[first][0], atoms[last - 1][1]))
        if last == len(atoms):
            break
        first = max(first + 1, last - min(WINDOW_OVERLAP, (last - first) // 2))
    return windows


def _cut(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield a clause in pieces of at most SENTENCE_WORDS words, one after the other."""
    if fits(text, start, end, SENTENCE_WORDS):
        yield start, end
        return
    atoms = [match.span() for match in _ATOM.finditer(text, start, end)]
    first = 0
    for number in range(1, len(atoms) + 1):
        if number == len(atoms) or not fits(text, atoms[first][0], atoms[number][1], SENTENCE_WORDS):
            yield atoms[first][0], atoms[number - 1][1]
            first = number


def fits(text: str, start: int, end: int, most: int = WINDOW_WORDS) -> bool:
    """Return whether a stretch has at most ``most`` words, and the characters that go with them."""
    return end - start <= WINDOW_CHARS * most // WINDOW_WORDS and _count(text, start, end) <= most


def window_pairs(text: str, clauses: list[tuple[int, int]]) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Return neighbouring clauses that fit a window together, so that a clause keeps its context in long sentences."""
    return [(a, b) for a, b in pairwise(clauses) if fits(text, a[0], b[1])]


def _count(text: str, start: int, end: int) -> int:
    return sum(1 for _ in WORD.finditer(text, start, end))
