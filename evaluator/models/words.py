"""Word pieces in their context: the protocol of what reads them, and its result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Pieces:
    """The word pieces that an encoder read of a text, each with its state in the encoder's last layer."""

    texts: tuple[str, ...]
    """As they stand in the text."""
    spans: tuple[tuple[int, int], ...]
    """First character and one past the last, in the text."""
    vectors: FloatArray
    """Shape (pieces, width), unit length."""


class WordEncoder(Protocol):
    """Reads word pieces in their context."""

    def words(self, texts: Sequence[str], /) -> list[Pieces]:
        """Return the word pieces of each text, as many from its start as the model reads at once."""
        ...


def pieces_of(
    text: str, spans: Sequence[tuple[int, int]], special: Sequence[int], states: FloatArray, shift: int = 0
) -> Pieces:
    """Return the pieces of a text without those that a tokenizer adds.

    Args:
        text: the text.
        spans: of each piece, less ``shift``.
        special: 1 for a piece that is not of the text.
        states: one unit vector a piece, shape (pieces, width).
        shift: characters of the text before what the tokenizer was given.
    """
    own = [i for i, (start, end) in enumerate(spans) if end > start and not special[i]]
    places = tuple((spans[i][0] + shift, spans[i][1] + shift) for i in own)
    return Pieces(tuple(text[start:end] for start, end in places), places, states[own])
