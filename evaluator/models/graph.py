"""A BERT encoder as a graph of OpenVINO operations, made from its weights and its configuration: no torch takes part.

The graph has up to three outputs that share the embeddings and the lower layers: ``plain``, the unit vector that the model's own
pooling gives; ``words``, the states that are pooled there, of unit length; and ``tuned``, the pooled vectors of the stance judge
(``transformer.pooled``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluator.errors import ModelError

Weights = Mapping[str, NDArray[Any]]
Node = Any

ABSENT = 1e4
"""Taken from the attention that a padded place gets: its share becomes exactly zero in single precision."""


class NotCompilable(ModelError):
    """A model whose architecture the graph does not cover; torch runs it."""


@dataclass(frozen=True, slots=True)
class Architecture:
    """What must be known of a BERT-like sentence-transformers model beside its weights."""

    layers: int
    heads: int
    width: int
    """Numbers in the state of a token."""
    epsilon: float
    """Of the layer norms."""
    pooling: str
    """``mean`` of the tokens, or ``cls``, the first one."""
    max_tokens: int
    """Longest text in word pieces; the rest is cut off, as the reference does."""


def read_architecture(folder: Path) -> Architecture:
    """Return the architecture of the sentence-transformers model in a folder.

    Raises:
        NotCompilable: it is none that the graph covers; says what is different.
    """
    try:
        config = _json(folder / "config.json")
        modules = {
            module["type"].rpartition(".")[2]: folder / module["path"] for module in _json(folder / "modules.json")
        }
        modes = _pooling_modes(_json(modules["Pooling"] / "config.json"))
        transformer = _json(folder / "sentence_bert_config.json")
        prompts = folder / "config_sentence_transformers.json"
        prompted = prompts.exists() and _json(prompts).get("default_prompt_name")
        found = Architecture(
            config["num_hidden_layers"],
            config["num_attention_heads"],
            config["hidden_size"],
            config["layer_norm_eps"],
            modes,
            transformer.get("max_seq_length")
            or min(_json(folder / "tokenizer_config.json")["model_max_length"], config["max_position_embeddings"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotCompilable(f"{folder.name} is not laid out as a BERT-like model ({error!r})") from error
    for what, wanted, given in (
        ("model_type", {"bert"}, config.get("model_type")),
        ("hidden_act", {"gelu"}, config.get("hidden_act")),
        ("position_embedding_type", {"absolute"}, config.get("position_embedding_type", "absolute")),
        ("modules beside", {""}, ", ".join(sorted(set(modules) - {"Transformer", "Pooling", "Normalize"}))),
        ("pooling", {"mean", "cls"}, modes),
        ("default_prompt_name", {None}, prompted or None),
        ("do_lower_case", {False}, bool(transformer.get("do_lower_case"))),
        ("tokenizer.json", {True}, (folder / "tokenizer.json").is_file()),
        ("model.safetensors", {True}, (folder / "model.safetensors").is_file()),
    ):
        if given not in wanted:
            raise NotCompilable(f"{folder.name} has {what} {given!r}, which only torch runs")
    return found


def read_weights(path: Path) -> dict[str, NDArray[Any]]:
    """Return the tensors of a model's safetensors file by their published names, in single precision.

    Raises:
        NotCompilable: the file has a type of number that numpy lacks.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        tensors = load_file(str(path))
    except (SafetensorError, TypeError, KeyError) as error:
        raise NotCompilable(f"{path.name} cannot be read without torch ({error})") from error
    return {name.removeprefix("bert."): value.astype(np.float32) for name, value in tensors.items() if value.ndim}


