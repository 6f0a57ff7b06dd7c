"""Words for the candidate: what was shown, what was contradicted, what to add and why."""

from __future__ import annotations

from collections.abc import Sequence

from evaluator.domain import Coverage, Evidence, KeyPoint, PointResult, Stance

MAX_EVIDENCE = 2
"""Passages quoted for one key point: the surest say enough."""


def point_result(point: KeyPoint, status: Coverage, credit: float, told: Sequence[Evidence]) -> PointResult:
    """Return what is told about a key point: the passages that decided it, and advice where it is not covered."""
    wanted = {Coverage.CONTRADICTED: Stance.DENIES, Coverage.MISSED: None}.get(status, Stance.AFFIRMS)
    evidence = _apart([e for e in told if e.stance is wanted])
    advice = "" if status is Coverage.COVERED else advice_for(point, status)
    return PointResult(point.id, point.label, point.weight, status, credit, evidence, point.sources, advice, point.why)


def _apart(evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """Return the surest passages that do not overlap: a sentence and its own clause are one quotation."""
    chosen: list[Evidence] = []
    for passage in evidence:
        if len(chosen) < MAX_EVIDENCE and all(passage.end <= e.start or e.end <= passage.start for e in chosen):
            chosen.append(passage)
    return tuple(chosen)


def advice_for(point: KeyPoint, status: Coverage) -> str:
    """Return one thing to add or change about a key point that is not covered."""
    advice = point.advice or f"Say whether and how you do this: {point.label}."
    if status is Coverage.CONTRADICTED:
        return f"What you said reads as the opposite of this. {advice}"
    if status is Coverage.PARTLY:
        return f"You touched on this; make it plainer. {advice}"
    return advice
