"""What is removed is gone: not a byte of a candidate is left where the tool keeps anything."""

import json
import sys
from pathlib import Path
from types import ModuleType
from zipfile import ZipFile

import pytest
from click.testing import CliRunner, Result

from evaluator.cli import main
from evaluator.page_names import page_name
from evaluator.purge import mentions
from evaluator.purged_runs import is_flat_table
from tests.fakes import engine, small_bank

SAID = "I listen until the customer has finished talking and then I walk slowly to the old shelf near the door."
OWN = 'My grandmother <b>Zyxwvut</b> taught me: "calm | voice", breathing slow, and *never* a loud word at all.'
IDS = ("ann o'brien-77", "bo-8", "7", "=cmd")
TEXT = "candidate_id,question_id,answer\n" + "".join(
    f'"{who}",rude-customer,"{text}"\n'
    for who, text in (
        (IDS[0], OWN.replace('"', '""')), ("bo-8", SAID), ("7", "I argue and prove the customer wrong."), ("cy-9", SAID),
        ("=cmd", "Finally I thank them warmly for their patience."),
    )
)  # fmt: skip


ENGINE = engine(small_bank())


@pytest.fixture(autouse=True)
def fake_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evaluator.loading.load_engine", lambda *_, **__: ENGINE)
    monkeypatch.setattr("evaluator.bank.load_bank", lambda *_, **__: small_bank())


