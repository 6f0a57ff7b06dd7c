"""Loads a bank: a folder of questions as YAML, checked, with the behaviours they share."""

from __future__ import annotations

import difflib
import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from evaluator.derive import derive_key_points
from evaluator.domain import Bank, KeyPoint, ModelAnswer, Question, RedFlag
from evaluator.errors import BankError
from evaluator.text import words
from evaluator.yamlfile import YamlFault, YamlFile, read_yaml

BEHAVIOURS_FOLDER = "behaviours"
MIN_STATEMENTS = 8
"""Affirm and deny statements a complete key point has at least: fewer leave a voice out (design, section 4)."""
MIN_FLAG_STATEMENTS = 6
MIN_POINTS, MAX_POINTS = 6, 12
MIN_FLAGS, MAX_FLAGS = 3, 8
MIN_MODEL_ANSWERS, MAX_MODEL_ANSWERS = 2, 4
ANCHORED_LEVELS = (1, 3, 5)
FIELD_SOURCE = "field:"

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(?:[-_][a-z0-9]+)*$", max_length=60)]
Weight = Annotated[float, Field(gt=0, le=10)]


M = TypeVar("M", bound=BaseModel)


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=False)


class _Behaviour(_Model):
    id: Id
    label: Text
    why: str = ""
    advice: str = ""
    sources: list[Text] = []


class _KeyPoint(_Behaviour):
    affirm: Annotated[list[Text], Field(min_length=1)]
    deny: list[Text] = []


class _OwnKeyPoint(_KeyPoint):
    weight: Weight = 1.0


class _RedFlag(_Behaviour):
    severity: Literal["serious", "critical"] = "serious"
    statements: Annotated[list[Text], Field(min_length=1)]
    safe: list[Text] = []


class _SharedKeyPoint(_KeyPoint):
    kind: Literal["key_point"]


class _SharedRedFlag(_RedFlag):
    kind: Literal["red_flag"]


class _PointReference(_Model):
    behaviour: Id
    weight: Weight = 1.0


class _FlagReference(_Model):
    behaviour: Id


class _ModelAnswer(_Model):
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000)]
    sources: list[Text] = []


class _Question(_Model):
    id: Id
    question: Text
    status: Literal["ready", "draft"] = "ready"
    key_points: list[_OwnKeyPoint | _PointReference] = []
    red_flags: list[_RedFlag | _FlagReference] = []
    model_answers: list[_ModelAnswer | str] = []
    anchors: dict[Annotated[int, Field(ge=1, le=5)], Text] = {}


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


def shipped_bank_path() -> Path:
    """Return the folder of the bank that ships with the tool, installed or in a checkout."""
    installed = Path(__file__).parent / "_shipped" / "reference_answers"
    return installed if installed.is_dir() else Path(__file__).parent.parent / "reference_answers"


def load_bank(folder: Path | str | None = None) -> Bank:
    """Return the bank in ``folder``, or the shipped one.

    A question file needs ``id``, ``question`` and either ``key_points`` or ``model_answers``; without key points
    they are derived from the model answers. Questions come in the order of their file names.

    Raises:
        BankError: the folder is missing or empty, or a file cannot be used; names file, line and cure.
    """
    bank, faults = read_bank(Path(folder) if folder is not None else shipped_bank_path())
    fatal = [fault for fault in faults if fault.fatal]
    if fatal:
        more = f"\n({len(fatal) - 1} more: evaluator bank check)" if len(fatal) > 1 else ""
        raise BankError(f"{fatal[0]}{more}")
    return bank


def read_bank(folder: Path) -> tuple[Bank, list[Fault]]:
    """Read every file of a bank and return what could be read together with every fault of form.

    Raises:
        BankError: there is no such folder, or no question in it.
    """
    if not folder.is_dir():
        cure = "Give the folder, not a file." if folder.is_file() else "Check --bank."
        raise BankError(f"{folder}: no such folder. {cure} A bank is a folder of question files (*.yaml).")
    paths = sorted(path for path in folder.iterdir() if path.suffix in {".yaml", ".yml"} and path.is_file())
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
            faults.append(Fault(path.name, 1, f"id {question.id!r} is already used in {seen[question.id]}. Choose another.", True))
            continue
        seen[question.id] = path.name
        questions.append(question)
    return Bank(tuple(questions), bank_digest(questions)), faults


def bank_digest(questions: Iterable[Question]) -> str:
    """Return the sha256 over everything in ``questions`` that can change a judgement or a report."""
    content = [asdict(question) for question in questions]
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


def match_question(bank: Bank, name: str) -> Question | None:
    """Return the question with that id or with that text (case, space and punctuation aside), or None."""
    wanted = " ".join(words(name))
    for question in bank.questions:
        if name.strip() == question.id or wanted in (" ".join(words(question.text)), " ".join(words(question.id))):
            return question
    return None


def nearest_question_id(bank: Bank, name: str) -> str | None:
    """Return the id most like ``name``, for an error message, or None."""
    near = difflib.get_close_matches(name, [question.id for question in bank.questions], n=1, cutoff=0.6)
    return near[0] if near else None


