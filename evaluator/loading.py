"""Puts an engine together from what a user names: a bank, an encoder, a stance judge."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from evaluator.bank import load_bank
from evaluator.engine import Engine, Models
from evaluator.errors import CalibrationError
from evaluator.models.cross_encoder import CrossEncoderJudge
from evaluator.models.encoder import load_encoder
from evaluator.models.tuned import TunedJudge
from evaluator.scoring import Calibration

SHIPPED_CALIBRATION = Path(__file__).parent / "calibration.json"


def load_engine(
    bank_folder: Path | str | None = None,
    model: str | None = None,
    threads: int | None = None,
    *,
    stance_model: str | None = None,
    calibration: Path | None = None,
    allow_draft: bool = False,
) -> Engine:
    """Return an engine ready to judge.

    Args:
        bank_folder: a folder of questions; None for the shipped bank.
        model: path or name of a sentence-transformers model; None for the default.
        threads: processor threads; None for all.
        stance_model: path or name of a CrossEncoder trained for inference; None for the shipped judge.
        calibration: a file that ``evaluator calibrate`` wrote; None for the shipped numbers.
        allow_draft: whether questions whose status is draft may be used.

    Raises:
        BankError: the bank cannot be used, or has a draft that is not allowed.
        ModelError: a model is missing or not the one it should be.
        CalibrationError: the calibration file cannot be used.
    """
    bank = load_bank(bank_folder, allow_draft=allow_draft)
    numbers = load_calibration(calibration)
    encoder, digest = load_encoder(model, threads)
    tuned = TunedJudge()
    if stance_model is None:
        return Engine(bank, Models(encoder, digest, tuned, tuned.digest, tuned, tuned.vocabulary), numbers)
    judge = CrossEncoderJudge(stance_model)
    return Engine(bank, Models(encoder, digest, judge, judge.digest, tuned, tuned.vocabulary), numbers)


def load_calibration(path: Path | None = None) -> Calibration:
    """Return the numbers of the scoring model in a file, or the shipped ones.

    Raises:
        CalibrationError: the file is not a calibration.
    """
    path = path or SHIPPED_CALIBRATION
    try:
        return TypeAdapter(Calibration).validate_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CalibrationError(
            f"{path}: cannot be read ({error.strerror}). Give the file that `evaluator calibrate` wrote."
        ) from error
    except ValidationError as error:
        detail = error.errors()[0]
        where = ".".join(str(step) for step in detail["loc"])
        raise CalibrationError(
            f"{path.name}: not a calibration ({where}: {detail['msg']}). Give the file that `evaluator calibrate` wrote."
        ) from None


def save_calibration(calibration: Calibration, path: Path) -> None:
    """Write the numbers of the scoring model, replacing a file that is there.

    Raises:
        CalibrationError: the file cannot be written.
    """
    try:
        path.write_text(json.dumps(asdict(calibration), indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise CalibrationError(f"{path}: cannot be written ({error.strerror}). Choose another file with -o.") from error
