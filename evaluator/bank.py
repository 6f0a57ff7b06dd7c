"""Loads a bank: a folder of questions as YAML, checked, with the behaviours they share."""

from __future__ import annotations

import difflib
import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Discriminator, Field, StringConstraints, Tag, ValidationError

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
LongText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000)]
Weight = Annotated[float, Field(gt=0, le=10, strict=True, allow_inf_nan=False)]


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
    text: LongText
    sources: list[Text] = []


def _behaviour_form(entry: Any) -> str:  # noqa: ANN401
    return "_reference" if isinstance(entry, dict) and "behaviour" in entry else "_own"


def _answer_form(entry: Any) -> str:  # noqa: ANN401
    return "_own" if isinstance(entry, dict) else "_text"


# An entry is held against the form it is meant to have, so that its faults are not those of the other form.
_FORMS = ("_own", "_reference", "_text", "[key]")
_PointEntry = Annotated[
    Annotated[_OwnKeyPoint, Tag("_own")] | Annotated[_PointReference, Tag("_reference")], Discriminator(_behaviour_form)
]
_FlagEntry = Annotated[
    Annotated[_RedFlag, Tag("_own")] | Annotated[_FlagReference, Tag("_reference")], Discriminator(_behaviour_form)
]
_AnswerEntry = Annotated[
    Annotated[_ModelAnswer, Tag("_own")] | Annotated[LongText, Tag("_text")], Discriminator(_answer_form)
]


class _Question(_Model):
    id: Id
    question: Text
    status: Literal["ready", "draft"] = "ready"
    key_points: list[_PointEntry] = []
    red_flags: list[_FlagEntry] = []
    model_answers: list[_AnswerEntry] = []
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
    paths = _yaml_paths(folder)
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
    return {field.name: getattr(value, field.name) for field in fields(value)}


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


def completeness_faults(bank: Bank, folder: Path) -> Iterator[Fault]:
    """Yield what a bank lacks for full judgement: too few statements, a statement in two lists, missing anchors.

    Questions whose key points are derived are exempt: that form is complete by definition.
    """
    files = dict(_readable_files(folder))
    for name, file in files.items():
        yield from _missing_statements(name, file)
    for question in bank.questions:
        if not question.derived:
            yield from _question_gaps(question, *_file_of(question.id, files))
    yield from _repeated_statements(files)


def source_references(folder: Path) -> Iterator[tuple[str, int, str]]:
    """Yield every source named in the files of a bank, as (file, line, source)."""
    for name, file in _readable_files(folder):
        for location, line in file.lines.items():
            if len(location) >= 2 and location[-2] == "sources" and isinstance(location[-1], int):
                yield name, line, str(_value_at(file.data, location))


def _yaml_paths(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix in {".yaml", ".yml"} and path.is_file())


def _name(path: Path) -> str:
    """Return how a file is named in faults: a question and a behaviour may have the same file name."""
    return f"{BEHAVIOURS_FOLDER}/{path.name}" if path.parent.name == BEHAVIOURS_FOLDER else path.name


def _readable_files(folder: Path) -> Iterator[tuple[str, YamlFile]]:
    """Yield every file of a bank that holds a mapping, with its name; ``read_bank`` reports the others."""
    for path in (*_yaml_paths(folder), *_yaml_paths(folder / BEHAVIOURS_FOLDER)):
        file = _read(path, [])
        if file is not None:
            yield _name(path), file


def _value_at(data: Any, location: tuple[str | int, ...]) -> Any:  # noqa: ANN401
    for step in location:
        data = data[step]
    return data


def _read_behaviours(folder: Path, faults: list[Fault]) -> dict[str, _SharedKeyPoint | _SharedRedFlag]:
    shared: dict[str, _SharedKeyPoint | _SharedRedFlag] = {}
    for path in _yaml_paths(folder):
        file = _read(path, faults)
        if file is None:
            continue
        kind = file.data.get("kind")
        if kind not in ("key_point", "red_flag"):
            faults.append(
                Fault(_name(path), file.line(("kind",)), "needs `kind: key_point` or `kind: red_flag`.", True)
            )
            continue
        model = _SharedKeyPoint if kind == "key_point" else _SharedRedFlag
        behaviour = _validated(model, file, faults)
        if behaviour is None:
            continue
        if behaviour.id in shared:
            message = f"id {behaviour.id!r} is used by another behaviour. Choose another."
            faults.append(Fault(_name(path), file.line(("id",)), message, True))
        shared[behaviour.id] = behaviour  # type: ignore[assignment]
    return shared


def _read_question(path: Path, shared: dict[str, Any], faults: list[Fault]) -> Question | None:
    file = _read(path, faults)
    if file is None:
        return None
    form = _validated(_Question, file, faults)
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
        form.id, form.question, key_points, tuple(flags.values()), answers, dict(form.anchors), not form.key_points
    )


def _read(path: Path, faults: list[Fault]) -> YamlFile | None:
    try:
        file = read_yaml(path)
    except YamlFault as fault:
        faults.append(Fault(_name(path), fault.line, fault.message, True))
        return None
    if not isinstance(file.data, dict):
        faults.append(Fault(_name(path), 1, "is empty or not a mapping. It needs fields such as `id:`.", True))
        return None
    return file


