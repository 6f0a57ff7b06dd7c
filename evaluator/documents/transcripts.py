"""Time stamps: tells speech in a document by the stamps over or before it, and takes stamps and sounds out of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from evaluator.documents.lines import Line

_CLOCK = r"(?:\d{1,2}:)?\d{1,2}:\d{2}(?:[.,]\d{1,3})?"
_STAMP = rf"[\[(]?{_CLOCK}[\])]?(?:\s*(?:-->|[-–—]|to)\s*[\[(]?{_CLOCK}[\])]?)?"
_LINE = re.compile(
    rf"^(?:\W{{0,3}}(?:play|start|time)?\W{{0,3}}{_STAMP}(?:\s+(?:align|position|line|size|region|vertical):\S+)*"
    r"|(?:\d+\s+(?:hours?|minutes?),?\s+)*\d+\s+(?:minutes?|seconds?))$",
    re.IGNORECASE,
)
_LEAD = re.compile(rf"^(?:play)?{_STAMP}(?:\s*[-–—:|]\s*|\s+)(?=\S)", re.IGNORECASE)
_SPEAKER = re.compile(
    rf"^(?:[A-Z][\w.'’-]*\s+){{1,3}}\s*[\[(]?{_CLOCK}[\])]?$|^[\[(]?{_CLOCK}[\])]?\s+(?:[A-Z][\w.'’-]*\s*){{1,3}}:$"
)
_INLINE = re.compile(rf"(?:\bplay{_CLOCK}|[\[(]{_CLOCK}[\])]|<{_CLOCK}>)", re.IGNORECASE)
_SOUND = re.compile(
    r"[\[(](?:[^\])]{0,30}\b)?(?:music|applause|laughter|laughs?|chuckles?|silence|inaudible|crosstalk|sighs?|noise|cheering|beep|sound|clapping)\b"
    r"[^\])]{0,30}[\])]|♪+[^♪]{0,80}♪+|♪+",
    re.IGNORECASE,
)
_TAG = re.compile(r"</?(?:c|v|i|b|u|ruby|rt|lang|font)(?:[.\s][^>]{0,80})?>")
_CLOCK_PARTS = re.compile(r"(?:(\d{1,2}):)?(\d{1,2}):(\d{2})")


def is_stamp(text: str) -> bool:
    """Return whether a line is a time stamp and nothing else.

    >>> [is_stamp(line) for line in ("play00:02", "[0:02]", "00:00:02.000 --> 00:00:05.000", "1 minute, 5 seconds")]
    [True, True, True, True]
    >>> is_stamp("We open at 9:30")
    False
    """
    return len(text) < 100 and bool(_LINE.match(text))


def is_speaker_stamp(text: str) -> bool:
    """Return whether a line is a speaker's name and a time stamp; the name behind the stamp needs a colon.

    >>> is_speaker_stamp("Maria Lopez 0:12"), is_speaker_stamp("Open until 21:30")
    (True, False)
    >>> is_speaker_stamp("[0:12] Maria:"), is_speaker_stamp("[0:12] Then I")
    (True, False)
    """
    return len(text) < 80 and bool(_SPEAKER.match(text)) and not text.startswith(("Open", "Closed", "From", "At "))


def leading_stamp(text: str) -> str:
    """Return the time stamp that a line starts with, or nothing.

    >>> leading_stamp("0:02 not all of it"), leading_stamp("not at 0:02")
    ('0:02 ', '')
    """
    match = _LEAD.match(text)
    return match.group() if match else ""


def seconds(stamp: str) -> float:
    """Return the seconds of the first clock in a stamp.

    >>> seconds("play01:05")
    65.0
    """
    match = _CLOCK_PARTS.search(stamp)
    if not match:
        return 0.0
    hours, minutes, rest = (int(group or 0) for group in match.groups())
    return 3600.0 * hours + 60.0 * minutes + rest


def without_marks(text: str) -> tuple[str, list[str]]:
    """Return a line of speech without stamps, sounds and tags inside it, and what was taken out.

    >>> without_marks("[Music] so [00:12] we wait")
    ('so we wait', ['[Music]', '[00:12]'])
    """
    taken = []
    for pattern in (_SOUND, _INLINE, _TAG):
        taken += [match.group() for match in pattern.finditer(text)]
        text = pattern.sub(" ", text)
    return " ".join(text.split()), taken


@dataclass(frozen=True, slots=True)
class Cue:
    """Words that were spoken from one time stamp to the next."""

    text: str
    line: int
    """Index of its line in the document."""
    second: float
    """At which it starts; 0 where nothing says so."""


MIN_STAMPS = 3
"""Time stamps in a row from which they are a transcript: one alone is a chapter mark or a time of day."""

_CUE_NUMBER = re.compile(r"^\d{1,6}$")


@dataclass(frozen=True, slots=True)
class Speech:
    """Where the transcripts of a document are."""

    cues: tuple[Cue, ...]
    stamps: tuple[int, ...]
    """Indices of the lines that are time stamps or cue numbers only."""


def find_speech(lines: Sequence[Line]) -> Speech:
    """Return the lines that stand under or behind time stamps, where at least ``MIN_STAMPS`` follow each other."""
    cues: list[Cue] = []
    stamps: list[int] = []
    run: list[Cue] = []
    run_stamps: list[int] = []
    longest = 0  # lines of a cue in this run
    taken = -1  # lines taken under the last stamp; -1 where no stamp is open
    apart = False  # whether an empty line followed text under the last stamp
    second = 0.0
    count = 0

    def close() -> None:
        nonlocal run, run_stamps, longest, count, taken
        if count >= MIN_STAMPS:
            cues.extend(run)
            stamps.extend(run_stamps)
        run, run_stamps, longest, count, taken = [], [], 0, 0, -1

    for index, line in enumerate(lines):
        text = line.text
        lead = leading_stamp(text)
        if not text:
            apart = apart or taken > 0
        elif is_stamp(text) or is_speaker_stamp(text) or lead:
            second, count, apart = seconds(text), count + 1, False
            longest = max(longest, taken)
            taken = 0
            if lead and not is_stamp(text) and not is_speaker_stamp(text):
                run.append(Cue(text[len(lead) :], index, second))
                taken = 1
            else:
                run_stamps.append(index)
        elif _CUE_NUMBER.match(text) and index + 1 < len(lines) and is_stamp(lines[index + 1].text):
            run_stamps.append(index)
        elif (
            taken >= 0 and not apart and (count < MIN_STAMPS or taken < max(longest, 1) or _stamp_follows(lines, index))
        ):
            run.append(Cue(text, index, second))
            taken += 1
        else:
            close()
    close()
    return Speech(tuple(cues), tuple(stamps))


def _stamp_follows(lines: Sequence[Line], index: int) -> bool:
    """Return whether another stamp stands in the next lines: what lies between was said."""
    for line in lines[index + 1 : index + 40]:
        if line.text and (is_stamp(line.text) or leading_stamp(line.text) or _CUE_NUMBER.match(line.text)):
            return True
    return False
