"""Shows headers in messages, and nothing that may be somebody's answer."""

from __future__ import annotations

from collections.abc import Sequence

from evaluator.text import words

SHOWN_CHARS, SHOWN_COLUMNS = 60, 20
"""How much of a header a message shows."""

HEADER_WORDS = 5
"""A header of more words is shown only if it asks: else it may be the answer of a file without a header."""

PROSE_WORDS = 12
"""A cell of so many words that asks nothing is somebody's answer, not a header."""

_FIRST_PERSON = {"i", "i'd", "i'm", "i'll", "i've", "my", "me"}


def is_data(name: str) -> bool:
    """Return whether a cell cannot be a header: an address, a sentence about oneself, or a long statement.

    >>> is_data("I would listen to them"), is_data("How would I know?"), is_data("My answer")
    (True, False, False)
    """
    said = words(name)
    personal = len(said) >= 4 and not _FIRST_PERSON.isdisjoint(said)
    return "@" in name or ((personal or len(said) >= PROSE_WORDS) and not _asks(name))


def shown(name: str) -> str:
    """Return a header as it stands in a message: quoted, cut, without control characters."""
    printable = "".join(char if char.isprintable() else " " for char in name)
    return repr(printable if len(printable) <= SHOWN_CHARS else printable[: SHOWN_CHARS - 3] + "...")


def shown_headers(header: Sequence[str], *, whole: bool = True) -> str:
    """Return the headers of a file for a message; one that may be an answer is shown as its number.

    Args:
        header: names of columns.
        whole: whether they are all columns of the file, so that their places are their numbers.
    """
    numbered = enumerate(header[:SHOWN_COLUMNS], start=1)
    unnamed = "column {}" if whole else "a column with a long name"
    names = [shown(name) if _is_short_or_asks(name) else unnamed.format(number) for number, name in numbered]
    more = len(header) - SHOWN_COLUMNS
    return ", ".join(names) + (f" and {more} more" if more > 0 else "")


def listed(columns: Sequence[int]) -> str:
    """Return columns as a person counts them.

    >>> listed([0, 1, 4])
    '1, 2 and 5'
    """
    numbers = [str(column + 1) for column in columns]
    return ", ".join(numbers[:-1]) + " and " + numbers[-1]


def _is_short_or_asks(name: str) -> bool:
    return name != "" and not is_data(name) and (_asks(name) or len(words(name)) <= HEADER_WORDS)


def _asks(name: str) -> bool:
    return name.rstrip("* ").endswith("?")
