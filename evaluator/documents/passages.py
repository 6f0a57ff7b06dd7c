"""Cuts a cleaned document into passages: says of what kind it is, which part each passage stands in, and where."""

from __future__ import annotations

import hashlib
import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from evaluator.documents.cleaning import is_answer_label, is_mark
from evaluator.documents.document import Dropped, Kind, Part, Passage, Place
from evaluator.documents.lines import Line
from evaluator.documents.sentences import Sentence, is_broken, is_punctuated, rejoined, sentences
from evaluator.documents.transcripts import Cue, Speech, without_marks
from evaluator.text import words

PASSAGE_WORDS = 60
"""Words of a passage of speech, about: three or four sentences."""

WRAPPED_CHARS = 130
"""Longest usual line of a text that is broken at a fixed width; where lines are longer, each is a paragraph."""

HEADING_WORDS = 10
"""Longest heading."""

LEAD_IN_WORDS = 4
"""Words below which a line that ends in a comma or colon ("And last,") goes with the line after it."""

SPOKEN_WORDS = 4
"""Words from which a line in small letters without a full stop may be a sentence: "I stay calm and polite"."""

_PART_NAMES = {
    Part.SUMMARY: "summary|overview|abstract|tl;?dr|description|in brief|about this video",
    Part.TAKEAWAYS: "takeaways|key takeaways|main takeaways|key points|main points|lessons|key lessons|what you will learn",
    Part.QUESTIONS_AND_ANSWERS: "q ?& ?a|q ?and ?a|questions? (?:and|&) answers?|faqs?|frequently asked questions",
    Part.OUTLINE: "outlines?|chapters|timeline|time ?stamps|contents",
    Part.KEYWORDS: "keywords?|key terms|glossary|terms|vocabulary",
    Part.HIGHLIGHTS: "highlights|key highlights|key moments|quotes|key quotes|notable quotes|mind ?map",
    Part.TRANSCRIPT: "transcripts?|full transcript|video transcript|auto-?generated transcript|captions|subtitles",
}
_PARTS = {part: re.compile(rf"^\W*(?:the )?(?:{names})\W*$", re.IGNORECASE) for part, names in _PART_NAMES.items()}

