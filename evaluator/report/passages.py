"""Splits an answer into passages that follow each other without gap or overlap, each marked with what it shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from evaluator.domain import Coverage, Evidence, Flag, FlagKind, PointResult, Stance
from evaluator.report.visible import one_line, visible_pieces
from evaluator.report.wording import TONE_WORDS, certainty

SURE_ENOUGH = 0.5
"""Probability from which further evidence for the same behaviour is marked; the surest is marked whatever it is."""

MAX_SPANS = 3
"""Passages marked for one behaviour: more of the same makes the answer harder to read."""


class Tone(StrEnum):
    """What a marked passage does for the answer, gravest first."""

    RED_FLAG = "red_flag"
    CONTRADICTED = "contradicted"
    PARTLY = "partly"
    COVERED = "covered"


_GRAVITY = {tone: rank for rank, tone in enumerate((Tone.RED_FLAG, Tone.CONTRADICTED, Tone.COVERED, Tone.PARTLY))}
"""Which tone a passage takes that does several things. A covered behaviour outshines a partly covered one."""


@dataclass(frozen=True, slots=True)
class Quote:
    """The candidate's own words, and how sure the judge is of what they show."""

    text: str
    certainty: str


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the original text that speaks for or against one behaviour."""

    start: int
    end: int
    tone: Tone
    number: str
    """Number of the key point in the report, or empty for a red flag."""
    label: str
    certainty: str
    """How sure the judge is, in words."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of the answer, marked or plain."""

    start: int
    """First character in the original text."""
    end: int
    """One past the last character in the original text."""
    text: str
    """What a reader is shown for it: the original with tokens for what cannot be seen."""
    spans: tuple[Span, ...] = ()
    """Everything that the passage shows, gravest first; empty where it is plain."""

    @property
    def tone(self) -> Tone | None:
        """The gravest tone, or None where the passage is plain."""
        return self.spans[0].tone if self.spans else None

    @property
    def numbers(self) -> tuple[str, ...]:
        """Numbers of the key points that it is about."""
        return tuple(dict.fromkeys(span.number for span in self.spans if span.number))

    @property
    def description(self) -> str:
        """Everything that it shows and how sure that is, for a reader who does not see the marks."""
        return "; ".join(f"{TONE_WORDS[span.tone]}: {span.label} ({span.certainty})" for span in self.spans)


def split_passages(text: str, spans: Iterable[Span]) -> tuple[Passage, ...]:
    """Cut ``text`` at every edge of a span, and nowhere else.

    The passages cover the text exactly: each starts where the one before ends. Spans outside the text are clipped.
    """
    pieces = visible_pieces(text)
    known = tuple(span for span in spans if span.start < min(span.end, len(text)))
    edges = sorted({0, len(text), *(edge for span in known for edge in (span.start, min(span.end, len(text))))})
    passages: list[Passage] = []
    for start, end in pairwise(edges):
        blank = not text[start:end].strip()
        here = () if blank else tuple(sorted((s for s in known if s.start <= start and end <= s.end), key=_order))
        passages.append(Passage(start, end, "".join(pieces[start:end]), here))
    return tuple(passages)


def point_evidence(point: PointResult) -> tuple[Evidence, ...]:
    """Return the evidence that bears out a key point's status, surest first; none for a missed one."""
    if point.status is Coverage.MISSED:
        return ()
    wanted = Stance.DENIES if point.status is Coverage.CONTRADICTED else Stance.AFFIRMS
    return _distinct([evidence for evidence in point.evidence if evidence.stance is wanted])


def flag_evidence(flag: Flag) -> tuple[Evidence, ...]:
    """Return the evidence that bears out a flag, surest first.

    A red flag's evidence can hold sentences that speak against it ("I would never argue"); those are left out.
    """
    if flag.kind is FlagKind.RED_FLAG:
        return _distinct([evidence for evidence in flag.evidence if evidence.stance is not Stance.DENIES])
    return _distinct(flag.evidence)


def quotes(evidence: Sequence[Evidence], *, with_numbers: bool) -> tuple[Quote, ...]:
    """Return evidence as quotes on one line each, with probabilities where the reader is to see them."""
    return tuple(Quote(one_line(e.text), certainty(e.probability, with_number=with_numbers)) for e in evidence)


def point_spans(point: PointResult, number: str, *, with_numbers: bool) -> list[Span]:
    """Return what to mark for a key point that the report gives ``number``."""
    tone = Tone(point.status.value) if point.status is not Coverage.MISSED else Tone.PARTLY
    return [_span(evidence, tone, number, point.label, with_numbers) for evidence in point_evidence(point)]


def flag_spans(flag: Flag, label: str, *, with_numbers: bool) -> list[Span]:
    """Return what to mark for a flag: red flags only, for the others are about the answer as a whole."""
    if flag.kind is not FlagKind.RED_FLAG:
        return []
    return [_span(evidence, Tone.RED_FLAG, "", label, with_numbers) for evidence in flag_evidence(flag)]


def _span(evidence: Evidence, tone: Tone, number: str, label: str, with_numbers: bool) -> Span:
    sure = certainty(evidence.probability, with_number=with_numbers)
    return Span(max(evidence.start, 0), evidence.end, tone, number, one_line(label), sure)


def _distinct(evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """Keep the surest evidence and what does not overlap it: a sentence and its clause say the same thing."""
    kept: list[Evidence] = []
    for item in sorted(evidence, key=lambda e: (-e.probability, e.start, e.end)):
        overlaps = any(item.start < other.end and other.start < item.end for other in kept)
        if not kept or (not overlaps and item.probability >= SURE_ENOUGH and len(kept) < MAX_SPANS):
            kept.append(item)
    return tuple(kept)


def _order(span: Span) -> tuple[int, int, str]:
    return _GRAVITY[span.tone], int(span.number or 0), span.label
