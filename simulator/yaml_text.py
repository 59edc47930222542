"""YAML as people mean it: text stays text, a key stands once, and every value knows its line."""

from __future__ import annotations

import re
from typing import Any

import yaml

from emon.model.order import Fault

_NUMBER = re.compile(r"[-+]?(?:0|[1-9]\d*)\Z")
_DECIMAL = re.compile(r"[-+]?\d+\.\d*(?:[eE][-+]?\d+)?\Z|[-+]?\d+[eE][-+]?\d+\Z")


class _Plain(yaml.SafeLoader):
    """YAML 1.1 reads 22:00 as 1320, a date as an object and ``on`` as true; none of it here."""


_Plain.yaml_implicit_resolvers = {}
_Plain.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"(?:true|false)\Z"), list("tf"))
_Plain.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"(?:~|null|)\Z"), ["~", "n", ""])
_Plain.add_implicit_resolver("tag:yaml.org,2002:int", _NUMBER, list("-+0123456789"))
_Plain.add_implicit_resolver("tag:yaml.org,2002:float", _DECIMAL, list("-+0123456789"))
_Plain.add_implicit_resolver("tag:yaml.org,2002:merge", re.compile(r"<<\Z"), ["<"])


class Text:
    """A parsed document: ``value`` and the line of every path."""

    def __init__(self, value: Any, lines: dict[str, int], faults: tuple[Fault, ...]) -> None:
        self.value = value
        self.faults = faults
        self._lines = lines

    def line_of(self, path: str) -> int | None:
        """The line of a path, or of its nearest parent that stands in the text."""
        while path and path not in self._lines:
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return self._lines.get(path)


def parse(data: bytes) -> Text:
    """Read one YAML document. A text that is no YAML has the value None and one fault."""
    try:
        loader = _Plain(data.decode())
        try:
            node = loader.get_single_node()
            if node is None:
                return Text(None, {}, (Fault("", "the file is empty"),))
            lines: dict[str, int] = {}
            faults: list[Fault] = []
            _walk(node, "", lines, faults)
            return Text(loader.construct_document(node), lines, tuple(faults))
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as fault:
        place = f"line {fault.problem_mark.line + 1}" if fault.problem_mark else ""
        return Text(None, {}, (Fault(place, f"not YAML: {fault.problem or fault}"),))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as fault:
        return Text(None, {}, (Fault("", f"not YAML in UTF-8: {fault}"),))


def _walk(node: yaml.Node, path: str, lines: dict[str, int], faults: list[Fault]) -> None:
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            _walk(item, f"{path}[{number}]", lines, faults)
    elif isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key_node, item in node.value:
            key = str(key_node.value)
            below = f"{path}.{key}" if path else key
            if key in seen:
                faults.append(Fault(below, "stands twice"))
            seen.add(key)
            _walk(item, below, lines, faults)
