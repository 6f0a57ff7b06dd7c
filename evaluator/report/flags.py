"""Flags in words: what a person should know about an answer, and who may know it."""

from __future__ import annotations

from dataclasses import dataclass

from evaluator.domain import HIDDEN_CHARACTERS, POSSIBLE_RED_FLAG, Flag, FlagKind, Question, RedFlag
from evaluator.report.passages import Quote, flag_evidence, quotes
from evaluator.report.visible import one_line
from evaluator.report.wording import DISCREET_FLAGS, FLAG_TITLES, source_words


@dataclass(frozen=True, slots=True)
class FlagView:
    """Something to know about the answer, in words."""

    kind: str
    title: str
    detail: str
    """One sentence, empty where the title says it all."""
    quotes: tuple[Quote, ...]
    advice: str = ""
    why: str = ""
    sources: tuple[str, ...] = ()
    critical: bool = False
    """Whether someone may come to harm, or a law is broken."""


TITLES_OF_IDS = {HIDDEN_CHARACTERS: "Hidden characters", POSSIBLE_RED_FLAG: "Possible red flag"}
"""Titles of flags that are not called after their kind."""


def flag_view(flag: Flag, question: Question | None, *, recruiter: bool) -> FlagView:
    """Return a flag as ``recruiter`` or candidate reads it.

    A candidate is not told what could name another person or quote a model answer.
    """
    own_words = quotes(flag_evidence(flag), with_numbers=recruiter)
    title = flag_title(flag)
    if flag.kind is not FlagKind.RED_FLAG:
        detail = flag.detail if recruiter else DISCREET_FLAGS.get(flag.kind, flag.detail)
        return FlagView(flag.kind.value, title, one_line(detail), own_words)
    label = flag_label(flag, question)
    title = f"{title}: {label}"
    detail = one_line(flag.detail)
    if detail.rstrip(".") in (title, label):
        detail = ""
    known = find_red_flag(flag, question)
    if known is None:
        return FlagView(flag.kind.value, title, detail, own_words)
    return FlagView(
        kind=flag.kind.value,
        title=title,
        detail=detail,
        quotes=own_words,
        advice=one_line(known.advice),
        why=one_line(known.why),
        sources=source_list(known.sources),
        critical=known.severity == "critical",
    )


def flag_title(flag: Flag) -> str:
    """Return what a kind of flag is called."""
    return TITLES_OF_IDS.get(flag.id) or FLAG_TITLES[flag.kind]


def find_red_flag(flag: Flag, question: Question | None) -> RedFlag | None:
    """Return what the bank says about a red flag that was found, or None where the bank has changed since."""
    return next((known for known in (question.red_flags if question else ()) if known.id == flag.id), None)


def flag_label(flag: Flag, question: Question | None) -> str:
    """Return a red flag's label, such as "argues back"."""
    known = find_red_flag(flag, question)
    return one_line(known.label if known else flag.id.replace("-", " "))


def source_list(sources: tuple[str, ...]) -> tuple[str, ...]:
    """Return sources as a reader would name them, visible."""
    return tuple(one_line(source) for source in source_words(sources))
