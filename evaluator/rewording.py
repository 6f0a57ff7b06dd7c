"""Says the same in other words, by rule: what an answer must not gain or lose by. Pure and deterministic.

Rules change as little of the content as a rule can: names, pronouns, spelling, capitals, fillers, hedges. A text that a rule
has nothing to change in comes back as it is.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Rule = Callable[[str], str]

PLAIN_NAME = "Emily Walsh"
NAMES = ("Greg Baker", "Lakisha Washington", "Jamal Jones", "Guadalupe Ramírez", "Mei Chen", "Priya Krishnan", "Mohammed Al-Farsi", "Katarzyna Wójcik")  # fmt: skip
"""Names that tell of sex, ethnicity or origin; the first three after Bertrand and Mullainathan (2004)."""

PRONOUNS: Mapping[str, Mapping[str, str]] = {
    "he": {"he": "he", "him": "him"},
    "she": {"he": "she", "him": "her"},
    "they": {"he": "they", "him": "them"},
}
"""What the slots ``{he}`` and ``{him}`` become."""

US_TO_UK: Mapping[str, str] = {
    "apologize": "apologise", "apologized": "apologised", "apologizing": "apologising", "apologizes": "apologises",
    "recognize": "recognise", "prioritize": "prioritise", "organize": "organise", "organized": "organised", "realize": "realise",
    "sympathize": "sympathise", "empathize": "empathise", "emphasize": "emphasise", "customize": "customise",
    "behavior": "behaviour", "color": "colour", "favor": "favour", "favorite": "favourite", "honor": "honour", "labor": "labour",
    "neighbor": "neighbour", "humor": "humour", "rumor": "rumour", "center": "centre", "canceled": "cancelled",
    "counseling": "counselling", "labeled": "labelled", "labeling": "labelling", "traveling": "travelling", "traveled": "travelled",
    "fulfill": "fulfil", "skillful": "skilful", "gray": "grey", "pediatric": "paediatric", "learned": "learnt", "toward": "towards",
}  # fmt: skip

_FILLERS = ("um,", "you know,", "like,", "uh,")
_HEDGES = ("I think I", "I would say I", "I guess I", "probably I")
_STARTS_WITH_I = re.compile(r"(?:(?<=^)|(?<=[.!?] ))I(?= (?!think|guess|would say)[a-z'])")


@dataclass(frozen=True, slots=True)
class Variant:
    """A rule and what it is held against."""

    name: str
    rule: Rule
    base: Rule = str
    """What the compared text is made by; the answer itself where it is ``str``."""
    exact: bool = False
    """Whether scores must not move at all."""


def variants() -> tuple[Variant, ...]:
    """Return every rule, in the order of a report."""
    return (
        *(Variant(f"name in the text: {name}", introduced(name), introduced(PLAIN_NAME), exact=True) for name in NAMES),
        Variant("pronoun: he to she", he_to_she),
        Variant("spelling: US to UK", us_to_uk),
        Variant("spelling: UK to US", uk_to_us),
        Variant("misspelt", misspelt),
        Variant("fillers", with_fillers),
        Variant("capitals: none", str.lower),
        Variant("capitals: all", str.upper),
        Variant("hedged", hedged),
        Variant("articles left out", without_articles),
    )


def introduced(name: str) -> Rule:
    """Return the rule that puts a candidate's introduction before the answer."""
    return lambda text: f"My name is {name}. {text}"


def he_to_she(text: str) -> str:
    """Return a text with every he, him and his turned into she and her; texts that also speak of a woman stay.

    >>> he_to_she("If he shouts, I let him."), he_to_she("He and she")
    ('If she shouts, I let her.', 'He and she')
    """
    if re.search(r"\b(?:she|hers?)\b", text, re.IGNORECASE):
        return text
    forms = {"he": "she", "him": "her", "his": "her", "himself": "herself"}
    return _replaced(text, forms)


def us_to_uk(text: str) -> str:
    """Return a text in British spelling.

    >>> us_to_uk("I Apologize to my neighbor.")
    'I Apologise to my neighbour.'
    """
    return _replaced(text, US_TO_UK)


def uk_to_us(text: str) -> str:
    """Return a text in American spelling."""
    return _replaced(text, {uk: us for us, uk in US_TO_UK.items()})


def misspelt(text: str) -> str:
    """Return a text in which two inner letters of about every sixth longer word have changed places.

    >>> misspelt("customer")
    'cutsomer'
    """

    def swap(match: re.Match[str]) -> str:
        word = match.group()
        digest = zlib.crc32(word.lower().encode())
        if digest % 6 and len(text) > len(word):
            return word
        place = 1 + digest // 6 % (len(word) - 3)
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]

    return re.sub(r"[A-Za-z]{6,}", swap, text)


def with_fillers(text: str) -> str:
    """Return a text with a filler before about every eighth word.

    >>> with_fillers("one two three four five six seven eight nine")
    'um, one two three four five six seven eight you know, nine'
    """
    words = text.split(" ")
    return " ".join(
        f"{_FILLERS[i // 8 % len(_FILLERS)]} {word}" if i % 8 == 0 else word for i, word in enumerate(words)
    )


def hedged(text: str) -> str:
    """Return a text whose every sentence that begins with I is hedged.

    >>> hedged("I listen. I call my supervisor.")
    'I think I listen. I would say I call my supervisor.'
    """
    count = iter(range(len(text) + 1))
    return _STARTS_WITH_I.sub(lambda _: _HEDGES[next(count) % len(_HEDGES)], text)


def without_articles(text: str) -> str:
    """Return a text without articles, as speakers of many languages write.

    >>> without_articles("I ask the pharmacist for a label.")
    'I ask pharmacist for label.'
    """
    return re.sub(r"\b(?:the|an?) (?=\w)", "", text)


def _replaced(text: str, forms: Mapping[str, str]) -> str:
    pattern = re.compile(rf"\b(?:{'|'.join(sorted(map(re.escape, forms), key=len, reverse=True))})\b", re.IGNORECASE)

    def put(match: re.Match[str]) -> str:
        word = match.group()
        new = forms[word.lower()]
        return new.upper() if word.isupper() and len(word) > 1 else new.capitalize() if word[0].isupper() else new

    return pattern.sub(put, text)
