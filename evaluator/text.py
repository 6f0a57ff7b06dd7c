"""Makes an answer readable for the models: normalises it, and cuts it into segments that know where they stand."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from evaluator.domain import Segment

MAX_ANSWER_CHARS = 40_000
"""Longest answer that is judged: about 7,000 words, ten times the longest answer anyone gives in an interview."""

CLAUSE_MIN_WORDS = 4
"""A clause of fewer words is joined to its neighbour: "I would listen" still says something, "and then" does not."""

WINDOW_WORDS = 22
"""Longest segment. MiniLM was trained on sentences of about this length; its own limit is 256 word pieces."""

WINDOW_OVERLAP = 8
"""Words that two neighbouring windows share, so that no clause is cut in both."""

MIXED_SCRIPT_SHARE = 0.02
"""Share of letters outside the Latin script, within words that mix scripts, above which an answer is flagged."""

_CURLY = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u00b4": "'", "`": "'"})

_BREAK = re.compile(r"""(?:[.!?\u2026]+["')\]]*(?=\s|$)|[;\n]+|\s[-\u2013\u2014]\s)""")
_ABBREVIATION = re.compile(r"\b(?:mr|mrs|ms|dr|st|vs|etc|e\.g|i\.e|a\.m|p\.m|approx|no|jr|sr)\.$", re.IGNORECASE)
_CLAUSE = re.compile(
    r"""(?:,\s+(?:and|but|so|then|or|because|while|instead|which|whereas|even)\b
         |,\s+(?=(?:i|we|you|he|she|they|it)(?:'\w+)?\s)
         |\s(?=(?:and|but|so|because)\s+(?:then\s+)?(?:i|we|you|he|she|they|it)(?:'\w+)?\s)
         |\s(?=(?:and\s+then|but|because|instead)\s)
         |:\s
         |,\s+)""",
    re.IGNORECASE | re.VERBOSE,
)
_FILLER = re.compile(
    r"""\b(?:u+m+|u+h+|e+r+m*|h+m+|mm+)\b,?
      | ,?\s*\b(?:you\ know|i\ mean|kind\ of|sort\ of|i\ guess)\b,?
      | (?:^|,\s*)(?:like|well|so|okay|ok|yeah|right|basically|honestly|actually)\b,?\s
      | ,\s*(?:like|right|ok|okay)\s*(?=,|$)""",
    re.IGNORECASE | re.VERBOSE,
)
_STUTTER = re.compile(r"\b(\w+)(?:[\s,]+\1\b)+", re.IGNORECASE)
_BULLET = re.compile(r"^\s*(?:[-*\u2022\u00b7]|\(?\d{1,2}[.)])\s+")
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")

FUNCTION_WORDS = frozenset(
    """a about after again all also am an and any are as at be because been before being but by can could did do does doing
    down for from had has have he her here him his how i if in into is it its it's i'd i'll i'm i've just me more most my no
    nor not of off on once only or other our out over own she should so some such than that that's the their them then there
    these they this those through to too under until up very was we were what when where which while who whom why will with
    would you your""".split()
)
"""Words that carry no content of their own."""


@dataclass(frozen=True, slots=True)
class NormalisedText:
    """A text in NFKC without control characters, with the way back to the original."""

    text: str
    offsets: tuple[int, ...]
    """For every character of ``text``, and one past its end, the index of the original character it came from."""
    stripped: int
    """How many control and direction characters were removed."""
    mixed_script: bool
    """Whether words mix scripts, as in a Latin word with a Cyrillic letter."""

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the span of the original text that ``text[start:end]`` came from."""
        return self.offsets[start], self.offsets[end - 1] + 1 if end > start else self.offsets[start]


def normalise(text: str) -> NormalisedText:
    """Return ``text`` in NFKC, with straight quotes and without control, direction and zero-width characters.

    Combining characters are composed with their base. Line breaks stay; every other white space becomes a space.
    """
    out: list[str] = []
    offsets: list[int] = []
    stripped = 0
    for start, cluster in _clusters(text):
        if cluster in "\n\r":
            piece = "\n"
        elif cluster.isspace():
            piece = " "
        elif unicodedata.category(cluster[0]) in {"Cc", "Cf", "Co", "Cs", "Cn"}:
            stripped += 1
            continue
        else:
            piece = unicodedata.normalize("NFKC", cluster).translate(_CURLY)
        out.append(piece)
        offsets.extend([start] * len(piece))
    joined = "".join(out)
    offsets.append(len(text))
    return NormalisedText(joined, tuple(offsets), stripped, _mixes_scripts(joined))


def words(text: str) -> list[str]:
    """Return the words of ``text`` in lower case; an apostrophe belongs to its word.

    >>> words("Don't argue -- listen!")
    ["don't", 'argue', 'listen']
    """
    return [match.group().lower().replace("\u2019", "'") for match in _WORD.finditer(text)]


def content_words(text: str) -> set[str]:
    """Return the words of ``text`` that carry content.

    >>> sorted(content_words("I would listen to the customer"))
    ['customer', 'listen']
    """
    return {word for word in words(text) if word not in FUNCTION_WORDS}


def segment(normalised: NormalisedText) -> tuple[Segment, ...]:
    """Cut a text into sentences, and sentences that do more than one thing into clauses.

    A sentence longer than a window, as in a transcript without punctuation, is cut at clause marks first and
    into overlapping windows where there are none. Nothing is left out: every word is in at least one segment.
    A sentence comes before its clauses. Spans refer to the original text.
    """
    segments: list[Segment] = []
    for group, (start, end) in enumerate(_sentences(normalised.text)):
        clauses = _clauses(normalised.text, start, end)
        if len(words(normalised.text[start:end])) <= WINDOW_WORDS:
            spans = [(start, end, True), *((s, e, False) for s, e in clauses if len(clauses) > 1)]
        else:
            spans = [(s, e, False) for s, e in clauses] + [(s, e, True) for s, e in _joined(normalised.text, clauses)]
        for s, e, whole in sorted(spans, key=lambda span: (span[0], -span[1])):
            text = tidy(normalised.text[s:e])
            if words(text):
                original_start, original_end = normalised.span(s, e)
                segments.append(Segment(original_start, original_end, text, whole, group))
    unique = {(seg.start, seg.end): seg for seg in reversed(segments)}
    return tuple(sorted(unique.values(), key=lambda seg: (seg.start, -seg.end)))


def tidy(text: str) -> str:
    """Return ``text`` without bullets, fillers, stutters and runs of white space: what a careful typist would write.

    >>> tidy("um, I I would, you know, listen")
    'I would listen'
    """
    without = _STUTTER.sub(r"\1", _FILLER.sub(" ", _BULLET.sub("", text)))
    collapsed = " ".join(without.split()).strip(" ,;:-")
    return collapsed or " ".join(text.split())


def _clusters(text: str) -> Iterator[tuple[int, str]]:
    """Yield each character with the combining characters that follow it, and where it starts."""
    start = 0
    while start < len(text):
        end = start + 1
        while end < len(text) and end - start < 8 and unicodedata.combining(text[end]):
            end += 1
        yield start, text[start:end]
        start = end


def _sentences(text: str) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    start = 0
    for match in _BREAK.finditer(text):
        if _ABBREVIATION.search(text[start : match.end()]) or _is_list_number(text, start, match.start()):
            continue
        spans.append((start, match.end()))
        start = match.end()
    spans.append((start, len(text)))
    return [trimmed for span in spans if (trimmed := _trim(text, *span))]


def _is_list_number(text: str, start: int, dot: int) -> bool:
    return text[start:dot].strip().isdigit() and len(text[start:dot].strip()) <= 2


def _trim(text: str, start: int, end: int) -> tuple[int, int] | None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return (start, end) if end > start else None


def _clauses(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Cut a sentence at clause marks, joining pieces too short to judge to the piece before (or the first to the next)."""
    cuts = [start]
    for match in _CLAUSE.finditer(text, start, end):
        cut = match.start() + 1 if text[match.start()] in ",:" else match.start()
        if _count(text, cuts[-1], cut) >= CLAUSE_MIN_WORDS and _count(text, cut, end) >= CLAUSE_MIN_WORDS:
            cuts.append(cut)
    cuts.append(end)
    spans = [trimmed for pair in zip(cuts, cuts[1:], strict=False) if (trimmed := _trim(text, *pair))]
    return [window for span in spans for window in _windows(text, *span)]


def _windows(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Cut a piece into overlapping windows of at most WINDOW_WORDS words and 400 characters."""
    found = [(match.start(), match.end()) for match in re.compile(r"\S{1,60}").finditer(text, start, end)]
    if len(found) <= WINDOW_WORDS and end - start <= 400:
        return [(start, end)]
    step = WINDOW_WORDS - WINDOW_OVERLAP
    windows = []
    for first in range(0, len(found), step):
        last = min(first + WINDOW_WORDS, len(found))
        windows.append((found[first][0], found[last - 1][1]))
        if last == len(found):
            break
    return windows


def _joined(text: str, clauses: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return pairs of neighbouring clauses that fit a window, so that a clause keeps its context in long sentences."""
    pairs = [(a[0], b[1]) for a, b in zip(clauses, clauses[1:], strict=False)]
    return [pair for pair in pairs if _count(text, *pair) <= WINDOW_WORDS]


def _count(text: str, start: int, end: int) -> int:
    return sum(1 for _ in _WORD.finditer(text, start, end))


def _mixes_scripts(text: str) -> bool:
    letters = mixed = 0
    for match in _WORD.finditer(text):
        scripts = {_script(char) for char in match.group() if char.isalpha()}
        letters += len(match.group())
        if len(scripts) > 1:
            mixed += len(match.group())
    return letters > 0 and mixed / letters > MIXED_SCRIPT_SHARE


@lru_cache(maxsize=4096)
def _script(char: str) -> str:
    """Return the script of a letter, as the first word of its Unicode name."""
    return unicodedata.name(char, "UNKNOWN").split()[0]
