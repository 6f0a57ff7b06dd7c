"""Manifests, and runs made again: what is the same is said to be, and every kind of change is found."""

import json
import os
import time
from functools import lru_cache
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from evaluator.calibration import Calibration
from evaluator.cli import main
from evaluator.destination import Destination
from evaluator.manifest import run_date, write_manifest
from evaluator.source_date import VARIABLE
from evaluator.verification import differences, spread_sample
from tests.fakes import CALIBRATION, engine, small_bank

LISTENS = "I listen until the customer has finished talking and then I ask for the receipt and walk slowly to the old shelf near the door."
ARGUES = "I argue and prove the customer wrong."
TEXT = f"""candidate_id,question_id,answer,email
ann-7,rude-customer,{LISTENS},ann@example.org
bo-8,rude-customer,My voice stays low and my breathing slow.,bo@example.org
cy-9,rude-customer,,cy@example.org
di-1,rude-customer,{LISTENS},di@example.org
ed-2,rude-custmer,{LISTENS},ed@example.org
fay-3,rude-customer,{ARGUES},fay@example.org
"""
LONE = '{"candidate_id": "lone", "question_id": "rude-customer", "answer": "I listen \\ud800 until the customer has finished."}\n'


ENGINES = lru_cache(lambda calibration: engine(small_bank(), calibration=calibration))


@pytest.fixture(autouse=True)
def fake_engine(monkeypatch: pytest.MonkeyPatch) -> dict[str, Calibration]:
    """Put the quick engine in the place of the models; its calibration can be changed."""
    used = {"calibration": CALIBRATION}
    monkeypatch.setattr("evaluator.loading.load_engine", lambda *_, **__: ENGINES(used["calibration"]))
    monkeypatch.setattr("evaluator.bank.load_bank", lambda *_, **__: small_bank())
    return used


@pytest.fixture
def run_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("answers.csv").write_text(TEXT, encoding="utf-8")
    assert run("score", "answers.csv", "--format", "jsonl,csv,html", "-o", "out").exit_code == 3
    return Path("out")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def test_a_manifest_names_what_a_run_was_made_of_and_nobody(run_folder: Path) -> None:
    text = (run_folder / "manifest.json").read_text(encoding="utf-8")
    manifest = json.loads(text)
    assert manifest["schema"] == "evaluator-manifest/1"
    assert set(manifest["signature"]) == {"tool", "model", "stance", "bank", "calibration"}
    assert [file["path"] for file in manifest["inputs"]] == ["answers.csv"]
    assert [file["path"] for file in manifest["outputs"]] == ["results.jsonl", "results.csv"]
    assert manifest["counts"] == {
        "answers": 6, "scored": 4, "unscored": {"empty": 1, "unknown_question": 1}, "needs_review": 5, "overridden": 0,
        "removed": 0,
    }  # fmt: skip
    assert manifest["options"]["formats"] == ["jsonl", "csv", "html"] and manifest["date"] is None
    assert not [word for word in ("ann", "bo-8", "listen", "example") if word in text.lower()]


def test_the_same_run_gives_the_same_manifest_whatever_the_clock(
    run_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (run_folder / "manifest.json").read_bytes()
    os.utime("answers.csv", (1, 1))
    monkeypatch.setattr(time, "time", lambda: 4e9)
    assert run("score", "answers.csv", "--format", "jsonl,csv,html", "-o", "out").exit_code == 3
    assert (run_folder / "manifest.json").read_bytes() == before


def test_one_file_has_its_manifest_beside_it_and_standard_output_has_none(run_folder: Path) -> None:
    assert run("score", "answers.csv", "-o", "one.jsonl").exit_code == 3
    assert Path("one.manifest.json").is_file()
    assert run("verify", "one.jsonl").exit_code == run("verify", "one.manifest.json").exit_code == 0
    names = set(Path().iterdir())
    assert run("score", "answers.csv").exit_code == 3
    assert set(Path().iterdir()) == names


def test_a_run_that_can_be_reproduced(run_folder: Path) -> None:
    for name in ("out", "out/manifest.json", "out/results.jsonl"):
        result = run("verify", name)
        assert (result.exit_code, result.stdout) == (0, ""), result.output
        assert "6 of 6 answers judged again" in result.stderr and "was reproduced" in result.stderr
    assert "2 of 6 answers" in run("verify", "out", "--sample", "2").stderr


def test_a_moved_input_is_found_where_it_is_named_or_left_out_openly(run_folder: Path) -> None:
    Path("answers.csv").rename("elsewhere.csv")
    gone = run("verify", "out")
    assert gone.exit_code == 0 and "Not every input is there" in gone.stderr
    assert "Not every input" not in run("verify", "out", "elsewhere.csv").stderr


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (LISTENS, "I interrupt.", "answers.csv: another file than was scored"),
        ("", "", "bo-8"),
    ],
)
def test_another_input_is_found(run_folder: Path, old: str, new: str, says: str) -> None:
    if not old:
        Path("answers.csv").write_text(TEXT.replace("bo-8", "bob-8"), encoding="utf-8")
        says = "another file"
    else:
        Path("answers.csv").write_text(TEXT.replace(old, new), encoding="utf-8")
    result = run("verify", "out")
    assert result.exit_code == 1 and says in result.stdout


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"level": 1', '"level": 5', "level: 5 -> 1"),
        ('"kind": "red_flag"', '"kind": "gaming"', "flags: gaming -> red_flag"),
        ('"status": "covered"', '"status": "missed"', "points: listens missed -> covered"),
        ('"ann-7"', '"eve-7"', "row 2: the results hold another answer than the input"),
    ],
)
def test_changed_results_are_found(run_folder: Path, old: str, new: str, says: str) -> None:
    path = run_folder / "results.jsonl"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    result = run("verify", "out")
    assert result.exit_code == 1, result.output
    assert "results.jsonl: changed since it was written" in result.stdout and says in result.stdout
    assert "could not be reproduced" in result.stderr
    assert "listen until" not in result.output and "ann" not in result.output and "eve-7" not in result.output


