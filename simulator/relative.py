"""Instants relative to a scenario's start, and the orders document they end up in.

In a scenario's orders every instant may be an offset such as ``+15s`` or ``-30d``; a schedule's
``from`` and ``to`` then become the local wall clock of that instant in the schedule's own zone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from emon.model.instant import SECOND_US, format_instant, to_datetime

_OFFSET = re.compile(r"([+-])(\d+(?:\.\d{1,6})?)(s|min|h|d)\Z")
_UNIT_US = {"s": SECOND_US, "min": 60 * SECOND_US, "h": 3_600 * SECOND_US, "d": 86_400 * SECOND_US}


def is_offset(value: object) -> bool:
    """Whether a value is written relative to the start."""
    return isinstance(value, str) and _OFFSET.match(value) is not None


def offset_us(text: str) -> int:
    """``+15s``, ``-2.5min``, ``+1h``, ``-30d`` in microseconds. Raises ``ValueError`` otherwise."""
    match = _OFFSET.match(text)
    if match is None:
        raise ValueError(f"not an offset such as +15s, -2min, +1h or -30d: {text[:32]!r}")
    sign, amount, unit = match.groups()
    whole, _, fraction = amount.partition(".")
    parts = int(whole) * 1_000_000 + int(fraction.ljust(6, "0") if fraction else 0)
    return (1 if sign == "+" else -1) * (parts * _UNIT_US[unit] // 1_000_000)


def require_whole_second(start_us: int) -> None:
    """A start falls on a whole second: schedules and OwnTracks phones know no fraction of one.

    Raises ``ValueError`` otherwise.
    """
    if start_us % SECOND_US:
        raise ValueError(f"a scenario starts on a whole second, not at {format_instant(start_us)}")


def absolute(orders: Mapping[str, Any], start_us: int) -> dict[str, Any]:
    """The orders document of a scenario that starts at ``start_us``, every offset resolved.

    Raises ``ValueError`` when the start is no whole second.
    """
    require_whole_second(start_us)
    return {key: _resolved(value, start_us, None) for key, value in orders.items()}


def document(orders: Mapping[str, Any], start_us: int) -> bytes:
    """The same as UTF-8 JSON, as ``emon arm`` and the API take it."""
    return json.dumps(absolute(orders, start_us), ensure_ascii=False, indent=1).encode()


def _resolved(value: Any, start_us: int, zone: str | None) -> Any:
    if isinstance(value, Mapping):
        return {key: _member(key, item, start_us, value, zone) for key, item in value.items()}
    if isinstance(value, list):
        return [_resolved(item, start_us, zone) for item in value]
    if isinstance(value, str) and is_offset(value):
        instant_us = start_us + offset_us(value)
        return format_instant(instant_us) if zone is None else _local_clock(instant_us, zone)
    return value


def _member(key: str, item: Any, start_us: int, owner: Mapping[str, Any], zone: str | None) -> Any:
    """A schedule's ``windows`` are local wall clock; everything else is an instant."""
    if key == "windows" and isinstance(owner.get("tz"), str):
        return _resolved(item, start_us, owner["tz"])
    return _resolved(item, start_us, zone)


def _local_clock(instant_us: int, zone: str) -> str:
    local = to_datetime(instant_us).astimezone(ZoneInfo(zone))
    if local.microsecond:
        local += timedelta(seconds=1) - timedelta(microseconds=local.microsecond)
    return local.strftime("%H:%M:%S")
