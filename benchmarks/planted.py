"""Devices that drive into a ban of their own at known instants, beside whatever else is sent."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from typing import Any

from simulator.load_plan import centre_of
from simulator.movement import shifted
from simulator.mqtt import Link

RADIUS_M = 300.0
_FROM_EDGE_M, _STEP_M, _WANDER_M = 30.0, 60.0, 2.5  # a car in a town: 15 m/s
_EVERY_S = 4.0  # a device's budget
_BEFORE, _AFTER = 5, 5  # fixes outside, and inside
LEAD_S = _BEFORE * _EVERY_S
TAIL_S = (_AFTER - 1) * _EVERY_S


def name_of(number: int) -> str:
    return f"planted-{number:05d}"


def order_of(number: int) -> dict[str, Any]:
    """A ban for one device of high risk."""
    name = name_of(number)
    zone = {"type": "Circle", "center": list(centre_of(number)), "radius_m": RADIUS_M}
    return {
        "id": f"o-{name}",
        "version": 1,
        "wearer": f"w-{name}",
        "device": name,
        "legal_basis": "gedragsaanwijzing",
        "risk": "high",
        "valid_from": "2026-01-01T00:00:00Z",
        "conditions": [{"id": "c-1", "kind": "exclusion", "zone": zone}],
    }


class Planted:
    """``sent_us``: when each fix was handed to the connection, by device and sequence number."""

    def __init__(self, link: Link, numbers: Sequence[int]) -> None:
        self.sent_us: dict[tuple[str, int], int] = {}
        self._link = link
        self._numbers = numbers

    async def walk(self, first_s: float, span_s: float) -> None:
        """Each is inside at an instant of its own, in ``span_s`` seconds from ``first_s`` on (wall clock)."""
        dues = sorted(
            (first_s + place * span_s / len(self._numbers) + (turn - _BEFORE) * _EVERY_S, number, turn)
            for place, number in enumerate(self._numbers)
            for turn in range(_BEFORE + _AFTER)
        )
        for due_s, number, turn in dues:
            await asyncio.sleep(max(0.0, due_s - time.time()))
            self._send(number, turn)

    def _send(self, number: int, turn: int) -> None:
        east_m = RADIUS_M + _FROM_EDGE_M + _STEP_M * (_BEFORE - 1 - turn)
        lon, lat = shifted(centre_of(number), east_m, _WANDER_M * (turn % 7 - 3) / 3.0)
        name, now_us = name_of(number), time.time_ns() // 1_000
        self.sent_us[(name, turn + 1)] = now_us
        fix = {"seq": turn + 1, "t": now_us // 1_000, "lat": round(lat, 7), "lon": round(lon, 7), "acc": 10.0}
        self._link.publish(f"emon/v1/{name}/fix", json.dumps(fix).encode())
