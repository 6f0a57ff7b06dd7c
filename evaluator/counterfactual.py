"""What changes where only the wording does: pairs of texts with the same content, and how far their scores are apart."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from evaluator.domain import Answer, Result
from evaluator.report.visible import one_line
from evaluator.rewording import NAMES, PLAIN_NAME, PRONOUNS, Variant, variants

MOST_SHIFT = 0.10
"""Mean shift in standard deviations above which a variant is marked."""
FEW = 10
"""Pairs below which a mean shift within the bar shows nothing."""

SHIPPED = Path(__file__).parent / "samples" / "counterfactual.jsonl"
"""Answers of our own with versions by hand: regional and non-native English. ``{name}``, ``{he}``, ``{him}`` are slots."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts that say the same."""

    variant: str
    base: Answer
    other: Answer
    exact: bool = False
    """Whether the scores must be equal."""


@dataclass(frozen=True, slots=True)
class Shift:
    """How far a variant moves scores."""

    variant: str
    count: int
    """Pairs with both texts scored."""
    unscored: int
    """Pairs with one text scored and the other not."""
    points: float
    """Mean of variant - base, in points of 100."""
    deviations: float | None
    """The same in standard deviations of the base answers' scores; None where those do not vary."""
    levels: float
    """Mean of variant - base, in levels."""
    moved: float
    """Share of pairs with another level, 0..1."""
    largest: float
    """Largest absolute difference, in points."""
    within: bool
    """Whether it keeps to the bar: ``MOST_SHIFT``, or no shift at all for names; and no text got lost."""


def shipped_pairs() -> Iterator[Pair]:
    """Yield the shipped versions against their base, and every slot's fillings against its plain one."""
    rows = [json.loads(line) for line in SHIPPED.read_text(encoding="utf-8").splitlines()]
    bases = {row["question_id"]: row["answer"] for row in rows if row["version"] == "base"}
    for row in rows:
        question, version, template = row["question_id"], row["version"], row["answer"]
        base = Answer("base", question, filled(bases[question]))
        if version != "base":
            yield Pair(version, base, Answer("base", question, filled(template)))
            continue
        for name in NAMES if "{name}" in template else ():
            yield Pair(f"name in the text: {name}", base, Answer("base", question, filled(template, name)), exact=True)
        for pronoun in ("she", "they") if "{he}" in template or "{him}" in template else ():
            yield Pair(f"pronoun: he to {pronoun}", base, Answer("base", question, filled(template, pronoun=pronoun)))


def filled(template: str, name: str = PLAIN_NAME, pronoun: str = "he") -> str:
    """Return a shipped text with its slots filled.

    >>> filled("I let {name} finish. {he} waits.", "Mei Chen", "she")
    'I let Mei Chen finish. She waits.'
    """
    text = template.format(name=name, **PRONOUNS[pronoun])
    return ". ".join(sentence[:1].upper() + sentence[1:] for sentence in text.split(". "))


def shipped_answers() -> Iterator[Answer]:
    """Yield the shipped base answers with their slots filled."""
    for line in SHIPPED.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["version"] == "base":
            yield Answer("base", row["question_id"], filled(row["answer"]))


def ruled_pairs(answers: Iterable[Answer], rules: Sequence[Variant] | None = None) -> Iterator[Pair]:
    """Yield every answer against every rule that changes it, and against itself under another name and other columns."""
    chosen = variants() if rules is None else rules
    for answer in answers:
        for rule in chosen:
            base, other = rule.base(answer.text), rule.rule(answer.text)
            if base != other:
                yield Pair(rule.name, _as(answer, base), _as(answer, other), rule.exact)
        others = {"name": "Lakisha Washington", "email": "l.washington@example.org", "sex": "female", "age": "61"}
        person = Answer("Lakisha Washington", answer.question_id, answer.text, 0, "", others)
        yield Pair("name in other columns", _as(answer, answer.text), person, exact=True)


@dataclass(frozen=True, slots=True)
class Measured:
    """Every shift, and what it is measured by."""

    shifts: tuple[Shift, ...]
    spread: float | None
    """Standard deviation of the base answers' scores, in points; None where they do not vary."""
    texts: int
    """Base answers."""


