"""What cannot be judged is said so: empty, unreadable, too long, or another language than English."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.bank import load_bank
from evaluator.domain import UnscoredReason
from evaluator.language import other_language, why_unscored
from evaluator.text import MAX_ANSWER_CHARS, normalise, words


def reason(text: str) -> UnscoredReason | None:
    found = why_unscored(text, normalise(text))
    if found:
        assert found.detail.endswith((".", "?"))
    return found.reason if found else None


ENGLISH = [
    "I listen to the customer.",
    "Listen",
    "I listen. " * 100,
    "teamwork patience empathy " * 20,
    "ok",
    "no",
    "I am remaining very calm person",
    "customer angry me calm, me say sorry, me call boss",
    "Listen. Apologize. Resolve. Document. Escalate.",
    "listen calm apologize fix call pharmacist offer solution",
    "I wud lisen to teh custmer an stay clam",
    "Um, so, like, I'd just, you know, let 'em vent.",
    "I LISTEN TO THE CUSTOMER AND APOLOGISE",
    "When she is angry I explain her the things slow and she is understanding.",
    "I say gracias and call the farmacia if the señora speaks only Spanish.",
    "That is what they would hear from me then: lo siento mucho señora, enseguida llamamos al farmacéutico para "
    "resolverlo, disculpe la espera tan larga",
    "no clue " * 5,
    "José and Zoë at the café always get a naïve résumé of it",
    "Call 555-123-4567 now, please.",
]

OTHER = [
    ("es", "Escucho al cliente y le pido disculpas por la espera."),
    ("es", "No me enojo, no le grito a la gente, me calmo"),
    ("es", "No me enojo con el cliente y no le grito a nadie, me calmo y le pido disculpas a la señora."),
    ("es", "Mantengo la calma y escucho al cliente. A veces no me gusta, no me enojo."),
    ("es", "No me enojo con el cliente. " * 20),
    ("es", "NO ME ENOJO CON EL CLIENTE Y LE PIDO DISCULPAS"),
    ("pt", "Eu escuto o cliente e peço desculpas pela demora no atendimento, do começo ao fim."),
    ("pt", "As pessoas ficam nervosas, eu as escuto e me coloco no lugar do cliente"),
    ("de", "Ich entschuldige mich und hole den Apotheker, was will man machen"),
    ("de", "Am Telefon höre ich zu, was er will, in Ruhe"),
    ("fr", "Je reste calme et on écoute le client, on a le temps"),
    ("it", "Io sono calmo e ascolto il cliente in farmacia, a me non importa, so come fare"),
    ("nl", "Ik ben kalm en we luisteren, het is zo en was altijd over in de winkel"),
    ("sv", "Jag är i butiken för att hjälpa, så att man blir lugn"),
    ("pl", "Zachowuję spokój i słucham klienta, a potem przepraszam za opóźnienie"),
    ("ru", "Я слушаю"),
    ("zh", "我会先听客户说话"),
    ("ar", "أستمع إلى الزبون وأعتذر له"),
    ("hi", "मैं ग्राहक की बात सुनता हूँ"),
]


@pytest.mark.parametrize("text", ENGLISH)
def test_english_in_any_voice_is_judged(text: str) -> None:
    assert other_language(text) is None
    assert reason(text) is None


@pytest.mark.parametrize(("language", "text"), OTHER)
def test_another_language_is_named(language: str, text: str) -> None:
    assert other_language(text) == language
    found = why_unscored(text, normalise(text))
    assert found is not None
    assert found.reason is UnscoredReason.NOT_ENGLISH
    assert f"looks like {language!r}" in found.detail


def test_every_statement_of_the_shipped_bank_is_english() -> None:
    """Varied voices, non-native ones among them: 5,000 sentences of which none may be taken for another language."""
    texts = {
        text
        for question in load_bank().questions
        for behaviour in (*question.key_points, *question.red_flags)
        for text in (getattr(behaviour, "affirm", ()) + getattr(behaviour, "deny", ()) or behaviour.statements)
    }
    assert len(texts) > 1000
    assert [text for text in sorted(texts) if other_language(text)] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", UnscoredReason.EMPTY),
        (" \t\n\u00a0\u2003", UnscoredReason.EMPTY),
        ("\u200b\u200b", UnscoredReason.UNREADABLE),
        ("😀😀👩🏽‍⚕️", UnscoredReason.UNREADABLE),
        ("...", UnscoredReason.UNREADABLE),
        ("---!!!???", UnscoredReason.UNREADABLE),
        ("12345 67890", UnscoredReason.UNREADABLE),
        ("\x00\x01\x02", UnscoredReason.UNREADABLE),
        ("I listen\x00 to\x00 the\x00 customer\x00", UnscoredReason.UNREADABLE),
        ("I listen\x00 to the customer", None),
        ("I listen to the cust\ufffdmer", UnscoredReason.UNREADABLE),
        ("[[[[[[[[ a ]]]]]]]]", UnscoredReason.UNREADABLE),
        ("#### $$$$ %%%% &&&& **** listen", UnscoredReason.UNREADABLE),
        ("\u202eI listen to the customer\u202c", None),
        ("I listen 😀 to the customer", None),
        ("I", None),
        ("a" * MAX_ANSWER_CHARS, None),
        ("I listen. " * (MAX_ANSWER_CHARS // 10), None),
        ("I listen. " * (MAX_ANSWER_CHARS // 10) + "x", UnscoredReason.TOO_LONG),
        ("[" * 50_000, UnscoredReason.TOO_LONG),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_why_unscored(text: str, expected: UnscoredReason | None) -> None:
    assert reason(text) is expected


def test_a_text_that_is_too_long_is_told_by_how_much() -> None:
    found = why_unscored("a" * 40_001, normalise(""))
    assert found is not None
    assert found.detail == "The answer has 40,001 characters; at most 40,000 are judged. Shorten or split it."


@given(st.text(max_size=300))
def test_any_text_is_judged_or_gets_a_reason(text: str) -> None:
    found = reason(text)
    assert found is not UnscoredReason.TOO_LONG
    assert (found is UnscoredReason.EMPTY) is not bool(text.strip())
    if found is None:
        assert words(text)
