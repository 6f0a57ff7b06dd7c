"""Loads a bank: a folder of questions as YAML, checked, with the behaviours they share."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from evaluator.bank_files import BEHAVIOURS_FOLDER, Fault, file_name, read_mapping, readable_files, value_at, yaml_paths
from evaluator.bank_gaps import completeness_faults, draft_notes
from evaluator.bank_schema import (
    FlagReference,
    KeyPointForm,
    OwnKeyPointForm,
    PointReference,
    QuestionForm,
    RedFlagForm,
    SharedKeyPointForm,
    SharedRedFlagForm,
    validated,
)
from evaluator.derive import derive_key_points
from evaluator.domain import Bank, KeyPoint, ModelAnswer, Question, RedFlag
from evaluator.errors import BankError
from evaluator.text import words
from evaluator.yamlfile import YamlFile, read_yaml

__all__ = [
    "BEHAVIOURS_FOLDER",
    "FIELD_SOURCE",
    "Fault",
    "bank_digest",
    "completeness_faults",
    "draft_notes",
    "load_bank",
    "match_question",
    "nearest_question_id",
    "read_bank",
    "shipped_bank_path",
    "source_references",
]

FIELD_SOURCE = "field:"
"""Lead of a source that is a public standard or rule rather than a point of a digest."""


def shipped_bank_path() -> Path:
    """Return the folder of the bank that ships with the tool, installed or in a checkout."""
    installed = Path(__file__).parent / "_shipped" / "reference_answers"
    return installed if installed.is_dir() else Path(__file__).parent.parent / "reference_answers"


def load_bank(folder: Path | str | None = None, *, allow_draft: bool = True) -> Bank:
    """Return the bank in ``folder``, or the shipped one.

    A question file needs ``id``, ``question`` and either ``key_points`` or ``model_answers``; without key points
    they are derived from the model answers. Questions come in the order of their file names.

    Raises:
        BankError: the folder is missing or empty, or a file cannot be used; names file, line and cure. Without
            ``allow_draft``, also where a question is a draft: answers to it must not be scored, and its text and model
            answers would take part in the judgement of answers to the other questions.
    """
    bank, faults = read_bank(Path(folder) if folder is not None else shipped_bank_path())
    fatal = [fault for fault in faults if fault.fatal]
    if fatal:
        more = f"\n({len(fatal) - 1} more: evaluator bank check)" if len(fatal) > 1 else ""
        raise BankError(f"{fatal[0]}{more}")
    drafts = [question.id for question in bank.questions if question.draft]
    if drafts and not allow_draft:
        what = "it as it is" if len(drafts) == 1 else "them as they are"
        raise BankError(
            f"{', '.join(drafts)}: status is draft, so nothing is scored with this bank. Finish the file, test it with "
            f"`evaluator bank test`, and write `status: ready`; or add --allow-draft to use {what}."
        )
    return bank


def read_bank(folder: Path) -> tuple[Bank, list[Fault]]:
    """Read every file of a bank and return what could be read together with every fault of form.

    Raises:
        BankError: there is no such folder, or no question in it.
    """
    if not folder.is_dir():
        cure = "Give the folder, not a file." if folder.is_file() else "Check --bank."
        raise BankError(f"{folder}: no such folder. {cure} A bank is a folder of question files (*.yaml).")
    paths = yaml_paths(folder)
    if not paths:
        raise BankError(f"{folder}: no question (*.yaml) in this folder. See: evaluator bank new")
    faults: list[Fault] = []
    shared = _read_behaviours(folder / BEHAVIOURS_FOLDER, faults)
    questions: list[Question] = []
    seen: dict[str, str] = {}
    for path in paths:
        question = _read_question(path, shared, faults)
        if question is None:
            continue
        if question.id in seen:
            message = f"id {question.id!r} is already used in {seen[question.id]}. Choose another."
            faults.append(Fault(path.name, read_yaml(path).line(("id",)), message, True))
            continue
        seen[question.id] = path.name
        questions.append(question)
    return Bank(tuple(questions), bank_digest(questions)), faults


def bank_digest(questions: Iterable[Question]) -> str:
    """Return the sha256 over everything in ``questions`` that can change a judgement or a report."""
    content = json.dumps(list(questions), sort_keys=True, ensure_ascii=True, default=_fields)
    return hashlib.sha256(content.encode()).hexdigest()


def _fields(value: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return what a part of a bank says; whether a question is a draft is not part of that."""
    return {field.name: getattr(value, field.name) for field in fields(value) if field.name != "draft"}


def match_question(bank: Bank, name: str) -> Question | None:
    """Return the question with that id or with that text (case, space and punctuation aside), or None."""
    wanted = " ".join(words(name))
    for question in bank.questions:
        if name.strip() == question.id or (
            wanted and wanted in (" ".join(words(question.text)), " ".join(words(question.id)))
        ):
            return question
    return None


def nearest_question_id(bank: Bank, name: str) -> str | None:
    """Return the id most like ``name``, for an error message, or None."""
    near = difflib.get_close_matches(name, [question.id for question in bank.questions], n=1, cutoff=0.6)
    return near[0] if near else None


