"""What a batch says about the group: how scores are spread, which behaviours it shows, and which nobody shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evaluator.domain import LEVELS, Coverage, FlagKind, PointResult, Result
from evaluator.item_analysis import LEAST_GROUP
from evaluator.report.flags import source_list
from evaluator.report.names import candidate_name
from evaluator.report.ranking import Ranked
from evaluator.report.visible import one_line

MOST_LISTED = 6
"""Strengths, and gaps, that are listed; all behaviours stand in the table."""
STRONG_SHARE = 0.5
"""Share of the candidates from which a behaviour is a strength of the group."""
WEAK_SHARE = 0.25
"""Share of the candidates up to which a behaviour is a gap of the group."""
BANDS = 10
"""Bands of ten points in the distribution of mean scores."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A key point and how many of those who were asked about it show it in at least one answer."""

    label: str
    questions: tuple[str, ...]
    """Ids of the questions that ask for it."""
    asked: int
    """Candidates with a scored answer to such a question."""
    shown: int
    """Candidates who show it."""
    partly: int
    """Candidates who show it partly at best."""
    against: int
    """Candidates who say the opposite and show it not even partly."""
    weight: float
    """Its largest weight."""
    why: str
    sources: tuple[str, ...]

    @property
    def share(self) -> float:
        """Share of those asked who show it, 0..1."""
        return self.shown / self.asked

    @property
    def told(self) -> str:
        """The counts in words."""
        partly = f"; {self.partly} partly" if self.partly else ""
        opposite = f"; {self.against} {'says' if self.against == 1 else 'say'} the opposite" if self.against else ""
        return f"{self.shown} of {self.asked}{partly}{opposite}"


@dataclass(frozen=True, slots=True)
class Group:
    """What can be said of the whole group."""

    least: int
    """People that a figure rests on at least."""
    levels: tuple[tuple[str, int], ...]
    """Answers at each level, worst first; empty where the group is too small."""
    bands: tuple[tuple[str, int], ...]
    """Candidates with a mean score in each band; empty where the group is too small."""
    nobody: tuple[Behaviour, ...]
    """Behaviours that nobody shows, the weightiest first: a need of training."""
    gaps: tuple[Behaviour, ...]
    """Behaviours that few show, the rarest first."""
    strengths: tuple[Behaviour, ...]
    """Behaviours that most show, the commonest first."""
    behaviours: tuple[Behaviour, ...]
    """All of them, the rarest first."""
    hidden: int
    """Behaviours left out because too few were asked."""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Candidates whose answers to a question are nearly the same."""

    question: str
    candidates: tuple[str, ...]


def group_view(order: Sequence[Ranked], results: Sequence[Result]) -> Group:
    """Return what can be said of the whole group; nothing that rests on fewer than ``LEAST_GROUP`` people."""
    means = [entry.mean for entry in order if entry.mean is not None]
    enough = len(means) >= LEAST_GROUP
    behaviours = _behaviours(results)
    told = [behaviour for behaviour in behaviours if behaviour.asked >= LEAST_GROUP]
    strengths = sorted(told, key=lambda b: (-b.share, -b.weight, b.label))
    return Group(
        least=LEAST_GROUP,
        levels=_levels(results) if enough else (),
        bands=_bands(means) if enough else (),
        nobody=tuple(sorted((b for b in told if not b.shown), key=lambda b: (-b.weight, b.label))),
        gaps=tuple(b for b in told if b.shown and b.share <= WEAK_SHARE)[:MOST_LISTED],
        strengths=tuple(b for b in strengths if b.share >= STRONG_SHARE)[:MOST_LISTED],
        behaviours=tuple(told),
        hidden=len(behaviours) - len(told),
    )


def duplicates(results: Sequence[Result]) -> tuple[Duplicate, ...]:
    """Return the groups of candidates whose answers to a question were flagged as duplicates of each other."""
    together: dict[str, list[set[str]]] = {}
    texts: dict[str, str] = {}
    for result in results:
        for flag in result.flags:
            if flag.kind is FlagKind.DUPLICATE:
                pair = {result.answer.candidate_id, flag.id}
                sets = together.setdefault(result.question_id, [])
                joined = pair.union(*(known for known in sets if known & pair))
                together[result.question_id] = [*(known for known in sets if not known & pair), joined]
                texts[result.question_id] = result.question.text if result.question else result.question_id
    return tuple(
        Duplicate(one_line(texts[question]), tuple(candidate_name(name) for name in sorted(names)))
        for question, sets in together.items()
        for names in sorted(sets, key=min)
    )


def _levels(results: Sequence[Result]) -> tuple[tuple[str, int], ...]:
    counts = Counter(result.level for result in results)
    return tuple((str(level), counts[level]) for level in LEVELS)


def _bands(means: Sequence[float]) -> tuple[tuple[str, int], ...]:
    wide = 100 // BANDS
    counts = Counter(min(int(mean) // wide, BANDS - 1) for mean in means)
    return tuple((f"{i * wide}\u2013{(i + 1) * wide}", counts[i]) for i in range(BANDS))


def _behaviours(results: Sequence[Result]) -> list[Behaviour]:
    """Return every behaviour, the rarest first; the same id and label in several questions is one behaviour."""
    found: dict[tuple[str, str], dict[str, list[tuple[Result, PointResult]]]] = {}
    for result in results:
        for point in result.points if result.score is not None else ():
            own = found.setdefault((point.id, point.label), {})
            own.setdefault(result.answer.candidate_id, []).append((result, point))
    behaviours = [_behaviour(label, people) for (_, label), people in found.items()]
    return sorted(behaviours, key=lambda b: (b.share, -b.weight, b.label))


def _behaviour(label: str, people: Mapping[str, Sequence[tuple[Result, PointResult]]]) -> Behaviour:
    pairs = [pair for own in people.values() for pair in own]
    said = [{point.status for _, point in own} for own in people.values()]
    _, first = pairs[0]
    return Behaviour(
        label=one_line(label),
        questions=tuple(dict.fromkeys(one_line(result.question_id) for result, _ in pairs)),
        asked=len(people),
        shown=sum(Coverage.COVERED in statuses for statuses in said),
        partly=sum(Coverage.PARTLY in s and Coverage.COVERED not in s for s in said),
        against=sum(Coverage.CONTRADICTED in s and not s & {Coverage.COVERED, Coverage.PARTLY} for s in said),
        weight=max(point.weight for _, point in pairs),
        why=one_line(first.why),
        sources=source_list(first.sources),
    )