_ITEM = re.compile(r"^(?:[•·▪◦‣●○■*–—-]\s*(?=\S)|\(?\d{1,2}[.)]\s+)")
_NUMBERED = re.compile(r"^\(?\d{1,2}[.)]\s+")
_ORNAMENT = re.compile(r"^[^\w\"'“”‘’(\[$£€<]+")
_LESSON = re.compile(
    r"^\W*(?:welcome\s+to\s+)?(?:module|lesson|lecture|unit|session|week|chapter)\s+(?:\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\b",
    re.IGNORECASE,
)
_ENDS = re.compile(r"[.!?…:;,][\"'”’)\]]*$")
_ENDS_SENTENCE = re.compile(r"[.!?…][\"'”’)\]]*$")
_QUESTION_LABEL = re.compile(r"^\W*(?:interview\s+)?(?:question|q)\s*(?:\d{1,3})?\s*[:.]\s*(?=\S)", re.IGNORECASE)
_ANSWER_LEAD = re.compile(r"^\W{0,3}(?:answer\s*(?:#?\d{1,3})?|a)\s*[:.]\s+(?=\S)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Cut:
    """A document in passages, before languages, duplicates and answers are marked."""

    title: str
    kind: Kind
    question: str
    passages: tuple[Passage, ...]
    dropped: tuple[Dropped, ...]


@dataclass(frozen=True, slots=True)
class _Block:
    text: str
    place: Place
    role: str
    """heading, item, text, mark (a sign or label before an answer) or speech."""


def cut(document_id: str, lines: Sequence[Line], speech: Speech, title: str) -> Cut:
    """Return the passages of cleaned lines. ``speech`` refers to the same lines by their index."""
    dropped = [Dropped(lines[index].text, lines[index].place, "time stamp") for index in speech.stamps]
    blocks = list(_blocks(lines, speech, dropped))
    kind = _kind(blocks, lines, speech)
    if kind is Kind.QUESTIONS_AND_ANSWERS:
        found, question = _answers(blocks, dropped)
        title = title or question
    else:
        question = ""
        if not title and blocks and (_is_heading(blocks[0]) and not _part_named(blocks[0].text)):
            title = _bare(blocks[0].text)
        if kind is Kind.TRANSCRIPT and not speech.cues:
            found = list(_spoken_paragraphs(blocks, dropped))
        else:
            found = list(_sections(blocks, kind, dropped, title))
        if not title and blocks and _LESSON.match(blocks[0].text):
            opening = re.split(r"(?<=[.!?])\s", blocks[0].text)[0].rstrip(".")
            title = opening if len(words(opening)) <= HEADING_WORDS + 2 else ""
        if not title:
            title = next(
                (_bare(block.text) for block in blocks if _is_heading(block) and not _part_named(block.text)), ""
            )
    return Cut(title, kind, question, _with_ids(document_id, found), tuple(dropped))


def _kind(blocks: list[_Block], lines: Sequence[Line], speech: Speech) -> Kind:
    marks = Counter(block.text.strip() if is_mark(block.text) else "label" for block in blocks if block.role == "mark")
    if marks and max(marks.values()) >= 2:
        return Kind.QUESTIONS_AND_ANSWERS
    named = {part for block in blocks if (part := _part_named(block.text))}
    if len(named) >= 3 or (named and speech.cues and Part.TRANSCRIPT in named):
        return Kind.VIDEO_SUMMARY
    text = " ".join(line.text for line in lines)
    first = next((block.text for block in blocks), "")
    if (
        speech.cues
        or Part.TRANSCRIPT in named
        or _LESSON.match(first)
        or (len(words(text)) > 60 and not is_punctuated(text))
    ):
        return Kind.TRANSCRIPT
    return Kind.ARTICLE


def _blocks(lines: Sequence[Line], speech: Speech, dropped: list[Dropped]) -> Iterator[_Block]:
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
            yield _Block(line.text, line.place, "mark")
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


def _joined(lines: list[Line], known: set[str]) -> _Block:
    text = ""
    for line in lines:
        last, _, first = text.rpartition(" ")[2], "", line.text.partition(" ")[0]
        if text and is_broken(last, first):
            text = text[: len(text) - len(last)] + rejoined(last, first, known) + line.text[len(first) :]
        else:
            following = _NUMBERED.sub("", line.text) if text.endswith((",", ":")) else line.text
            text = f"{text} {following}" if text else line.text
    return _Block(text, _span(lines[0].place, lines[-1].place), "item" if _ITEM.match(text) else lines[0].role)


def _span(first: Place, last: Place) -> Place:
    same_page = first.page == last.page
    return Place(first.line_start, max(last.line_end, first.line_start) if same_page else first.line_end, first.page)


def _speech_blocks(cues: list[Cue], lines: Sequence[Line]) -> Iterator[_Block]:
    yield from (
        _Block(text, _span(lines[start].place, lines[end].place), "speech")
        for text, start, end in _grouped(sentences(cues))
    )


def _grouped(spoken: list[Sentence]) -> Iterator[tuple[str, int, int]]:
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


def _part_named(text: str) -> Part | None:
    """Return the part of a summary page that a heading names.

    >>> _part_named("Key Takeaways"), _part_named("Empathy")
    (<Part.TAKEAWAYS: 'takeaways'>, None)
    """
    return next((part for part, pattern in _PARTS.items() if len(text) < 60 and pattern.match(text)), None)


def _is_heading(block: _Block) -> bool:
    if block.role == "heading":
        return True
    count = len(words(block.text))
    bare = _bare(block.text)
    starts = bare[:1].isupper() or bare[:1].isdigit()
    return block.role == "text" and 0 < count <= HEADING_WORDS and starts and not _ENDS.search(block.text)


def _bare(text: str) -> str:
    """Return a text without the bullet, number or picture sign it starts with.

    >>> _bare("• 😡 Stay calm."), _bare("3. Listen."), _bare("-The customer")
    ('Stay calm.', 'Listen.', 'The customer')
    """
    return _NUMBERED.sub("", _ORNAMENT.sub("", text)).strip()


def _sections(blocks: list[_Block], kind: Kind, dropped: list[Dropped], title: str) -> Iterator[Passage]:
    """Yield a passage for every block of text under its heading; a heading with nothing under it is dropped."""
    part = Part.ARTICLE
    pair = Part.QUESTIONS_AND_ANSWERS
    section = above = ""
    heading: _Block | None = None
    question: _Block | None = None
    for block in blocks:
        if question and (
            _is_next_question(question.text, block.text)
            or block.role in {"heading", "speech"}
            or _part_named(block.text)
        ):
            yield _passage(question, pair, section)
            question = None
        if block.role == "mark":
            dropped.append(Dropped(block.text, block.place, "no words"))
        elif block.role == "speech":
            yield _passage(block, Part.TRANSCRIPT, section)
            heading = None
        elif question is None and _is_heading(block):
            if heading is not None:
                yield from _without_text(heading, part, above, dropped, title)
            heading, above = block, section
            named = _part_named(block.text)
            part = (named or part) if kind is not Kind.ARTICLE else part
            section = _bare(block.text)
        elif question is None and _is_question(block.text) and (part is pair or _QUESTION_LABEL.match(block.text)):
            question, heading = block, None
        else:
            if question:
                text = f"{_QUESTION_LABEL.sub('', _bare(question.text))} {_ANSWER_LEAD.sub('', _bare(block.text))}"
                yield _passage(_Block(text, _span(question.place, block.place), "text"), pair, section)
                question = None
            else:
                yield _passage(block, part, section)
            heading = None
    if question:
        yield _passage(question, pair, section)
    if heading is not None:
        yield from _without_text(heading, part, above, dropped, title)


def _without_text(heading: _Block, part: Part, section: str, dropped: list[Dropped], title: str) -> Iterator[Passage]:
    """Drop a heading with nothing under it; what only looked like one, since its full stop is missing, is a passage."""
    spelt = [word for word in _bare(heading.text).split() if word[0].isalpha()]
    lower = sum(word[0].islower() for word in spelt)
    if (
        heading.role == "text"
        and len(spelt) >= SPOKEN_WORDS
        and lower > len(spelt) / 2
        and _bare(heading.text) != title
    ):
        yield _passage(heading, part, section)
    else:
        dropped.append(Dropped(heading.text, heading.place, _why_no_text(heading, title)))


def _why_no_text(heading: _Block, title: str) -> str:
    if _bare(heading.text) == title:
        return "title"
    return "heading of a part" if _part_named(heading.text) else "heading with no text under it"


def _is_question(text: str) -> bool:
    return bool(re.search(r"\?[\"'”’)]*$", text))


def _is_next_question(question: str, text: str) -> bool:
    """Return whether a text that follows a question is another one: it asks, and has the same bullet or none as well.

    >>> _is_next_question("• What helps?", "-Ask: 'What can I do?'"), _is_next_question("• What helps?", "• And what else?")
    (False, True)
    """
    return _is_question(text) and (question[0] == text[0] or (question[0].isalnum() and text[0].isalnum()))


def _spoken_paragraphs(blocks: list[_Block], dropped: list[Dropped]) -> Iterator[Passage]:
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
            or (len(words(text)) <= HEADING_WORDS and _is_heading(block) and not run)
        ):
            yield from _unpunctuated(run, places, section)
            run, places = [], []
            if _is_heading(block):
                section = _bare(text)
                continue
            yield _passage(replace(block, text=text), Part.TRANSCRIPT, section)
        elif text:
            run.append(Cue(text, len(places), 0.0))
            places.append(block.place)
    yield from _unpunctuated(run, places, section)


