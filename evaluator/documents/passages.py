"""Cuts a cleaned document into passages: says of what kind it is, which part each passage stands in, and where."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from evaluator.documents.blocks import Block, blocks_of, grouped, span
from evaluator.documents.cleaning import is_mark
from evaluator.documents.document import Dropped, Kind, Part, Passage, Place
from evaluator.documents.headings import (
    HEADING_WORDS,
    LESSON,
    QUESTION_LABEL,
    bare,
    is_heading,
    is_next_question,
    is_question,
    part_named,
)
from evaluator.documents.lines import Line
from evaluator.documents.sentences import is_punctuated, sentences
from evaluator.documents.transcripts import Cue, Speech, without_marks
from evaluator.text import words

SPOKEN_WORDS = 4
"""Words from which a line in small letters without a full stop may be a sentence: "I stay calm and polite"."""

_ANSWER_LEAD = re.compile(r"^\W{0,3}(?:answer\s*(?:#?\d{1,3})?|a)\s*[:.]\s+(?=\S)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Cut:
    """A document in passages, before languages, duplicates and answers are marked."""

    title: str
    kind: Kind
    question: str
    passages: tuple[Passage, ...]
    dropped: tuple[Dropped, ...]


def cut(document_id: str, lines: Sequence[Line], speech: Speech, title: str) -> Cut:
    """Return the passages of cleaned lines. ``speech`` refers to the same lines by their index."""
    dropped = [Dropped(lines[index].text, lines[index].place, "time stamp") for index in speech.stamps]
    blocks = list(blocks_of(lines, speech, dropped))
    kind = _kind(blocks, lines, speech)
    if kind is Kind.QUESTIONS_AND_ANSWERS:
        found, question = _answers(blocks, dropped)
        title = title or question
    else:
        question = ""
        if not title and blocks and (is_heading(blocks[0]) and not part_named(blocks[0].text)):
            title = bare(blocks[0].text)
        if kind is Kind.TRANSCRIPT and not speech.cues:
            found = list(_spoken_paragraphs(blocks, dropped))
        else:
            found = list(_sections(blocks, kind, dropped, title))
        if not title and blocks and LESSON.match(blocks[0].text):
            opening = re.split(r"(?<=[.!?])\s", blocks[0].text)[0].rstrip(".")
            title = opening if len(words(opening)) <= HEADING_WORDS + 2 else ""
        if not title:
            title = next((bare(block.text) for block in blocks if is_heading(block) and not part_named(block.text)), "")
    return Cut(title, kind, question, _with_ids(document_id, found), tuple(dropped))


def _kind(blocks: list[Block], lines: Sequence[Line], speech: Speech) -> Kind:
    marks = Counter(block.text.strip() if is_mark(block.text) else "label" for block in blocks if block.role == "mark")
    if marks and max(marks.values()) >= 2:
        return Kind.QUESTIONS_AND_ANSWERS
    named = {part for block in blocks if (part := part_named(block.text))}
    if len(named) >= 3 or (named and speech.cues and Part.TRANSCRIPT in named):
        return Kind.VIDEO_SUMMARY
    text = " ".join(line.text for line in lines)
    first = next((block.text for block in blocks), "")
    if (
        speech.cues
        or Part.TRANSCRIPT in named
        or LESSON.match(first)
        or (len(words(text)) > 60 and not is_punctuated(text))
    ):
        return Kind.TRANSCRIPT
    return Kind.ARTICLE


def _sections(blocks: list[Block], kind: Kind, dropped: list[Dropped], title: str) -> Iterator[Passage]:
    """Yield a passage for every block of text under its heading; a heading with nothing under it is dropped."""
    part = Part.ARTICLE
    pair = Part.QUESTIONS_AND_ANSWERS
    section = above = ""
    heading: Block | None = None
    question: Block | None = None
    for block in blocks:
        if question and (
            is_next_question(question.text, block.text) or block.role in {"heading", "speech"} or part_named(block.text)
        ):
            yield _passage(question, pair, section)
            question = None
        if block.role == "mark":
            dropped.append(Dropped(block.text, block.place, "no words"))
        elif block.role == "speech":
            yield _passage(block, Part.TRANSCRIPT, section)
            heading = None
        elif question is None and is_heading(block):
            if heading is not None:
                yield from _without_text(heading, part, above, dropped, title)
            heading, above = block, section
            named = part_named(block.text)
            part = (named or part) if kind is not Kind.ARTICLE else part
            section = bare(block.text)
        elif question is None and is_question(block.text) and (part is pair or QUESTION_LABEL.match(block.text)):
            question, heading = block, None
        else:
            if question:
                text = f"{QUESTION_LABEL.sub('', bare(question.text))} {_ANSWER_LEAD.sub('', bare(block.text))}"
                yield _passage(Block(text, span(question.place, block.place), "text"), pair, section)
                question = None
            else:
                yield _passage(block, part, section)
            heading = None
    if question:
        yield _passage(question, pair, section)
    if heading is not None:
        yield from _without_text(heading, part, above, dropped, title)


def _without_text(heading: Block, part: Part, section: str, dropped: list[Dropped], title: str) -> Iterator[Passage]:
    """Drop a heading with nothing under it; what only looked like one, since its full stop is missing, is a passage."""
    spelt = [word for word in bare(heading.text).split() if word[0].isalpha()]
    lower = sum(word[0].islower() for word in spelt)
    if heading.role == "text" and len(spelt) >= SPOKEN_WORDS and lower > len(spelt) / 2 and bare(heading.text) != title:
        yield _passage(heading, part, section)
    else:
        dropped.append(Dropped(heading.text, heading.place, _why_no_text(heading, title)))


def _why_no_text(heading: Block, title: str) -> str:
    if bare(heading.text) == title:
        return "title"
    return "heading of a part" if part_named(heading.text) else "heading with no text under it"


def _spoken_paragraphs(blocks: list[Block], dropped: list[Dropped]) -> Iterator[Passage]:
    """Yield the passages of speech without time stamps: its paragraphs, or sentences where it has no marks."""
    run: list[Cue] = []
    places: list[Place] = []
    section = ""
    for block in blocks:
        if block.role == "mark":
            dropped.append(Dropped(block.text, block.place, "no words"))
            continue
        text, taken = without_marks(block.text)
        dropped.extend(Dropped(piece, block.place, "sound, stamp or tag inside speech") for piece in taken)
        if (
            is_punctuated(text)
            or block.role == "heading"
            or (len(words(text)) <= HEADING_WORDS and is_heading(block) and not run)
        ):
            yield from _unpunctuated(run, places, section)
            run, places = [], []
            if is_heading(block):
                section = bare(text)
                continue
            yield _passage(replace(block, text=text), Part.TRANSCRIPT, section)
        elif text:
            run.append(Cue(text, len(places), 0.0))
            places.append(block.place)
    yield from _unpunctuated(run, places, section)


def _unpunctuated(run: list[Cue], places: list[Place], section: str) -> Iterator[Passage]:
    for text, start, end in grouped(sentences(run)):
        yield _passage(Block(text, span(places[start], places[end]), "speech"), Part.TRANSCRIPT, section)


def _answers(blocks: list[Block], dropped: list[Dropped]) -> tuple[list[Passage], str]:
    """Return one passage an answer, and the question: what stands before the first mark and asks, or is called one."""
    found: list[Passage] = []
    question = ""
    seen_mark = False
    current: list[Block] = []

    def close() -> None:
        if current:
            text = " ".join(
                block.text if block.role == "item" else _ANSWER_LEAD.sub("", block.text) for block in current
            )
            found.append(_passage(Block(text, span(current[0].place, current[-1].place), "text"), Part.ANSWER, ""))
            current.clear()

    for block in blocks:
        if block.role == "mark":
            seen_mark = True
            dropped.append(Dropped(block.text, block.place, "mark before an answer"))
            close()
        elif seen_mark:
            current.append(block)
        elif is_question(block.text) or QUESTION_LABEL.match(block.text):
            question = question or QUESTION_LABEL.sub("", block.text)
            dropped.append(Dropped(block.text, block.place, "question of the page"))
        elif is_heading(block):
            dropped.append(Dropped(block.text, block.place, "heading before the answers"))
        else:
            found.append(_passage(block, Part.ARTICLE, ""))
    close()
    return found, question


def _passage(block: Block, part: Part, section: str) -> Passage:
    return Passage("", " ".join(bare(block.text).split()), part, section, block.place, "")


def _with_ids(document_id: str, passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """Give every passage an id from its words; a text that comes again gets a number."""
    seen: Counter[str] = Counter()
    named = []
    for passage in passages:
        digest = hashlib.sha256(" ".join(words(passage.text)).encode()).hexdigest()[:8]
        seen[digest] += 1
        suffix = f"-{seen[digest]}" if seen[digest] > 1 else ""
        named.append(replace(passage, id=f"{document_id}.{digest}{suffix}"))
    return tuple(passage for passage in named if words(passage.text))
