"""Prepares models for the compiled runtime, once: drawn as a graph, held against the reference, stored under their digests.

A stored model is a folder with a manifest that names every file's size and sha256. The manifest is written last and the folder
appears under its name in one step, so that what is half-written is never found; whatever does not match is made anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluator.errors import ModelError
from evaluator.models.compiled import WORDS, CompiledModel, openvino
from evaluator.models.place import cache_folder, folder_bytes
from evaluator.models.stretches import marked

FloatArray = NDArray[np.float32]

FORM = 3
"""Goes up whenever the graph is drawn in another way: what was prepared before is stale then."""

MANIFEST, GRAPH, TOKENIZER = "manifest.json", "encoder.xml", "tokenizer.json"

TOLERANCE = 1e-4
"""Largest difference of any number of a unit vector to the reference's: rounding in single precision stays below 1e-5."""

KEPT = 4
"""Prepared models that are kept, those used last: each takes 90 MB and more."""

REFERENCE_TEXTS = (
    "I listen until the customer has finished.",
    "I would never argue back.",
    "I would argue back.",
    "um so like I just kinda stay calm you know and and look what went wrong",
    "No.",
    "the",
    "I DON'T CARE!!! That's not my job...",
    "Se\u00f1ora Mu\u00f1oz, caf\u00e9, na\u00efve \u2014 \u201cquoted\u201d",
    "\U0001f642 \u4f60\u597d",
    "I check the name, the date of birth and the address against the label, then ask the pharmacist to counsel the patient.",
    "antidisestablishmentarianism hydrochlorothiazide acetaminophen 500mg q6h prn",
    "If the card is declined I say so quietly, offer another way to pay, and keep the medicine ready until closing time.",
    " ".join(["I apologise for the wait and say when it will be ready."] * 5),
    " ".join(["I ask the pharmacist whether a partial fill will last until the order arrives tomorrow."] * 12),
    " ".join(["Everything is written down: who called, what about, and what was promised."] * 40),
)
"""What a prepared model must read as the reference does: short and long, misspelt and foreign, beyond either limit of length."""