def build(
    architecture: Architecture, weights: Weights, tuned: Weights | None = None, shared: int = 0, plain: bool = True
) -> Any:  # noqa: ANN401
    """Return the graph as an ``openvino.Model``.

    Its inputs are ``ids``, int32 of shape (texts, tokens), and ``lengths``, int32 of shape (texts, 1): how many of a text's ids
    are there; the others are padding.

    Args:
        architecture: of the model.
        weights: of the model.
        tuned: the judge's tensors: ``encoder.layer.N...`` of the layers that were tuned, and ``heads``; None for neither ``tuned`` nor ``states``.
        shared: how many lower layers both outputs have in common.
        plain: whether the outputs ``plain`` and ``words`` are wanted.
    """
    import openvino as ov

    draw = _Drawing(architecture)
    try:
        states = draw.embed(weights)
        for number in range(shared):
            states = draw.layer(states, weights, number)
        outputs = []
        if plain:
            own = states
            for number in range(shared, architecture.layers):
                own = draw.layer(own, weights, number)
            outputs.append(draw.output("plain", draw.pool(own)))
            outputs.append(draw.output("words", draw.unit(own)))
        if tuned is not None:
            mixed = {**weights, **{name: value.astype(np.float32) for name, value in tuned.items()}}
            for number in range(shared, architecture.layers):
                states = draw.layer(states, mixed, number)
            outputs.append(draw.output("tuned", draw.pool_by_attention(states, mixed["heads"])))
            outputs.append(draw.output("states", draw.with_looks(states, mixed["heads"])))
    except KeyError as error:
        raise NotCompilable(f"the weights lack {error}") from error
    return ov.Model(outputs, [draw.ids, draw.lengths], "encoder")


