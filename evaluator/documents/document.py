"""What an import yields: a document as clean passages that know where they stand, and what was dropped, with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What sort of document it is. Decides how it is cut into passages."""

    QUESTIONS_AND_ANSWERS = "question-and-answer page"
    VIDEO_SUMMARY = "video summary page"
    TRANSCRIPT = "transcript"
    ARTICLE = "article"


class Part(StrEnum):
    """Which part of its document a passage stands in."""

    SUMMARY = "summary"
    TAKEAWAYS = "takeaways"
    QUESTIONS_AND_ANSWERS = "questions-and-answers"
    OUTLINE = "outline"
    KEYWORDS = "keywords"
    HIGHLIGHTS = "highlights"
    TRANSCRIPT = "transcript"
    ANSWER = "answer"
    ARTICLE = "article"
    COMMENT = "comment"


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the original a text stands."""

    line_start: int
    """First line, from 1. In a DOCX the number of the paragraph; in a PDF the line on its page."""
    line_end: int
    """Last line, at least ``line_start``."""
    page: int | None = None
    """Page, from 1; None where the format has no pages. A text that runs on counts as on its first page."""

    def __str__(self) -> str:
        """Return the place in words.

        >>> str(Place(3, 3)), str(Place(3, 9)), str(Place(3, 9, page=2))
        ('line 3', 'lines 3-9', 'page 2')
        """
        if self.page is not None:
            return f"page {self.page}"
        return (
            f"line {self.line_start}"
            if self.line_start == self.line_end
            else f"lines {self.line_start}-{self.line_end}"
        )


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of clean prose, small enough to be retold as one point."""

    id: str
    """The document's id, a dot, and eight hexadecimal digits from the words of the text: other passages may come and go."""
    text: str
    """One line, in sentences, without time stamps, widgets and marks."""
    part: Part
    section: str
    """Heading that it stands under, or empty."""
    place: Place
    language: str
    """Two-letter code; that of the document where the passage is too short to tell."""
    duplicate_of: str | None = None
    """Id of a passage, of this document or another one, that says the same in nearly the same words."""
    answers_question: bool | None = None
    """Whether it answers the question of its page; None where the document is no page of answers."""
    reason: str = ""
    """Why ``answers_question`` was decided so."""

    @property
    def proposed(self) -> bool:
        """Whether it is worth a point of its own: no duplicate, and not beside the question."""
        return self.duplicate_of is None and self.answers_question is not False


@dataclass(frozen=True, slots=True)
class Dropped:
    """A piece of the original that is in no passage."""

    text: str
    place: Place
    reason: str


@dataclass(frozen=True, slots=True)
class ImportedDocument:
    """A document that was read, cleaned and cut into passages."""

    id: str
    """Lower-case letters, digits and hyphens, from the file name."""
    title: str
    kind: Kind
    language: str
    """Two-letter code of most of the text."""
    date: str
    """ISO date that the document itself names, or empty."""
    original: str
    """File name, without its folder."""
    sha256: str
    """Of the original file, in hexadecimal."""
    question: str
    """Question that the passages answer, where the page names one; else empty."""
    passages: tuple[Passage, ...]
    dropped: tuple[Dropped, ...]
