"""Normalising and cutting: nothing is lost, everything can be found again in the original, no text is too odd."""

from __future__ import annotations

import re
import time
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from evaluator.domain import Segment
from evaluator.spans import WINDOW_CHARS, WINDOW_OVERLAP, WINDOW_WORDS
from evaluator.text import MAX_ANSWER_CHARS, MAX_MARKS, content_words, normalise, segment, tidy, words

LETTER = re.compile(r"[^\W_]")

PIECES = (
    "I listen", "I would never argue", "listen", "um", "you know", "well", "like", "don't", "I", "no", "Dr", "etc", "5",
    " ", "  ", ". ", ".", "...", "…", "? ", ", ", ", and then I ", " but I ", ": ", "; ", "\n", "\r\n", "\t", "\v", " - ",
    " — ", "•", "1. ", "2) ", "(", ")", "[", '"', "’", "´", "`", "_", "/", "@", "\x00", "\x07", "\x1b[31m", "\u202e",
    "\u2066", "\u200b", "\u200d", "\ufeff", "\u00ad", "\u0301", "\u0308\u0323", "e\u0301", "\u00a0", "\u2028", "ﬁ", "½",
    "①", "Ａ", "ﷺ", "한", "ᄒ", "ᅡ", "и", "ж", "中文", "שלום", "हिन्दी", "😀", "👩🏽‍⚕️", "🇪🇸", "❤️", "\ue000", "x" * 70,
)  # fmt: skip
ANY_TEXT = st.one_of(
    st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=120),
    st.lists(st.sampled_from(PIECES), max_size=60).map("".join),
)
PLAIN_WORDS = [
    "I",
    "listen",
    "to",
    "the",
    "customer",
    "call",
    "a",
    "pharmacist",
    "ask",
    "apologise",
    "fix",
    "it",
    "now",
]
PLAIN_TEXT = st.lists(
    st.one_of(st.sampled_from(PLAIN_WORDS), st.sampled_from(["and then I", "but I", ".", ",", "?", "\n", "so they"])),
    max_size=120,
).map(" ".join)


def cut(text: str) -> tuple[Segment, ...]:
    return segment(normalise(text))


def in_order(part: list[str] | str, whole: list[str] | str) -> bool:
    """Return whether ``part`` is ``whole`` with some items left out."""
    rest = iter(whole)
    return all(item in rest for item in part)


# normalise


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I listen.", "I listen."),
        ("", ""),
        ("   ", "   "),
        ("don’t ‘x’ “y” don´t don`t donʼt don＇t", "don't 'x' \"y\" don't don't don't don't"),
        ("cafe\u0301", "café"),
        ("ﬁne ½ ① Ａ", "fine 1⁄2 1 A"),
        ("a\u00a0b\u2003c\td", "a b c d"),
        ("a\nb\r\nc\vd\u2028e\x85f", "a\nb\n\nc\nd\ne\nf"),
        ("a\n\u0301b\t\u0301c", "a\nb c"),
        ("a\x00b\u200bc\u202ed\ufeffe\ue000f\u00adg", "abcdefg"),
        ("\x00\x01\u200b", ""),
        ("😀", "😀"),
        ("a" + "\u0301" * 5000, "á" + "\u0301" * (MAX_MARKS - 1)),
    ],
)
def test_normalise(text: str, expected: str) -> None:
    assert normalise(text).text == expected


@pytest.mark.parametrize(
    ("text", "stripped"),
    [("", 0), ("plain", 0), ("a\x00b", 1), ("\u202eab\u202c", 2), ("a\nb\tc", 0), ("a" + "\u0301" * 10, 3)],
)
def test_what_was_stripped_is_counted(text: str, stripped: int) -> None:
    assert normalise(text).stripped == stripped


@pytest.mark.parametrize(
    ("text", "mixed"),
    [
        ("I listen to the customer", False),
        ("It says 25 \u00b5g, not mg, so I ask.", False),
        ("I lіsten to the customer", True),  # Cyrillic і
        ("café naïve ﬁne Ａ", False),
        ("Слушаю клиента", False),
        ("I say привет to them", False),
        ("", False),
        ("123 ... 😀", False),
        ("word " * 200 + "lіsten", False),  # one slip in a long text is no trick
    ],
)
def test_mixed_scripts(text: str, mixed: bool) -> None:
    assert normalise(text).mixed_script is mixed


@given(ANY_TEXT)
def test_every_character_knows_where_it_came_from(text: str) -> None:
    found = normalise(text)
    assert len(found.offsets) == len(found.text) + 1
    assert len(found.ends) == len(found.text)
    assert list(found.offsets) == sorted(found.offsets)
    for number, (start, end) in enumerate(zip(found.offsets, found.ends, strict=False)):
        assert 0 <= start < end <= len(text)
        assert found.span(number, number + 1) == (start, end)
        assert found.text[number] in normalise(text[start:end]).text
    assert found.offsets[-1] == len(text)


