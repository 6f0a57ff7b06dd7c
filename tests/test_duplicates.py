"""Duplicates across a batch: by wording, between candidates, to one question."""

from __future__ import annotations

from random import Random

import pytest
from fakes import engine, small_bank
from rapidfuzz import fuzz

from evaluator.domain import Answer, FlagKind, Result
from evaluator.duplicates import DUPLICATE_RATIO, find_twins, mark_duplicates

LONG = "I listen until the customer has finished talking, then we look up the options together and solve the problem."
OTHER = "My voice stays low and my breathing slow, and a supervisor hears about hard cases early on every single day."
ENGINE = engine(small_bank())


def marked(*answers: tuple[str, str, str]) -> list[Result]:
    return mark_duplicates(ENGINE.evaluate(Answer(*answer) for answer in answers))


def twins(results: list[Result]) -> list[list[str]]:
    return [[flag.id for flag in result.flags if flag.kind is FlagKind.DUPLICATE] for result in results]


def test_both_answers_are_flagged_and_name_each_other() -> None:
    results = marked(
        ("a", "rude-customer", LONG), ("b", "rude-customer", OTHER), ("c", "rude-customer", LONG.upper() + " Yes")
    )
    assert twins(results) == [["c"], [], ["a"]]
    assert results[0].needs_review
    assert "candidate c" in results[0].flags[-1].detail


def test_what_is_no_duplicate() -> None:
    same_person = marked(("a", "rude-customer", LONG), ("a", "rude-customer", LONG))
    other_question = marked(("a", "rude-customer", LONG), ("b", "own-question", LONG))
    short = marked(("a", "rude-customer", "I listen."), ("b", "rude-customer", "I listen."))
    unscored = marked(("a", "rude-customer", ""), ("b", "rude-customer", ""))
    assert twins([*same_person, *other_question, *short, *unscored]) == [[]] * 8


def test_the_order_of_results_is_kept() -> None:
    results = marked(("b", "own-question", LONG), ("a", "rude-customer", LONG), ("c", "own-question", OTHER))
    assert [result.answer.candidate_id for result in results] == ["b", "a", "c"]


WORDS = "listen calm sorry help doctor wait call check again polite offer ask time refund manager".split()


def reference(candidates: list[str], texts: list[str]) -> list[tuple[int, int]]:
    """Every pair, aligned one by one."""
    pairs = []
    for own, text in enumerate(texts):
        same = (
            other
            for other, their in enumerate(texts)
            if candidates[other] != candidates[own] and fuzz.ratio(text, their) >= DUPLICATE_RATIO
        )
        if (first := next(same, None)) is not None:
            pairs.append((own, first))
    return pairs


@pytest.mark.parametrize("seed", range(5))
def test_counting_characters_rules_out_no_duplicate(seed: int) -> None:
    random = Random(seed)
    texts = [" ".join(random.choices(WORDS, k=random.randint(12, 40))) for _ in range(30)]
    for _ in range(60):  # copies from exact ones to ones on either side of the ratio
        copy = list(random.choice(texts))
        for _ in range(random.randint(0, len(copy) // 8)):
            copy[random.randrange(len(copy))] = random.choice("abcdefgh ")
        texts.append("".join(copy))
    candidates = [f"c{random.randint(0, 20)}" for _ in texts]
    expected = reference(candidates, texts)
    assert 20 < len(expected) < len(texts)
    assert list(find_twins(candidates, texts)) == expected


@pytest.mark.parametrize("texts", [[], ["one"], ["one", "one"]])
def test_few_texts(texts: list[str]) -> None:
    assert list(find_twins([str(n) for n in range(len(texts))], texts)) == reference(["0", "1"][: len(texts)], texts)