def measure(
    evaluate: Callable[[Iterable[Answer]], Iterable[Result]], answers: Sequence[Answer] = (), bar: float = MOST_SHIFT
) -> Measured:
    """Return the shift of every variant of the shipped answers and of ``answers``; each distinct text is judged once."""
    bases = [*shipped_answers(), *(_as(answer, answer.text) for answer in answers)]
    pairs = [*shipped_pairs(), *ruled_pairs(bases)]
    texts = dict.fromkeys(answer for pair in pairs for answer in (_key(pair.base), _key(pair.other)))
    texts.update(dict.fromkeys(map(_key, bases)))
    results = dict(zip(texts, evaluate(_from_key(key) for key in texts), strict=True))
    spread = spread_of(results[_key(answer)] for answer in bases)
    judged = [(pair, results[_key(pair.base)], results[_key(pair.other)]) for pair in pairs]
    return Measured(shifts(judged, spread, bar), spread, len(bases))


Key = tuple[str, str, str, tuple[tuple[str, str], ...]]


def _key(answer: Answer) -> Key:
    """Return all that a scorer could see of an answer, so that a name that it did see would show."""
    return answer.candidate_id, answer.question_id, answer.text, tuple(answer.extra.items())


def _from_key(key: Key) -> Answer:
    return Answer(key[0], key[1], key[2], 0, "", dict(key[3]))


def shifts(
    pairs: Sequence[tuple[Pair, Result, Result]], spread: float | None, bar: float = MOST_SHIFT
) -> tuple[Shift, ...]:
    """Return the shift of every variant, in the order in which variants first occur.

    Args:
        pairs: with the results of base and other.
        spread: standard deviation of the base answers' scores; None where there is none.
        bar: largest absolute mean shift in standard deviations.
    """
    by_variant: dict[str, list[tuple[Pair, Result, Result]]] = {}
    for item in pairs:
        by_variant.setdefault(item[0].variant, []).append(item)
    return tuple(_shift(name, own, spread, bar) for name, own in by_variant.items())


def spread_of(results: Iterable[Result]) -> float | None:
    """Return the standard deviation of scores; None where it is 0 or there are fewer than two."""
    scores = [result.score for result in results if result.score is not None]
    return (statistics.stdev(scores) or None) if len(scores) > 1 else None


def as_markdown(found: Measured, bar: float = MOST_SHIFT) -> str:
    """Return shifts as a Markdown table with the standard deviation and the bar."""
    deviation = "none: they do not vary" if found.spread is None else f"{found.spread:.1f} points"
    lines = [
        f"{found.texts} base answers; standard deviation of their scores: {deviation}. Bar: mean shift within {bar:.2f} SD; names exactly 0.",
        "",
        "| variant | n | mean shift, points | in SD | in levels | other level | largest, points | not scored | within the bar |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---|",
    ]
    for shift in found.shifts:
        deviations = "–" if shift.deviations is None else f"{shift.deviations:+.3f}"
        lines.append(
            f"| {one_line(shift.variant)} | {shift.count} | {shift.points:+.2f} | {deviations} | {shift.levels:+.3f} "
            f"| {shift.moved:.0%} | {shift.largest:.1f} | {shift.unscored} | {_verdict(shift)} |"
        )
    return "\n".join(lines)


def _verdict(shift: Shift) -> str:
    """Return whether a variant keeps to the bar, in words; a few pairs whose shifts may cancel out do not tell."""
    if not shift.within:
        return "**no**"
    if not shift.count:
        return "none scored"
    return "yes" if shift.count >= FEW or shift.largest == 0 else "too few"


def _as(answer: Answer, text: str) -> Answer:
    return Answer("base", answer.question_id, text)


def _shift(name: str, own: Sequence[tuple[Pair, Result, Result]], spread: float | None, bar: float) -> Shift:
    points, levels, lost = [], [], 0
    for _, base, other in own:
        if base.score is not None and other.score is not None and base.level is not None and other.level is not None:
            points.append(other.score - base.score)
            levels.append(other.level - base.level)
        else:
            lost += (base.score is None) != (other.score is None)
    mean = statistics.fmean(points) if points else 0.0
    largest = max(map(abs, points), default=0.0)
    deviations = mean / spread if spread else None
    exact = any(pair.exact for pair, _, _ in own)
    small = largest == 0 if exact else abs(deviations) <= bar if deviations is not None else largest == 0
    return Shift(
        name, len(points), lost, mean, deviations, statistics.fmean(levels) if levels else 0.0,
        sum(level != 0 for level in levels) / len(levels) if levels else 0.0, largest, small and not lost,
    )  # fmt: skip
