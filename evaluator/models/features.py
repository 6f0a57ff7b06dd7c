"""What a judge looks at when it holds a segment against a behaviour: a row of numbers with names."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

SPACE_FEATURES = (
    "nearest affirm", "nearest three affirm", "mean affirm",
    "nearest deny", "nearest three deny", "mean deny",
    "vote", "vote by polarity",
    "margin", "topic", "nearest", "margin on topic",
)  # fmt: skip
"""What is measured in one vector space, for a segment and a behaviour with statements on both sides."""

AFFIRM_ONLY_FEATURES = ("nearest affirm", "nearest three affirm", "polarity agrees", "agreement on topic")
"""The same for a behaviour with affirm statements only."""

VOTE_SHARPNESS = 20.0
"""How much more a near statement's vote counts: a cosine 0.1 higher counts 7 times."""


def space_features(affirm: FloatArray, deny: FloatArray, agrees: FloatArray) -> FloatArray:
    """Return the features of segments in one vector space, shape (segments, len(SPACE_FEATURES)).

    Args:
        affirm: cosine of each segment to each affirm statement, shape (segments, affirm statements).
        deny: the same for deny statements; both sides have at least one.
        agrees: 1 where a segment and a statement are both negated or both not, else -1; shape (segments, affirm
            statements then deny statements).
    """
    sides = np.concatenate([np.ones(affirm.shape[1]), -np.ones(deny.shape[1])])
    both = np.concatenate([affirm, deny], axis=1)
    votes = np.exp(VOTE_SHARPNESS * (both - both.max(axis=1, keepdims=True)))
    votes /= votes.sum(axis=1, keepdims=True)
    affirm3, deny3 = _nearest(affirm, 3), _nearest(deny, 3)
    nearest_affirm, nearest_deny = affirm.max(axis=1), deny.max(axis=1)
    margin, topic = affirm3 - deny3, np.maximum(affirm3, deny3)
    columns = [
        nearest_affirm, affirm3, affirm.mean(axis=1),
        nearest_deny, deny3, deny.mean(axis=1),
        (votes * sides).sum(axis=1), (votes * sides * agrees).sum(axis=1),
        margin, topic, np.maximum(nearest_affirm, nearest_deny), margin * topic,
    ]  # fmt: skip
    return np.stack(columns, axis=1).astype(np.float32)


def affirm_only_features(affirm: FloatArray, agrees: FloatArray) -> FloatArray:
    """Return the features of segments where only affirm statements are known, shape (segments, 4)."""
    near, near3 = affirm.max(axis=1), _nearest(affirm, 3)
    agreement = agrees[np.arange(len(affirm)), affirm.argmax(axis=1)]
    return np.stack([near, near3, agreement, agreement * near], axis=1).astype(np.float32)


def _nearest(similarity: FloatArray, count: int) -> FloatArray:
    count = min(count, similarity.shape[1])
    nearest: FloatArray = np.sort(similarity, axis=1)[:, -count:].mean(axis=1)
    return nearest
