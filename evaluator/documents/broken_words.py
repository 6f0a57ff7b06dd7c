"""Words that were broken at the end of a line, made whole again."""

from __future__ import annotations


def is_broken(word: str, following: str) -> bool:
    """Return whether a word at the end of a line goes on in the first word of the next line.

    >>> is_broken("custo-", "mer"), is_broken("wait", "here"), is_broken("-", "calm")
    (True, False, False)
    """
    return len(word) > 1 and word.endswith(("-", "\u00ad", "\u2010")) and word[-2].isalpha() and following[:1].islower()


def rejoined(word: str, following: str, known: set[str]) -> str:
    """Return a broken word as one; the hyphen stays where the text has the word with a hyphen elsewhere.

    >>> rejoined("custo-", "mer", set()), rejoined("co-", "pay", {"co-pay"})
    ('customer', 'co-pay')
    """
    hyphenated = f"{word[:-1]}-{following}"
    return hyphenated if hyphenated.lower().strip(".,;:!?") in known else word[:-1] + following
