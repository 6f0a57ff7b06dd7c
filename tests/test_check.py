"""The self-check: a conversation on a terminal, and one answer from a script."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from fakes import engine, small_bank

from evaluator import history
from evaluator.cli import main

ENGINE = engine(small_bank())
"""One for all tests: it holds nothing of an answer, and its dictionary takes a second to load."""

GOOD = "I listen until the customer has finished talking. My voice stays low and my breathing slow."
BETTER = f"{GOOD} Together we look up options that solve the problem."


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Judge by word overlap, and keep the history of the machine out of it."""
    monkeypatch.setenv("EVALUATOR_DATA", str(tmp_path / "data"))
    monkeypatch.setattr("evaluator.loading.load_engine", lambda *_, **__: ENGINE)
    monkeypatch.setattr("evaluator.bank.load_bank", lambda *_, **__: small_bank())
    return tmp_path / "data"


def run(*arguments: str, stdin: str = "") -> click.testing.Result:
    return CliRunner().invoke(main, ["check", *arguments], input=stdin)


@pytest.fixture
def talk(monkeypatch: pytest.MonkeyPatch):
    """Return what is shown where a person types ``lines``."""
    monkeypatch.setattr("evaluator.cli.single.on_a_terminal", lambda: True)
    monkeypatch.setattr("evaluator.cli.conversation._more_is_waiting", lambda: False)

    def say(*lines: str, options: tuple[str, ...] = ()) -> str:
        done = run(*options, stdin="".join(f"{line}\n" for line in lines))
        assert done.exit_code == 0, done.output
        return done.stdout

    return say


# A conversation


def test_choose_answer_try_again_and_see_progress(talk, data: Path) -> None:
    shown = talk("1", *GOOD.split(". "), "", "again", BETTER, "", "quit")
    assert "How do you handle a rude customer?" in shown and "Why do you want to work here?" in shown
    first, second = (attempt.score for attempt in history.list_attempts())
    assert second > first
    flat = " ".join(shown.split())
    assert f"Your attempts: {first:.1f} → {second:.1f}. That is {second - first:.1f} points more than last time" in flat
    assert flat.count("Your attempts:") == 1
    assert str(data) in "".join(shown.split())


def test_progress_counts_attempts_of_earlier_sittings(talk) -> None:
    talk("1", GOOD, "", "quit")
    assert "Your attempts:" in talk("1", GOOD, "", "quit")


def test_feedback_is_short_until_more_is_asked_for(talk) -> None:
    brief = talk("rude-customer", GOOD, "", "quit")
    assert "What to change first" in brief and "Key points: 2 covered, 3 missed." in brief
    assert "How the score adds up" not in brief and "Signature" not in brief
    assert "How the score adds up" in talk("rude-customer", GOOD, "", "more", "quit")


def test_next_asks_for_another_question(talk) -> None:
    shown = talk("1", GOOD, "", "n", "own-question", "I want to learn from your pharmacist.", "", "q")
    assert shown.count("Which question?") == 2
    assert [attempt.question_id for attempt in history.list_attempts()] == ["rude-customer", "own-question"]


def test_words_that_mean_nothing_are_asked_again(talk) -> None:
    shown = talk("99", "rude-custmer", "1", GOOD, "", "what?", "quit")
    assert "There is no question '99'." in shown and "There is no question 'rude-custmer'." in shown
    assert "Type one of: again, next, more, quit." in shown


@pytest.mark.parametrize("lines", [(), ("quit",), ("1",), ("1", ""), ("1", GOOD), ("1", GOOD, "", "zzz")])
def test_the_end_of_input_ends_it_wherever_it_comes(talk, lines: tuple[str, ...]) -> None:
    assert "Traceback" not in talk(*lines)


def test_an_empty_answer_is_no_attempt(talk) -> None:
    shown = talk("1", "", "quit")
    assert "There was nothing to read." in shown
    assert "everything about this answer" not in shown
    assert history.list_attempts() == ()


