"""Options and fixtures that every test can use."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from fakes import CALIBRATION, NearestStatementJudge, NeutralReader, WordOverlapEncoder
from hypothesis import settings

# The same examples on every machine and run: whoever looks for new ones gives --hypothesis-profile=search.
settings.register_profile("same", deadline=None, derandomize=True, database=None)
settings.register_profile("search", deadline=None, max_examples=5000, database=None)
settings.load_profile("same")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the flag that writes golden files instead of comparing with them."""
    parser.addoption("--update-golden", action="store_true", help="write golden files instead of comparing with them")


def pytest_configure(config: pytest.Config) -> None:
    """Let nothing in the user's cache folder decide a test; EVALUATOR_CACHE, where it is set, names one to share between runs."""
    if "EVALUATOR_CACHE" not in os.environ:
        os.environ["EVALUATOR_CACHE"] = folder = tempfile.mkdtemp(prefix="evaluator-tests-")
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be written."""
    return bool(request.config.getoption("--update-golden"))


@pytest.fixture
def word_overlap(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Have every engine that is loaded judge by word overlap."""
    import evaluator.loading
    import evaluator.models.runtime
    from evaluator.models.runtime import Spaces

    class Judge(NearestStatementJudge, NeutralReader):
        digest = "1" * 64
        vocabulary = frozenset[str]()

        def __init__(self, *_: object, **__: object) -> None:
            NeutralReader.__init__(self)

        def learned(self, *_: object) -> bool:
            return True

    encoder = WordOverlapEncoder()
    spaces = Spaces(encoder, "0" * 64, encoder, encoder, tmp_path, "torch", "word overlap")
    monkeypatch.setenv("EVALUATOR_CACHE", str(tmp_path / "cache"))
    for module in (evaluator.models.runtime, evaluator.loading):
        monkeypatch.setattr(module, "load_spaces", lambda *_, **__: spaces)
    monkeypatch.setattr(evaluator.loading, "TunedJudge", Judge)
    monkeypatch.setattr(evaluator.loading, "load_calibration", lambda *_: CALIBRATION)


@pytest.fixture(autouse=True)
def _no_history_of_this_machine(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep tests away from the history of whoever runs them."""
    monkeypatch.setenv("EVALUATOR_DATA", str(tmp_path_factory.getbasetemp() / "data"))
