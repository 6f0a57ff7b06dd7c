"""The compiled runtime gives the reference's vectors, the same ones in any company, and trusts nothing half-written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from evaluator.domain import Answer
from evaluator.errors import ModelError
from evaluator.loading import load_engine
from evaluator.models import compiled, prepared, runtime
from evaluator.models.compiled import CompiledModel, CompiledSpaces
from evaluator.models.encoder import SentenceTransformerEncoder, default_model_folder, model_digest
from evaluator.models.graph import NotCompilable, read_architecture
from evaluator.models.prepared import (
    GRAPH,
    MANIFEST,
    REFERENCE_STRETCHES,
    REFERENCE_TEXTS,
    Recipe,
    Refused,
    load_prepared,
    looks_prepared,
    prepare,
    prepared_folder,
)
from evaluator.models.runtime import load_spaces
from evaluator.models.stretches import marked
from evaluator.models.tuned import shipped_stance_path

pytestmark = pytest.mark.model
WORDS = "[PAD] [UNK] [CLS] [SEP] [MASK] i we listen argue never to the customer calm and a b c . ,".split()
TEXTS = [
    "I listen",
    "never argue",
    "the customer and the customer and I listen to the customer",
    "calm",
    "argue . " * 20,
]
SEGMENTS = [
    "I listen until the customer has finished.",
    "calm",
    "I would never argue back, whatever they say to me at the counter.",
    "I check the name and the date of birth, then ask the pharmacist to counsel the patient about it.",
] + [f"I call them back on day number {number}" + " and again" * (number % 7) for number in range(20)]

STRETCHES = [*REFERENCE_STRETCHES, *(marked(f"{text} {SEGMENTS[2]}", 0, len(text)) for text in SEGMENTS[3:])]
CALM = "I stay calm."


def quiet(_: str) -> None:
    """Say nothing."""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a BERT-like sentence-transformers model of two layers, made here."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Transformer
    from sentence_transformers.sentence_transformer.modules import Pooling
    from transformers import BertConfig, BertModel, BertTokenizerFast

    torch.manual_seed(0)
    bert, folder = tmp_path_factory.mktemp("bert"), tmp_path_factory.mktemp("tiny")
    (bert / "vocab.txt").write_text("\n".join(WORDS) + "\n", encoding="utf-8")
    BertTokenizerFast(vocab_file=str(bert / "vocab.txt")).save_pretrained(bert)
    config = BertConfig(
        vocab_size=len(WORDS), hidden_size=24, num_hidden_layers=2, num_attention_heads=2, intermediate_size=48,
        max_position_embeddings=40,
    )  # fmt: skip
    BertModel(config).save_pretrained(bert)
    modules = Transformer(str(bert), max_seq_length=32)
    SentenceTransformer(modules=[modules, Pooling(24, "mean")], device="cpu").save(str(folder))
    return folder


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EVALUATOR_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def recipe_of(folder: Path) -> Recipe:
    return runtime._recipes(folder, model_digest(folder), shipped_stance_path())[0][0]


def vectors(model: CompiledModel, texts: list[str]) -> np.ndarray:
    return model.run(texts, 32)[0]["plain"]


def test_a_compiled_model_gives_the_references_vectors(tiny: Path, place: Path) -> None:
    recipe = recipe_of(tiny)
    assert not looks_prepared(recipe)
    model = load_prepared(recipe, None, quiet)
    assert looks_prepared(recipe)
    wanted = SentenceTransformerEncoder(tiny).encode(TEXTS)
    assert np.abs(vectors(model, TEXTS) - wanted).max() < 1e-5
    assert vectors(model, TEXTS).tobytes() == vectors(load_prepared(recipe, 1, quiet), TEXTS).tobytes()


def test_no_thread_is_tied_to_a_processor(tiny: Path, place: Path) -> None:
    """Several processes of one thread each would share one processor and leave the others idle."""
    model = load_prepared(recipe_of(tiny), 1, quiet)
    assert model._all.queue[0].get_compiled_model().get_property("ENABLE_CPU_PINNING") is False


def test_words_are_the_references_whatever_is_beside_them(tiny: Path, place: Path) -> None:
    recipe = recipe_of(tiny)
    model = load_prepared(recipe, None, quiet)
    read, wanted = model.words(TEXTS, 32), SentenceTransformerEncoder(tiny).words(TEXTS)
    assert [(p.texts, p.spans) for p in read] == [(p.texts, p.spans) for p in wanted]
    assert max(np.abs(own.vectors - other.vectors).max() for own, other in zip(read, wanted, strict=True)) < 1e-5
    assert read[0].texts == ("I", "listen") and len(read[4].texts) == 30
    single = load_prepared(recipe, 1, quiet)
    for text, pieces in zip(TEXTS[::-1], read[::-1], strict=True):
        assert single.words([text], 32)[0].vectors.tobytes() == pieces.vectors.tobytes()


def test_words_are_loaded_when_they_are_first_asked_for(
    tiny: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = recipe_of(tiny)
    prepare(recipe, quiet)
    asked: list[str | None] = []
    compile_graph = CompiledModel._compile
    monkeypatch.setattr(CompiledModel, "_compile", lambda m, only=None: (asked.append(only), compile_graph(m, only))[1])
    model = load_prepared(recipe, None, quiet)
    assert set(model.run(TEXTS, 32)[0]) == {"plain"} and asked == [None]
    model.words(TEXTS, 32)
    model.words(TEXTS, 32)
    assert asked == [None, "words"]


def damaged_byte(folder: Path) -> None:
    path = folder / "encoder.bin"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut_short(folder: Path) -> None:
    path = folder / "encoder.bin"
    path.write_bytes(path.read_bytes()[:-100])


@pytest.mark.parametrize(
    "damage",
    [
        damaged_byte,
        cut_short,
        lambda folder: (folder / MANIFEST).unlink(),  # half-written: the manifest comes last
        lambda folder: (folder / MANIFEST).write_text('{"files": {'),
        lambda folder: (folder / MANIFEST).write_text('{"files": {}}'),
        lambda folder: (folder / GRAPH).unlink(),
        lambda folder: (folder / GRAPH).write_text("<net/>"),
    ],
)
def test_what_is_damaged_is_made_anew(tiny: Path, place: Path, damage: Callable[[Path], object]) -> None:
    recipe = recipe_of(tiny)
    wanted = vectors(load_prepared(recipe, None, quiet), TEXTS)
    damage(prepared_folder(recipe))
    told: list[str] = []
    assert vectors(load_prepared(recipe, None, told.append), TEXTS).tobytes() == wanted.tobytes()
    assert len(told) == 1
    assert not list((place / "prepared").glob(".making-*"))


def test_what_is_sound_is_not_made_again(tiny: Path, place: Path) -> None:
    recipe = recipe_of(tiny)
    prepare(recipe, quiet)
    told: list[str] = []
    prepare(recipe, told.append)
    load_prepared(recipe, None, told.append)
    assert told == []


def test_a_model_of_other_weights_has_a_place_of_its_own(
    tiny: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = recipe_of(tiny)
    other = runtime._recipes(tiny, "f" * 64, shipped_stance_path())[0][0]
    assert prepared_folder(recipe) != prepared_folder(other)
    before = prepared_folder(recipe)
    monkeypatch.setattr(prepared, "FORM", 999)
    assert prepared_folder(recipe) != before


def test_a_model_that_differs_from_the_reference_is_refused(tiny: Path, place: Path) -> None:
    recipe = recipe_of(tiny)
    wrong = Recipe(
        recipe.name, recipe.tokenizer, recipe.draw, lambda: {"plain": lambda texts: np.zeros((len(texts), 24))}, recipe.limits
    )  # fmt: skip
    with pytest.raises(Refused, match="differs from the reference"):
        prepare(wrong, quiet)
    assert prepared.refused_before(recipe)
    assert not looks_prepared(recipe)


@pytest.mark.parametrize(
    ("file", "change", "says"),
    [
        ("config.json", {"model_type": "mpnet"}, "mpnet"),
        ("config.json", {"hidden_act": "relu"}, "relu"),
        ("1_Pooling/config.json", {"pooling_mode": "max"}, "pooling"),
        ("sentence_bert_config.json", {"do_lower_case": True}, "do_lower_case"),
        ("config_sentence_transformers.json", {"default_prompt_name": "query"}, "query"),
    ],
)
def test_another_architecture_is_left_to_torch(tiny: Path, tmp_path: Path, file: str, change: dict, says: str) -> None:
    import shutil

    folder = shutil.copytree(tiny, tmp_path / "model")
    path = folder / file
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(NotCompilable, match=says):
        read_architecture(folder)


def test_auto_falls_back_to_torch_and_says_why_once(tiny: Path, place: Path, tmp_path: Path) -> None:
    import shutil

    folder = shutil.copytree(tiny, tmp_path / "model")
    config = json.loads((folder / "config_sentence_transformers.json").read_text())
    (folder / "config_sentence_transformers.json").write_text(
        json.dumps(config | {"prompts": {"q": "q: "}, "default_prompt_name": "q"})
    )
    told: list[str] = []
    spaces = load_spaces(str(folder), "auto", tell=told.append)
    assert spaces.runtime == "torch" and len(told) == 1 and "default_prompt_name" in told[0]
    with pytest.raises(ModelError, match="--runtime compiled"):
        load_spaces(str(folder), "compiled")


def test_a_cache_that_cannot_be_written_leaves_torch(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("EVALUATOR_CACHE", str(tmp_path / "file"))
    told: list[str] = []
    assert load_spaces(str(tiny), "auto", tell=told.append).runtime == "torch"
    assert "EVALUATOR_CACHE" in told[0]


def test_two_processes_prepare_at_once(tiny: Path, place: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from evaluator.models import runtime; from evaluator.models.prepared import load_prepared\n"
        "from evaluator.models.encoder import model_digest; from evaluator.models.tuned import shipped_stance_path\n"
        "folder = Path(sys.argv[1]); recipe = runtime._recipes(folder, model_digest(folder), shipped_stance_path())[0][0]\n"
        "load_prepared(recipe, 1, lambda words: print('made'))\n"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", code, str(tiny)], stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    said = [process.communicate(timeout=300)[0] for process in running]
    assert [process.returncode for process in running] == [0, 0]
    assert sorted(said) == ["", "made\n"]
    assert looks_prepared(recipe_of(tiny))


def test_both_spaces_of_the_default_model_are_the_references() -> None:
    spaces, reference = load_spaces(runtime="compiled"), load_spaces(runtime="torch")
    texts = [*REFERENCE_TEXTS, *SEGMENTS]
    assert np.abs(spaces.plain.encode(texts) - reference.plain.encode(texts)).max() < 1e-5
    texts.extend(STRETCHES)
    assert np.abs(spaces.tuned.encode(texts) - reference.tuned.encode(texts)).max() < 1e-5
    assert spaces.plain.encode([]).shape == (0, 384)


def test_a_stretch_is_read_in_its_place_and_without_what_a_tokenizer_adds() -> None:
    tuned = load_spaces(runtime="compiled").tuned
    alone, *placed = tuned.encode(
        [CALM, *(marked(f"{before}{CALM}", len(before), len(before) + len(CALM)) for before in ("So? ", "Never. "))]
    )
    alike = [float(alone[:384] @ vector[:384]) for vector in placed]
    assert all(0.5 < value < 0.999 for value in alike)
    assert placed[0].tobytes() != placed[1].tobytes()
    assert float(placed[0][:384] @ tuned.encode([f"So? {CALM}"])[0][:384]) < 0.999
    assert np.allclose(np.linalg.norm(np.array(placed).reshape(2, -1, 384), axis=2), 1.0, atol=1e-5)


def test_vectors_are_the_same_in_any_company_order_and_number_of_threads() -> None:
    texts = [*REFERENCE_TEXTS, *SEGMENTS]
    spaces = load_spaces(runtime="compiled", threads=1)
    plain = spaces.plain.encode(texts)
    other = load_spaces(runtime="compiled", threads=2)
    alone = [other.plain.encode([text])[0] for text in reversed(texts)][::-1]
    assert np.array(alone).tobytes() == plain.tobytes()
    texts.extend(STRETCHES)
    tuned = spaces.tuned.encode(texts)
    assert other.tuned.encode(texts[::-1])[::-1].tobytes() == tuned.tobytes()
    fresh = load_spaces(runtime="compiled", threads=2)  # computes the tuned vectors without the plain ones
    assert np.array([fresh.tuned.encode([text])[0] for text in texts]).tobytes() == tuned.tobytes()


def test_a_space_that_is_computed_alone_is_the_same_to_the_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["I listen.", "I would never argue back, whatever they say. " * 12, "so"]
    together = load_spaces(runtime="compiled").tuned.encode(texts)
    monkeypatch.setattr(compiled, "WORTH_LOADING", 0)
    asked: list[str | None] = []
    compile_graph = CompiledModel._compile

    def noted(model: CompiledModel, only: str | None = None) -> object:
        asked.append(only)
        return compile_graph(model, only)

    monkeypatch.setattr(CompiledModel, "_compile", noted)
    assert load_spaces(runtime="compiled").tuned.encode(texts).tobytes() == together.tobytes()
    assert asked == [None, "tuned"]


def test_results_do_not_depend_on_the_cache_the_batch_the_order_or_the_threads(tmp_path: Path) -> None:
    answers = [
        Answer(f"{number}", "rude-customer", " ".join(SEGMENTS[start : start + 3]))
        for number, start in enumerate(range(0, 24, 3))
    ]
    store = tmp_path / "numbers.sqlite3"
    wanted = list(load_engine(cache=False, runtime="compiled", threads=1).evaluate(answers))
    cold = load_engine(store=store, runtime="compiled", threads=2)
    assert list(cold.evaluate(answers[::-1]))[::-1] == wanted
    warm = load_engine(store=store, runtime="compiled", threads=2)
    assert [next(warm.evaluate([answer])) for answer in answers] == wanted
    assert warm.models.reuse and warm.models.reuse.reused == warm.models.reuse.asked


def check_in_a_new_process(answer: str, **environment: str) -> tuple[str, set[str]]:
    """Run ``evaluator check`` and return what it printed, and the heavy modules that it imported."""
    code = (
        "import atexit, sys\n"
        "heavy = {'torch', 'transformers', 'sentence_transformers', 'sklearn', 'scipy', 'openvino'}\n"
        "atexit.register(lambda: print('imported', *sorted(heavy & set(sys.modules)), file=sys.stderr))\n"
        "from evaluator.cli import main\n"
        f"main(['check', '-q', 'rude-customer', '-a', {answer!r}, '--format', 'json'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ | environment
    )
    last = next(line for line in done.stderr.splitlines() if line.startswith("imported"))
    return done.stdout, set(last.split()[1:])


def test_torch_is_never_imported_once_the_models_are_prepared() -> None:
    load_spaces(runtime="compiled")  # prepares them, where no test before did
    first, imported = check_in_a_new_process("I let them finish speaking, then I look what can be done, number 815.")
    assert imported == {"openvino"}
    second, imported = check_in_a_new_process("I let them finish speaking, then I look what can be done, number 815.")
    assert imported == set()
    assert first == second


def test_the_default_model_is_covered() -> None:
    assert read_architecture(default_model_folder()).max_tokens == 256


def test_a_model_can_be_loaded_beside_other_work_and_a_failure_is_told_to_whoever_needs_it(tiny: Path) -> None:
    import threading

    loaded: list[str] = []
    begun = threading.Event()

    def load() -> CompiledModel:
        loaded.append(threading.current_thread().name)
        begun.set()
        if len(loaded) == 1:
            raise ModelError("damaged")
        raise ModelError("damaged again")

    spaces = CompiledSpaces(load, 32, 32)
    spaces.warm()
    assert begun.wait(60)
    with pytest.raises(ModelError, match="again"):
        spaces.plain(["I listen"])
    assert loaded[0] != loaded[1] == threading.current_thread().name


def test_openvino_comes_without_its_converter() -> None:
    code = (
        "import sys; from evaluator.models.compiled import openvino; openvino(); names = sorted(sys.modules)\n"
        "print([name for name in names if name.startswith(('openvino.tools', 'openvino_telemetry'))])\n"
        "import openvino.tools.ovc"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_prepared_model_in_a_folder_that_cannot_be_written_is_used(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = recipe_of(tiny)
    wanted = vectors(load_prepared(recipe, 1, quiet), TEXTS)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "read-only")

    monkeypatch.setattr("evaluator.models.prepared.os.utime", refuse)
    assert vectors(load_prepared(recipe, 1, quiet), TEXTS).tobytes() == wanted.tobytes()
