"""Reads everything under ``training/data`` that the stance judge is trained on, as one list of labelled texts."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from evaluator.bank import load_bank
from evaluator.domain import Question
from evaluator.text import normalise, segment

DATA = Path(__file__).parent / "data"
FOLDERS = ("statements", "pairs", "sentences", "annotated")

FOR, NEUTRAL, AGAINST = 0, 1, 2
"""What a text says about the candidate's conduct, in the order of ``evaluator.models.stance.CONDUCT``."""
NOT_AGAINST = 3
"""FOR or NEUTRAL, nobody said which: a fragment of harmless pieces."""
AFFIRM, DENY, NEAR = 0, 1, 2
"""Stance of a text towards its behaviour; near: on the topic, neither for nor against."""

HELD_OUT_ANSWERS = ("answers-03", "answers-06", "answers-11")
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

Labels = Sequence[tuple[str, str]]
"""Behaviour and ``affirm``, ``weak`` or ``deny``."""


@dataclass(frozen=True, slots=True)
class Example:
    """A text and what is known about it."""

    text: str
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


@dataclass(frozen=True, slots=True)
class Corpus:
    """The training texts, and which of them are twins."""

    examples: list[Example]
    pairs: list[tuple[int, int]]
    """Rows of an acceptable sentence and its harmful twin."""


def is_held_out(behaviour: str) -> bool:
    """Return whether a general behaviour is kept out of training."""
    general = behaviour.startswith("g-")
    return general and int(hashlib.md5(behaviour.encode()).hexdigest(), 16) % HELD_OUT_SHARE == 0


def rows(folder: str, pattern: str = "*.jsonl") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the file's stem and the object of every line of a folder's files."""
    for path in sorted((DATA / folder).glob(pattern)):
        for line in path.read_text(encoding="utf-8").splitlines():
            yield path.stem, json.loads(line)


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
    examples: list[Example] = []
    seen: set[tuple[str, str | None, str | None]] = set()
    for example in (*_statements(questions.values(), flags), *_sentences(), *_pieces(questions, flags)):
        key = (example.text, example.behaviour, example.question)
        if key not in seen:
            seen.add(key)
            examples.append(example)
    if public:
        examples.extend(_neutral_texts(public, random.Random(seed)))
    pairs = []
    for good, bad in _pairs(flags):
        pairs.append((len(examples), len(examples) + 1))
        examples.extend((good, bad))
    rng = random.Random(seed)
    for example in list(examples):
        if rng.random() < (0.2 if example.frequency < 1 else 0.6):
            examples.append(replace(example, text=variant(example.text, rng)))
    return Corpus(examples, pairs)


def variant(text: str, rng: random.Random) -> str:
    """Return a text as another voice or a hasty typist would write it; the meaning stays."""
    draw = rng.random()
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
            texts = sorted({json.loads(line)[key] for line in file})
        for text in rng.sample(texts, count):
            yield Example(text, conduct=NEUTRAL)


def _pairs(flags: set[str]) -> Iterator[tuple[Example, Example]]:
    for stem, row in rows("pairs"):
        if stem in HELD_OUT_PAIRS:
            continue
        behaviour = row.get("behaviour")
        harmful = behaviour in flags
        yield (
            Example(row["good"], behaviour, DENY if harmful else AFFIRM, FOR),
            Example(row["bad"], behaviour, AFFIRM if harmful else DENY, AGAINST),
        )


def _pieces(questions: dict[str, Question], flags: set[str]) -> Iterator[Example]:
    for stem, row in rows("annotated"):
        if stem not in HELD_OUT_ANSWERS:
            yield from answer_examples(row, questions[row["question_id"]], flags)


def answer_examples(row: dict[str, Any], question: Question, flags: set[str]) -> Iterator[Example]:
    """Yield the labelled pieces of an annotated answer, and the segments that the tool itself would cut it into."""
    spans: list[tuple[int, int, list[tuple[str, str]]]] = []
    text = ""
    for piece in row["pieces"]:
        text += " " if text else ""
        labels = [(name, stance) for name, stance in piece["labels"]]
        spans.append((len(text), len(text) + len(piece["text"]), labels))
        text += piece["text"]
        yield _labelled(piece["text"], labels, [], question, flags)
    for own in segment(normalise(text)):
        whole: list[tuple[str, str]] = []
        part: list[tuple[str, str]] = []
        for start, end, labels in spans:
            shared = max(0, min(end, own.end) - max(start, own.start))
            if shared >= WHOLE * (end - start):
                whole.extend(labels)
            elif shared >= PART * (end - start) or shared >= 0.3 * (own.end - own.start):
                part.extend(labels)
        yield _labelled(own.text, whole, part, question, flags)


def _labelled(text: str, whole: Labels, part: Labels, question: Question, flags: set[str]) -> Example:
    own = {point.id for point in question.key_points} | {flag.id for flag in question.red_flags}
    told: dict[str, int | None] = {name: None for name, _ in part if name in own}
    told.update({name: {"affirm": AFFIRM, "weak": None, "deny": DENY}[stance] for name, stance in whole if name in own})
    conduct = conduct_of(whole, flags)
    if conduct != AGAINST and part:
        hinted = conduct_of(part, flags)
        conduct = None if hinted == AGAINST else conduct if conduct == FOR else NOT_AGAINST
    elif conduct is None:
        conduct = NOT_AGAINST
    return Example(text, conduct=conduct, question=question.id, told=told)