def completeness_faults(bank: Bank, folder: Path) -> Iterator[Fault]:
    """Yield what a bank lacks for full judgement: too few statements, a statement in two lists, missing anchors.

    Questions whose key points are derived are exempt: that form is complete by definition.
    """
    files = {path.name: read_yaml(path) for path in _yaml_files(folder)}
    for name, file in files.items():
        yield from _missing_statements(name, file)
    for question in bank.questions:
        if not question.derived:
            yield from _question_gaps(question, *_file_of(question.id, files))
    yield from _repeated_statements(files)


def source_references(folder: Path) -> Iterator[tuple[str, int, str]]:
    """Yield every source named in the files of a bank, as (file, line, source)."""
    for path in _yaml_files(folder):
        file = read_yaml(path)
        for location, line in file.lines.items():
            if len(location) >= 2 and location[-2] == "sources" and isinstance(location[-1], int):
                yield path.name, line, str(_value_at(file.data, location))


def _yaml_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.yaml")) + sorted((folder / BEHAVIOURS_FOLDER).glob("*.yaml"))


def _value_at(data: Any, location: tuple[str | int, ...]) -> Any:  # noqa: ANN401
    for step in location:
        data = data[step]
    return data


def _read_behaviours(folder: Path, faults: list[Fault]) -> dict[str, _SharedKeyPoint | _SharedRedFlag]:
    shared: dict[str, _SharedKeyPoint | _SharedRedFlag] = {}
    for path in sorted(folder.glob("*.yaml")) if folder.is_dir() else []:
        file = _read(path, faults)
        if file is None:
            continue
        kind = file.data.get("kind")
        if kind not in ("key_point", "red_flag"):
            faults.append(Fault(path.name, file.line(("kind",)), "needs `kind: key_point` or `kind: red_flag`.", True))
            continue
        model = _SharedKeyPoint if kind == "key_point" else _SharedRedFlag
        behaviour = _validated(model, file, faults)
        if behaviour is None:
            continue
        if behaviour.id in shared:
            faults.append(Fault(path.name, file.line(("id",)), f"id {behaviour.id!r} is used by another behaviour. Choose another.", True))
        shared[behaviour.id] = behaviour  # type: ignore[assignment]
    return shared


def _read_question(path: Path, shared: dict[str, Any], faults: list[Fault]) -> Question | None:
    file = _read(path, faults)
    if file is None:
        return None
    form = _validated(_Question, file, faults)
    if form is None:
        return None
    points: list[KeyPoint] = []
    for i, entry in enumerate(form.key_points):
        found = _resolve(entry, shared, "key_point", file, ("key_points", i), faults)
        if found is not None:
            points.append(_key_point(found, entry.weight))
    flags: list[RedFlag] = []
    for i, flag_entry in enumerate(form.red_flags):
        found = _resolve(flag_entry, shared, "red_flag", file, ("red_flags", i), faults)
        if found is not None:
            flags.append(_red_flag(found))
    for name, entries in (("key_points", points), ("red_flags", flags)):
        _unique_ids(name, [entry.id for entry in entries], file, faults)
    answers = tuple(
        ModelAnswer(entry, ()) if isinstance(entry, str) else ModelAnswer(entry.text, tuple(entry.sources))
        for entry in form.model_answers
    )
    if not form.key_points and not answers:
        faults.append(Fault(path.name, 1, "needs key_points, or model_answers to derive them from.", True))
        return None
    question = Question(form.id, form.question, tuple(points), tuple(flags), answers, dict(form.anchors), not points)
    return replace(question, key_points=derive_key_points(answers)) if not points else question


def _read(path: Path, faults: list[Fault]) -> YamlFile | None:
    try:
        file = read_yaml(path)
    except YamlFault as fault:
        faults.append(Fault(path.name, fault.line, fault.message, True))
        return None
    if not isinstance(file.data, dict):
        faults.append(Fault(path.name, 1, "is empty or not a mapping. It needs fields such as `id:`.", True))
        return None
    return file


def _validated(model: type[M], file: YamlFile, faults: list[Fault]) -> M | None:
    try:
        return model.model_validate(file.data)
    except ValidationError as error:
        seen: set[tuple[int, str]] = set()
        for detail in error.errors():
            location = _plain_location(detail["loc"], file)
            message = _message(detail, location)
            line = file.line(location)
            if (line, message) not in seen:
                seen.add((line, message))
                faults.append(Fault(file.path.name, line, message, True))
        return None


def _plain_location(loc: tuple[str | int, ...], file: YamlFile) -> tuple[str | int, ...]:
    """Drop the union branch names that pydantic puts into a location, such as ``_OwnKeyPoint``."""
    return tuple(step for step in loc if not (isinstance(step, str) and (step.startswith("_") or step == "str" or "[" in step)))


