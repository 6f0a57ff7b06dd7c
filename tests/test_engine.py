"""The engine with a word-overlap encoder: order, reasons, levels, evidence, and the same result every time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from fakes import CALIBRATION, NearestStatementJudge, NeutralReader, WordOverlapEncoder, engine, small_bank
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from evaluator import loading, matching
from evaluator.bank import bank_digest
from evaluator.derive import derived_question
from evaluator.domain import Answer, Bank, Coverage, FlagKind, Result, Stance, UnscoredReason
from evaluator.engine import CHUNK, Engine, Models
from evaluator.flagging import UNNAMED_FLAG
from evaluator.models.stance import StanceCase
from evaluator.models.stretches import unmarked
from evaluator.report.changes import find_changes
from evaluator.results import to_json_line
from evaluator.text import words

LISTENS = "I listen until the customer has finished talking."
CALM = "My voice stays low, and my breathing slow and steady."
SOLVES = "We look up the options together and solve the problem."
THANKS = "Finally I thank them for their patience, warmly."
SUPERVISOR = "My supervisor hears early about hard cases."
INTERRUPTS = "I interrupt whenever somebody rambles endlessly."
ARGUES = "I argue and prove the customer wrong."
NEVER_ARGUES = "Arguing never helps anybody at the counter."
ASIDE = "Yesterday my cousin repaired seven bicycles."

ENGINE = engine(small_bank())


def judge(text: str, question_id: str = "rude-customer") -> Result:
    return ENGINE.evaluate_one(question_id, text)


def statuses(result: Result) -> dict[str, Coverage]:
    return {point.id: point.status for point in result.points}


def flags(result: Result) -> list[tuple[FlagKind, str]]:
    return [(flag.kind, flag.id) for flag in result.flags]


# Answers that cannot be judged


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", UnscoredReason.EMPTY),
        (" \n\t \u00a0", UnscoredReason.EMPTY),
        ("😀👍🏽🎉", UnscoredReason.UNREADABLE),
        ("...!?", UnscoredReason.UNREADABLE),
        ("\u200b\u202e", UnscoredReason.UNREADABLE),
        ("I\x00l\x00i\x00s\x00t\x00e\x00n\x00", UnscoredReason.UNREADABLE),
        ("I listen to the cust\ufffdmer", UnscoredReason.UNREADABLE),
        ("No me enojo con el cliente y le pido disculpas por la espera.", UnscoredReason.NOT_ENGLISH),
        ("a" * 40_001, UnscoredReason.TOO_LONG),
        (LISTENS * 1000, UnscoredReason.TOO_LONG),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_an_answer_that_cannot_be_judged_says_why(text: str, reason: UnscoredReason) -> None:
    result = judge(text)
    assert result.unscored is not None
    assert result.unscored.reason is reason
    assert result.unscored.detail
    assert (result.score, result.level) == (None, None)
    assert (result.flags, result.points, result.contributions) == ((), (), ())
    assert result.needs_review
    assert result.question is not None
    assert result.answer.text == text


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("rude-custmer", "Did you mean 'rude-customer'? "),
        ("own-questions", "Did you mean 'own-question'? "),
        ("entirely-else", ""),
        ("", ""),
    ],
)
def test_an_unknown_question_gets_a_hint(name: str, hint: str) -> None:
    result = judge(LISTENS, name)
    assert result.unscored is not None
    assert result.unscored.reason is UnscoredReason.UNKNOWN_QUESTION
    assert result.unscored.detail == f"No such question in the bank. {hint}See: evaluator bank list"
    assert result.question is None


def test_a_row_that_could_not_be_read_keeps_its_reason() -> None:
    (result,) = ENGINE.evaluate([Answer("ann", "rude-customer", "", 7, "row 7: the cell holds a formula error")])
    assert result.unscored is not None
    assert (result.unscored.reason, result.unscored.detail) == (
        UnscoredReason.UNREADABLE,
        "row 7: the cell holds a formula error",
    )


def test_a_row_that_could_not_be_read_keeps_its_question() -> None:
    (result,) = ENGINE.evaluate([Answer("ann", "rude-customer", "", 7, "damaged")])
    assert result.question is not None


# Answers that can


@pytest.mark.parametrize("text", ["listen", "Listen!", "ok", "Um.", "no", "I", "a", "yes 😀", "l\x00isten"])
def test_one_word_is_judged(text: str) -> None:
    result = judge(text)
    assert result.unscored is None
    assert result.level in (1, 2)
    assert result.score is not None
    assert result.score < 35


@pytest.mark.parametrize(
    ("text", "score", "level", "covered"),
    [
        (LISTENS, 60.0, 4, {"listens"}),
        (CALM, 46.7, 3, {"calm"}),
        (f"{LISTENS} {THANKS}", 73.3, 4, {"listens", "thanks"}),
        (f"{LISTENS} {CALM} {THANKS}", 100.0, 5, {"listens", "calm", "thanks"}),
        (f"{LISTENS} {CALM} {SOLVES} {THANKS} {SUPERVISOR}", 100.0, 5, {"listens", "calm", "solves", "thanks", "supervisor"}),
        (f"{LISTENS} {ASIDE}", 60.0, 4, {"listens"}),
        (ASIDE, 8.9, 1, set()),
    ],
    ids=range(7),
)  # fmt: skip
def test_exact_scores(text: str, score: float, level: int, covered: set[str]) -> None:
    result = judge(text)
    assert {name for name, status in statuses(result).items() if status is Coverage.COVERED} == covered
    assert (result.score, result.level) == (score, level)


def test_the_question_may_be_given_by_its_text() -> None:
    result = judge(LISTENS, "how do you handle a rude customer")
    assert result.question is not None
    assert result.question.id == "rude-customer"
    assert result.score == judge(LISTENS).score


def test_a_question_with_derived_points_is_judged() -> None:
    """Derived points have no deny statements: they can be covered or missed, never contradicted."""
    result = judge("I really want to learn, and your pharmacist teaches gladly.", "own-question")
    assert statuses(result) == {"point-1": Coverage.COVERED}
    assert statuses(judge(ASIDE, "own-question")) == {"point-1": Coverage.MISSED}


def test_the_opposite_of_a_key_point_is_a_contradiction() -> None:
    result = judge(f"{CALM} {INTERRUPTS}")
    (found,) = [point for point in result.points if point.status is Coverage.CONTRADICTED]
    assert found.id == "listens"
    assert [(quote.text, quote.stance) for quote in found.evidence] == [(INTERRUPTS, Stance.DENIES)]
    assert found.advice.startswith("What you said reads as the opposite of this.")
    assert (result.score, judge(CALM).score) == (18.7, 46.7)


@pytest.mark.parametrize("good", ["", LISTENS, f"{LISTENS} {THANKS}", f"{CALM} {SUPERVISOR} {THANKS}"])
def test_a_red_flag_makes_an_answer_unacceptable_whatever_else_it_says(good: str) -> None:
    result = judge(f"{good} {ARGUES}")
    assert (FlagKind.RED_FLAG, "argues-back") in flags(result)
    assert result.level == 1
    assert result.needs_review
    (flag,) = [flag for flag in result.flags if flag.kind is FlagKind.RED_FLAG]
    assert [quote.text for quote in flag.evidence] == [ARGUES]
    if good:
        before = judge(good).score
        assert before is not None
        assert result.score is not None
        assert result.score <= before


def test_an_acceptable_sentence_that_looks_alike_is_no_red_flag() -> None:
    assert FlagKind.RED_FLAG not in {kind for kind, _ in flags(judge(f"{LISTENS} {NEVER_ARGUES}"))}


def test_saying_a_harmless_sentence_again_does_not_hide_a_red_flag() -> None:
    harmful = "I would argue and prove him wrong."
    assert (FlagKind.RED_FLAG, "argues-back") in flags(judge(f"{NEVER_ARGUES} {harmful}"))
    assert (FlagKind.RED_FLAG, "argues-back") in flags(judge(f"{NEVER_ARGUES} " * 20 + harmful))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (ASIDE, (FlagKind.OFF_TOPIC, "off_topic")),
        ("A rude customer I handle how I handle a rude customer.", (FlagKind.GAMING, "echo")),
        ("Listening, options, voice, talking, breathing, customer", (FlagKind.GAMING, "keywords")),
        (f"{LISTENS} {LISTENS} {LISTENS}", (FlagKind.GAMING, "padding")),
        (small_bank().questions[0].model_answers[0].text, (FlagKind.COPIED, "model-answer-1")),
        ("My vоice stаys low and my breathing slow", (FlagKind.MIXED_SCRIPT, "mixed_script")),
        (LISTENS, (FlagKind.NEAR_CUT, "near_cut")),
    ],
    ids=["off topic", "echo", "keywords", "padding", "copied", "mixed script", "near cut"],
)
def test_flags(text: str, expected: tuple[FlagKind, str]) -> None:
    judged = engine(small_bank())
    if expected[1] == "near_cut":
        judged.calibration = replace(CALIBRATION, cuts=(15.0, 35.0, 59.0, 80.0))
    result = judged.evaluate_one("rude-customer", text)
    assert expected in flags(result)
    assert result.needs_review is any(kind is not FlagKind.MIXED_SCRIPT for kind, _ in flags(result))


def test_evidence_quotes_the_candidate_as_it_was_written() -> None:
    text = f"  \u202eWell,  I  listen until the customer’s ﬁnished talking — cafe\u0301!\r\n{THANKS}"
    result = judge(text)
    quotes = [quote for point in result.points for quote in point.evidence]
    assert quotes
    for quote in quotes:
        assert text[quote.start : quote.end] == quote.text
        assert -1 <= quote.similarity <= 1.0001
        assert 0 <= quote.probability <= 1
    assert any("customer’s ﬁnished" in quote.text for quote in quotes)


def test_a_covered_point_needs_no_advice_and_a_missed_one_no_quote() -> None:
    result = judge(LISTENS)
    for point in result.points:
        assert bool(point.advice) is (point.status is not Coverage.COVERED)
        assert bool(point.evidence) is (point.status is Coverage.COVERED)


def test_a_partly_covered_point_quotes_what_earned_the_credit() -> None:
    result = judge("listen")
    (found,) = [point for point in result.points if point.status is Coverage.PARTLY]
    assert [quote.text for quote in found.evidence] == ["listen"]


# Order, batches, sameness


def mixed_answers() -> list[Answer]:
    texts = [
        LISTENS,
        "",
        ARGUES,
        "😀",
        f"{CALM} {THANKS}",
        "Escucho al cliente y le pido disculpas por la espera.",
        "ok",
        ASIDE,
    ]
    questions = ["rude-customer", "own-question", "rude-custmer"]
    return [
        Answer(
            f"candidate-{n}", questions[n % 3 if n % 5 == 0 else 0], texts[n % len(texts)], n + 1, extra={"n": str(n)}
        )
        for n in range(2 * CHUNK + 5)
    ]


def test_results_come_in_the_order_of_the_answers() -> None:
    answers = mixed_answers()
    assert [result.answer for result in ENGINE.evaluate(answers)] == answers


def test_an_answer_gets_the_same_result_alone_and_in_a_batch() -> None:
    answers = mixed_answers()
    together = list(ENGINE.evaluate(answers))
    alone = [next(engine(small_bank()).evaluate([answer])) for answer in answers[:20]]
    assert [to_json_line(result) for result in alone] == [to_json_line(result) for result in together[:20]]


def test_two_runs_are_the_same_to_the_byte() -> None:
    runs = [[to_json_line(result) for result in engine(small_bank()).evaluate(mixed_answers())] for _ in range(2)]
    assert runs[0] == runs[1]
    backwards = [to_json_line(result) for result in engine(small_bank()).evaluate(reversed(mixed_answers()))]
    assert backwards[::-1] == runs[0]


@pytest.mark.parametrize("count", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1])
def test_batches_of_every_size(count: int) -> None:
    answers = [Answer(f"c{n}", "rude-customer", LISTENS) for n in range(count)]
    assert len(list(ENGINE.evaluate(iter(answers)))) == count


def test_answers_are_taken_one_chunk_at_a_time() -> None:
    taken = 0

    def answers() -> object:
        nonlocal taken
        for number in range(10 * CHUNK):
            taken += 1
            yield Answer(f"c{number}", "rude-customer", LISTENS)

    next(ENGINE.evaluate(answers()))  # type: ignore[arg-type]
    assert taken == CHUNK


def test_statements_are_embedded_once_a_question() -> None:
    encoder = WordOverlapEncoder()
    judged = engine(small_bank(), encoder)
    list(judged.evaluate(mixed_answers()))
    assert len([texts for texts in encoder.asked if NEVER_ARGUES in texts]) == 1


# Signature


def test_a_signature_changes_with_what_a_judgement_depends_on() -> None:
    bank = small_bank()
    plain = engine(bank).signature
    assert engine(small_bank()).signature == plain
    other_cuts = engine(bank)
    other_cuts.calibration = replace(CALIBRATION, red_flag=0.8)
    assert other_cuts.signature.calibration != plain.calibration
    other_bank = engine(replace(bank, digest="f" * 64))
    assert other_bank.signature.bank != plain.bank
    assert judge(LISTENS).signature == plain


# What speaks against the candidate

HARM = replace(CALIBRATION, balance=40.0, harm=20.0, flag_share=0.5, red_flag=0.9, doubt=0.4, named=0.5)
READER = NeutralReader({"explodes": (0.0, 0.0, 1.0), "steady": (1.0, 0.0, 0.0), "bicycles": (0.0, 0.5, 0.5)})
READING = engine(small_bank(), reader=READER, calibration=HARM)
EXPLODES = "My grandfather explodes about bicycles."


def parts(result: Result) -> dict[str, float]:
    return {part.id: part.points for part in result.contributions}


def test_conduct_against_the_candidate_is_deducted_and_shown() -> None:
    plain = READING.evaluate_one("rude-customer", LISTENS)
    doubtful = READING.evaluate_one("rude-customer", f"{LISTENS} {EXPLODES}")
    assert "conduct" not in parts(plain)
    assert parts(plain)["worst"] > -1
    assert parts(doubtful)["conduct"] == pytest.approx(-40 * 1 / 1.25, abs=0.15)
    assert parts(doubtful)["worst"] == pytest.approx(-20 * 0.5, abs=0.1)
    assert (doubtful.score or 0) < (plain.score or 0)


def test_good_conduct_makes_up_for_some_of_it_and_repeating_changes_nothing() -> None:
    bad = READING.evaluate_one("rude-customer", f"{LISTENS} {EXPLODES}")
    mixed = READING.evaluate_one("rude-customer", f"{LISTENS} {EXPLODES} Steady hands help.")
    again = READING.evaluate_one("rude-customer", f"{LISTENS} {EXPLODES} {EXPLODES}")
    assert (mixed.score or 0) > (bad.score or 0)
    assert parts(again)["conduct"] == parts(bad)["conduct"]


def test_what_is_harmful_stays_so_when_it_is_said_twice() -> None:
    for harm in ("I argue with the customer a lot.", "I argue and prove the customer wrong."):
        once = READING.evaluate_one("rude-customer", f"{LISTENS} {harm}")
        twice = READING.evaluate_one("rude-customer", f"{LISTENS} {harm} {LISTENS} {harm}")
        assert parts(once)["worst"] < -1
        assert parts(twice)["worst"] == parts(once)["worst"]
        flags = [[flag.id for flag in result.flags if flag.kind is FlagKind.RED_FLAG] for result in (once, twice)]
        assert flags[0] == flags[1]
    assert flags[0] == ["argues-back"]


def test_harm_follows_what_else_the_answer_says() -> None:
    """A doubtful sentence by itself, beside another one, beside a key point contradicted, and among much in favour."""
    numbers = replace(HARM, flag_share=0.0, harm_other=1.0, harm_denied=1.0, harm_favour=2.0)
    judged = engine(small_bank(), reader=READER, calibration=numbers)
    doubtful = f"{LISTENS} It is about bicycles."
    steady = "Steady hands help patients. A steady voice soothes everybody. Steady habits keep labels right. Steady steps lead home."
    alone, beside, denying, among = (
        -parts(judged.evaluate_one("rude-customer", text))["worst"] / numbers.harm
        for text in (doubtful, f"{doubtful} Old bicycles rust.", f"{doubtful} {INTERRUPTS}", f"{doubtful} {steady}")
    )
    assert alone == pytest.approx(0.5, abs=0.05)
    assert beside == pytest.approx(1 / (1 + 0.12 / 0.88), abs=0.05)  # the other is as doubtful
    assert denying > alone + 0.05
    assert among < alone - 0.2


def test_a_doubtful_sentence_is_put_before_a_person() -> None:
    result = READING.evaluate_one("rude-customer", f"{LISTENS} {EXPLODES}")
    flag = next(flag for flag in result.flags if flag.id == "possible-red-flag")
    assert [passage.text for passage in flag.evidence] == [EXPLODES]
    assert result.needs_review


def test_harm_that_no_red_flag_names_is_unacceptable_all_the_same() -> None:
    surely = replace(HARM, red_flag=0.45)
    result = engine(small_bank(), reader=READER, calibration=surely).evaluate_one("rude-customer", EXPLODES)
    assert (FlagKind.RED_FLAG, UNNAMED_FLAG) in flags(result)
    assert result.level == 1


def test_a_question_without_red_flags_has_unacceptable_answers_too() -> None:
    reader = NeutralReader({**READER.tones, "learn": (0.9, 0.1, 0.0)})
    judged = engine(small_bank(), reader=reader, calibration=replace(HARM, unacceptable=0.95))
    own = judged.evaluate_one("own-question", "Whatever explodes, I want to learn from your pharmacist.")
    assert flags(own)[0] == (FlagKind.RED_FLAG, UNNAMED_FLAG)
    mild = judged.evaluate_one("own-question", "I want to learn from your pharmacist about bicycles.")
    assert FlagKind.RED_FLAG not in {kind for kind, _ in flags(mild)}


def test_a_question_of_facts_raises_no_red_flag_and_loses_a_little_by_what_speaks_against_the_candidate() -> None:
    numbers = replace(HARM, unacceptable=0.95, knowledge_base=10.0, knowledge_enough_share=1.0, knowledge_balance=20.0)
    judged = engine(small_bank(), reader=READER, calibration=numbers)
    own = judged.evaluate_one("own-question", "Whatever explodes, I want to learn from your pharmacist.")
    assert FlagKind.RED_FLAG not in {kind for kind, _ in flags(own)}
    kept = [(part.id, part.points) for part in own.contributions]
    assert kept == [("base", 10.0), ("point-1", 90.0), ("conduct", pytest.approx(-16.0, abs=0.5))]
    assert own.score is not None
    less = judged.evaluate_one("own-question", "Bicycles, whatever explodes.").score
    assert less is not None and less < own.score


def test_a_fact_in_the_references_words_is_the_fact_and_no_copy() -> None:
    result = engine(small_bank()).evaluate_one("own-question", "I want to learn from your pharmacist.")
    assert (FlagKind.COPIED, "model-answer-1") not in flags(result)
    assert result.score == 100.0


# Sentences in their context


class WholeReader:
    """Finds harm only where a text holds both of two words, each of them harmless alone."""

    def read(self, texts: Sequence[str], /) -> NDArray[np.float32]:
        """Return the reading of each text, or of a marked stretch that has one of the words, shape (len(texts), 3)."""
        harmful = []
        for text, span in map(unmarked, texts):
            own = set(words(text[slice(*(span or (None, None)))]))
            harmful.append({"admitted", "stand"} <= set(words(text)) and bool({"admitted", "stand"} & own))
        return np.array([(0, 0, 1) if harm else (0, 1, 0) for harm in harmful], dtype=np.float32).reshape(-1, 3)


def test_what_is_harmless_by_itself_may_be_harmful_within_the_answer() -> None:
    judged = engine(small_bank(), reader=WholeReader(), calibration=replace(HARM, flag_share=0.0, red_flag=0.4))
    first, second = "They all stand there.", "That is once they have admitted it."
    together = judged.evaluate_one("rude-customer", f"{LISTENS} {first} {second}")
    assert (FlagKind.RED_FLAG, UNNAMED_FLAG) in flags(together)
    assert together.level == 1
    for part in (first, second):
        assert FlagKind.RED_FLAG not in {
            kind for kind, _ in flags(judged.evaluate_one("rude-customer", f"{LISTENS} {part}"))
        }


@pytest.mark.parametrize(
    ("text", "raised"),
    [("I stand there until it is admitted.", True), ("You will stand there until it is admitted.", False)],
)
def test_advice_raises_no_red_flag_by_itself_and_is_put_before_a_person(text: str, raised: bool) -> None:
    sure = replace(HARM, flag_share=0.0, red_flag=0.9, doubt=0.8)
    found = flags(
        engine(small_bank(), reader=WholeReader(), calibration=sure).evaluate_one("rude-customer", f"{LISTENS} {text}")
    )
    assert ((FlagKind.RED_FLAG, UNNAMED_FLAG) in found) is raised
    assert ((FlagKind.NEAR_CUT, "possible-red-flag") in found) is not raised


def test_a_question_with_red_flags_never_falls_back_to_the_reading_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        matching, "SEGMENTS_A_SIDE", 1
    )  # as in a very long answer: no red flag is asked about the second
    surely = replace(HARM, flag_share=0.5, red_flag=0.6, unacceptable=0.4)
    judged = engine(small_bank(), reader=READER, calibration=surely)
    result = judged.evaluate_one("rude-customer", f"{LISTENS} My grandfather explodes.")
    assert FlagKind.RED_FLAG not in {kind for kind, _ in flags(result)}


def test_a_long_sentence_earns_as_much_as_the_sentences_that_it_would_be() -> None:
    judged = engine(small_bank(), reader=READER, calibration=replace(HARM, favour=30.0, favour_sentences=4.0))
    short = "My hands are steady."
    long = f"{short[:-1]} and " + " and ".join(f"number {n} of all of them waits" for n in range(5)) + "."
    earned = [parts(judged.evaluate_one("rude-customer", text))["favour"] for text in (short, long)]
    assert earned == [pytest.approx(7.5, abs=0.15), pytest.approx(7.5 * 44 / 15, abs=0.15)]


def test_a_derived_question_loses_by_its_conduct_as_a_whole_only() -> None:
    reader = NeutralReader({"learn": (0.4, 0.1, 0.5)})
    judged = engine(small_bank(), reader=reader, calibration=replace(HARM, derived_balance=30.0, unacceptable=0.99))
    found = parts(judged.evaluate_one("own-question", "I want to learn from your pharmacist."))
    assert found["conduct"] == pytest.approx(-30 * 0.5 / (0.5 + 0.4 + 0.25), abs=0.2)
    assert "worst" not in found


def learning(text: str, **numbers: float) -> Result:
    """Judge an answer to a question that has two model answers only, and asks for conduct."""
    answers = ("I want to learn from your pharmacist.", "I want to help patients. Bicycles bring me here.")
    asked = derived_question("own", "Why do you want to work here?", answers)
    reader = NeutralReader(dict.fromkeys(("learn", "help", "bicycles"), (0.9, 0.1, 0.0)))
    calibration = replace(CALIBRATION, unacceptable=0.99, unrelated=-1.0, derived_base=10.0, **numbers)
    judged = engine(Bank((asked,), bank_digest([asked])), reader=reader, calibration=calibration)
    return judged.evaluate_one("own", text)


def test_a_derived_question_earns_by_the_model_answer_that_is_told_best() -> None:
    found = parts(learning("I want to learn from your pharmacist."))
    assert found["point-1"] > 0
    assert found["point-2"] == found["point-3"] == 0
    found = parts(learning("I want to help patients. Bicycles bring me here."))
    assert found["point-1"] == 0
    assert min(found["point-2"], found["point-3"]) > 0


def test_clauses_of_a_model_answer_that_does_not_count_weigh_nothing_and_are_not_advised() -> None:
    result = learning("I want to learn from your pharmacist.")
    assert {point.id: point.weight > 0 for point in result.points} == {
        "point-1": True,
        "point-2": False,
        "point-3": False,
    }
    assert not {change.id for change in find_changes(result)} & {"point-2", "point-3"}
    missed = learning("I live in the next street.")
    counted = {point.id for point in missed.points if point.weight}
    assert counted == {change.id for change in find_changes(missed) if change.id.startswith("point")}


def test_a_question_of_another_bank_has_numbers_of_its_own() -> None:
    """Most of its behaviours decide; what a judge was trained on is told by their statements."""
    numbers = replace(
        CALIBRATION, new_covered=1.01, new_partly=0.0, new_enough_share=1.0, new_favour_sentences=9.0, new_spread=50.0
    )
    bank = small_bank()
    point = bank.questions[0].key_points[0]
    for learned, covered in (
        (None, True),
        (lambda affirm, deny: True, True),
        (lambda affirm, deny: False, False),
        (lambda affirm, deny: (affirm, deny) != point.sides, True),
        (lambda affirm, deny: (affirm, deny) == point.sides, False),
    ):
        judged = engine(bank, calibration=numbers, learned=learned)
        result = judged.evaluate_one("rude-customer", LISTENS)
        assert (Coverage.COVERED in statuses(result).values()) is covered
        assert (result.likely_levels == (1, 5)) is not covered


def test_a_red_flag_of_another_bank_has_a_bar_of_its_own() -> None:
    for bar, raised in ((0.7, True), (1.01, False)):
        numbers = replace(CALIBRATION, new_red_flag=bar)
        judged = engine(small_bank(), calibration=numbers, learned=lambda affirm, deny: False)
        kinds = {kind for kind, _ in flags(judged.evaluate_one("rude-customer", ARGUES))}
        assert (FlagKind.RED_FLAG in kinds) is raised


def test_a_stance_model_of_the_users_own_leaves_open_which_banks_the_reading_knows(
    word_overlap: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reading stays the shipped judge's: a bank that this one never met has the numbers of other banks."""
    own = NearestStatementJudge()
    monkeypatch.setattr(own, "digest", "2" * 64, raising=False)
    monkeypatch.setattr(loading, "CrossEncoderJudge", lambda *_: own)
    monkeypatch.setattr(loading.TunedJudge, "learned", lambda *_: False)
    for cache in (True, False):
        judged = loading.load_engine(small_bank(), stance_model="own", cache=cache)
        assert not judged.vectors(judged.bank.questions[0]).familiar