def source_references(folder: Path) -> Iterator[tuple[str, int, str]]:
    """Yield every source named in the files of a bank, as (file, line, source)."""
    for name, file in readable_files(folder):
        for location, line in file.lines.items():
            if len(location) >= 2 and location[-2] == "sources" and isinstance(location[-1], int):
                yield name, line, str(value_at(file.data, location))


def _read_behaviours(folder: Path, faults: list[Fault]) -> dict[str, SharedKeyPointForm | SharedRedFlagForm]:
    shared: dict[str, SharedKeyPointForm | SharedRedFlagForm] = {}
    for path in yaml_paths(folder):
        file = read_mapping(path, faults)
        if file is None:
            continue
        kind = file.data.get("kind")
        if kind not in ("key_point", "red_flag"):
            faults.append(
                Fault(file_name(path), file.line(("kind",)), "needs `kind: key_point` or `kind: red_flag`.", True)
            )
            continue
        model = SharedKeyPointForm if kind == "key_point" else SharedRedFlagForm
        behaviour = validated(model, file, faults)
        if behaviour is None:
            continue
        if behaviour.id in shared:
            message = f"id {behaviour.id!r} is used by another behaviour. Choose another."
            faults.append(Fault(file_name(path), file.line(("id",)), message, True))
        shared[behaviour.id] = behaviour  # type: ignore[assignment]
    return shared


def _read_question(path: Path, shared: dict[str, Any], faults: list[Fault]) -> Question | None:
    file = read_mapping(path, faults)
    if file is None:
        return None
    form = validated(QuestionForm, file, faults)
    if form is None:
        return None
    points: dict[int, KeyPoint] = {}
    for i, entry in enumerate(form.key_points):
        found = _resolve(entry, shared, "key_point", file, ("key_points", i), faults)
        if found is not None:
            points[i] = _key_point(found, entry.weight)
    flags: dict[int, RedFlag] = {}
    for i, flag_entry in enumerate(form.red_flags):
        found = _resolve(flag_entry, shared, "red_flag", file, ("red_flags", i), faults)
        if found is not None:
            flags[i] = _red_flag(found)
    _unique_ids("key_points", {i: point.id for i, point in points.items()}, file, faults)
    _unique_ids("red_flags", {i: flag.id for i, flag in flags.items()}, file, faults)
    answers = tuple(
        ModelAnswer(entry, ()) if isinstance(entry, str) else ModelAnswer(entry.text, tuple(entry.sources))
        for entry in form.model_answers
    )
    if not form.key_points and not answers:
        faults.append(Fault(path.name, 1, "needs key_points, or model_answers to derive them from.", True))
        return None
    key_points = tuple(points.values()) if form.key_points else derive_key_points(answers)
    if not form.key_points and not key_points:
        message = (
            "no key point can be derived: the answers have no words of content. Write them out, or add key_points."
        )
        faults.append(Fault(path.name, file.line(("model_answers",)), message, True))
        return None
    return Question(
        form.id,
        form.question,
        key_points,
        tuple(flags.values()),
        answers,
        dict(form.anchors),
        not form.key_points,
        form.status == "draft",
    )


def _resolve(
    entry: OwnKeyPointForm | RedFlagForm | PointReference | FlagReference,
    shared: dict[str, Any],
    kind: str,
    file: YamlFile,
    location: tuple[str | int, ...],
    faults: list[Fault],
) -> Any:  # noqa: ANN401
    if isinstance(entry, (OwnKeyPointForm, RedFlagForm)):
        return entry
    found = shared.get(entry.behaviour)
    if found is None or found.kind != kind:
        near = difflib.get_close_matches(
            entry.behaviour, [key for key, value in shared.items() if value.kind == kind], n=1
        )
        if found is not None:
            hint = f" It is a {found.kind.replace('_', ' ')}: move it to {found.kind}s."
        else:
            hint = f" Did you mean {near[0]!r}?" if near else f" Add {BEHAVIOURS_FOLDER}/{entry.behaviour}.yaml."
        message = f"no {kind.replace('_', ' ')} {entry.behaviour!r}.{hint}"
        faults.append(Fault(file.path.name, file.line((*location, "behaviour")), message, True))
        return None
    return found


def _key_point(form: KeyPointForm, weight: float) -> KeyPoint:
    return KeyPoint(
        form.id, form.label, weight, tuple(form.affirm), tuple(form.deny), tuple(form.sources), form.why, form.advice
    )


def _red_flag(form: RedFlagForm) -> RedFlag:
    return RedFlag(
        form.id,
        form.label,
        form.severity,
        tuple(form.statements),
        tuple(form.safe),
        tuple(form.sources),
        form.why,
        form.advice,
    )


def _unique_ids(name: str, ids: dict[int, str], file: YamlFile, faults: list[Fault]) -> None:
    for i, identifier in ids.items():
        if any(identifier == other for j, other in ids.items() if j < i):
            message = f"{identifier!r} stands twice under {name}. Remove one."
            faults.append(Fault(file.path.name, file.line((name, i)), message, True))
