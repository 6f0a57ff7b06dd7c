"""What a bank says, as one value: its digest, and a form in which a bank that was read before is kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from evaluator.domain import Bank, KeyPoint, ModelAnswer, Question, RedFlag

BEHAVIOURS_FOLDER = "behaviours"


def yaml_paths(folder: Path) -> list[Path]:
    """Return the YAML files in a folder by name; none where there is no such folder."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix in {".yaml", ".yml"} and path.is_file())


def files_digest(folder: Path) -> bytes:
    """Return the sha256 over the names and the content of every file of a bank.

    Raises:
        OSError: a file cannot be read.
    """
    digest = hashlib.sha256()
    for path in (*yaml_paths(folder), *yaml_paths(folder / BEHAVIOURS_FOLDER)):
        content = path.read_bytes()
        digest.update(f"{path.parent.name}/{path.name}\0{len(content)}\0".encode(errors="surrogateescape"))
        digest.update(content)
    return digest.digest()


def bank_digest(questions: Iterable[Question]) -> str:
    """Return the sha256 over everything in ``questions`` that can change a judgement or a report."""
    content = json.dumps(list(questions), sort_keys=True, ensure_ascii=True, default=_fields)
    return hashlib.sha256(content.encode()).hexdigest()


def _fields(value: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return what a part of a bank says; whether a question is a draft is not part of that."""
    return {field.name: getattr(value, field.name) for field in fields(value) if field.name != "draft"}


def to_json(bank: Bank) -> str:
    """Return a bank as JSON, whole."""
    return json.dumps({"digest": bank.digest, "questions": bank.questions}, default=_all_fields, separators=(",", ":"))


def from_json(text: str) -> Bank:
    """Return the bank that ``to_json`` was given.

    Raises:
        ValueError: the text is no bank; or, for the same reason, ``KeyError`` or ``TypeError``.
    """
    content = json.loads(text)
    return Bank(tuple(map(_question, content["questions"])), content["digest"])


def _all_fields(value: Any) -> dict[str, Any]:  # noqa: ANN401
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _question(content: Mapping[str, Any]) -> Question:
    parts = {
        "key_points": tuple(KeyPoint(**_tuples(item)) for item in content["key_points"]),
        "red_flags": tuple(RedFlag(**_tuples(item)) for item in content["red_flags"]),
        "model_answers": tuple(ModelAnswer(**_tuples(item)) for item in content["model_answers"]),
        "anchors": {int(level): text for level, text in content["anchors"].items()},
    }
    return Question(**{**content, **parts})


def _tuples(content: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in content.items()}
