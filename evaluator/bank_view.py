"""Tells a question of the bank in plain text, for a terminal."""

from __future__ import annotations

import textwrap

from evaluator.domain import LEVEL_NAMES, Question

WIDTH = 96


def describe_question(question: Question) -> str:
    """Return a question with its key points, red flags, model answers and anchors as text of 96 columns."""
    lines = [question.text, f"id: {question.id}{' (draft)' if question.draft else ''}", ""]
    lines.append("Key points (derived from the model answers)" if question.derived else "Key points")
    for point in question.key_points:
        lines.append(f"  {'*' * round(min(point.weight, 5)):5} {point.label}  [{point.id}, weight {point.weight:g}]")
        lines.extend(_indented(f'says: "{point.affirm[0]}"'))
        if point.deny:
            lines.extend(_indented(f'the opposite: "{point.deny[0]}"'))
        if point.why:
            lines.extend(_indented(f"why: {point.why}"))
        lines.extend(_indented(f"source: {'; '.join(point.sources)}"))
        lines.extend(_indented(f"{len(point.affirm)} statements for, {len(point.deny)} against"))
    if question.red_flags:
        lines += ["", "Red flags"]
        for flag in question.red_flags:
            lines.append(f"  !     {flag.label}  [{flag.id}, {flag.severity}]")
            lines.extend(_indented(f'such as: "{flag.statements[0]}"'))
    for number, answer in enumerate(question.model_answers, start=1):
        lines += ["", f"Model answer {number}"]
        lines.extend(textwrap.wrap(answer.text, WIDTH, initial_indent="  ", subsequent_indent="  "))
    if question.anchors:
        lines += ["", "Levels"]
        for level, text in sorted(question.anchors.items(), reverse=True):
            lines.extend(
                textwrap.wrap(
                    f"{level} {LEVEL_NAMES[level]}: {text}", WIDTH, initial_indent="  ", subsequent_indent="    "
                )
            )
    return "\n".join(lines)


def _indented(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=" " * 8, subsequent_indent=" " * 10)
