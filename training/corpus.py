"""Reads everything under ``training/data`` that the stance judge is trained on, as one list of labelled texts."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Any

from evaluator.bank import load_bank
from evaluator.contexts import Sentence, sentences
from evaluator.domain import Question
from evaluator.text import normalise, segment, tidy

DATA = Path(__file__).parent / "data"
FOLDERS = ("statements", "pairs", "sentences", "annotated")

FOR, NEUTRAL, AGAINST = 0, 1, 2
"""What a text says about the candidate's conduct, in the order of ``evaluator.models.stance.CONDUCT``."""
NOT_AGAINST = 3
"""FOR or NEUTRAL, nobody said which: a fragment of harmless pieces."""
AFFIRM, DENY, NEAR = 0, 1, 2
"""Stance of a text towards its behaviour; near: on the topic, neither for nor against."""

HELD_OUT_ANSWERS = ("answers-03", "answers-06", "answers-11", "answers-41", "answers-42")
"""Writers whose annotated answers the tuned layers never see: the regressions are fitted on them."""
HELD_OUT_PAIRS = ("pharmacy-9",)
"""Writers whose pairs the tuned layers never see, for the same reason."""
HELD_OUT_SHARE = 8
"""Every eighth general behaviour is held out, for benchmarks/stance.py."""
WHOLE = 0.75
"""Share of a labelled piece that a segment must hold to carry its label."""
PART = 0.25
"""Share of a labelled piece from which a segment without its label no longer counts as free of it."""

PUBLIC_NEUTRAL = (
    ("inference/snli.jsonl.gz", "premise", 1200),
    ("graded/beetle.train.jsonl.gz", "answer", 900),
    ("graded/saf_en.train.jsonl.gz", "answer", 500),
)
"""Files of public data, the field that is read, and how many texts are drawn."""

FILLERS = (
    "um, ", "so ", "like, ", "well, ", "I mean, ", "you know, ", "honestly, ", "uh ", "and then ", "and ", "but ",
)  # fmt: skip

COMPOSED = 4000
"""Pairs of sentences that are put among harmless pieces of an answer to the same question."""
COMPOSED_PIECES = (2, 7)
"""How many pieces surround them."""

VOICED = 0.3
"""Share of the annotated answers that are also read in another voice, whole."""

SENTENCE_FREQUENCY = 0.75
"""How often a sentence of an annotated answer is drawn by itself: it comes within its answer, too."""

Labels = Sequence[tuple[str, str]]
"""Behaviour and ``affirm``, ``weak`` or ``deny``."""


@dataclass(frozen=True, slots=True)
class Example:
    """A text and what is known about it."""

    text: str
    """What is read."""
    behaviour: str | None = None
    """The one behaviour that it was written for."""
    stance: int = NEAR
    conduct: int | None = None
    """FOR, NEUTRAL, AGAINST or NOT_AGAINST; None where nobody said."""
    question: str | None = None
    """The question whose every behaviour is labelled; None where only ``behaviour`` is."""
    told: dict[str, int | None] = field(default_factory=dict)
    """Behaviours of ``question`` that it affirms or denies; None where that is undecided; all others it does neither."""
    frequency: float = 1.0
    span: tuple[int, int] | None = None
    """The stretch of ``text`` that all this is about, in characters; None for the whole of it."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A sentence or clause of an annotated answer."""

    text: str
    labels: Labels

    @classmethod
    def of(cls, row: dict[str, Any]) -> Piece:
        """Return the piece of a row of data."""
        return cls(row["text"], [(name, stance) for name, stance in row["labels"]])


@dataclass(frozen=True, slots=True)
class Corpus:
    """The training texts, and which of them are twins."""

    examples: list[Example]
    pairs: list[tuple[int, int]]
    """Rows of an acceptable sentence and its harmful twin."""
    contexts: list[tuple[int, int]]
    """Rows of twins within answers: a sentence in its place, or a whole answer, and the same with a harmful piece in it."""
    answers: list[str]
    """The annotated answers, whole; every stretch of them is an example."""


def is_held_out(behaviour: str) -> bool:
    """Return whether a general behaviour is kept out of training."""
    general = behaviour.startswith("g-")
    return general and int(hashlib.md5(behaviour.encode(), usedforsecurity=False).hexdigest(), 16) % HELD_OUT_SHARE == 0


