"""Small worlds for the engine's tests: positions in metres around a zone near Rotterdam."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from typing import Any

from emon.engine import Message
from emon.ingest.decode import decode
from emon.model.instant import SECOND_US, parse_instant
from emon.model.order import OrderVersion
from emon.orders.document import parse_document
from emon.replay import Received

LON, LAT = 4.48, 51.92
M_PER_DEG_LON = 111_320.0 * math.cos(math.radians(LAT))
NOON_US = parse_instant("2026-06-01T12:00:00Z")


def circle_order(**changes: Any) -> dict[str, Any]:
    """An order with one circle of 200 m; ``changes`` replace its members."""
    order: dict[str, Any] = {
        "id": "o-1",
        "version": 1,
        "wearer": "w-1",
        "device": "d-1",
        "legal_basis": "gedragsaanwijzing",
        "valid_from": "2026-05-01T00:00:00Z",
        "conditions": [
            {
                "id": "c-1",
                "kind": "exclusion",
                "zone": {"type": "Circle", "center": [LON, LAT], "radius_m": 200},
            }
        ],
    }
    return {**order, **changes}


def versions(*orders: dict[str, Any]) -> tuple[OrderVersion, ...]:
    return parse_document(json.dumps({"orders": orders}).encode(), armed_at_us=None)


def fix_at(
    east_m: float,
    at_s: float,
    *,
    device: str = "d-1",
    accuracy_m: float = 10.0,
    received_s: float | None = None,
    seq: int | None = None,
) -> Received:
    """A fix so many metres east of the zone's centre, so many seconds after noon."""
    fixed_at_us = NOON_US + round(at_s * SECOND_US)
    payload = {
        "seq": round(at_s * 10) + 1_000_000 if seq is None else seq,
        "t": fixed_at_us // 1000,
        "lat": LAT,
        "lon": LON + east_m / M_PER_DEG_LON,
        "acc": accuracy_m,
    }
    return received(
        device, payload, fixed_at_us if received_s is None else NOON_US + round(received_s * SECOND_US)
    )


def received(device: str, payload: dict[str, Any], received_at_us: int) -> Received:
    topic = f"emon/v1/{device}/fix"
    return Received(received_at_us, Message(topic, decode(topic, json.dumps(payload).encode())))


def said(
    event: str,
    state: str,
    at_s: float,
    *,
    received_s: float | None = None,
    seq: int | None = None,
    device: str = "d-1",
) -> Received:
    """A device's word about itself, so many seconds after noon."""
    payload = {
        "event": event,
        "state": state,
        "seq": round(at_s) + 5_000 if seq is None else seq,
        "t": NOON_US // 1000 + round(at_s * 1000),
    }
    topic = f"emon/v1/{device}/event"
    received_at_us = NOON_US + round((at_s if received_s is None else received_s) * SECOND_US)
    return Received(received_at_us, Message(topic, decode(topic, json.dumps(payload).encode())))


def recorded(lines: Iterable[dict[str, Any]]) -> list[Received]:
    """FIXES lines of the contract (fixes only)."""
    found = []
    for line in lines:
        payload = {k: v for k, v in line.items() if k not in ("device", "received_at")}
        found.append(received(line["device"], payload, parse_instant(line.get("received_at", line["t"]))))
    return found


WITHOUT_A_FIX = ("silence", "no_position", "outage", "order_without_device")
"""What is told because nothing comes: it has tests of its own, and is left out of all others."""


def shown(lines: Sequence[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """Breaches, or the alerts that something received led to."""
    return [line for line in lines if line["type"] == kind and line.get("event") not in WITHOUT_A_FIX]
