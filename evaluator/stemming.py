"""Stems of English words: one for listen, listens and listening."""

from __future__ import annotations

from functools import lru_cache

import snowballstemmer

KEPT = 20_000
"""Words whose stems are kept in memory: stemming them anew took three quarters of the time that scoring takes."""


@lru_cache(maxsize=KEPT)
def stem(word: str) -> str:
    """Return the stem of a word in lower case.

    >>> stem("listening"), stem("customers")
    ('listen', 'custom')
    """
    # A stemmer for each new word: one that threads share mixes up their words.
    return str(snowballstemmer.stemmer("english").stemWord(word))
