"""Runs a prepared model with OpenVINO and the tokenizers library: what torch would give, without importing it.

A text is padded to a length that follows from the text alone, and OpenVINO computes each row of a batch by itself: its vector
is the same to the byte whatever texts are beside it, in whatever order, on however many threads.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluator.models.stretches import pieces_within, pooled_states, unmarked
from evaluator.models.words import Pieces, pieces_of

FloatArray = NDArray[np.float32]

WORDS = "words"
"""The output that has one vector a word piece; it is loaded by itself, when it is first asked for."""
STATES = "states"
"""The output that has the judge's state of every word piece and how much each head looks at it: stretches are pooled of it."""

STEP = 4
"""A text is padded to a multiple of so many word pieces: few different shapes, and little padding."""
LONG_STEP = 32
"""The same for texts of more than ``LONG`` word pieces, of which there are few."""
LONG = 64
BATCH_TOKENS = 512
"""Word pieces of a batch: larger ones fall out of the processor's cache, and leave one stream waiting for another."""
STREAMS = 4
"""Batches that are run at once, at most, on threads of their own: threads that share one batch wait for each other."""
WORTH_LOADING = 64
"""Texts that are needed in one space only from which that space is loaded by itself: a third of a second, and 80 MB."""
AHEAD = 4096
"""Texts whose tuned vectors are kept, the latest ones, 44 MB."""


def openvino() -> Any:  # noqa: ANN401 - of OpenVINO, which is not typed here
    """Return OpenVINO without its converter of other models' files, which nobody needs here: to import it takes 0.1 s more."""
    converter = "openvino.tools.ovc"
    known = "openvino" in sys.modules
    if not known:
        sys.modules[converter] = None  # type: ignore[assignment] # as documented: to import it raises ModuleNotFoundError
    try:
        import openvino
    finally:
        if not known:
            sys.modules.pop(converter, None)
    return openvino


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A graph ready to run."""

    queue: Any
    """Of requests that run at once, as OpenVINO has it."""
    spaces: dict[str, int]
    """Its outputs, and how many numbers each has."""


class CompiledModel:
    """A prepared model: one pass gives a text's vectors in every space that it has, another one those of its word pieces."""

    def __init__(self, file: Path, tokenizer: Path, threads: int | None = None) -> None:
        """Load the model.

        Args:
            file: the graph, as OpenVINO saved it.
            tokenizer: the model's ``tokenizer.json``.
            threads: processor threads; None for all.
        """
        from tokenizers import Tokenizer

        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.no_padding()
        # Single precision everywhere: bfloat16 is 1.5 times as fast on new processors, and changes scores by up to 1.6 and a
        # level in 500. No thread is tied to a processor: each process would tie its first one to the same processor.
        streams = min(STREAMS, threads or os.cpu_count() or 1)
        settings: dict[str, Any] = {
            "INFERENCE_PRECISION_HINT": "f32",
            "NUM_STREAMS": str(streams),
            "ENABLE_CPU_PINNING": False,
        }
        if threads:
            settings["INFERENCE_NUM_THREADS"] = threads
        self._file, self._settings, self._streams = file, settings, streams
        self._all = self._compile()
        self._alone: dict[str, _Compiled] = {}

    def _compile(self, only: str | None = None) -> _Compiled:
        core = openvino().Core()
        model = core.read_model(str(self._file))
        names = [name for name in map(_name, model.outputs) if name != WORDS]
        if only:
            names = [only, STATES] if only == "tuned" else [only]
        model = openvino().Model([model.output(name) for name in names], model.get_parameters(), only or "pooled")
        compiled = core.compile_model(model, "CPU", self._settings)
        spaces = {
            _name(output): output.partial_shape[len(output.partial_shape) - 1].get_length()
            for output in compiled.outputs
            if _name(output) != STATES
        }
        return _Compiled(openvino().AsyncInferQueue(compiled, self._streams), spaces)

    def _for(self, only: str | None, count: int) -> _Compiled:
        """Return what computes one space, or all of them where loading that space alone does not pay."""
        if only is None or len(self._all.spaces) == 1 or (only not in self._alone and count < WORTH_LOADING):
            return self._all
        if only not in self._alone:
            self._alone[only] = self._compile(only)
        return self._alone[only]

    def run(
        self, texts: Sequence[str], max_tokens: int, only: str | None = None
    ) -> tuple[dict[str, FloatArray], list[int]]:
        """Return the vectors of texts by space, each of shape (len(texts), dimensions), and how many word pieces were read.

        Args:
            texts: at least one; a stretch of one (``stretches``) has its own vector in the judge's space only.
            max_tokens: word pieces from which a text is cut off.
            only: the one space that is needed; others may come with it.
        """
        compiled = self._for(only, len(texts))
        asked = [unmarked(text) for text in texts]
        rows = {text: row for row, text in enumerate(dict.fromkeys(text for text, _ in asked))}
        encodings = self._encodings(list(rows), max_tokens)
        found = {space: np.empty((len(rows), size), dtype=np.float32) for space, size in compiled.spaces.items()}
        wanted: dict[int, list[int]] = {}
        for place, (text, stretch) in enumerate(asked):
            if stretch is not None:
                wanted.setdefault(rows[text], []).append(place)
        stretches: dict[int, FloatArray] = {}

        def keep(request: Any, chosen: list[int]) -> None:  # noqa: ANN401 - of OpenVINO, which is not typed here
            for space, vectors in found.items():
                vectors[chosen] = request.get_tensor(space).data
            for line, row in enumerate(chosen):
                for place in wanted.get(row, ()):
                    first, last = pieces_within(encodings[row].offsets, asked[place][1])
                    stretches[place] = pooled_states(request.get_tensor(STATES).data[line, first:last])

        _run(compiled.queue, [encoding.ids for encoding in encodings], keep)
        order = [rows[text] for text, _ in asked]
        found = {space: vectors[order] for space, vectors in found.items()}
        for place, vector in stretches.items():
            found["tuned"][place] = vector
        return found, [len(encodings[row].ids) for row in order]

    def words(self, texts: Sequence[str], max_tokens: int) -> list[Pieces]:
        """Return the word pieces of texts in their context.

        Args:
            texts: at least one.
            max_tokens: word pieces from which a text is cut off.
        """
        if WORDS not in self._alone:
            self._alone[WORDS] = self._compile(WORDS)
        encodings = self._encodings(texts, max_tokens)
        found: list[Any] = [None] * len(texts)

        def keep(request: Any, chosen: list[int]) -> None:  # noqa: ANN401 - of OpenVINO, which is not typed here
            for number, states in zip(chosen, request.get_tensor(WORDS).data, strict=True):
                encoding = encodings[number]
                own = states[: len(encoding.ids)].copy()
                found[number] = pieces_of(texts[number], encoding.offsets, encoding.special_tokens_mask, own)

        _run(self._alone[WORDS].queue, [encoding.ids for encoding in encodings], keep)
        return found

    def _encodings(self, texts: Sequence[str], max_tokens: int) -> list[Any]:
        self._tokenizer.enable_truncation(max_tokens)
        return list(self._tokenizer.encode_batch(list(texts)))