@pytest.fixture(autouse=True)
def stores(monkeypatch: pytest.MonkeyPatch) -> dict[str, list]:
    """Put a history and a cache of numbers in the place of the user's own."""
    kept: dict[str, list] = {"history": ["bo-8", "cy-9"], "cache": [1]}
    history, store = ModuleType("evaluator.history"), ModuleType("evaluator.models.store")
    history.list_attempts = lambda candidate_id: [c for c in kept["history"] if c == candidate_id]
    history.delete_candidate = lambda candidate: kept.update(history=[c for c in kept["history"] if c != candidate])
    store.store_bytes = lambda: len(kept["cache"])
    store.remove_store = kept["cache"].clear
    monkeypatch.setitem(sys.modules, "evaluator.history", history)
    monkeypatch.setitem(sys.modules, "evaluator.models.store", store)
    return kept


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("answers.csv").write_text(TEXT, encoding="utf-8")
    assert run("score", "answers.csv", "--format", "jsonl,csv,xlsx,html,md", "-o", "reports/all").exit_code == 0
    assert run("score", "answers.csv", "-o", "reports/alone.jsonl").exit_code == 0
    assert run("score", "answers.csv", "--format", "csv", "-o", "reports/flat/alone.csv").exit_code == 0
    assert run("score", "answers.csv", "--format", "html", "-o", "reports/pages").exit_code == 0
    Path("reports/stopped.jsonl.partial").write_text(
        '{"schema": "evaluator-partial/1"}\n' + Path("reports/alone.jsonl").read_text(encoding="utf-8"),
        encoding="utf-8",
    )
    Path("reports/all/.writing-abc").write_bytes(Path("reports/alone.jsonl").read_bytes())
    return Path("reports")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def contents(folder: Path) -> dict[str, bytes]:
    found = {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for path in folder.rglob("*.xlsx"):
        with ZipFile(path) as archive:
            found[str(path)] = b"\n".join(archive.read(name) for name in archive.namelist())
    return found


@pytest.mark.parametrize("who", IDS[:2])
def test_grep_finds_nothing(runs: Path, who: str) -> None:
    result = run("purge", who)
    assert result.exit_code == 0, result.output
    needles = {who, who.replace("'", "&#39;"), page_name(who)} | (
        {"Zyxwvut", "grandmother"} if who == IDS[0] else set()
    )
    for path, data in contents(runs).items():
        assert not [needle for needle in needles if needle.encode() in data or needle in path], path
    assert "cy-9" in (runs / "all" / "index.html").read_text(encoding="utf-8")
    assert who not in result.output


def test_the_rest_is_what_a_run_without_the_candidate_gives(runs: Path) -> None:
    assert run("purge", IDS[0]).exit_code == 0
    lines = TEXT.splitlines(keepends=True)
    Path("rest.csv").write_text("".join(line for line in lines if "brien" not in line), encoding="utf-8")
    run("score", "rest.csv", "--format", "jsonl,csv,xlsx,html,md", "-o", "again")
    kept, again = contents(runs / "all"), contents(Path("again"))
    for path, data in again.items():
        name = Path(path).name
        if name == "manifest.json":
            continue
        old = kept[str(runs / "all" / name)]
        if name == "results.jsonl":  # rows keep the numbers that they had in the input
            strip = lambda text: [{**json.loads(line), "row": 0} for line in text.decode().splitlines()]  # noqa: E731
            assert strip(old) == strip(data)
        elif name != "results.xlsx":  # its rows have those numbers, too
            assert old == data, name
    assert len(kept) == len(again)


def test_a_duplicate_keeps_its_flag_and_loses_the_name(runs: Path) -> None:
    before = [json.loads(line) for line in (runs / "alone.jsonl").read_text().splitlines()]
    assert [flag["id"] for flag in before[3]["flags"] if flag["kind"] == "duplicate"] == ["bo-8"]
    run("purge", "bo-8")
    (cy,) = [r for r in map(json.loads, (runs / "alone.jsonl").read_text().splitlines()) if r["candidate_id"] == "cy-9"]
    assert [flag["id"] for flag in cy["flags"] if flag["kind"] == "duplicate"] == ["(removed)"] and cy["needs_review"]
    assert "duplicate:(removed)" in (runs / "flat" / "alone.csv").read_text()


def test_a_dry_run_tells_the_same_and_touches_nothing(runs: Path, stores: dict[str, list]) -> None:
    before = contents(runs)
    dry = run("purge", "bo-8", "--dry-run")
    assert contents(runs) == before and stores["history"] == ["bo-8", "cy-9"] and stores["cache"]
    told = run("purge", "bo-8").stdout
    assert dry.stdout.replace("would go", "removed") == told
    assert "1 of 5 answers" in told and "cache of computed numbers" in told


def test_history_and_cache(runs: Path, stores: dict[str, list]) -> None:
    assert "history of self-checks: 1 attempt\n" in run("purge", "bo-8").stdout
    assert stores == {"history": ["cy-9"], "cache": []}


def test_twice_finds_nothing_more(runs: Path) -> None:
    run("purge", *IDS)
    again = run("purge", *IDS)
    assert (again.exit_code, again.stdout) == (0, "") and "Nothing was found" in again.stderr


@pytest.mark.parametrize("who", IDS[2:])
def test_short_and_hostile_ids(runs: Path, who: str) -> None:
    assert run("purge", who).exit_code == 0
    for path in runs.rglob("*.jsonl"):
        assert who not in [json.loads(line)["candidate_id"] for line in path.read_text().splitlines()]
    assert not list(runs.rglob(f"{page_name(who)}*")) and not list(runs.rglob("*.partial"))
    assert page_name(who) not in (runs / "all" / "index.html").read_text()
    assert not (runs / "pages" / "index.html").exists()
    assert len((runs / "flat" / "alone.csv").read_text().splitlines()) == 5


def test_the_last_candidate_takes_the_run_along(runs: Path) -> None:
    assert run("purge", *IDS, "cy-9").exit_code == 0
    left = sorted(str(path.relative_to(runs)) for path in runs.rglob("*") if path.is_file())
    assert left == ["flat/alone.csv", "flat/alone.manifest.json", "pages/manifest.json"]


def test_a_purged_run_can_still_be_verified(runs: Path) -> None:
    run("purge", "bo-8")
    manifest = json.loads((runs / "all" / "manifest.json").read_text())
    assert (manifest["counts"]["answers"], manifest["counts"]["removed"]) == (4, 1)
    result = run("verify", "reports/all")
    assert result.exit_code == 0 and "Answers were removed since" in result.stderr, result.output


def test_what_cannot_be_written_anew_is_named_and_fails(runs: Path) -> None:
    (runs / "notes.txt").write_text("Call bo-8 on Monday.")
    (runs / "bo-80.txt").write_text("bo-80 is somebody else.")
    dry, wet = run("purge", "bo-8", "--dry-run"), run("purge", "bo-8")
    for result in (dry, wet):
        assert result.exit_code == 1
        assert [line for line in result.stdout.splitlines() if line.startswith("LEFT")] == [
            "LEFT: reports/notes.txt: names the candidate or quotes an answer, and cannot be written anew"
        ]
    assert (runs / "notes.txt").exists()


def test_other_runs_and_the_users_own_files_are_not_touched(runs: Path) -> None:
    assert run("score", "answers.csv", "-o", "elsewhere.jsonl").exit_code == 0
    before = Path("elsewhere.jsonl").read_bytes()
    run("purge", "bo-8")
    assert Path("answers.csv").read_text(encoding="utf-8") == TEXT and Path("elsewhere.jsonl").read_bytes() == before
    assert run("purge", "bo-8", "--in", ".").exit_code == 1  # answers.csv is the user's own
    assert b"bo-8" not in Path("elsewhere.jsonl").read_bytes()


def test_a_link_is_not_followed(runs: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.jsonl"
    outside.write_bytes((runs / "alone.jsonl").read_bytes())
    (runs / "link.jsonl").symlink_to(outside)
    run("purge", "bo-8")
    assert b"bo-8" in outside.read_bytes()


def test_it_works_without_a_history_and_a_cache(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("evaluator.history", "evaluator.models.store"):
        monkeypatch.setitem(sys.modules, name, None)
    result = run("purge", "bo-8")
    assert result.exit_code == 0 and "history" not in result.stdout


@pytest.mark.parametrize(
    ("head", "known"),
    [
        ("candidate_id,question_id,score,level,unscored,needs_review,flags,covered,partly,missed,contradicted,name", True),
        ("candidate_id,question_id,score,level,unscored,needs_review,flags,covered,partly,missed,contradicted,contributions", True),
        ("candidate_id,question_id,answer", False),
    ],
)  # fmt: skip
def test_tables_of_earlier_versions_are_known(tmp_path: Path, head: str, known: bool) -> None:
    path = tmp_path / "results.csv"
    path.write_text(f"{head}\n", encoding="utf-8")
    assert is_flat_table(path) == known


def test_mentions_in_every_writing(tmp_path: Path) -> None:
    path = tmp_path / "x"
    for text in ("a.o'brien", "a.o&#39;brien", "a.o&#x27;brien", '"a.o\'brien"'):
        path.write_text(f"see {text}, there")
        assert mentions(path, ["a.o'brien"]), text
    path.write_text("see a.o'briens and xa.o'brien")
    assert not mentions(path, ["a.o'brien"])


def test_a_long_cell_of_another_column_stops_nothing(runs: Path) -> None:
    rows = [
        json.dumps({"candidate_id": who, "question_id": "rude-customer", "answer": SAID, "cv": "x" * 200_000})
        for who in ("bo-8", "cy-9")
    ]
    Path("long.jsonl").write_text("\n".join(rows), encoding="utf-8")
    run("score", "long.jsonl", "--format", "csv", "-o", "reports/long/alone.csv")
    result = run("purge", "bo-8", "--in", "reports/long")
    assert result.exit_code == 0, result.output
    assert b"cy-9" in Path("reports/long/alone.csv").read_bytes()
    assert b"bo-8" not in Path("reports/long/alone.csv").read_bytes()


def test_what_another_program_did_to_a_table_stops_nothing(runs: Path) -> None:
    table = runs / "flat" / "alone.csv"
    table.write_bytes(table.read_bytes() + b"\n\n")
    ansi = runs / "flat" / "ansi.csv"
    ansi.write_bytes(table.read_bytes().replace(b"cy-9", "Jos\u00e9".encode("cp1252")))
    result = run("purge", "bo-8", "--in", "reports")
    assert result.exit_code == 1
    assert [line for line in result.output.splitlines() if "ansi.csv" in line and "cannot be written anew" in line]
    assert b"bo-8" not in table.read_bytes() and b"bo-8" in ansi.read_bytes()


def test_another_runs_manifest_is_not_taken_along(runs: Path) -> None:
    lines = (runs / "all" / "results.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (runs / "all" / "copied.jsonl").write_text(
        "".join(line for line in lines if '"candidate_id": "bo-8"' in line), encoding="utf-8"
    )
    run("purge", "bo-8", "--in", "reports/all")
    assert not (runs / "all" / "copied.jsonl").exists()
    assert (runs / "all" / "manifest.json").exists()
    assert run("verify", "reports/all").exit_code == 0


def test_parquet_is_written_anew_and_what_cannot_be_searched_is_named(runs: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    run("score", "answers.csv", "--format", "jsonl,parquet", "-o", "reports/columns")
    Path("reports/columns/bo.pdf").write_bytes(b"%PDF-1.7")
    Path("reports/other").mkdir()
    Path("reports/other/old.parquet").write_bytes(b"PAR1")
    result = run("purge", "bo-8", "--in", "reports")
    assert result.exit_code == 1
    named = [line for line in result.output.splitlines() if "cannot be searched" in line]
    assert ["bo.pdf" in line or "old.parquet" in line for line in named] == [True, True]
    assert "bo-8" not in parquet.read_table("reports/columns/results.parquet")["candidate_id"].to_pylist()


def test_files_beside_a_run_without_the_candidate_are_not_named(runs: Path) -> None:
    Path("reports/all/somebody.pdf").write_bytes(b"%PDF-1.7")
    assert run("purge", "nobody-here", "--in", "reports/all").exit_code == 0


def test_no_line_names_a_page_after_its_candidate(runs: Path) -> None:
    output = run("purge", "bo-8", "--in", "reports", "--dry-run").output
    assert not [who for who in IDS if page_name(who) in output]


def test_the_overview_keeps_the_column_of_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("answers.csv").write_text(
        f"candidate_id,question_id,answer,name\nbo-8,rude-customer,{SAID},Bo\ncy-9,rude-customer,{SAID},Cyrille\n",
        encoding="utf-8",
    )
    run("score", "answers.csv", "--format", "jsonl,html", "--show-names", "name", "-o", "reports")
    assert run("purge", "bo-8", "--in", "reports").exit_code == 0
    assert "Cyrille" in Path("reports/index.html").read_text(encoding="utf-8")