REFERENCE_STRETCHES = tuple(marked(text, len(text) // 3, 2 * len(text) // 3) for text in REFERENCE_TEXTS[-5:])
"""Stretches that the judge's space must read as the reference does."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to make one prepared model, and what to hold it against."""

    name: str
    """Of the folder: says which weights it was made from."""
    tokenizer: Path
    draw: Callable[[], Any]
    """Returns the ``openvino.Model``."""
    references: Callable[[], dict[str, Callable[[Sequence[str]], FloatArray]]]
    """Loads the reference, and returns what gives its vectors by space; those of ``words``, one text after the other."""
    limits: dict[str, int]
    """Word pieces from which each space cuts a text off."""


class Refused(ModelError):
    """A model that does not give the reference's vectors when it is compiled."""


def prepared_folder(recipe: Recipe) -> Path:
    """Return where a model's prepared form is, or would be."""
    return cache_folder() / "prepared" / f"{recipe.name}-{FORM}-openvino-{version('openvino')}"


def refused_before(recipe: Recipe) -> str | None:
    """Return why a model was refused when it was prepared here before, or None."""
    try:
        return _refusal(prepared_folder(recipe)).read_text(encoding="utf-8") or None
    except OSError:
        return None


def looks_prepared(recipe: Recipe) -> bool:
    """Return whether there is a prepared form with every file of the size that its manifest says; sums are checked on loading."""
    folder = prepared_folder(recipe)
    files = _manifest(folder)
    try:
        return files is not None and all((folder / name).stat().st_size == size for name, (size, _) in files.items())
    except OSError:
        return False


def load_prepared(recipe: Recipe, threads: int | None, tell: Callable[[str], None]) -> CompiledModel:
    """Return a model's prepared form, made anew first where it is missing, stale or damaged.

    Raises:
        ModelError: it cannot be made here.
    """
    from concurrent.futures import ThreadPoolExecutor

    folder = prepared_folder(recipe)
    model = None
    with ThreadPoolExecutor(1) as pool:
        sound = pool.submit(_is_sound, folder)  # the sum of the weights takes as long as half of what follows
        openvino()
        if looks_prepared(recipe) and _is_sound(folder, GRAPH, TOKENIZER):
            with suppress(Exception):  # it is tried again below, and told then
                model = CompiledModel(folder / GRAPH, folder / TOKENIZER, threads)
    if model is None or not sound.result():
        prepare(recipe, tell)
        model = CompiledModel(folder / GRAPH, folder / TOKENIZER, threads)
    with suppress(OSError):  # a folder that cannot be written to is as good for reading
        os.utime(folder / MANIFEST)
    return model


def prepare(recipe: Recipe, tell: Callable[[str], None]) -> Path:
    """Make a model's prepared form unless a sound one is there, and return its folder. Safe with several processes at once.

    Raises:
        ModelError: the folder cannot be written, or the architecture is not covered.
        Refused: the compiled model does not give the reference's vectors.
    """
    from filelock import FileLock

    folder = prepared_folder(recipe)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.parent / "lock"):
            if _is_sound(folder):
                return folder
            tell("Preparing the models for this machine, once: this takes half a minute ...")
            _make(recipe, folder)
            _tidy(folder)
    except OSError as error:
        raise ModelError(
            f"{folder.parent}: models cannot be prepared here ({error.strerror or error}). Set EVALUATOR_CACHE to a folder "
            "that can be written, or use --runtime torch."
        ) from error
    return folder


def all_prepared() -> list[tuple[str, int]]:
    """Return the name and the size in bytes of everything that was prepared on this machine."""
    place = cache_folder() / "prepared"
    folders = sorted(path for path in place.iterdir() if path.is_dir()) if place.is_dir() else []
    return [(folder.name, folder_bytes(folder)) for folder in folders]


def remove_prepared() -> int:
    """Remove everything that was prepared, and return how many bytes that freed."""
    place = cache_folder() / "prepared"
    freed = folder_bytes(place)
    shutil.rmtree(place, ignore_errors=True)
    return freed


def _make(recipe: Recipe, folder: Path) -> None:
    for left_behind in folder.parent.glob(".making-*"):  # by a process that was killed: this one holds the lock
        shutil.rmtree(left_behind, ignore_errors=True)
    making = Path(tempfile.mkdtemp(prefix=".making-", dir=folder.parent))
    try:
        openvino().save_model(recipe.draw(), making / GRAPH, compress_to_fp16=False)
        shutil.copyfile(recipe.tokenizer, making / TOKENIZER)
        try:
            _hold_against_reference(recipe, making)
        except RuntimeError as error:
            raise ModelError(f"OpenVINO cannot run {recipe.name} here ({error})") from error
        files = {path.name: (path.stat().st_size, _sum(path)) for path in sorted(making.iterdir())}
        (making / MANIFEST).write_text(json.dumps({"files": files}, indent=1), encoding="utf-8")
        if folder.exists():
            old = folder.rename(making.with_name(making.name + "-old"))
            shutil.rmtree(old, ignore_errors=True)
        making.rename(folder)
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _hold_against_reference(recipe: Recipe, folder: Path) -> None:
    model = CompiledModel(folder / GRAPH, folder / TOKENIZER)
    for space, reference in recipe.references().items():
        limit = recipe.limits[space]
        texts = REFERENCE_TEXTS + (REFERENCE_STRETCHES if space == "tuned" else ())
        if space == WORDS:
            own = np.concatenate([pieces.vectors for pieces in model.words(texts, limit)])
        else:
            own = model.run(texts, limit)[0][space]
        apart = float(np.abs(own - reference(texts)).max())
        if not apart <= TOLERANCE:
            reason = f"the compiled model differs from the reference by {apart:.1e} (at most {TOLERANCE:.0e})"
            _refusal(prepared_folder(recipe)).write_text(reason, encoding="utf-8")
            raise Refused(reason)


def _refusal(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.refused")


def _tidy(folder: Path) -> None:
    """Remove prepared models that were not used for longest."""
    others = [path for path in folder.parent.iterdir() if path.is_dir() and path != folder]
    by_use = sorted(others, key=lambda path: (path / MANIFEST).stat().st_mtime if (path / MANIFEST).exists() else 0.0)
    for path in by_use[: max(0, len(by_use) + 1 - KEPT)]:
        shutil.rmtree(path, ignore_errors=True)


def _manifest(folder: Path) -> dict[str, tuple[int, str]] | None:
    try:
        files = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
        return {str(name): (int(size), str(digest)) for name, (size, digest) in files.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _is_sound(folder: Path, *names: str) -> bool:
    """Return whether files of a prepared model, or all of them, are those that were written."""
    files = _manifest(folder)
    if not files or GRAPH not in files or TOKENIZER not in files:
        return False
    try:
        return all(_sum(folder / name) == files[name][1] for name in names or files)
    except OSError:
        return False


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
