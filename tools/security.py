"""Looks for risky calls in the code (bandit) and for known vulnerabilities of the pinned dependencies (pip-audit).

    python tools/security.py [--code-only]

Exit codes: 0 nothing found, 1 something found, 3 nothing found but the advisories could not be asked for every dependency.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PINS = ROOT / "constraints.txt"
CODE = ("evaluator", "tools", "benchmarks", "training")

FOUND, NOT_ASKED = 1, 3

Run = Callable[[Sequence[str]], "subprocess.CompletedProcess[str]"]


@dataclass
class Report:
    """What one of the two found."""

    found: list[str] = field(default_factory=list)
    """A line a finding: what, where."""
    looked_at: int = 0
    """Lines of code, or dependencies that an advisory service answered for."""
    not_asked: list[str] = field(default_factory=list)
    """A line a dependency that nothing is known about, with the reason."""


def run(arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a module of this Python and return what it printed."""
    return subprocess.run([sys.executable, "-m", *arguments], capture_output=True, text=True, check=False, cwd=ROOT)


def look_at_code(run: Run = run) -> Report:
    """Return findings of medium or high severity; a file that cannot be parsed is a finding too."""
    folders = [name for name in CODE if (ROOT / name).is_dir()]
    done = run(["bandit", "-q", "-ll", "-f", "json", "-r", *folders])
    try:
        told = json.loads(done.stdout)
    except ValueError:
        return Report([f"bandit did not run: {_last_line(done.stderr)}"])
    found = [
        f"{one['filename']}:{one['line_number']}: {one['test_id']} ({one['issue_severity'].lower()}) {one['issue_text']}"
        for one in told["results"]
    ]
    found += [f"{one['filename']}: {one['reason']}" for one in told["errors"]]
    return Report(found, told["metrics"]["_totals"]["loc"])


def ask_for_advisories(pins: Sequence[str], run: Run = run) -> Report:
    """Return known vulnerabilities of pins such as ``click==8.5.1``.

    One dependency is asked about first: where the service does not answer for it, the others are not asked about.
    """
    first = _audited(pins[:1], run)
    if first.not_asked:
        reason = first.not_asked[0].split(": ", 1)[1]
        return Report(not_asked=[f"{pin}: {reason}" for pin in pins])
    return _audited(pins, run)


def _audited(pins: Sequence[str], run: Run) -> Report:
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(pins) + "\n")
        file.flush()
        done = run(
            ["pip_audit", "-r", file.name, "--no-deps", "--disable-pip", "--progress-spinner", "off", "-f", "json"]
        )
    try:
        told = json.loads(done.stdout)["dependencies"]
    except ValueError:  # it gives up at the first error of the network
        return Report(not_asked=[f"{pin}: {_last_line(done.stderr)}" for pin in pins])
    answered: list[dict[str, Any]] = [one for one in told if "skip_reason" not in one]
    found = [
        f"{one['name']} {one['version']}: {known['id']}, mended in {', '.join(known['fix_versions']) or 'no version yet'}"
        for one in answered
        for known in one["vulns"]
    ]
    skipped = [f"{one['name']}: {one['skip_reason']}" for one in told if "skip_reason" in one]
    return Report(found, len(answered), skipped)


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no word of why"])[-1][:200]


def main(arguments: Sequence[str] | None = None, run: Run = run) -> int:
    """Print both reports and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--code-only", action="store_true", help="do not ask for advisories: needs no network")
    code_only = parser.parse_args(arguments).code_only
    code = look_at_code(run)
    print(*code.found, sep="\n", end="\n" if code.found else "")
    print(f"code: {len(code.found)} findings of medium or high severity in {code.looked_at:,} lines")
    if code_only:
        print("dependencies: not looked up (--code-only)")
        return FOUND if code.found else 0
    pins = [line for line in PINS.read_text(encoding="utf-8").split() if "==" in line]
    known = ask_for_advisories(pins, run)
    print(*known.found, sep="\n", end="\n" if known.found else "")
    print(f"dependencies: {len(known.found)} known vulnerabilities in {known.looked_at} of {len(pins)} pinned packages")
    if known.not_asked:
        print(
            f"dependencies: NOT CHECKED: {len(known.not_asked)}, for no advisory service answered. The first of them:"
        )
        print(f"  {known.not_asked[0]}")
        print("  Nothing is known about these. Run `make audit` where the package index's advisories can be reached.")
    if code.found or known.found:
        return FOUND
    return NOT_ASKED if known.not_asked else 0


if __name__ == "__main__":
    sys.exit(main())
