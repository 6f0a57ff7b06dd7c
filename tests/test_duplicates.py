"""Duplicates across a batch: by wording, between candidates, to one question."""

from __future__ import annotations

from fakes import engine, small_bank

from evaluator.domain import Answer, FlagKind, Result
from evaluator.duplicates import mark_duplicates

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
