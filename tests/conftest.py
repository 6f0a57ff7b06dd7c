"""Options and fixtures that every test can use."""

from __future__ import annotations

import pytest
from hypothesis import settings

# The same examples on every machine and run: whoever looks for new ones gives --hypothesis-profile=search.
settings.register_profile("same", deadline=None, derandomize=True, database=None)
settings.register_profile("search", deadline=None, max_examples=5000, database=None)
settings.load_profile("same")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the flag that writes golden files instead of comparing with them."""
    parser.addoption("--update-golden", action="store_true", help="write golden files instead of comparing with them")


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be written."""
    return bool(request.config.getoption("--update-golden"))


@pytest.fixture(autouse=True)
def _no_history_of_this_machine(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep tests away from the history of whoever runs them."""
    monkeypatch.setenv("EVALUATOR_DATA", str(tmp_path_factory.getbasetemp() / "data"))
