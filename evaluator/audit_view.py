"""Tells the figures of an audit as text, JSON or CSV, with what they do not say."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from typing import Any

from evaluator.audit import EXCLUDABLE_SHARE, SMALL_GROUP, GroupFigures, GroupTable, Rate
from evaluator.neutral_cells import neutral_cell
from evaluator.report.visible import one_line

LIMITS = (
    "Answers that could not be scored are in no rate and never count as 0. Candidates whose group is not known are in the median "
    "and in no group.",
    "Selected means at or above the level; over several answers the mean of their levels counts. Above median means a score above "
    "the median of all scored candidates. Ratio: a group's rate over the highest group's (Local Law 144, 6 RCNY 5-300). SMD: mean "
    "score against all other known groups in pooled standard deviations. p: Fisher's exact test against the highest group, two-sided.",
    "* a ratio below four fifths (29 CFR 1607.4 D): look into it, whatever the reason. A ratio above it shows nothing: few people, "
    "one sample, other steps of the selection.",
    f"s fewer than {SMALL_GROUP} people: a rate moves with every single one. "
    f"x below the share that was asked to be left out of ratios (Local Law 144 lets an auditor leave out groups below "
    f"{EXCLUDABLE_SHARE:.0%}; say so where it is done).",
    "Many tests find some small p by chance. These figures describe this sample. What the law asks of you is not for a program to "
    "say: show them to somebody who knows.",
)
"""What stands under every audit, a paragraph each."""

CSV_COLUMNS = (
    "columns", "question_id", "group", "scored", "unscored", "unscored_answers", "mean_score", "smd", "selected",
    "selection_rate", "selection_impact_ratio", "selection_below_four_fifths", "selection_p", "above_median", "scoring_rate",
    "scoring_impact_ratio", "scoring_below_four_fifths", "scoring_p", "small", "share", "left_out",
)  # fmt: skip


def audit_text(tables: Sequence[GroupTable], level: float) -> str:
    """Return tables as text, over all questions first."""
    lines = [f"Groups of candidates: rates, impact ratios and differences. Selected: level {level:g} or above."]
    for table in tables:
        lines += ["", *_table_lines(table)]
    return "\n".join([*lines, "", *LIMITS])


def audit_json(tables: Sequence[GroupTable], level: float) -> str:
    """Return tables as JSON; figures that are not defined are null."""
    report = {
        "schema": "evaluator-audit/1",
        "level": level,
        "tables": [
            {
                "columns": list(table.columns),
                "question_id": table.question_id or None,
                "median": table.median,
                "unknown": {"scored": table.unknown, "unscored": table.unknown_unscored},
                "groups": [_group_record(group) for group in table.groups],
            }
            for table in tables
        ],
        "limits": list(LIMITS),
    }
    return json.dumps(report, ensure_ascii=False, indent=2, allow_nan=False)


def audit_csv(tables: Sequence[GroupTable]) -> str:
    """Return one row a group, and one for those of unknown group; figures that are not defined are empty."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for table in tables:
        where = [" x ".join(table.columns), table.question_id]
        for group in table.groups:
            writer.writerow([_cell(cell) for cell in (*where, " x ".join(group.group), *_figures(group))])
        rest = [""] * (len(CSV_COLUMNS) - 5)
        writer.writerow([_cell(cell) for cell in (*where, "(unknown)", table.unknown, table.unknown_unscored, *rest)])
    return buffer.getvalue()


def _table_lines(table: GroupTable) -> Iterator[str]:
    scope = f"question {one_line(table.question_id)}" if table.question_id else "all questions"
    median = "none" if table.median is None else f"{table.median:.1f}"
    yield f"{' x '.join(map(one_line, table.columns))}, {scope} (median score {median})"
    names = [" x ".join(map(one_line, group.group)) for group in table.groups]
    width = min(32, max([len("group"), *map(len, names)]))
    yield (
        f"  {'group':{width}}     n  mean    SMD   selected        ratio       p   above median    ratio       p  not scored"
    )
    for name, group in zip(names, table.groups, strict=True):
        marks = "s" * group.small + "x" * group.left_out
        yield (
            f"  {name[:width]:{width}} {group.scored:5} {_number(group.mean, '5.1f', 5)} {_number(group.smd, '+6.2f', 6)}"
            f"   {_rate(group.selection)}   {_rate(group.scoring)}  {group.unscored:10}  {marks}".rstrip()
        )
    yield f"  {'(unknown)':{width}} {table.unknown:5} {'':84}{table.unknown_unscored:5}".rstrip()


def _rate(rate: Rate) -> str:
    share = "-" if rate.rate is None else f"{rate.rate:.3f}"
    mark = "*" if rate.below_four_fifths else " "
    return f"{f'{rate.count}/{rate.of}':>7} {share:>5}  {_number(rate.ratio, '5.3f', 5)}{mark} {_number(rate.p, '6.4f', 6)}"


def _number(value: float | None, form: str, width: int) -> str:
    return f"{'-':>{width}}" if value is None else f"{value:{form}}"


def _figures(group: GroupFigures) -> list[Any]:
    rates = [
        cell
        for rate in (group.selection, group.scoring)
        for cell in (rate.count, rate.rate, rate.ratio, rate.below_four_fifths, rate.p)
    ]
    counts = [group.scored, group.unscored, group.unscored_answers, group.mean, group.smd]
    return [*counts, *rates, group.small, group.share, group.left_out]


def _cell(value: Any) -> str | int | float:  # noqa: ANN401
    if isinstance(value, bool):
        return "yes" if value else "no"
    return neutral_cell(value) if isinstance(value, str) else "" if value is None else value


def _group_record(group: GroupFigures) -> dict[str, Any]:
    return {
        "group": list(group.group),
        "scored": group.scored,
        "unscored": group.unscored,
        "unscored_answers": group.unscored_answers,
        "mean_score": group.mean,
        "smd": group.smd,
        "selection": _rate_record(group.selection),
        "scoring": _rate_record(group.scoring),
        "small": group.small,
        "share": group.share,
        "left_out": group.left_out,
    }


def _rate_record(rate: Rate) -> dict[str, Any]:
    return {
        "count": rate.count,
        "of": rate.of,
        "rate": rate.rate,
        "impact_ratio": rate.ratio,
        "below_four_fifths": rate.below_four_fifths,
        "p": rate.p,
    }
