"""Holds results against the same answers judged again, and says where they differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

NUMBERS_WITHIN = 0.001
"""Similarities and probabilities may differ by this much between processors; scores, levels and flags may not differ."""

EXACT = ("question_id", "question", "score", "level", "unscored")
BATCH_FLAG = "duplicate"
"""A flag that depends on the whole batch, so that a sample cannot show it."""


def spread_sample(count: int, size: int) -> list[int]:
    """Return ``size`` rows of ``count``, evenly spread, the first and the last among them; all where there are fewer.

    >>> spread_sample(10, 4), spread_sample(3, 20)
    ([0, 3, 6, 9], [0, 1, 2])
    """
    if count <= size:
        return list(range(count))
    return [round(i * (count - 1) / (size - 1)) for i in range(size)] if size > 1 else [0]


def signature_differences(kept: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Return which parts of a signature are others now."""
    return [f"{name}: {kept[name]} -> {now[name]}" for name in kept if kept[name] != now.get(name)]


def differences(kept: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Yield where a result (see docs/results.md) differs from the same answer judged again; no text of an answer is quoted."""
    for name in EXACT:
        if kept.get(name) != now.get(name):
            secret = name in ("question_id", "question")
            yield name if secret else f"{name}: {_brief(kept.get(name))} -> {_brief(now.get(name))}"
    duplicate = any(flag["kind"] == BATCH_FLAG for flag in kept["flags"])
    if not duplicate and kept["needs_review"] != now["needs_review"]:
        yield f"needs_review: {kept['needs_review']} -> {now['needs_review']}"
    if _flags(kept) != _flags(now):
        yield f"flags: {_named(kept)} -> {_named(now)}"
    if _points(kept) != _points(now):
        yield f"points: {_changed_points(kept, now)}"
    if not _close(kept["contributions"], now["contributions"]):
        yield "contributions"
    if not _close(_evidence(kept), _evidence(now)):
        yield "evidence"


def _brief(value: object) -> str:
    return str(value["reason"]) if isinstance(value, Mapping) else str(value)


def _flags(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(flag["kind"], flag["id"]) for flag in record["flags"] if flag["kind"] != BATCH_FLAG]


def _named(record: Mapping[str, Any]) -> str:
    return ", ".join(kind for kind, _ in _flags(record)) or "none"


def _points(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(point["id"], point["status"]) for point in record["points"]]


def _changed_points(kept: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    before, after = dict(_points(kept)), dict(_points(now))
    changed = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return ", ".join(f"{name} {before.get(name)} -> {after.get(name)}" for name in changed) or "another order"


def _evidence(record: Mapping[str, Any]) -> list[Any]:
    flags = [flag for flag in record["flags"] if flag["kind"] != BATCH_FLAG]
    return [item["evidence"] for item in (*record["points"], *flags)]


def _close(kept: object, now: object) -> bool:
    """Return whether two JSON values are the same but for small differences of numbers."""
    if isinstance(kept, bool) or isinstance(now, bool):
        return kept is now
    if isinstance(kept, int | float) and isinstance(now, int | float):
        return abs(kept - now) <= NUMBERS_WITHIN + 1e-9  # decimals that are no binary fractions
    if isinstance(kept, Mapping) and isinstance(now, Mapping):
        return kept.keys() == now.keys() and all(_close(kept[name], now[name]) for name in kept)
    if isinstance(kept, Sequence) and isinstance(now, Sequence) and not isinstance(kept, str):
        return len(kept) == len(now) and all(map(_close, kept, now))
    return kept == now
