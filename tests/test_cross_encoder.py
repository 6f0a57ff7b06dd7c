"""Any CrossEncoder trained for inference as the stance judge: a tiny one, made here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from evaluator.errors import ModelError
from evaluator.models.cross_encoder import LEAST_SIMILARITY, CrossEncoderJudge
from evaluator.models.stance import StanceCase

pytestmark = pytest.mark.model
WORDS = "[PAD] [UNK] [CLS] [SEP] [MASK] i we listen argue never to the customer".split()
INFERENCE = {0: "contradiction", 1: "entailment", 2: "neutral"}


def make_model(folder: Path, labels: dict[int, str]) -> Path:
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    torch.manual_seed(0)
    (folder / "vocab.txt").write_text("\n".join(WORDS) + "\n", encoding="utf-8")
    BertTokenizerFast(vocab_file=str(folder / "vocab.txt")).save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(WORDS), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
        id2label=labels, label2id={label: number for number, label in labels.items()}, num_labels=len(labels),
    )  # fmt: skip
    BertForSequenceClassification(config).save_pretrained(folder, safe_serialization=True)
    return folder


def case(similarity: float, deny: bool = True) -> StanceCase:
    against = ("I argue", "we argue") if deny else ()
    return StanceCase("I never argue", ("I listen",), against, (similarity,), (similarity,) * len(against))


def test_probabilities_of_the_three_stances(tmp_path: Path) -> None:
    judge = CrossEncoderJudge(str(make_model(tmp_path, INFERENCE)))
    stances = judge.judge([case(0.9), case(0.9, deny=False), case(LEAST_SIMILARITY - 0.01)])
    assert stances.shape == (3, 3)
    assert np.allclose(stances.sum(axis=1), 1)
    assert (stances >= 0).all()
    assert stances[2].tolist() == [0, 0, 1]  # not about the behaviour: the model was not asked
    assert len(judge.digest) == 64
    assert judge.judge([]).shape == (0, 3)


def test_a_statement_against_counts_the_other_way_round(tmp_path: Path) -> None:
    judge = CrossEncoderJudge(str(make_model(tmp_path, INFERENCE)))
    own = judge.judge([StanceCase("I argue", ("I listen",), (), (0.9,), ())])
    swapped = judge.judge([StanceCase("I argue", ("we",), ("I listen",), (0.0,), (0.9,))])
    assert own[0, :2].tolist() == pytest.approx(swapped[0, [1, 0]].tolist())


def test_a_model_for_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="entailment, neutral and contradiction"):
        CrossEncoderJudge(str(make_model(tmp_path, {0: "relevant", 1: "irrelevant"})))


def test_nothing_is_downloaded() -> None:
    with pytest.raises(ModelError, match="nothing is downloaded"):
        CrossEncoderJudge("some-lab/large-nli-model")
