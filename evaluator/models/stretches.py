"""Stretches of texts, read in their places: written as the whole text with two marks around what is asked about.

So a stretch goes wherever a text goes, through caches and protocols that know texts only; whoever runs a model reads each text
once, however many of its stretches are asked for.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evaluator.models.transformer import WIDTH

FloatArray = NDArray[np.float32]

START, END = "\x02", "\x03"
"""The marks: control characters, which no normalised text has (``evaluator.text.normalise``)."""


def marked(text: str, start: int, end: int) -> str:
    """Return a text with a stretch of it marked; the text itself where that is all of it.

    >>> unmarked(marked("I listen. I nod.", 10, 16))
    ('I listen. I nod.', (10, 16))
    >>> marked("I nod.", 0, 6)
    'I nod.'
    """
    if (start, end) == (0, len(text)):
        return text
    return f"{text[:start]}{START}{text[start:end]}{END}{text[end:]}"


def unmarked(text: str) -> tuple[str, tuple[int, int] | None]:
    """Return a text without its marks, and which characters stood between them; None where it has none."""
    before, mark, rest = text.partition(START)
    if not mark:
        return text, None
    inside, _, after = rest.partition(END)
    return f"{before}{inside}{after}", (len(before), len(before) + len(inside))


def pieces_within(offsets: list[tuple[int, int]], stretch: tuple[int, int] | None) -> tuple[int, int]:
    """Return the first word piece of a stretch and one past the last.

    Args:
        offsets: where each word piece stands in the text, as ``tokenizers`` gives it: nowhere for what a tokenizer adds.
        stretch: characters; None for the whole text, with what a tokenizer adds. So is a stretch that was cut off.
    """
    inside = [] if stretch is None else [i for i, (a, b) in enumerate(offsets) if stretch[0] <= a < b <= stretch[1]]
    return (inside[0], inside[-1] + 1) if inside else (0, len(offsets))


def pooled_states(states: FloatArray) -> FloatArray:
    """Return the mean of a stretch and what each head attends to, side by side, each of unit length: ``transformer.pooled``.

    Args:
        states: of its word pieces, with how much each head looks at each, shape (pieces, WIDTH + heads).

    Returns:
        Shape ((1 + heads) * WIDTH,).
    """
    own, looks = states[:, :WIDTH], states[:, WIDTH:]
    attention = np.exp(looks - looks.max(axis=0))
    attended = (attention / attention.sum(axis=0)).T @ own
    vectors = np.concatenate([own.mean(axis=0, keepdims=True), attended])
    pooled: FloatArray = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).reshape(-1)
    return pooled
