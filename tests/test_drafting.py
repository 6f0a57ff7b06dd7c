"""``evaluator bank draft``: passages about the question, clustered, as a draft that loads and that a person finishes."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fakes import WordOverlapEncoder

from evaluator.bank import load_bank
from evaluator.cli import main
from evaluator.drafting import Draft, draft_question
from evaluator.errors import SeedsError
from evaluator.evidence import SourcePassage, passage_ids, read_source_passages

GOLDEN = Path(__file__).parent / "golden" / "bank-draft.yaml"
QUESTION = "How do you calm a rude customer?"
RECORDS = [
    {"id": "guide.00000001", "text": "Listen to the customer without interrupting.", "place": {"line_start": 3, "line_end": 3}},
    {"id": "guide.00000002", "text": "Never interrupt: listen to the rude customer first. Listen, always?"},
    {"id": "guide.00000003", "text": "Find the rude customer a supervisor.", "place": {"line_start": 9, "page": 2}},
    {"id": "guide.00000004", "text": "A supervisor calms the customer."},
    {"id": "guide.00000005", "text": "Bring the supervisor to a customer.", "duplicate_of": "guide.00000004"},
    {"id": "guide.00000006", "text": "Thank you for your visit, dear customer.", "answers_question": False},
    {"id": "guide.00000007", "text": "Escuche al customer con calma.", "language": "es"},
    {"id": "guide.00000008", "text": "Parking is behind the building.", "answers_question": True, "reason": "new field"},
    {"id": "guide.00000009", "text": "Was the customer rude?"},
]  # fmt: skip
DIGEST = """---
id: tips
title: Tips
kind: blog post
publisher: nobody
date:
language: en
original: tips.txt
sha256: {sha}
---

