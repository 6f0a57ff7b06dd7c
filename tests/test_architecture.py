"""The shape of the package: who may import whom, and what must not be loaded to answer ``--help``."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import evaluator

PACKAGE = Path(evaluator.__file__).parent
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "_shipped" not in path.parts)

LAYERS = (
    {"__init__", "errors", "domain"},
    {
        "spans",
        "text",
        "stemming",
        "language",
        "derive",
        "yamlfile",
        "calibration",
        "scoring",
        "feedback",
        "checks",
        "agreement",
        "item_analysis",
    },
    set(),  # everything that is not named: bank, seeds, answers, models, matching, engine, batch, report, results, ...
    {"cli", "web", "__main__"},
)
"""A module imports from its own layer and those before it, never from one after it."""

HEAVY = {"torch", "transformers", "sentence_transformers", "sklearn", "scipy", "ray", "pyarrow"}
"""Seconds to import: only inside the function that needs them."""

TOUCHES_THE_WORLD = {"io", "os", "pathlib", "shutil", "socket", "subprocess", "sys", "tempfile", "urllib", "logging", "random", "time", "datetime"}  # fmt: skip


def part(path: Path) -> str:
    """Return the name of the part of the package that a file belongs to: its module, or its folder."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def layer(name: str) -> int:
    return next((number for number, names in enumerate(LAYERS) if name in names), 2)


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(tree: ast.AST) -> Iterator[str]:
    """Yield the full name of every module that is imported anywhere in a file, inside functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            if node.module == "evaluator":
                yield from (f"evaluator.{alias.name}" for alias in node.names)
            else:
                yield node.module or ""


def own_parts(path: Path) -> set[str]:
    """Return the parts of the package that a file imports; names that ``evaluator`` itself defines are ``__init__``."""
    names = {name.split(".")[1] for name in imported(parsed(path)) if name.startswith("evaluator.")}
    existing = {part(other) for other in MODULES}
    return {name if name in existing else "__init__" for name in names}


def outside(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imported(parsed(path))} - {"evaluator"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_what_comes_before_it(path: Path) -> None:
    later = {name for name in own_parts(path) if layer(name) > layer(part(path))}
    assert not later, f"{path.name} is of layer {layer(part(path))} and may not import {sorted(later)}"


def test_no_two_parts_import_each_other() -> None:
    imports: dict[str, set[str]] = {}
    for path in MODULES:
        imports.setdefault(part(path), set()).update(own_parts(path) - {part(path)})
    done: set[str] = set()
    while ready := {name for name, wanted in imports.items() if name not in done and wanted <= done}:
        done |= ready
    assert not set(imports) - done, f"a circle among {sorted(set(imports) - done)}"


def test_the_domain_stands_alone() -> None:
    assert own_parts(PACKAGE / "domain.py") == set()
    assert own_parts(PACKAGE / "errors.py") == set()


@pytest.mark.parametrize(
    "name",
    ["domain", "spans", "text", "stemming", "derive", "scoring", "feedback", "checks", "agreement", "item_analysis"],
)
def test_pure_modules_touch_nothing(name: str) -> None:
    path = PACKAGE / f"{name}.py"
    if not path.exists():
        pytest.skip(f"there is no {name}.py yet")
    assert not outside(path) & (TOUCHES_THE_WORLD | HEAVY)
    called = {
        node.func.id
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert not called & {"open", "print", "input", "exec", "eval"}


@pytest.mark.parametrize("name", ["report", "results"])
def test_reports_need_no_model(name: str) -> None:
    """``evaluator report`` renders again without scoring again."""
    paths = [path for path in MODULES if part(path) == name]
    assert paths
    for path in paths:
        assert not own_parts(path) & {"models", "matching", "engine", "batch", "loading"}, path.name


def test_no_drawer_for_odds_and_ends() -> None:
    names = {path.stem for path in MODULES}
    assert not names & {"utils", "util", "helpers", "helper", "manager", "base", "common", "misc"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_heavy_imports_wait_for_the_function_that_needs_them(path: Path) -> None:
    top = [node for node in parsed(path).body if isinstance(node, (ast.Import, ast.ImportFrom))]
    names = {name.split(".")[0] for node in top for name in imported(node)}
    assert not names & HEAVY


def has_main() -> bool:
    path = PACKAGE / "cli" / "__init__.py"
    if not path.exists():
        return False
    return any(isinstance(node, ast.FunctionDef) and node.name == "main" for node in parsed(path).body)


@pytest.mark.skipif(not has_main(), reason="evaluator.cli has no main yet")
def test_the_command_line_loads_no_heavy_module() -> None:
    code = f"import sys, evaluator.cli; print(sorted({HEAVY} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=PACKAGE.parent, check=False)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")
