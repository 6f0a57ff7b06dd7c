"""The history of attempts: what it holds, who can read it, and that what is forgotten is gone."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from fakes import engine, small_bank

from evaluator import history
from evaluator.cli import main
from evaluator.domain import Coverage, Result
from evaluator.errors import HistoryError

ENGINE = engine(small_bank())
"""One for all tests: its dictionary takes a second to load."""

WORDS = "I listen until the customer has finished talking, says Zyxwvut."


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "data"
    monkeypatch.setenv("EVALUATOR_DATA", str(folder))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")
    return folder


@pytest.fixture
def result() -> Result:
    return ENGINE.evaluate_one("rude-customer", WORDS, "ana")


def of(result: Result, candidate: str) -> Result:
    return replace(result, answer=replace(result.answer, candidate_id=candidate))


def test_an_attempt_comes_back_as_it_was_put_in(result: Result) -> None:
    put = history.add_attempt(result)
    assert history.list_attempts() == (put,)
    assert (put.id, put.candidate_id, put.question_id) == (1, "ana", "rude-customer")
    assert put.made_at == "2026-01-01T00:00:00Z"
    assert (put.score, put.level, put.unscored, put.answer) == (result.score, result.level, "", None)
    assert put.coverage == {point.id: point.status for point in result.points}
    assert put.coverage["listens"] is Coverage.COVERED


def test_unscored_attempts_have_a_reason_and_no_number() -> None:
    put = history.add_attempt(ENGINE.evaluate_one("rude-customer", ""))
    assert (put.score, put.level, put.unscored) == (None, None, "empty")
    assert history.list_attempts() == (put,)


def test_words_are_kept_only_where_asked_for(result: Result, data: Path) -> None:
    history.add_attempt(result)
    assert b"Zyxwvut" not in (data / history.FILE_NAME).read_bytes()
    assert history.add_attempt(result, keep_answer=True).answer == WORDS
    assert b"Zyxwvut" in (data / history.FILE_NAME).read_bytes()


@pytest.mark.skipif(os.name != "posix", reason="modes are those of POSIX")
def test_only_the_owner_can_read_it_even_where_somebody_opened_it_up(result: Result, data: Path) -> None:
    history.add_attempt(result)
    path = data / history.FILE_NAME
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    path.chmod(0o644)
    history.list_attempts()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_attempts_are_chosen_by_person_question_and_way_of_judging(result: Result) -> None:
    history.add_attempt(result)
    history.add_attempt(of(result, "ben"))
    history.add_attempt(replace(result, signature=replace(result.signature, model="other")))
    assert [a.id for a in history.list_attempts(candidate_id="ana")] == [1, 3]
    assert [a.id for a in history.list_attempts(signature=result.signature)] == [1, 2]
    assert [a.id for a in history.list_attempts(candidate_id="ben", question_id="rude-customer")] == [2]
    assert history.list_attempts(question_id="x' OR '1'='1") == ()


def test_a_forgotten_person_leaves_no_trace(result: Result, data: Path) -> None:
    for candidate in ("ana", "ben", "ana"):
        history.add_attempt(of(result, candidate), keep_answer=candidate == "ana")
    assert history.delete_candidate("ana") == 2
    assert [a.candidate_id for a in history.list_attempts()] == ["ben"]
    assert b"Zyxwvut" not in (data / history.FILE_NAME).read_bytes()
    assert b"ana" not in (data / history.FILE_NAME).read_bytes()
    assert [path.name for path in data.iterdir()] == [history.FILE_NAME]


def test_clear_forgets_everything_and_removes_the_file(result: Result, data: Path) -> None:
    history.add_attempt(result)
    history.add_attempt(result)
    assert history.clear() == 2
    assert list(data.iterdir()) == []
    assert history.clear() == 0 and history.list_attempts() == () and history.delete_candidate("ana") == 0


def test_looking_makes_no_file(data: Path) -> None:
    assert history.list_attempts() == ()
    assert not data.exists()


def test_what_is_no_history_is_told_and_left_alone(result: Result, data: Path) -> None:
    data.mkdir()
    path = data / history.FILE_NAME
    path.write_bytes(b"this is a letter, not a database " * 100)
    for act in (history.list_attempts, history.clear, lambda: history.add_attempt(result)):
        with pytest.raises(HistoryError, match=r"history\.sqlite3: cannot be used as a history .* Move it away"):
            act()
    assert path.read_bytes().startswith(b"this is a letter")


def test_a_newer_form_is_left_to_a_newer_version(result: Result, data: Path) -> None:
    history.add_attempt(result)
    with sqlite3.connect(data / history.FILE_NAME) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(HistoryError, match="newer version"):
        history.add_attempt(result)


def test_a_folder_that_cannot_be_made_is_told(result: Result, data: Path) -> None:
    data.write_text("a file stands in the way")
    with pytest.raises(HistoryError, match="EVALUATOR_DATA"):
        history.add_attempt(result)


def test_the_systems_own_folder_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EVALUATOR_DATA")
    assert "pharmacy-interview-evaluator" in str(history.history_path())


def run(*arguments: str, stdin: str = "") -> tuple[int, str, str]:
    done = CliRunner().invoke(main, ["history", *arguments], input=stdin)
    return done.exit_code, done.stdout, done.stderr


def test_the_list_shows_attempts_by_question(result: Result) -> None:
    history.add_attempt(result)
    history.add_attempt(ENGINE.evaluate_one("own-question", "", "ana"))
    history.add_attempt(result)
    code, out, _ = run()
    assert code == 0
    told = f"2026-01-01 00:00:00 UTC  {result.score:5.1f} of 100, level {result.level}, 1 of 5 key points"
    assert out.splitlines() == [
        "rude-customer", f"   1  {told}", f"   2  {told}", "",
        "own-question", "   1  2026-01-01 00:00:00 UTC  not scored (empty)",
    ]  # fmt: skip
    assert "own-question" not in run("--question", "rude-customer")[1]


def test_the_list_as_json(result: Result) -> None:
    assert run("--format", "json") == (0, "[]\n", "")
    history.add_attempt(result)
    (row,) = json.loads(run("--format", "json")[1])
    assert (row["score"], row["unscored"], row["answer"]) == (result.score, None, None)
    assert row["coverage"]["listens"] == "covered"


def test_an_empty_list_says_where_it_looked(data: Path) -> None:
    code, out, err = run()
    assert (code, out) == (0, "") and str(data) in err


def test_clear_asks_unless_told_not_to(result: Result, data: Path) -> None:
    history.add_attempt(result)
    assert run("clear", stdin="n\n")[0] == 1
    assert (data / history.FILE_NAME).exists()
    assert run("clear", stdin="")[0] == 1
    code, out, err = run("clear", "--yes")
    assert (code, out) == (0, "") and "1 attempt forgotten." in err
    assert not (data / history.FILE_NAME).exists()


def test_no_list_mixes_scores_of_different_ways_of_judging_silently(result: Result) -> None:
    history.add_attempt(result)
    assert "cannot be compared" not in run()[1]
    history.add_attempt(replace(result, signature=replace(result.signature, bank="other")))
    assert "cannot be compared" in run()[1]


def test_another_programs_database_is_left_alone(data: Path) -> None:
    data.mkdir()
    with sqlite3.connect(data / history.FILE_NAME) as connection:
        connection.execute("CREATE TABLE letters (text)")
    with pytest.raises(HistoryError, match="another program's"):
        history.clear()
    with sqlite3.connect(data / history.FILE_NAME) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("letters",)]
