"""Reads the files of a bank: checks them, and puts every question together with the behaviours it shares."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evaluator.bank_content import BEHAVIOURS_FOLDER, bank_digest, yaml_paths
from evaluator.bank_files import Fault, file_name, read_mapping, readable_files, value_at
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
from evaluator.yamlfile import YamlFile, read_yaml


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
