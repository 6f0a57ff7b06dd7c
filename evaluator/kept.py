"""An engine that judges no answer twice: finished results are looked up before anything is segmented or embedded.

What is kept of a result is what was judged: numbers, names out of the bank, and where passages stand. Their words are taken
from the answer, which whoever asks has in hand, so no word of an answer is kept. A result is kept only where reading it back
gives the very same one.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any

from evaluator.bank import match_question
from evaluator.calibration import Calibration
from evaluator.domain import (
    Answer,
    Bank,
    Contribution,
    Coverage,
    Evidence,
    Flag,
    FlagKind,
    PointResult,
    Question,
    Result,
    Signature,
    Stance,
)
from evaluator.engine import CHUNK, Engine, Models, conclude
from evaluator.feedback import advice_for
from evaluator.models.store import NumberStore
from evaluator.tool import tool_digest

QUESTIONS = 1024
"""Names of questions, as inputs write them, that are remembered."""


class KeepingEngine(Engine):
    """An engine whose results are kept, and read back where the same answer was judged in the same way before."""

    def __init__(
        self,
        bank: Bank,
        models: Models,
        calibration: Calibration | None,
        store: NumberStore,
        identity: str,
        warm: Callable[[], None] = lambda: None,
    ) -> None:
        """Take what every judgement depends on, and where results are kept; nothing is loaded or computed yet.

        Args:
            bank: whose questions are answered.
            models: to judge with.
            calibration: numbers of the scoring model.
            store: where results are kept.
            identity: changes with the models and their runtime.
            warm: begins to load the models, once it is known that an answer is new.
        """
        super().__init__(bank, models, calibration)
        self._store = store
        self._warm: Callable[[], None] | None = warm
        signature = self.signature
        parts = (
            identity,
            tool_digest(),
            bank.digest,
            models.encoder_digest,
            models.judge_digest,
            signature.calibration,
        )
        self._identity = hashlib.sha256("\0".join(parts).encode())
        self._named = lru_cache(QUESTIONS)(lambda name: match_question(bank, name))

    def evaluate(self, answers: Iterable[Answer]) -> Iterator[Result]:
        """Yield one result an answer, in the order of ``answers``."""
        iterator = iter(answers)
        while chunk := list(islice(iterator, CHUNK)):
            questions = [None if answer.unreadable else self._named(answer.question_id) for answer in chunk]
            keys = [self._key(answer, question) for answer, question in zip(chunk, questions, strict=True)]
            found = self._read(chunk, questions, keys)
            new = [place for place, result in enumerate(found) if result is None]
            computed = iter(self._judge([chunk[place] for place in new], [keys[place] for place in new]))
            yield from (result or next(computed) for result in found)

    def _read(
        self, answers: Sequence[Answer], questions: Sequence[Question | None], keys: Sequence[bytes]
    ) -> list[Result | None]:
        packed = self._store.read([key for key in dict.fromkeys(keys) if key])
        found: list[Result | None] = []
        for answer, question, key in zip(answers, questions, keys, strict=True):
            read = unpacked(packed[key], answer, question, self.signature) if question and key in packed else None
            found.append(read[0] if read else None)
            if read and self.models.reuse:
                self.models.reuse.asked += read[1]
                self.models.reuse.reused += read[1]
        return found

    def _judge(self, answers: Sequence[Answer], keys: Sequence[bytes]) -> list[Result]:
        results, kept = [], {}
        if answers and self._warm:
            self._warm()
            self._warm = None
        for examined, key in zip(self.examine(answers), keys, strict=True):
            result = conclude(examined, self.calibration, self.signature)
            results.append(result)
            if not (key and result.question) or result.unscored:
                continue
            data = packed(result, result.question, len({piece.text for piece in examined.segments}))
            again = unpacked(data, result.answer, result.question, self.signature)
            if again and again[0] == result:
                kept[key] = data
        self._store.write(kept)
        return results

    def _key(self, answer: Answer, question: Question | None) -> bytes:
        """Return what a result is kept under, or nothing for an answer that cannot be judged."""
        if question is None:
            return b""
        digest = self._identity.copy()
        digest.update(f"\0{question.id}\0{answer.text}".encode(errors="surrogatepass"))
        return digest.digest()


def packed(result: Result, question: Question, segments: int) -> bytes:
    """Return what was judged about an answer, without a word of it.

    Args:
        result: of an answer that was scored.
        question: the one that was answered; what it says is not kept again.
        segments: how many different ones the answer has.
    """
    labels = _labels(question)
    content = (
        segments,
        result.score,
        result.level,
        result.needs_review,
        result.likely_levels,
        [(flag.kind, flag.id, flag.detail, _spans(flag.evidence)) for flag in result.flags],
        [(point.status, point.credit, point.weight, _spans(point.evidence)) for point in result.points],
        [
            (part.id, None if part.label == labels.get(part.id) else part.label, part.points)
            for part in result.contributions
        ],
    )
    return zlib.compress(json.dumps(content, separators=(",", ":")).encode(), 1)


def unpacked(data: bytes, answer: Answer, question: Question, signature: Signature) -> tuple[Result, int] | None:
    """Return the result that ``packed`` was given and how many segments, or None where the data is none of its own."""
    try:
        segments, score, level, review, likely, flags, points, parts = json.loads(zlib.decompress(data))
        text, labels = answer.text, _labels(question)
        result = Result(
            answer,
            question,
            score,
            level,
            None,
            review,
            tuple(Flag(FlagKind(kind), name, detail, _quoted(text, spans)) for kind, name, detail, spans in flags),
            tuple(
                PointResult(
                    point.id, point.label, weight, Coverage(status), credit, _quoted(text, spans), point.sources,
                    "" if status == Coverage.COVERED else advice_for(point, Coverage(status)), point.why,
                )
                for point, (status, credit, weight, spans) in zip(question.key_points, points, strict=True)
            ),
            tuple(
                Contribution(name, labels[name] if label is None else label, earned) for name, label, earned in parts
            ),
            signature,
            tuple(likely) if likely else None,
        )  # fmt: skip
    except (ValueError, TypeError, KeyError, zlib.error):
        return None
    return result, segments


def _labels(question: Question) -> dict[str, str]:
    return {flag.id: flag.label for flag in question.red_flags} | {
        point.id: point.label for point in question.key_points
    }


def _spans(evidence: Sequence[Evidence]) -> list[tuple[Any, ...]]:
    return [(e.start, e.end, e.similarity, e.stance, e.probability) for e in evidence]


def _quoted(text: str, spans: Iterable[Sequence[Any]]) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(start, end, text[start:end], similarity, Stance(stance), probability)
        for start, end, similarity, stance, probability in spans
    )
