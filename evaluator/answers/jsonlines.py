"""Reads JSON Lines object by object, and JSON arrays of objects."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import chain, islice

from evaluator.answers.source import Lines, Source
from evaluator.answers.table import Cell, CellFault, Record, Table, plain_text
from evaluator.errors import AnswersError

WINDOW = 100
"""How many objects are looked at to learn the names of the fields; names that come up later are kept all the same."""

REPEATED = "the object has two fields of the same name"

Object = dict[str, Cell]
Item = tuple[int, Object | str]
"""A row number with its object, or with why there is none."""


class _RepeatedNameError(ValueError):
    """An object that has two fields of one name: JSON parsers keep the last one without a word."""


def read_json(source: Source) -> Table:
    """Return the table in JSON Lines, or in one array of objects; JSON Lines are read as they are asked for.

    Raises:
        AnswersError: the file is blank, or is one JSON value over several lines that is not a readable array, or one too long.
    """
    lines = Lines(source)
    items = _items(lines, source.name)
    window = list(islice(items, WINDOW))
    if not window:
        raise AnswersError(f"{source.name}: is empty. Export the answers again.")
    names = tuple(dict.fromkeys(name for _, found in window if isinstance(found, dict) for name in found))
    return Table(source.name, names, 0, _records(chain(window, items), names), keyed=True)


def _records(items: Iterable[Item], names: tuple[str, ...]) -> Iterator[Record]:
    known = frozenset(names)
    for row, found in items:
        if isinstance(found, str):
            yield Record(row, (), found)
        else:
            surplus = tuple((name, cell) for name, cell in found.items() if name not in known)
            yield Record(row, tuple(found.get(name) for name in names), surplus=surplus)


def _items(lines: Lines, name: str) -> Iterator[Item]:
    """Yield every line that is not blank, or every element of an array, and close the input at the end."""
    try:
        lines.mark()
        first = next((line for line in lines if line.strip()), "").strip()
        number = lines.number - 1
        lines.give_back()
        if first == "{":
            raise AnswersError(
                f"{name} line {number}: an object runs over several lines. "
                "Write one object a line, or an array of objects."
            )
        yield from _elements(lines.rest(), name) if _opens_array(first) else _lines(lines)
    finally:
        lines.close()


def _lines(lines: Lines) -> Iterator[Item]:
    row = lines.mark()
    for line in lines:
        if line.strip():
            yield row, "the line is too long" if lines.overlong else _object(line)
        row = lines.mark()


def _opens_array(first: str) -> bool:
    """Return whether a first line begins an array of objects; a line that is a list of values is a faulty row."""
    if not first.startswith("["):
        return False
    try:
        elements = json.loads(first)
    except (ValueError, RecursionError):
        return True
    return not elements or any(isinstance(element, dict) for element in elements)


def _elements(text: str, name: str) -> Iterator[Item]:
    try:
        values = _parsed(text)
    except (ValueError, RecursionError) as error:
        later = [(row, line) for row, line in enumerate(text.splitlines(), start=1) if line.strip()]
        if len(later) > 1 and isinstance(_object(later[1][1]), dict):
            # The second line is an object by itself: these are JSON Lines, and only the first one is faulty.
            yield from ((row, _object(line)) for row, line in later)
            return
        place = f"{name} line {error.lineno}" if isinstance(error, json.JSONDecodeError) else name
        # Not chained: a JSONDecodeError carries the whole text, and so every answer in it.
        raise AnswersError(f"{place}: not a valid JSON array. Export it again, or write one object a line.") from None
    for row, value in enumerate(values if isinstance(values, list) else [], start=1):
        yield row, _fields(value)


def _object(line: str) -> Object | str:
    try:
        return _fields(_parsed(line))
    except _RepeatedNameError:
        return REPEATED
    except (ValueError, RecursionError):
        return "the line is not valid JSON"


def _parsed(text: str) -> object:
    # NaN and Infinity are not JSON, but some tools write NaN for a missing value.
    return json.loads(text.lstrip("\ufeff"), strict=False, parse_constant=lambda _: None, object_pairs_hook=_unrepeated)


def _unrepeated(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _RepeatedNameError
    return found


def _fields(value: object) -> Object | str:
    if not isinstance(value, dict):
        return "the line is not a JSON object"
    found = {_encodable(str(name).strip()): _cell(content) for name, content in value.items()}
    return found if len(found) == len(value) else REPEATED


def _cell(value: object) -> Cell:
    if isinstance(value, (list, dict)):
        what = "a list" if isinstance(value, list) else "an object"
        return CellFault(f"a field that should be text holds {what}", _encodable(json.dumps(value, ensure_ascii=False)))
    return _encodable(value if isinstance(value, str) else plain_text(value))


def _encodable(text: str) -> str:
    r"""Replace halves of surrogate pairs, which ``\ud83d`` in JSON can leave alone and no file can hold."""
    return "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)
