"""``make audit`` never calls clean what it did not look at; the pins it looks at are all there."""

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import security  # noqa: E402

PINS = (ROOT / "constraints.txt").read_text(encoding="utf-8").split()
RISKY = {"filename": "a.py", "line_number": 3, "test_id": "B602", "issue_severity": "HIGH", "issue_text": "shell"}
HOLE = {"id": "CVE-1", "fix_versions": ["9"]}


class Tools:
    """Answers as bandit and pip-audit do."""

    def __init__(self, *, risky: bool = False, holes: bool = False, silent: str = "", offline: bool = False) -> None:
        self.risky, self.holes, self.silent, self.offline = risky, holes, silent, offline
        self.asked: list[int] = []

    def __call__(self, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
        if arguments[0] == "bandit":
            told = {"results": [RISKY] * self.risky, "errors": [], "metrics": {"_totals": {"loc": 1234}}}
            return subprocess.CompletedProcess(arguments, int(self.risky), json.dumps(told), "")
        pins = Path(arguments[2]).read_text(encoding="utf-8").split()
        self.asked.append(len(pins))
        if self.offline:
            return subprocess.CompletedProcess(arguments, 1, "", "WARNING: hashes\nERROR: no connection\n")
        names = [pin.split("==")[0] for pin in pins]
        told = [
            {"name": name, "skip_reason": "not found"}
            if re.fullmatch(self.silent, name)
            else {"name": name, "version": "1", "vulns": [HOLE] * (self.holes and name == "zopfli")}
            for name in names
        ]
        return subprocess.CompletedProcess(arguments, 0, json.dumps({"dependencies": told}), "")


@pytest.mark.parametrize(
    ("tools", "code", "words"),
    [
        (Tools(), 0, f"0 known vulnerabilities in {len(PINS)} of {len(PINS)} pinned packages"),
        (Tools(risky=True), 1, "a.py:3: B602 (high) shell"),
        (Tools(holes=True), 1, "zopfli 1: CVE-1, mended in 9"),
        (Tools(silent="torch"), 3, "NOT CHECKED: 1,"),
        (Tools(silent="torch", holes=True), 1, "NOT CHECKED: 1,"),
        (Tools(silent=".*"), 3, f"NOT CHECKED: {len(PINS)},"),
        (Tools(offline=True), 3, "ERROR: no connection"),
        (Tools(offline=True, risky=True), 1, f"NOT CHECKED: {len(PINS)},"),
    ],
)
def test_the_exit_code_tells_found_from_not_asked(
    tools: Tools, code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert security.main([], tools) == code
    printed = capsys.readouterr().out
    assert words in printed
    assert ("NOT CHECKED" in printed) == bool(tools.silent or tools.offline)


def test_a_service_that_does_not_answer_is_asked_once() -> None:
    tools = Tools(silent=".*")
    security.main([], tools)
    assert tools.asked == [1]


def test_the_code_alone_asks_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    tools = Tools(holes=True)
    assert security.main(["--code-only"], tools) == 0
    assert tools.asked == []
    assert "dependencies: not looked up" in capsys.readouterr().out


def test_a_bandit_that_does_not_run_is_no_clean_code(capsys: pytest.CaptureFixture[str]) -> None:
    broken = lambda arguments: subprocess.CompletedProcess(arguments, 1, "", "No module named bandit")  # noqa: E731
    assert security.main(["--code-only"], broken) == 1
    assert "No module named bandit" in capsys.readouterr().out


def test_bandit_finds_what_it_should(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real one, on one file: a finding, and the same line marked."""
    (tmp_path / "tools").mkdir()
    risky = "import subprocess\nsubprocess.run('ls', shell=True)\nh = __import__('hashlib').md5(b'')\nexec('x')"
    (tmp_path / "tools" / "bad.py").write_text(f"{risky}\neval('1')  # nosec B307  # a reason\n", encoding="utf-8")
    monkeypatch.setattr(security, "ROOT", tmp_path)
    found = security.look_at_code().found
    assert [re.split(r"[: ]", line)[1] for line in found] == ["4"]
    assert "B102 (medium)" in found[0]


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_dependency_is_pinned_once() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    names = {normal(re.split(r"[^\w.-]", one)[0].strip()) for one in wanted} - {project["name"]}
    pinned = [normal(pin.split("==")[0]) for pin in PINS]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", pin) for pin in PINS)
    assert len(pinned) == len(set(pinned))
    assert names <= set(pinned)


def test_the_build_backend_is_the_pinned_one() -> None:
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert told["build-system"]["requires"] == [pin for pin in PINS if pin.startswith("hatchling==")]
    assert set(told["build-system"]["requires"]) <= set(told["project"]["optional-dependencies"]["dev"])


def test_every_mark_for_bandit_has_its_rule_and_a_reason() -> None:
    marks = [
        line
        for name in security.CODE
        for path in sorted((ROOT / name).rglob("*.py"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if "# nosec" in line
    ]
    assert marks
    for line in marks:
        assert re.search(r"# nosec B\d{3}  # \w+", line), line