class _Drawing:
    """A graph while it is drawn: its inputs, and what every layer needs of them."""

    def __init__(self, architecture: Architecture) -> None:
        from openvino import opset13

        self._op = opset13
        self._of = architecture
        self.ids = self._input("ids", [-1, -1])
        self.lengths = self._input("lengths", [-1, 1])
        tokens = opset13.gather(opset13.shape_of(self.ids), self._int(1), self._int(0))
        self._places = opset13.range(self._int(0), tokens, self._int(1), "i32")
        present = opset13.convert(opset13.less(self._places, self.lengths), "f32")
        self._kept = opset13.unsqueeze(present, self._int([-1]))
        """1 where a token is there, shape (texts, tokens, 1)."""
        self._bias = opset13.unsqueeze(self._absent(present), self._int([1, 2]))

    def embed(self, weights: Weights) -> Node:
        """Return the states before the first layer."""
        op, prefix = self._op, "embeddings."
        words = op.gather(self._number(weights[f"{prefix}word_embeddings.weight"]), self.ids, self._int(0))
        kinds = weights[f"{prefix}token_type_embeddings.weight"][0]
        table = self._number(weights[f"{prefix}position_embeddings.weight"] + kinds)
        return self._norm(op.add(words, op.gather(table, self._places, self._int(0))), weights, f"{prefix}LayerNorm")

    def layer(self, states: Node, weights: Weights, number: int) -> Node:
        """Return the states after one layer."""
        op, heads, width = self._op, self._of.heads, self._of.width
        prefix = f"encoder.layer.{number}."

        def split(name: str, order: tuple[int, ...]) -> Node:
            projected = self._linear(states, weights, f"{prefix}attention.self.{name}")
            parts = op.reshape(projected, self._int([0, 0, heads, width // heads]), True)
            return op.transpose(parts, self._int(order))

        query, key, value = split("query", (0, 2, 1, 3)), split("key", (0, 2, 3, 1)), split("value", (0, 2, 1, 3))
        scores = op.multiply(op.matmul(query, key, False, False), self._number(1 / np.sqrt(width // heads)))
        attended = op.matmul(op.softmax(op.add(scores, self._bias), -1), value, False, False)
        joined = op.reshape(op.transpose(attended, self._int([0, 2, 1, 3])), self._int([0, 0, width]), True)
        joined = self._linear(joined, weights, f"{prefix}attention.output.dense")
        states = self._norm(op.add(states, joined), weights, f"{prefix}attention.output.LayerNorm")
        widened = op.gelu(self._linear(states, weights, f"{prefix}intermediate.dense"), "erf")
        narrowed = self._linear(widened, weights, f"{prefix}output.dense")
        return self._norm(op.add(states, narrowed), weights, f"{prefix}output.LayerNorm")

    def pool(self, states: Node) -> Node:
        """Return one unit vector a text, by the model's own pooling."""
        if self._of.pooling == "cls":
            return self.unit(self._op.gather(states, self._int(0), self._int(1)))
        return self.unit(self._mean(states))

    def pool_by_attention(self, states: Node, heads: NDArray[Any]) -> Node:
        """Return the mean and what each head attends to, side by side, each of unit length: ``transformer.pooled``."""
        op = self._op
        looks = op.matmul(states, self._number(heads), False, True)
        attention = op.softmax(op.add(looks, self._absent(self._kept)), 1)
        attended = self.unit(op.matmul(attention, states, True, False))
        flat = op.reshape(attended, self._int([0, heads.shape[0] * self._of.width]), True)
        return op.concat([self.unit(self._mean(states)), flat], 1)

    def with_looks(self, states: Node, heads: NDArray[Any]) -> Node:
        """Return the state of every token with how much each head looks at it, shape (texts, tokens, width + heads)."""
        return self._op.concat([states, self._op.matmul(states, self._number(heads), False, True)], 2)

    def unit(self, values: Node) -> Node:
        """Return vectors of unit length."""
        squares = self._op.reduce_sum(self._op.multiply(values, values), self._int([-1]), True)
        return self._op.divide(values, self._op.maximum(self._op.sqrt(squares), self._number(1e-12)))

    def output(self, name: str, node: Node) -> Node:
        """Return an output of that name."""
        result = self._op.result(node)
        result.output(0).tensor.set_names({name})
        return result

    def _input(self, name: str, shape: list[int]) -> Node:
        node = self._op.parameter(shape, np.int32, name=name)
        node.output(0).tensor.set_names({name})
        return node

    def _number(self, value: Any) -> Node:  # noqa: ANN401
        return self._op.constant(np.ascontiguousarray(value, dtype=np.float32))

    def _int(self, value: Any) -> Node:  # noqa: ANN401
        return self._op.constant(np.array(value, dtype=np.int64))

    def _absent(self, present: Node) -> Node:
        """Return 0 where a token is there, -ABSENT where there is padding."""
        return self._op.multiply(self._op.subtract(present, self._number(1.0)), self._number(ABSENT))

    def _linear(self, values: Node, weights: Weights, name: str) -> Node:
        product = self._op.matmul(values, self._number(weights[f"{name}.weight"]), False, True)
        return self._op.add(product, self._number(weights[f"{name}.bias"]))

    def _norm(self, values: Node, weights: Weights, name: str) -> Node:
        centred = self._op.mvn(values, self._int([-1]), True, self._of.epsilon, "inside_sqrt")
        scaled = self._op.multiply(centred, self._number(weights[f"{name}.weight"]))
        return self._op.add(scaled, self._number(weights[f"{name}.bias"]))

    def _mean(self, states: Node) -> Node:
        total = self._op.reduce_sum(self._op.multiply(states, self._kept), self._int([1]))
        return self._op.divide(total, self._op.reduce_sum(self._kept, self._int([1])))


def _pooling_modes(config: Any) -> str:  # noqa: ANN401
    """Return the names of the ways of pooling, in the layout of sentence-transformers 6 or of earlier versions."""
    modes = config.get("pooling_mode")
    if modes is None:
        modes = [
            name.removeprefix("pooling_mode_").removesuffix("_tokens").removesuffix("_token")
            for name, on in config.items()
            if name.startswith("pooling_mode_") and on
        ]
    return modes if isinstance(modes, str) else ", ".join(modes)


def _json(path: Path) -> Any:  # noqa: ANN401
    return json.loads(path.read_text(encoding="utf-8"))
