"""Finds answers that try to look good, and answers that are not about the question: pure functions over text and vectors."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from evaluator.domain import Question, Segment
from evaluator.stemming import stem
from evaluator.text import FUNCTION_WORDS, words

FloatArray = NDArray[np.float32]

COPIED_RATIO = 88.0
"""rapidfuzz ratio (0-100) of an answer to a model answer from which it counts as a copy: paraphrases stay below 70."""
COPIED_SHARE = 0.6
"""Share of an answer's sentences that stand in a model answer from which it counts as a copy."""
ECHO_SHARE = 0.5
"""Share of an answer's content words, by stem and counted as often as they stand there, that the question already has."""
ECHO_ASKED = 0.6
"""Share of the question's content words that an echo says again; a short answer in the question's words says fewer."""
ECHO_OWN_WORDS = 10
"""Different content words of its own from which an answer is more than an echo: eight or fewer are mere filling."""
ECHO_NEW_WORDS = 4
"""The same for an answer that says less of the question."""
KEYWORD_FUNCTION_SHARE = 0.2
"""Sentences have 40-55% function words, telegraphic notes 20-35%; a list of catchwords has hardly any."""
KEYWORD_RUN_WORDS = 10
"""Words that a list of catchwords without commas has at least: no sentence of so many goes without a function word."""
KEYWORD_ITEM_WORDS = 3.0
"""Mean length of the items of a list of catchwords, in words."""
PADDING_RATIO = 85.0
"""rapidfuzz ratio from which two sentences say the same."""
PADDING_SHARE = 0.4
"""Share of sentences that repeat an earlier one."""
ONE_THOUGHT = ((30, 0.13), (18, 0.2), (12, 0.28))
"""Content words that an answer has at least, and the share of them that one and the same word makes up from which it goes round in
circles. Answers rated 3 and above stay below 0.10, 0.16 and 0.24; shorter ones cannot be told."""
SAME_MEANING = 0.34
"""Mean cosine of an answer's sentences to each other from which they say one thing in other words: of 472 answers rated 3 and
above, one reaches it."""
SAME_MEANING_PAIRS = 6
"""Pairs of sentences that an answer has at least before that can be told."""

_ITEM = re.compile(r"[,;\n.!?/|\u2022]+|\s-\s|\band\b")


@dataclass(frozen=True, slots=True)
class Trick:
    """A way of looking good without saying anything."""

    id: str
    detail: str


def find_tricks(text: str, segments: Sequence[Segment], question: Question, sameness: float = 0.0) -> tuple[Trick, ...]:
    """Return the tricks an answer uses that its wording gives away.

    Args:
        text: the normalised answer.
        segments: its segments.
        question: the question it answers.
        sameness: how near its sentences are to each other, as ``sameness_of`` tells.
    """
    found = []
    if is_echo(text, question.text):
        found.append(Trick("echo", "The answer says little more than the question."))
    if is_keyword_list(text):
        found.append(Trick("keywords", "The answer lists catchwords without saying what the candidate does."))
    if is_padded(segments) or is_one_thought(text) or sameness >= SAME_MEANING:
        found.append(Trick("padding", "The answer repeats itself."))
    return tuple(found)


def is_echo(text: str, question: str) -> bool:
    """Return whether an answer hardly says more than the question."""
    own, asked = content_stems(text), set(content_stems(question))
    if not own:
        return True
    said = set(own)
    said_again = sum(stem in asked for stem in own) / len(own)
    asked_again = len(said & asked) / max(1, len(asked))
    most = ECHO_OWN_WORDS if asked_again >= ECHO_ASKED else ECHO_NEW_WORDS
    return said_again >= ECHO_SHARE and len(said - asked) < most


def own_words(text: str, question: str) -> int:
    """Return how many different words carry content in an answer that the question does not have.

    >>> own_words("A rude customer is a customer that I would handle.", "How do you handle a rude customer?")
    0
    """
    return len(set(content_stems(text)) - set(content_stems(question)))


def is_one_thought(text: str) -> bool:
    """Return whether an answer keeps saying one word.

    >>> is_one_thought("I am patient. With patience, patients and more patience I stay patient. " * 9)
    True
    >>> is_one_thought("Small stuff, myself. Big stuff, or if they ask for the manager, I'd get the manager.")
    False
    """
    stems = content_stems(text)
    share = max(Counter(stems).values(), default=0) / max(1, len(stems))
    return any(len(stems) >= least and share >= bar for least, bar in ONE_THOUGHT)


def content_stems(text: str) -> list[str]:
    """Return the stems of the words that carry content, in order, repeated ones as often as they stand there.

    >>> content_stems("The customers complain; a customer complained.")
    ['custom', 'complain', 'custom', 'complain']
    """
    return [stem(word) for word in words(text) if word not in FUNCTION_WORDS]


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
    if len(found) < 4:
        return False
    function_share = sum(word in FUNCTION_WORDS for word in found) / len(found)
    if len(items) < 4:  # nothing stands between them
        return len(found) >= KEYWORD_RUN_WORDS and not function_share
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


def sameness_of(segments: Sequence[Segment], vectors: FloatArray) -> float:
    """Return the mean cosine of the sentences of an answer to those before them; 0 where there are too few to tell.

    Args:
        segments: of the answer.
        vectors: one unit vector a segment, shape (len(segments), dimensions).
    """
    chosen = [number for number, piece in enumerate(segments) if piece.whole and len(words(piece.text)) >= 3]
    starts, ends = (np.array([getattr(segments[number], side) for number in chosen]) for side in ("start", "end"))
    apart = ends[:, None] <= starts[None, :]  # windows of one long sentence overlap: what they share was said once
    if apart.sum() < SAME_MEANING_PAIRS:
        return 0.0
    return float((vectors[chosen] @ vectors[chosen].T)[apart].mean())


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