def rows(folder: str, pattern: str = "*.jsonl") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the file's stem and the object of every line of a folder's files."""
    for path in sorted((DATA / folder).glob(pattern)):
        for line in path.read_text(encoding="utf-8").splitlines():
            yield path.stem, json.loads(line)


def annotated() -> Iterator[dict[str, Any]]:
    """Yield the annotated answers that the tuned layers may see."""
    yield from (row for stem, row in rows("annotated") if stem not in HELD_OUT_ANSWERS)


def data_digests() -> dict[str, str]:
    """Return the first 16 hexadecimal digits of the sha256 of every training file."""
    return {
        f"{folder}/{path.name}": hashlib.sha256(path.read_bytes()).hexdigest()[:16]
        for folder in FOLDERS
        for path in sorted((DATA / folder).glob("*.jsonl"))
    }


def read_corpus(seed: int, public: Path | None = None) -> Corpus:
    """Return every training text, and variants of many in other voices; the same for one seed.

    Args:
        seed: of the variants, and of what is drawn from the public data.
        public: folder of public data; its texts say nothing about anybody's conduct. None to do without.
    """
    questions = {question.id: question for question in load_bank().questions}
    flags = {flag.id for question in questions.values() for flag in question.red_flags}
    found: dict[tuple[str, str | None, str | None], Example] = {}
    for example in (
        *_statements(questions.values(), flags),
        *_sentences(),
        *_pieces(questions, flags),
        *_read_alone(flags),
    ):
        found.setdefault((example.text, example.behaviour, example.question), example)
    examples = list(found.values())
    if public:
        examples.extend(_neutral_texts(public, random.Random(seed)))
    rng = random.Random(seed)
    pairs = [_append(examples, twins) for twins in (*_pairs(flags), *_sentence_twins(flags))]
    for example in list(examples):
        if rng.random() < (0.2 if example.frequency < 1 else 0.6):
            examples.append(replace(example, text=variant(example.text, rng)))
    answers = _Answers(examples, questions, flags)
    whole = [*annotated(), *(in_other_voice(row, rng) for row in annotated() if rng.random() < VOICED)]
    written = [text for row in whole for pieces in versions(row) for text in answers.add(pieces, row)]
    contexts = [twins for row in whole for twins in answers.twins(row)]
    contexts.extend(twins for composed in _composed_twins(flags, rng) for twins in answers.compare(*composed))
    return Corpus(examples, pairs, contexts, list(dict.fromkeys(written)))


def _append(examples: list[Example], twins: tuple[Example, Example]) -> tuple[int, int]:
    """Append twins to the examples; return their rows."""
    examples.extend(twins)
    return len(examples) - 2, len(examples) - 1


def in_other_voice(row: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """Return an annotated answer with all its pieces, and their twins, in one other voice."""
    voice = rng.random()

    def voiced(piece: dict[str, Any]) -> dict[str, Any]:
        twin = {"twin": voiced(piece["twin"])} if "twin" in piece else {}
        return {**piece, **twin, "text": variant(piece["text"], rng, voice)}

    return {**row, "pieces": [voiced(piece) for piece in row["pieces"]]}


def variant(text: str, rng: random.Random, voice: float | None = None) -> str:
    """Return a text as another voice or a hasty typist would write it; the meaning stays.

    Args:
        text: of any length.
        rng: of the words that are changed.
        voice: from 0 to 1; a speaker, a speaker and typist without punctuation, a bad speller, a typist without apostrophes, and
            again a speaker, in this order. None to draw one.
    """
    draw = rng.random() if voice is None else voice
    if draw < 0.35:
        text = re.sub(r"[^\w\s']", "", text).lower() or text
    elif draw < 0.6:
        found = text.split()
        for _ in range(1 + len(found) // rng.choice((4, 6, 12))):
            at = rng.randrange(len(found))
            found[at] = misspelt(found[at], rng)
        text = " ".join(found)
    elif draw < 0.75:
        text = text.replace("'", "").rstrip(".").lower()
    if draw < 0.2 or draw >= 0.75:
        text = rng.choice(FILLERS) + text[0].lower() + text[1:]
    return text


SOUNDS = (
    ("tion", "shun"), ("ough", "uff"), ("ight", "ite"), ("ould", "ud"), ("ph", "f"), ("ck", "k"), ("ie", "ei"), ("ea", "ee"),
    ("ee", "ea"), ("ai", "ay"), ("ou", "ow"), ("ss", "s"), ("ll", "l"), ("tt", "t"), ("pp", "p"), ("nn", "n"), ("ance", "ence"),
    ("c", "s"), ("s", "c"), ("y", "ey"), ("er", "or"), ("e", "a"), ("a", "e"), ("i", "e"),
)  # fmt: skip
"""Letters that are confused because they sound alike."""


def misspelt(word: str, rng: random.Random) -> str:
    """Return a word with one letter dropped, doubled or swapped, or written as it sounds; short words stay.

    >>> misspelt("an", random.Random(0))
    'an'
    """
    if len(word) <= 3:
        return word
    alike = [pair for pair in SOUNDS if pair[0] in word[1:]]
    if alike and rng.random() < 0.5:
        written, heard = rng.choice(alike)
        return word[0] + word[1:].replace(written, heard, 1)
    i = rng.randrange(1, len(word) - 1)
    return rng.choice(
        [word[:i] + word[i + 1 :], word[:i] + word[i + 1] + word[i] + word[i + 2 :], word[:i] + word[i] + word[i:]]
    )


def conduct_of(labels: Labels, flags: set[str]) -> int | None:
    """Return what labelled behaviours say about the candidate: AGAINST outweighs FOR; None for weak hints alone."""
    if any(name == "other" or (stance == ("affirm" if name in flags else "deny")) for name, stance in labels):
        return AGAINST
    if any(stance == ("deny" if name in flags else "affirm") for name, stance in labels):
        return FOR
    return None if labels else NEUTRAL


def _statements(questions: Iterable[Question], flags: set[str]) -> Iterator[Example]:
    for question in questions:
        for point in question.key_points:
            yield from (_stated(text, point.id, AFFIRM, flags) for text in point.affirm)
            yield from (_stated(text, point.id, DENY, flags) for text in point.deny)
        for flag in question.red_flags:
            yield from (_stated(text, flag.id, AFFIRM, flags) for text in flag.statements)
            yield from (_stated(text, flag.id, DENY, flags) for text in flag.safe)
    stances = {"affirm": AFFIRM, "deny": DENY, "near": NEAR}
    for _, row in rows("statements"):
        if not is_held_out(row["behaviour"]):
            yield _stated(row["text"], row["behaviour"], stances[row["stance"]], flags)


def _stated(text: str, behaviour: str, stance: int, flags: set[str]) -> Example:
    general = behaviour.startswith("g-")
    conduct = None
    if not general and stance != NEAR:
        conduct = FOR if (stance == DENY) == (behaviour in flags) else AGAINST
    return Example(text, behaviour, stance, conduct, frequency=0.5 if general else 1.0)


def _sentences() -> Iterator[Example]:
    conducts = {"for": FOR, "neutral": NEUTRAL, "against": AGAINST}
    for _, row in rows("sentences"):
        yield Example(row["text"], conduct=conducts[row["conduct"]])


def _neutral_texts(public: Path, rng: random.Random) -> Iterator[Example]:
    """Yield texts that speak neither for nor against a candidate: captions, and answers to questions of knowledge."""
    for name, key, count in PUBLIC_NEUTRAL:
        with gzip.open(public / name, "rt", encoding="utf-8") as file:
            texts = sorted({text for line in file if (text := json.loads(line)[key]).strip()})
        for text in rng.sample(texts, count):
            yield Example(text, conduct=NEUTRAL)


def _pairs(flags: set[str]) -> Iterator[tuple[Example, Example]]:
    for stem, row in rows("pairs"):
        if stem in HELD_OUT_PAIRS:
            continue
        behaviour = row["behaviour"].lstrip("!") if row.get("behaviour") else None  # some writers marked red flags so
        harmful = behaviour in flags
        yield (
            Example(row["good"], behaviour, DENY if harmful else AFFIRM, FOR),
            Example(row["bad"], behaviour, AFFIRM if harmful else DENY, AGAINST),
        )


def versions(row: dict[str, Any]) -> list[list[Piece]]:
    """Return the pieces of an annotated answer, and those with every twin in place where it has any."""
    pieces = [Piece.of(piece) for piece in row["pieces"]]
    twins = [Piece.of(piece["twin"]) if "twin" in piece else None for piece in row["pieces"]]
    if not any(twins):
        return [pieces]
    return [pieces, [twin or piece for twin, piece in zip(twins, pieces, strict=True)]]


def _spans(pieces: Sequence[Piece]) -> tuple[str, list[tuple[int, int]]]:
    """Return the text of an answer and where its pieces stand in it."""
    ends = list(accumulate(len(piece.text) + 1 for piece in pieces))
    return " ".join(piece.text for piece in pieces), [
        (e - 1 - len(p.text), e - 1) for p, e in zip(pieces, ends, strict=True)
    ]


def _pieces(questions: dict[str, Question], flags: set[str]) -> Iterator[Example]:
    for row in annotated():
        yield from answer_examples(row, questions.get(row.get("question_id", "")), flags)


def answer_examples(row: dict[str, Any], question: Question | None, flags: set[str]) -> Iterator[Example]:
    """Yield the labelled pieces of an annotated answer and its twin, and the segments that the tool would cut them into.

    Args:
        row: of a file of annotated answers.
        question: of the bank; None for one of another job, whose pieces only speak for the candidate, against, or neither.
        flags: ids of all red flags.
    """
    for pieces in versions(row):
        text, spans = _spans(pieces)
        yield from (_labelled(piece.text, piece.labels, [], question, flags) for piece in pieces)
        for own in segment(normalise(text)):
            whole, part = _shared(pieces, spans, own.start, own.end)
            yield _labelled(own.text, whole, part, question, flags)


def _read_alone(flags: set[str]) -> Iterator[Example]:
    """Yield the sentences of annotated answers as the tool cuts them."""
    for row in annotated():
        for pieces in versions(row):
            text, spans = _spans(pieces)
            for read in _sentences_of(text):
                conduct = conduct_in(*_shared(pieces, spans, read.start, read.end), flags)
                if conduct is not None:
                    yield Example(read.text, conduct=conduct, frequency=SENTENCE_FREQUENCY)


@lru_cache(maxsize=256)
def _sentences_of(text: str) -> tuple[Sentence, ...]:
    return sentences(normalise(text))


def _shared(
    pieces: Sequence[Piece], spans: Sequence[tuple[int, int]], start: int, end: int
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return the labels of the pieces that a stretch of an answer holds, and of those that it holds in part."""
    whole: list[tuple[str, str]] = []
    part: list[tuple[str, str]] = []
    for piece, (first, last) in zip(pieces, spans, strict=True):
        shared = max(0, min(last, end) - max(first, start))
        if shared >= WHOLE * (last - first):
            whole.extend(piece.labels)
        elif shared >= PART * (last - first) or shared >= 0.3 * (end - start):
            part.extend(piece.labels)
    return whole, part


