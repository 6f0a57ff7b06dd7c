"""Names of people are hidden from the models, and nothing else that matters is."""

from __future__ import annotations

import pytest
from fakes import CALIBRATION, WordOverlapEncoder, engine, small_bank

from evaluator.names import SOMEBODY, without_names
from evaluator.rewording import NAMES

SENTENCES = (
    "My name is {}. I listen until the customer has finished talking.",
    "I let {} finish without interrupting.",
    "{} was rude, and I stayed calm.",
    "When {} shouted I asked my manager {} for help.",
    "I told Mrs. {} that it takes an hour.",
)


@pytest.mark.parametrize("sentence", SENTENCES)
def test_whoever_is_named_the_models_read_the_same(sentence: str) -> None:
    assert {without_names(sentence.format(name, name)) for name in NAMES} == {sentence.format(SOMEBODY, SOMEBODY)}


@pytest.mark.parametrize(
    "text",
    [
        "i let mei chen finish",
        "I LISTEN TO THE CUSTOMER",
        "I Would Listen To The Customer And Then Help",
        "I treat Indians and Mexicans like everybody else.",
        "My lead. If he shouts, I stay calm.",
        "Once I listen, I say Sorry.",
        "I take care of problems. Listening helps with symptoms. Waiting does not.",
        "I fill in the forms Medicare wants.",
        "Yes sir. Please wait, sir. Thank you.",
    ],
)
def test_what_is_no_name_stays(text: str) -> None:
    assert without_names(text) == text


def test_words_of_the_bank_are_no_names() -> None:
    text = "I ask Blue Cross first. Give Greg Baker time."
    assert without_names(text, {"blue", "cross", "give"}) == f"I ask Blue Cross first. Give {SOMEBODY} time."


def test_evidence_quotes_the_name_and_the_model_never_sees_it() -> None:
    encoder = WordOverlapEncoder()
    answer = "I listen until the customer Lakisha Washington has finished talking."
    result = engine(small_bank(), encoder, calibration=CALIBRATION).evaluate_one("rude-customer", answer)
    point = next(point for point in result.points if point.id == "listens")
    assert [passage.text for passage in point.evidence] == [answer]
    assert not any("Lakisha" in text for call in encoder.asked for text in call)
