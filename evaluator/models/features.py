"""What a judge looks at when it holds a segment against a behaviour: a row of numbers with names."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

TWO_SIDED = (
    "anchor affirm", "anchor deny", "anchor margin",
    "tuned affirm", "tuned deny", "tuned margin",
    "plain affirm", "plain deny", "plain margin",
    "speaks for", "speaks against", "negated",
)  # fmt: skip
"""For a behaviour with statements on both sides. Anchor: cosine to the behaviour's anchors in the tuned space. Tuned and
plain: mean cosine to the three nearest statements in the tuned space and in the encoder's own. Speaks for and against: the
reading of the segment, in log odds against neutral. Negated: 1 where the segment has an odd number of negations."""

AFFIRM_ONLY = (
    "tuned nearest", "tuned three", "plain nearest", "plain three", "same polarity", "same polarity on topic",
    "reading apart", "words shared", "words covered", "pair affirms", "pair denies",
)  # fmt: skip
"""For a behaviour with affirm statements only. Same polarity: 1 where the segment and the nearest statement are both
negated or both not, else -1. Reading apart: how much more the segment speaks against the candidate than the nearest
statement does, 0 at least. Words shared and covered: of the nearest statement's content words, by Jaccard and by share.
Pair affirms and denies: log odds, against neither, of a regression over the pair of vectors (``pair_features``)."""

NEAREST = 3
"""Statements whose mean cosine counts, so that one odd statement does not decide alone."""


def nearest(similarity: FloatArray, count: int = NEAREST) -> FloatArray:
    """Return the mean of the ``count`` highest values of each row, shape (rows,)."""
    count = min(count, similarity.shape[1])
    mean: FloatArray = np.sort(similarity, axis=1)[:, -count:].mean(axis=1)
    return mean


def nearest_statement(tuned: FloatArray, plain: FloatArray) -> NDArray[np.intp]:
    """Return the column of the statement that is nearest to each segment in both spaces together, shape (segments,)."""
    return np.asarray((tuned + plain).argmax(axis=1))


def two_sided_features(
    anchors: FloatArray,
    tuned: tuple[FloatArray, FloatArray],
    plain: tuple[FloatArray, FloatArray],
    reading: FloatArray,
    negated: FloatArray,
) -> FloatArray:
    """Return the features of segments, shape (segments, len(TWO_SIDED)).

    Args:
        anchors: cosine of each segment to both anchors, shape (segments, 2).
        tuned: cosine of each segment to each affirm and each deny statement in the tuned space.
        plain: the same in the encoder's own space.
        reading: log odds of for and against, against neutral, shape (segments, 2).
        negated: 1 or 0, shape (segments,).
    """
    t, p = [nearest(side) for side in tuned], [nearest(side) for side in plain]
    columns = [
        anchors[:, 0], anchors[:, 1], anchors[:, 0] - anchors[:, 1], t[0], t[1], t[0] - t[1], p[0], p[1], p[0] - p[1],
        reading[:, 0], reading[:, 1], negated,
    ]  # fmt: skip
    return np.stack(columns, axis=1).astype(np.float32)


def pair_features(segments: FloatArray, statements: FloatArray) -> FloatArray:
    """Return what two vectors have in common and where they differ, shape (pairs, 2 * dimensions).

    Args:
        segments: one vector a pair, of unit length, shape (pairs, dimensions).
        statements: the other vector of each pair, of the same shape.
    """
    return np.concatenate([np.abs(segments - statements), segments * statements], axis=1)


def affirm_only_features(
    tuned: FloatArray,
    plain: FloatArray,
    agrees: FloatArray,
    apart: FloatArray,
    shared: FloatArray,
    covered: FloatArray,
    pair: FloatArray,
) -> FloatArray:
    """Return the features of segments where only affirm statements are known, shape (segments, len(AFFIRM_ONLY)).

    Args:
        tuned: cosine of each segment to each statement in the tuned space, shape (segments, statements).
        plain: the same in the encoder's own space.
        agrees: 1 where polarity agrees, else -1, of the same shape; so are the others.
        apart: how much more the segment speaks against the candidate than the statement, in log odds.
        shared: Jaccard index of the content words.
        covered: share of the statement's content words that the segment has.
        pair: log odds of affirms and denies, against neither, of each segment with its nearest statement, shape (segments, 2).
    """
    rows = np.arange(len(plain))
    near = nearest_statement(tuned, plain)
    agreement = agrees[rows, near]
    columns = [
        tuned.max(axis=1), nearest(tuned), plain.max(axis=1), nearest(plain), agreement, agreement * plain.max(axis=1),
        np.maximum(apart[rows, near], 0.0), shared[rows, near], covered.max(axis=1),
        pair[:, 0], pair[:, 1],
    ]  # fmt: skip
    return np.stack(columns, axis=1).astype(np.float32)
