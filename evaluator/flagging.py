"""Decides what a person should know about an answer: red flags, off-topic, tricks, doubts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from evaluator.calibration import Calibration
from evaluator.checks import copied_from, find_tricks, own_words
from evaluator.domain import HIDDEN_CHARACTERS, LEVELS, POSSIBLE_RED_FLAG, Evidence, Flag, FlagKind, Stance
from evaluator.judged import Judged
from evaluator.matching import BehaviourMatch, Conduct
from evaluator.scoring import Ceiling

UNNAMED_FLAG = "unacceptable-conduct"
"""Id of a red flag that no red flag of the question names."""

MANY_WORDS = 20
"""Words from which an answer that tells nothing is empty talk rather than merely short."""
TELLS_LITTLE = 0.65
"""Mean probability of a sentence to speak for or against the candidate below which an answer far from the question is off topic
although it earns something."""

_CEILINGS = {FlagKind.RED_FLAG: 1, FlagKind.OFF_TOPIC: 1, FlagKind.GAMING: 2, FlagKind.COPIED: 2}
"""The highest level that an answer with such a flag can get."""


def find_flags(judged: Judged) -> list[Flag]:
    """Return the flags that do not depend on the score: red flags, then what is wrong with the answer as a whole."""
    return [*([] if judged.knowledge else _red_flags(judged)), *_wording_flags(judged)]


def ceilings(flags: Iterable[Flag]) -> list[Ceiling]:
    """Return the limits that flags put on a level."""
    return [Ceiling(flag.id, flag.detail, _CEILINGS[flag.kind]) for flag in flags if flag.kind in _CEILINGS]


def wording_ceiling(judged: Judged) -> int:
    """Return the highest level that off-topic, tricks and copying allow an answer; 5 where none is found."""
    return min((ceiling.level for ceiling in ceilings(_wording_flags(judged))), default=LEVELS[-1])


def doubts(judged: Judged, score: float) -> Iterator[Flag]:
    """Yield why the level itself is unsure."""
    cuts = judged.calibration.cuts
    near = min(range(len(cuts)), key=lambda place: abs(score - cuts[place]))
    if abs(score - cuts[near]) < judged.calibration.near_cut:
        detail = f"{score:.1f} points; level {near + 2} begins at {cuts[near]:.1f}, so it may as well be the level beside it."
        yield Flag(FlagKind.NEAR_CUT, "near_cut", detail)
    doubtful = (
        []
        if judged.knowledge
        else [piece for piece in judged.told if judged.harm_of(piece) >= judged.calibration.doubt]
    )
    if doubtful:
        worst = max(doubtful, key=lambda piece: (judged.harm_of(piece), -piece.start))
        detail = "This passage may be a red flag: read it before you rely on the level."
        yield Flag(FlagKind.NEAR_CUT, POSSIBLE_RED_FLAG, detail, (_quoted(worst, judged.harm_of(worst)),))


def _red_flags(judged: Judged) -> Iterator[Flag]:
    """Yield a flag for each red flag that some sentence raises, in the question's order, quoting the sentences."""
    raised: dict[str, list[Evidence]] = {}
    calibration = judged.calibration
    for piece in judged.match.conduct:
        certainty = judged.harm_of(piece)
        if certainty >= (calibration.red_flag if judged.question.red_flags else calibration.unacceptable):
            name = piece.flag if piece.flagged >= calibration.named else UNNAMED_FLAG
            raised.setdefault(name, []).append(_quoted(piece, certainty))
    labels = {flag.id: flag.label for flag in judged.question.red_flags} | {UNNAMED_FLAG: "unacceptable conduct"}
    for name, label in labels.items():
        if name in raised:
            evidence = sorted(raised[name], key=lambda passage: (-passage.probability, passage.start))
            yield Flag(FlagKind.RED_FLAG, name, f"Red flag: {label}.", tuple(evidence))


def _quoted(piece: Conduct, certainty: float) -> Evidence:
    return Evidence.rounded(piece.start, piece.end, piece.text, piece.similarity, Stance.AFFIRMS, certainty)


