"""Tells sentences about people in general from those in which the candidate appears: advice is no deed."""

from __future__ import annotations

import re

GENERAL_SHARE = 0.85
"""How much of the harm that is read in a sentence counts where the candidate does not appear in it. The judge has
read little prose of advice; with this share such a sentence seldom raises a red flag by itself, and is put before a person."""

_FIRST_PERSON = re.compile(
    r"""\b(?:i|im|ive|me|my|mine|myself|we|us|our|ours|ourselves)\b
      | (?:^|[,.;:]|\b(?:and|then|so|but|or|that|when|if|because))\s*\b(?-i:[Ii]d|[Ii]ll)\b   # not "an ill person", "no ID"
    """,
    re.IGNORECASE | re.VERBOSE,
)
_IN_GENERAL = re.compile(r"\b(?:you|your|yours|yourself|will|can|should|may|might)\b", re.IGNORECASE)


def speaks_in_general(sentence: str) -> bool:
    """Return whether a sentence gives advice or speaks of people in general, and nowhere of the candidate.

    >>> speaks_in_general("If you can see it their way, it will help calm them down.")
    True
    >>> speaks_in_general("I will tell them to wait.")
    False
    >>> speaks_in_general("Let them wait.")
    False
    >>> speaks_in_general("and then id say you can wait"), speaks_in_general("You should send ill customers away.")
    (False, True)
    """
    return bool(_IN_GENERAL.search(sentence)) and not _FIRST_PERSON.search(sentence)
