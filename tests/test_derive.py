"""Key points from model answers: one a clause, nothing twice, and a label that does not give the answer away."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.derive import derive_key_points
from evaluator.domain import KeyPoint, ModelAnswer
from evaluator.text import content_words


def derive(*texts: str) -> tuple[KeyPoint, ...]:
    return derive_key_points(tuple(ModelAnswer(text) for text in texts))


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ((), []),
        (("",), []),
        (("...",), []),
        (("I do it.",), []),  # no word of content
        (("Listen.",), ["Listen."]),
        (
            ("I listen to the customer. I call the pharmacist.",),
            ["I listen to the customer.", "I call the pharmacist."],
        ),
        (
            ("I listen to the customer, and I would never argue back.",),
            ["I listen to the customer", "and I would never argue back."],
        ),
        (("I listen to the customer.", "I listen to the customer!"), ["I listen to the customer."]),
        (
            ("I listen to the customer.", "I call the pharmacist."),
            ["I listen to the customer.", "I call the pharmacist."],
        ),
    ],
)
def test_one_point_a_clause(texts: tuple[str, ...], expected: list[str]) -> None:
    assert [point.affirm for point in derive(*texts)] == [(text,) for text in expected]


def test_a_point_of_its_own_kind() -> None:
    first, second = derive("I listen to the customer.", "I call the pharmacist.")
    assert (first.id, second.id) == ("point-1", "point-2")
    assert first.label == "mentions: listen, customer"
    assert (first.sources, second.sources) == (("model answer 1",), ("model answer 2",))
    assert (first.deny, first.why) == ((), "")


@pytest.mark.parametrize(
    ("content", "weight"),
    [(1, 1.0), (4, 1.0), (7, 2.0), (8, 2.0), (12, 3.0), (18, 3.0)],
)
def test_more_content_weighs_more(content: int, weight: float) -> None:
    names = (
        "alpha bravo charlie delta echo foxtrot golf hotel india juliet kilo lima mike november oscar papa quebec romeo"
    )
    (point,) = derive(" ".join(names.split()[:content]))
    assert point.weight == weight


def test_a_label_does_not_give_the_answer_away() -> None:
    (point,) = derive("I would never tell them that they are wrong")
    assert point.label == "mentions: never, tell, wrong"
    assert point.affirm[0] not in point.label


def test_a_label_stays_short() -> None:
    (point,) = derive(" ".join(f"extraordinarily{letter}" for letter in "abcdefghij"))
    assert point.label.startswith("mentions: extraordinarilya, extraordinarilyb")
    assert len(point.label) == 90


def test_a_long_sentence_is_told_in_full() -> None:
    """Clauses too long for a partner and windows of a long clause belong to the points, too."""
    text = (
        "As soon as she is there I go to the back where nobody sees me and breathe, "
        "out of sight so that my face does not keep the anger alive in her or in anybody else."
    )
    told = {word for point in derive(text) for statement in point.affirm for word in content_words(statement)}
    assert told == content_words(text)


@given(st.lists(st.text(max_size=200), max_size=4))
def test_any_model_answers(texts: list[str]) -> None:
    points = derive(*texts)
    assert len({point.id for point in points}) == len(points)
    for point in points:
        assert 1 <= point.weight <= 3
        assert len(point.label) <= 90
        assert content_words(point.affirm[0])