def _wording_flags(judged: Judged) -> Iterator[Flag]:
    match = judged.match
    if _is_off_topic(judged):
        yield Flag(FlagKind.OFF_TOPIC, "off_topic", "The answer is not about the question.")
    elif _answers_another(judged):
        detail = f"This answers another question: {match.other}."
        yield Flag(FlagKind.OFF_TOPIC, f"other-question-{match.other}", detail)
    else:
        yield from _told_flags(judged)
    if not judged.knowledge:
        yield from _trick_flags(judged)
    if judged.normalised.mixed_script:
        yield Flag(FlagKind.MIXED_SCRIPT, "mixed_script", "Some words mix letters of different scripts.")
    if judged.normalised.stripped:
        detail = f"It holds characters that cannot be seen ({judged.normalised.stripped}); they were left out."
        yield Flag(FlagKind.MIXED_SCRIPT, HIDDEN_CHARACTERS, detail)


def _trick_flags(judged: Judged) -> Iterator[Flag]:
    """Yield tricks and copies; a fact may be told in given words, as a list, and in sentences that are much alike."""
    text, question = judged.normalised.text, judged.question
    for trick in find_tricks(text, judged.segments, question, judged.match.sameness):
        if not (trick.id == "echo" and judged.is_brief and own_words(text, question.text)):
            yield Flag(FlagKind.GAMING, trick.id, trick.detail)
    number = copied_from(text, judged.segments, question)
    if number is not None:
        yield Flag(FlagKind.COPIED, f"model-answer-{number}", f"The answer repeats model answer {number} of the bank.")


def _is_off_topic(judged: Judged) -> bool:
    calibration, topic = judged.calibration, judged.match.topic
    if topic < calibration.unrelated:  # a fact may be told in two words, if they are the right ones
        return not judged.knowledge or judged.told_in_all < calibration.empty
    related = topic >= calibration.off_topic or judged.earned >= calibration.empty
    speaks_well = judged.is_brief and judged.against < 0.5 and related
    if judged.knowledge or speaks_well or topic >= calibration.doubtful_topic:
        return False
    tells_little = judged.tells < TELLS_LITTLE and not judged.question.derived
    return (
        topic < calibration.off_topic
        or judged.earned < calibration.empty
        or (tells_little and judged.earned < calibration.elsewhere)
    )


def _answers_another(judged: Judged) -> bool:
    """Return whether an answer fits another question better and earns next to nothing for this one."""
    calibration = judged.calibration
    fits = judged.match.lead >= calibration.other_question and not judged.knowledge
    return fits and not judged.is_brief and judged.earned < calibration.elsewhere


def _told_flags(judged: Judged) -> Iterator[Flag]:
    """Yield what is suspicious about what an answer tells: nothing in many words, or a thing and its opposite."""
    if judged.knowledge:  # the stances of facts tell nothing: docs/experiments.md
        return
    many = judged.word_count >= MANY_WORDS and not judged.is_brief
    if many and judged.earned < judged.calibration.empty and judged.against < 0.5:
        detail = "Many words, and next to nothing in them that the question's key points ask for."
        yield Flag(FlagKind.GAMING, "empty-talk", detail)
    for found in judged.match.points:
        sides = _opposite_passages(found, judged.calibration)
        if sides:
            detail = "The answer says a thing in one sentence and its opposite in another."
            yield Flag(FlagKind.GAMING, "self-contradiction", detail, sides)
            return


def _opposite_passages(found: BehaviourMatch, calibration: Calibration) -> tuple[Evidence, ...]:
    """Return the surest passages for and against a behaviour where both are sure and do not overlap."""
    for against in _sure(found.evidence, Stance.DENIES, calibration):
        for affirm in _sure(found.evidence, Stance.AFFIRMS, calibration):
            if affirm.end <= against.start or against.end <= affirm.start:
                return affirm, against
    return ()


def _sure(evidence: Sequence[Evidence], stance: Stance, calibration: Calibration) -> list[Evidence]:
    return [piece for piece in evidence if piece.stance is stance and piece.probability >= calibration.opposite]
