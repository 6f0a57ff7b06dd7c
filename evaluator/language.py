"""Decides whether a text is English, readable and not empty: what cannot be judged is said so, never guessed."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from evaluator.domain import Unscored, UnscoredReason
from evaluator.text import FUNCTION_WORDS, MAX_ANSWER_CHARS, NormalisedText, words

_LANGUAGES = "en es fr de it pt nl pl ru uk tr ar fa he hi bn ur ta te gu pa zh ja ko vi tl id ms th sw ro hu cs el sv da no fi".split()

MIN_LANGUAGE_WORDS = 4
"""Below this a language cannot be told; such answers are judged as English."""

LANGUAGE_MARGIN = 12.0
"""How much likelier (in nats) another language must be. English came first in every development answer, non-native ones
among them; Spanish, German and French sentences of eight words lead by 20 and more."""

ENGLISH_SHARE = 0.2
"""Share of function words that only English has above which a text is English whatever the identifier says."""

_SHARED_WORDS = frozenset(
    """a am an are as at be by can do for had has he her him his i in is me most my no not of off on once or out over own so
    to under was we will""".split()
)
"""English function words that are common words of another language, too: "no me calmo" has two, and is Spanish."""


def why_unscored(original: str, normalised: NormalisedText) -> Unscored | None:
    """Return why a text cannot be judged, or None where it can."""
    if not original.strip():
        return Unscored(UnscoredReason.EMPTY, "The answer is empty.")
    if len(original) > MAX_ANSWER_CHARS:
        detail = f"The answer has {len(original):,} characters; at most {MAX_ANSWER_CHARS:,} are judged. Shorten or split it."
        return Unscored(UnscoredReason.TOO_LONG, detail)
    letters = sum(char.isalpha() for char in normalised.text)
    visible = sum(not char.isspace() for char in normalised.text)
    if not words(normalised.text) or letters == 0:
        return Unscored(UnscoredReason.UNREADABLE, "The answer has no words.")
    if letters < visible * 0.4 or "\ufffd" in original or original.count("\x00") > 3:
        return Unscored(UnscoredReason.UNREADABLE, "The answer is mostly not text: damaged file or wrong encoding?")
    language = other_language(normalised.text)
    if language:
        return Unscored(
            UnscoredReason.NOT_ENGLISH,
            f"The answer is not in English (looks like {language!r}); only English is judged.",
        )
    return None


def other_language(text: str) -> str | None:
    """Return the code of the language a text is in where that is clearly not English, else None.

    >>> other_language("I am remaining very calm person")
    >>> other_language("Escucho al cliente y le pido disculpas por la espera.")
    'es'
    """
    found = words(text)
    latin = sum(char.isascii() for char in text if char.isalpha()) >= 0.5 * sum(char.isalpha() for char in text)
    if latin and len(found) < MIN_LANGUAGE_WORDS:
        return None
    if sum(word in FUNCTION_WORDS - _SHARED_WORDS for word in found) >= ENGLISH_SHARE * len(found):
        return None
    # Each word once: likelihoods multiply, and a phrase said ten times would lead by ten times the margin.
    ranking = dict(_identifier().rank(" ".join(dict.fromkeys(found))[:2000]))
    best = max(ranking, key=lambda code: ranking[code])
    if best == "en":
        return None
    return best if not latin or ranking[best] - ranking["en"] > LANGUAGE_MARGIN else None


@lru_cache(maxsize=1)
def _identifier() -> Any:  # noqa: ANN401
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages(_LANGUAGES)
    return identifier