def _name(output: Any) -> str:  # noqa: ANN401 - of OpenVINO, which is not typed here
    return str(output.get_any_name())


def _run(queue: Any, ids: Sequence[Sequence[int]], keep: Callable[[Any, list[int]], None]) -> None:  # noqa: ANN401
    """Run texts in batches of one length each, and hand every request with the numbers of its texts to ``keep``."""
    lengths: dict[int, list[int]] = {}
    for number, pieces in enumerate(ids):
        lengths.setdefault(padded_length(len(pieces)), []).append(number)
    queue.set_callback(keep)
    for length, numbers in sorted(
        lengths.items(), reverse=True
    ):  # the longest first: no stream ends long after the others
        rows = max(1, BATCH_TOKENS // length)
        for start in range(0, len(numbers), rows):
            chosen = numbers[start : start + rows]
            padded = np.zeros((len(chosen), length), dtype=np.int32)
            for row, number in enumerate(chosen):
                padded[row, : len(ids[number])] = ids[number]
            counts = np.array([[len(ids[number])] for number in chosen], dtype=np.int32)
            queue.start_async([padded, counts], chosen)
    queue.wait_all()


def padded_length(count: int) -> int:
    """Return the length that a text of so many word pieces is padded to.

    >>> [padded_length(count) for count in (1, 4, 5, 64, 65, 256)]
    [4, 4, 8, 64, 96, 256]
    """
    step = STEP if count <= LONG else LONG_STEP
    return -(-count // step) * step


class CompiledSpaces:
    """The encoder's space and the judge's, out of one model where both rest on the same weights.

    The model is loaded when the first text comes: a run whose numbers are all known never loads it.
    """

    def __init__(self, load: Callable[[], CompiledModel], max_tokens: int, tuned_tokens: int) -> None:
        """Take what loads the model, and from how many word pieces texts are cut off in either space."""
        self._load = load
        self._max_tokens, self._tuned_tokens = max_tokens, tuned_tokens
        self._ahead: dict[str, FloatArray] = {}
        self._lock = threading.Lock()  # one model computes one batch at a time

    @cached_property
    def _model(self) -> CompiledModel:
        return self._load()

    def warm(self) -> None:
        """Load the model now, in a thread beside what is done meanwhile."""
        threading.Thread(target=self._try_loading).start()

    def _try_loading(self) -> None:
        with self._lock, suppress(Exception):  # whoever needs the model tries again, and is told
            _ = self._model

    def plain(self, texts: Sequence[str]) -> FloatArray:
        """Return the vectors of texts in the encoder's space; the judge's, computed beside them, are kept until it asks."""
        with self._lock:
            return self._plain(texts)

    def tuned(self, texts: Sequence[str]) -> FloatArray:
        """Return the vectors of texts in the judge's space."""
        with self._lock:
            return self._tuned(texts)

    def words(self, texts: Sequence[str], /) -> list[Pieces]:
        """Return the word pieces of texts, in the encoder's space."""
        with self._lock:
            return self._model.words(texts, self._max_tokens) if texts else []

    def _plain(self, texts: Sequence[str]) -> FloatArray:
        found, counts = self._model.run(texts, self._max_tokens)
        for text, count, row in zip(texts, counts, found.get("tuned", ()), strict=False):
            if count <= self._tuned_tokens:  # the judge reads the same part of it
                self._ahead[text] = row
        while len(self._ahead) > AHEAD:
            del self._ahead[next(iter(self._ahead))]
        return found["plain"]

    def _tuned(self, texts: Sequence[str]) -> FloatArray:
        missing = [text for text in texts if text not in self._ahead]
        computed = self._model.run(missing, self._tuned_tokens, only="tuned")[0]["tuned"] if missing else ()
        known = {text: self._ahead[text] for text in texts if text in self._ahead}
        known.update(zip(missing, computed, strict=True))
        return np.stack([known[text] for text in texts])


@dataclass(frozen=True, slots=True)
class Space:
    """One space of a model as an ``Encoder``."""

    compute: Callable[[Sequence[str]], FloatArray]
    dimensions: int
    """Numbers in a vector."""

    def encode(self, texts: Sequence[str], /) -> FloatArray:
        """Return one vector a text, shape (len(texts), dimensions)."""
        return self.compute(texts) if texts else np.zeros((0, self.dimensions), dtype=np.float32)
