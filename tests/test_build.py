"""Wheel and source archive: the same bytes wherever they are built, and everything inside that the program needs."""

import hashlib
import os
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from evaluator import __version__

pytestmark = pytest.mark.build

ROOT = Path(__file__).parent.parent
EPOCH = "1700000000"
NAME = f"pharmacy_interview_evaluator-{__version__}"

SHIPPED = {
    "evaluator/calibration.json": "evaluator/calibration.json",
    "evaluator/models/stance.json": "evaluator/models/stance.json",
    "evaluator/models/stance.safetensors": "evaluator/models/stance.safetensors",
    "evaluator/samples": "evaluator/samples",
    "evaluator/report/templates": "evaluator/report/templates",
    "evaluator/web/templates": "evaluator/web/templates",
    "evaluator/web/static": "evaluator/web/static",
    "reference_answers": "evaluator/_shipped/reference_answers",
    "seeds": "evaluator/_shipped/seeds",
}
"""What is no module, by its place in the checkout and in the wheel."""


def build(folder: Path, out: Path, epoch: str = EPOCH) -> dict[str, str]:
    """Build both in ``folder`` and return their sha256 by name."""
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(out)]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": epoch}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(out.iterdir())}


def files(place: str) -> Iterator[str]:
    path = ROOT / place
    for one in [path] if path.is_file() else sorted(path.rglob("*")):
        if one.is_file() and "__pycache__" not in one.parts:
            yield one.relative_to(ROOT).as_posix()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    out = tmp_path_factory.mktemp("dist")
    return out, build(ROOT, out)


@pytest.fixture(scope="module")
def installed(built: tuple[Path, dict[str, str]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("installed")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-compile"]
    subprocess.run([*command, "--target", str(target), str(built[0] / f"{NAME}-py3-none-any.whl")], check=True)
    return target


def test_the_source_archive_builds_the_same_bytes_elsewhere(built: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    out, digests = built
    assert sorted(digests) == [f"{NAME}-py3-none-any.whl", f"{NAME}.tar.gz"]
    elsewhere = tmp_path / "another folder"
    with tarfile.open(out / f"{NAME}.tar.gz") as archive:
        archive.extractall(elsewhere, filter="data")
    for path in elsewhere.rglob("*.py"):  # neither times nor modes of files may tell
        os.utime(path, (1, 1))
        path.chmod(0o600)
    assert build(elsewhere / NAME, tmp_path / "again") == digests


def test_the_wheel_holds_every_file_that_the_program_reads(built: tuple[Path, dict[str, str]]) -> None:
    with zipfile.ZipFile(built[0] / f"{NAME}-py3-none-any.whl") as wheel:
        for place, inside in SHIPPED.items():
            names = list(files(place))
            assert names, place
            for name in names:
                assert wheel.read(name.replace(place, inside, 1)) == (ROOT / name).read_bytes(), name
        modules = {name for name in wheel.namelist() if name.startswith("evaluator/") and name.endswith(".py")}
        assert modules == {name for name in files("evaluator") if name.endswith(".py")}
        assert {Path(name).parts[0] for name in wheel.namelist()} == {"evaluator", f"{NAME}.dist-info"}
        times = {entry.date_time for entry in wheel.infolist()}
    assert times == {(2023, 11, 14, 22, 13, 20)}


def test_the_source_archive_holds_what_a_build_and_its_checks_need(built: tuple[Path, dict[str, str]]) -> None:
    with tarfile.open(built[0] / f"{NAME}.tar.gz") as archive:
        names = set(archive.getnames())
    wanted = ["pyproject.toml", "Makefile", "constraints.txt", "LICENSE", "README.md", "SECURITY.md", "CHANGELOG.md"]
    wanted += [name for place in SHIPPED for name in files(place)]
    assert {f"{NAME}/{name}" for name in wanted} <= names
    assert not [name for name in names if "__pycache__" in name or "/.venv" in name]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["--help"], "Usage: evaluator"),
        (["bank", "list"], "rude-customer"),
        (["doctor"], "ok  bank"),
        (["seeds", "check"], ""),
    ],
    ids=["help", "bank list", "doctor", "seeds check"],
)
def test_the_installed_program_runs_from_an_empty_folder(
    command: list[str], words: str, installed: Path, tmp_path: Path
) -> None:
    environment = {**os.environ, "PYTHONPATH": str(installed), "PYTHONDONTWRITEBYTECODE": "1"}
    code = (
        "import sys, evaluator, evaluator.cli\n"
        "assert evaluator.__file__.startswith(sys.argv.pop(1)), evaluator.__file__\n"
        "evaluator.cli.main(prog_name='evaluator')"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, str(installed), *command],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert words in done.stdout
    assert str(ROOT) not in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_the_script_of_the_installed_program_starts(installed: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(installed), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [installed / "bin" / "evaluator", "--version"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert __version__ in done.stdout