class _Answers:
    """Whole answers as the tool reads them, each with the stretches of it that are labelled."""

    def __init__(self, examples: list[Example], questions: dict[str, Question], flags: set[str]) -> None:
        """Take the list that examples are appended to."""
        self._examples, self._questions, self._flags = examples, questions, flags
        self._rows: dict[tuple[str, tuple[int, int] | None], int] = {}

    def add(self, pieces: Sequence[Piece], row: dict[str, Any]) -> list[str]:
        """Append the pieces and sentences of an answer, in their places, and the whole; return the texts that are read."""
        text, spans = _spans(pieces)
        read = _sentences_of(text)
        question = self._questions.get(row.get("question_id", ""))
        blocks = list(dict.fromkeys(sentence.block for sentence in read))
        for block in blocks:
            after = 0
            for piece in pieces:
                own = tidy(piece.text)
                at = block.find(own, after) if own else -1
                if at >= 0:
                    after = at + len(own)
                    self._append(replace(_labelled(block, piece.labels, [], question, self._flags), span=(at, after)))
            inside = [sentence for sentence in read if sentence.block == block]
            stretches = [(sentence.stretch, sentence.start, sentence.end) for sentence in inside]
            for span, start, end in [*stretches, (None, inside[0].start, inside[-1].end)]:
                conduct = conduct_in(*_shared(pieces, spans, start, end), self._flags)
                self._append(Example(block, conduct=conduct, span=span))
        return blocks

    def twins(self, row: dict[str, Any]) -> Iterator[tuple[int, int]]:
        """Yield the rows of what stands around each harmless piece of an annotated answer and around its harmful twin."""
        good = versions(row)[0]
        for number, piece in enumerate(row["pieces"]):
            if "twin" in piece:
                yield from self.compare(
                    good, [*good[:number], Piece.of(piece["twin"]), *good[number + 1 :]], number, row
                )

    def compare(
        self, good: Sequence[Piece], bad: Sequence[Piece], number: int, row: dict[str, Any]
    ) -> Iterator[tuple[int, int]]:
        """Yield the rows of the sentence that holds a piece, and of the whole, in an answer and in one that differs there."""
        places = []
        for pieces in (good, bad):
            self.add(pieces, row)
            sentence = _holder(pieces, number)
            places.append([self._rows[sentence.block, span] for span in (sentence.stretch, None)])
        yield from zip(*places, strict=True)

    def _append(self, example: Example) -> None:
        """Append an example unless the stretch is known."""
        key = (example.text, example.span)
        if key not in self._rows:
            self._rows[key] = len(self._examples)
            self._examples.append(replace(example, frequency=0.0))


