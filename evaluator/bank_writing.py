"""Writes a question as a file for people to read and edit: block style, wrapped, with TODO where only a person can write."""

from __future__ import annotations

import re
import tempfile
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import yaml

from evaluator.bank_files import read_mapping
from evaluator.bank_reading import read_bank
from evaluator.domain import Question
from evaluator.drafting import Draft, DraftPoint
from evaluator.errors import BankError
from evaluator.whole_files import write_file

WIDTH = 110
"""Columns of a line, as in the shipped bank."""


def question_yaml(question_id: str, question: str, model_answers: Sequence[str]) -> str:
    """Return the minimal form of a question: its id, its text and its model answers."""
    lines = [f"id: {_plain(question_id)}", *_field("question", question), "model_answers:"]
    for answer in model_answers:
        lines += _entry(answer, 2)
    return "\n".join(lines) + "\n"


def draft_yaml(draft: Draft, left_out: Mapping[str, int]) -> str:
    """Return a draft as a file that loads as a question with ``status: draft``, with a TODO at every gap.

    Args:
        draft: what was proposed.
        left_out: why passages were not looked at, with how many.
    """
    used = sum(len(point.evidence) for point in draft.points)
    lines = list(
        _comment(f"A draft from source material: {used} of {draft.read} passages, clustered by what they say.")
    )
    if left_out:
        lines += _comment(f"Left out: {', '.join(f'{count} {reason}' for reason, count in left_out.items())}.")
    if draft.left_over:
        lines += _comment(f"About the question, too: {', '.join(passage.id for passage in draft.left_over)}")
    lines += _comment(
        "Labels are no more than the most telling words, and statements are the sources' own sentences. Join, split and delete key "
        "points, write what is marked TODO, run `evaluator bank check` and `evaluator bank test`, and write `status: ready`. "
        "Until then `evaluator score` and `evaluator check` refuse this file."
    )
    lines += [f"id: {_plain(draft.id)}", "status: draft", *_field("question", draft.question), "key_points:"]
    for point in draft.points:
        lines += _point(point)
    lines += [
        "red_flags: []  # TODO: what makes an answer unacceptable whatever else it says; 3 to 8, with statements",
        "model_answers: []  # TODO: 2 to 4 whole good answers, in your own words",
        "anchors: {}  # TODO: describe an answer of level 1, of level 3 and of level 5",
    ]
    return "\n".join(lines) + "\n"


def write_question(path: Path, content: str, *, force: bool = False) -> Question:
    """Write a file of a question and return the question as the bank reader reads it.

    Nothing is written that does not load, that would give a bank two questions of one id, or, without ``force``, over a
    file that is there.

    Raises:
        BankError: one of these; names the file, the fault and the cure.
        EvaluatorError: the folder cannot be written.
    """
    if path.suffix not in {".yaml", ".yml"}:
        raise BankError(f"{path}: a bank reads files that end in .yaml only. Name it {path.with_suffix('.yaml').name}.")
    if path.exists() and not force:
        raise BankError(f"{path}: is there already. Choose another name, or add --force to overwrite it.")
    question = loaded_question(path.name, content)
    if path.parent.is_dir() and any(other != path for other in path.parent.glob("*.y*ml")):
        bank, _ = read_bank(path.parent)
        taken = {other.id for other in bank.questions}
        own = _id_in(path) if path.exists() else None
        if question.id in taken and question.id != own:
            raise BankError(f"{path.parent}: has a question {question.id!r} already. Choose another with --id.")
    write_file(path, content.encode())
    return question


def loaded_question(name: str, content: str) -> Question:
    """Return the question that a file of that content holds.

    Raises:
        BankError: it does not load.
    """
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / name).write_text(content, encoding="utf-8")
        bank, faults = read_bank(Path(folder))
    if faults:
        raise BankError(str(faults[0]))
    return bank.questions[0]


def _id_in(path: Path) -> str | None:
    """Return the id of the question in a file of a bank, or None where it cannot be read."""
    content = read_mapping(path, [])
    return str(content.data.get("id")) if content else None


def _point(point: DraftPoint) -> Iterator[str]:
    count = len(point.evidence)
    yield f"  - id: {_plain(point.id)}  # TODO: name the behaviour, such as keeps-calm"
    yield from _field("label", point.label, 4, "TODO: a verb phrase, such as: keeps calm")
    yield f"    weight: {point.weight}  # from {count} passage{'s' * (count != 1)}; TODO: 1 helpful, 2 important, 3 essential"
    yield '    why: ""  # TODO: why it matters to a patient or to the pharmacy'
    yield '    advice: ""  # TODO: one thing that a candidate could add'
    yield "    sources:"
    for passage in point.evidence:
        place = f"  # {passage.place}" if passage.place else ""
        yield f"      - {_quoted(passage.id)}{place}"
    yield "    affirm:  # TODO: say these as a candidate would, and in more voices; at least 8"
    for statement in point.affirm:
        yield from _entry(statement, 6)
    yield "    deny: []  # TODO: ways of saying the opposite; at least 8"


def _comment(text: str) -> Iterator[str]:
    # A line break of any kind would end the comment, and what follows it would be read.
    yield from textwrap.wrap(" ".join(text.split()), WIDTH, initial_indent="# ", subsequent_indent="# ")


def _field(name: str, value: str, indent: int = 0, comment: str = "") -> list[str]:
    note = f"  # {comment}" if comment else ""
    pad = " " * indent
    line = f"{pad}{name}: {_quoted(value)}{note}"
    if len(line) <= WIDTH or not _folds(value):
        return [line]
    return [f"{pad}{name}: >-{note}", *_folded(value, indent + 2)]


def _entry(value: str, indent: int) -> list[str]:
    """Return an entry of a list: on one line where it fits, else folded, which a person can read and edit."""
    line = f"{' ' * indent}- {_quoted(value)}"
    if len(line) <= WIDTH or not _folds(value):
        return [line]
    return [f"{' ' * indent}- >-", *_folded(value, indent + 2)]


def _folds(value: str) -> bool:
    """Return whether folding a text over lines and unfolding it gives the same text."""
    return value == " ".join(value.split(" ")) == " ".join(value.split()) and value.isprintable()


def _folded(value: str, indent: int) -> list[str]:
    pad = " " * indent
    return textwrap.wrap(
        value, WIDTH, initial_indent=pad, subsequent_indent=pad, break_long_words=False, break_on_hyphens=False
    )


def _plain(identifier: str) -> str:
    """Return an id as YAML: as it is, except where it would be read as a number or as yes or no."""
    plain = re.fullmatch(r"[a-z0-9_-]+", identifier) and yaml.safe_load(identifier) == identifier
    return identifier if plain else _quoted(identifier)


def _quoted(value: str) -> str:
    """Return a text in double quotes as YAML, on one line."""
    text: str = yaml.safe_dump(value, default_style='"', allow_unicode=True, width=float("inf"))
    return text.removesuffix("\n")
