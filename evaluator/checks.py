"""Finds answers that try to look good, and answers that are not about the question: pure functions over text."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from evaluator.domain import Question, Segment
from evaluator.text import FUNCTION_WORDS, content_words, words

COPIED_RATIO = 88.0
"""rapidfuzz ratio (0-100) of an answer to a model answer from which it counts as a copy: paraphrases stay below 70."""
COPIED_SHARE = 0.6
"""Share of an answer's sentences that stand in a model answer from which it counts as a copy."""
ECHO_SHARE = 0.6
"""Share of an answer's content words that the question already has."""
ECHO_NEW_WORDS = 6
"""Content words of its own from which an answer is more than an echo."""
KEYWORD_FUNCTION_SHARE = 0.2
"""Sentences have 40-55% function words, telegraphic notes 20-35%; a list of catchwords has hardly any."""
KEYWORD_ITEM_WORDS = 3.0
"""Mean length of the items of a list of catchwords, in words."""
PADDING_RATIO = 85.0
"""rapidfuzz ratio from which two sentences say the same."""
PADDING_SHARE = 0.4
"""Share of sentences that repeat an earlier one."""

_ITEM = re.compile(r"[,;\n.!?/|\u2022]+|\s-\s|\band\b")


@dataclass(frozen=True, slots=True)
class Trick:
    """A way of looking good without saying anything."""

    id: str
    detail: str


def find_tricks(text: str, segments: Sequence[Segment], question: Question) -> tuple[Trick, ...]:
    """Return the tricks an answer uses that its wording alone gives away.

    Args:
        text: the normalised answer.
        segments: its segments.
        question: the question it answers.
    """
    found = []
    if is_echo(text, question.text):
        found.append(Trick("echo", "The answer says little more than the question."))
    if is_keyword_list(text):
        found.append(Trick("keywords", "The answer lists catchwords without saying what the candidate does."))
    if is_padded(segments):
        found.append(Trick("padding", "The answer repeats itself."))
    return tuple(found)


def is_echo(text: str, question: str) -> bool:
    """Return whether an answer hardly says more than the question."""
    own, asked = content_words(text), content_words(question)
    if not own:
        return True
    return len(own & asked) / len(own) >= ECHO_SHARE and len(own - asked) < ECHO_NEW_WORDS


def is_keyword_list(text: str) -> bool:
    """Return whether an answer is a list of catchwords.

    >>> is_keyword_list("Empathy, communication, teamwork, patience, professionalism, customer satisfaction")
    True
    >>> is_keyword_list("Listen first. Say sorry. Find the label, get the pharmacist, tell them how long.")
    False
    """
    found = words(text)
    items = [words(item) for item in _ITEM.split(text)]
    items = [item for item in items if item]
    if len(found) < 4 or len(items) < 4:
        return False
    function_share = sum(word in FUNCTION_WORDS for word in found) / len(found)
    mean_length = sum(map(len, items)) / len(items)
    return function_share < KEYWORD_FUNCTION_SHARE and mean_length <= KEYWORD_ITEM_WORDS


def is_padded(segments: Sequence[Segment]) -> bool:
    """Return whether an answer says the same thing over and over."""
    whole = [piece for piece in segments if piece.whole and len(words(piece.text)) >= 3]
    if len(whole) < 3:
        return False
    sentences = [" ".join(sorted(piece.text.lower().split())) for piece in whole]
    ends = [piece.end for piece in whole]
    repeats = 0
    for piece, sentence in zip(whole, sentences, strict=True):
        # Windows of one long sentence overlap: what two of them share was said once.
        earlier = sentences[: bisect_right(ends, piece.start)]
        repeats += process.extractOne(sentence, earlier, scorer=fuzz.ratio, score_cutoff=PADDING_RATIO) is not None
    return repeats / len(whole) >= PADDING_SHARE


def copied_from(text: str, segments: Sequence[Segment], question: Question) -> int | None:
    """Return the number (from 1) of the model answer that an answer was copied from, or None.

    A copy is a near-identical text, or one most of whose sentences stand in the model answer.
    """
    flat = " ".join(words(text))
    sentences = [" ".join(words(piece.text)) for piece in segments if piece.whole and len(words(piece.text)) >= 5]
    for number, model in enumerate(question.model_answers, start=1):
        model_flat = " ".join(words(model.text))
        if flat and fuzz.ratio(flat, model_flat) >= COPIED_RATIO:
            return number
        copied = sum(
            len(sentence) <= len(model_flat)
            and bool(fuzz.partial_ratio(sentence, model_flat, score_cutoff=COPIED_RATIO))
            for sentence in sentences
        )
        if len(sentences) >= 2 and copied / len(sentences) >= COPIED_SHARE:
            return number
    return None