def _holder(pieces: Sequence[Piece], number: int) -> Sentence:
    """Return the sentence that holds the middle of a piece."""
    text, spans = _spans(pieces)
    middle = sum(spans[number]) // 2
    own = _sentences_of(text)
    return next((sentence for sentence in own if sentence.start <= middle < sentence.end), own[-1])


def _sentence_twins(flags: set[str]) -> Iterator[tuple[Example, Example]]:
    """Yield the sentence that holds a harmless piece of an annotated answer, and the one that holds its harmful twin."""
    for row in annotated():
        good = versions(row)[0]
        for number, piece in enumerate(row["pieces"]):
            if "twin" in piece:
                bad = [*good[:number], Piece.of(piece["twin"]), *good[number + 1 :]]
                conduct = FOR if conduct_of(good[number].labels, flags) == FOR else NOT_AGAINST
                texts = [_holder(pieces, number).text for pieces in (good, bad)]
                yield Example(texts[0], conduct=conduct), Example(texts[1], conduct=AGAINST)


def _composed_twins(
    flags: set[str], rng: random.Random
) -> Iterator[tuple[list[Piece], list[Piece], int, dict[str, Any]]]:
    """Yield harmless pieces of an answer with an acceptable sentence among them, the same with its harmful twin, and where."""
    harmless: dict[str, list[list[Piece]]] = {}
    for row in annotated():
        pieces = versions(row)[0]
        if "question_id" in row and all(conduct_of(p.labels, flags) != AGAINST for p in pieces):
            harmless.setdefault(row["question_id"], []).append(pieces)
    pairs = [row for stem, row in rows("pairs", "pharmacy-*.jsonl") if stem not in HELD_OUT_PAIRS]
    for row in rng.sample(pairs, min(COMPOSED, len(pairs))):
        pieces = rng.choice(harmless[row["question_id"]])
        count = min(len(pieces), rng.randint(*COMPOSED_PIECES))
        first = rng.randint(0, len(pieces) - count)
        own, place = pieces[first : first + count], rng.randint(0, count)
        harmful = row["behaviour"] in flags
        good, bad = (
            [*own[:place], Piece(row[side], [(row["behaviour"], stance)]), *own[place:]]
            for side, stance in (("good", "deny" if harmful else "affirm"), ("bad", "affirm" if harmful else "deny"))
        )
        yield good, bad, place, row


def _labelled(text: str, whole: Labels, part: Labels, question: Question | None, flags: set[str]) -> Example:
    if question is None:
        return Example(text, conduct=conduct_in(whole, part, flags))
    own = {point.id for point in question.key_points} | {flag.id for flag in question.red_flags}
    told: dict[str, int | None] = {name: None for name, _ in part if name in own}
    told.update({name: {"affirm": AFFIRM, "weak": None, "deny": DENY}[stance] for name, stance in whole if name in own})
    return Example(text, conduct=conduct_in(whole, part, flags), question=question.id, told=told)


def conduct_in(whole: Labels, part: Labels, flags: set[str]) -> int | None:
    """Return what a stretch of an answer says about the candidate by the pieces that it holds, whole or in part."""
    conduct = conduct_of(whole, flags)
    if conduct != AGAINST and part:
        hinted = conduct_of(part, flags)
        return None if hinted == AGAINST else conduct if conduct == FOR else NOT_AGAINST
    return NOT_AGAINST if conduct is None else conduct
