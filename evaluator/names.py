"""Hides people's names from the models: who is called what must not move a score.

Only what is surely a name by its form: words with a capital letter in a row, or one after "my name is", "Mrs" or "my
colleague". Evidence quotes what the candidate wrote.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from evaluator.text import FUNCTION_WORDS

SOMEBODY = "someone"
"""What stands in the place of a name."""

_NAME = r"[^\W\d_a-z][^\W\d_A-Z]+(?:[-'’][^\W\d_]+)*"
_INNER_WORD = re.compile(r"(?<=[^\W\d_]\s)[^\W\d_]+(?:'[^\W\d_]+)*")
_TITLE = r"\b(?:(?:[Mm]rs?|[Mm]s|[Dd]r)\.?|[Mm]iss|[Mm]ister|Sir|Madam|[Aa]untie?|[Uu]ncle)\s+"
_INTRODUCED = (
    r"\b(?:[Mm]y\s+name\s+is|[Mm]y\s+name's|(?:is|was|am|named|her|him|me|them|guy|man|woman|lady|girl)\s+called|named"
    r"|(?:colleague|coworker|co-worker|manager|supervisor|boss|friend|pharmacist|technician|trainer|mentor|lead)),?\s+"
)
_AFTER = re.compile(rf"(?P<before>{_TITLE}|{_INTRODUCED})(?P<name>{_NAME}(?:\s+{_NAME})*)")
_RUN = re.compile(rf"\b{_NAME}(?:\s+{_NAME})+")


def without_names(text: str, known: Collection[str] = ()) -> str:
    """Return a text with names of people replaced by ``SOMEBODY``.

    Args:
        text: a sentence or more.
        known: words in lower case that are no names: those of the bank.

    >>> without_names("My name is Mei Chen. Once Greg Baker shouted, so I told Mrs. Walsh.")
    'My name is someone. Once someone shouted, so I told Mrs. someone.'
    """
    if _is_title_case(text):
        return text

    def introduced(match: re.Match[str]) -> str:
        return match["before"] + _hidden(match["name"], frozenset())

    return _RUN.sub(lambda match: _hidden(match.group(), known), _AFTER.sub(introduced, text))


def _hidden(run: str, known: Collection[str]) -> str:
    """Return a row of words with a capital letter without the name in it; a word that begins it may belong to the sentence."""
    first, *others = run.split()
    if not all(word[0].isupper() for word in (first, *others)) or all(w.lower() in known for w in (first, *others)):
        return run
    if first.lower() not in FUNCTION_WORDS and first.lower() not in known:
        return SOMEBODY
    return f"{first} {SOMEBODY if len(others) > 1 else ''.join(others)}".strip()


def _is_title_case(text: str) -> bool:
    """Return whether Most Words Have a Capital Letter, so that capitals tell nothing."""
    inner = [match.group() for match in _INNER_WORD.finditer(text)]
    plain = [word for word in inner if word.lower() in FUNCTION_WORDS and word != "I"]
    return sum(word[0].isupper() for word in plain) > len(plain) / 2
