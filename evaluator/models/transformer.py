"""MiniLM's transformer in plain torch, cut in two: lower layers that are shared, upper layers that were tuned.

Running the layers directly has two uses that a packaged model does not offer: the states after the lower layers are
computed once a text and serve every task, and the upper layers can read two texts together (the decomposition of
Cao et al. 2020, "DeFormer: Decomposing pre-trained transformers for faster question answering").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

LAYERS = 6
SHARED_LAYERS = 2
"""Lower layers that are MiniLM's own; the layers above them were tuned."""
HEADS = 12
WIDTH = 384
MAX_TOKENS = 256
"""Longest text in word pieces; a block of an answer (``evaluator.contexts``) has about 210."""

Tensor = Any
Weights = Mapping[str, Tensor]


def load_tokenizer(folder: Path) -> Any:  # noqa: ANN401
    """Return the tokenizer of the model in ``folder``, cutting at MAX_TOKENS and never padding."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    return tokenizer


def layer(states: Tensor, mask: Tensor, weights: Weights, number: int, dropout: float = 0.0) -> Tensor:
    """Return the states after one layer.

    Args:
        states: shape (texts, tokens, WIDTH).
        mask: which tokens are there, boolean, shape (texts, tokens).
        weights: of the model, by their published names.
        number: of the layer, from 0.
        dropout: probability; 0 outside training.
    """
    import torch.nn.functional as functional

    texts, tokens, width = states.shape
    prefix = f"encoder.layer.{number}."

    def linear(values: Tensor, name: str) -> Tensor:
        return functional.linear(values, weights[f"{prefix}{name}.weight"], weights[f"{prefix}{name}.bias"])

    def norm(values: Tensor, name: str) -> Tensor:
        scale, shift = weights[f"{prefix}{name}.weight"], weights[f"{prefix}{name}.bias"]
        return functional.layer_norm(values, (width,), scale, shift, 1e-12)

    query, key, value = (
        linear(states, f"attention.self.{name}").view(texts, tokens, HEADS, width // HEADS).transpose(1, 2)
        for name in ("query", "key", "value")
    )
    attended = _attended(query, key, value, mask).transpose(1, 2).reshape(texts, tokens, width)
    attended = linear(attended, "attention.output.dense")
    states = norm(states + _dropped(attended, dropout), "attention.output.LayerNorm")
    widened = functional.gelu(linear(states, "intermediate.dense"))
    return norm(states + _dropped(linear(widened, "output.dense"), dropout), "output.LayerNorm")


def _attended(query: Tensor, key: Tensor, value: Tensor, mask: Tensor) -> Tensor:
    """Return the values that each token attends to, shape (texts, HEADS, tokens, WIDTH / HEADS).

    Spelt out where gradients are wanted: torch's fused attention takes three to ten times as long backward on CPU.
    """
    import torch
    import torch.nn.functional as functional

    if not torch.is_grad_enabled():
        return functional.scaled_dot_product_attention(query, key, value, attn_mask=mask[:, None, None, :])
    alike = (query * query.shape[-1] ** -0.5) @ key.transpose(-1, -2)
    return alike.masked_fill(~mask[:, None, None, :], -1e4).softmax(-1) @ value


def _dropped(states: Tensor, dropout: float) -> Tensor:
    """Return the states without some columns, others in each text: as good as dropping single values, and far quicker."""
    if not dropout:
        return states
    kept = states.new_empty(states.shape[0], 1, states.shape[2]).bernoulli_(1 - dropout)
    return states * kept / (1 - dropout)


def embed_tokens(tokens: Tensor, weights: Weights) -> Tensor:
    """Return the states before the first layer, shape (texts, tokens, WIDTH), of token ids (texts, tokens)."""
    import torch.nn.functional as functional

    prefix = "embeddings."
    states = weights[f"{prefix}word_embeddings.weight"][tokens]
    states = states + weights[f"{prefix}position_embeddings.weight"][: tokens.shape[1]]
    states = states + weights[f"{prefix}token_type_embeddings.weight"][0]
    scale, shift = weights[f"{prefix}LayerNorm.weight"], weights[f"{prefix}LayerNorm.bias"]
    return functional.layer_norm(states, (WIDTH,), scale, shift, 1e-12)


def lower_states(texts: Sequence[str], tokenizer: Any, weights: Weights, layers: int, batch: int = 64) -> list[Tensor]:  # noqa: ANN401
    """Return the states of each text after the first ``layers`` layers, each of shape (tokens, WIDTH).

    Texts are run in batches of like length; a text's states do not depend on its neighbours beyond rounding.
    """
    import torch

    encoded = [encoding.ids for encoding in tokenizer.encode_batch(list(texts))]
    order = sorted(range(len(encoded)), key=lambda i: (len(encoded[i]), encoded[i]))
    found: list[Tensor] = [None] * len(encoded)
    with torch.no_grad():
        for start in range(0, len(order), batch):
            chosen = order[start : start + batch]
            device = weights["embeddings.word_embeddings.weight"].device
            states, mask = pad([torch.tensor(encoded[i], device=device) for i in chosen])
            states = embed_tokens(states, weights)
            for number in range(layers):
                states = layer(states, mask, weights, number)
            for row, i in enumerate(chosen):
                found[i] = states[row, : len(encoded[i])].clone()
    return found


def pad(pieces: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Return tensors of different lengths as one, zero-filled, and a mask of what is there."""
    import torch

    length = max(piece.shape[0] for piece in pieces)
    padded = pieces[0].new_zeros((len(pieces), length, *pieces[0].shape[1:]))
    mask = torch.zeros(len(pieces), length, dtype=torch.bool, device=pieces[0].device)
    for row, piece in enumerate(pieces):
        padded[row, : piece.shape[0]] = piece
        mask[row, : piece.shape[0]] = True
    return padded, mask


def pooled(states: Tensor, stretches: Sequence[Sequence[tuple[int, int]]], heads: Tensor) -> Tensor:
    """Return the mean and, for each head, an attention-weighted mean of stretches of texts, side by side, each of unit length.

    Args:
        states: shape (texts, tokens, WIDTH).
        stretches: of each text, at least one: the first token of each and one past the last.
        heads: what each head looks for, shape (heads, WIDTH).

    Returns:
        One row a stretch, those of the first text first, shape (stretches, (1 + heads) * WIDTH).
    """
    import torch
    import torch.nn.functional as functional

    places = torch.tensor([len(own) for own in stretches], device=states.device)
    bounds = pad([torch.tensor(list(own), device=states.device) for own in stretches])[0]
    tokens = torch.arange(states.shape[1], device=states.device)
    inside = (tokens >= bounds[..., :1]) & (tokens < bounds[..., 1:])
    there = torch.arange(inside.shape[1], device=states.device) < places[:, None]
    inside = inside | ~there[..., None]  # a row without tokens has no mean; it is left out below
    kept = inside.to(states.dtype)
    mean = kept @ states / kept.sum(2, keepdim=True)
    looks = (states @ heads.T).transpose(1, 2)[:, None]
    attention = looks.masked_fill(~inside[:, :, None], -1e4).softmax(3)
    attended = (attention.flatten(1, 2) @ states).unflatten(1, attention.shape[1:3])
    return torch.cat([functional.normalize(mean, dim=2), functional.normalize(attended, dim=3).flatten(2)], 2)[there]
