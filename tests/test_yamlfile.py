"""YAML with the line of every value, and a fault with line and cure for everything that is not plain data."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.errors import EvaluatorError
from evaluator.yamlfile import MAX_BYTES, MAX_DEPTH, YamlFault, parse_yaml, read_yaml


@pytest.fixture
def written(tmp_path: Path) -> Path:
    return tmp_path / "question.yaml"


@pytest.mark.parametrize(
    ("raw", "data"),
    [
        (b"a: 1\nb:\n  - x\n", {"a": 1, "b": ["x"]}),
        (b"\xef\xbb\xbfa: 1\n", {"a": 1}),
        (b"a: 1\r\nb: 2\r\n", {"a": 1, "b": 2}),
        (b"", None),
        (b"# only a comment\n", None),
        (b"- 1\n- 2\n", [1, 2]),
        (b"word\n", "word"),
        ("a: caf\u00e9 \U0001f600\n".encode(), {"a": "caf\u00e9 \U0001f600"}),
        (b"a: |\n  two\n  lines\n", {"a": "two\nlines\n"}),
        (b"a: yes\nb: ~\nc: 1.5\n", {"a": True, "b": None, "c": 1.5}),
        (b"a: &lt; b\n".replace(b"&lt;", b"x & y *"), {"a": "x & y * b"}),
        (b"[" * MAX_DEPTH + b"]" * MAX_DEPTH, None),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_plain_data(written: Path, raw: bytes, data: object) -> None:
    written.write_bytes(raw)
    found = read_yaml(written).data
    if raw.startswith(b"[["):
        for _ in range(MAX_DEPTH - 1):
            (found,) = found
        assert found == []
    else:
        assert found == data


@pytest.mark.parametrize(
    ("raw", "line", "message"),
    [
        (b"a: 1\nb: &x [1]\n", 2, "anchors, aliases and tags are not allowed. Write the value out."),
        (b"a: 1\n\nb: *x\n", 3, "anchors, aliases and tags are not allowed. Write the value out."),
        (b"a: !!python/object/apply:os.system [ls]\n", 1, "anchors, aliases and tags are not allowed."),
        (b"a: 1\nb: !env X\n", 2, "anchors, aliases and tags are not allowed."),
        (b"a: 1\nb: 2\na: 3\n", 3, "'a' is given twice. Remove one."),
        (b"list:\n  - b: 1\n    b: 2\n", 3, "'b' is given twice. Remove one."),
        (b"1: a\n1: b\n", 2, "1 is given twice. Remove one."),
        (b"a: 1\nb: caf\xe9\n", 2, "the file is not UTF-8 text. Save it as UTF-8."),
        ("a: 1\n".encode("utf-16"), 1, "the file is not UTF-8 text. Save it as UTF-8."),
        (b"a:\n  b: 1\n c: 2\n", 3, "Check quotes and indentation."),
        (b"a:\n\t- b\n", 2, "Check quotes and indentation."),
        (b"a: 1\nb: c: d\n", 2, "Check quotes and indentation."),
        (b'a: 1\nb: "never closed\n', 3, "Check quotes and indentation."),
        (b"a: 1\n---\nb: 2\n", 2, "found another document"),
        (b"a: 1\nb: @x\n", 2, "Check quotes and indentation."),
        (b"a: 1\nb: x\x00y\n", 2, "character #x0000 is not allowed here. Remove it."),
        (b"a: \xc3\xa9\nb: x\x07y\n", 2, "character #x0007 is not allowed here. Remove it."),
        (b"a: 1\n? [b]\n: 2\n", 2, "a key must be a plain word. Remove the brackets."),
        (b"a: 1\n? {b: c}\n: 2\n", 2, "a key must be a plain word. Remove the brackets."),
        (b"a: 1\n<<: {b: 1}\n", 2, "not valid YAML"),
        (b"a: 1\nb: 2024-13-45\n", 2, "'2024-13-45' looks like a number or a date, and is none. Put it in quotes."),
        (b"a: 1\nb: 0x_\n", 2, "'0x_' looks like a number or a date, and is none. Put it in quotes."),
        (b"a: 1\n2024-13-45: b\n", 2, "Put it in quotes."),
        (b"a: " + b"9" * 5000, 1, "Put it in quotes."),
        (b"a: 1\nb: " + b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), 2, "nested too deeply."),
        # Deep enough to crash the process if the parser were let loose on it.
        (b"[" * 200_000 + b"]" * 200_000, 1, "nested too deeply."),
        (b"{a: " * 50_000, 1, "nested too deeply."),
        (b"- " * 50_000 + b"a", 1, "nested too deeply."),
        (b"a: " + b"x" * MAX_BYTES, 1, "the file is larger than 2 MB. Split it."),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_faults_say_where_and_what_to_do(written: Path, raw: bytes, line: int, message: str) -> None:
    written.write_bytes(raw)
    with pytest.raises(YamlFault) as caught:
        read_yaml(written)
    assert caught.value.line == line
    assert message in caught.value.message
    assert str(caught.value) == f"question.yaml line {line}: {caught.value.message}"
    assert isinstance(caught.value, EvaluatorError)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(YamlFault, match=r"none\.yaml line 1: cannot be read \(No such file"):
        read_yaml(tmp_path / "none.yaml")


LINES = """id: x

points:
  - id: a
    affirm:
      - one
      - "two"
  - id: b
flow: [1, {deep: 2}]
"""


@pytest.mark.parametrize(
    ("location", "line"),
    [
        ((), 1),
        (("id",), 1),
        (("points",), 3),
        (("points", 0), 4),
        (("points", 0, "affirm"), 5),
        (("points", 0, "affirm", 1), 7),
        (("points", 1, "id"), 8),
        (("flow", 1, "deep"), 9),
        # What is missing stands where it should have been: at the nearest value around it.
        (("points", 1, "label"), 8),
        (("points", 1, "label", 4, "x"), 8),
        (("points", 7), 3),
        (("nothing",), 1),
    ],
)
def test_every_value_knows_its_line(location: tuple[str | int, ...], line: int) -> None:
    assert parse_yaml(LINES, Path("x.yaml")).line(location) == line


def test_lines_count_from_where_the_text_starts_in_its_file() -> None:
    found = parse_yaml("a: 1\nb:\n  - 2\n", Path("x.md"), first_line=2)
    assert (found.line(("b",)), found.line(("b", 0))) == (3, 4)
    with pytest.raises(YamlFault, match=r"x\.md line 3: anchors"):
        parse_yaml("a: 1\nb: &x 2\n", Path("x.md"), first_line=2)
    with pytest.raises(YamlFault, match=r"x\.md line 3: 'a' is given twice"):
        parse_yaml("a: 1\na: 2\n", Path("x.md"), first_line=2)


@given(st.one_of(st.text(max_size=80), st.text(alphabet="ab:-[]{},&*!|>'\"#% \n\t0x_<?~", max_size=60)))
def test_any_text_is_read_or_is_a_fault(text: str) -> None:
    try:
        parse_yaml(text, Path("x.yaml"))
    except YamlFault as fault:
        assert 1 <= fault.line <= len(text.splitlines()) + 1
        assert fault.message.endswith(".")