def test_a_red_flag_beside_model_answers_only_has_the_bar_of_another_bank() -> None:
    for bar, raised in ((0.7, True), (1.01, False)):
        numbers = replace(CALIBRATION, new_red_flag=bar)
        full = small_bank().questions[0]
        derived = derived_question("own", full.text, [answer.text for answer in full.model_answers])
        own = Bank((replace(derived, red_flags=full.red_flags),), bank_digest([derived]))
        conduct = NeutralReader(dict.fromkeys(("listen", "voice", "together"), (0.9, 0.1, 0.0)))
        kinds = {kind for kind, _ in flags(engine(own, None, conduct, numbers).evaluate_one("own", ARGUES))}
        assert (FlagKind.RED_FLAG in kinds) is raised


def test_a_derived_question_has_other_bars_for_what_is_off_topic() -> None:
    """A story shares few words with a model answer; a question with statements has more to be near to."""
    story = "Nobody repaired anything while my patients waited, cousins and neighbours included."
    numbers = {"off_topic": 0.9, "doubtful_topic": 0.95}
    near = learning(story, elsewhere_off_topic=0.05, elsewhere_doubtful_topic=0.06, **numbers)
    far = learning(story, elsewhere_off_topic=0.9, elsewhere_doubtful_topic=0.95, **numbers)
    assert (FlagKind.OFF_TOPIC, "off_topic") not in flags(near)
    assert (FlagKind.OFF_TOPIC, "off_topic") in flags(far)


