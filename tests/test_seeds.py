"""Digests and provenance."""

import hashlib
from pathlib import Path

import pytest

from evaluator.bank import shipped_bank_path
from evaluator.errors import SeedsError
from evaluator.seeds import changed_originals, load_digests, read_digest, shipped_seeds_path, unknown_sources

FRONT = "---\nid: a\ntitle: T\nkind: k\npublisher: p\ndate: null\nlanguage: en\noriginal: a.txt\nsha256: {sha}\n---\n"


def digest(folder: Path, body: str, front: str = FRONT, sha: str = "a" * 64) -> Path:
    path = folder / "a.md"
    path.write_text(front.format(sha=sha) + body, encoding="utf-8")
    return path


def test_five_digests_ship_and_every_source_of_the_bank_exists() -> None:
    digests = load_digests(shipped_seeds_path())
    assert [len(d.points) for d in digests] == [28, 18, 23, 31, 13]
    assert list(unknown_sources(shipped_bank_path(), digests)) == []


@pytest.mark.parametrize(
    ("front", "body", "says"),
    [
        ("", "1. x\n", "line 1: no front matter"),
        (FRONT, "nothing\n", "no numbered points"),
        (FRONT, "1. x\n3. y\n", "line 12: point 3 follows point 1"),
        (FRONT.replace("title: T\n", ""), "1. x\n", "title"),
        (FRONT.replace("title: T", "title: T\ntitle: U"), "1. x\n", "line 4: 'title' is given twice"),
        (FRONT.replace("{sha}", "abc"), "1. x\n", "line 9: sha256"),
    ],
)
def test_a_faulty_digest_is_named(tmp_path: Path, front: str, body: str, says: str) -> None:
    with pytest.raises(SeedsError, match=says):
        read_digest(digest(tmp_path, body, front))


def test_an_unknown_source_is_named_with_file_and_line(tmp_path: Path) -> None:
    digests = (read_digest(digest(tmp_path, "1. x\n")),)
    bank = tmp_path / "bank"
    bank.mkdir()
    (bank / "q.yaml").write_text(
        'id: q\nquestion: Q?\nmodel_answers:\n  - text: I listen.\n    sources: ["a#1", "a#2"]\n'
    )
    faults = [str(fault) for fault in unknown_sources(bank, digests)]
    assert len(faults) == 1
    assert faults[0].startswith("q.yaml line 5: no source 'a#2'")


def test_a_changed_original_is_reported(tmp_path: Path) -> None:
    original = tmp_path / "a.txt"
    original.write_text("as it was")
    digests = (read_digest(digest(tmp_path, "1. x\n", sha=hashlib.sha256(b"as it was").hexdigest())),)
    assert list(changed_originals(digests, tmp_path)) == []
    original.write_text("changed")
    assert "a.txt has changed" in next(iter(changed_originals(digests, tmp_path)))
    original.unlink()
    assert "no original a.txt" in next(iter(changed_originals(digests, tmp_path)))
