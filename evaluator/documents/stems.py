"""Stems of the words that tell what a passage is about: one for listen, listens and listening."""

from __future__ import annotations

from functools import lru_cache

from snowballstemmer import stemmer

from evaluator.text import FUNCTION_WORDS, words

_EMPTY = FUNCTION_WORDS | frozenset(
    """always any anyone anything back best better call come each either else ever every everyone everything far first get gets
    getting give gives go goes going got good great keep know let like likely lot made make makes making many may might much
    must need never new next now often one ones people please put really said say see sometimes still sure take takes tell
    thing things think time times try two upon use used using want way well without yes yet""".split()
)
"""Words without content of their own, and those so common in advice that sharing one says nothing."""

_stemmer = stemmer("english")


def topic_stems(text: str) -> list[str]:
    """Return the stems of the words of a text that tell its topic, in order, with repetitions; contractions ("they're") tell none.

    >>> topic_stems("I always listen to customers; listening helps.")
    ['listen', 'custom', 'listen', 'help']
    """
    return [_stem(word) for word in words(text) if word not in _EMPTY and "'" not in word.removesuffix("'s")]


@lru_cache(maxsize=20_000)
def _stem(word: str) -> str:
    return str(_stemmer.stemWord(word.removesuffix("'s")))