def test_empty_lines_inside_a_paste_do_not_end_the_answer(talk, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = iter([True, False])
    monkeypatch.setattr("evaluator.cli.conversation._more_is_waiting", lambda: next(waiting))
    talk("1", GOOD, "", "Together we look up options that solve the problem.", "", "quit", options=("--keep-answers",))
    assert history.list_attempts()[0].answer.split() == BETTER.split()


def test_without_history_nothing_is_written_and_progress_is_that_of_the_sitting(talk, data: Path) -> None:
    shown = talk("1", GOOD, "", "again", BETTER, "", "quit", options=("--no-history",))
    assert "Your attempts:" in shown and "remembered" not in shown
    assert not data.exists()


def test_words_are_kept_only_with_keep_answers_and_it_says_so(talk) -> None:
    assert "your answers, scores" not in " ".join(talk("1", GOOD, "", "quit").split())
    assert "your answers, scores" in " ".join(talk("1", GOOD, "", "quit", options=("--keep-answers",)).split())
    assert [attempt.answer and attempt.answer.strip() for attempt in history.list_attempts()] == [None, GOOD]


def test_a_broken_history_costs_nobody_the_feedback(talk, data: Path) -> None:
    data.write_text("a file stands in the way")
    assert "What to change first" in talk("1", GOOD, "", "quit")


def test_what_is_typed_cannot_steer_the_terminal(talk) -> None:
    shown = talk("\x1b]0;x\x07[bold]", "1", f"\x1b[2J{GOOD} [red]hello[/red] \x07", "", "quit")
    assert "\x1b" not in shown and "\x07" not in shown
    assert "[red]hello[/red]" in " ".join(shown.split())


def test_model_answers_only_where_asked_for(talk) -> None:
    model = small_bank().questions[0].model_answers[0].text[:40]
    assert model not in talk("1", "I say thank you.", "", "more", "quit")
    assert model in talk("1", "I say thank you.", "", "more", "quit", options=("--with-model-answers",))


# A script


@pytest.mark.parametrize("form", ["text", "json", "html", "md"])
def test_a_script_leaves_no_history(form: str, data: Path) -> None:
    done = run("-q", "rude-customer", "-a", GOOD, "--format", form)
    assert done.exit_code == 0 and not data.exists()
    assert "Your attempts" not in done.stdout


@pytest.mark.parametrize("form", ["text", "html", "md"])
def test_a_script_that_asks_for_it_gets_history_and_progress(form: str) -> None:
    run("-q", "rude-customer", "-a", GOOD, "--history")
    second = run("-q", "rude-customer", "-a", BETTER, "--history", "--format", form)
    assert "points more than last time" in " ".join(second.stdout.split())
    assert [attempt.answer for attempt in history.list_attempts()] == [None, None]
    assert ("<svg" in second.stdout and "Your attempts at this question" in second.stdout) == (form == "html")


def test_attempts_judged_in_another_way_are_no_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    run("-q", "rude-customer", "-a", GOOD, "--history")
    monkeypatch.setattr(history, "signature_digest", lambda _: "another")
    assert "Your attempts" not in run("-q", "rude-customer", "-a", GOOD, "--history").stdout


def test_json_is_the_published_form() -> None:
    assert json.loads(run("-q", "rude-customer", "-a", GOOD, "--format", "json").stdout)["level"]


def test_keep_answers_without_a_history_is_refused() -> None:
    done = run("-q", "rude-customer", "-a", GOOD, "--keep-answers")
    assert done.exit_code == 2 and "--history" in done.stderr


def test_a_file_instead_of_standard_output(tmp_path: Path) -> None:
    path = tmp_path / "feedback.md"
    done = run("-q", "rude-customer", "-a", GOOD, "--format", "md", "-o", str(path))
    assert (done.exit_code, done.stdout) == (0, "")
    assert path.read_text(encoding="utf-8") == run("-q", "rude-customer", "-a", GOOD, "--format", "md").stdout
    assert run("-q", "rude-customer", "-a", GOOD, "-o", str(tmp_path)).exit_code == 1


def test_text_that_goes_to_a_file_has_no_colours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evaluator.cli.single.terminal_style", lambda: (True, 80))
    path = tmp_path / "feedback.txt"
    run("-q", "rude-customer", "-a", GOOD, "-o", str(path))
    assert "\x1b" not in path.read_text(encoding="utf-8")
