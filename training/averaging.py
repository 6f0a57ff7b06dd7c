"""The rate of learning and the average of the weights, over cycles in which the rate falls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

WARM_UP = 50
"""Steps in which the rate rises at the start of a cycle."""
LOWEST_RATE = 0.03
"""Share of the full rate that a cycle ends with."""
DECAY = 0.99
"""Of the running average of the weights: a hundred steps' worth."""

Tensor = Any


class Cycles:
    """Averages what is learned where the rate has fallen, over several falls (Izmailov et al. 2018, with one average a fall).

    What the cycles end with are different solutions that share a valley: the mean of their weights reads more steadily than each.
    """

    def __init__(self, learned: Sequence[Tensor], count: int) -> None:
        """Take the tensors that are learned, and in how many cycles."""
        self._learned, self._count = learned, count
        self._average = [parameter.detach().clone() for parameter in learned]
        self._ends: list[list[Tensor]] = []
        self._steps = 0

    def rate(self, progress: float) -> float:
        """Return the share of the full rate that the next step is made with; a cycle that is over is kept.

        Args:
            progress: of the whole training, from 0 to 1.
        """
        cycle, within = divmod(progress * self._count, 1)
        if cycle > len(self._ends):
            self._ends.append([mean.clone() for mean in self._average])
            self._steps = 0
        return min(1.0, (self._steps + 1) / WARM_UP) * max(LOWEST_RATE, 1 - within)

    @torch.no_grad()
    def follow(self) -> None:
        """Move the running average after a step; a new cycle begins it anew."""
        self._steps += 1
        for mean, parameter in zip(self._average, self._learned, strict=True):
            mean.lerp_(parameter, 1 - min(DECAY, self._steps / (self._steps + 10)))

    @torch.no_grad()
    def finish(self) -> None:
        """Put the mean of what the cycles ended with in the place of what is learned."""
        for parameter, *means in zip(self._learned, *self._ends, strict=True):
            parameter.copy_(torch.stack(means).mean(0))
