"""How harmful a sentence is: taken alone, and within its answer."""

from __future__ import annotations

import math
from dataclasses import dataclass

from evaluator.calibration import Calibration


@dataclass(frozen=True, slots=True)
class Around:
    """What else an answer says, for how harmful one of its sentences is."""

    other: float = 0.0
    """Harm of the most harmful other sentence, taken alone, 0..1."""
    denied: float = 0.0
    """Key points that the answer contradicts: the sum of their probabilities."""
    favour: float = 0.0
    """Sentences that speak for the candidate."""


OWN = (0.002, 0.998)
"""Harm of a sentence, taken alone, below and above which it makes no difference any more."""
OTHER = (0.12, 0.5)
"""The same for the most harmful other sentence."""
AMID = (1.5, 6.5)
"""The same for sentences in favour: one or two are no more than a harmless sentence itself. How these bounds were found:
docs/experiments.md, eighth round."""


def harm_alone(flagged: float | None, against: float, calibration: Calibration) -> float:
    """Return how harmful a sentence is, 0..1, whatever else the answer says.

    Args:
        flagged: probability of the likeliest red flag; None where the question states none.
        against: probability that the sentence speaks against the candidate.
        calibration: the numbers in use.
    """
    share = calibration.flag_share
    return against if flagged is None else share * flagged + (1 - share) * against


def harm(alone: float, around: Around, calibration: Calibration) -> float:
    """Return how harmful a sentence is within its answer, 0..1: a logistic regression.

    It never falls with its own harm, that of another sentence, or what the answer contradicts, and never rises with what the answer
    says for the candidate: among many sentences one is misread more easily.

    >>> numbers = Calibration(harm_favour=2.0)
    >>> [round(harm(0.8, Around(favour=sentences), numbers), 3) for sentences in (0, 1.5, 4, 6.5)]
    [0.8, 0.8, 0.5, 0.308]
    """
    c = calibration
    log_odds = (
        c.harm_bias
        + c.harm_own * _log_odds(alone, OWN)
        + c.harm_other * (_log_odds(around.other, OTHER) - _log_odds(0.0, OTHER))
        + c.harm_denied * math.log1p(around.denied)
        - c.harm_favour * (math.log1p(min(max(around.favour, AMID[0]), AMID[1])) - math.log1p(AMID[0]))
    )
    return 1 / (1 + math.exp(-log_odds))


def _log_odds(probability: float, bounds: tuple[float, float]) -> float:
    bounded = min(max(probability, bounds[0]), bounds[1])
    return math.log(bounded / (1 - bounded))
