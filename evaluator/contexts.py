"""Sentences of an answer with what stands around them: a clause that sounds harmless alone may not be in its place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from evaluator.models.stretches import marked
from evaluator.spans import sentence_spans
from evaluator.text import NormalisedText, tidy, words

BLOCK_WORDS = 160
"""Words of an answer that are read at once: about 210 of the 256 word pieces that MiniLM reads."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, or a part of a very long one, and the larger text that it is read in."""

    start: int
    """First character in the original text."""
    end: int
    """One past the last character in the original text."""
    text: str
    """Without fillers and stutters, and with misspelt words corrected."""
    block: str
    """The whole answer, or the part of a long answer that it stands in."""
    place: int
    """Its first character in ``block``."""

    @property
    def readings(self) -> tuple[str, str, str]:
        """What is read to tell what the sentence says: it alone, the whole, and it in its place (``models.stretches``)."""
        return self.text, self.block, marked(self.block, *self.stretch)

    @property
    def stretch(self) -> tuple[int, int]:
        """Where it stands in ``block``: its first character and one past the last."""
        return self.place, self.place + len(self.text)


def sentences(normalised: NormalisedText, correct: Callable[[str], str] = str) -> tuple[Sentence, ...]:
    """Return the sentences of a text in order; each word is in exactly one.

    Args:
        normalised: the text.
        correct: returns a text with its misspelt words corrected.
    """
    spans = [(start, end) for start, end in sentence_spans(normalised.text) if words(tidy(normalised.text[start:end]))]
    texts = [correct(tidy(normalised.text[start:end])) for start, end in spans]
    blocks = _blocks([len(words(text)) for text in texts])
    return tuple(
        Sentence(
            *normalised.span(*span),
            texts[number],
            " ".join(texts[slice(*block)]),
            sum(len(text) + 1 for text in texts[block[0] : number]),
        )
        for number, (span, block) in enumerate(zip(spans, blocks, strict=True))
    )


def block_spans(normalised: NormalisedText) -> list[tuple[int, int]]:
    """Return where the parts of a normalised text stand that are read at once: all of it, or whole sentences of a long one."""
    spans = sentence_spans(normalised.text)
    blocks = dict.fromkeys(_blocks([len(words(normalised.text[start:end])) for start, end in spans]))
    return [(spans[first][0], spans[last - 1][1]) for first, last in blocks]


def _blocks(lengths: list[int]) -> list[tuple[int, int]]:
    """Return for each sentence the range of sentences of its block; blocks are as equal as their number allows."""
    parts = max(1, -(-sum(lengths) // BLOCK_WORDS))
    share = sum(lengths) / parts
    numbers, before = [], 0
    for length in lengths:
        numbers.append(min(parts - 1, int((before + length / 2) // share)) if share else 0)
        before += length
    first = {number: place for place, number in reversed(list(enumerate(numbers)))}
    last = {number: place for place, number in enumerate(numbers)}
    return [(first[number], last[number] + 1) for number in numbers]