def test_a_derived_question_earns_by_conduct_whatever_its_model_answers_say() -> None:
    earned = [
        parts(learning(text, derived_favour=45.0, derived_sentences=3.0))["favour"]
        for text in (
            "Somewhere.",
            "I learn.",
            "I learn. So I do learn.",
            "I learn. I help.",
            "I learn. I help. Bicycles.",
        )
    ]
    assert earned == [0.0, 13.5, 13.5, 27.0, 40.5]


def test_the_words_of_a_clause_count_beside_what_the_judge_finds() -> None:
    """Its words stand in two sentences: no single one shows the behaviour in full, together they account for all of it."""
    scores = [
        learning("We learn. The pharmacist teaches.", derived_words=share, derived_enough_share=2.0).score or 0.0
        for share in (0.0, 0.4, 0.8)
    ]
    assert scores[0] < scores[1] < scores[2]


def test_a_name_in_an_answer_changes_no_word_of_it() -> None:
    scores = {
        learning(f"I want to learn, as {name} told me.").score for name in ("Anna Help", "Anna Patients", "Mei Chen")
    }
    assert len(scores) == 1


def test_conduct_in_favour_earns_points_whatever_key_point_it_is_about() -> None:
    numbers = replace(CALIBRATION, favour=30.0, favour_sentences=2.0, unrelated=-1.0)
    judged = engine(small_bank(), reader=NeutralReader({"calendar": (0.8, 0.2, 0.0)}), calibration=numbers)
    said = "I write it in my calendar."
    assert parts(judged.evaluate_one("rude-customer", said))["favour"] == 12.0
    for again in (said, "I do write it in my calendar, really!", "My calendar it is."):
        assert parts(judged.evaluate_one("rude-customer", f"{said} {again}"))["favour"] == 12.0
    more = "My calendar reminds me of every delivery."
    assert parts(judged.evaluate_one("rude-customer", f"{said} {more}"))["favour"] == 24.0
    assert parts(judged.evaluate_one("rude-customer", ASIDE))["favour"] == 0.0


