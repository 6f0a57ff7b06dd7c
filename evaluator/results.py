"""Results as JSON Lines: the lossless form, versioned, written and read back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import IO, Any, AnyStr

from evaluator.bounded_reading import bounded_lines
from evaluator.domain import Bank, Evidence, Flag, PointResult, Result, Signature
from evaluator.errors import ResultsError

SCHEMA = "evaluator-result/1"
"""Name and major version of the form of a result. Fields are added within a version, never changed or removed."""

MAX_LINE_CHARS = 200_000_000
"""Longest line of results: the longest row of answers that is read has a sixth of it, should every character be escaped."""

CURE = "Give the .jsonl file that `evaluator score` wrote."
"""What to do about a file that holds no results."""

SIGNATURE = tuple(field.name for field in fields(Signature))

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def to_record(result: Result) -> dict[str, Any]:
    """Return a result in the published form, ready for JSON."""
    answer = result.answer
    unscored = result.unscored
    return {
        "schema": SCHEMA,
        "candidate_id": answer.candidate_id,
        "question_id": result.question.id if result.question else answer.question_id,
        "question": result.question.text if result.question else "",
        "answer": answer.text,
        "row": answer.row,
        "extra": dict(answer.extra),
        "score": result.score,
        "level": result.level,
        "unscored": {"reason": str(unscored.reason), "detail": unscored.detail} if unscored else None,
        "needs_review": result.needs_review,
        "flags": [_flag(flag) for flag in result.flags],
        "points": [_point(point) for point in result.points],
        "contributions": [{"id": c.id, "label": c.label, "points": c.points} for c in result.contributions],
        "signature": {name: getattr(result.signature, name) for name in SIGNATURE},
        "likely_levels": list(result.likely_levels) if result.likely_levels else None,
        **({"reviews": [asdict(review) for review in result.reviews]} if result.reviews else {}),
    }


def to_json_line(result: Result) -> str:
    """Return a result as one line of JSON, without the line break.

    A surrogate without its other half is in no valid text file; it becomes U+FFFD, so that spans stay right.
    """
    line = json.dumps(to_record(result), ensure_ascii=False, separators=(", ", ": "), allow_nan=False)
    return _LONE_SURROGATE.sub("\ufffd", line).replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def read_results(path: Path, bank: Bank | None = None) -> list[Result]:
    """Read results that were written before.

    Args:
        path: a JSON Lines file.
        bank: where anchors and model answers come from; without it reports leave them out.

    Raises:
        ResultsError: the file cannot be read, or a line is not a result; names the line.
    """
    try:
        with path.open(encoding="utf-8-sig") as file:
            results = list(parse_results(result_lines(file, path.name), path.name, bank))
    except UnicodeDecodeError as error:
        raise ResultsError(f"{path.name}: not UTF-8 text. {CURE}") from error
    except OSError as error:
        raise ResultsError(f"{path}: cannot be read ({error.strerror}). {CURE}") from error
    if not results:
        raise ResultsError(f"{path.name}: no results in it. {CURE}")
    return results


def result_lines(file: IO[AnyStr], name: str) -> Iterator[AnyStr]:
    """Yield the lines of a file of results, and raise a ResultsError where one is longer than ``MAX_LINE_CHARS``."""
    return bounded_lines(file, name, MAX_LINE_CHARS, ResultsError, CURE)


def parse_results(lines: Iterable[str], name: str, bank: Bank | None = None, first: int = 1) -> Iterator[Result]:
    """Yield the results in ``lines``, of which the first has the number ``first``. Raises as ``read_results``."""
    from pydantic import ValidationError

    from evaluator.result_records import ResultRecord, from_record

    for number, line in enumerate(lines, start=first):
        if not line.strip():
            continue
        try:
            record = ResultRecord.model_validate_json(line)
        except ValidationError as error:
            detail = error.errors()[0]
            where = ".".join(str(step) for step in detail["loc"])
            what = "not JSON" if detail["type"] == "json_invalid" else f"{where}: {detail['msg']}".removeprefix(": ")
            raise ResultsError(f"{name} line {number}: not a result of this version ({what}). {CURE}") from None
        yield from_record(record, bank)


def _flag(flag: Flag) -> Mapping[str, Any]:
    return {
        "kind": str(flag.kind),
        "id": flag.id,
        "detail": flag.detail,
        "evidence": [_evidence(e) for e in flag.evidence],
    }


def _point(point: PointResult) -> Mapping[str, Any]:
    return {
        "id": point.id,
        "label": point.label,
        "weight": point.weight,
        "status": str(point.status),
        "credit": round(point.credit, 3) + 0.0,
        "evidence": [_evidence(evidence) for evidence in point.evidence],
        "sources": list(point.sources),
        "advice": point.advice,
        "why": point.why,
    }


def _evidence(evidence: Evidence) -> Mapping[str, Any]:
    return {
        "start": evidence.start,
        "end": evidence.end,
        "text": evidence.text,
        "similarity": round(evidence.similarity, 4),
        "stance": str(evidence.stance),
        "probability": round(evidence.probability, 3),
    }
