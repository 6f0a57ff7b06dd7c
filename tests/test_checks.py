"""Tricks and copies: what fires, what does not, and what happens at the edges."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.checks import (
    content_stems,
    copied_from,
    find_tricks,
    is_echo,
    is_keyword_list,
    is_one_thought,
    is_padded,
    sameness_of,
)
from evaluator.domain import ModelAnswer, Question
from evaluator.text import normalise, segment, words

MODEL = (
    "I take a breath and let the customer finish before I say anything. I apologise for the trouble they had with us. "
    "Then I look the order up and tell them exactly how long it will take to get it ready."
)
QUESTION = Question(
    "rude-customer",
    "How do you handle a rude customer?",
    (),
    (),
    (ModelAnswer("I keep my voice low and steer the talk back to the prescription every time."), ModelAnswer(MODEL)),
)
HONEST = (
    "I would listen until he is done, because most people only want to be heard. I say I am sorry that he had to wait. "
    "If the label is wrong I get the pharmacist, and I let him know how many minutes we need."
)


def tricks(text: str, question: Question = QUESTION) -> list[str]:
    normalised = normalise(text)
    return [trick.id for trick in find_tricks(normalised.text, segment(normalised), question)]


def copy(text: str, question: Question = QUESTION) -> int | None:
    return copied_from(text, segment(normalise(text)), question)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HONEST, []),
        (MODEL, []),
        ("How I handle a rude customer: I handle a rude customer.", ["echo"]),
        ("I would do it", ["echo"]),  # no content at all says no more than the question
        ("", ["echo"]),
        ("Empathy, communication, teamwork, patience, professionalism, customer satisfaction", ["keywords"]),
        ("patience\nempathy\nlistening\nteamwork\nintegrity", ["keywords"]),
        ("Listen first. Say sorry. Find the label, get the pharmacist, tell them how long.", []),
        ("I listen to them. I listen to them. I listen to them!", ["padding"]),
        ("I listen to them. To them I listen. I call the doctor.", []),
        ("Listening. Listening. Listening.", []),  # too short to be called padding
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_tricks(text: str, expected: list[str]) -> None:
    assert tricks(text) == expected


@pytest.mark.parametrize(
    ("text", "question", "expected"),
    [
        ("A rude customer I handle", "How do you handle a rude customer?", True),
        ("A rude customer I handle with calm, patience, humour, tact, skill and luck", "How do you handle a rude customer?", False),
        ("I listen", "How do you handle a rude customer?", False),
        # Most of its content is the question's, and yet it says ten things of its own.
        (
            "When a customer swears and turns loud or threatening in the pharmacy lobby at the counter near closing time: "
            "police, manager, distance, witnesses, exits, notes, doors, radio, locks, daylight.",
            "A customer swears, turns loud, threatening, in the pharmacy lobby, counter, closing time, near. What happens?",
            False,
        ),
        (
            "If a customer is rude then how I handle that customer depends on how rude the customer really is, and handling "
            "rudeness is an important thing in this job.",
            "How do you handle a rude customer?",
            True,
        ),
        ("I listen", "", False),
        ("", "", True),
        ("it is what it is", "How do you handle a rude customer?", True),
    ],
)  # fmt: skip
def test_echo(text: str, question: str, expected: bool) -> None:
    assert is_echo(text, question) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", False),
        ("teamwork", False),
        ("great teamwork, endless patience, real empathy", False),  # three items are a phrase
        ("teamwork, patience, empathy, honesty", True),
        ("I stay calm, I listen, I say sorry, I fix it", False),
        ("😀, 😀, 😀, 😀", False),
        (",,,,,,,,", False),
        (
            "honesty tact patience options dignity warmth smile coupon loan calm quiet voice",
            True,
        ),  # nothing between them
        ("always calm always polite always quick", False),  # said in a hurry
    ],
)
def test_keyword_lists(text: str, expected: bool) -> None:
    assert is_keyword_list(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", False),
        ("I listen to them.", False),
        ("I listen to them. I listen to them.", False),  # saying it twice is no padding
        ("I listen to them. I call the doctor. I say I am sorry. I look it up.", False),
        ("I listen to them. I call the doctor. I listen to them. I call the doctor.", True),
        (
            # One long sentence whose neighbouring clauses are judged in overlapping pairs.
            "I stay very calm, and I let the angry customer tell me all of the story without any break, and I stay calm "
            "too, then I look up the order in our system and see how fast we can have it, and I tell them so, because one "
            "who knows what comes next can wait far better than all others, and I say thanks",
            False,
        ),
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_padding(text: str, expected: bool) -> None:
    assert is_padded(segment(normalise(text))) is expected


def test_sameness_is_the_mean_cosine_of_sentences_that_do_not_overlap() -> None:
    segments = segment(normalise("I keep calm. I stay cool. I look it up. Nothing upsets me."))
    vectors = np.eye(4, dtype=np.float32)[[0, 0, 1, 0]]
    assert [piece.whole for piece in segments] == [True] * 4
    assert sameness_of(segments, vectors) == pytest.approx(3 / 6)


def test_sameness_needs_more_than_three_sentences() -> None:
    segments = segment(normalise("I keep calm. I stay cool. Nothing upsets me."))
    assert sameness_of(segments, np.ones((3, 1), dtype=np.float32)) == 0


def test_one_thing_said_in_other_words_is_padding() -> None:
    tricks = find_tricks("I keep calm. I stay cool.", segment(normalise("I keep calm. I stay cool.")), QUESTION, 0.5)
    assert [trick.id for trick in tricks] == ["padding"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (MODEL, 2),
        (MODEL.upper(), 2),
        (MODEL.replace(".", "").replace(",", ""), 2),
        ("I keep my voice low and steer the talk back to the prescription every time!", 1),
        (" ".join(reversed([part + "." for part in MODEL.rstrip(".").split(". ")])), 2),
        ("Well. " + MODEL + " I also count to ten.", 2),
        (HONEST, None),
        ("I take a breath.", None),
        ("", None),
        ("😀", None),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_copies(text: str, expected: int | None) -> None:
    assert copy(text) == expected


def test_a_copied_long_sentence_is_found() -> None:
    long = (
        "As soon as she is there I go to the back where nobody sees me and breathe for a minute or even two, "
        "out of sight so that my face does not keep the anger alive in her or in anybody else who waits with us."
    )
    question = Question("q", "Why?", (), (), (ModelAnswer(f"{long} {MODEL}"),))
    assert copy(f"{long} And that is all there is to tell.", question) == 1


@pytest.mark.parametrize("model", ["I listen.", "Yes.", "!!!", ""])
def test_a_short_model_answer_makes_no_copies_of_longer_sentences(model: str) -> None:
    question = Question("q", "Why?", (), (), (ModelAnswer(model),))
    assert copy("First I listen to what they have to say. Then yes I listen again and I fix it.", question) is None
    assert copied_from("", (), question) is None


# Any text


@given(st.text(max_size=200))
def test_no_text_breaks_a_check(text: str) -> None:
    tricks(text)
    assert copy(text) is None or words(text)


def test_no_text_takes_long() -> None:
    """40,000 characters of short sentences, no two alike, against a model answer of 20,000."""
    names = [a + b + c for a in "bcdfghklmn" for b in "aeiou" for c in "bcdfghklmn"]
    text = " ".join(f"{names[n % 500]} {names[n * 7 % 500]} {names[n * n % 500]}." for n in range(3000))
    question = Question("q", "Why?", (), (), (ModelAnswer(" ".join(names[n * 11 % 500] for n in range(5000))),))
    started = time.process_time()
    tricks(text, question)
    copy(text, question)
    assert time.process_time() - started < 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Patience is the key. " * 20, True),
        (
            "You need patience. A patient technician has patience with every impatient patient, day after day. " * 6,
            True,
        ),
        ("Patience is the key.", False),  # too short to tell
        (
            "I'd be patient about it. Patience wins. You stay patient, for patient people keep patience, and patience helps. So, patiently.",
            True,
        ),
        ("Small stuff, myself. Big stuff, or if they ask for the manager, I'd get the manager.", False),
        (
            "Keep calm, keep back, keep the counter between us. Tell him once that I'll help when the language stops, then the manager.",
            False,
        ),
        (
            "I listen, I ask which refill is missing, I check the queue, phone the doctor, warn the pharmacist, print a new label, "
            "count again, note the time, offer a chair and water, explain the delay, thank them warmly and say goodbye by name. "
            "Later I tell the morning shift, tidy the counter and order stock before closing.",
            False,
        ),
    ],
)
def test_one_thought_over_and_over(text: str, expected: bool) -> None:
    assert is_one_thought(text) is expected


def test_threads_do_not_mix_up_each_others_words() -> None:
    roots, ends = (
        ("custom", "complain", "relation", "organis", "happi", "nation"),
        ("ers", "ing", "ations", "ness", "fully"),
    )
    text = " ".join(root + end for root in roots for end in ends)
    alone = content_stems(text)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda number: content_stems(f"{text} word{number}s")[:-1], range(200)))
    finally:
        sys.setswitchinterval(interval)
    assert all(stems == alone for stems in found)