def test_a_name_makes_no_sentence_a_new_one() -> None:
    numbers = replace(CALIBRATION, favour=30.0, favour_sentences=2.0, unrelated=-1.0)
    judged = engine(small_bank(), reader=NeutralReader({"calendar": (0.8, 0.2, 0.0)}), calibration=numbers)
    said = "My calendar was given to me by {}. My calendar is full."
    scores = {judged.evaluate_one("rude-customer", said.format(name)).score for name in ("Mei Chen", "Calendar Full")}
    assert len(scores) == 1


# Empty talk and contradictions


def test_many_words_about_nothing_are_empty_talk() -> None:
    judged = engine(small_bank(), calibration=replace(CALIBRATION, off_topic=0.0, doubtful_topic=0.0, unrelated=0.0))
    talk = "Synergy drives outcomes forward while weather keeps everybody carrying bright umbrellas daily, as owners align "
    talk += "their holistic mindset with the value of tomorrow."
    empty = (FlagKind.GAMING, "empty-talk")
    assert empty in flags(judged.evaluate_one("rude-customer", talk))
    assert empty not in flags(judged.evaluate_one("rude-customer", f"{talk} {LISTENS}"))
    assert empty not in flags(judged.evaluate_one("rude-customer", "Synergy drives outcomes forward."))


