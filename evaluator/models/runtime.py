"""Chooses what runs the models: the compiled runtime where it can be prepared, else torch; and says why."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

import numpy as np

from evaluator.errors import ModelError
from evaluator.models.compiled import WORDS, CompiledModel, CompiledSpaces, Space
from evaluator.models.encoder import (
    DEFAULT_MODEL_SHA256,
    Encoder,
    SentenceTransformerEncoder,
    default_model_folder,
    model_folder,
    published_digest,
)
from evaluator.models.graph import build, read_architecture, read_weights
from evaluator.models.prepared import Recipe, Refused, load_prepared, looks_prepared, prepare, refused_before
from evaluator.models.transformer import MAX_TOKENS, SHARED_LAYERS, WIDTH
from evaluator.models.tuned import shipped_stance_path, stance_digest
from evaluator.models.tuned_layers import TunedLayers
from evaluator.models.words import WordEncoder

Runtime = Literal["auto", "compiled", "torch"]

NVIDIA = (Path("/proc/driver/nvidia/version"), Path("/dev/nvidia0"), Path("C:/Windows/System32/nvcuda.dll"))
"""Where a graphics driver shows: torch, whose import takes seconds, is asked only where there is one."""


@dataclass(frozen=True, slots=True)
class Spaces:
    """Both spaces that texts are placed in, that of their words, and what computes them."""

    plain: Encoder
    """The encoder's own."""
    digest: str
    """sha256 of its weights."""
    tuned: Encoder
    """The stance judge's."""
    words: WordEncoder
    """Word pieces in the encoder's own space."""
    stance_path: Path
    runtime: Literal["compiled", "torch"]
    identity: str
    """Changes with everything that the numbers depend on beside the text: weights, runtime and its version."""
    warm: Callable[[], None] = lambda: None
    """Begins to load what is loaded when it is first used."""


