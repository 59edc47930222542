"""The bytes of a policy file as a tree: JSON, or TOML, which has comments. Both say the same.

A JSON object begins with a brace and a TOML document never does, so the bytes tell which it is.
"""

from __future__ import annotations

import json
import tomllib
from datetime import time
from typing import Any

from emon.limits import POLICY_BYTES_MAX
from emon.model.order import Fault


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


def _json(text: str) -> tuple[Any, tuple[Fault, ...]]:
    faults: list[Fault] = []

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        seen: dict[str, Any] = {}
        for name, value in pairs:
            if name in seen:  # of two routes for one party the first would vanish unseen
                faults.append(Fault("", f"member {name!r} stands twice in one object"))
            seen[name] = value
        return seen

    try:
        tree = json.loads(text, object_pairs_hook=members)
    except (ValueError, RecursionError) as fault:
        return None, (Fault("", f"not JSON: {fault}"),)
    return tree, tuple(faults)


def _toml(text: str) -> tuple[Any, tuple[Fault, ...]]:
    try:
        return _plain(tomllib.loads(text)), ()
    except (tomllib.TOMLDecodeError, RecursionError) as fault:
        return None, (Fault("", f"neither JSON nor TOML: {fault}"),)


def _plain(value: Any) -> Any:
    """TOML has local times of its own; everywhere else they are text."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, time) else value
