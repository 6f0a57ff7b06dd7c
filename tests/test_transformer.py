"""MiniLM's layers in plain torch: what training computes is what is run."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import load_file

from evaluator.models.encoder import default_model_folder
from evaluator.models.transformer import LAYERS, WIDTH, _dropped, embed_tokens, layer, load_tokenizer, lower_states, pad

TEXTS = ["I listen.", "I would never argue back with somebody who has waited for an hour.", "no"]


@pytest.fixture(scope="module")
def weights() -> dict[str, torch.Tensor]:
    """The default model's."""
    return {name: value.float() for name, value in load_file(str(default_model_folder() / "model.safetensors")).items()}


def test_states_with_gradients_are_the_states_that_are_run(weights: dict[str, torch.Tensor]) -> None:
    tokenizer = load_tokenizer(default_model_folder())
    states, mask = pad([torch.tensor(encoding.ids) for encoding in tokenizer.encode_batch(TEXTS)])
    states = embed_tokens(states, weights)
    with torch.enable_grad():
        for number in range(LAYERS):
            states = layer(states, mask, weights, number)
    for row, run in enumerate(lower_states(TEXTS, tokenizer, weights, LAYERS)):
        assert torch.allclose(states[row, : len(run)], run, atol=1e-5)


def test_dropout_drops_the_same_columns_of_every_token_and_keeps_the_mean() -> None:
    torch.manual_seed(0)
    dropped = _dropped(torch.ones(200, 3, WIDTH), 0.1)
    assert torch.equal(dropped[:, 0], dropped[:, 2])
    assert not torch.equal(dropped[0], dropped[1])
    assert dropped.mean() == pytest.approx(1.0, abs=0.01)
    assert torch.equal(_dropped(torch.ones(2, 3, WIDTH), 0.0), torch.ones(2, 3, WIDTH))