@given(ANY_TEXT)
@example("don\uff40t")
@example("a\u00b4\u0301")
@example("e" + "\u0301\u0323" * 9)
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalise(text)
    twice = normalise(once.text)
    assert twice.text == once.text
    assert twice.stripped == 0
    assert [piece.text for piece in segment(twice)] == [piece.text for piece in segment(once)]


def test_a_span_takes_in_the_marks_of_its_last_character() -> None:
    text = "I work at a cafe\u0301. Then I listen."
    assert [text[piece.start : piece.end] for piece in cut(text)] == ["I work at a cafe\u0301.", "Then I listen."]


# words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't argue -- listen!", ["don't", "argue", "listen"]),
        ("don’t", ["don't"]),
        ("", []),
        ("... 😀 _ --", []),
        ("co-pay 24/7", ["co", "pay", "24", "7"]),
        ("a_b", ["a", "b"]),
        ("'quoted'", ["quoted"]),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("I would listen to the customer", {"listen", "customer"}), ("I would do it", set()), ("", set())],
)
def test_content_words(text: str, expected: set[str]) -> None:
    assert content_words(text) == expected


# tidy


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("um, I I would, you know, listen", "I would listen"),
        ("Well, I kind of listen, like, a lot", "I listen a lot"),
        ("- I listen", "I listen"),
        ("2) I listen", "I listen"),
        ("I listen   to\tthem", "I listen to them"),
        ("Right away I call the pharmacist", "Right away I call the pharmacist"),
        ("Right, I call the pharmacist", "I call the pharmacist"),
        ("no, no, I listen", "no, I listen"),
        ("24 hours", "24 hours"),
        # A text of nothing but fillers stays: somebody said it, and it has to be judged.
        ("Um.", "Um."),
        ("I guess.", "I guess."),
        ("you know", "you know"),
        ("", ""),
        ("...", "..."),
        (" , ", ","),
    ],
)
def test_tidy(text: str, expected: str) -> None:
    assert tidy(text) == expected


@given(ANY_TEXT)
@example("um.")
@example("well, you know")
def test_tidy_only_leaves_out(text: str) -> None:
    assert in_order("".join(words(tidy(text))), "".join(words(text)))
    assert bool(words(tidy(text))) is bool(words(text))


# segment


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("   \n ", []),
        ("... !!! 😀 ()", []),
        ("Listen", ["Listen"]),
        ("Um.", ["Um."]),
        ("I listen. I apologise! Do I argue? No.", ["I listen.", "I apologise!", "Do I argue?", "No."]),
        ("I say no. I call the pharmacist.", ["I say no.", "I call the pharmacist."]),
        ("I take no. 5 from the shelf.", ["I take no. 5 from the shelf."]),
        ("I ask Dr. Lee, e.g. by phone.", ["I ask Dr. Lee, e.g. by phone."]),
        ("We close at 9 p.m. and I stay calm.", ["We close at 9 p.m. and I stay calm."]),
        ("We close at 9 p.m. Then I call.", ["We close at 9 p.m.", "Then I call."]),
        ("We close at 9 p.m.\nthen I call", ["We close at 9 p.m.", "then I call"]),
        ("Pills, creams, etc.", ["Pills, creams, etc."]),
        ("I pay $3.50 for it.", ["I pay $3.50 for it."]),
        ("1. Listen\n2. Apologise", ["Listen", "Apologise"]),
        ("- Listen\n• Apologise\n* Fix it", ["Listen", "Apologise", "Fix it"]),
        ("I listen; I fix it — I follow up.", ["I listen", "I fix it", "I follow up."]),
        ('"I am sorry." Then I act.', ['"I am sorry."', "Then I act."]),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert [piece.text for piece in cut(text) if piece.whole] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I listen to the customer.", []),
        ("I listen, and I act.", []),  # clauses too short to judge stay together
        ("I stay calm: I let them finish talking.", []),
        (
            "I listen to the customer, and I would never argue back.",
            ["I listen to the customer", "and I would never argue back."],
        ),
        (
            "I never raise my voice because I know they are upset",
            ["I never raise my voice", "because I know they are upset"],
        ),
        (
            "My rule is simple: nobody leaves without an answer.",
            ["My rule is simple", "nobody leaves without an answer."],
        ),
    ],
)
def test_clauses(text: str, expected: list[str]) -> None:
    assert [piece.text for piece in cut(text) if not piece.whole] == expected


