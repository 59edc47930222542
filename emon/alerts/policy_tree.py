"""The bytes of a policy file as a tree: JSON, or TOML, which has comments. Both say the same.

A JSON object begins with a brace and a TOML document never does, so the bytes tell which it is.
"""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from collections.abc import Iterator
from datetime import time
from typing import Any

from emon.limits import POLICY_BYTES_MAX
from emon.model.order import Fault

_TOO_DEEP = "nested too deeply; no policy needs more than some ten levels"


def read_policy_tree(source: bytes) -> tuple[Any, tuple[Fault, ...]]:
    """The tree and what is wrong with it; with a fault it is not to be used."""
    if len(source) > POLICY_BYTES_MAX:
        return None, (Fault("", f"{len(source)} bytes; at most {POLICY_BYTES_MAX} are read"),)
    try:
        text = source.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        return None, (Fault("", f"not UTF-8 at byte {fault.start}"),)
    if not text.strip():
        return None, (Fault("", "the file is empty"),)
    return _json(text) if text.lstrip().startswith("{") else _toml(text)


class _Object(dict[str, Any]):
    """An object that remembers which of its names stand twice: of two routes for one party the first would
    vanish unseen."""

    repeated: tuple[str, ...] = ()


def _json(text: str) -> tuple[Any, tuple[Fault, ...]]:
    try:
        tree = json.loads(text, object_pairs_hook=_object)
        return tree, tuple(_repeated(tree, ""))
    except json.JSONDecodeError as fault:
        place = f"line {fault.lineno}, column {fault.colno}"
        return None, (Fault("", f"not JSON at {place}: {fault.msg}"),)
    except ValueError as fault:  # a number of thousands of digits
        return None, (Fault("", f"not JSON: {fault}"),)
    except RecursionError:
        return None, (Fault("", _TOO_DEEP),)


def _object(pairs: list[tuple[str, Any]]) -> _Object:
    made = _Object(pairs)
    if len(made) != len(pairs):
        made.repeated = tuple(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
    return made


def _repeated(tree: Any, path: str) -> Iterator[Fault]:
    if isinstance(tree, _Object):
        for name in tree.repeated:
            yield Fault(f"{path}.{name}" if path else name, "occurs more than once in its object")
        for name, value in tree.items():
            yield from _repeated(value, f"{path}.{name}" if path else name)
    elif isinstance(tree, list):
        for i, value in enumerate(tree):
            yield from _repeated(value, f"{path}[{i}]")


def _toml(text: str) -> tuple[Any, tuple[Fault, ...]]:
    try:
        return _plain(tomllib.loads(text)), ()
    except ValueError as fault:  # also a number of thousands of digits
        other = "JSON, but no object" if _is_json(text) else f"neither JSON nor TOML: {fault}"
        return None, (Fault("", other),)
    except RecursionError:
        return None, (Fault("", _TOO_DEEP),)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _plain(value: Any) -> Any:
    """TOML has local times of its own; everywhere else they are text."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, time) else value
