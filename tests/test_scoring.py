"""The scoring model and what it promises: it adds up, it is monotone, it stays in range."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fakes import CALIBRATION as PLAIN
from hypothesis import given
from hypothesis import strategies as st

from evaluator.calibration import Calibration
from evaluator.domain import LEVELS, Coverage
from evaluator.harm import Around, harm, harm_alone
from evaluator.scoring import (
    Ceiling,
    Credit,
    Deduction,
    QuestionKind,
    Scheme,
    balance,
    clause_credit,
    coverage,
    enough_weight,
    nearest_alternative,
    score_credits,
    told_share,
)

SHARE = st.floats(0, 1)
WEIGHT = st.one_of(st.sampled_from([1.0, 2.0, 3.0]), st.floats(0.01, 10))
CALIBRATION = st.builds(
    Calibration,
    base=st.floats(0, 60),
    enough=st.floats(0.5, 30),
    enough_share=st.floats(0.05, 1),
    covered=st.floats(0.5, 0.9),
    partly=st.floats(0.1, 0.5),
    contradicted=st.floats(0.5, 0.9),
    penalty=SHARE,
    cuts=st.lists(st.floats(0, 100), min_size=4, max_size=4, unique=True).map(sorted).map(tuple),
)
CEILINGS = st.lists(
    st.builds(
        Ceiling, st.sampled_from(["red_flag", "off_topic", "gaming", "copied"]), st.just("x"), st.sampled_from(LEVELS)
    ),
    max_size=4,
)


@st.composite
def credit_lists(draw: st.DrawFn, calibration: Calibration | None = None) -> list[Credit]:
    found = []
    for number, weight in enumerate(draw(st.lists(WEIGHT, max_size=14))):
        _, value = coverage(draw(SHARE), draw(SHARE), calibration or PLAIN)
        found.append(Credit(f"p{number}", f"does {number}", weight, value))
    return found


def credits_of(*values: tuple[float, float]) -> list[Credit]:
    return [Credit(f"p{n}", f"does {n}", weight, value) for n, (weight, value) in enumerate(values)]


# Coverage


@pytest.mark.parametrize(
    ("affirms", "denies", "status", "credit"),
    [
        (1.0, 0.0, Coverage.COVERED, 1.0),
        (0.6, 0.0, Coverage.COVERED, 1.0),
        (0.6, 0.6, Coverage.COVERED, 1.0),  # a tie goes to the candidate
        (0.599, 0.0, Coverage.PARTLY, 0.299 / 0.3),
        (0.3, 0.59, Coverage.PARTLY, 0.0),
        (0.299, 0.0, Coverage.MISSED, 0.0),
        (0.0, 0.0, Coverage.MISSED, 0.0),
        (0.0, 0.599, Coverage.MISSED, 0.0),
        (0.0, 0.6, Coverage.CONTRADICTED, -0.42),
        (0.0, 1.0, Coverage.CONTRADICTED, -0.7),
        (0.99, 1.0, Coverage.CONTRADICTED, -0.7),
        (1.0, 0.99, Coverage.COVERED, 1.0),
    ],
)
def test_coverage(affirms: float, denies: float, status: Coverage, credit: float) -> None:
    found, value = coverage(affirms, denies, PLAIN)
    assert found is status
    assert value == pytest.approx(credit)


@given(SHARE, SHARE, SHARE, CALIBRATION)
def test_coverage_is_monotone_in_both_stances(low: float, high: float, other: float, calibration: Calibration) -> None:
    low, high = sorted((low, high))
    assert coverage(low, other, calibration)[1] <= coverage(high, other, calibration)[1]
    assert coverage(other, low, calibration)[1] >= coverage(other, high, calibration)[1]
    assert -1 <= coverage(low, high, calibration)[1] <= 1


# Scores


@pytest.mark.parametrize(
    ("weights", "enough"),
    [((), 1.0), ((1,), 0.6), ((3, 3, 3), 5.4), ((3,) * 5, 9.0), ((3,) * 12, 9.0), ((0.1,), 0.06)],
)
def test_enough_weight(weights: tuple[float, ...], enough: float) -> None:
    assert enough_weight(weights, PLAIN) == pytest.approx(enough)


@pytest.mark.parametrize(
    ("credits", "ceilings", "score", "parts"),
    [
        ([], [], 20.0, []),
        ([(3, 0)], [], 20.0, [("p0", 0.0)]),
        ([(3, 1)], [], 100.0, [("p0", 133.3), ("complete", -53.3)]),
        ([(3, 1), (3, 0), (9, 0)], [], 46.7, [("p0", 26.7), ("p1", 0.0), ("p2", 0.0)]),
        # Rounded one by one, three times 26.7 would add up to 100.1.
        ([(3, 1), (3, 1), (3, 1), (6, 0)], [], 100.0, [("p0", 26.7), ("p1", 26.6), ("p2", 26.7), ("p3", 0.0)]),
        ([(9, -0.7), (3, 0), (3, 0)], [], 0.0, [("p0", -56.0), ("p1", 0.0), ("p2", 0.0), ("floor", 36.0)]),
        ([(3, 1)], [("red_flag", 1)], 14.9, [("p0", 133.3), ("complete", -53.3), ("red_flag", -85.1)]),
        (
            [(3, 1)],
            [("gaming", 2), ("red_flag", 1)],
            14.9,
            [("p0", 133.3), ("complete", -53.3), ("red_flag", -85.1)],
        ),
        ([(3, 1)], [("gaming", 2)], 34.9, [("p0", 133.3), ("complete", -53.3), ("gaming", -65.1)]),
        ([(3, 1)], [("nothing", 5)], 100.0, [("p0", 133.3), ("complete", -53.3)]),
        ([(3, 0)], [("gaming", 2)], 20.0, [("p0", 0.0)]),  # a ceiling above the score says nothing
        ([], [("red_flag", 1)], 8.9, [("red_flag", -11.1)]),
    ],
)
def test_scores(
    credits: list[tuple[float, float]], ceilings: list[tuple[str, int]], score: float, parts: list[tuple[str, float]]
) -> None:
    found, contributions = score_credits(credits_of(*credits), [Ceiling(i, i, level) for i, level in ceilings], PLAIN)
    assert found == score
    assert [(part.id, part.points) for part in contributions] == [("base", 20.0), *parts]


@given(st.data(), CALIBRATION, CEILINGS)
def test_contributions_add_up_to_the_score(
    data: st.DataObject, calibration: Calibration, ceilings: list[Ceiling]
) -> None:
    credits = data.draw(credit_lists(calibration))
    score, contributions = score_credits(credits, ceilings, calibration)
    assert round(sum(part.points for part in contributions), 1) == score
    assert sum(round(part.points * 10) for part in contributions) == round(score * 10)
    assert all(part.points == round(part.points, 1) for part in contributions)
    assert [part.id for part in contributions][: 1 + len(credits)] == ["base", *(credit.id for credit in credits)]


@given(st.data(), CALIBRATION, CEILINGS)
def test_a_score_stays_in_range_and_gets_a_level(
    data: st.DataObject, calibration: Calibration, ceilings: list[Ceiling]
) -> None:
    score, _ = score_credits(data.draw(credit_lists(calibration)), ceilings, calibration)
    assert 0 <= score <= 100
    assert score == round(score, 1)
    assert str(score) != "-0.0"
    assert calibration.level(score) in LEVELS


@given(st.data(), CALIBRATION, CEILINGS)
def test_covering_one_more_key_point_never_lowers_a_score(
    data: st.DataObject, calibration: Calibration, ceilings: list[Ceiling]
) -> None:
    credits = data.draw(credit_lists(calibration).filter(bool))
    index = data.draw(st.integers(0, len(credits) - 1))
    better = [*credits]
    better[index] = replace(credits[index], value=1.0)
    assert score_credits(better, ceilings, calibration)[0] >= score_credits(credits, ceilings, calibration)[0]


@given(st.data(), CALIBRATION, CEILINGS)
def test_contradicting_one_more_key_point_never_raises_a_score(
    data: st.DataObject, calibration: Calibration, ceilings: list[Ceiling]
) -> None:
    credits = data.draw(credit_lists(calibration).filter(bool))
    index = data.draw(st.integers(0, len(credits) - 1))
    worst = coverage(0.0, 1.0, calibration)
    worse = [*credits]
    worse[index] = replace(credits[index], value=worst[1])
    assert score_credits(worse, ceilings, calibration)[0] <= score_credits(credits, ceilings, calibration)[0]


@given(st.data(), CALIBRATION, CEILINGS, st.sampled_from(LEVELS))
def test_one_more_ceiling_never_raises_a_score(
    data: st.DataObject, calibration: Calibration, ceilings: list[Ceiling], level: int
) -> None:
    credits = data.draw(credit_lists(calibration))
    before = score_credits(credits, ceilings, calibration)[0]
    after = score_credits(credits, [*ceilings, Ceiling("one-more", "one more", level)], calibration)[0]
    assert after <= before


@given(st.data(), CEILINGS, st.randoms())
def test_the_order_of_ceilings_changes_nothing(data: st.DataObject, ceilings: list[Ceiling], shuffler: object) -> None:
    credits = data.draw(credit_lists())
    shuffled = [*ceilings]
    shuffler.shuffle(shuffled)  # type: ignore[attr-defined]
    assert score_credits(credits, ceilings, PLAIN) == score_credits(credits, shuffled, PLAIN)


DEDUCTIONS = st.lists(st.builds(Deduction, st.just("conduct"), st.just("x"), st.floats(0, 100)), max_size=3)


@given(st.data(), CALIBRATION, CEILINGS, DEDUCTIONS, st.floats(0, 100))
def test_one_more_deduction_never_raises_a_score_and_parts_add_up(
    data: st.DataObject, calibration: Calibration, ceilings: list[Ceiling], deductions: list[Deduction], points: float
) -> None:
    credits = data.draw(credit_lists(calibration))
    before, _ = score_credits(credits, ceilings, calibration, deductions)
    more = [*deductions, Deduction("one-more", "one more", points)]
    after, parts = score_credits(credits, ceilings, calibration, more)
    assert 0 <= after <= before <= 100
    assert round(sum(part.points for part in parts), 1) == after


@given(st.lists(st.tuples(SHARE, SHARE), max_size=12), SHARE, SHARE)
def test_the_balance_follows_what_is_said(sentences: list[tuple[float, float]], more: float, index: float) -> None:
    favour, against = [f for f, _ in sentences], [a for _, a in sentences]
    plain = balance(favour, against)
    assert 0 <= plain < 1
    assert balance([*favour, 0.0], [*against, 0.0]) == plain  # a sentence that tells nothing
    assert balance([*favour, more], [*against, 0.0]) <= plain
    assert balance([*favour, 0.0], [*against, more]) >= plain


@given(SHARE, SHARE, SHARE, CALIBRATION)
def test_harm_alone_is_monotone(flagged: float, against: float, more: float, calibration: Calibration) -> None:
    assert harm_alone(max(flagged, more), against, calibration) >= harm_alone(flagged, against, calibration)
    assert harm_alone(flagged, max(against, more), calibration) >= harm_alone(flagged, against, calibration)
    assert harm_alone(None, against, calibration) == against


POWER = st.floats(0, 5)
HARM = st.builds(
    Calibration, harm_bias=st.floats(-3, 3), harm_own=POWER, harm_other=POWER, harm_denied=POWER, harm_favour=POWER
)
AROUND = st.builds(Around, SHARE, st.floats(0, 10), st.floats(0, 20))


@given(SHARE, SHARE, AROUND, AROUND, HARM)
def test_harm_within_an_answer_is_monotone(
    alone: float, more: float, around: Around, others: Around, calibration: Calibration
) -> None:
    worse = Around(max(around.other, others.other), around.denied + others.denied, around.favour)
    better = replace(around, favour=around.favour + others.favour)
    found = harm(alone, around, calibration)
    assert 0 <= harm(alone, better, calibration) <= found <= harm(alone, worse, calibration) <= 1
    assert harm(max(alone, more), around, calibration) >= found


def test_harm_within_an_answer_follows_its_numbers() -> None:
    """In odds: 4 to 1 of its own; each sentence more in favour than one and a half takes off its share, up to six and a half."""
    falling = Calibration(harm_favour=1.0)
    found = [round(harm(0.8, Around(favour=favour), falling), 3) for favour in (0.0, 1.5, 4.0, 6.5, 20.0)]
    assert found == [0.8, 0.8, 0.667, 0.571, 0.571]
    assert harm(0.8, Around(denied=1.0), Calibration(harm_denied=1.0)) == pytest.approx(8 / 9)
    others = [harm(0.8, Around(other=other), Calibration(harm_other=1.0)) for other in (0.0, 0.12, 0.5, 1.0)]
    assert others == pytest.approx([0.8, 0.8, others[3], 4 * 0.88 / 0.12 / (1 + 4 * 0.88 / 0.12)])
    assert harm(0.8, Around(), Calibration(harm_bias=1.0, harm_own=2.0)) == pytest.approx(
        16 * 2.71828 / (1 + 16 * 2.71828)
    )


def test_a_derived_question_earns_by_favourable_conduct_and_by_the_clauses_that_count() -> None:
    """Of 80 points above the base a quarter is for conduct; half of the weight that counts is enough for the rest."""
    calibration = replace(PLAIN, derived_base=20.0, derived_enough_share=0.5, derived_favour=20.0)
    scheme = Scheme.of([3, 1, 0], calibration, QuestionKind.DERIVED)
    score, contributions = score_credits(
        credits_of((3, 0.5), (1, 0), (0, 1)), [], calibration, scheme=scheme, favour=0.4
    )
    earned = [(part.id, part.points) for part in contributions]
    assert earned == [("base", 20.0), ("favour", 8.0), ("p0", 45.0), ("p1", 0.0), ("p2", 0.0)]
    assert score == 73.0


@given(st.data(), CALIBRATION, SHARE, SHARE, SHARE)
def test_more_in_favour_never_lowers_a_score(
    data: st.DataObject, calibration: Calibration, share: float, less: float, more: float
) -> None:
    calibration = replace(calibration, favour=30 * share, derived_favour=60 * share)
    credits = data.draw(credit_lists(calibration))
    kind = data.draw(st.sampled_from([QuestionKind.WRITTEN, QuestionKind.DERIVED]))
    scheme = Scheme.of([credit.weight for credit in credits], calibration, kind)
    low, high = (
        score_credits(credits, [], calibration, scheme=scheme, favour=favour) for favour in sorted((less, more))
    )
    assert low[0] <= high[0]
    assert round(sum(part.points for part in high[1]), 1) == high[0]


@given(CALIBRATION, SHARE, SHARE, SHARE, SHARE, SHARE)
def test_the_credit_of_a_clause_is_monotone(
    calibration: Calibration, share: float, affirms: float, denies: float, told: float, more: float
) -> None:
    calibration = replace(calibration, derived_words=share)

    def credit(affirms: float, denies: float, told: float) -> float:
        return clause_credit(affirms, denies, told, calibration)[1]

    found = credit(affirms, denies, told)
    assert -1 <= found <= 1
    assert credit(max(affirms, more), denies, told) >= found - 1e-12
    assert credit(affirms, denies, max(told, more)) >= found - 1e-12
    assert credit(affirms, max(denies, more), told) <= found + 1e-12


def test_words_alone_cover_no_clause() -> None:
    assert clause_credit(0.1, 0.0, 1.0, replace(PLAIN, derived_words=0.9))[0] is Coverage.MISSED


def test_a_question_of_facts_earns_by_all_of_its_clauses() -> None:
    numbers = replace(PLAIN, knowledge_base=10.0, knowledge_enough_share=0.75)
    scheme = Scheme.of([2, 2], numbers, QuestionKind.FACTS)
    score, contributions = score_credits(credits_of((2, 0.6), (2, 0)), [], numbers, scheme=scheme)
    assert [(part.id, part.points) for part in contributions] == [("base", 10.0), ("p0", 36.0), ("p1", 0.0)]
    assert score == 46.0


@given(CALIBRATION, st.floats(-1, 1), st.floats(-1, 1))
def test_a_clause_that_is_told_better_earns_no_less(calibration: Calibration, a: float, b: float) -> None:
    low, high = sorted((a, b))
    for knowledge in (False, True):
        shares = [told_share(recall, calibration, knowledge=knowledge) for recall in (low, high)]
        assert 0 <= shares[0] <= shares[1] <= 1


@pytest.mark.parametrize(
    ("alternatives", "shares", "best"),
    [
        ([], (), ()),
        ([(0, 1)], (0.0, 0.0), (0, 1)),
        ([(0,), (1,)], (0.5, 0.5), (0,)),
        ([(0,), (1,)], (0.5, 0.6), (1,)),
        ([(0, 1), (1,)], (0.0, 0.6), (1,)),
    ],
)
def test_the_model_answer_that_is_told_best_counts(
    alternatives: list[tuple[int, ...]], shares: tuple[float, ...], best: tuple[int, ...]
) -> None:
    assert nearest_alternative(alternatives, [1.0, 3.0], shares) == best


@pytest.mark.parametrize(
    ("affirms", "denies", "status", "credit"),
    [
        (0.0, 0.0, Coverage.MISSED, 0.0),
        (0.2, 0.0, Coverage.MISSED, 0.2),
        (0.3, 0.0, Coverage.PARTLY, 0.3),
        (0.5, 0.0, Coverage.COVERED, 0.5),
        (1.0, 0.0, Coverage.COVERED, 1.0),
        (0.1, 1.0, Coverage.CONTRADICTED, -0.2),
    ],
)
def test_a_derived_point_earns_its_probability(affirms: float, denies: float, status: Coverage, credit: float) -> None:
    assert coverage(affirms, denies, PLAIN, derived=True) == (status, credit)


# Levels


@pytest.mark.parametrize(
    ("score", "level"),
    [(0, 1), (14.9, 1), (15.0, 2), (34.9, 2), (35.0, 3), (54.9, 3), (55.0, 4), (79.9, 4), (80.0, 5), (100, 5)],
)
def test_levels(score: float, level: int) -> None:
    assert PLAIN.level(score) == level


@given(CALIBRATION, st.floats(0, 100), st.floats(0, 100))
def test_levels_are_monotone(calibration: Calibration, a: float, b: float) -> None:
    low, high = sorted((a, b))
    assert calibration.level(low) <= calibration.level(high)


@pytest.mark.parametrize(("level", "ceiling"), [(1, 14.9), (2, 34.9), (3, 54.9), (4, 79.9), (5, 100.0)])
def test_ceilings(level: int, ceiling: float) -> None:
    assert PLAIN.ceiling(level) == ceiling
    assert PLAIN.level(ceiling) == level


@pytest.mark.parametrize("lowest", [0.0, 0.04, 0.1, 0.15])
def test_a_ceiling_is_never_below_zero(lowest: float) -> None:
    """A calibration may put the lowest cut-off at or near 0."""
    calibration = replace(PLAIN, cuts=(lowest, 35.0, 55.0, 80.0))
    score, _ = score_credits(credits_of((3, 1)), [Ceiling("red_flag", "x", 1)], calibration)
    assert 0 <= score <= 0.1


@given(CALIBRATION, st.sampled_from(LEVELS))
def test_a_ceiling_keeps_to_its_level(calibration: Calibration, level: int) -> None:
    assert 0 <= calibration.ceiling(level) <= 100
    if all(cut >= 0.1 for cut in calibration.cuts):
        assert calibration.level(calibration.ceiling(level)) <= level


def test_a_question_is_scored_by_the_numbers_of_its_kind() -> None:
    topics = {"elsewhere_off_topic": 0.11, "elsewhere_doubtful_topic": 0.12}
    spreads = {"spread": 1.0, "derived_spread": 2.0, "new_spread": 3.0}
    numbers = replace(PLAIN, new_covered=0.91, new_red_flag=0.97, **topics, **spreads)
    assert numbers.for_question(derived=False, familiar=True) == numbers
    for familiar in (True, False):
        derived = numbers.for_question(derived=True, familiar=familiar)
        assert derived == replace(numbers, spread=2.0, red_flag=0.97, off_topic=0.11, doubtful_topic=0.12)
    new = numbers.for_question(derived=False, familiar=False)
    assert (new.spread, new.covered, new.red_flag, new.off_topic, new.doubtful_topic) == (3.0, 0.91, 0.97, 0.11, 0.12)
    assert enough_weight([20.0, 80.0], new) == pytest.approx(100 * numbers.new_enough_share)
    assert (new.cuts, new.base, new.favour) == (numbers.cuts, numbers.base, numbers.favour)


@pytest.mark.parametrize(
    ("score", "spread", "levels"),
    [(50.0, 0.0, (3, 3)), (50.0, 10.0, (3, 4)), (50.0, 20.0, (2, 4)), (0.0, 20.0, (1, 2)), (100.0, 200.0, (1, 5))],
)
def test_likely_levels_lie_within_the_spread(score: float, spread: float, levels: tuple[int, int]) -> None:
    assert replace(PLAIN, spread=spread).likely_levels(score) == levels
