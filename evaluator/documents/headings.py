"""Tells by its form what a block of text is: a heading, the name of a part of a page, or a question."""

from __future__ import annotations

import re

from evaluator.documents.blocks import NUMBERED, Block
from evaluator.documents.document import Part
from evaluator.text import words

HEADING_WORDS = 10
"""Longest heading."""

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

_ORNAMENT = re.compile(r"^[^\w\"'“”‘’(\[$£€<]+")
LESSON = re.compile(
    r"^\W*(?:welcome\s+to\s+)?(?:module|lesson|lecture|unit|session|week|chapter)\s+(?:\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\b",
    re.IGNORECASE,
)
_ENDS = re.compile(r"[.!?…:;,][\"'”’)\]]*$")
QUESTION_LABEL = re.compile(r"^\W*(?:interview\s+)?(?:question|q)\s*(?:\d{1,3})?\s*[:.]\s*(?=\S)", re.IGNORECASE)


def part_named(text: str) -> Part | None:
    """Return the part of a summary page that a heading names.

    >>> part_named("Key Takeaways"), part_named("Empathy")
    (<Part.TAKEAWAYS: 'takeaways'>, None)
    """
    return next((part for part, pattern in _PARTS.items() if len(text) < 60 and pattern.match(text)), None)


def is_heading(block: Block) -> bool:
    """Return whether a block is short, begins like a title and does not end like a sentence, or was marked as a heading."""
    if block.role == "heading":
        return True
    count = len(words(block.text))
    plain = bare(block.text)
    starts = plain[:1].isupper() or plain[:1].isdigit()
    return block.role == "text" and 0 < count <= HEADING_WORDS and starts and not _ENDS.search(block.text)


def bare(text: str) -> str:
    """Return a text without the bullet, number or picture sign it starts with.

    >>> bare("• 😡 Stay calm."), bare("3. Listen."), bare("-The customer")
    ('Stay calm.', 'Listen.', 'The customer')
    """
    return NUMBERED.sub("", _ORNAMENT.sub("", text)).strip()


def is_question(text: str) -> bool:
    """Return whether a text ends with a question mark."""
    return bool(re.search(r"\?[\"'”’)]*$", text))


def is_next_question(question: str, text: str) -> bool:
    """Return whether a text that follows a question is another one: it asks, and has the same bullet or none as well.

    >>> is_next_question("• What helps?", "-Ask: 'What can I do?'"), is_next_question("• What helps?", "• And what else?")
    (False, True)
    """
    return is_question(text) and (question[0] == text[0] or (question[0].isalnum() and text[0].isalnum()))
