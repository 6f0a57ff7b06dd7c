"""Progress over attempts, and the start of a next sentence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evaluator.bank import load_bank
from evaluator.domain import Answer, Question, Result, Signature
from evaluator.report import render_candidate_html, render_markdown, render_text
from evaluator.report.progress import Progress, progress_of
from evaluator.report.sentences import sentence_start

SIGNATURE = Signature("1", "m", "s", "b", "c")


def attempt(score: float | None, question: str = "q", signature: Signature = SIGNATURE) -> Result:
    asked = Question(question, "What?", (), (), ())
    level = None if score is None else 3
    return Result(Answer("ana", question, "I listen."), asked, score, level, None, False, (), (), (), signature)


@pytest.mark.parametrize(
    ("scores", "words"),
    [
        ((), ""),
        ((50.0,), ""),
        ((50.0, None), ""),
        ((None, 50.0), ""),
        ((50.0, 50.0), "That is the same as last time."),
        ((50.0, 60.5), "That is 10.5 points more than last time, and your best so far."),
        ((80.0, 50.0, None, 60.0), "That is 10.0 points more than last time; your best so far is 80.0."),
        ((80.0, 50.0), "That is 30.0 points less than last time; your best so far is 80.0."),
    ],
)
def test_words_hold_an_attempt_against_the_one_before(scores: tuple[float | None, ...], words: str) -> None:
    assert Progress(scores).words == words


def test_attempts_come_from_before_and_from_the_report_itself() -> None:
    other = replace(SIGNATURE, model="other")
    results = [attempt(10.0), attempt(20.0, "r"), attempt(30.0), attempt(40.0, signature=other), attempt(50.0)]
    found = progress_of(results, {"r": (5.0, None)})
    assert [progress.scores for progress in found] == [(), (5.0, None, 20.0), (10.0, 30.0), (), (10.0, 30.0, 50.0)]


def test_every_medium_shows_progress() -> None:
    earlier = {"q": (20.0, None)}
    result = attempt(45.0)
    for text in (
        render_markdown([result], earlier=earlier),
        render_text(result, earlier=earlier["q"], width=92),
        render_text(result, earlier=earlier["q"], brief=True, width=92),
    ):
        assert "20.0 → – → 45.0. That is 25.0 points more than last time, and your best so far." in " ".join(
            text.split()
        )
    page = render_candidate_html([result], title_id="ana", earlier=earlier)
    assert page.count("<polyline") == 0, "a gap is no line"
    assert page.count('<circle class="dot"') == 2 and "That is 25.0 points more" in page
    assert "That is" not in render_candidate_html([result], title_id="ana")


@pytest.mark.parametrize(
    ("label", "start"),
    [
        ("keeps calm", "I keep calm: for example, I …"),
        ("is honest about what cannot be done", "I am honest about what cannot be done: for example, I …"),
        ("does not argue back", "I do not argue back: for example, I …"),
        ("finishes one thing at a time", "I finish one thing at a time: for example, I …"),
        ("verifies who is calling", "I verify who is calling: for example, I …"),
        ("recovers and learns from busy days", "I recover and learn from busy days: for example, I …"),
        ("escalates what exceeds her authority", "I escalate what exceeds my authority: for example, I …"),
        (
            "steps aside when the complaint is about her",
            "I step aside when the complaint is about me: for example, I …",
        ),
        ("reports errors and breaches at once", ""),
        ("mentions: learn, pharmacist", ""),
        ("calm under pressure", ""),
        ("", ""),
    ],
)
def test_a_next_sentence_is_in_the_first_person(label: str, start: str) -> None:
    assert sentence_start(label) == start


def test_nearly_every_behaviour_of_the_shipped_bank_has_one() -> None:
    labels = {point.label for question in load_bank().questions for point in question.key_points}
    assert sum(bool(sentence_start(label)) for label in labels) >= 0.95 * len(labels)
