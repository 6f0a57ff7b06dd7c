"""Says which passages of a page of answers answer its question, and why: a rule over shared words, without a model."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from evaluator.documents.document import Part, Passage
from evaluator.documents.stems import topic_stems
from evaluator.text import words

MIN_SUPPORT = 3
"""What an answer needs that shares fewer than two words with the question: points for content words that other answers have, too; a
word that one other answer has gives one point, a word of two or more gives two."""

MIN_SHARE = 0.25
"""Share of an answer's different content words that other answers must have, too; long answers wander, so see ``ENOUGH``."""

ENOUGH = 8
"""Points from which an answer is on the topic however much else it says."""

_THANKS = re.compile(r"\b(?:thank(?:s|\s+you)|thx|cheers|much appreciated)\b", re.IGNORECASE)
_OF_THE_PAGE = re.compile(
    r"\b(?:review|article|post|posting|page|blog|video|site|website|info|information|sharing|upload|comment|tips|advice|insight|interview\s+questions?)\b",
    re.IGNORECASE,
)
_THANKS_WORDS = 25
"""Longest note of thanks: an answer that thanks the customer is about the customer, or longer."""


def mark_answers(passages: Sequence[Passage], question: str) -> list[Passage]:
    """Return the passages with ``answers_question`` and its reason set on every answer.

    A short note that thanks for the page is no answer. Any other passage is one if it shares two content words with the
    question, or one and ``MIN_SUPPORT`` points' worth with the other answers, or none and enough with these (see the constants).
    Words are compared by stem. An answer that shares one word with the question and less with the others is left undecided, and
    where a page has fewer than three answers and names no question, all are.
    """
    answers = [index for index, passage in enumerate(passages) if passage.part is Part.ANSWER]
    stems = {index: list(dict.fromkeys(topic_stems(passages[index].text))) for index in answers}
    common = Counter(stem for found in stems.values() for stem in found)
    asked = set(topic_stems(question))
    marked = list(passages)
    for index in answers:
        verdict, reason = _verdict(passages[index].text, stems[index], common, asked, len(answers))
        marked[index] = replace(passages[index], answers_question=verdict, reason=reason)
    return marked


def _verdict(
    text: str, stems: list[str], common: Counter[str], asked: set[str], answers: int
) -> tuple[bool | None, str]:
    if _THANKS.search(text) and _OF_THE_PAGE.search(text) and len(words(text)) <= _THANKS_WORDS:
        return False, "a note of thanks for the page"
    of_question = [stem for stem in stems if stem in asked]
    shared = [stem for stem in stems if common[stem] > 1]
    if answers < 3 and not asked:
        return None, "too few answers to tell what the page is about"
    points = sum(min(common[stem] - 1, 2) for stem in shared)
    share = len(shared) / len(stems) if stems else 0.0
    said = {stem: word for word in reversed(words(text)) for stem in topic_stems(word)}
    named = ", ".join(said[stem] for stem in sorted(shared, key=lambda stem: (-common[stem], stem))[:5])
    if of_question and (points >= MIN_SUPPORT or len(of_question) > 1):
        return True, f"shares {', '.join(said[stem] for stem in of_question[:5])} with the question"
    if points >= ENOUGH or (points >= MIN_SUPPORT and share >= MIN_SHARE):
        return True, f"shares {named} with other answers"
    if of_question:
        return (
            None,
            f"shares only {', '.join(said[stem] for stem in of_question)} with the question: a person must look",
        )
    if shared:
        return False, f"shares only {named} with the question and the other answers"
    return False, "shares no content word with the question or the other answers"
