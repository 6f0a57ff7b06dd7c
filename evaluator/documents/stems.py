"""Stems of the words that tell what a passage is about: one for listen, listens and listening."""

from __future__ import annotations

from evaluator.stemming import stem
from evaluator.text import FUNCTION_WORDS, words

_EMPTY = FUNCTION_WORDS | frozenset(
    """always any anyone anything back best better call come each either else ever every everyone everything far first get gets
    getting give gives go goes going got good great keep know let like likely lot made make makes making many may might much
    must need never new next now often one ones people please put really said say see sometimes still sure take takes tell
    thing things think time times try two upon use used using want way well without yes yet""".split()
)
"""Words without content of their own, and those so common in advice that sharing one says nothing."""


def topic_stems(text: str) -> list[str]:
    """Return the stems of the words of a text that tell its topic, in order, with repetitions; contractions ("they're") tell none.

    >>> topic_stems("I always listen to customers; listening helps.")
    ['listen', 'custom', 'listen', 'help']
    """
    plain = (word.removesuffix("'s") for word in words(text) if word not in _EMPTY)
    return [stem(word) for word in plain if "'" not in word]
