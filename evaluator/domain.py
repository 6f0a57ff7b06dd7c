"""The nouns of the interview as frozen values: what the bank teaches, what was matched, what was judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

LEVELS = (1, 2, 3, 4, 5)
"""Levels of the behaviourally anchored rating scale, worst first."""

LEVEL_NAMES: Mapping[int, str] = {1: "unacceptable", 2: "weak", 3: "acceptable", 4: "good", 5: "excellent"}
"""A word for each level, used wherever a level is shown."""

Severity = Literal["serious", "critical"]
"""How grave a red flag is. Critical: someone may come to harm, or a law is broken."""


class Stance(StrEnum):
    """What a segment says about a behaviour."""

    AFFIRMS = "affirms"
    DENIES = "denies"
    NEITHER = "neither"


class Coverage(StrEnum):
    """What an answer as a whole says about a key point."""

    COVERED = "covered"
    PARTLY = "partly"
    MISSED = "missed"
    CONTRADICTED = "contradicted"


class UnscoredReason(StrEnum):
    """Why an answer got no level."""

    EMPTY = "empty"
    UNREADABLE = "unreadable"
    NOT_ENGLISH = "not_english"
    UNKNOWN_QUESTION = "unknown_question"
    TOO_LONG = "too_long"


class FlagKind(StrEnum):
    """What a person should know about an answer."""

    RED_FLAG = "red_flag"
    OFF_TOPIC = "off_topic"
    GAMING = "gaming"
    COPIED = "copied"
    DUPLICATE = "duplicate"
    NEAR_CUT = "near_cut"
    MIXED_SCRIPT = "mixed_script"


POSSIBLE_RED_FLAG = "possible-red-flag"
"""Id of the flag of a passage that may be a red flag, and that a person should read."""
HIDDEN_CHARACTERS = "hidden_characters"
"""Id of a flag of kind ``mixed_script``: direction marks, zero-width and control characters stood in the answer."""


@dataclass(frozen=True, slots=True)
class KeyPoint:
    """One behaviour that a good answer shows."""

    id: str
    """Unique within its question, such as ``listens-fully``."""
    label: str
    """Third person verb phrase, such as "listens without interrupting"."""
    weight: float
    """How much it counts within its question: 1 helpful, 2 important, 3 essential."""
    affirm: tuple[str, ...]
    """Ways people say that they do it."""
    deny: tuple[str, ...] = ()
    """Ways people say the opposite."""
    sources: tuple[str, ...] = ()
    """Points of digests (``pharmacy-video#7``) or public standards (``field: ...``)."""
    why: str = ""
    """Why it matters to a patient or to the pharmacy, one sentence."""
    advice: str = ""
    """One thing a candidate could add to the answer."""

    @property
    def sides(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Statements that show the behaviour, and statements of its opposite."""
        return self.affirm, self.deny


@dataclass(frozen=True, slots=True)
class RedFlag:
    """A behaviour that makes an answer unacceptable whatever else it says."""

    id: str
    label: str
    severity: Severity
    statements: tuple[str, ...]
    """Ways people say that they do it."""
    safe: tuple[str, ...] = ()
    """Acceptable sentences that look alike."""
    sources: tuple[str, ...] = ()
    why: str = ""
    advice: str = ""

    @property
    def sides(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Statements that show the behaviour, and acceptable ones that look alike."""
        return self.statements, self.safe


@dataclass(frozen=True, slots=True)
class ModelAnswer:
    """A whole good answer, in the bank's own words."""

    text: str
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """An interview question with what is known about good answers to it."""

    id: str
    text: str
    key_points: tuple[KeyPoint, ...]
    red_flags: tuple[RedFlag, ...]
    model_answers: tuple[ModelAnswer, ...]
    anchors: Mapping[int, str] = field(default_factory=dict)
    """Level to a description of an answer at that level; some levels may be absent."""
    derived: bool = False
    """Whether the key points were derived from the model answers because the file has none."""
    draft: bool = False
    """Whether the file says that it is not finished: answers to it are not scored unless that is asked for."""


@dataclass(frozen=True, slots=True)
class Bank:
    """A folder of questions, read and validated."""

    questions: tuple[Question, ...]
    digest: str
    """sha256 over what the questions say, in hexadecimal: equal banks have equal digests whatever their comments."""

    def find(self, question_id: str) -> Question | None:
        """Return the question of that id, or None."""
        return next((question for question in self.questions if question.id == question_id), None)


@dataclass(frozen=True, slots=True)
class Answer:
    """One candidate's answer to one question, as it was read."""

    candidate_id: str
    question_id: str
    text: str
    row: int = 0
    """Number of its row in the input, from 1; 0 where there is none."""
    unreadable: str = ""
    """Why the row could not be read, empty where it could."""
    extra: Mapping[str, str] = field(default_factory=dict)
    """Other columns of the row, kept and never judged."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of an answer small enough to judge."""

    start: int
    """First character in the original text."""
    end: int
    """One past the last character in the original text."""
    text: str
    """What the models read: normalised, fillers removed."""
    whole: bool
    """Whether it is a whole sentence (or window) rather than a clause of one."""
    group: int
    """Number of the sentence it belongs to, from 0."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A segment held against a key point or a red flag."""

    start: int
    """First character in the original text."""
    end: int
    """One past the last character in the original text."""
    text: str
    """The candidate's own words, as they stand in the original text."""
    similarity: float
    """Cosine to the nearest statement, -1..1."""
    stance: Stance
    probability: float
    """How sure the judge is of that stance, 0..1."""

    @classmethod
    def rounded(
        cls, start: int, end: int, text: str, similarity: float, stance: Stance, probability: float
    ) -> Evidence:
        """Return evidence as precise as results publish it, so that a report is the same from memory and from a file."""
        return cls(start, end, text, round(similarity, 4), stance, round(probability, 3))


@dataclass(frozen=True, slots=True)
class PointResult:
    """A key point and what an answer says about it."""

    id: str
    label: str
    weight: float
    status: Coverage
    credit: float
    """How much of the point the answer earns, -1 (contradicted) .. 1 (covered)."""
    evidence: tuple[Evidence, ...]
    sources: tuple[str, ...]
    advice: str
    """What to add or change; empty where the point is covered."""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Flag:
    """Something a person should know about an answer."""

    kind: FlagKind
    id: str
    """What exactly: the red flag's id, the trick's name, the other question or candidate."""
    detail: str
    """One sentence for the reader."""
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Contribution:
    """A summand of a score."""

    id: str
    """A key point's or red flag's id, or the name of a rule such as ``off_topic``."""
    label: str
    points: float
    """Points of 100, one decimal; the contributions of an answer add up to its score."""


@dataclass(frozen=True, slots=True)
class Unscored:
    """Why there is no level."""

    reason: UnscoredReason
    detail: str


@dataclass(frozen=True, slots=True)
class Signature:
    """How a result was made: results with equal signatures are comparable."""

    tool: str
    model: str
    stance: str
    bank: str
    calibration: str


@dataclass(frozen=True, slots=True)
class Review:
    """What a person decided about an answer; it stands beside what was judged and never replaces it."""

    level: int | None
    """1..5; None where the person left a note only."""
    note: str
    reviewer: str
    """Who decided, as they want to be named."""
    date: str
    """ISO date on which they did."""


@dataclass(frozen=True, slots=True)
class Result:
    """Everything that was judged about one answer."""

    answer: Answer
    question: Question | None
    score: float | None
    """0..100, one decimal; None where unscored."""
    level: int | None
    """1..5; None where unscored."""
    unscored: Unscored | None
    needs_review: bool
    flags: tuple[Flag, ...]
    points: tuple[PointResult, ...]
    contributions: tuple[Contribution, ...]
    signature: Signature
    likely_levels: tuple[int, int] | None = None
    """Lowest and highest level (1..5) that raters like those of the calibration would probably give; None where unscored."""
    reviews: tuple[Review, ...] = ()
    """What people decided about it, oldest first."""

    @property
    def question_id(self) -> str:
        """The question's id; what the input calls it where the bank has no such question."""
        return self.question.id if self.question else self.answer.question_id

    @property
    def review(self) -> Review | None:
        """The newest review that gives a level, or None."""
        return next((review for review in reversed(self.reviews) if review.level is not None), None)