def _unpunctuated(run: list[Cue], places: list[Place], section: str) -> Iterator[Passage]:
    for text, start, end in _grouped(sentences(run)):
        yield _passage(_Block(text, _span(places[start], places[end]), "speech"), Part.TRANSCRIPT, section)


def _answers(blocks: list[_Block], dropped: list[Dropped]) -> tuple[list[Passage], str]:
    """Return one passage an answer, and the question: what stands before the first mark and asks, or is called one."""
    found: list[Passage] = []
    question = ""
    seen_mark = False
    current: list[_Block] = []

    def close() -> None:
        if current:
            text = " ".join(
                block.text if block.role == "item" else _ANSWER_LEAD.sub("", block.text) for block in current
            )
            found.append(_passage(_Block(text, _span(current[0].place, current[-1].place), "text"), Part.ANSWER, ""))
            current.clear()

    for block in blocks:
        if block.role == "mark":
            seen_mark = True
            dropped.append(Dropped(block.text, block.place, "mark before an answer"))
            close()
        elif seen_mark:
            current.append(block)
        elif _is_question(block.text) or _QUESTION_LABEL.match(block.text):
            question = question or _QUESTION_LABEL.sub("", block.text)
            dropped.append(Dropped(block.text, block.place, "question of the page"))
        elif _is_heading(block):
            dropped.append(Dropped(block.text, block.place, "heading before the answers"))
        else:
            found.append(_passage(block, Part.ARTICLE, ""))
    close()
    return found, question


def _passage(block: _Block, part: Part, section: str) -> Passage:
    return Passage("", " ".join(_bare(block.text).split()), part, section, block.place, "")


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
