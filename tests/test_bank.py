"""Banks: every fault is named with file, line and cure; the minimal form works; the shipped bank is whole."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from evaluator.bank import bank_digest, load_bank, match_question, nearest_question_id, shipped_bank_path
from evaluator.bank_files import Fault
from evaluator.bank_gaps import completeness_faults
from evaluator.bank_reading import read_bank, source_references
from evaluator.domain import Bank, ModelAnswer
from evaluator.errors import BankError

MINIMAL = """id: own-question
question: Why do you want to work here?
model_answers:
  - I like to help people, and I would learn from your pharmacist every day.
"""
SHARED_POINT = """kind: key_point
id: stays-calm
label: keeps calm
affirm: [I stay calm.]
deny: [I lose my temper.]
sources: ["pharmacy-video#7"]
"""
SHARED_FLAG = """kind: red_flag
id: argues-back
label: argues back
statements: [I argue with the customer.]
"""
ROOT = Path(__file__).parent.parent


def write_bank(folder: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def form_faults(folder: Path) -> list[str]:
    faults = read_bank(folder)[1]
    assert all(fault.fatal for fault in faults)
    return [str(fault) for fault in faults]


def gaps(folder: Path) -> list[str]:
    bank, faults = read_bank(folder)
    assert not faults
    found = list(completeness_faults(bank, folder))
    assert not any(fault.fatal for fault in found)
    return [str(fault) for fault in found]


# The minimal form


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ("\n  - I listen to the customer.", [ModelAnswer("I listen to the customer.")]),
        (
            '\n  - "I listen."\n  - I call the pharmacist.',
            [ModelAnswer("I listen."), ModelAnswer("I call the pharmacist.")],
        ),
        (
            '\n  - text: I listen.\n    sources: ["pharmacy-video#7"]\n  - text: I act.',
            [ModelAnswer("I listen.", ("pharmacy-video#7",)), ModelAnswer("I act.")],
        ),
        (
            "\n  - I listen to them.\n  - text: I call the pharmacist.",
            [ModelAnswer("I listen to them."), ModelAnswer("I call the pharmacist.")],
        ),
        (" [One-word]", [ModelAnswer("One-word")]),
        ("\n  - |\n    I listen.\n    I act.\n", [ModelAnswer("I listen.\nI act.")]),
    ],
    ids=["string", "strings", "mappings", "both", "one word", "block"],
)
def test_a_question_needs_only_id_question_and_model_answers(
    tmp_path: Path, answers: str, expected: list[ModelAnswer]
) -> None:
    write_bank(tmp_path, {"own.yaml": f"id: own\nquestion: Why?\nmodel_answers:{answers}\n"})
    (question,) = load_bank(tmp_path).questions
    assert (question.id, question.text, question.derived) == ("own", "Why?", True)
    assert list(question.model_answers) == expected
    assert question.key_points
    assert question.red_flags == ()
    assert all(point.affirm and point.sources for point in question.key_points)
    assert gaps(tmp_path) == []  # the minimal form is complete


@pytest.mark.parametrize("name", ["own.yaml", "own.yml"])
def test_both_endings_are_read_and_checked(tmp_path: Path, name: str) -> None:
    ending = Path(name).suffix
    own = MINIMAL + "key_points:\n  - behaviour: stays-calm\n"
    write_bank(tmp_path, {name: own, f"behaviours/calm{ending}": SHARED_POINT})
    assert [point.id for point in load_bank(tmp_path).questions[0].key_points] == ["stays-calm"]
    assert any(fault.startswith(f"{name} line 5: 1 key_points") for fault in gaps(tmp_path))
    assert any(fault.startswith(f"behaviours/calm{ending} line 4: 1 affirm") for fault in gaps(tmp_path))


def test_other_files_in_the_folder_are_left_alone(tmp_path: Path) -> None:
    write_bank(tmp_path, {"own.yaml": MINIMAL, "README.md": "# Bank", "notes.txt": "x", ".own.yaml.swp": b"\xff\x00"})
    assert [question.id for question in load_bank(tmp_path).questions] == ["own-question"]


# Faults of form

FORM_FAULTS = [
    ("no id", {"a.yaml": MINIMAL.replace("id: own-question\n", "")}, "a.yaml line 1: id is missing. Add it."),
    (
        "id with capitals",
        {"a.yaml": "# mine\n" + MINIMAL.replace("own-question", "Own Question")},
        "a.yaml line 2: id must be lower case letters, digits and hyphens, such as rude-customer.",
    ),
    (
        "id a number",
        {"a.yaml": MINIMAL.replace("own-question", "7")},
        "a.yaml line 1: id: Input should be a valid string. Put it in quotes.",
    ),
    ("id empty", {"a.yaml": MINIMAL.replace("own-question", "")}, "a.yaml line 1: id is empty. Write it out, or remove it."),
    (
        "no question",
        {"a.yaml": "id: a\nmodel_answers: [I listen.]\n"},
        "a.yaml line 1: question is missing. Add it.",
    ),
    (
        "question blank",
        {"a.yaml": "id: a\nquestion: '  '\nmodel_answers: [I listen.]\n"},
        "a.yaml line 2: question is empty. Write it out, or remove it.",
    ),
    (
        "question and nothing else",
        {"a.yaml": "id: a\nquestion: Why?\n"},
        "a.yaml line 1: needs key_points, or model_answers to derive them from.",
    ),
    (
        "misspelt field",
        {"a.yaml": MINIMAL + "keypoints: []\n"},
        "a.yaml line 5: keypoints is not a field that is known here. Check the spelling or remove it.",
    ),
    (
        "a field with a leading underscore",
        {"a.yaml": MINIMAL + "_note: x\n"},
        "a.yaml line 5: _note is not a field that is known here. Check the spelling or remove it.",
    ),
    (
        "the same id in two files",
        {"a.yaml": MINIMAL, "b.yaml": "# second\n\n" + MINIMAL},
        "b.yaml line 3: id 'own-question' is already used in a.yaml. Choose another.",
    ),
    (
        "unknown behaviour, one letter off",
        {"a.yaml": MINIMAL + "key_points:\n  - behaviour: stay-calm\n", "behaviours/b.yaml": SHARED_POINT},
        "a.yaml line 6: no key point 'stay-calm'. Did you mean 'stays-calm'?",
    ),
    (
        "unknown behaviour",
        {"a.yaml": MINIMAL + "key_points:\n  - weight: 2\n    behaviour: sings\n"},
        "a.yaml line 7: no key point 'sings'. Add behaviours/sings.yaml.",
    ),
    (
        "unknown red flag",
        {"a.yaml": MINIMAL + "red_flags:\n  - behaviour: argue-back\n", "behaviours/b.yaml": SHARED_FLAG},
        "a.yaml line 6: no red flag 'argue-back'. Did you mean 'argues-back'?",
    ),
    (
        "a red flag among the key points",
        {"a.yaml": MINIMAL + "key_points:\n  - behaviour: argues-back\n", "behaviours/b.yaml": SHARED_FLAG},
        "a.yaml line 6: no key point 'argues-back'. It is a red flag: move it to red_flags.",
    ),
    (
        "a behaviour of no kind",
        {"a.yaml": MINIMAL, "behaviours/b.yaml": SHARED_POINT.replace("key_point", "keypoint")},
        "behaviours/b.yaml line 1: needs `kind: key_point` or `kind: red_flag`.",
    ),
    (
        "a behaviour's id used twice",
        {"a.yaml": MINIMAL, "behaviours/b.yaml": SHARED_POINT, "behaviours/c.yaml": SHARED_POINT},
        "behaviours/c.yaml line 2: id 'stays-calm' is used by another behaviour. Choose another.",
    ),
    (
        "a behaviour without statements",
        {"a.yaml": MINIMAL, "behaviours/b.yaml": "kind: red_flag\nid: x\nlabel: y\nstatements: []\n"},
        "behaviours/b.yaml line 4: statements: List should have at least 1 item after validation, not 0.",
    ),
    (
        "a key point without affirm",
        {"a.yaml": MINIMAL + "key_points:\n  - id: x\n    label: y\n"},
        "a.yaml line 6: key_points.0.affirm is missing. Add it.",
    ),
    (
        "a key point that is a word",
        {"a.yaml": MINIMAL + "key_points:\n  - stays-calm\n"},
        "a.yaml line 6: key_points.0 must have fields: `behaviour:` and a shared id, or its own `id:`, `label:` and "
        "statements.",
    ),
    (
        "a statement that is yes",
        {"a.yaml": MINIMAL + "key_points:\n  - id: x\n    label: y\n    affirm:\n      - I listen.\n      - Yes\n"},
        "a.yaml line 10: key_points.0.affirm.1: Input should be a valid string. Put it in quotes.",
    ),
    (
        "a statement with a colon",
        {"a.yaml": MINIMAL + "key_points:\n  - id: x\n    label: y\n    affirm:\n      - My rule: listen\n"},
        "a.yaml line 9: key_points.0.affirm.0: Input should be a valid string. Put it in quotes.",
    ),
    (
        "statements not in a list",
        {"a.yaml": MINIMAL + "key_points:\n  - id: x\n    label: y\n    affirm: I listen.\n"},
        "a.yaml line 8: key_points.0.affirm: Input should be a valid list. Start each entry with a hyphen.",
    ),
    (
        "a key point twice",
        {
            "a.yaml": MINIMAL + "key_points:\n  - behaviour: stays-calm\n  - behaviour: stays-calm\n",
            "behaviours/b.yaml": SHARED_POINT,
        },
        "a.yaml line 7: 'stays-calm' stands twice under key_points. Remove one.",
    ),
    (
        "a severity that is none",
        {"a.yaml": MINIMAL + "red_flags:\n  - id: x\n    label: y\n    statements: [z]\n    severity: bad\n"},
        "a.yaml line 9: red_flags.0.severity: Input should be 'serious' or 'critical'.",
    ),
    (
        "a level that is none",
        {"a.yaml": MINIMAL + "anchors:\n  1: bad\n  6: superb\n"},
        "a.yaml line 7: anchors.6: Input should be less than or equal to 5.",
    ),
    (
        "a model answer that is a number",
        {"a.yaml": "id: a\nquestion: b\nmodel_answers:\n  - 5\n"},
        "a.yaml line 4: model_answers.0: Input should be a valid string. Put it in quotes.",
    ),
    (
        "a model answer that is blank",
        {"a.yaml": "id: a\nquestion: b\nmodel_answers:\n  - I listen.\n  - ''\n"},
        "a.yaml line 5: model_answers.1 is empty. Write it out, or remove it.",
    ),
    (
        "a model answer with a misspelt field",
        {"a.yaml": "id: a\nquestion: b\nmodel_answers:\n  - text: I listen.\n    source: x\n"},
        "a.yaml line 5: model_answers.0.source is not a field that is known here. Check the spelling or remove it.",
    ),
    (
        "model answers not in a list",
        {"a.yaml": "id: a\nquestion: b\nmodel_answers: I listen.\n"},
        "a.yaml line 3: model_answers: Input should be a valid list. Start each entry with a hyphen.",
    ),
    (
        "model answers that say nothing",
        {"a.yaml": "id: a\nquestion: b\nmodel_answers: [I do it.]\n"},
        "a.yaml line 3: no key point can be derived: the answers have no words of content. Write them out, or add "
        "key_points.",
    ),
    ("an empty file", {"a.yaml": ""}, "a.yaml line 1: is empty or not a mapping. It needs fields such as `id:`."),
    ("a list", {"a.yaml": "- id: a\n"}, "a.yaml line 1: is empty or not a mapping. It needs fields such as `id:`."),
    (
        "an anchor",
        {"a.yaml": MINIMAL + "anchors: &a {1: x}\n"},
        "a.yaml line 5: anchors, aliases and tags are not allowed. Write the value out.",
    ),
    (
        "a tag",
        {"a.yaml": MINIMAL + "anchors: !!map {1: x}\n"},
        "a.yaml line 5: anchors, aliases and tags are not allowed. Write the value out.",
    ),
    ("a key twice", {"a.yaml": MINIMAL + "id: other\n"}, "a.yaml line 5: 'id' is given twice. Remove one."),
    (
        "not UTF-8",
        {"a.yaml": MINIMAL.encode() + b"status: caf\xe9\n"},
        "a.yaml line 5: the file is not UTF-8 text. Save it as UTF-8.",
    ),
    (
        "bad indentation",
        {"a.yaml": MINIMAL + "key_points:\n  - id: x\n   label: y\n"},
        "a.yaml line 7: not valid YAML: did not find expected '-' indicator. Check quotes and indentation.",
    ),
    (
        "a date that is none",
        {"a.yaml": MINIMAL.replace("Why do you want to work here?", "2024-13-45")},
        "a.yaml line 2: '2024-13-45' looks like a number or a date, and is none. Put it in quotes.",
    ),
    ("a broken behaviour", {"a.yaml": MINIMAL, "behaviours/b.yaml": "a: 1\na: 2\n"}, "behaviours/b.yaml line 2: 'a' is given twice."),
]  # fmt: skip


@pytest.mark.parametrize(("files", "expected"), [row[1:] for row in FORM_FAULTS], ids=[row[0] for row in FORM_FAULTS])
def test_a_fault_of_form_names_file_line_and_cure(tmp_path: Path, files: dict[str, str | bytes], expected: str) -> None:
    write_bank(tmp_path, files)
    faults = form_faults(tmp_path)
    assert len(faults) == 1
    assert faults[0].startswith(expected)
    with pytest.raises(BankError) as caught:
        load_bank(tmp_path)
    assert str(caught.value) == faults[0]


@pytest.mark.parametrize("weight", ["0", "-1", "10.5", ".nan", ".inf", "yes", "'3'", "heavy", "[1]"])
@pytest.mark.parametrize(
    "entry", ["behaviour: stays-calm", "id: x\n    label: y\n    affirm: [z]"], ids=["shared", "own"]
)
def test_a_weight_that_makes_no_sense(tmp_path: Path, weight: str, entry: str) -> None:
    own = f"{MINIMAL}key_points:\n  - {entry}\n    weight: {weight}\n"
    write_bank(tmp_path, {"a.yaml": own, "behaviours/b.yaml": SHARED_POINT})
    line = own.count("\n")
    cure = "must be a number above 0 and at most 10: 1 helpful, 2 important, 3 essential."
    assert form_faults(tmp_path) == [f"a.yaml line {line}: key_points.0.weight {cure}"]


@pytest.mark.parametrize(("weight", "value"), [("3", 3.0), ("0.5", 0.5), ("10", 10.0)])
def test_a_weight(tmp_path: Path, weight: str, value: float) -> None:
    own = f"{MINIMAL}key_points:\n  - behaviour: stays-calm\n    weight: {weight}\n"
    write_bank(tmp_path, {"a.yaml": own, "behaviours/b.yaml": SHARED_POINT})
    assert [point.weight for point in load_bank(tmp_path).questions[0].key_points] == [value]


def test_all_faults_are_told_and_the_first_one_is_raised(tmp_path: Path) -> None:
    write_bank(
        tmp_path,
        {"a.yaml": "question: b\nkeypoints: 1\n", "b.yaml": "a: [\n", "c.yaml": MINIMAL, "behaviours/d.yaml": "5\n"},
    )
    bank, faults = read_bank(tmp_path)
    assert [(fault.file, fault.line) for fault in faults] == [
        ("behaviours/d.yaml", 1),
        ("a.yaml", 1),
        ("a.yaml", 2),
        ("b.yaml", 2),
    ]
    assert [question.id for question in bank.questions] == ["own-question"]
    with pytest.raises(BankError, match=r"^behaviours/d\.yaml line 1: .*\n\(3 more: evaluator bank check\)$"):
        load_bank(tmp_path)
    assert list(completeness_faults(bank, tmp_path)) == []  # files that cannot be read are told once


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: folder / "none", r"none: no such folder\. Check --bank\. A bank is a folder of question files"),
        (lambda folder: write_bank(folder, {"a.yaml": MINIMAL}) / "a.yaml", r"Give the folder, not a file\."),
        (lambda folder: folder, r"no question \(\*\.yaml\) in this folder\. See: evaluator bank new"),
        (lambda folder: write_bank(folder, {"behaviours/b.yaml": SHARED_POINT}), r"no question \(\*\.yaml\)"),
    ],
    ids=["missing", "file", "empty", "behaviours only"],
)
def test_a_folder_that_is_no_bank(tmp_path: Path, make: object, message: str) -> None:
    with pytest.raises(BankError, match=message):
        load_bank(make(tmp_path))  # type: ignore[operator]


# Gaps: the bank can be used, but judges worse


def complete_question(**changes: str) -> str:
    """Return a whole question; ``changes`` replace the parts of that name."""
    statements = "".join(f"\n      - {{}} {word}." for word in "one two three four five six seven eight".split())
    points = "".join(
        f'\n  - id: p{n}\n    label: does {n}\n    weight: {1 + n % 3}\n    sources: ["a-b#1"]'
        f"\n    affirm:{statements.format(*[f'I do {n}'] * 8)}\n    deny:{statements.format(*[f'I skip {n}'] * 8)}"
        for n in range(6)
    )
    flags = "".join(
        f"\n  - id: f{n}\n    label: breaks {n}\n    statements:"
        + "".join(f"\n      - I break {n} {m}." for m in range(6))
        for n in range(3)
    )
    parts = {
        "key_points": points,
        "red_flags": flags,
        "model_answers": "\n  - I do it all.\n  - I do all of it.",
        "anchors": "\n  1: bad\n  3: fair\n  5: superb",
    } | changes
    return "id: whole\nquestion: Why?\n" + "".join(f"{name}:{text}\n" for name, text in parts.items() if text)


def test_a_whole_question_has_no_gaps(tmp_path: Path) -> None:
    assert gaps(write_bank(tmp_path, {"whole.yaml": complete_question()})) == []


GAPS = [
    (lambda text: text.replace("      - I do 1 three.\n", ""), "line {}: 7 affirm statements; write at least 8, in varied voices."),
    (lambda text: text.replace("      - I skip 2 one.\n", ""), "line {}: 7 deny statements; write at least 8, in varied voices."),
    (lambda text: text.replace("      - I break 1 4.\n", ""), "line {}: 5 statements; write at least 6, in varied voices."),
    (lambda text: text.replace("I skip 3 two.", "I do 3 two!"), "line {}: the same statement stands in whole.yaml line {}. Keep one."),
    (lambda text: text.replace("I break 2 3.", "i  do 5 -- two"), "line {}: the same statement stands in whole.yaml line {}. Keep one."),
    (lambda text: re.sub(r"\n    deny:(\n      - I skip 4 \w+\.){8}", "", text), "line {}: p4: no deny statements; write at least 8."),
    (lambda text: text.replace('    sources: ["a-b#1"]\n', "", 1), "line {}: p0: no source. Name a digest point, or `field: <public standard>`."),
    (lambda text: re.sub(r"weight: \d", "weight: 2", text), "line 3: all weights are equal. Say which points are essential (3) or helpful (1)."),
    (lambda text: text.replace("weight: 3", "weight: 10", 1).replace("weight: 3", "weight: 1"), "line 3: one key point outweighs all others together. Lower its weight."),
    (lambda text: re.sub(r"\n  3: fair", "", text), "line {}: no anchor text for level 3. Describe an answer at that level."),
    (lambda text: text.replace("\n  - I do all of it.", ""), "line {}: 1 model_answers; a question has 2 to 4."),
    (lambda text: re.sub(r"\n  - id: f2(.|\n)*(?=\nmodel)", "", text), "line {}: 2 red_flags; a question has 3 to 8."),
    (lambda text: re.sub(r"\n  - id: p5(.|\n)*(?=\nred_flags)", "", text), "line {}: 5 key_points; a question has 6 to 12."),
]  # fmt: skip


@pytest.mark.parametrize(("change", "expected"), GAPS, ids=[row[1][9:40] for row in GAPS])
def test_a_gap_names_file_line_and_cure(tmp_path: Path, change: object, expected: str) -> None:
    text = complete_question()
    changed = change(text)  # type: ignore[operator]
    assert changed != text
    faults = gaps(write_bank(tmp_path, {"whole.yaml": changed}))
    pattern = re.escape("whole.yaml " + expected).replace(r"\{\}", r"(\d+)")
    assert len(faults) == 1
    match = re.fullmatch(pattern, faults[0])
    assert match, faults[0]
    lines = changed.splitlines()
    if "same statement" in expected:
        there, here = lines[int(match[2]) - 1], lines[int(match[1]) - 1]
        plain = [re.sub(r"\W+", " ", line).strip().lower() for line in (there, here)]
        assert plain[0] == plain[1]


def test_a_gap_of_a_shared_behaviour_is_told_at_its_own_file(tmp_path: Path) -> None:
    """A behaviour and a question may have the same file name."""
    own = MINIMAL + "key_points:\n  - behaviour: stays-calm\n"
    write_bank(
        tmp_path,
        {"stays-calm.yaml": own, "behaviours/stays-calm.yaml": SHARED_POINT.replace("deny: [I lose my temper.]\n", "")},
    )
    faults = gaps(tmp_path)
    assert "behaviours/stays-calm.yaml line 4: 1 affirm statements; write at least 8, in varied voices." in faults
    assert "behaviours/stays-calm.yaml line 1: no deny statements; write at least 8." in faults
    assert "stays-calm.yaml line 5: 1 key_points; a question has 6 to 12." in faults


def test_sources_are_named_with_file_and_line(tmp_path: Path) -> None:
    own = (
        MINIMAL
        + 'key_points:\n  - behaviour: stays-calm\n  - id: x\n    label: y\n    affirm: [z]\n    sources: ["field: AAA"]\n'
    )
    write_bank(tmp_path, {"a.yaml": own, "behaviours/b.yaml": SHARED_POINT, "c.yaml": "- broken"})
    assert list(source_references(tmp_path)) == [
        ("a.yaml", 10, "field: AAA"),
        ("behaviours/b.yaml", 6, "pharmacy-video#7"),
    ]


# Digest and lookup


def test_equal_banks_have_equal_digests_whatever_their_comments(tmp_path: Path) -> None:
    plain = load_bank(write_bank(tmp_path, {"a.yaml": MINIMAL}))
    noted = load_bank(
        write_bank(tmp_path, {"a.yaml": "# mine\n" + MINIMAL.replace("question: Why", "question:   Why") + "\n# end\n"})
    )
    other = load_bank(write_bank(tmp_path, {"a.yaml": MINIMAL.replace("every day", "each day")}))
    assert plain.digest == noted.digest == bank_digest(plain.questions)
    assert re.fullmatch(r"[0-9a-f]{64}", plain.digest)
    assert other.digest != plain.digest


@pytest.fixture(scope="module")
def shipped() -> Bank:
    return load_bank()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("rude-customer", "rude-customer"),
        (" rude-customer ", "rude-customer"),
        ("Rude customer", "rude-customer"),
        ("How do you handle a rude customer?", "rude-customer"),
        ("how do you  handle a RUDE customer", "rude-customer"),
        ("A customer’s card or check is declined at the pick-up counter. How do you handle it?", "payment-declined"),
        ("rude-custmer", None),
        ("", None),
        ("   ", None),
        ("???", None),
        ("customer", None),
    ],
)
def test_a_question_is_found_by_id_or_text(shipped: Bank, name: str, expected: str | None) -> None:
    found = match_question(shipped, name)
    assert (found.id if found else None) == expected


def test_a_name_without_words_finds_no_question_without_words(tmp_path: Path) -> None:
    bank = load_bank(write_bank(tmp_path, {"a.yaml": MINIMAL.replace("Why do you want to work here?", "'???'")}))
    assert match_question(bank, "") is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("rude-custmer", "rude-customer"),
        ("work_under_presure", "work-under-pressure"),
        ("zzz", None),
        ("", None),
        ("x" * 50_000, None),
    ],
)
def test_the_nearest_id(shipped: Bank, name: str, expected: str | None) -> None:
    assert nearest_question_id(shipped, name) == expected


# The bank that ships: design, section 4

QUESTIONS = {
    "rude-customer": "How do you handle a rude customer?",
    "angry-prescription-not-ready": "A customer is angry because the prescription they called in two days ago is not ready. What do you do?",
    "insurance-refusal": "You have to tell a customer that their insurance will not cover a refill because it is ten days early, and they are about to leave on a cruise. How do you handle it?",
    "payment-declined": "A customer's card or check is declined at the pick-up counter. How do you handle it?",
    "out-of-stock": "A customer comes late in the evening for blood pressure medicine and it is out of stock; nobody called them. What do you do?",
    "abusive-customer": "A customer starts swearing at you and you feel it could turn threatening. What do you do?",
    "cannot-be-satisfied": "How do you deal with a customer who will not be satisfied no matter what you do?",
    "cultural-differences": "A customer from a different culture expresses anger in a way you are not used to. How do you respond?",
    "phone-complaint": "An upset customer calls to complain and you cannot solve the problem during the call. What do you do?",
    "supervisor-escalation": "When do you involve your supervisor in a customer problem, and when not?",
    "work-under-pressure": "How do you work under pressure at a busy pharmacy?",
    "technician-role": "How is the role of the pharmacy technician changing, and why do you want to be part of it?",
}  # fmt: skip


def test_the_shipped_bank_has_no_fault() -> None:
    bank, faults = read_bank(shipped_bank_path())
    assert faults == []
    assert list(completeness_faults(bank, shipped_bank_path())) == []


def test_the_shipped_questions_have_these_texts(shipped: Bank) -> None:
    assert {question.id: question.text for question in shipped.questions} == QUESTIONS


@pytest.mark.parametrize("question_id", QUESTIONS)
def test_a_shipped_question_is_whole(shipped: Bank, question_id: str) -> None:
    """The counts of the design, taken from what was loaded rather than from what the checker says."""
    question = shipped.find(question_id)
    assert question is not None
    assert not question.derived
    assert 6 <= len(question.key_points) <= 12
    assert 3 <= len(question.red_flags) <= 8
    assert 2 <= len(question.model_answers) <= 4
    assert set(question.anchors) >= {1, 3, 5}
    for point in question.key_points:
        assert len(point.affirm) >= 8
        assert len(point.deny) >= 8
        assert point.sources
        assert point.advice
        assert point.why
        assert not {text.lower() for text in point.affirm} & {text.lower() for text in point.deny}
    for flag in question.red_flags:
        assert len(flag.statements) >= 6
        assert flag.safe
    repeated = Counter(
        text.lower()
        for behaviour in (*question.key_points, *question.red_flags)
        for text in (
            behaviour.affirm + behaviour.deny if hasattr(behaviour, "deny") else behaviour.statements + behaviour.safe
        )
    )
    assert repeated.most_common(1)[0][1] == 1


def test_every_source_of_the_shipped_bank_exists() -> None:
    points = set()
    for path in (ROOT / "seeds").glob("*.md"):
        text = path.read_text(encoding="utf-8")
        name = re.search(r"^id: (\S+)$", text, re.MULTILINE)
        if name:
            points |= {f"{name[1]}#{number}" for number in re.findall(r"^(\d+)\. \S", text, re.MULTILINE)}
    assert len(points) > 50
    found = list(source_references(shipped_bank_path()))
    assert len(found) > 100
    for file, line, source in found:
        known = source in points or re.match(r"field: \w.{9,}", source)
        assert known, str(Fault(file, line, f"no source {source!r}", False))
