"""Tells what a test of a bank's statements found: as text for people, and as plain data for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from evaluator.statement_checks import SIDES, PassShare, StatementCheck, pass_share

SCHEMA = "bank-test/1"

MOST_OVERLAPS = 20
"""Pairs of behaviours that are listed as overlapping, the most frequent first; the data form has all."""


def statements_as_data(checks: Sequence[StatementCheck]) -> dict[str, Any]:
    """Return shares by side and by question, and every statement that fails or overlaps, ready for JSON."""
    questions = list(dict.fromkeys(check.statement.question for check in checks))
    of_question = {name: [check for check in checks if check.statement.question == name] for name in questions}
    return {
        "schema": SCHEMA,
        "all": _share_data(pass_share("all", checks)),
        "sides": {share.name: _share_data(share) for share in _by_side(checks)},
        "questions": {name: _share_data(pass_share(name, own)) for name, own in of_question.items()},
        "statements": [
            {**asdict(check), "passed": check.passed} for check in checks if not check.passed or check.confusions
        ],
    }


def statements_as_text(checks: Sequence[StatementCheck]) -> str:
    """Return tables of shares, the statements to fix, and the behaviours that overlap, as lines of text."""
    questions = list(dict.fromkeys(check.statement.question for check in checks))
    count = f"{len(questions)} question{'s' * (len(questions) != 1)}"
    lines = [
        f"{len(checks)} statements of {count}, each judged as if it were an answer. One that several questions use",
        "counts once in each. It passes where its own key point is covered (affirm) or contradicted (deny), its own red",
        "flag raised (statements) or none (safe), and no other behaviour is taken for the opposite. Itself left out: the",
        "same for its own behaviour only, judged by the other statements; nearer to what candidates meet.",
        "",
        f"{'':24} statements   as it stands   itself left out",
        *(_share_line(share) for share in _by_side(checks)),
    ]
    if len(questions) > 1:
        lines += ["", f"{'question':24} statements   as it stands   itself left out"]
        for name in questions:
            lines.append(_share_line(pass_share(name, [check for check in checks if check.statement.question == name])))
    lines += ["", _share_line(pass_share("all", checks))]
    lines += _to_fix(checks)
    lines += _overlaps(checks)
    return "\n".join(lines)


def _by_side(checks: Iterable[StatementCheck]) -> list[PassShare]:
    checks = list(checks)
    shares = [pass_share(side, [check for check in checks if check.statement.side == side]) for side in SIDES]
    return [share for share in shares if share.checks]


def _share_data(share: PassShare) -> dict[str, Any]:
    data = {key: value for key, value in asdict(share).items() if key != "name"}
    without = share.left_out_share
    return {**data, "share": round(share.share, 4), "left_out_share": None if without is None else round(without, 4)}


def _share_line(share: PassShare) -> str:
    without = "-" if share.left_out_share is None else f"{share.left_out_share:.3f}"
    return f"{share.name:24} {share.checks:10} {share.share:14.3f} {without:>17}"


def _to_fix(checks: Sequence[StatementCheck]) -> list[str]:
    """Return a line for each statement that fails, once however many questions use it, under its file."""
    found: set[tuple[str, int, str, str, str]] = set()
    for check in checks:
        if not check.passed:
            item = check.statement
            others = [f"{other.behaviour} {other.taken_for}" for other in check.confusions if other.counted]
            wrong = ", ".join([*([] if check.right else [check.taken_for]), *others])
            found.add((item.file, item.line, f"{item.behaviour} {item.side}", wrong, item.text))
    if not found:
        return ["", "No statement to fix."]
    lines = ["", f"To fix: {len(found)} (place, behaviour and side: what the statement was taken for)"]
    file = ""
    for name, line, behaviour, taken, text in sorted(found):
        if name != file:
            lines.append(name)
            file = name
        lines.append(f'  line {line:4}  {behaviour}: {taken}  "{text}"')
    return lines


def _overlaps(checks: Sequence[StatementCheck]) -> list[str]:
    pairs = Counter(
        (check.statement.behaviour, check.statement.side, other.behaviour, other.taken_for)
        for check in checks
        for other in check.confusions
        if not other.counted
    )
    if not pairs:
        return []
    lines = [
        "",
        f"Overlaps: {len(pairs)} pairs of behaviours. Not counted as wrong, for a sentence may tell two things.",
    ]
    for (behaviour, side, other, taken), count in sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0]))[
        :MOST_OVERLAPS
    ]:
        lines.append(f"  {count:4}  {behaviour} {side}: also {other} {taken}")
    if len(pairs) > MOST_OVERLAPS:
        lines.append(f"  and {len(pairs) - MOST_OVERLAPS} more: --format json")
    return lines
