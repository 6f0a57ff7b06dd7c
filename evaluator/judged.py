"""An answer that was held against its question, with all that scores and flags are made of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from evaluator.calibration import Calibration
from evaluator.domain import Coverage, Evidence, Question, Segment, Stance
from evaluator.harm import Around, harm, harm_alone
from evaluator.matching import TOLD, AnswerMatch, Conduct, Told
from evaluator.scoring import (
    Deduction,
    QuestionKind,
    balance,
    clause_credit,
    coverage,
    nearest_alternative,
    told_share,
)
from evaluator.text import NormalisedText, content_words, words

BRIEF_WORDS = 30
"""Words below which an answer is too short for its share of words or its mean distance to tell anything."""
NEW_SHARE = 0.34
"""Share of a sentence's content words, at most, that may be missing in another one which says the same."""
USUAL_WORDS = 15
"""Words of a sentence as people write them."""
TELLS = 0.8
"""Probability that a brief answer speaks for or against the candidate from which it is judged by that alone."""


@dataclass(frozen=True)
class Judged:
    """An answer that was held against its question, with the numbers in use."""

    question: Question
    normalised: NormalisedText
    segments: tuple[Segment, ...]
    match: AnswerMatch
    calibration: Calibration

    @cached_property
    def told(self) -> tuple[Conduct, ...]:
        """What its different sentences say about the candidate; of one that is said twice, where it says the worse."""
        found: dict[str, Conduct] = {}
        for piece in self.match.conduct:
            before = found.get(piece.text.lower())
            if before is None or piece.harmful > before.harmful:
                found[piece.text.lower()] = piece
        return tuple(found.values())

    @cached_property
    def tells(self) -> float:
        """Mean probability of a sentence to speak for or against the candidate, 0..1."""
        return sum(piece.favour + piece.against for piece in self.told) / max(1, len(self.told))

    @cached_property
    def against(self) -> float:
        """Share of what it tells that speaks against the candidate, 0..1."""
        return balance([piece.favour for piece in self.told], [piece.against for piece in self.told])

    @cached_property
    def word_count(self) -> int:
        """Words of the answer."""
        return len(words(self.normalised.text))

    @property
    def is_brief(self) -> bool:
        """Whether it is a sentence or two that tell something: no statistics of its words can be trusted."""
        return self.word_count < BRIEF_WORDS and self.tells >= TELLS

    @cached_property
    def earned(self) -> float:
        """Share of the key points' weight that is covered, 0.., whatever else contradicts them; any one model answer is all."""
        weights = [point.weight for point in self.question.key_points]
        earned = (
            weight * max(0.0, coverage(found.affirms, 0.0, self.calibration, derived=self.question.derived)[1])
            for weight, found in zip(weights, self.match.points, strict=True)
        )
        models = len(self.question.model_answers) if self.question.derived else 1
        return models * sum(earned) / (sum(weights) or 1.0)

    @property
    def knowledge(self) -> bool:
        """Whether the question asks for facts, so that nothing is read into the candidate's conduct."""
        return self.match.knowledge

    @property
    def kind(self) -> QuestionKind:
        """How the points of the question are shared out."""
        if self.knowledge:
            return QuestionKind.FACTS
        return QuestionKind.DERIVED if self.question.derived else QuestionKind.WRITTEN

    @cached_property
    def sentences_in_favour(self) -> float:
        """Sum of the probabilities that a sentence speaks for the candidate; one in the words of another tells nothing new.

        A long one, as in a transcript without full stops, counts as the sentences that it would be on paper.
        """
        counted: list[frozenset[str]] = []
        total = 0.0
        for piece in sorted(self.told, key=lambda piece: (-piece.favour, piece.start)):
            content = frozenset(content_words(piece.read))
            if not any(len(content - other) <= NEW_SHARE * len(content) for other in counted):
                counted.append(content)
                total += piece.favour * max(1.0, len(words(piece.read)) / USUAL_WORDS)
        return total

    @cached_property
    def favour(self) -> float:
        """How much it says in favour of the candidate, 0..1: all that counts, or less."""
        calibration = self.calibration
        enough = calibration.derived_sentences if self.question.derived else calibration.favour_sentences
        return min(1.0, self.sentences_in_favour / enough)

    @cached_property
    def values(self) -> tuple[tuple[Coverage, float], ...]:
        """Status and credit (-1..1) of each key point that is derived from a clause of a model answer."""
        shares = [told_share(told.recall, self.calibration, knowledge=self.knowledge) for told in self.match.told]
        if self.knowledge:
            return tuple(coverage(share, 0.0, self.calibration, derived=True) for share in shares)
        found = zip(self.match.points, shares, strict=True)
        return tuple(clause_credit(point.affirms, point.denies, share, self.calibration) for point, share in found)

    @cached_property
    def nearest(self) -> tuple[int, ...]:
        """The key points of the model answer that it tells most of, where key points are derived."""
        values = [value for _, value in self.values]
        return nearest_alternative(self.match.alternatives, [told.weight for told in self.match.told], values)

    @cached_property
    def told_in_all(self) -> float:
        """How much of that model answer is told, 0..1."""
        weights = [self.match.told[i].weight for i in self.nearest]
        return sum(w * self.values[i][1] for w, i in zip(weights, self.nearest, strict=True)) / (sum(weights) or 1.0)

    @cached_property
    def most_harmful(self) -> list[tuple[float, str]]:
        """Its two sentences of most harm, taken alone, with their words in lower case; the worst first."""
        return sorted(((self._alone(piece), piece.text.lower()) for piece in self.told), reverse=True)[:2]

    @cached_property
    def denied(self) -> float:
        """Key points that it contradicts, as the sum of their probabilities; none counts where they were derived."""
        return 0.0 if self.question.derived else sum(found.denies for found in self.match.points)

    def harm_of(self, piece: Conduct) -> float:
        """Return how harmful a sentence is within the answer, 0..1."""
        other = next((alone for alone, text in self.most_harmful if text != piece.text.lower()), 0.0)
        around = Around(other, self.denied, self.sentences_in_favour)
        return harm(self._alone(piece), around, self.calibration)

    @cached_property
    def worst(self) -> float:
        """Harm of its most harmful sentence, 0..1."""
        return max((self.harm_of(piece) for piece in self.told), default=0.0)

    def _alone(self, piece: Conduct) -> float:
        return harm_alone(piece.flagged if self.question.red_flags else None, piece.harmful, self.calibration)


def passages(told: Told, original: str, calibration: Calibration) -> list[Evidence]:
    """Return the segments that tell some of a clause, or else the one that comes nearest, surest first; ties by place.

    Args:
        told: what is told of the clause.
        original: the answer as it was read; evidence quotes it.
        calibration: the numbers in use.
    """
    found = []
    for piece, recall in told.passages:
        quote, share = original[piece.start : piece.end], told_share(recall, calibration, knowledge=True)
        found.append(Evidence.rounded(piece.start, piece.end, quote, recall, Stance.AFFIRMS, share))
    found.sort(key=lambda passage: (-passage.probability, passage.start, passage.end))
    return [passage for passage in found if passage.probability >= TOLD] or found[:1]


def deductions(judged: Judged) -> tuple[Deduction, ...]:
    """Return what an answer loses for what speaks against the candidate."""
    conduct, calibration = "what the answer says against the candidate", judged.calibration
    if judged.question.derived:
        points = calibration.knowledge_balance if judged.knowledge else calibration.derived_balance
        return (Deduction("conduct", conduct, points * judged.against),)
    return (
        Deduction("conduct", conduct, calibration.balance * judged.against),
        Deduction("worst", "its most doubtful sentence", calibration.harm * judged.worst),
    )
