"""Documents of orders as tests write them: a plain one, the contract's, and changes of them."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from emon.model.instant import format_instant
from emon.model.order import AreaZone, CircleZone, Condition, Interval, OrderVersion, Schedule, Zone
from emon.orders.document import DocumentRefused, parse_document
from emon.orders.read_schedule import DAYS

DATA = Path(__file__).parents[1] / "data"


def contract_document() -> dict[str, Any]:
    """The example of the contract, section 2, its dots filled in."""
    document: dict[str, Any] = json.loads((DATA / "orders_contract.json").read_text("utf-8"))
    return document


def full_document() -> dict[str, Any]:
    """The same without what this version does not judge: every member an order of places can have."""
    document = contract_document()
    conditions = document["orders"][0]["conditions"]
    document["orders"][0]["conditions"] = [c for c in conditions if c["kind"] != "contact"]
    return document


def plain_document() -> dict[str, Any]:
    """The least that can be armed: the contract's required members and one circle."""
    return {
        "orders": [
            {
                "id": "o-1",
                "version": 1,
                "wearer": "w-1",
                "legal_basis": "gedragsaanwijzing",
                "valid_from": "2026-05-01T00:00:00Z",
                "conditions": [
                    {
                        "id": "c-1",
                        "kind": "exclusion",
                        "zone": {"type": "Circle", "center": [4.48, 51.92], "radius_m": 300},
                    }
                ],
            }
        ]
    }


Step = str | int


def changed(document: dict[str, Any], place: tuple[Step, ...], value: Any) -> dict[str, Any]:
    """A copy with another value at a place; ``...`` takes the member or item away."""
    copied = copy.deepcopy(document)
    target: Any = copied
    for step in place[:-1]:
        target = target[step]
    if value is ...:
        del target[place[-1]]
    else:
        target[place[-1]] = value
    return copied


def encode(document: object) -> bytes:
    return json.dumps(document).encode()


def parse(document: object, armed_at_us: int | None = None) -> tuple[OrderVersion, ...]:
    return parse_document(encode(document), armed_at_us=armed_at_us)


def faults_of(document: object) -> dict[str, str]:
    """The faults by path; empty where the document can be armed."""
    data = document if isinstance(document, bytes) else encode(document)
    try:
        parse_document(data)
    except DocumentRefused as refused:
        return {fault.path: fault.message for fault in refused.faults}
    return {}


# --- from the model back to a document, written apart from the code under test ------------------
def document_of(*versions: OrderVersion) -> dict[str, Any]:
    return {"orders": [_order_tree(version) for version in versions]}


def _order_tree(version: OrderVersion) -> dict[str, Any]:
    return {
        "id": version.id,
        "version": version.version,
        "armed_at": format_instant(version.armed_at_us),
        "withdrawn_at": _instant(version.withdrawn_at_us),
        "wearer": version.wearer,
        "devices": [
            {
                "id": use.device,
                "from": _instant(use.from_us),
                "until": _instant(use.until_us),
                "plan_s": use.plan_s,
            }
            for use in version.devices
        ],
        "legal_basis": str(version.legal_basis),
        "risk": str(version.risk),
        "valid_from": format_instant(version.valid_from_us),
        "valid_until": _instant(version.valid_until_us),
        "owner": None
        if version.owner is None
        else {
            "party": str(version.owner.party),
            "name": version.owner.name,
            "contact": version.owner.contact,
        },
        "protected_person": version.protected_person,
        "suspensions": [_interval_tree(interval) for interval in version.suspensions],
        "conditions": [_condition_tree(condition) for condition in version.conditions],
    }


def _condition_tree(condition: Condition) -> dict[str, Any]:
    if condition.zone is None:
        return {
            "id": condition.id,
            "kind": str(condition.kind),
            "victim_device": condition.victim_device,
            "radius_m": condition.radius_m,
            "secret": condition.secret,
            "schedule": None if condition.schedule is None else _schedule_tree(condition.schedule),
        }
    return {
        "id": condition.id,
        "kind": str(condition.kind),
        "zone": _zone_tree(condition.zone),
        "buffer_m": condition.buffer_m,
        "secret": condition.secret,
        "schedule": None if condition.schedule is None else _schedule_tree(condition.schedule),
    }


def _zone_tree(zone: Zone) -> dict[str, Any]:
    if isinstance(zone, CircleZone):
        return {"type": "Circle", "center": list(zone.center), "radius_m": zone.radius_m}
    if isinstance(zone, AreaZone):
        return {"type": "MultiPolygon", "coordinates": zone.parts}
    return {"type": "Corridor", "coordinates": zone.line, "width_m": zone.width_m}


def _schedule_tree(schedule: Schedule) -> dict[str, Any]:
    return {
        "tz": schedule.tz,
        "windows": [
            {"days": [DAYS[day] for day in rule.days], "from": _time(rule.from_s), "to": _time(rule.to_s)}
            for rule in schedule.windows
        ],
        "except": [_interval_tree(interval) for interval in schedule.exceptions],
    }


def _interval_tree(interval: Interval) -> dict[str, Any]:
    return {
        "from": format_instant(interval.from_us),
        "to": format_instant(interval.to_us),
        "reason": interval.reason,
    }


def _instant(at_us: int | None) -> str | None:
    return None if at_us is None else format_instant(at_us)


def _time(second: int) -> str:
    return f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
