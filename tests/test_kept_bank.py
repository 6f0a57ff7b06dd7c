"""A bank that was read before is taken from the cache: the same one, for the same files only."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from evaluator import bank_reading, loading
from evaluator.bank import load_bank, shipped_bank_path
from evaluator.bank_content import files_digest, from_json, to_json
from evaluator.calibration import Calibration
from evaluator.errors import BankError
from evaluator.loading import load_calibration
from evaluator.models.store import NumberStore, store_path

QUESTION = """id: own-question
question: Why do you want to work here?
model_answers:
  - I like to help people, and I would learn from your pharmacist every day.
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a bank of one question, with a cache of its own."""
    monkeypatch.setenv("EVALUATOR_CACHE", str(tmp_path / "cache"))
    (tmp_path / "bank").mkdir()
    (tmp_path / "bank" / "own.yaml").write_text(QUESTION, encoding="utf-8")
    return tmp_path / "bank"


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Return the folders that are read from YAML, as they are read."""
    asked: list[Path] = []
    really = bank_reading.read_bank

    def reading(folder: Path):
        asked.append(folder)
        return really(folder)

    monkeypatch.setattr(bank_reading, "read_bank", reading)
    return asked


def test_a_bank_is_read_once(folder: Path, read: list[Path]) -> None:
    plain = load_bank(folder)
    assert load_bank(folder, cache=True) == plain
    assert len(read) == 2
    assert load_bank(folder, cache=True) == plain
    assert len(read) == 2


def test_the_shipped_bank_comes_through_unchanged() -> None:
    bank = load_bank()
    again = from_json(to_json(bank))
    assert again == bank
    assert repr(again) == repr(bank)


def test_a_changed_new_or_renamed_file_is_read_again(folder: Path, read: list[Path]) -> None:
    load_bank(folder, cache=True)
    (folder / "own.yaml").write_text(QUESTION.replace("Why do", "Why would"), encoding="utf-8")
    assert load_bank(folder, cache=True).questions[0].text == "Why would you want to work here?"
    (folder / "second.yaml").write_text(QUESTION.replace("own-question", "second"), encoding="utf-8")
    assert len(load_bank(folder, cache=True).questions) == 2
    (folder / "own.yaml").rename(folder / "z.yaml")
    assert [question.id for question in load_bank(folder, cache=True).questions] == ["second", "own-question"]
    assert len(read) == 4


def test_files_that_swap_bytes_have_another_digest(folder: Path) -> None:
    (folder / "a.yaml").write_bytes(b"a: 1\n")
    before = files_digest(folder)
    (folder / "a.yaml").write_bytes(b"a: 1\n" + QUESTION.encode())
    (folder / "own.yaml").write_bytes(b"")
    assert files_digest(folder) != before


def test_a_bank_with_faults_is_never_kept(folder: Path) -> None:
    (folder / "own.yaml").write_text("id: 1\n", encoding="utf-8")
    for _ in range(2):
        with pytest.raises(BankError, match=r"own\.yaml"):
            load_bank(folder, cache=True)
    with pytest.raises(BankError, match="no such folder"):
        load_bank(folder / "absent", cache=True)


def test_a_draft_is_refused_whether_it_is_known_or_not(folder: Path) -> None:
    (folder / "own.yaml").write_text(f"{QUESTION}status: draft\n", encoding="utf-8")
    assert load_bank(folder, cache=True).questions[0].draft
    with pytest.raises(BankError, match="draft"):
        load_bank(folder, cache=True, allow_draft=False)


@pytest.mark.parametrize(
    "value", [b"no zlib", zlib.compress(b"no json"), zlib.compress(b"[]"), zlib.compress(b'{"questions": [{}]}')]
)
def test_what_is_no_bank_is_read_anew(folder: Path, value: bytes) -> None:
    bank = load_bank(folder, cache=True)
    with sqlite3.connect(store_path()) as connection:
        ((key,),) = connection.execute("SELECT key FROM numbers")
    NumberStore(store_path()).write({key: value})
    assert load_bank(folder, cache=True) == bank


def test_the_shipped_calibration_is_read_as_any_other() -> None:
    shipped = loading.SHIPPED_CALIBRATION
    wanted = TypeAdapter(Calibration).validate_json(shipped.read_text(encoding="utf-8"))
    assert repr(load_calibration()) == repr(wanted) == repr(load_calibration(shipped))


def test_a_known_bank_and_a_calibration_need_neither_yaml_nor_pydantic(folder: Path) -> None:
    code = (
        "import sys; from evaluator.bank import load_bank; from evaluator.loading import load_calibration\n"
        "import evaluator.engine, evaluator.results\n"
        "load_bank(sys.argv[1], cache=True); load_calibration()\n"
        "print(sorted({'pydantic', 'yaml'} & set(sys.modules)))"
    )
    said = [
        subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert said == ["['pydantic', 'yaml']\n", "[]\n"]
    assert shipped_bank_path().is_dir()
