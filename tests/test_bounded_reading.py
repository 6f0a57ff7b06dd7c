"""No reader of JSON goes on without an end: each has a limit, reads up to it, and says beyond it what to do."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
from fakes import CALIBRATION, engine, small_bank

from evaluator.answers import read_answers
from evaluator.bounded_reading import bounded_lines, read_bounded
from evaluator.documents.records import read_passages
from evaluator.errors import AnswersError, CalibrationError, DocumentError, EvaluatorError, ResultsError, SeedsError
from evaluator.evidence import read_source_passages
from evaluator.loading import load_calibration
from evaluator.manifest import read_manifest
from evaluator.results import read_results, to_json_line
from evaluator.stored import StoredResults

ENDLESS = Path("/dev/zero")
BANK = small_bank()
RESULT = to_json_line(engine(BANK).evaluate_one("rude-customer", "I listen until the customer has finished talking."))
PASSAGE = json.dumps(
    {
        "id": "guide.3f2a91c0", "text": "Listen first.", "part": "article", "section": "",
        "place": {"line_start": 1, "line_end": 1, "page": None}, "language": "en", "duplicate_of": None,
        "answers_question": None, "reason": "",
    }
)  # fmt: skip
ROW = json.dumps({"candidate_id": "ann", "question_id": "rude-customer", "answer": "I listen."})


def refuse(path: Path, most: int) -> bytes:
    return read_bounded(path, most, ResultsError, "Cut it.")


def test_a_file_is_read_up_to_the_limit_and_not_beyond(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content := 1_500_001 * b"x")
    assert refuse(path, 1_500_001) == content
    with pytest.raises(ResultsError, match=r"^a\.json: is larger than 1\.5 MB\. Cut it\.$"):
        refuse(path, 1_500_000)


@pytest.mark.skipif(not ENDLESS.exists(), reason="this system has no file without an end")
def test_a_file_without_an_end_is_refused() -> None:
    with pytest.raises(CalibrationError, match=r"^zero: is larger than 2 MB\. Give the file that"):
        load_calibration(ENDLESS)
    with pytest.raises(ResultsError, match=r"^zero: is larger than 2 MB\. Score the answers again\.$"):
        read_manifest(ENDLESS)


@pytest.mark.parametrize("binary", [False, True])
def test_a_line_is_read_up_to_the_limit_and_a_longer_one_is_named(binary: bool) -> None:
    text = f"one\n\n{999_998 * 'x'}\r\n{1_000_001 * 'x'}"
    file = io.BytesIO(text.encode()) if binary else io.StringIO(text, newline="")
    lines = bounded_lines(file, "a.jsonl", 1_000_000, ResultsError, "Cut it.")  # type: ignore[type-var]
    read = [next(lines) for _ in range(3)]
    assert [len(line) for line in read] == [4, 1, 1_000_000]
    with pytest.raises(ResultsError, match=r"^a\.jsonl line 4: is longer than 1 million characters\. Cut it\.$"):
        next(lines)


READERS: dict[str, tuple[str, Callable[[Path], object], str, type[EvaluatorError], str]] = {
    "results": (f"{RESULT}\n{RESULT}\n", read_results, "evaluator.results.MAX_LINE_CHARS", ResultsError, " line 1: is longer"),
    "stored": (f"{RESULT}\n{RESULT}\n", StoredResults, "evaluator.results.MAX_LINE_CHARS", ResultsError, " line 1: is longer"),
    "passages": (PASSAGE, read_passages, "evaluator.documents.records.MAX_PASSAGES_BYTES", DocumentError, ": is larger"),
    "evidence": (
        PASSAGE, lambda path: read_source_passages((path,)), "evaluator.evidence.MAX_PASSAGES_BYTES", SeedsError, ": is larger",
    ),
    "calibration": (
        json.dumps(asdict(CALIBRATION)), load_calibration, "evaluator.loading.MAX_CALIBRATION_BYTES", CalibrationError,
        ": is larger",
    ),
    "array": (
        f"[{ROW},\n{ROW}]", lambda path: list(read_answers(path, BANK).answers),
        "evaluator.answers.source.MAX_WHOLE_CHARS", AnswersError, ": is too long for a JSON array",
    ),
    "array on one line": (
        f"[{ROW}, {ROW}]", lambda path: list(read_answers(path, BANK).answers),
        "evaluator.answers.source.MAX_LINE_CHARS", AnswersError, ": is too long for a JSON array",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", READERS)
def test_every_reader_has_a_limit(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text, read, limit, fault, says = READERS[name]
    path = tmp_path / "a.passages.jsonl"
    path.write_text(text, encoding="utf-8")
    longest = max(map(len, text.splitlines(keepends=True))) if "LINE" in limit else len(text)
    monkeypatch.setattr(limit, longest + 1)
    read(path)
    monkeypatch.setattr(limit, longest - 1)
    with pytest.raises(fault, match=rf"^a\.passages\.jsonl{says}") as caught:
        read(path)
    assert str(caught.value).endswith(".")
    assert "I listen" not in str(caught.value)