def _message(detail: Any, location: tuple[str | int, ...]) -> str:  # noqa: ANN401
    name = ".".join(str(step) for step in location) or "file"
    kind = detail["type"]
    if kind == "missing":
        return f"{name} is missing. Add it."
    if kind == "extra_forbidden":
        return f"{name} is not a field that is known here. Check the spelling or remove it."
    if kind == "string_pattern_mismatch":
        return f"{name} must be lower case letters, digits and hyphens, such as rude-customer."
    return f"{name}: {detail['msg']}."


def _resolve(entry: Any, shared: dict[str, Any], kind: str, file: YamlFile, location: tuple[str | int, ...], faults: list[Fault]) -> Any:  # noqa: ANN401
    if isinstance(entry, (_OwnKeyPoint, _RedFlag)):
        return entry
    found = shared.get(entry.behaviour)
    if found is None or found.kind != kind:
        near = difflib.get_close_matches(entry.behaviour, [key for key, value in shared.items() if value.kind == kind], n=1)
        hint = f" Did you mean {near[0]!r}?" if near else f" Add {BEHAVIOURS_FOLDER}/{entry.behaviour}.yaml."
        faults.append(Fault(file.path.name, file.line((*location, "behaviour")), f"no {kind.replace('_', ' ')} {entry.behaviour!r}.{hint}", True))
        return None
    return found


def _key_point(form: _KeyPoint, weight: float) -> KeyPoint:
    return KeyPoint(form.id, form.label, weight, tuple(form.affirm), tuple(form.deny), tuple(form.sources), form.why, form.advice)


def _red_flag(form: _RedFlag) -> RedFlag:
    return RedFlag(form.id, form.label, form.severity, tuple(form.statements), tuple(form.safe), tuple(form.sources), form.why, form.advice)


def _unique_ids(name: str, ids: list[str], file: YamlFile, faults: list[Fault]) -> None:
    for i, identifier in enumerate(ids):
        if identifier in ids[:i]:
            faults.append(Fault(file.path.name, file.line((name, i)), f"{identifier!r} stands twice under {name}. Remove one.", True))


def _file_of(question_id: str, files: dict[str, YamlFile]) -> tuple[str, YamlFile]:
    return next((name, file) for name, file in files.items() if file.data.get("id") == question_id and "question" in file.data)


def _missing_statements(name: str, file: YamlFile) -> Iterator[Fault]:
    for location, line in file.lines.items():
        if location and location[-1] in ("affirm", "deny", "statements"):
            need = MIN_FLAG_STATEMENTS if location[-1] == "statements" else MIN_STATEMENTS
            have = len(_value_at(file.data, location))
            if have < need:
                yield Fault(name, line, f"{have} {location[-1]} statements; write at least {need}, in varied voices.", False)
    for i, point in enumerate(file.data.get("key_points") or []):
        if "affirm" in point and "deny" not in point:
            yield Fault(name, file.line(("key_points", i)), f"{point.get('id')}: no deny statements; write at least {MIN_STATEMENTS}.", False)
    if file.data.get("kind") == "key_point" and "deny" not in file.data:
        yield Fault(name, 1, f"no deny statements; write at least {MIN_STATEMENTS}.", False)


def _question_gaps(question: Question, name: str, file: YamlFile) -> Iterator[Fault]:
    counts = (
        ("key_points", len(question.key_points), MIN_POINTS, MAX_POINTS),
        ("red_flags", len(question.red_flags), MIN_FLAGS, MAX_FLAGS),
        ("model_answers", len(question.model_answers), MIN_MODEL_ANSWERS, MAX_MODEL_ANSWERS),
    )
    for what, have, least, most in counts:
        if not least <= have <= most:
            yield Fault(name, file.line((what,)), f"{have} {what}; a question has {least} to {most}.", False)
    for level in ANCHORED_LEVELS:
        if level not in question.anchors:
            yield Fault(name, file.line(("anchors",)), f"no anchor text for level {level}. Describe an answer at that level.", False)
    weights = [point.weight for point in question.key_points]
    if weights and len(weights) > 2 and max(weights) > sum(weights) / 2:
        yield Fault(name, file.line(("key_points",)), "one key point outweighs all others together. Lower its weight.", False)
    if len(weights) > 3 and len(set(weights)) == 1:
        yield Fault(name, file.line(("key_points",)), "all weights are equal. Say which points are essential (3) or helpful (1).", False)
    for i, point in enumerate(question.key_points):
        if not point.sources:
            yield Fault(name, file.line(("key_points", i)), f"{point.id}: no source. Name a digest point, or `field: <public standard>`.", False)


def _repeated_statements(files: dict[str, YamlFile]) -> Iterator[Fault]:
    seen: dict[str, tuple[str, int]] = {}
    for name, file in files.items():
        for location, line in file.lines.items():
            if len(location) >= 2 and location[-2] in ("affirm", "deny", "statements", "safe") and isinstance(location[-1], int):
                key = re.sub(r"\W+", " ", str(_value_at(file.data, location)).lower()).strip()
                if key in seen:
                    other, other_line = seen[key]
                    yield Fault(name, line, f"the same statement stands in {other} line {other_line}. Keep one.", False)
                else:
                    seen[key] = (name, line)
