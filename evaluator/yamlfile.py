"""Reads the YAML subset that banks and digests use, and remembers the line of every value."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from evaluator.errors import EvaluatorError

MAX_BYTES = 2_000_000
"""Largest YAML file that is read: twenty times the largest question of the shipped bank."""

MAX_DEPTH = 40
"""Deepest nesting that is read: a bank needs six. The C parser recurses, and a deep file would crash the process."""

_OPENING = (
    yaml.BlockMappingStartToken,
    yaml.BlockSequenceStartToken,
    yaml.FlowMappingStartToken,
    yaml.FlowSequenceStartToken,
)
_CLOSING = (yaml.BlockEndToken, yaml.FlowMappingEndToken, yaml.FlowSequenceEndToken)
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Path_ = tuple[str | int, ...]


class YamlFault(EvaluatorError):
    """A YAML file that cannot be read: says where and what to do."""

    def __init__(self, path: Path, line: int, message: str) -> None:
        super().__init__(f"{path.name} line {line}: {message}")
        self.line = line
        self.message = message


@dataclass(frozen=True, slots=True)
class YamlFile:
    """The content of a YAML file and where in the file each value stands."""

    path: Path
    data: Any
    lines: dict[Path_, int]

    def line(self, location: Path_) -> int:
        """Return the line of a value, or of the nearest value around it."""
        while location not in self.lines and location:
            location = location[:-1]
        return self.lines.get(location, 1)


def read_yaml(path: Path) -> YamlFile:
    """Read one YAML document made of mappings, lists and plain values.

    Raises:
        YamlFault: bad syntax, wrong encoding, a duplicate key, an anchor or alias, a tag, more than 2 MB.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise YamlFault(path, 1, f"the file is larger than {MAX_BYTES // 1_000_000} MB. Split it.")
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = 1 + error.object[: error.start].count(b"\n")
        raise YamlFault(path, line, "the file is not UTF-8 text. Save it as UTF-8.") from error
    except OSError as error:
        raise YamlFault(path, 1, f"cannot be read ({error.strerror}).") from error
    return parse_yaml(text, path)


def parse_yaml(text: str, path: Path, first_line: int = 1) -> YamlFile:
    """Read YAML from ``text``, which starts at ``first_line`` of ``path``. Raises as ``read_yaml``."""
    loader = _Loader(text)
    try:
        depth = 0
        for token in yaml.scan(text, Loader=_Loader):
            line = token.start_mark.line + first_line
            if isinstance(token, (yaml.AnchorToken, yaml.AliasToken, yaml.TagToken)):
                raise YamlFault(path, line, "anchors, aliases and tags are not allowed. Write the value out.")
            depth += isinstance(token, _OPENING) - isinstance(token, _CLOSING)
            if depth > MAX_DEPTH:
                raise YamlFault(path, line, "nested too deeply. Write fewer lists within lists.")
        node = loader.get_single_node()
        lines: dict[Path_, int] = {}
        data = _build(loader, node, (), lines, path, first_line) if node is not None else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = (mark.line if mark else 0) + first_line
        raise YamlFault(path, line, f"not valid YAML: {error.problem}. Check quotes and indentation.") from error
    except yaml.reader.ReaderError as error:
        line = text.encode()[: error.position].count(b"\n") + first_line
        raise YamlFault(path, line, f"character #x{error.character:04x} is not allowed here. Remove it.") from error
    finally:
        loader.dispose()
    return YamlFile(path, data, lines)


def _build(loader: Any, node: Any, location: Path_, lines: dict[Path_, int], path: Path, first: int) -> Any:  # noqa: ANN401
    lines[location] = node.start_mark.line + first
    if isinstance(node, yaml.MappingNode):
        mapping: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + first
            if isinstance(key_node, yaml.CollectionNode):
                raise YamlFault(path, line, "a key must be a plain word. Remove the brackets.")
            key = _build(loader, key_node, (), {}, path, first)
            if key in mapping:
                raise YamlFault(path, line, f"{key!r} is given twice. Remove one.")
            mapping[key] = _build(loader, value_node, (*location, key), lines, path, first)
            lines[(*location, key)] = line
        return mapping
    if isinstance(node, yaml.SequenceNode):
        return [_build(loader, child, (*location, i), lines, path, first) for i, child in enumerate(node.value)]
    try:
        return loader.construct_object(node)
    except ValueError as error:
        message = f"{node.value[:40]!r} looks like a number or a date, and is none. Put it in quotes."
        raise YamlFault(path, node.start_mark.line + first, message) from error