1. Lower your voice and the rude customer lowers hers.
2. Keep your voice low with a rude customer.
""".replace("{sha}", "ab" * 32)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    (tmp_path / "seeds").mkdir()
    lines = [json.dumps({"part": "article", "section": "", **record}) for record in RECORDS]
    (tmp_path / "seeds" / "guide.passages.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (tmp_path / "seeds" / "guide.md").write_text(DIGEST.replace("tips", "guide"), encoding="utf-8")
    (tmp_path / "seeds" / "tips.md").write_text(DIGEST, encoding="utf-8")
    (tmp_path / "seeds" / "README.md").write_text("# Mine", encoding="utf-8")
    return tmp_path / "seeds"


def test_passages_of_a_folder(seeds: Path) -> None:
    read = read_source_passages((seeds, seeds / "tips.md"))
    assert [(passage.id, passage.place) for passage in read.passages] == [
        ("guide.00000001", "line 3"),
        ("guide.00000002", ""),
        ("guide.00000003", "page 2"),
        ("guide.00000004", ""),
        ("guide.00000008", ""),
        ("guide.00000009", ""),
        ("tips#1", "point 1"),
        ("tips#2", "point 2"),
    ]
    assert read.left_out == {"beside the question of their page": 1, "not in English": 1, "repeating another": 1}
    assert passage_ids(seeds) == {str(record["id"]) for record in RECORDS}


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("x.passages.jsonl", '{"id": "a"}\n', r"x\.passages\.jsonl line 1: text: Field required\. Correct it"),
        ("x.passages.jsonl", "\nnot json\n", r"x\.passages\.jsonl line 2: Invalid JSON"),
        ("x.passages.jsonl", b"\xff", r"x\.passages\.jsonl: cannot be read"),
        ("x.docx", "", r"neither a digest.*evaluator seeds import"),
        ("x.md", "text", r"x\.md line 1: no front matter"),
    ],
)
def test_a_source_that_cannot_be_read(tmp_path: Path, name: str, content: str | bytes, says: str) -> None:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(SeedsError, match=says):
        read_source_passages((path,))


def test_no_such_source_and_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(SeedsError, match="no such file"):
        read_source_passages((tmp_path / "nowhere.md",))
    with pytest.raises(SeedsError, match="no passages"):
        read_source_passages((tmp_path,))


def drafted(passages: list[SourcePassage], **options: int) -> Draft:
    return draft_question(QUESTION, passages, WordOverlapEncoder(), **options)


def test_clusters_with_their_evidence(seeds: Path) -> None:
    draft = drafted(list(read_source_passages((seeds,)).passages))
    assert draft.id == "calm-rude-customer"
    assert [[passage.id for passage in point.evidence] for point in draft.points] == [
        ["tips#2", "guide.00000002", "tips#1", "guide.00000001"],
        ["guide.00000003", "guide.00000004"],
    ]
    assert [point.weight for point in draft.points] == [3, 2]
    assert draft.points[1].label == "supervisor, calms, find, customer"
    told = [statement for point in draft.points for statement in point.affirm]
    assert "Listen, always?" not in told
    assert all(told.count(statement) == 1 for statement in told)


def test_the_same_passages_give_the_same_draft(seeds: Path) -> None:
    passages = list(read_source_passages((seeds,)).passages)
    first = drafted(passages)
    for seed in range(5):
        random.Random(seed).shuffle(passages)
        assert drafted(passages) == first


@pytest.mark.parametrize(
    ("texts", "points"),
    [([], 0), (["Parking is behind the building."], 0), (["..."], 0), (["Calm the rude customer."], 1)],
)
def test_few_passages(texts: list[str], points: int) -> None:
    draft = drafted([SourcePassage(f"x#{i}", text, "") for i, text in enumerate(texts)])
    assert (len(draft.points), draft.read) == (points, len(texts))


def test_bounds(seeds: Path) -> None:
    passages = list(read_source_passages((seeds,)).passages)
    draft = drafted(passages, most_passages=4, most_points=1)
    assert [len(point.evidence) for point in draft.points] == [4]
    assert len(draft.left_over) == 2


def test_ids_are_unique() -> None:
    passages = [SourcePassage(f"x#{i}", "Calm the rude customer kindly.", "") for i in range(4)]
    ids = [point.id for point in drafted(passages).points]
    assert len(ids) == len(set(ids)) == 2


def test_the_file_loads_and_is_a_draft(seeds: Path, word_overlap: None, update_golden: bool) -> None:
    path = seeds.parent / "bank" / "rude.yaml"
    result = run("bank", "draft", "--question", QUESTION, "--from", seeds, "-o", path)
    assert result.exit_code == 0, result.output
    assert result.stdout == f"{path}\n"
    assert result.stderr == (
        "DRAFT: 2 key points from 6 of 8 passages. Read it, write what is marked TODO, and set `status: ready`; nothing is "
        "scored with it before.\n"
    )
    text = path.read_text(encoding="utf-8")
    if update_golden:
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")
    (question,) = load_bank(path.parent).questions
    assert (question.draft, question.derived, question.text) == (True, False, QUESTION)
    assert all(point.sources and point.affirm and not point.deny for point in question.key_points)
    assert run("bank", "draft", "--question", QUESTION, "--from", seeds).stdout == text
    # Its sources are known to `bank check`, which lists what is left to write.
    checked = run("bank", "check", "--bank", path.parent, "--seeds", seeds)
    assert "no source" not in checked.stdout
    assert "deny statements" in checked.stdout
    assert "note: rude.yaml line" in checked.stderr


def test_an_existing_file_is_kept(seeds: Path, word_overlap: None) -> None:
    path = seeds.parent / "bank.yaml"
    path.write_text("mine", encoding="utf-8")
    result = run("bank", "draft", "--question", QUESTION, "--from", seeds, "-o", path)
    assert (result.exit_code, path.read_text(encoding="utf-8")) == (1, "mine")
    assert "is there already. Choose another name, or add --force" in result.stderr
    assert run("bank", "draft", "--question", QUESTION, "--from", seeds, "-o", path, "--force").exit_code == 0
    assert "status: draft" in path.read_text(encoding="utf-8")


def test_nothing_about_the_question(seeds: Path, word_overlap: None) -> None:
    result = run("bank", "draft", "--question", "Which planets do astronauts favour?", "--from", seeds)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "none of the 8 passages is about" in result.stderr


HOSTILE = [
    '"quoted": yes, # no comment',
    "- a list\n# and: a break",
    "tab\there",
    "{curly} [square] 'x' \\ %",
    "=1+1 customer",
]


@pytest.mark.parametrize(
    "text", [*HOSTILE, "\u2028separated customers", "Ünïcode 🙂 customers wait", "long words " * 40]
)
def test_any_text_survives_the_file(text: str, tmp_path: Path, word_overlap: None) -> None:
    source = tmp_path / "x.passages.jsonl"
    source.write_text(json.dumps({"id": text[:30], "text": f"Rude customer calm {text}"}) + "\n", encoding="utf-8")
    question = f"How {text} calm rude customer?"
    result = run("bank", "draft", "--question", question, "--from", source, "-o", tmp_path / "b" / "q.yaml")
    assert result.exit_code == 0, result.output
    (made,) = load_bank(tmp_path / "b").questions
    assert made.text == " ".join(question.split())
    assert made.key_points[0].sources == (text[:30].strip(),)
