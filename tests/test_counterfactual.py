"""The same content in other words: rules change wording only, and shifts are what they are said to be."""

import re
import statistics
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from evaluator.bank import load_bank
from evaluator.cli import main
from evaluator.counterfactual import (
    Measured,
    as_markdown,
    measure,
    ruled_pairs,
    shifts,
    shipped_answers,
    shipped_pairs,
    spread_of,
)
from evaluator.domain import Answer
from evaluator.rewording import (
    PLAIN_NAME,
    US_TO_UK,
    he_to_she,
    hedged,
    misspelt,
    uk_to_us,
    us_to_uk,
    variants,
    with_fillers,
    without_articles,
)
from tests.fakes import engine, small_bank

GOOD = "I listen until the customer has finished talking. My voice stays low and my breathing slow."
POOR = "My temper explodes and everything gets loud."


@pytest.mark.parametrize(
    ("rule", "text", "expected"),
    [
        (he_to_she, "He said it himself, so I gave him his pills.", "She said it herself, so I gave her her pills."),
        (he_to_she, "The theme of hers", "The theme of hers"),
        (us_to_uk, "I apologized; COLOR, Recognize", "I apologised; COLOUR, Recognise"),
        (us_to_uk, "I check the program", "I check the program"),
        (uk_to_us, "my neighbours behaviour", "my neighbours behavior"),
        (misspelt, "a cat", "a cat"),
        (hedged, "I listen. Then I ask. I think so. I'm calm.", "I think I listen. Then I ask. I think so. I'm calm."),
        (without_articles, "Another hand, a hand.", "Another hand, hand."),
        (with_fillers, "one", "um, one"),
        (with_fillers, "", "um, "),
    ],
)
def test_rules(rule, text: str, expected: str) -> None:
    assert rule(text) == expected


@given(st.text(max_size=300))
def test_no_rule_fails_or_is_random(text: str) -> None:
    for variant in variants():
        assert variant.rule(text) == variant.rule(text)


@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), max_size=200))
def test_misspelling_keeps_every_letter_and_fillers_every_word(text: str) -> None:
    assert sorted(misspelt(text)) == sorted(text)
    fillers = {"um,", "you", "know,", "like,", "uh,"}
    kept = [word for word in with_fillers(text).split() if word not in fillers]
    assert kept == [word for word in text.split() if word not in fillers]


def test_every_spelling_comes_back() -> None:
    assert all(uk_to_us(us_to_uk(us)) == us != uk == us_to_uk(us) for us, uk in US_TO_UK.items())


def test_the_shipped_versions_are_of_questions_of_the_shipped_bank_and_have_no_slot_left() -> None:
    known = {question.id for question in load_bank().questions}
    pairs = list(shipped_pairs())
    assert {pair.base.question_id for pair in pairs} <= known
    texts = [text for pair in pairs for text in (pair.base.text, pair.other.text)]
    assert not [text for text in texts if re.search(r"[{}]", text)]
    names = {pair.variant for pair in pairs}
    assert {
        "regional: southern US",
        "non-native: Chinese",
        "pronoun: he to they",
        "name in the text: Mei Chen",
    } <= names
    assert all(pair.base.text != pair.other.text for pair in pairs)
    assert len(list(shipped_answers())) == 6


def test_shifts_by_hand() -> None:
    judge = engine(small_bank())
    base, same, worse = (
        judge.evaluate_one("rude-customer", text) for text in (GOOD, GOOD.upper(), POOR)
    )  # fmt: skip
    unscored = judge.evaluate_one("rude-customer", "")
    pair = next(p for p in shipped_pairs() if not p.exact)
    named = next(p for p in ruled_pairs([Answer("x", "rude-customer", GOOD)]) if p.exact)
    down = worse.score - base.score
    (moved,) = shifts([(pair, base, same), (pair, base, worse)], 10.0)
    assert (moved.count, moved.points, moved.deviations) == (2, down / 2, down / 20)
    assert (moved.levels, moved.moved, moved.largest) == ((worse.level - base.level) / 2, 0.5, -down)
    assert not moved.within
    assert shifts([(pair, base, same)], 10.0)[0].within
    lost = shifts([(pair, base, same), (pair, base, unscored)], 10.0)[0]
    assert (lost.count, lost.unscored, lost.within) == (1, 1, False)
    # The means of two names cancel out; the bar for names is on every single pair.
    both = shifts([(named, base, worse), (named, worse, base)], 10.0)[0]
    assert both.points == 0 and not both.within
    assert shifts([(pair, base, worse), (pair, worse, base)], 10.0)[0].within


def test_the_spread_is_the_sample_standard_deviation_and_none_where_there_is_none() -> None:
    judge = engine(small_bank())
    results = [judge.evaluate_one("rude-customer", text) for text in (GOOD, POOR, "")]
    assert spread_of(results) == statistics.stdev([results[0].score, results[1].score])
    assert spread_of(results[:1]) is spread_of([]) is spread_of([results[0]] * 2) is None


def test_a_scorer_that_saw_other_columns_would_be_found_out() -> None:
    judge = engine(small_bank())
    answers = [Answer("x", "rude-customer", text) for text in (GOOD, POOR)]

    def peeking(asked):
        for answer in asked:
            result = judge.evaluate_one(
                answer.question_id, POOR if answer.extra.get("sex") == "female" else answer.text
            )
            yield result

    honest = {shift.variant: shift for shift in measure(judge.evaluate, answers).shifts}
    caught = {shift.variant: shift for shift in measure(peeking, answers).shifts}
    assert honest["name in other columns"].within and honest["name in other columns"].largest == 0
    assert not caught["name in other columns"].within


@pytest.mark.parametrize(("count", "moved", "verdict"), [(9, True, "too few"), (10, True, "yes"), (9, False, "yes")])
def test_few_pairs_whose_shifts_cancel_out_do_not_keep_to_the_bar(count: int, moved: bool, verdict: str) -> None:
    judge = engine(small_bank())
    base, worse = (judge.evaluate_one("rude-customer", text) for text in (GOOD, POOR))
    pair = next(p for p in shipped_pairs() if not p.exact)
    (found,) = shifts([(pair, base, base), *[(pair, base, worse if moved else base)] * (count - 1)], 1e9)
    assert as_markdown(Measured((found,), 1e9, 1)).splitlines()[-1].endswith(f"| {verdict} |")


def test_the_table_is_markdown_and_says_what_was_measured() -> None:
    found = measure(engine(small_bank()).evaluate, [Answer("Ann", "rude-customer", GOOD)])
    text = as_markdown(found)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len({row.count("|") for row in rows}) == 1 and len(rows) == 2 + len(found.shifts)
    assert text.startswith("7 base answers;") and "Ann" not in text and PLAIN_NAME not in text
    assert not re.search(r"\bnan\b", text, re.IGNORECASE)


def test_the_command_with_answers_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evaluator.loading.load_engine", lambda *_, **__: engine(small_bank()))
    path = tmp_path / "own.csv"
    path.write_text(f"question_id,answer\nrude-customer,{GOOD}\nrude-customer,{POOR}\n", encoding="utf-8")
    result = CliRunner().invoke(main, ["counterfactual", "--answers", str(path), "--limit", "1"])
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("7 base answers;") and "Signature: tool" in result.stdout
    assert CliRunner().invoke(main, ["counterfactual", "--answers", str(path), "--fail-over", "-1"]).exit_code == 4
    assert CliRunner().invoke(main, ["counterfactual", "--answers", str(path), "--fail-over", "9"]).exit_code == 0
