"""Makes an answer readable for the models: normalises it, and cuts it into segments that know where they stand."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from evaluator.domain import Segment
from evaluator.spans import WORD, clause_spans, fits, marked_sentences, window_pairs, window_spans

MAX_ANSWER_CHARS = 40_000
"""Longest answer that is judged: about 7,000 words, ten times the longest answer anyone gives in an interview."""

MIXED_SCRIPT_SHARE = 0.02
"""Share of letters outside the Latin script, within words that mix scripts, above which an answer is flagged."""

MICRO = "\u03bc"
"""The sign of micrograms, which NFKC makes a Greek letter: no other script in "25 \u03bcg"."""

MAX_MARKS = 7
"""Combining characters that a base keeps: no script stacks more, and sorting a long stack takes quadratic time."""

_CURLY = str.maketrans(
    {"\u2018": "'", "\u2019": "'", "\u02bc": "'", "\u201c": '"', "\u201d": '"', "\u00b4": "'", "`": "'"}
)
_PLAIN = re.compile(r"[ -~\n]*")
"""Text that only straight quotes can change: most of it, and worth a way of its own."""
_LINE_BREAKS = frozenset("\n\r\v\f\x85\u2028\u2029")

_FILLER = re.compile(
    r"""\b(?:u+m+|u+h+|e+r+m*|h+m+|mm+)\b,?
      | ,?\s*\b(?:you\ know|i\ mean|kind\ of|sort\ of|i\ guess)\b,?
      | (?:^|,\s*)(?:like|well|so|okay|ok|yeah|right(?!\ (?:away|now|then)\b)|basically|honestly|actually)\b,?\s
      | ,\s*(?:like|right|ok|okay)\s*(?=,|$)""",
    re.IGNORECASE | re.VERBOSE,
)
_STUTTER = re.compile(r"\b(\w+)(?:[\s,]+\1\b)+", re.IGNORECASE)
_BULLET = re.compile(r"^\s*(?:[-*\u2022\u00b7]|\(?\d{1,2}[.)])\s+")

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
    ends: tuple[int, ...]
    """For every character of ``text``, one past the last original character it came from."""
    stripped: int
    """How many control and direction characters were removed."""
    mixed_script: bool
    """Whether words mix scripts, as in a Latin word with a Cyrillic letter."""

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the span of the original text that ``text[start:end]`` came from."""
        return self.offsets[start], self.ends[end - 1] if end > start else self.offsets[start]


def normalise(text: str) -> NormalisedText:
    """Return ``text`` in NFKC, with straight quotes and without control, direction and zero-width characters.

    Combining characters are composed with their base. Line breaks stay; every other white space becomes a space.
    """
    if _PLAIN.fullmatch(text):
        places = range(len(text) + 1)
        return NormalisedText(text.translate(_CURLY), tuple(places), tuple(places[1:]), 0, False)
    out: list[str] = []
    offsets: list[int] = []
    ends: list[int] = []
    stripped = 0
    for start, end in _clusters(text):
        cluster = text[start : min(end, start + 1 + MAX_MARKS)]
        stripped += end - start - len(cluster)
        if cluster[0] in _LINE_BREAKS:
            piece = "\n"
        elif cluster[0].isspace() and cluster[0] != " ":
            piece = " "
        elif unicodedata.category(cluster[0]) in {"Cc", "Cf", "Co", "Cs", "Cn"}:
            # A joiner between pictures makes one picture of them: nothing is hidden.
            stripped += not (cluster[0] == "\u200d" and unicodedata.category(text[end : end + 1] or " ") == "So")
            continue
        else:
            # Before NFKC, which makes an acute accent a space with a mark, and after it for full-width marks.
            piece = unicodedata.normalize("NFKC", cluster.translate(_CURLY)).translate(_CURLY)
        out.append(piece)
        offsets.extend([start] * len(piece))
        ends.extend([end] * len(piece))
    joined = "".join(out)
    offsets.append(len(text))
    return NormalisedText(joined, tuple(offsets), tuple(ends), stripped, _mixes_scripts(joined))


def words(text: str) -> list[str]:
    """Return the words of ``text`` in lower case; an apostrophe belongs to its word.

    >>> words("Don't argue -- listen!")
    ["don't", 'argue', 'listen']
    """
    return [match.group().lower().replace("\u2019", "'") for match in WORD.finditer(text)]


def word_matches(text: str) -> list[re.Match[str]]:
    """Return where the words of ``text`` stand."""
    return list(WORD.finditer(text))


def content_words(text: str) -> set[str]:
    """Return the words of ``text`` that carry content.

    >>> sorted(content_words("I would listen to the customer"))
    ['customer', 'listen']
    """
    return {word for word in words(text) if word not in FUNCTION_WORDS}


def segment(normalised: NormalisedText) -> tuple[Segment, ...]:
    """Cut a text into sentences, and sentences that do more than one thing into clauses.

    A sentence longer than a window, as in a transcript without punctuation, is cut at clause marks first and
    into overlapping windows where there are none; neighbours that fit a window together count as whole, and so does
    a piece without such a neighbour. Nothing is left out: every word is in at least one segment.
    A sentence comes before its clauses. Spans refer to the original text.
    """
    segments: list[Segment] = []
    for group, (start, end) in enumerate(marked_sentences(normalised.text)):
        clauses = clause_spans(normalised.text, start, end)
        if fits(normalised.text, start, end):
            spans = [(start, end, True), *((s, e, False) for s, e in clauses if len(clauses) > 1)]
        else:
            windows = [window for s, e in clauses for window in window_spans(normalised.text, s, e)]
            pairs = window_pairs(normalised.text, windows)
            paired = {window for pair in pairs for window in pair}
            spans = [(a[0], b[1], True) for a, b in pairs] + [(s, e, (s, e) not in paired) for s, e in windows]
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
    spaced = " ".join(text.split())
    without = _STUTTER.sub(r"\1", _FILLER.sub(" ", _BULLET.sub("", spaced)))
    collapsed = " ".join(without.split()).strip(" ,;:-\u2013\u2014")
    return collapsed if WORD.search(collapsed) else spaced


def _clusters(text: str) -> Iterator[tuple[int, int]]:
    """Yield the span of each character with the combining characters that follow it."""
    start = 0
    while start < len(text):
        end = start + 1
        while end < len(text) and unicodedata.combining(text[end]):
            end += 1
        yield start, end
        start = end


def _mixes_scripts(text: str) -> bool:
    letters = mixed = 0
    for match in WORD.finditer(text):
        scripts = {_script(char) for char in match.group() if char.isalpha() and char != MICRO}
        letters += len(match.group())
        if len(scripts) > 1:
            mixed += len(match.group())
    return letters > 0 and mixed / letters > MIXED_SCRIPT_SHARE


@lru_cache(maxsize=4096)
def _script(char: str) -> str:
    """Return the script of a letter, as the first word of its Unicode name."""
    return unicodedata.name(char, "UNKNOWN").split()[0]
