"""The ten passages of the first original, as answers to the question on rude customers."""

import os
from pathlib import Path

import pytest

from evaluator.domain import Answer, FlagKind
from evaluator.loading import load_engine

ORIGINALS = Path(os.environ.get("EVALUATOR_ORIGINALS", Path(__file__).parents[2] / "shared" / "seeds"))
PAGE = "000_83ca3235777f2658.txt"
ANSWERS_THE_QUESTION = {1, 9}
"""The long guide to listening, and the one on listening carefully (counted from 0)."""
STAYS_OPEN = {0, 4}
"""Policy and a low voice: a thin answer, neither demanded to be good nor off topic. And the one on kindness: it is wrongly
taken for arguing back, as a row of ``data/judgements.jsonl`` keeps in mind."""


@pytest.mark.skipif(not (ORIGINALS / PAGE).is_file(), reason="the originals are not part of the project")
def test_passages_that_answer_are_acceptable_and_the_others_are_off_topic() -> None:
    text = (ORIGINALS / PAGE).read_text(encoding="utf-8")
    passages = [part.strip().removesuffix("Less").strip() for part in text.split("\u21b3") if part.strip()]
    assert len(passages) == 10
    engine = load_engine()
    results = list(engine.evaluate(Answer(str(i), "rude-customer", passage) for i, passage in enumerate(passages)))
    for number, result in enumerate(results):
        told = (number, result.level, result.score, [flag.id for flag in result.flags])
        if number in ANSWERS_THE_QUESTION:
            assert result.level is not None and result.level >= 3, told
        elif number not in STAYS_OPEN:
            assert result.level == 1, told
            assert FlagKind.OFF_TOPIC in {flag.kind for flag in result.flags}, told
