"""Writes docs/reliability.md: what the tool promises, the tests that hold it to that, and what the last run of them gave.

It runs the tests that ``reliability.toml`` names, or reads reports that pytest wrote with ``--junitxml``.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import tomllib
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
PROMISES = Path(__file__).with_name("reliability.toml")
PAGE = ROOT / "docs" / "reliability.md"

HEAD = """# Reliability

What the tool promises, the tests that hold it to that, and what they gave when this page was last written. A test with a table
counts once a row. No test has a time limit of its own: `benchmarks/hostile.py` measures times.

Written by:

```sh
.venv/bin/python benchmarks/reliability.py
```
"""


@dataclass(frozen=True, slots=True)
class Promise:
    """A sentence, and the tests that would fail if it were not kept."""

    area: str
    text: str
    tests: tuple[str, ...]
    """As pytest names them, such as ``tests/test_faults.py::test_x``, without the row of a table."""


def load_promises(path: Path = PROMISES) -> list[Promise]:
    """Return the promises of a file; a test without a file is in that of its area."""
    found = []
    for area in tomllib.loads(path.read_text(encoding="utf-8"))["area"]:
        for promise in area["promise"]:
            tests = (name if "::" in name else f"{area['file']}::{name}" for name in promise["tests"])
            found.append(Promise(area["title"], promise["text"], tuple(tests)))
    return found


def read_report(path: Path) -> Iterable[tuple[str, str]]:
    """Yield the test and the outcome of every case in a report that pytest wrote: passed, failed or skipped."""
    for case in ET.parse(path).getroot().iter("testcase"):  # nosec B314  # pytest wrote it in this very command
        name = f"{case.get('classname', '').replace('.', '/')}.py::{case.get('name', '').split('[')[0]}"
        kinds = {child.tag for child in case}
        yield name, "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"


def figures(tests: Sequence[str], outcomes: Mapping[str, Counter[str]]) -> str:
    """Return what became of the cases of some tests, in words."""
    total: Counter[str] = Counter()
    for test in tests:
        total += outcomes.get(test, Counter({"not run": 1}))
    return ", ".join(f"{total[kind]} {kind}" for kind in ("passed", "failed", "skipped", "not run") if total[kind])


def page(promises: Sequence[Promise], outcomes: Mapping[str, Counter[str]]) -> str:
    """Return the whole document."""
    lines = [HEAD.rstrip()]
    for area in dict.fromkeys(promise.area for promise in promises):
        lines += ["", f"## {area}", "", "| promise | tests | last run |", "|---|---|---|"]
        for promise in promises:
            if promise.area == area:
                tests = "<br>".join(f"`{test.removeprefix('tests/')}`" for test in promise.tests)
                lines.append(f"| {promise.text} | {tests} | {figures(promise.tests, outcomes)} |")
    return "\n".join(lines) + "\n"


def run_tests(promises: Sequence[Promise], report: Path) -> None:
    """Run every test that is named, each once, and write a report."""
    tests = list(dict.fromkeys(test for promise in promises for test in promise.tests))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", *tests]
    subprocess.run(command, cwd=ROOT, check=False)


def main() -> int:
    """Write the page, and return 1 where a promise is not kept."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--report", type=Path, action="append", help="a report of pytest --junitxml; none: run the tests"
    )
    parser.add_argument("-o", "--output", type=Path, default=PAGE)
    options = parser.parse_args()
    promises = load_promises()
    outcomes: dict[str, Counter[str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        reports = options.report or [Path(folder) / "report.xml"]
        if not options.report:
            run_tests(promises, reports[0])
        for report in reports:
            for test, outcome in read_report(report):
                outcomes.setdefault(test, Counter())[outcome] += 1
    options.output.write_text(page(promises, outcomes), encoding="utf-8")
    print(f"Written to {options.output}")
    return int(any(outcome["failed"] for outcome in outcomes.values()))


if __name__ == "__main__":
    sys.exit(main())
