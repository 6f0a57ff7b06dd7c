"""Begins a next sentence for the candidate: a behaviour told in the first person, to be finished with what is true."""

from __future__ import annotations

import re

_IRREGULAR = {"is": "am", "has": "have", "does": "do", "goes": "go", "focuses": "focus"}

_SECOND_VERBS = frozenset(
    "acts adds agrees answers asks calls checks explains finds follows gives helps keeps learns listens looks makes "
    "notes offers opens repeats returns says shows solves speaks stays takes talks tells thanks tries waits writes".split()
)
"""Verbs that are taken for such after "and"; another word in -s may be a noun ("errors and breaches")."""


def sentence_start(label: str) -> str:
    """Return the start of a sentence about a behaviour, or nothing where its label is no plain verb phrase.

    Args:
        label: a third person verb phrase, as in the bank.

    >>> sentence_start("listens without interrupting")
    'I listen without interrupting: for example, I \u2026'
    >>> sentence_start("offers options and acts")
    'I offer options and act: for example, I \u2026'
    >>> sentence_start("mentions: learn, pharmacist")
    ''
    """
    first, _, rest = label.strip().partition(" ")
    if not re.fullmatch(r"[a-z]+s", first) or re.search(r"[:;?!\u2026]", rest):
        return ""
    second = re.search(r"\band ([a-z]+s)\b", rest)
    if second and not second.group(1).endswith("ss"):
        if second.group(1) not in _SECOND_VERBS:
            return ""
        rest = rest[: second.start(1)] + _first_person(second.group(1)) + rest[second.end(1) :]
    rest = re.sub(r"\bherself\b", "myself", rest)
    rest = re.sub(r"\b(about|for|to|with) her\b", r"\1 me", rest)
    rest = re.sub(r"\bher\b", "my", rest)
    rest = re.sub(r"^own\b", "my own", rest)
    told = f"I {_first_person(first)} {rest}".strip()
    return f"{told}: for example, I \u2026"


def _first_person(verb: str) -> str:
    if verb in _IRREGULAR:
        return _IRREGULAR[verb]
    if verb.endswith("ies") and len(verb) > 4:
        return f"{verb[:-3]}y"
    if re.search(r"(ss|sh|ch|x|o|zz)es$", verb):
        return verb[:-2]
    return verb[:-1]