def test_a_thing_and_its_opposite_contradict_each_other() -> None:
    result = judge(f"{LISTENS} Well, {INTERRUPTS}")
    found = [flag for flag in result.flags if flag.id == "self-contradiction"]
    assert [[passage.text for passage in flag.evidence] for flag in found] == [[LISTENS, f"Well, {INTERRUPTS}"]]
    assert not any(flag.id == "self-contradiction" for flag in judge(f"{LISTENS} {CALM}").flags)


# Any text


@settings(max_examples=60)
@given(
    st.one_of(
        st.text(max_size=200),
        st.lists(
            st.sampled_from([LISTENS, CALM, THANKS, ARGUES, INTERRUPTS, ASIDE, "um,", "\x00", "😀"]), max_size=8
        ).map(" ".join),
    )
)
def test_any_text_is_judged_or_says_why_not(text: str) -> None:
    result = judge(text)
    assert (result.score is None) is (result.level is None) is (result.unscored is not None)
    if result.score is None or result.level is None:
        return
    assert 0 <= result.score <= 100
    assert result.level == ENGINE.calibration.level(result.score)
    assert round(sum(part.points for part in result.contributions), 1) == result.score
    assert [point.id for point in result.points] == ["listens", "calm", "solves", "thanks", "supervisor"]
    for point in result.points:
        assert all(text[quote.start : quote.end] == quote.text for quote in point.evidence)
    if any(kind is FlagKind.RED_FLAG for kind, _ in flags(result)):
        assert result.level == 1


