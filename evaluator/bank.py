"""Loads a bank: a folder of questions as YAML, checked, with the behaviours they share; and finds questions in it."""

from __future__ import annotations

import difflib
import hashlib
import zlib
from pathlib import Path

from evaluator.bank_content import BEHAVIOURS_FOLDER, bank_digest, files_digest, from_json, to_json
from evaluator.domain import Bank, Question
from evaluator.errors import BankError
from evaluator.text import words
from evaluator.tool import tool_digest

__all__ = [
    "BEHAVIOURS_FOLDER",
    "FIELD_SOURCE",
    "bank_digest",
    "load_bank",
    "match_question",
    "nearest_question_id",
    "shipped_bank_path",
]

FIELD_SOURCE = "field:"
"""Lead of a source that is a public standard or rule rather than a point of a digest."""


def shipped_bank_path() -> Path:
    """Return the folder of the bank that ships with the tool, installed or in a checkout."""
    installed = Path(__file__).parent / "_shipped" / "reference_answers"
    return installed if installed.is_dir() else Path(__file__).parent.parent / "reference_answers"


def load_bank(folder: Path | str | None = None, *, allow_draft: bool = True, cache: bool = False) -> Bank:
    """Return the bank in ``folder``, or the shipped one.

    A question file needs ``id``, ``question`` and either ``key_points`` or ``model_answers``; without key points
    they are derived from the model answers. Questions come in the order of their file names.

    Args:
        folder: of the bank; None for the shipped one.
        allow_draft: whether a question may be a draft.
        cache: whether a bank that was read before, with these very files, is taken from the user's cache folder.

    Raises:
        BankError: the folder is missing or empty, or a file cannot be used; names file, line and cure. Without
            ``allow_draft``, also where a question is a draft: answers to it must not be scored, and its text and model
            answers would take part in the judgement of answers to the other questions.
    """
    place = Path(folder) if folder is not None else shipped_bank_path()
    bank = _kept(place) if cache else _read(place)
    drafts = [question.id for question in bank.questions if question.draft]
    if drafts and not allow_draft:
        what = "it as it is" if len(drafts) == 1 else "them as they are"
        raise BankError(
            f"{', '.join(drafts)}: status is draft, so nothing is scored with this bank. Finish the file, test it with "
            f"`evaluator bank test`, and write `status: ready`; or add --allow-draft to `score`, `check`, `validate` or `calibrate` to use {what}."
        )
    return bank


def _read(folder: Path) -> Bank:
    from evaluator.bank_reading import read_bank

    bank, faults = read_bank(folder)
    fatal = [fault for fault in faults if fault.fatal]
    if fatal:
        more = f"\n({len(fatal) - 1} more: evaluator bank check)" if len(fatal) > 1 else ""
        raise BankError(f"{fatal[0]}{more}")
    return bank


def _kept(folder: Path) -> Bank:
    """Return the bank in a folder, without reading YAML where these very files were read by this very code before."""
    from evaluator.models.store import NumberStore, store_path

    try:
        key = hashlib.sha256(f"bank {tool_digest()}".encode() + files_digest(folder)).digest()
    except OSError:
        return _read(folder)  # which says what is wrong
    store = NumberStore(store_path())
    try:
        if known := store.read([key]):
            return from_json(zlib.decompress(known[key]).decode())
    except (ValueError, KeyError, TypeError, AttributeError, zlib.error):
        pass  # none of our own: it is read anew
    finally:
        store.close()
    bank = _read(folder)
    text = to_json(bank)
    if from_json(text) == bank:
        store.write({key: zlib.compress(text.encode(), 1)})
        store.close()
    return bank


def match_question(bank: Bank, name: str) -> Question | None:
    """Return the question with that id or with that text (case, space and punctuation aside), or None."""
    wanted = " ".join(words(name))
    for question in bank.questions:
        if name.strip() == question.id or (
            wanted and wanted in (" ".join(words(question.text)), " ".join(words(question.id)))
        ):
            return question
    return None


def nearest_question_id(bank: Bank, name: str) -> str | None:
    """Return the id most like ``name``, for an error message, or None."""
    near = difflib.get_close_matches(name, [question.id for question in bank.questions], n=1, cutoff=0.6)
    return near[0] if near else None
