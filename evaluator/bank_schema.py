"""The form of a question and of a shared behaviour as a file writes them, and what is said where a file differs."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Discriminator, Field, StringConstraints, Tag, ValidationError

from evaluator.bank_files import Fault, file_name
from evaluator.yamlfile import YamlFile

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(?:[-_][a-z0-9]+)*$", max_length=60)]
LongText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000)]
Weight = Annotated[float, Field(gt=0, le=10, strict=True, allow_inf_nan=False)]


M = TypeVar("M", bound=BaseModel)


class Form(BaseModel):
    """A mapping that has the fields it should have and no others."""

    model_config = ConfigDict(extra="forbid", strict=False)


class BehaviourForm(Form):
    """What key points and red flags have in common."""

    id: Id
    label: Text
    why: str = ""
    advice: str = ""
    sources: list[Text] = []


class KeyPointForm(BehaviourForm):
    """A key point: statements for and against."""

    affirm: Annotated[list[Text], Field(min_length=1)]
    deny: list[Text] = []


class OwnKeyPointForm(KeyPointForm):
    """A key point that a question writes out itself."""

    weight: Weight = 1.0


class RedFlagForm(BehaviourForm):
    """A red flag: statements, and acceptable ones that look alike."""

    severity: Literal["serious", "critical"] = "serious"
    statements: Annotated[list[Text], Field(min_length=1)]
    safe: list[Text] = []


class SharedKeyPointForm(KeyPointForm):
    """A file under ``behaviours/`` with a key point; the weight is the question's."""

    kind: Literal["key_point"]


class SharedRedFlagForm(RedFlagForm):
    """A file under ``behaviours/`` with a red flag."""

    kind: Literal["red_flag"]


class PointReference(Form):
    """A shared key point that a question refers to."""

    behaviour: Id
    weight: Weight = 1.0


class FlagReference(Form):
    """A shared red flag that a question refers to."""

    behaviour: Id


class ModelAnswerForm(Form):
    """A model answer with its sources; one without is a plain text."""

    text: LongText
    sources: list[Text] = []


def _behaviour_form(entry: Any) -> str:  # noqa: ANN401
    return "_reference" if isinstance(entry, dict) and "behaviour" in entry else "_own"


def _answer_form(entry: Any) -> str:  # noqa: ANN401
    return "_own" if isinstance(entry, dict) else "_text"


# An entry is held against the form it is meant to have, so that its faults are not those of the other form.
_FORMS = ("_own", "_reference", "_text", "[key]")
_PointEntry = Annotated[
    Annotated[OwnKeyPointForm, Tag("_own")] | Annotated[PointReference, Tag("_reference")],
    Discriminator(_behaviour_form),
]
_FlagEntry = Annotated[
    Annotated[RedFlagForm, Tag("_own")] | Annotated[FlagReference, Tag("_reference")], Discriminator(_behaviour_form)
]
_AnswerEntry = Annotated[
    Annotated[ModelAnswerForm, Tag("_own")] | Annotated[LongText, Tag("_text")], Discriminator(_answer_form)
]


class QuestionForm(Form):
    """A file of a question."""

    id: Id
    question: Text
    status: Literal["ready", "draft"] = "ready"
    key_points: list[_PointEntry] = []
    red_flags: list[_FlagEntry] = []
    model_answers: list[_AnswerEntry] = []
    anchors: dict[Annotated[int, Field(ge=1, le=5)], Text] = {}


def validated(model: type[M], file: YamlFile, faults: list[Fault]) -> M | None:
    """Return what a file holds in the form it should have, or None after adding its faults to ``faults``."""
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
                faults.append(Fault(file_name(file.path), line, message, True))
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