def _validated(model: type[M], file: YamlFile, faults: list[Fault]) -> M | None:
    try:
        return model.model_validate(file.data)
    except ValidationError as error:
        seen: set[tuple[int, str]] = set()
        for detail in error.errors():
            location = tuple(step for step in detail["loc"] if step not in _FORMS)
            message = _message(detail, location)
            line = file.line(location)
            if (line, message) not in seen:
                seen.add((line, message))
                faults.append(Fault(_name(file.path), line, message, True))
        return None


def _message(detail: Any, location: tuple[str | int, ...]) -> str:  # noqa: ANN401
    name = ".".join(str(step) for step in location) or "file"
    kind = detail["type"]
    if kind == "missing":
        return f"{name} is missing. Add it."
    if kind == "extra_forbidden":
        return f"{name} is not a field that is known here. Check the spelling or remove it."
    if kind == "string_pattern_mismatch":
        return f"{name} must be lower case letters, digits and hyphens, such as rude-customer."
    if detail["input"] in (None, "") or kind == "string_too_short":
        return f"{name} is empty. Write it out, or remove it."
    if location[-1:] == ("weight",):
        return f"{name} must be a number above 0 and at most 10: 1 helpful, 2 important, 3 essential."
    if kind == "model_type":
        return f"{name} must have fields: `behaviour:` and a shared id, or its own `id:`, `label:` and statements."
    return f"{name}: {detail['msg']}.{_CURES.get(kind, '')}"


_CURES = {"string_type": " Put it in quotes.", "list_type": " Start each entry with a hyphen."}


def _resolve(
    entry: _OwnKeyPoint | _RedFlag | _PointReference | _FlagReference,
    shared: dict[str, Any],
    kind: str,
    file: YamlFile,
    location: tuple[str | int, ...],
    faults: list[Fault],
) -> Any:  # noqa: ANN401
    if isinstance(entry, (_OwnKeyPoint, _RedFlag)):
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


def _key_point(form: _KeyPoint, weight: float) -> KeyPoint:
    return KeyPoint(
        form.id, form.label, weight, tuple(form.affirm), tuple(form.deny), tuple(form.sources), form.why, form.advice
    )


def _red_flag(form: _RedFlag) -> RedFlag:
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


def _file_of(question_id: str, files: dict[str, YamlFile]) -> tuple[str, YamlFile]:
    return next(
        (name, file) for name, file in files.items() if file.data.get("id") == question_id and "question" in file.data
    )


def _missing_statements(name: str, file: YamlFile) -> Iterator[Fault]:
    for location, line in file.lines.items():
        if location and location[-1] in ("affirm", "deny", "statements"):
            what = "statements" if location[-1] == "statements" else f"{location[-1]} statements"
            need = MIN_FLAG_STATEMENTS if location[-1] == "statements" else MIN_STATEMENTS
            value = _value_at(file.data, location)
            have = len(value) if isinstance(value, list) else 0
            if have < need:
                yield Fault(name, line, f"{have} {what}; write at least {need}, in varied voices.", False)
    points = file.data.get("key_points")
    for i, point in enumerate(points if isinstance(points, list) else []):
        if isinstance(point, dict) and "affirm" in point and "deny" not in point:
            yield Fault(
                name,
                file.line(("key_points", i)),
                f"{point.get('id')}: no deny statements; write at least {MIN_STATEMENTS}.",
                False,
            )
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
            yield Fault(
                name,
                file.line(("anchors",)),
                f"no anchor text for level {level}. Describe an answer at that level.",
                False,
            )
    weights = [point.weight for point in question.key_points]
    if weights and len(weights) > 2 and max(weights) > sum(weights) / 2:
        yield Fault(
            name, file.line(("key_points",)), "one key point outweighs all others together. Lower its weight.", False
        )
    if len(weights) > 3 and len(set(weights)) == 1:
        yield Fault(
            name,
            file.line(("key_points",)),
            "all weights are equal. Say which points are essential (3) or helpful (1).",
            False,
        )
    for i, point in enumerate(question.key_points):
        if not point.sources:
            yield Fault(
                name,
                file.line(("key_points", i)),
                f"{point.id}: no source. Name a digest point, or `field: <public standard>`.",
                False,
            )


def _repeated_statements(files: dict[str, YamlFile]) -> Iterator[Fault]:
    seen: dict[str, tuple[str, int]] = {}
    for name, file in files.items():
        for location, line in file.lines.items():
            if (
                len(location) >= 2
                and location[-2] in ("affirm", "deny", "statements", "safe")
                and isinstance(location[-1], int)
            ):
                key = re.sub(r"\W+", " ", str(_value_at(file.data, location)).lower()).strip()
                if key in seen:
                    other, other_line = seen[key]
                    yield Fault(name, line, f"the same statement stands in {other} line {other_line}. Keep one.", False)
                else:
                    seen[key] = (name, line)
