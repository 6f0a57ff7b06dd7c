"""Puts an engine together from what a user names: a bank, an encoder, a stance judge."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from evaluator.bank import load_bank
from evaluator.engine import Engine, Models
from evaluator.models.encoder import load_encoder
from evaluator.models.tuned import TunedJudge
from evaluator.scoring import Calibration


def load_engine(
    bank_folder: Path | str | None = None,
    model: str | None = None,
    threads: int | None = None,
) -> Engine:
    """Return an engine ready to judge.

    Args:
        bank_folder: a folder of questions; None for the shipped bank.
        model: path or name of a sentence-transformers model; None for the default.
        threads: processor threads; None for all.

    Raises:
        BankError: the bank cannot be used.
        ModelError: a model is missing or not the one it should be.
    """
    bank = load_bank(bank_folder)
    encoder, digest = load_encoder(model, threads)
    judge = TunedJudge()
    return Engine(bank, Models(encoder, digest, judge, judge.digest), load_calibration())


def load_calibration() -> Calibration:
    """Return the shipped numbers of the scoring model."""
    values: dict[str, Any] = json.loads((Path(__file__).parent / "calibration.json").read_text(encoding="utf-8"))
    if "cuts" in values:
        values["cuts"] = tuple(values["cuts"])
    return Calibration(**values)
