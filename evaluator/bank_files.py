"""The files of a bank: which there are, what they hold, and how a fault in one of them is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluator.bank_content import BEHAVIOURS_FOLDER, yaml_paths
from evaluator.yamlfile import YamlFault, YamlFile, read_yaml


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong in a file of a bank."""

    file: str
    line: int
    message: str
    """What is wrong and how to cure it."""
    fatal: bool
    """Whether the bank cannot be used at all; other faults only make judgements worse."""

    def __str__(self) -> str:
        return f"{self.file} line {self.line}: {self.message}"


def file_name(path: Path) -> str:
    """Return how a file is named in faults: a question and a behaviour may have the same file name."""
    return f"{BEHAVIOURS_FOLDER}/{path.name}" if path.parent.name == BEHAVIOURS_FOLDER else path.name


def readable_files(folder: Path) -> Iterator[tuple[str, YamlFile]]:
    """Yield every file of a bank that holds a mapping, with its name; ``read_bank`` reports the others."""
    for path in (*yaml_paths(folder), *yaml_paths(folder / BEHAVIOURS_FOLDER)):
        file = read_mapping(path, [])
        if file is not None:
            yield file_name(path), file


def value_at(data: Any, location: tuple[str | int, ...]) -> Any:  # noqa: ANN401
    """Return the value at a location such as ``("key_points", 0, "affirm")``."""
    for step in location:
        data = data[step]
    return data


def file_of(question_id: str, files: dict[str, YamlFile]) -> tuple[str, YamlFile]:
    """Return the file of a question and its name."""
    return next(
        (name, file) for name, file in files.items() if file.data.get("id") == question_id and "question" in file.data
    )


def read_mapping(path: Path, faults: list[Fault]) -> YamlFile | None:
    """Return a file that holds a mapping, or None after adding its fault to ``faults``."""
    try:
        file = read_yaml(path)
    except YamlFault as fault:
        faults.append(Fault(file_name(path), fault.line, fault.message, True))
        return None
    if not isinstance(file.data, dict):
        faults.append(Fault(file_name(path), 1, "is empty or not a mapping. It needs fields such as `id:`.", True))
        return None
    return file
