"""The judge's tuned layers run by torch: the reference that the compiled runtime is held against."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluator.errors import ModelError
from evaluator.models.stretches import pieces_within, unmarked
from evaluator.models.transformer import LAYERS, SHARED_LAYERS, WIDTH, layer, load_tokenizer, lower_states, pad, pooled

FloatArray = NDArray[np.float32]

BATCH = 64


class TunedLayers:
    """Places texts in the tuned space."""

    def __init__(self, path: Path, base: Path, device: str = "cpu") -> None:
        """Load the layers.

        Args:
            path: the file of the judge.
            base: folder of the model it was tuned from.
            device: as torch names it.

        Raises:
            ModelError: a file is missing or not of the right form.
        """
        import torch
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            tuned = load_file(str(path), device=device)
            self._weights: dict[str, Any] = load_file(str(base / "model.safetensors"), device=device)
        except (OSError, SafetensorError) as error:
            raise ModelError(
                f"{path.name}: the stance judge cannot be loaded ({error}). Reinstall the package."
            ) from error
        self._weights.update({name: value.float() for name, value in tuned.items() if name.startswith("encoder.")})
        self._heads = tuned["heads"].float()
        self._tokenizer = load_tokenizer(base)
        self._torch = torch

    def encode(self, texts: Sequence[str], /) -> FloatArray:
        """Return the pooled vectors of texts, or of stretches of them, shape (len(texts), (1 + heads) * WIDTH)."""
        vectors = np.zeros((len(texts), WIDTH * (1 + len(self._heads))), dtype=np.float32)
        asked = [unmarked(text) for text in texts]
        bare = list(dict.fromkeys(text for text, _ in asked))
        places: dict[str, list[int]] = {text: [] for text in bare}
        for place, (text, _) in enumerate(asked):
            places[text].append(place)
        with self._torch.inference_mode():
            lower = lower_states(bare, self._tokenizer, self._weights, SHARED_LAYERS)
            order = sorted(range(len(lower)), key=lambda i: (lower[i].shape[0], bare[i]))
            for start in range(0, len(order), BATCH):
                chosen = order[start : start + BATCH]
                states, mask = pad([lower[i] for i in chosen])
                for number in range(SHARED_LAYERS, LAYERS):
                    states = layer(states, mask, self._weights, number)
                rows = [places[bare[i]] for i in chosen]
                offsets = [encoding.offsets for encoding in self._tokenizer.encode_batch([bare[i] for i in chosen])]
                stretches = [
                    [pieces_within(pieces, asked[place][1]) for place in own]
                    for own, pieces in zip(rows, offsets, strict=True)
                ]
                vectors[[place for own in rows for place in own]] = pooled(states, stretches, self._heads).cpu().numpy()
        return vectors
