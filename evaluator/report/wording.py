"""The words of the report: what a status, a level, a flag or a probability is called when one person tells another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from evaluator.domain import LEVEL_NAMES, Coverage, FlagKind, UnscoredReason

Audience = Literal["candidate", "recruiter"]
"""Who reads: the person who answered, or the person who decides."""

ADVICE_ONLY = "This report advises; a person decides."

STATUS_WORDS: Mapping[Coverage, str] = {
    Coverage.COVERED: "Covered",
    Coverage.PARTLY: "Partly covered",
    Coverage.MISSED: "Missed",
    Coverage.CONTRADICTED: "Contradicted",
}

SYMBOLS: Mapping[str, str] = {
    "covered": "\u2713",
    "partly": "\u25d0",
    "missed": "\u25cb",
    "contradicted": "\u2715",
    "red_flag": "\u2691",
}
"""A sign for each status, so that no meaning hangs on colour."""

TONE_WORDS: Mapping[str, str] = {
    **{status.value: word for status, word in STATUS_WORDS.items()},
    "red_flag": "Red flag",
}
"""A word for each kind of marked passage."""

FLAG_TITLES: Mapping[FlagKind, str] = {
    FlagKind.RED_FLAG: "Red flag",
    FlagKind.OFF_TOPIC: "Off topic",
    FlagKind.GAMING: "Unusual form",
    FlagKind.COPIED: "Close to a model answer",
    FlagKind.DUPLICATE: "Close to another answer",
    FlagKind.NEAR_CUT: "Close to a level's border",
    FlagKind.MIXED_SCRIPT: "Letters of different alphabets",
}

FLAG_NAMES: Mapping[FlagKind, str] = {
    FlagKind.RED_FLAG: "red flag",
    FlagKind.OFF_TOPIC: "off topic",
    FlagKind.GAMING: "unusual form",
    FlagKind.COPIED: "copied",
    FlagKind.DUPLICATE: "duplicate",
    FlagKind.NEAR_CUT: "near border",
    FlagKind.MIXED_SCRIPT: "different alphabets",
}
"""One or two lower case words, for tables."""

DISCREET_FLAGS: Mapping[FlagKind, str] = {
    FlagKind.COPIED: "Much of this answer reads like an example. Tell it in your own words, with something you lived.",
    FlagKind.DUPLICATE: "Another answer uses nearly the same words. Tell it with something that you lived yourself.",
}
"""What a candidate is told where the detail could name another person or quote a model answer."""

UNSCORED_TITLES: Mapping[UnscoredReason, str] = {
    UnscoredReason.EMPTY: "there is no answer to read",
    UnscoredReason.UNREADABLE: "the answer could not be read",
    UnscoredReason.NOT_ENGLISH: "the answer is not in English",
    UnscoredReason.UNKNOWN_QUESTION: "the question is not in the bank",
    UnscoredReason.TOO_LONG: "the answer is longer than can be judged",
}

_HEADLINES: Mapping[Audience, Mapping[int, str]] = {
    "candidate": {
        5: "An excellent answer. What follows would only polish it.",
        4: "A good answer. One or two additions would make it excellent.",
        3: "Much of it is here. Say more about what you would actually do.",
        2: "Much of what an interviewer listens for is still unsaid; the notes below say where to start.",
        1: "This answer does not show yet what you can do. The notes below say how to change that.",
    },
    "recruiter": {
        5: "Shows what an excellent answer shows; not every key point is needed for that.",
        4: "Shows most of what a good answer shows.",
        3: "Shows a good part of it; some of what matters is unsaid.",
        2: "Shows little of what a good answer shows.",
        1: "Shows almost nothing of what a good answer shows.",
    },
}

_RED_FLAG_HEADLINES: Mapping[Audience, str] = {
    "candidate": "One passage reads as if it would worry an interviewer. If it says what you meant, change that first.",
    "recruiter": "A red flag outweighs everything else in this answer.",
}

_OFF_TOPIC_HEADLINES: Mapping[Audience, str] = {
    "candidate": "This does not answer the question that was asked. A fresh try will help most.",
    "recruiter": "This does not answer the question that was asked.",
}


@dataclass(frozen=True, slots=True)
class Wording:
    """The phrases that differ between the two readers."""

    title: str
    subject: str
    """Who answered, at the start of a sentence."""
    said: str
    """Before a quote."""
    answer: str
    answers: str
    overview: str
    changes: str
    """Heading of the most valuable changes over all answers."""
    change: str
    """The same within one answer."""
    change_else: str
    """The same within an answer with a red flag, whose advice comes before."""
    strengths: str
    model: str
    review: str


WORDINGS: Mapping[Audience, Wording] = {
    "candidate": Wording(
        title="Your interview feedback",
        subject="You",
        said="You said",
        answer="Your answer",
        answers="Your answers",
        overview="How you did",
        changes="What to change first",
        change="What would help this answer most",
        change_else="What else would help this answer",
        strengths="What came across well",
        model="Examples of a good answer",
        review="The program may be wrong about this answer: read it again yourself, or ask somebody to.",
    ),
    "recruiter": Wording(
        title="Interview report",
        subject="The candidate",
        said="The answer says",
        answer="The answer",
        answers="The answers",
        overview="At a glance",
        changes="Advice to the candidate: what would raise the score most",
        change="Advice to the candidate: what would raise this score most",
        change_else="Advice to the candidate: what else would raise this score",
        strengths="What came across well",
        model="Model answers",
        review="Please read this answer yourself before you decide.",
    ),
}


_CANDIDATE_LEVELS: Mapping[int, str] = {**LEVEL_NAMES, 3: "a sound start", 2: "a beginning", 1: "not there yet"}
"""The person who answered reads what is still ahead, not a verdict."""


def level_word(level: int, audience: Audience) -> str:
    """Return what a level is called.

    >>> level_word(2, "recruiter"), level_word(2, "candidate")
    ('weak', 'a beginning')
    """
    return (_CANDIDATE_LEVELS if audience == "candidate" else LEVEL_NAMES)[level]


def headline(level: int, audience: Audience, kinds: frozenset[FlagKind]) -> str:
    """Return one sentence on how an answer did; what overrules the key points is said first."""
    if FlagKind.RED_FLAG in kinds:
        return _RED_FLAG_HEADLINES[audience]
    if FlagKind.OFF_TOPIC in kinds:
        return _OFF_TOPIC_HEADLINES[audience]
    return _HEADLINES[audience][level]


def certainty(probability: float, *, with_number: bool) -> str:
    """Return how sure a judgement is in words, with the probability (0..1) where the reader is to see it.

    >>> certainty(0.93, with_number=True)
    'very sure, 0.93'
    """
    word = "very sure" if probability >= 0.9 else "fairly sure" if probability >= 0.7 else "not very sure"
    return f"{word}, {probability:.2f}" if with_number else word


def source_words(sources: Sequence[str]) -> tuple[str, ...]:
    """Return sources as a reader would name them, the points of one digest together.

    >>> source_words(["pharmacy-video#7", "pharmacy-video#9", "field: HIPAA, 45 CFR 164.530(c)"])
    ('pharmacy-video, points 7 and 9', 'HIPAA, 45 CFR 164.530(c)')
    """
    points: dict[str, list[str]] = {}
    for source in sources:
        name, _, number = (
            (source.removeprefix("field:"), "", "") if source.startswith("field:") else source.partition("#")
        )
        points.setdefault(name.strip(), []).extend([number] if number else [])
    return tuple(f"{name}, {_points(numbers)}" if numbers else name for name, numbers in points.items())


def _points(numbers: Sequence[str]) -> str:
    if len(numbers) == 1:
        return f"point {numbers[0]}"
    return f"points {', '.join(numbers[:-1])} and {numbers[-1]}"


def weight_words(weight: float) -> str:
    """Return a key point's weight as a word and a number.

    >>> weight_words(3.0)
    'essential, weight 3'
    """
    if weight == 0:
        return "not counted: another model answer earns more"
    word = "essential" if weight >= 2.5 else "important" if weight >= 1.5 else "helpful"
    return f"{word}, weight {weight:g}"


def signed(points: float) -> str:
    """Return points with their sign, one decimal, with a true minus sign.

    >>> signed(12.34), signed(-4.0), signed(0.0)
    ('+12.3', '\u22124.0', '0.0')
    """
    text = f"{abs(points):.1f}"
    if text == "0.0":
        return text
    return f"+{text}" if points > 0 else f"\u2212{text}"


def count(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun.

    >>> count(1, "answer"), count(2, "answer")
    ('1 answer', '2 answers')
    """
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def likely_text(levels: tuple[int, int] | None) -> str:
    """Return which levels are likely, in a sentence; empty where one is, or none.

    >>> likely_text((2, 4)), likely_text((3, 3)), likely_text(None)
    ('A rater like those of its tests would probably give a level from 2 to 4.', '', '')
    """
    if levels is None or levels[0] == levels[1]:
        return ""
    return f"A rater like those of its tests would probably give a level from {levels[0]} to {levels[1]}."