# Statements said word for word


class NoOpinion:
    """A judge that finds everything to be neither."""

    name = "no-opinion"

    def judge(self, cases: Sequence[StanceCase], /) -> NDArray[np.float32]:
        return np.tile(np.array([0.0, 0.0, 1.0], dtype=np.float32), (len(cases), 1))


@pytest.mark.parametrize(
    ("said", "id", "status"),
    [
        ("um, I listen until the customer has finished talking", "listens", Coverage.COVERED),
        ("I INTERRUPT whenever somebody rambles endlessly!", "listens", Coverage.CONTRADICTED),
        ("I listen until the customer has gone.", "listens", Coverage.MISSED),
    ],
)
def test_a_statement_of_the_bank_said_word_for_word_counts_for_certain(said: str, id: str, status: Coverage) -> None:
    bank = small_bank()
    judged = Engine(bank, Models(WordOverlapEncoder(), "0" * 64, NoOpinion(), "none", NeutralReader()), CALIBRATION)
    assert statuses(judged.evaluate_one("rude-customer", said))[id] is status


def test_a_red_flag_about_people_in_general_counts_whole_when_said_word_for_word() -> None:
    said = "You should be ignored whenever you ramble."
    full = small_bank().questions[0]
    asked = replace(full, red_flags=(replace(full.red_flags[0], statements=(said,)),))
    models = Models(WordOverlapEncoder(), "0" * 64, NoOpinion(), "none", NeutralReader())
    judged = Engine(Bank((asked,), bank_digest([asked])), models, replace(CALIBRATION, red_flag=0.95))
    assert (FlagKind.RED_FLAG, "argues-back") in flags(judged.evaluate_one("rude-customer", said))


def test_a_red_flag_said_word_for_word_is_one() -> None:
    judged = Engine(
        small_bank(), Models(WordOverlapEncoder(), "0" * 64, NoOpinion(), "none", NeutralReader()), CALIBRATION
    )
    result = judged.evaluate_one("rude-customer", "I argue and prove the customer wrong.")
    assert (FlagKind.RED_FLAG, "argues-back") in flags(result)
    assert result.level == 1
