"""The numbers of the scoring model, each with what it means; the shipped ones stand in ``calibration.json``."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict, dataclass, replace

MAX_SCORE = 100.0

LIKELY = 0.8
"""Share of unseen answers whose raters' level lies within the likely levels: split conformal prediction (Vovk et al. 2005)."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """The numbers of the scoring model. Fitted on development answers by ``training/fit_scoring.py``."""

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012 - a file of another version is an error, not half understood

    base: float = 20.0
    """What an answer earns that is about the question and does no harm."""
    enough: float = 9.0
    """Weight of covered key points at which an answer is complete: nobody can show every behaviour in two minutes."""
    enough_share: float = 0.6
    """The same as a share of all weights, for questions with few key points; the smaller of the two counts."""
    favour: float = 0.0
    """Points that conduct in the candidate's favour earns at most, whatever key points it is about."""
    favour_sentences: float = 4.0
    """Sentences surely in favour that earn all of these."""
    derived_base: float = 20.0
    """``base`` of questions whose key points were derived from model answers."""
    derived_enough_share: float = 0.6
    """``enough_share`` of the same, of the model answer that an answer tells most of: any one of them would do."""
    derived_balance: float = 40.0
    """``balance`` of the same, which lose nothing for their worst sentence: without red flags its reading alone is too unsure."""
    derived_covered: float = 0.5
    """``covered`` of the same. Their credit is the probability itself: one clause of a model answer tells less than statements do."""
    derived_partly: float = 0.25
    """``partly`` of the same."""
    derived_contradicted: float = 0.65
    """``contradicted`` of the same: one clause without statements against it tells less surely what its opposite is."""
    derived_penalty: float = 0.2
    """``penalty`` of the same."""
    derived_words: float = 0.5
    """How much of that credit comes from the words of the clause that the answer accounts for, as a share."""
    derived_none: float = 0.3
    """Mean cosine of a clause's words to their nearest ones in the answer up to which nothing of it is told: chance."""
    derived_all: float = 0.8
    """The same from which the clause is told in full; in between, its share rises in a straight line."""
    derived_favour: float = 0.0
    """``favour`` of the same."""
    derived_sentences: float = 4.0
    """``favour_sentences`` of the same."""
    knowledge_base: float = 20.0
    """``base`` of derived questions that ask for facts: their model answers speak of nobody's conduct."""
    knowledge_none: float = 0.0
    """``derived_none`` of the same."""
    knowledge_all: float = 0.9
    """``derived_all`` of the same."""
    knowledge_enough_share: float = 0.78
    """``enough_share`` of the same: nobody tells all the words of a model answer, whatever they know."""
    knowledge_balance: float = 20.0
    """``balance`` of the same: wrong facts are often told as wrong conduct."""
    derived_spread: float = 20.0
    """``spread`` of all derived questions."""
    elsewhere_off_topic: float = 0.37
    """``off_topic`` of a question that the judge was not trained on: a story from a candidate's life shares few words with a model
    answer, and there are few statements or none."""
    elsewhere_doubtful_topic: float = 0.44
    """``doubtful_topic`` of the same."""
    new_covered: float = 0.6
    """``covered`` of one that has statements: the judge is less sure of them, and less often right."""
    new_partly: float = 0.3
    """``partly`` of the same."""
    new_enough_share: float = 0.6
    """``enough_share`` of the same, whatever all weights are."""
    new_favour_sentences: float = 4.0
    """``favour_sentences`` of the same."""
    new_red_flag: float = 0.9
    """``red_flag`` of the same, and of a question with model answers only that states red flags."""
    new_spread: float = 20.0
    """``spread`` of the same."""
    covered: float = 0.6
    """Probability of the affirming stance from which a key point counts as covered, and earns its whole weight."""
    partly: float = 0.3
    """The same for partly covered; from here to ``covered`` the credit rises in a straight line from 0."""
    contradicted: float = 0.6
    """Probability of the denying stance from which a key point counts as contradicted, where it beats the affirming one."""
    penalty: float = 0.7
    """What a contradicted point costs, as a share of what covering it earns."""
    balance: float = 20.0
    """Points that an answer loses whose every telling sentence speaks against the candidate; fewer, pro rata."""
    harm: float = 20.0
    """Points that an answer loses whose worst sentence is surely harmful; fewer, pro rata."""
    flag_share: float = 0.5
    """How much of a sentence's harm, taken alone, comes from the likeliest red flag; the rest, from how much it speaks against."""
    harm_bias: float = 0.0
    """Log odds of harm of a sentence that is as likely harmful as not, in an answer that says nothing else. What follows is added."""
    harm_own: float = 1.0
    """Times the log odds of the sentence's harm, taken alone."""
    harm_other: float = 0.0
    """Times those of the most harmful other sentence."""
    harm_denied: float = 0.0
    """Times the logarithm of 1 + the key points that the answer contradicts."""
    harm_favour: float = 0.0
    """Taken off, times the logarithm of the sentences in favour: the more an answer tells, the likelier one of them is misread."""
    red_flag: float = 0.7
    """Harm (0-1) of a sentence from which it is a red flag."""
    unacceptable: float = 0.95
    """The same for a question that states no red flags, where only the reading of the sentence tells, mostly of another job."""
    named: float = 0.5
    """Probability of a red flag from which a harmful sentence goes by its name; below, it is just unacceptable."""
    doubt: float = 0.5
    """Harm of a sentence from which a person should read it, although it is no red flag."""
    opposite: float = 0.65
    """Probability of both stances, in different sentences, from which an answer contradicts itself."""
    off_topic: float = 0.45
    """Highest cosine to anything in the question's bank below which an answer is off topic."""
    doubtful_topic: float = 0.52
    """The same for an answer that earns next to nothing (``empty``), or little while it hardly speaks of conduct."""
    unrelated: float = 0.3
    """The same below which even a sentence or two, which rarely come near anything, are off topic."""
    other_question: float = 0.085
    """How much nearer (mean cosine) an answer must be to another question's model answers to count as answering that."""
    elsewhere: float = 0.2
    """Share of all key points below which an answer may count as answering another question."""
    empty: float = 0.12
    """The same below which many words are empty talk."""
    cuts: tuple[float, float, float, float] = (15.0, 35.0, 55.0, 80.0)
    """Lowest score of levels 2, 3, 4 and 5."""
    near_cut: float = 3.0
    """Distance to a cut-off, in points, below which an answer is flagged."""
    spread: float = 20.0
    """Points by which a score must be moved, at most, to reach the raters' level in ``LIKELY`` of unseen answers."""

    def for_question(self, *, derived: bool, familiar: bool) -> Calibration:
        """Return the numbers that hold for a question.

        Args:
            derived: whether its key points were derived from model answers.
            familiar: whether the judge was trained on its behaviours.
        """
        if familiar and not derived:
            return self
        elsewhere = replace(self, off_topic=self.elsewhere_off_topic, doubtful_topic=self.elsewhere_doubtful_topic)
        if derived:
            return replace(elsewhere, red_flag=self.new_red_flag, spread=self.derived_spread)
        return replace(
            elsewhere,
            covered=self.new_covered,
            partly=self.new_partly,
            enough=math.inf,
            enough_share=self.new_enough_share,
            favour_sentences=self.new_favour_sentences,
            red_flag=self.new_red_flag,
            spread=self.new_spread,
        )

    def level(self, score: float) -> int:
        """Return the level (1-5) of a score (0-100)."""
        return 1 + sum(score >= cut for cut in self.cuts)

    def ceiling(self, level: int) -> float:
        """Return the highest score (one decimal) of a level (1-5); 0 for level 0."""
        if level == 0 or level == len(self.cuts) + 1:
            return MAX_SCORE if level else 0.0
        return max(0.0, round(self.cuts[level - 1] - 0.1, 1))

    def likely_levels(self, score: float) -> tuple[int, int]:
        """Return the lowest and the highest level (1-5) within the spread of a score (0-100)."""
        return self.level(score - self.spread), self.level(score + self.spread)

    def limited(self, score: float, level: int) -> float:
        """Return a score (0-100) under a ceiling: within the level, and the better the better the answer is otherwise."""
        low, high = self.ceiling(level - 1), self.ceiling(level)
        return min(score, low + (high - low) * (1 + score / MAX_SCORE) / 2)


def calibration_digest(calibration: Calibration) -> str:
    """Return 16 hexadecimal digits that are equal where two calibrations are."""
    return hashlib.sha256(json.dumps(asdict(calibration), sort_keys=True).encode()).hexdigest()[:16]