def test_a_sentence_is_whole_and_its_clauses_are_not() -> None:
    found = cut("I listen to the customer, and I would never argue back. Then I act.")
    assert [(piece.whole, piece.group) for piece in found] == [(True, 0), (False, 0), (False, 0), (True, 1)]


def test_a_transcript_gets_overlapping_windows_that_count_as_whole() -> None:
    text = " ".join(f"word{number}" for number in range(100))
    found = cut(text)
    assert all(piece.whole for piece in found)
    assert all(len(words(piece.text)) <= WINDOW_WORDS for piece in found)
    for before, after in pairwise(found):
        shared = set(words(before.text)) & set(words(after.text))
        assert len(shared) == WINDOW_OVERLAP


def test_a_long_sentence_has_every_word_in_a_whole_segment() -> None:
    """Copies and padding are looked for in whole segments: a long sentence must not escape."""
    text = (
        "As soon as she is there I go to the back where nobody sees me and breathe, "
        "out of sight so that my face does not keep the anger alive in her or in anybody else."
    )
    found = [piece for piece in cut(text) if piece.whole]
    assert {word for piece in found for word in words(piece.text)} == set(words(text))


@given(ANY_TEXT)
def test_segments_of_any_text(text: str) -> None:
    """No exception; spans lead to the words; every letter is in a segment; none exceeds a window."""
    normalised = normalise(text)
    found = segment(normalised)
    spans = [(piece.start, piece.end) for piece in found]
    assert len(set(spans)) == len(spans)
    assert [start for start, _ in spans] == sorted(start for start, _ in spans)
    for piece in found:
        assert 0 <= piece.start < piece.end <= len(text)
        original = normalise(text[piece.start : piece.end]).text
        assert words(piece.text)
        assert in_order("".join(words(piece.text)), "".join(words(original)))
        assert len(words(piece.text)) <= WINDOW_WORDS
        assert len(piece.text) <= WINDOW_CHARS
    for match in LETTER.finditer(normalised.text):
        first, last = normalised.offsets[match.start()], normalised.ends[match.start()]
        assert any(start <= first and last <= end for start, end in spans)


@given(PLAIN_TEXT)
def test_segments_of_plain_text_hold_its_words_in_order(text: str) -> None:
    for piece in cut(text):
        assert in_order(words(piece.text), words(text[piece.start : piece.end]))
        assert set(words(text[piece.start : piece.end])) - set(words(piece.text)) <= {"so", "i"}  # filler, stutter
    covered = {i for piece in cut(text) for i in range(piece.start, piece.end)}
    assert all(i in covered for match in re.finditer(r"\w+", text) for i in range(*match.span()))


SIZE = 50_000


@pytest.mark.parametrize(
    "text",
    [
        "[" * SIZE,
        "]" * SIZE,
        "." * SIZE + "x",
        "…" * SIZE + "x",
        ".]" * (SIZE // 2) + "x",
        "a" + " " * SIZE + "b",
        "a" + "\u00a0" * SIZE + "b",
        "a, " * (SIZE // 3),
        "aa bb cc dd, " * (SIZE // 13),
        "no. " * (SIZE // 4),
        "Dr. " * (SIZE // 4),
        "1. " * (SIZE // 3),
        "a" * SIZE,
        "a'" * (SIZE // 2),
        "a_" * (SIZE // 2),
        "calm/" * (SIZE // 5),
        "a" + "\u0301\u0323" * (SIZE // 2),
        "ﷺ" * (SIZE // 18),
        "\n" * SIZE,
        " - " * (SIZE // 3),
        "you know, " * (SIZE // 10),
        "um " * (SIZE // 3),
        "listen " * (SIZE // 7),
        ("listen " * 5 + "and then I ") * (SIZE // 46),
        "\u202e\u200b" * (SIZE // 2),
        "😀" * SIZE,
    ],
    ids=lambda text: ascii(text[:14]),
)
def test_no_text_takes_long(text: str) -> None:
    assert len(text) > MAX_ANSWER_CHARS * 0.9 or "ﷺ" in text
    started = time.process_time()
    found = cut(text)
    assert time.process_time() - started < 2
    assert all(len(words(piece.text)) <= WINDOW_WORDS and len(piece.text) <= WINDOW_CHARS for piece in found)


@given(st.text(alphabet=st.sampled_from("aB3 `'\"\n.,~-!"), max_size=40))
def test_plain_text_is_normalised_as_any_other(text: str) -> None:
    plain, any_other = normalise(text), normalise(text + "\u00e9")
    assert any_other.text == plain.text + "\u00e9"
    assert any_other.offsets == (*plain.offsets, len(text) + 1)
    assert any_other.ends == (*plain.ends, len(text) + 1)