def test_another_calibration_is_found_in_the_signature_and_in_the_levels(run_folder: Path, fake_engine) -> None:
    fake_engine["calibration"] = Calibration(cuts=(1.0, 2.0, 3.0, 4.0))
    result = run("verify", "out")
    assert result.exit_code == 1
    assert result.stdout.startswith("calibration: ") and "-> 5" in result.stdout


def test_half_a_surrogate_and_an_unreadable_row_are_no_difference(run_folder: Path) -> None:
    Path("lone.jsonl").write_text(LONE, encoding="utf-8")
    assert run("score", "lone.jsonl", "-o", "lone-results.jsonl").exit_code == 3
    result = run("verify", "lone-results.jsonl")
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("nowhere", None, "no manifest there"),
        ("out", "{}", "not a manifest of this version"),
        ("out", "[", "not JSON"),
    ],
)
def test_errors_say_what_to_do(run_folder: Path, name: str, text: str | None, says: str) -> None:
    if text is not None:
        (run_folder / "manifest.json").write_text(text)
    result = run("verify", name)
    assert result.exit_code == 1 and says in result.stderr and "Traceback" not in result.output


def test_a_run_without_lossless_results_cannot_be_verified(run_folder: Path) -> None:
    run("score", "answers.csv", "--format", "csv", "-o", "flat.csv")
    assert "kept no results.jsonl" in run("verify", "flat.csv").stderr


@pytest.mark.parametrize(("seconds", "expected"), [("", None), ("0", "1970-01-01"), ("1700000000", "2023-11-14")])
def test_the_date_comes_from_the_environment_only(
    seconds: str, expected: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, seconds)
    assert run_date() == expected


@pytest.mark.parametrize("seconds", ["yesterday", "1700000000000", "-1e9"])
def test_a_date_that_is_none_is_an_error(seconds: str, run_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, seconds)
    result = run("score", "answers.csv", "-o", "x.jsonl")
    assert result.exit_code == 1 and VARIABLE in result.stderr


def test_small_differences_of_numbers_are_none_and_large_ones_are() -> None:
    from evaluator.results import to_record

    kept = to_record(engine(small_bank()).evaluate_one("rude-customer", LISTENS))
    near, far = json.loads(json.dumps(kept)), json.loads(json.dumps(kept))
    evidence = next(i for i, point in enumerate(kept["points"]) if point["evidence"])
    near["points"][evidence]["evidence"][0]["similarity"] += 0.0005
    far["points"][evidence]["evidence"][0]["similarity"] += 0.01
    assert list(differences(kept, near)) == []
    rounded = json.loads(json.dumps(kept))
    rounded["points"][evidence]["evidence"][0]["probability"] = 0.501
    assert (
        list(
            differences(
                {**rounded, "points": json.loads(json.dumps(rounded["points"]).replace("0.501", "0.5"))}, rounded
            )
        )
        == []
    )
    assert list(differences(kept, far)) == ["evidence"]
    assert list(differences(kept, {**kept, "unscored": {"reason": "empty", "detail": "x"}})) == [
        "unscored: None -> empty"
    ]


def test_samples_are_spread_and_have_no_row_twice() -> None:
    for count in range(1, 60):
        for size in range(1, 25):
            rows = spread_sample(count, size)
            assert len(rows) == len(set(rows)) == min(count, size) and rows[-1] < count


def test_an_input_named_by_a_url_has_no_digest_and_stops_nothing(run_folder: Path) -> None:
    destination = Destination(("jsonl",), run_folder / "results.jsonl", False)
    write_manifest(destination, ENGINES(CALIBRATION).signature, {"files": ("memory://answers.csv",)})
    (file,) = json.loads((run_folder / "results.manifest.json").read_text(encoding="utf-8"))["inputs"]
    assert file == {"path": "memory://answers.csv", "sha256": None}
