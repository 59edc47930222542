"""The orders of a scenario: named places put in, and held to the form of the wire.

All four kinds of condition can be written, whatever the engine of the day judges: a scenario states what
is due, and is no better for an engine that fails it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from emon.model.order import Fault, OrderVersion
from emon.model.vocabulary import Kind
from emon.orders.document import DocumentRefused, parse_document
from simulator import relative
from simulator.movement import Point
from simulator.reading import Reading


def read_orders(top: Reading, places: Mapping[str, Point]) -> dict[str, Any]:
    """The document with each named place as its point."""
    orders: dict[str, Any] = {"orders": _placed(top.items("orders", required=True), "orders", top, places)}
    if top.has("zones"):
        orders["zones"] = _placed(top.get("zones"), "zones", top, places)
    return orders


def _placed(value: Any, path: str, top: Reading, places: Mapping[str, Point]) -> Any:
    if isinstance(value, list):
        return [_placed(item, f"{path}[{n}]", top, places) for n, item in enumerate(value)]
    if not isinstance(value, Mapping):
        return value
    found = {key: _placed(item, f"{path}.{key}", top, places) for key, item in value.items()}
    if isinstance(found.get("center"), str):
        name = found["center"]
        if name in places:
            found["center"] = list(places[name])
        else:
            known = f"; known are {', '.join(places)}" if places else ""
            top.refuse(f"{path}.center", f"no place {name!r}{known}")
            found["center"] = [0.0, 0.0]
    return found


def versions_of(orders: Mapping[str, Any], start_us: int) -> tuple[OrderVersion, ...]:
    """The versions as the core reads them, each condition as its zone alone.

    A home is read as an area, and a contact condition as a circle of its radius around nowhere: both only so
    that zone and schedule are those of the core. Raises ``DocumentRefused``.
    """
    document = relative.absolute(orders, start_us)
    for order in document["orders"]:
        if isinstance(order, dict) and isinstance(order.get("conditions"), list):
            order["conditions"] = [_as_area(each) for each in order["conditions"]]
    return parse_document(json.dumps(document).encode(), armed_at_us=None)


def _as_area(condition: Any) -> Any:
    if not isinstance(condition, dict):
        return condition
    if condition.get("kind") == Kind.INCLUSION:
        return {**condition, "kind": Kind.EXCLUSION.value}
    if condition.get("kind") == Kind.CONTACT:
        kept = {name: value for name, value in condition.items() if name not in ("victim_device", "radius_m")}
        circle = {"type": "Circle", "center": [0.0, 0.0], "radius_m": condition.get("radius_m")}
        return {**kept, "kind": Kind.EXCLUSION.value, "zone": circle}
    return condition


def check_orders(orders: Mapping[str, Any], start_us: int, faults: list[Fault]) -> tuple[OrderVersion, ...]:
    """The versions, or none and every fault by its path."""
    try:
        return versions_of(orders, start_us)
    except DocumentRefused as refused:
        faults.extend(_as_written(fault, orders) for fault in refused.faults)
    except (ValueError, KeyError, OSError, TypeError, AttributeError) as fault:
        faults.append(Fault("orders", f"cannot be resolved: {fault}"))
    return ()


def _as_written(fault: Fault, orders: Mapping[str, Any]) -> Fault:
    """A fault of a contact condition's radius is at its own member."""
    if ".zone.radius_m" in fault.path:
        head = fault.path.split(".zone.radius_m")[0]
        for number, order in enumerate(orders["orders"]):
            for place, condition in enumerate(_listed(order.get("conditions"))):
                path = f"orders[{number}].conditions[{place}]"
                if path == head and condition.get("kind") == Kind.CONTACT:
                    return Fault(f"{head}.radius_m", fault.message)
    return fault


def check_references(orders: Mapping[str, Any], devices: Mapping[str, str], top: Reading) -> None:
    """Orders speak of people and devices that the scenario has; ``devices`` are wearer -> device."""
    known = set(devices.values())
    for number, order in enumerate(orders["orders"]):
        if not isinstance(order, Mapping):
            continue
        place = f"orders[{number}]"
        if relative.is_offset(order.get("id")):
            top.refuse(f"{place}.id", f"{order['id']} is a time; an id must be none")
        wearer, device = order.get("wearer"), order.get("device")
        own = devices.get(wearer) if isinstance(wearer, str) else None
        if own is None:
            top.refuse(f"{place}.wearer", f"{wearer} is no wearer of this scenario")
        elif device is not None and device != own:
            strange = not isinstance(device, str) or device not in known
            why = "is no device of this scenario" if strange else f"is not the device of {wearer}"
            top.refuse(f"{place}.device", f"{device} {why}")
        for row, condition in enumerate(_listed(order.get("conditions"))):
            if isinstance(condition, Mapping) and condition.get("kind") == Kind.CONTACT:
                victim = condition.get("victim_device")
                if victim is not None and (not isinstance(victim, str) or victim not in known):
                    path = f"{place}.conditions[{row}].victim_device"
                    top.refuse(path, f"{victim} is no device of this scenario")


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def conditions_of(orders: Mapping[str, Any]) -> dict[str, tuple[str, dict[str, str]]]:
    """Order -> (wearer, condition -> kind), over all versions."""
    found: dict[str, tuple[str, dict[str, str]]] = {}
    for order in orders["orders"]:
        if isinstance(order, Mapping):
            listed = _listed(order.get("conditions"))
            kinds = {str(e.get("id")): str(e.get("kind")) for e in listed if isinstance(e, Mapping)}
            _, before = found.get(str(order.get("id")), ("", {}))
            found[str(order.get("id"))] = (str(order.get("wearer")), {**before, **kinds})
    return found
