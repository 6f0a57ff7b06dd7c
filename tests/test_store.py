"""Numbers that are kept: by digest, bounded, shared, and done without where they cannot be."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from fakes import NearestStatementJudge

from evaluator.domain import Answer
from evaluator.engine import Engine, Models
from evaluator.models.cached import CachedEncoder, CachedJudge, CachedReader
from evaluator.models.stance import StanceCase
from evaluator.models.store import NumberStore
from tests.fakes import CALIBRATION, NeutralReader, WordOverlapEncoder, small_bank

ANSWER = "I listen until the xylophone customer has finished talking. My voice stays low. We look up options."


def key(number: int) -> bytes:
    return number.to_bytes(32, "big")


def rows(*numbers: int, size: int = 3) -> dict[bytes, np.ndarray]:
    return {key(number): np.full(size, number + 0.1, dtype=np.float32) for number in numbers}


def cached_engine(store: NumberStore, encoder: WordOverlapEncoder) -> Engine:
    reader = CachedReader(NeutralReader(), store, "reader")
    judge = CachedJudge(NearestStatementJudge(), store, "judge")
    models = Models(
        CachedEncoder(encoder, store, "plain"), "0" * 64, judge, "1" * 64, reader, (), reader.reuse, encoder
    )
    return Engine(small_bank(), models, CALIBRATION)


def test_what_was_kept_is_found_by_another_store_to_the_last_bit(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "numbers.sqlite3"
    first = NumberStore(path)
    assert first.get([key(1)]) == {} and first.count() == 0
    first.put(rows(*range(1200)))
    second = NumberStore(path)
    found = second.get([key(number) for number in (3, 1199, 5000)])
    assert {k: row.tobytes() for k, row in found.items()} == {k: row.tobytes() for k, row in rows(3, 1199).items()}
    assert len(second.get([key(number) for number in range(1200)])) == second.count() == 1200


def test_a_damaged_number_is_unknown(tmp_path: Path) -> None:
    path = tmp_path / "numbers.sqlite3"
    store = NumberStore(path)
    store.put(rows(1, 2))
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE numbers SET value = zeroblob(16) || x'01' WHERE key = ?", (key(1),))
        connection.execute("UPDATE numbers SET value = x'00000000' || substr(value, 5) WHERE key = ?", (key(2),))
    assert store.get([key(1), key(2)]) == {}


@pytest.mark.parametrize("damage", ["text", "middle", "half"])
def test_a_damaged_store_is_put_aside_and_begun_anew(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "numbers.sqlite3"
    store = NumberStore(path)
    store.put(rows(*range(2000)))
    store.close()
    content = path.read_bytes()
    if damage == "text":
        path.write_bytes(b"this is no database at all, and long enough for a header " * 100)
    elif damage == "middle":
        path.write_bytes(content[:100] + b"\xff" * (len(content) - 100))
    else:
        path.write_bytes(content[: len(content) // 2])
    after = NumberStore(path)
    after.get([key(number) for number in range(2000)])
    after.put(rows(7))
    assert after.get([key(7)])[key(7)].tolist() == rows(7)[key(7)].tolist()
    assert NumberStore(path).get([key(7)])
    if damage != "half":
        assert (tmp_path / "numbers.sqlite3.damaged").exists()


def test_the_oldest_go_when_the_limit_is_reached(tmp_path: Path) -> None:
    store = NumberStore(tmp_path / "numbers.sqlite3", limit=400_000)
    for start in range(0, 1000, 20):
        store.put(rows(*range(start, start + 20), size=400))
    assert store.get([key(0)]) == {}
    assert store.get([key(999)])
    store.close()
    assert (tmp_path / "numbers.sqlite3").stat().st_size < 800_000


def test_a_place_that_cannot_be_used_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    store = NumberStore(tmp_path / "file" / "numbers.sqlite3")
    store.put(rows(1))
    assert store.get([key(1)]) == {}
    (tmp_path / "folder").mkdir()
    folder = NumberStore(tmp_path / "folder")
    folder.put(rows(1))
    assert folder.get([key(1)]) == {}


def test_several_processes_write_at_once(tmp_path: Path) -> None:
    code = (
        "import sys, numpy as np; from pathlib import Path; from evaluator.models.store import NumberStore\n"
        "store = NumberStore(Path(sys.argv[1]))\n"
        "for n in range(100): store.put({(int(sys.argv[2]) * 100 + n).to_bytes(32, 'big'): np.ones(400, np.float32)})\n"
    )
    path = tmp_path / "numbers.sqlite3"
    running = [subprocess.Popen([sys.executable, "-c", code, str(path), str(n)]) for n in range(3)]
    assert [process.wait(timeout=120) for process in running] == [0, 0, 0]
    assert NumberStore(path).count() == 300
    assert not path.with_name("numbers.sqlite3.damaged").exists()


def test_several_threads_share_a_store(tmp_path: Path) -> None:
    store = NumberStore(tmp_path / "numbers.sqlite3")
    store.put(rows(0))
    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(store.put, rows(number)) for number in range(1, 10)]:
            done.result()
    assert store.count() == 10
    assert not (tmp_path / "numbers.sqlite3.damaged").exists()


def test_results_are_the_same_with_and_without_and_again(tmp_path: Path) -> None:
    store = NumberStore(tmp_path / "numbers.sqlite3")
    answers = [
        Answer("a", "rude-customer", ANSWER),
        Answer("b", "own-question", "I want to learn."),
        Answer("c", "x", "y"),
    ]
    plain = WordOverlapEncoder()
    without = Engine(
        small_bank(),
        Models(plain, "0" * 64, NearestStatementJudge(), "1" * 64, NeutralReader(), words=plain),
        CALIBRATION,
    )
    first, second = WordOverlapEncoder(), WordOverlapEncoder()
    wanted = list(without.evaluate(answers))
    assert list(cached_engine(store, first).evaluate(answers)) == wanted
    assert first.asked
    again = cached_engine(NumberStore(tmp_path / "numbers.sqlite3"), second)
    assert list(again.evaluate(answers)) == wanted
    assert second.asked == []
    assert again.models.reuse and again.models.reuse.reused == again.models.reuse.asked > 0


def test_no_word_of_an_answer_is_in_any_file(tmp_path: Path) -> None:
    store = NumberStore(tmp_path / "numbers.sqlite3")
    list(cached_engine(store, WordOverlapEncoder()).evaluate([Answer("a", "rude-customer", ANSWER)]))
    files = list(tmp_path.iterdir())
    assert files and store.count()
    for path in files:
        content = path.read_bytes().lower()
        for word in (b"xylophone", b"listen", b"customer", b"voice"):
            assert word not in content, path.name


def test_judgements_are_kept_apart_by_model_behaviour_and_similarity(tmp_path: Path) -> None:
    store = NumberStore(tmp_path / "numbers.sqlite3")

    class Counting(NearestStatementJudge):
        asked = 0

        def judge(self, cases, /):
            self.asked += 1
            return super().judge(cases)

    model = Counting()
    case = StanceCase("I listen", ("I listen to them",), ("I talk",), (0.9,), (0.1,))
    others = [
        StanceCase("I listened", case.affirm, case.deny, (0.9,), (0.1,)),
        StanceCase("I listen", ("I listen to her",), case.deny, (0.9,), (0.1,)),
        StanceCase("I listen", (*case.affirm, *case.deny), (), (0.9, 0.1), ()),
        StanceCase("I listen", case.affirm, case.deny, (0.1,), (0.9,)),
        StanceCase("I listen", case.affirm, case.deny, (0.9,), (0.1,), harmful=True),
    ]
    for number, one in enumerate([case, *others], start=1):
        CachedJudge(model, store, "a").judge([one])
        assert model.asked == number
    again = CachedJudge(model, store, "a").judge([case])
    assert model.asked == 6 and again.tobytes() == model.judge([case]).tobytes()
    CachedJudge(model, store, "b").judge([case])
    assert model.asked == 8


def test_a_text_that_is_wanted_twice_is_computed_once(tmp_path: Path) -> None:
    encoder = WordOverlapEncoder()
    cached = CachedEncoder(encoder, NumberStore(tmp_path / "numbers.sqlite3"), "plain")
    vectors = cached.encode(["listen", "argue", "listen"])
    assert encoder.asked == [["listen", "argue"]]
    assert vectors.tobytes() == WordOverlapEncoder().encode(["listen", "argue", "listen"]).tobytes()
    assert cached.encode([]).shape[0] == 0
