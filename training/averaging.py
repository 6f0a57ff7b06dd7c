"""The rate of learning over a training, and the running average of the weights that it ends with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

WARM_UP = 50
"""Steps in which the rate rises at the start."""
LOWEST_RATE = 0.03
"""Share of the full rate that a training ends with."""
DECAY = 0.99
"""Of the running average of the weights: a hundred steps' worth."""

Tensor = Any


def rate_share(step: int, progress: float) -> float:
    """Return the share of the full rate that a step is made with: it rises over ``WARM_UP`` steps, and falls on a line.

    Args:
        step: number of the step, from 0.
        progress: of the whole training, from 0 to 1.
    """
    return min(1.0, (step + 1) / WARM_UP) * max(LOWEST_RATE, 1 - progress)


class RunningAverage:
    """Follows what is learned: the mean of the last steps reads more steadily than the last one (Polyak and Juditsky 1992)."""

    def __init__(self, learned: Sequence[Tensor]) -> None:
        """Take the tensors that are learned."""
        self._learned = learned
        self._average = [parameter.detach().clone() for parameter in learned]
        self._steps = 0

    @torch.no_grad()
    def follow(self) -> None:
        """Move the average after a step."""
        self._steps += 1
        for mean, parameter in zip(self._average, self._learned, strict=True):
            mean.lerp_(parameter, 1 - min(DECAY, self._steps / (self._steps + 10)))

    @torch.no_grad()
    def finish(self) -> None:
        """Put the average in the place of what is learned."""
        for parameter, mean in zip(self._learned, self._average, strict=True):
            parameter.copy_(mean)
