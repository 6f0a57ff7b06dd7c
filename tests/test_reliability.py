"""The table of promises: every test that it names is there, and the page is what the command writes."""

from __future__ import annotations

import ast
import importlib.util
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent


def loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("reliability", ROOT / "benchmarks" / "reliability.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["reliability"] = module
    spec.loader.exec_module(module)
    return module


RELIABILITY = loaded()
PROMISES = RELIABILITY.load_promises()


@pytest.mark.parametrize("test", sorted({test for promise in PROMISES for test in promise.tests}))
def test_every_test_that_is_named_exists(test: str) -> None:
    file, name = test.split("::")
    defined = {
        node.name for node in ast.walk(ast.parse((ROOT / file).read_text())) if isinstance(node, ast.FunctionDef)
    }
    assert name in defined


@pytest.mark.parametrize("file", ["test_hostile_input.py", "test_faults.py", "browser/test_hostile.py"])
def test_every_test_of_these_files_keeps_a_promise(file: str) -> None:
    named = {test.split("::")[1] for promise in PROMISES for test in promise.tests}
    defined = [
        node.name for node in ast.parse((ROOT / "tests" / file).read_text()).body if isinstance(node, ast.FunctionDef)
    ]
    assert {name for name in defined if name.startswith("test_")} <= named


def test_the_page_has_a_row_a_promise_and_every_test() -> None:
    page = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
    assert page.count("\n| ") == len(PROMISES) + len({promise.area for promise in PROMISES})
    for promise in PROMISES:
        assert f"| {promise.text} |" in page
        assert all(f"`{test.removeprefix('tests/')}`" in page for test in promise.tests)
    assert " failed" not in page


def test_a_report_is_counted_by_test_and_outcome(tmp_path: Path) -> None:
    path = tmp_path / "report.xml"
    path.write_text(
        "<testsuites><testsuite><testcase classname='tests.test_a' name='test_x[1]'/>"
        "<testcase classname='tests.test_a' name='test_x[2]'><failure/></testcase>"
        "<testcase classname='tests.browser.test_b' name='test_y'><skipped/></testcase></testsuite></testsuites>"
    )
    found = list(RELIABILITY.read_report(path))
    assert found == [
        ("tests/test_a.py::test_x", "passed"),
        ("tests/test_a.py::test_x", "failed"),
        ("tests/browser/test_b.py::test_y", "skipped"),
    ]
    outcomes = {"tests/test_a.py::test_x": Counter(passed=1, failed=1)}
    assert (
        RELIABILITY.figures(["tests/test_a.py::test_x", "tests/test_c.py::test_z"], outcomes)
        == "1 passed, 1 failed, 1 not run"
    )
