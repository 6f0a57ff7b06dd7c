"""Puts an engine together from what a user names: a bank, an encoder, a stance judge."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from evaluator.bank import load_bank
from evaluator.bounded_reading import read_bounded
from evaluator.calibration import Calibration
from evaluator.domain import Bank
from evaluator.engine import Engine, Models
from evaluator.errors import CalibrationError, EvaluatorError
from evaluator.kept import KeepingEngine
from evaluator.models.cached import CachedEncoder, CachedJudge, CachedReader
from evaluator.models.cross_encoder import CrossEncoderJudge
from evaluator.models.runtime import Runtime, load_spaces
from evaluator.models.store import NumberStore, store_path
from evaluator.models.tuned import TunedJudge
from evaluator.whole_files import write_file

JUDGING = 4
"""Goes up whenever the same models are made to judge the same text otherwise: kept judgements are stale then."""

SHIPPED_CALIBRATION = Path(__file__).parent / "calibration.json"
MAX_CALIBRATION_BYTES = 2_000_000
"""Largest calibration that is read: it is some sixty numbers."""


def load_engine(
    bank: Bank | Path | str | None = None,
    model: str | None = None,
    threads: int | None = None,
    *,
    stance_model: str | None = None,
    calibration: Path | None = None,
    allow_draft: bool = False,
    runtime: Runtime = "auto",
    cache: bool = True,
    store: Path | None = None,
    batch: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> Engine:
    """Return an engine ready to judge.

    Args:
        bank: a bank, or a folder of questions; None for the shipped bank.
        model: path or name of a sentence-transformers model; None for the default.
        threads: processor threads; None for all.
        stance_model: path or name of a CrossEncoder trained for inference; None for the shipped judge.
        calibration: a file that ``evaluator calibrate`` wrote; None for the shipped numbers.
        allow_draft: whether questions whose status is draft may be used.
        runtime: what runs the models: ``compiled``, ``torch``, or ``auto`` for compiled where it can be prepared.
        cache: whether computed numbers are looked up in the user's cache folder and kept there.
        store: file that they are kept in; None for the one in that folder.
        batch: whether many answers are coming, so that a graphics processor pays.
        tell: gets a sentence for a person when something takes long or falls back.

    Raises:
        BankError: the bank cannot be used, or has a draft that is not allowed.
        ModelError: a model is missing or not the one it should be.
        CalibrationError: the calibration file cannot be used.
    """
    bank = bank if isinstance(bank, Bank) else load_bank(bank, allow_draft=allow_draft)
    numbers = load_calibration(calibration)
    spaces = load_spaces(model, runtime, threads, batch=batch, tell=tell)
    kept = NumberStore(store or store_path()) if cache else None
    of = f"{JUDGING}-{spaces.identity}"
    statements = CachedEncoder(spaces.tuned, kept, f"tuned-{of}") if kept else spaces.tuned
    tuned = TunedJudge(spaces.stance_path, segments=spaces.tuned, statements=statements)
    judge = tuned if stance_model is None else CrossEncoderJudge(stance_model)
    if kept is None:
        models = Models(
            spaces.plain, spaces.digest, judge, judge.digest, tuned, tuned.vocabulary, None, spaces.words, tuned.learned
        )
        return Engine(bank, models, numbers)
    reader = CachedReader(tuned, kept, f"reader-{of}")
    models = Models(
        CachedEncoder(spaces.plain, kept, f"plain-{of}"),
        spaces.digest,
        CachedJudge(judge, kept, f"judge-{judge.digest}-{of}"),
        judge.digest,
        reader,
        tuned.vocabulary,
        reader.reuse,
        spaces.words,
        tuned.learned,
    )
    return KeepingEngine(bank, models, numbers, kept, of, spaces.warm)


def load_calibration(path: Path | None = None) -> Calibration:
    """Return the numbers of the scoring model in a file, or the shipped ones.

    Raises:
        CalibrationError: the file is not a calibration.
    """
    if path is None:
        content = json.loads(SHIPPED_CALIBRATION.read_text(encoding="utf-8"))
        return Calibration(**{name: _numbers(value) for name, value in content.items()})
    from pydantic import TypeAdapter, ValidationError

    cure = "Give the file that `evaluator calibrate` of this version wrote."
    try:
        content = read_bounded(path, MAX_CALIBRATION_BYTES, CalibrationError, cure)
        found = TypeAdapter(Calibration).validate_json(content)
    except OSError as error:
        raise CalibrationError(f"{path}: cannot be read ({error.strerror}). {cure}") from error
    except ValidationError as error:
        detail = error.errors()[0]
        where = ".".join(str(step) for step in detail["loc"])
        raise CalibrationError(f"{path.name}: not a calibration ({where}: {detail['msg']}). {cure}") from None
    given = json.loads(content)
    for name, held in asdict(found).items():
        if name not in given:
            raise CalibrationError(f"{path.name}: not a calibration of this version ({name} is missing). {cure}")
        values = held if isinstance(held, (list, tuple)) else (held,)
        if any(isinstance(value, float) and not math.isfinite(value) for value in values):
            raise CalibrationError(f"{path.name}: not a calibration ({name}: {held} is no number). {cure}")
    return found


def _numbers(value: Any) -> Any:  # noqa: ANN401
    return tuple(map(float, value)) if isinstance(value, list) else float(value)


def save_calibration(calibration: Calibration, path: Path) -> None:
    """Write the numbers of the scoring model, replacing a file that is there.

    Raises:
        CalibrationError: the file cannot be written.
    """
    try:
        write_file(path, f"{json.dumps(asdict(calibration), indent=2)}\n".encode())
    except EvaluatorError as error:
        raise CalibrationError(str(error)) from error
