"""Puts an engine together from what a user names: a bank, an encoder, a stance judge."""

from __future__ import annotations

from pathlib import Path

from evaluator.bank import load_bank
from evaluator.engine import Engine, Models
from evaluator.models.encoder import load_encoder
from evaluator.models.stance import NearestStatementJudge


def load_engine(
    bank_folder: Path | str | None = None,
    model: str | None = None,
    stance_model: str | None = None,
    threads: int | None = None,
) -> Engine:
    """Return an engine ready to judge.

    Args:
        bank_folder: a folder of questions; None for the shipped bank.
        model: path or name of a sentence-transformers model; None for the default.
        stance_model: path or name of a CrossEncoder trained for inference; None for the shipped judge.
        threads: processor threads; None for all.

    Raises:
        BankError: the bank cannot be used.
        ModelError: a model is missing or not the one it should be.
    """
    bank = load_bank(bank_folder)
    encoder, digest = load_encoder(model, threads)
    return Engine(bank, Models(encoder, digest, NearestStatementJudge(), NearestStatementJudge.name))
