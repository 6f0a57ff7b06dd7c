"""The published form of a result, as it is checked when it is read back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

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


def from_record(record: ResultRecord, bank: Bank | None) -> Result:
    """Return the result of a record; ``bank`` says where anchors and model answers come from."""
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
