"""A batch of results, held in memory or lying in a file, that can be walked more than once and by candidate."""

from __future__ import annotations

import tempfile
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Protocol

from evaluator.domain import Bank, Result
from evaluator.duplicates import compared_text, find_twins, flagged
from evaluator.errors import ResultsError
from evaluator.results import CURE, parse_results, result_lines, to_json_line


class Results(Protocol):
    """What writers need: everything in order, as often as they like, and the answers of one candidate."""

    @property
    def extra(self) -> Sequence[str]:
        """Names of the extra columns, in the order in which they first occur."""
        ...

    @property
    def candidates(self) -> Mapping[str, Sequence[int]]:
        """Candidates in the order in which they first occur, with the places of their results."""
        ...

    def __iter__(self) -> Iterator[Result]:
        """Yield the results in the order of the input."""
        ...

    def lines(self) -> Iterator[str]:
        """Yield the results as lines of JSON, without line breaks."""
        ...

    def take(self, places: Iterable[int]) -> Iterator[Result]:
        """Yield the results at those places, from 0."""
        ...


class HeldResults:
    """Results in memory: for a few."""

    def __init__(self, results: Iterable[Result]) -> None:
        """Take the results in their order."""
        self._results = list(results)
        self.extra = tuple(dict.fromkeys(name for result in self._results for name in result.answer.extra))
        self.candidates: dict[str, list[int]] = {}
        for place, result in enumerate(self._results):
            self.candidates.setdefault(result.answer.candidate_id, []).append(place)

    def __iter__(self) -> Iterator[Result]:
        """Yield the results in order."""
        return iter(self._results)

    def lines(self) -> Iterator[str]:
        """Yield the results as lines of JSON."""
        return map(to_json_line, self._results)

    def take(self, places: Iterable[int]) -> Iterator[Result]:
        """Yield the results at those places."""
        return (self._results[place] for place in places)


class StoredResults:
    """Results in a file of JSON Lines: only their places are held in memory, some 100 bytes an answer."""

    def __init__(
        self,
        path: Path,
        bank: Bank | None = None,
        *,
        skip: int = 0,
        count: int | None = None,
        find_duplicates: bool = False,
    ) -> None:
        """Read the file once, to the end: so a fault is found before anything is written.

        Args:
            path: a file of results.
            bank: where anchors and model answers come from; without it reports leave them out.
            skip: lines at its head that are no results.
            count: results that are read, None for all there are.
            find_duplicates: whether answers that repeat another candidate's get a flag, which they have not yet.

        Raises:
            ResultsError: the file cannot be read, or a line is not a result; names the line.
        """
        self._path, self._bank = path, bank
        self._starts, self._numbers = array("q"), array("q")
        self.candidates: dict[str, array[int]] = {}
        self.unscored = array("q")
        """Places of the results without a level."""
        self.review = 0
        """How many scored answers need a person's look."""
        self.twins: dict[int, str] = {}
        """Places of the answers that repeat another candidate's, with that candidate."""
        extra: dict[str, None] = {}
        with _spooling(), _Compared(find_duplicates) as compared:
            for place, result in enumerate(islice(self._scan(skip), count)):
                self.candidates.setdefault(result.answer.candidate_id, array("q")).append(place)
                extra.update(dict.fromkeys(result.answer.extra))
                compared.add(place, result)
                if result.unscored:
                    self.unscored.append(place)
                elif result.needs_review:
                    self.review += 1
            twins = dict(compared.twins())
        self.review += sum(not result.needs_review for result in self.take(sorted(twins)))
        self.twins.update(twins)
        self.extra = tuple(extra)

    def __len__(self) -> int:
        """Return how many results there are."""
        return len(self._starts)

    def __iter__(self) -> Iterator[Result]:
        """Yield the results in order."""
        return self.take(range(len(self)))

    def lines(self) -> Iterator[str]:
        """Yield the results as lines of JSON."""
        return map(to_json_line, self)

    def take(self, places: Iterable[int]) -> Iterator[Result]:
        """Yield the results at those places."""
        with self._path.open("rb") as file:
            for place in places:
                file.seek(self._starts[place])
                yield flagged(self._parsed(file.readline(), self._numbers[place]), self.twins.get(place))

    def _scan(self, skip: int) -> Iterator[Result]:
        start, number = 0, 0
        try:
            with self._path.open("rb") as file:
                for line in result_lines(file, self._path.name):
                    number += 1
                    if number > skip and line.strip(b"\xef\xbb\xbf \t\r\n"):
                        self._starts.append(start)
                        self._numbers.append(number)
                        yield self._parsed(line, number)
                    start += len(line)
        except OSError as error:
            raise ResultsError(f"{self._path}: cannot be read ({error.strerror}). {CURE}") from error
        if not self._starts:
            raise ResultsError(f"{self._path.name}: no results in it. {CURE}")

    def _parsed(self, line: bytes, number: int) -> Result:
        try:
            text = line.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise ResultsError(f"{self._path.name} line {number}: not UTF-8 text. {CURE}") from error
        return next(parse_results([text], self._path.name, self._bank, first=number))


@contextmanager
def _spooling() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        place = tempfile.gettempdir()
        raise ResultsError(
            f"{place}: cannot be written ({error.strerror}). Make room there, or name another folder in TMPDIR."
        ) from error


class _Compared:
    """The texts that are held against each other, in a file of their own, so that one question's are read at a time."""

    def __init__(self, wanted: bool) -> None:
        self._file = tempfile.TemporaryFile() if wanted else None  # noqa: SIM115 - closed by __exit__
        self._names: dict[str, int] = {}
        self._questions: dict[str, tuple[array[int], array[int], array[int], array[int]]] = {}
        self._end = 0

    def __enter__(self) -> _Compared:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file:
            self._file.close()

    def add(self, place: int, result: Result) -> None:
        """Keep an answer that may be a duplicate."""
        text = compared_text(result) if self._file else ""
        if not (self._file and text and result.question):
            return
        data = text.encode("utf-8", "surrogatepass")
        self._file.write(data)
        columns = self._questions.setdefault(result.question.id, (array("q"), array("q"), array("q"), array("q")))
        name = self._names.setdefault(result.answer.candidate_id, len(self._names))
        for column, value in zip(columns, (place, name, self._end, len(data)), strict=True):
            column.append(value)
        self._end += len(data)

    def twins(self) -> Iterator[tuple[int, str]]:
        """Yield the place of each answer that repeats another candidate's, and that candidate."""
        names = list(self._names)
        for places, candidates, starts, lengths in self._questions.values():
            texts = [self._text(start, length) for start, length in zip(starts, lengths, strict=True)]
            for own, other in find_twins(candidates, texts):
                yield places[own], names[candidates[other]]

    def _text(self, start: int, length: int) -> str:
        assert self._file is not None
        self._file.seek(start)
        return self._file.read(length).decode("utf-8", "surrogatepass")
