"""Weights come from safetensors only: nothing in the package reads a format that can run code."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import evaluator
from evaluator.errors import ModelError
from evaluator.models.encoder import model_folder

PACKAGE = Path(evaluator.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))

CAN_RUN_CODE = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "jsonpickle"}
LOADERS = {"SentenceTransformer", "CrossEncoder"}


def dotted(node: ast.expr) -> str:
    """Return the name of what is called, such as ``torch.load``; of the value of a call, the last part only."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}".lstrip(".")
    return node.id if isinstance(node, ast.Name) else ""


def offences(source: str) -> Iterator[str]:
    """Yield what a module does that could run code of a file it reads."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = "" if isinstance(node, ast.Import) else node.module or ""
            names = [f"{module}.{alias.name}".lstrip(".") for alias in node.names]
            yield from (name for name in names if name.split(".")[0] in CAN_RUN_CODE or name == "torch.load")
            continue
        if not isinstance(node, ast.Call):
            continue
        name, given = dotted(node.func), {keyword.arg: keyword.value for keyword in node.keywords}
        if name in {"eval", "exec", "torch.load", "torch.jit.load", "torch.hub.load", "yaml.load", "yaml.unsafe_load"}:
            yield name
        if name.split(".")[-1] in {"read_pickle", "__import__"}:
            yield name
        for option in ("allow_pickle", "trust_remote_code"):
            if option in given and ast.unparse(given[option]) != "False":
                yield option
        if name.split(".")[-1] in LOADERS:
            wanted = (given.get("model_kwargs"), "{'use_safetensors': True}"), (given.get("local_files_only"), "True")
            if any(value is None or ast.unparse(value) != right for value, right in wanted):
                yield f"{name} without use_safetensors"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_module_reads_what_can_run_code(path: Path) -> None:
    assert list(offences(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("source", "offence"),
    [
        ("import pickle", "pickle"),
        ("def f():\n    from pickle import loads", "pickle.loads"),
        ("import joblib as safe", "joblib"),
        ("from torch import load", "torch.load"),
        ("import torch\nx = torch.load(path, weights_only=True)", "torch.load"),
        ("numpy.load(path, allow_pickle=True)", "allow_pickle"),
        ("yaml.load(text)", "yaml.load"),
        ("SentenceTransformer(folder)", "SentenceTransformer without use_safetensors"),
        ("CrossEncoder(f, local_files_only=True)", "CrossEncoder without use_safetensors"),
        (
            "CrossEncoder(f, local_files_only=True, model_kwargs={'use_safetensors': False})",
            "CrossEncoder without use_safetensors",
        ),
        ("AutoModel.from_pretrained(f, trust_remote_code=True)", "trust_remote_code"),
    ],
)
def test_the_search_finds_each_offence(source: str, offence: str) -> None:
    assert list(offences(source)) == [offence]


def test_the_loaders_are_still_found() -> None:
    """Otherwise the demand for safetensors would hold for nothing."""
    called = {
        dotted(node.func)
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
    }
    assert called >= LOADERS


@pytest.mark.parametrize(
    ("files", "refused"),
    [
        ([], "."),
        (["pytorch_model.bin"], "."),
        (["pytorch_model.bin", "decoy/model.safetensors"], "."),
        (["model.safetensors", "2_Dense/pytorch_model.bin"], "2_Dense"),
        (["0_Transformer/pytorch_model-00001-of-00002.bin", "x.safetensors"], "0_Transformer"),
        (["model.safetensors"], None),
        (["model.safetensors", "pytorch_model.bin", "openvino/openvino_model.bin"], None),
        (["0_Transformer/model.safetensors"], None),
    ],
)
@pytest.mark.parametrize("of", ["path", "hub"])
def test_a_model_with_a_part_in_a_pickle_is_refused(
    files: list[str], refused: str | None, of: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "hub" / "models--some--model" / "snapshots" / "1"
    for name in ["config.json", *files]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    name = str(folder) if of == "path" else "some/model"
    if refused is None:
        assert model_folder(name) == folder
        return
    with pytest.raises(ModelError, match="pickle format can run code and are refused") as caught:
        model_folder(name)
    assert str(caught.value).startswith(f"{folder / refused}: ")
