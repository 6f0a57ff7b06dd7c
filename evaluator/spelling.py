"""Corrects the spelling of what the models read: they know words, and "I dont argu" is none of theirs.

Only words that neither a dictionary nor the model knows are touched, names are left alone, evidence always quotes what the
candidate wrote, and a negation is never corrected away ("coudnt" may become "couldn't", not "count").
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from rapidfuzz import process
from rapidfuzz.distance import OSA

if TYPE_CHECKING:
    from spellchecker import SpellChecker

SHORTEST = 4
"""Letters that a word has at least before it is corrected: shorter ones resemble too many others."""
LONGEST = 20
SHORTEST_TWO_FAULTS = 6
"""The same for a word that is two letters away from one of the bank's own."""
COMMON = 20_000
"""How often a word stands in the dictionary's corpus before a shorter one than ``LONG`` is taken for it."""
LONG = 8
"""Letters from which a word hardly resembles another one by chance."""
KEPT = 50_000
"""Words whose correction is remembered, of whatever answers they stood in."""
MOST = 300
"""Different unknown words of one answer that are looked up; an answer with more is no English anyway."""

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
_NEGATIONS = "aren't can't couldn't didn't doesn't don't hadn't hasn't haven't isn't mustn't shouldn't wasn't weren't won't wouldn't".split()


class Speller:
    """Knows the words of English and those of a bank."""

    def __init__(self, texts: Iterable[str], vocabulary: Collection[str] = ()) -> None:
        """Learn which words are right.

        Args:
            texts: of the bank; their words are preferred to others.
            vocabulary: words that the model knows.
        """
        self.own = Counter(_WORD.findall("\n".join(texts).lower()))
        """Words of the bank, and how often they stand in it."""
        self._vocabulary = vocabulary
        self._own_words = sorted(self.own)
        self._known: dict[str, str] = {}

    def correct(self, text: str) -> str:
        """Return a text with its misspelt words corrected; anything else stays as it is."""
        looked_up: set[str] = set()

        def corrected(match: re.Match[str]) -> str:
            word = match.group()
            if not word.islower() or "'" in word or not SHORTEST <= len(word) <= LONGEST:
                return word
            if word not in self._known:
                if len(looked_up) >= MOST:
                    return word
                looked_up.add(word)
                if len(self._known) >= KEPT:
                    self._known.clear()
                self._known[word] = self._look_up(word)
            return self._known[word]

        return _WORD.sub(corrected, text)

    @cached_property
    def _dictionary(self) -> SpellChecker:
        from spellchecker import SpellChecker

        return SpellChecker(distance=1)

    def _look_up(self, word: str) -> str:
        if word in self.own or word in self._vocabulary or word in self._dictionary:
            return word
        if word.endswith("nt"):
            near = process.extractOne(word, _NEGATIONS, scorer=OSA.distance, score_cutoff=2)
            if near:
                return near[0]
        candidates = sorted((self._dictionary.candidates(word) or set()) - {word})
        if word.endswith("nt"):
            candidates = [candidate for candidate in candidates if candidate.endswith("nt")]
        if candidates:
            best = max(candidates, key=lambda candidate: (self.own[candidate] > 0, self._dictionary[candidate]))
            sure = best in self.own or len(word) >= LONG or self._dictionary[best] >= COMMON
            return best if sure else word
        if len(word) >= SHORTEST_TWO_FAULTS:
            near = process.extractOne(word, self._own_words, scorer=OSA.distance, score_cutoff=2)
            if near:
                return near[0]
        return word
