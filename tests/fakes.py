"""Stand-ins for the models, exact and quick, and a small bank to judge by."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from evaluator.bank import bank_digest
from evaluator.calibration import Calibration
from evaluator.domain import Bank, KeyPoint, ModelAnswer, Question, RedFlag
from evaluator.engine import Engine, Models
from evaluator.models.stance import StanceCase
from evaluator.models.stretches import unmarked
from evaluator.models.words import Pieces
from evaluator.text import content_words, word_matches, words

DIMENSIONS = 512

CALIBRATION = Calibration(
    base=20.0,
    enough=9.0,
    enough_share=0.6,
    covered=0.6,
    partly=0.3,
    contradicted=0.6,
    penalty=0.7,
    balance=0.0,
    derived_balance=0.0,
    harm=0.0,
    flag_share=1.0,
    red_flag=0.7,
    doubt=0.7,
    off_topic=0.42,
    cuts=(15.0, 35.0, 55.0, 80.0),
    near_cut=3.0,
)
"""Numbers for exact tests, so that fitting the shipped ones anew changes no test."""


class NearestStatementJudge:
    """Compares the nearest affirm with the nearest deny statements: needs no model beside the encoder."""

    name = "nearest-statement"

    def judge(self, cases: Sequence[StanceCase], /) -> NDArray[np.float32]:
        """Return the probability of each stance, shape (len(cases), 3), columns as ``STANCES``."""
        affirm = np.array([_nearness(case.affirm_similarity) for case in cases])
        deny = np.array([_nearness(case.deny_similarity) for case in cases])
        about = 1 / (1 + np.exp(-(np.maximum(affirm, deny) - TOPIC_MIDPOINT) / TOPIC_SCALE))
        favour = 1 / (1 + np.exp(-(affirm - deny) / STANCE_SCALE))
        return np.stack([about * favour, about * (1 - favour), 1 - about], axis=1).astype(np.float32)


TOPIC_MIDPOINT = 0.52
"""Cosine at which a segment is as likely as not about the behaviour."""
TOPIC_SCALE = 0.05
STANCE_SCALE = 0.04
"""Difference of cosines at which one side is 2.7 times as likely as the other."""


def _nearness(similarities: Sequence[float]) -> float:
    """Return the mean of the two nearest similarities, so that one odd statement does not decide alone."""
    nearest = sorted(similarities, reverse=True)[:2]
    return sum(nearest) / len(nearest) if nearest else -1.0


class WordOverlapEncoder:
    """Places texts by their content words: the cosine of two texts is the share of words they have in common.

    A text without content words is placed by all of its words, so that every vector has unit length.
    """

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        """The texts of every call, for tests of what is encoded and how often."""

    def encode(self, texts: Sequence[str], /) -> NDArray[np.float32]:
        """Return one unit vector a text, shape (len(texts), DIMENSIONS)."""
        self.asked.append(list(texts))
        vectors = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in content_words(text) or set(words(text)) or {text}:
                vectors[row, zlib.crc32(word.encode()) % DIMENSIONS] = 1
            vectors[row] /= np.linalg.norm(vectors[row])
        return vectors

    def words(self, texts: Sequence[str], /) -> list[Pieces]:
        """Return the words of each text, with one unit vector each that depends on the word alone."""
        found = []
        for text in texts:
            places = word_matches(text)
            vectors = np.zeros((len(places), DIMENSIONS), dtype=np.float32)
            for row, place in enumerate(places):
                vectors[row, zlib.crc32(place.group().lower().encode()) % DIMENSIONS] = 1
            found.append(Pieces(tuple(p.group() for p in places), tuple(p.span() for p in places), vectors))
        return found


class NeutralReader:
    """Finds nothing for or against anybody, except what ``tones`` says of words."""

    def __init__(self, tones: dict[str, tuple[float, float, float]] | None = None) -> None:
        self.tones = tones or {}

    def read(self, texts: Sequence[str], /) -> NDArray[np.float32]:
        """Return the reading of the first word of ``tones`` in each text or marked stretch of one, shape (len(texts), 3)."""
        asked = [text[slice(*(span or (None, None)))] for text, span in map(unmarked, texts)]
        found = [next((self.tones[w] for w in words(text) if w in self.tones), (0.0, 1.0, 0.0)) for text in asked]
        return np.array(found, dtype=np.float32).reshape(-1, 3)


def engine(
    bank: Bank,
    encoder: WordOverlapEncoder | None = None,
    reader: NeutralReader | None = None,
    calibration: Calibration = CALIBRATION,
    learned: Callable[[Sequence[str], Sequence[str]], bool] | None = None,
) -> Engine:
    """Return an engine that judges by word overlap."""
    judge = NearestStatementJudge()
    encoder = encoder or WordOverlapEncoder()
    reader = reader or NeutralReader()
    models = Models(encoder, "0" * 64, judge, judge.name, reader, words=encoder, learned=learned)
    return Engine(bank, models, calibration)


def small_bank() -> Bank:
    """Return a bank of one full question and one whose key point stands for derived ones: no deny statements."""
    questions = (
        Question(
            "rude-customer",
            "How do you handle a rude customer?",
            (
                KeyPoint(
                    "listens",
                    "listens without interrupting",
                    3.0,
                    ("I listen until the customer has finished talking.",),
                    ("I interrupt whenever somebody rambles endlessly.",),
                    ("interview-answers#3",),
                    "The detail that matters is often told last.",
                    "Say that you let the customer finish.",
                ),
                KeyPoint(
                    "calm",
                    "keeps calm",
                    2.0,
                    ("My voice stays low and my breathing slow.",),
                    ("My temper explodes and everything gets loud.",),
                    ("interview-answers#2",),
                ),
                KeyPoint(
                    "solves",
                    "finds a solution",
                    3.0,
                    ("Together we look up options that solve the problem.",),
                    ("Problems remain unsolved because I ignore options.",),
                    ("interview-answers#22",),
                ),
                KeyPoint("thanks", "says thank you", 1.0, ("Finally I thank them warmly for their patience.",)),
                KeyPoint("supervisor", "involves a supervisor", 1.0, ("A supervisor hears about hard cases early.",)),
            ),
            (
                RedFlag(
                    "argues-back",
                    "argues back",
                    "serious",
                    ("I argue and prove the customer wrong.",),
                    ("Arguing never helps anybody at the counter.",),
                ),
            ),
            (
                ModelAnswer(
                    "I listen until the customer has finished talking. My voice stays low and my breathing slow. "
                    "Together we look up options that solve the problem."
                ),
            ),
            {1: "Argues.", 3: "Listens.", 5: "Listens and solves."},
        ),
        Question(
            "own-question",
            "Why do you want to work here?",
            (KeyPoint("point-1", "mentions: learn, pharmacist", 1.0, ("I want to learn from your pharmacist.",)),),
            (),
            (ModelAnswer("I want to learn from your pharmacist."),),
            derived=True,
        ),
    )
    return Bank(questions, bank_digest(questions))
