"""Results as JSON Lines: the lossless form, versioned, written and read back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from evaluator.domain import (
    Answer,
    Bank,
    Contribution,
    Coverage,
    Evidence,
    Flag,
    FlagKind,
    PointResult,
    Question,
    Result,
    Review,
    Signature,
    Stance,
    Unscored,
    UnscoredReason,
)
from evaluator.errors import ResultsError

SCHEMA = "evaluator-result/1"
"""Name and major version of the form of a result. Fields are added within a version, never changed or removed."""


_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class _Record(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)


class EvidenceRecord(_Record):
    """A passage of the answer that says something about a behaviour."""

    start: int = Field(ge=0)
    end: int = Field(ge=0)
    text: str
    similarity: float
    stance: Stance
    probability: float = 1.0


class PointRecord(_Record):
    """A key point and what the answer says about it."""

    id: str
    label: str
    weight: float
    status: Coverage
    credit: float = 0.0
    evidence: list[EvidenceRecord]
    sources: list[str]
    advice: str
    why: str = ""


class FlagRecord(_Record):
    """Something a person should know about the answer."""

    kind: FlagKind
    id: str
    detail: str
    evidence: list[EvidenceRecord] = []


class ContributionRecord(_Record):
    """A summand of the score."""

    id: str
    label: str
    points: float


class UnscoredRecord(_Record):
    """Why there is no level."""

    reason: UnscoredReason
    detail: str


class SignatureRecord(_Record):
    """How the result was made."""

    tool: str
    model: str
    stance: str
    bank: str
    calibration: str


class ReviewRecord(_Record):
    """What a person decided about the answer."""

    level: int | None = Field(ge=1, le=5)
    note: str = ""
    reviewer: str
    date: str


class ResultRecord(_Record):
    """One answer and everything that was judged about it."""

    schema_: Literal["evaluator-result/1"]
    candidate_id: str
    question_id: str
    question: str = ""
    answer: str
    row: int = 0
    extra: dict[str, str] = {}
    score: float | None = Field(ge=0, le=100)
    level: int | None = Field(ge=1, le=5)
    unscored: UnscoredRecord | None
    needs_review: bool
    flags: list[FlagRecord]
    points: list[PointRecord]
    contributions: list[ContributionRecord] = []
    signature: SignatureRecord
    likely_levels: tuple[int, int] | None = None
    reviews: list[ReviewRecord] = []

    model_config = ConfigDict(alias_generator=lambda name: name.removesuffix("_"))

    @model_validator(mode="after")
    def _is_scored_or_says_why_not(self) -> Self:
        if (self.score is None, self.level is None) != (self.unscored is not None,) * 2:
            raise ValueError("either score and level are given, or unscored is")
        return self


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
        "signature": {name: getattr(result.signature, name) for name in SignatureRecord.model_fields},
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
            results = list(parse_results(file, path.name, bank))
    except UnicodeDecodeError as error:
        raise ResultsError(
            f"{path.name}: not UTF-8 text. Give the .jsonl file that `evaluator score` wrote."
        ) from error
    except OSError as error:
        raise ResultsError(
            f"{path}: cannot be read ({error.strerror}). Give the .jsonl file that `evaluator score` wrote."
        ) from error
    if not results:
        raise ResultsError(f"{path.name}: no results in it. Give the .jsonl file that `evaluator score` wrote.")
    return results


def parse_results(lines: Iterable[str], name: str, bank: Bank | None = None, first: int = 1) -> Iterator[Result]:
    """Yield the results in ``lines``, of which the first has the number ``first``. Raises as ``read_results``."""
    for number, line in enumerate(lines, start=first):
        if not line.strip():
            continue
        try:
            record = ResultRecord.model_validate_json(line)
        except ValidationError as error:
            detail = error.errors()[0]
            where = ".".join(str(step) for step in detail["loc"])
            what = "not JSON" if detail["type"] == "json_invalid" else f"{where}: {detail['msg']}".removeprefix(": ")
            raise ResultsError(
                f"{name} line {number}: not a result of this version ({what}). Give the .jsonl file that `evaluator score` wrote."
            ) from None
        yield _from_record(record, bank)


def _from_record(record: ResultRecord, bank: Bank | None) -> Result:
    question = bank.find(record.question_id) if bank else None
    if question is None and record.question:
        question = Question(record.question_id, record.question, (), (), ())
    return Result(
        Answer(record.candidate_id, record.question_id, record.answer, record.row, "", record.extra),
        question,
        record.score,
        record.level,
        Unscored(record.unscored.reason, record.unscored.detail) if record.unscored else None,
        record.needs_review,
        tuple(Flag(flag.kind, flag.id, flag.detail, _evidences(flag.evidence)) for flag in record.flags),
        tuple(_point_from(point) for point in record.points),
        tuple(Contribution(c.id, c.label, c.points) for c in record.contributions),
        Signature(**record.signature.model_dump()),
        record.likely_levels,
        tuple(Review(**review.model_dump()) for review in record.reviews),
    )


def _point_from(point: PointRecord) -> PointResult:
    return PointResult(
        point.id, point.label, point.weight, point.status, point.credit, _evidences(point.evidence), tuple(point.sources),
        point.advice, point.why,
    )  # fmt: skip


def _evidences(records: Iterable[EvidenceRecord]) -> tuple[Evidence, ...]:
    return tuple(Evidence(**record.model_dump()) for record in records)


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
