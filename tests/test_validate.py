"""``evaluator validate`` and ``calibrate``: figures beside baselines, and cut-offs only where they help."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fakes import engine, small_bank

import evaluator.bank
import evaluator.loading
from evaluator.agreement import quadratic_kappa
from evaluator.cli import main
from evaluator.errors import CalibrationError
from evaluator.loading import load_calibration, save_calibration

LISTENS = "I listen until the customer has finished talking."
CALM = "My voice stays low and my breathing slow."
SOLVES = "Together we look up options that solve the problem."
ARGUES = "I argue and prove the customer wrong."
TEXTS = {1: ARGUES, 2: "The customer spoke and I was there.", 3: CALM, 4: LISTENS, 5: f"{LISTENS} {CALM} {SOLVES}"}


@pytest.fixture(autouse=True)
def fake_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluator.bank, "load_bank", lambda *_, **__: small_bank())
    monkeypatch.setattr(evaluator.loading, "load_engine", lambda *_, **__: engine(small_bank()))


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def rated(folder: Path, ratings: dict[int, tuple[int | str, ...]], times: int = 8) -> Path:
    """Write each text ``times`` times with its ratings, one column a rater."""
    names = [f"rating_{letter}" for letter in "abc"[: len(next(iter(ratings.values())))]]
    lines = [",".join(["candidate_id", "question_id", "answer", *names])]
    for number in range(times):
        for level, given in ratings.items():
            lines.append(",".join([f"c{level}-{number}", "rude-customer", TEXTS[level], *map(str, given)]))
    path = folder / "rated.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_validate_prints_agreement_beside_baselines(tmp_path: Path) -> None:
    path = rated(tmp_path, {level: (level, level) for level in TEXTS})
    result = run("validate", path)
    assert result.exit_code == 0, result.output
    for words in (
        "quadratic weighted kappa",
        "95% interval",
        "length",
        "TF-IDF",
        "cosine",
        "rude-customer",
        "raters with",
    ):
        assert words in result.stdout
    assert LISTENS not in result.output


def test_validate_as_json(tmp_path: Path) -> None:
    report = json.loads(
        run("validate", rated(tmp_path, {level: (level,) for level in TEXTS}), "--format", "json").stdout
    )
    assert report["agreement"]["count"] == 40
    assert report["raters_kappa"] is None
    assert set(report["baselines"]) == {"length", "TF-IDF", "cosine"}
    assert report["agreement"]["kappa"]["low"] <= report["agreement"]["kappa"]["value"]
    assert report["signature"]["bank"] == small_bank().digest[:16]


def test_every_two_raters_are_compared_over_what_both_rated(tmp_path: Path) -> None:
    path = rated(tmp_path, {1: (1, 1, ""), 2: (2, 2, 5), 3: (3, 3, 4), 4: (4, "", 2), 5: (5, 5, 1)})
    kappa = json.loads(run("validate", path, "--format", "json").stdout)["raters_kappa"]
    first_third = quadratic_kappa([2, 3, 4, 5], [5, 4, 2, 1])
    second_third = quadratic_kappa([2, 3, 5], [5, 4, 1])
    assert kappa == pytest.approx((1.0 + first_third + second_third) / 3)


def test_fail_under(tmp_path: Path) -> None:
    path = rated(tmp_path, {1: (5,), 2: (4,), 3: (3,), 4: (2,), 5: (1,)})
    assert run("validate", path, "--fail-under", "0.5").exit_code == 4
    assert run("validate", path).exit_code == 0


def test_calibrate_writes_cut_offs_that_help(tmp_path: Path) -> None:
    out = tmp_path / "own.json"
    result = run("calibrate", rated(tmp_path, {3: (2,), 4: (3,)}, times=60), "-o", out)
    assert result.exit_code == 0, result.output
    assert "Gain +" in result.output
    own, shipped = load_calibration(out), engine(small_bank()).calibration
    assert own.cuts != shipped.cuts
    assert own.base == shipped.base


@pytest.mark.parametrize(
    ("ratings", "times", "says"),
    [
        ({4: (4,)}, 5, "5 rated answers; cut-offs need at least 30"),
        ({1: (1,)}, 40, "0 rated answers have a level that cut-offs decide"),
    ],
)
def test_calibrate_refuses(tmp_path: Path, ratings: dict[int, tuple[int | str, ...]], times: int, says: str) -> None:
    out = tmp_path / "own.json"
    result = run("calibrate", rated(tmp_path, ratings, times), "-o", out)
    assert result.exit_code == 1
    assert says in result.output
    assert not out.exists()


def test_calibrate_refuses_what_helps_nobody(tmp_path: Path) -> None:
    shipped = engine(small_bank())
    own = {level: (shipped.evaluate_one("rude-customer", text).level or 1,) for level, text in TEXTS.items()}
    out = tmp_path / "own.json"
    result = run("calibrate", rated(tmp_path, own, 20), "-o", out)
    assert result.exit_code == 1
    assert "no better on ratings that were held out" in result.output
    assert not out.exists()


def test_calibration_files(tmp_path: Path) -> None:
    path = tmp_path / "own.json"
    save_calibration(load_calibration(), path)
    assert load_calibration(path) == load_calibration()
    path.write_text('{"base": "high"}', encoding="utf-8")
    with pytest.raises(CalibrationError, match=r"own\.json: not a calibration \(base"):
        load_calibration(path)
    path.write_text('{"amid": 0.4}', encoding="utf-8")
    with pytest.raises(CalibrationError, match=r"own\.json: not a calibration \(amid"):
        load_calibration(path)
    save_calibration(load_calibration(), path)
    numbers = json.loads(path.read_text(encoding="utf-8"))
    del numbers["harm_favour"]
    path.write_text(json.dumps(numbers), encoding="utf-8")
    with pytest.raises(
        CalibrationError, match=r"own\.json: not a calibration of this version \(harm_favour is missing"
    ):
        load_calibration(path)
    with pytest.raises(CalibrationError, match="cannot be read"):
        load_calibration(tmp_path / "absent.json")
    with pytest.raises(CalibrationError, match="cannot be written"):
        save_calibration(load_calibration(), path / "own.json")
