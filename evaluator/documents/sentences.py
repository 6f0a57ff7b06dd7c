"""Sentences for speech that was written down without punctuation: a guess by rule, that changes no word."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

from evaluator.documents.broken_words import is_broken, rejoined
from evaluator.documents.speech_rules import SUBORDINATORS, Token, after_subordinator, asks, start_gain
from evaluator.documents.transcripts import Cue

MAX_SENTENCE_WORDS = 40
"""Longest sentence that is made. Speech runs on; a reader does not."""

PUNCTUATED = 30
"""Words a sentence mark, on average, above which a transcript counts as not punctuated. Speech has 12 to 20."""

PAUSE_SECONDS = 2.0
"""How much longer than its words need a cue must last to count as a pause."""

_WORDS_A_SECOND = 2.5

_HALF_COST = 2.5
"""What a sentence costs that is only the first half of one: "If a customer is angry." has no main clause."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence and the lines that it was spoken on."""

    text: str
    line_start: int
    line_end: int
    after_pause: bool
    """Whether a pause goes before it."""


def is_punctuated(text: str) -> bool:
    """Return whether speech was written down with sentence marks."""
    return len(re.findall(r"[.!?](?=\s|$)", text)) * PUNCTUATED >= len(text.split())


def sentences(cues: list[Cue]) -> list[Sentence]:
    """Return the sentences of speech.

    Where the speech has sentence marks, they are kept, and only a sentence longer than ``MAX_SENTENCE_WORDS`` is cut.
    Where it has none, boundaries are set where they cost least: words that lead on to the next ("the", "and", "with")
    speak against one, words that open a sentence, a pause and a turn ("thank you", "yes ma'am") speak for one, and
    lengths near a dozen words are preferred. Sentence marks that are set so are a guess: no word is changed.
    """
    tokens = [
        Token.of(word, cue.line, pause and number == 0)
        for cue, pause in zip(cues, _pauses(cues), strict=True)
        for number, word in enumerate(cue.text.split())
    ]
    tokens = _unbroken(tokens)
    if not tokens:
        return []
    punctuated = is_punctuated(" ".join(token.word for token in tokens))
    found = []
    for piece in _marked(tokens):
        if punctuated and len(piece) <= MAX_SENTENCE_WORDS:
            found.append(_sentence(piece))
        else:
            found += [_sentence(part) for part in _cut(piece)]
    return found


def _pauses(cues: list[Cue]) -> list[bool]:
    """Return for every cue whether the one before it lasts longer than its words need."""
    flags = [False]
    for before, cue in itertools.pairwise(cues):
        spoken = len(before.text.split()) / _WORDS_A_SECOND
        flags.append(cue.second > before.second > 0 and cue.second - before.second > spoken + PAUSE_SECONDS)
    return flags[: len(cues)]


def _unbroken(tokens: list[Token]) -> list[Token]:
    """Join words that were broken across lines: "custo-" and "mer"."""
    whole = {token.word.lower() for token in tokens}
    joined: list[Token] = []
    for token in tokens:
        last = joined[-1] if joined else None
        if last and last.line != token.line and is_broken(last.word, token.word):
            joined[-1] = Token.of(rejoined(last.word, token.word, whole), last.line, last.after_pause)
        else:
            joined.append(token)
    return joined


def _marked(tokens: list[Token]) -> list[list[Token]]:
    """Cut after sentence marks that are there."""
    pieces: list[list[Token]] = [[]]
    for token in tokens:
        pieces[-1].append(token)
        if re.search(r"[.!?][\"'”’)]*$", token.word) and token.plain not in {"mr", "mrs", "ms", "dr", "st"}:
            pieces.append([])
    return [piece for piece in pieces if piece]


def _cut(tokens: list[Token]) -> list[list[Token]]:
    """Cut a run of words into sentences: the cheapest boundaries over the whole run, by dynamic programming."""
    count = len(tokens)
    gains = [start_gain(tokens, place) for place in range(count)]
    clauses = [0]
    for gain in gains:
        clauses.append(clauses[-1] + (gain > 0 and tokens[len(clauses) - 1].plain not in SUBORDINATORS))
    opening = [after_subordinator(tokens, place) for place in range(count)]
    best = [0.0] + [float("-inf")] * count
    cut_at = [0] * (count + 1)
    for end in range(1, count + 1):
        reward = gains[end] if end < count else 0.0
        for start in range(max(0, end - MAX_SENTENCE_WORDS), end):
            value = best[start] + reward - _length_cost(end - start)
            if opening[start] and clauses[end] == clauses[opening[start]]:
                value -= _HALF_COST
            if value > best[end]:
                best[end], cut_at[end] = value, start
    parts = []
    end = count
    while end:
        parts.append(tokens[cut_at[end] : end])
        end = cut_at[end]
    return parts[::-1]


def _length_cost(length: int) -> float:
    """Return what a sentence of ``length`` words costs: short ones happen ("Thank you."), long ones tire."""
    if length < 3:
        return 1.5 - 0.25 * length
    return 0.6 if length <= 16 else 0.6 + 0.08 * (length - 16)


def _sentence(tokens: list[Token]) -> Sentence:
    text = " ".join(token.word for token in tokens)
    text = text[0].upper() + text[1:]
    if not re.search(r"[.!?…][\"'”’)]*$", text):
        text = text.rstrip(",;:-–— ") + ("?" if asks([token.plain for token in tokens]) else ".")
    return Sentence(text, tokens[0].line, tokens[-1].line, tokens[0].after_pause)
