"""Joins the lines of a document into blocks: paragraphs, headings, items, marks, and runs of speech."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from evaluator.documents.broken_words import is_broken, rejoined
from evaluator.documents.cleaning import is_answer_label, is_mark
from evaluator.documents.document import Dropped, Place
from evaluator.documents.lines import Line
from evaluator.documents.sentences import Sentence, sentences
from evaluator.documents.transcripts import Cue, Speech, without_marks
from evaluator.text import words

PASSAGE_WORDS = 60
"""Words of a passage of speech, about: three or four sentences."""

WRAPPED_CHARS = 130
"""Longest usual line of a text that is broken at a fixed width; where lines are longer, each is a paragraph."""

LEAD_IN_WORDS = 4
"""Words below which a line that ends in a comma or colon ("And last,") goes with the line after it."""

_ITEM = re.compile(r"^(?:[•·▪◦‣●○■*–—-]\s*(?=\S)|\(?\d{1,2}[.)]\s+)")
NUMBERED = re.compile(r"^\(?\d{1,2}[.)]\s+")
_ENDS_SENTENCE = re.compile(r"[.!?…][\"'”’)\]]*$")


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that belong together."""

    text: str
    place: Place
    role: str
    """heading, item, text, mark (a sign or label before an answer) or speech."""


def blocks_of(lines: Sequence[Line], speech: Speech, dropped: list[Dropped]) -> Iterator[Block]:
    """Yield paragraphs, headings, items and marks, with speech in blocks of whole sentences."""
    cues = {cue.line: cue for cue in speech.cues}
    stamps = set(speech.stamps)
    width = _width([line for index, line in enumerate(lines) if index not in cues and index not in stamps])
    known = {word.lower().strip(".,;:!?") for line in lines for word in line.text.split()}
    paragraph: list[Line] = []
    run: list[Cue] = []
    for index, line in enumerate(lines):
        if index in cues:
            if paragraph:
                yield _joined(paragraph, known)
                paragraph = []
            text, taken = without_marks(cues[index].text)
            dropped.extend(Dropped(piece, line.place, "sound, stamp or tag inside speech") for piece in taken)
            if text:
                run.append(replace(cues[index], text=text))
            continue
        if index in stamps or (not line.text and run):
            continue
        if run:
            yield from _speech_blocks(run, lines)
            run = []
        if paragraph and (not line.text or _starts_block(line, paragraph[-1], width)):
            yield _joined(paragraph, known)
            paragraph = []
        if is_mark(line.text) or (line.text and is_answer_label(line.text)):
            yield Block(line.text, line.place, "mark")
        elif line.text:
            paragraph.append(line)
    if paragraph:
        yield _joined(paragraph, known)
    if run:
        yield from _speech_blocks(run, lines)


def _width(lines: Sequence[Line]) -> int:
    """Return the usual length of a full line where lines are broken at a width, else 0."""
    lengths = sorted(len(line.text) for line in lines if line.text)
    neighbours = sum(
        1
        for a, b in itertools.pairwise(lines)
        if a.text and b.text and not _ENDS_SENTENCE.search(a.text) and len(a.text) > 30
    )
    if not lengths or lengths[-1 - len(lengths) // 20] > WRAPPED_CHARS or neighbours == 0:
        return 0
    return lengths[-1 - len(lengths) // 10]


def _starts_block(line: Line, before: Line, width: int) -> bool:
    """Return whether a line does not go on with the paragraph of the line before it."""
    if before.text.endswith((",", ":")) and len(words(before.text)) < LEAD_IN_WORDS and before.role == line.role:
        return False
    if (
        is_mark(line.text)
        or is_answer_label(line.text)
        or line.role != "text"
        or before.role != "text"
        or _ITEM.match(line.text)
    ):
        return True
    if width == 0:
        return True
    if len(before.text) < 0.6 * width and line.text[:1].isupper():
        return True
    return bool(_ENDS_SENTENCE.search(before.text)) and len(before.text) < 0.75 * width


def _joined(lines: list[Line], known: set[str]) -> Block:
    text = ""
    for line in lines:
        last, _, first = text.rpartition(" ")[2], "", line.text.partition(" ")[0]
        if text and is_broken(last, first):
            text = text[: len(text) - len(last)] + rejoined(last, first, known) + line.text[len(first) :]
        else:
            following = NUMBERED.sub("", line.text) if text.endswith((",", ":")) else line.text
            text = f"{text} {following}" if text else line.text
    return Block(text, span(lines[0].place, lines[-1].place), "item" if _ITEM.match(text) else lines[0].role)


def span(first: Place, last: Place) -> Place:
    """Return the place from one line to another; across pages, the lines are those of the first."""
    same_page = first.page == last.page
    return Place(first.line_start, max(last.line_end, first.line_start) if same_page else first.line_end, first.page)


def _speech_blocks(cues: list[Cue], lines: Sequence[Line]) -> Iterator[Block]:
    yield from (
        Block(text, span(lines[start].place, lines[end].place), "speech")
        for text, start, end in grouped(sentences(cues))
    )


def grouped(spoken: list[Sentence]) -> Iterator[tuple[str, int, int]]:
    """Yield runs of sentences of about ``PASSAGE_WORDS`` words, cut sooner at a pause."""
    group: list[Sentence] = []
    count = 0
    for sentence in spoken:
        length = len(sentence.text.split())
        if group and (count + length > PASSAGE_WORDS or (sentence.after_pause and count >= PASSAGE_WORDS / 2)):
            yield " ".join(part.text for part in group), group[0].line_start, group[-1].line_end
            group, count = [], 0
        group.append(sentence)
        count += length
    if group:
        yield " ".join(part.text for part in group), group[0].line_start, group[-1].line_end
