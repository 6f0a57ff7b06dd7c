"""What a bank lacks for full judgement, although it can be used: statements, anchors, sources."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from evaluator.bank_files import Fault, file_of, readable_files, value_at
from evaluator.domain import Bank, Question
from evaluator.yamlfile import YamlFile

MIN_STATEMENTS = 8
"""Affirm and deny statements a complete key point has at least: fewer leave a voice out (design, section 4)."""
MIN_FLAG_STATEMENTS = 6
MIN_POINTS, MAX_POINTS = 6, 12
MIN_FLAGS, MAX_FLAGS = 3, 8
MIN_MODEL_ANSWERS, MAX_MODEL_ANSWERS = 2, 4
ANCHORED_LEVELS = (1, 3, 5)


def completeness_faults(bank: Bank, folder: Path) -> Iterator[Fault]:
    """Yield what a bank lacks for full judgement: too few statements, a statement in two lists, missing anchors.

    Questions whose key points are derived are exempt: that form is complete by definition.
    """
    files = dict(readable_files(folder))
    for name, file in files.items():
        yield from _missing_statements(name, file)
    for question in bank.questions:
        if not question.derived:
            yield from _question_gaps(question, *file_of(question.id, files))
    yield from _repeated_statements(files)


def draft_notes(folder: Path) -> Iterator[Fault]:
    """Yield where a question says that it is a draft: no fault, and yet nothing is scored with it."""
    for name, file in readable_files(folder):
        if file.data.get("status") == "draft":
            message = (
                "status is draft. Write `status: ready` when it is finished; until then nothing is scored with it."
            )
            yield Fault(name, file.line(("status",)), message, False)


def _missing_statements(name: str, file: YamlFile) -> Iterator[Fault]:
    for location, line in file.lines.items():
        if location and location[-1] in ("affirm", "deny", "statements"):
            what = "statements" if location[-1] == "statements" else f"{location[-1]} statements"
            need = MIN_FLAG_STATEMENTS if location[-1] == "statements" else MIN_STATEMENTS
            value = value_at(file.data, location)
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
                key = re.sub(r"\W+", " ", str(value_at(file.data, location)).lower()).strip()
                if key in seen:
                    other, other_line = seen[key]
                    yield Fault(name, line, f"the same statement stands in {other} line {other_line}. Keep one.", False)
                else:
                    seen[key] = (name, line)