def load_spaces(
    model: str | None = None,
    runtime: Runtime = "auto",
    threads: int | None = None,
    *,
    batch: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> Spaces:
    """Return the encoder's and the judge's space. Compiled models are prepared here if need be, and loaded when first used.

    Args:
        model: path or name of a sentence-transformers model; None for the default.
        runtime: what is to run them.
        threads: processor threads; None for all.
        batch: whether many answers are coming, so that a graphics processor pays.
        tell: gets a sentence for a person when something takes long or falls back.

    Raises:
        ModelError: there is no such model here, or it cannot be compiled although ``compiled`` is asked for.
    """
    folder = model_folder(model)
    digest = published_digest(folder)
    stance = shipped_stance_path()
    of = f"{digest}-{stance_digest(stance)}"
    if runtime == "torch":
        return _by_torch(folder, digest, stance, of, threads)
    if runtime == "auto" and batch and (device := _graphics()):
        return _by_torch(folder, digest, stance, of, threads, device)
    try:
        return _compiled(folder, digest, stance, of, threads, runtime, tell)
    except (ModelError, ImportError) as error:
        if runtime == "compiled":
            raise ModelError(f"--runtime compiled: {error}") from error
        tell(f"Using torch, which is slower (no compiled model: {error})")
        return _by_torch(folder, digest, stance, of, threads)


def describe_runtime() -> tuple[str, bool]:
    """Return in words which runtime ``auto`` would use and why, and whether it is ready to be used; prepares nothing."""
    folder = default_model_folder()
    try:
        recipes, _ = _recipes(folder, published_digest(folder), shipped_stance_path())
        refused = next((reason for recipe in recipes if (reason := refused_before(recipe))), None)
    except (ModelError, ImportError) as error:
        return f"torch: no compiled model: {error}", True
    if refused:
        return f"torch: {refused}", True
    ready = all(looks_prepared(recipe) for recipe in recipes)
    return f"compiled, by OpenVINO {version('openvino')}", ready


def _by_torch(folder: Path, digest: str, stance: Path, of: str, threads: int | None, device: str = "cpu") -> Spaces:
    plain = SentenceTransformerEncoder(folder, threads, device)
    tuned = TunedLayers(stance, default_model_folder(), device)
    return Spaces(plain, digest, tuned, plain, stance, "torch", f"{of}-torch-{version('torch')}-{device}")


def _compiled(
    folder: Path,
    digest: str,
    stance: Path,
    of: str,
    threads: int | None,
    runtime: Runtime,
    tell: Callable[[str], None],
) -> Spaces:
    recipes, dimensions = _recipes(folder, digest, stance)
    for recipe in recipes:
        refused = refused_before(recipe)
        if refused and runtime == "auto":
            raise Refused(refused)
        if not looks_prepared(recipe):
            prepare(recipe, tell)

    def spaces(recipe: Recipe) -> CompiledSpaces:
        load: Callable[[], CompiledModel] = partial(load_prepared, recipe, threads, tell)
        limits = recipe.limits
        return CompiledSpaces(load, limits.get("plain", MAX_TOKENS), limits.get("tuned", MAX_TOKENS))

    loaded = [spaces(recipe) for recipe in recipes]
    return Spaces(
        Space(loaded[0].plain, dimensions[0]),
        digest,
        Space(loaded[-1].tuned, dimensions[1]),
        loaded[0],
        stance,
        "compiled",
        f"{of}-openvino-{version('openvino')}",
        loaded[0].warm,
    )


def _recipes(folder: Path, digest: str, stance: Path) -> tuple[list[Recipe], tuple[int, int]]:
    """Return how to make the one model that has both spaces, or the two that have one each; and the spaces' dimensions.

    Raises:
        ModelError: the model cannot be compiled.
    """
    try:
        version("openvino")
    except PackageNotFoundError:
        raise ModelError("openvino is not installed. Run: pip install openvino") from None
    architecture = read_architecture(folder)
    base = default_model_folder()
    base_architecture = read_architecture(base)
    tuned_name = stance_digest(stance)[:16]

    def judge_tensors() -> dict[str, Any]:
        tensors = read_weights(stance)
        return {name: value for name, value in tensors.items() if name.startswith("encoder.") or name == "heads"}

    def reference_plain() -> dict[str, Callable[[Sequence[str]], Any]]:
        reference = SentenceTransformerEncoder(folder)

        def words(texts: Sequence[str]) -> Any:  # noqa: ANN401
            return np.concatenate([pieces.vectors for pieces in reference.words(texts)])

        return {"plain": reference.encode, WORDS: words}

    def reference_tuned() -> Any:  # noqa: ANN401
        return TunedLayers(stance, base).encode

    def draw_both() -> Any:  # noqa: ANN401
        return build(architecture, read_weights(folder / "model.safetensors"), judge_tensors(), SHARED_LAYERS)

    def draw_plain() -> Any:  # noqa: ANN401
        return build(architecture, read_weights(folder / "model.safetensors"))

    def draw_tuned() -> Any:  # noqa: ANN401
        weights = read_weights(base / "model.safetensors")
        return build(base_architecture, weights, judge_tensors(), SHARED_LAYERS, plain=False)

    plain_limit, tuned_limit = dict.fromkeys(("plain", WORDS), architecture.max_tokens), {"tuned": MAX_TOKENS}
    dimensions = (architecture.width, WIDTH * (1 + _heads(stance)))
    if digest == DEFAULT_MODEL_SHA256:
        both = Recipe(
            f"both-{digest[:16]}-{tuned_name}",
            folder / "tokenizer.json",
            draw_both,
            lambda: reference_plain() | {"tuned": reference_tuned()},
            plain_limit | tuned_limit,
        )
        return [both], dimensions
    plain = Recipe(
        f"plain-{digest[:16]}",
        folder / "tokenizer.json",
        draw_plain,
        reference_plain,
        plain_limit,
    )
    tuned = Recipe(
        f"tuned-{DEFAULT_MODEL_SHA256[:16]}-{tuned_name}",
        base / "tokenizer.json",
        draw_tuned,
        lambda: {"tuned": reference_tuned()},
        tuned_limit,
    )
    return [plain, tuned], dimensions


def _heads(stance: Path) -> int:
    from safetensors import safe_open

    with safe_open(str(stance), framework="numpy") as file:
        return int(file.get_slice("heads").get_shape()[0])


def _graphics() -> str | None:
    """Return torch's name of a graphics processor where there is one that it can use."""
    if "torch" not in sys.modules and not any(path.exists() for path in NVIDIA):
        return None
    import torch

    return "cuda" if torch.cuda.is_available() else None
