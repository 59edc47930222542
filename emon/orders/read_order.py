"""Orders and their conditions as they stand in a document."""

from __future__ import annotations

from typing import Any

from emon.limits import (
    BUFFER_MAX_M,
    CONTACT_RADIUS_DEFAULT_M,
    ORDER_VERSION_MAX,
    PLAN_MAX_S,
    PLAN_MIN_S,
    RADIUS_MAX_M,
)
from emon.model.vocabulary import Kind, LegalBasis, Party, Risk
from emon.orders.members import (
    Faults,
    Members,
    check_device_id,
    check_flag,
    check_id,
    check_instant,
    check_text,
    integer_between,
    items_of,
    members_of,
    number_between,
    one_of,
)
from emon.orders.read_schedule import check_order_of, read_schedule, read_suspensions
from emon.orders.read_zone import read_ref, read_zone
from emon.orders.tree import JsonObject, JsonValue

Library = dict[str, dict[str, JsonValue] | None]
"""The document's ``zones`` by id; None for one that is there but has faults of its own."""

_check_version = integer_between(1, ORDER_VERSION_MAX)
_check_plan = integer_between(PLAN_MIN_S, PLAN_MAX_S, " s")
_check_buffer = number_between(0, BUFFER_MAX_M, " m")
_check_radius = number_between(0, RADIUS_MAX_M, " m", above=True)
_check_basis = one_of(LegalBasis)
_check_risk = one_of(Risk)
_check_kind = one_of(Kind)
_check_party = one_of(Party)


def read_order(value: object, path: str, faults: Faults, library: Library) -> dict[str, Any] | None:
    """One order's version as the canonical tree holds it, its refs resolved.

    ``armed_at`` is part of the answer where the document has it; it is no part of the content.
    The answer is of use only where no fault was added.
    """
    members = members_of(value, path, faults)
    if members is None:
        return None
    tree: dict[str, Any] = {
        "id": members.required("id", check_id),
        "version": members.required("version", _check_version),
        "armed_at": members.optional("armed_at", check_instant),
        "withdrawn_at": members.optional("withdrawn_at", check_instant),
        "wearer": members.required("wearer", check_id),
        "devices": _read_device_or_devices(members, faults),
        "legal_basis": members.required("legal_basis", _check_basis),
        "risk": members.optional("risk", _check_risk),
        "valid_from": members.required("valid_from", check_instant),
        "valid_until": members.optional("valid_until", check_instant),
        "owner": members.optional("owner", _read_owner),
        "protected_person": members.optional("protected_person", check_id),
        "suspensions": members.optional("suspensions", read_suspensions) or None,
    }

    def read_conditions(value: object, path: str, faults: Faults) -> list[Any]:
        return _read_conditions(value, path, faults, library)

    tree["conditions"] = members.required("conditions", read_conditions)
    members.close()
    check_order_of(tree["valid_from"], tree["valid_until"], "valid_from", members.path("valid_until"), faults)
    if tree["risk"] == Risk.MEDIUM:
        tree["risk"] = None  # the default is not written, so that naming it changes nothing
    return {name: value for name, value in tree.items() if value is not None}


def read_library(value: object, path: str, faults: Faults) -> Library:
    """The document's ``zones``, each under its id."""
    library: Library = {}
    for i, item in enumerate(items_of(value, path, faults) or []):
        place = f"{path}[{i}]"
        members = members_of(item, place, faults)
        if members is None:
            continue
        zone_id = members.required("id", check_id)
        zone = members.required("zone", read_zone)
        members.close()
        if zone_id is None:
            continue
        if zone_id in library:
            faults.add(f"{place}.id", f'another zone has the id "{zone_id}"')
        library.setdefault(zone_id, zone)
    return library


def _read_device_or_devices(members: Members, faults: Faults) -> list[Any] | None:
    """``"device": "d-1"`` is short for one device for the whole time."""
    device = members.optional("device", check_device_id)
    devices = members.optional("devices", _read_devices)
    if members.has("device") and members.has("devices"):
        faults.add(members.path("device"), 'stands beside "devices": give one of the two')
    return [{"id": device}] if device is not None else devices or None


def _read_devices(value: object, path: str, faults: Faults) -> list[Any]:
    items = items_of(value, path, faults) or []
    return [_read_device(item, f"{path}[{i}]", faults) for i, item in enumerate(items)]


def _read_device(value: object, path: str, faults: Faults) -> dict[str, Any] | None:
    members = members_of(value, path, faults)
    if members is None:
        return None
    tree = {
        "id": members.required("id", check_device_id),
        "from": members.optional("from", check_instant),
        "until": members.optional("until", check_instant),
        "plan_s": members.optional("plan_s", _check_plan),
    }
    members.close()
    check_order_of(tree["from"], tree["until"], "from", members.path("until"), faults)
    return {name: value for name, value in tree.items() if value is not None}


def _read_owner(value: object, path: str, faults: Faults) -> dict[str, Any] | None:
    members = members_of(value, path, faults)
    if members is None:
        return None
    tree = {
        "party": members.required("party", _check_party),
        "name": members.required("name", check_text),
        "contact": members.optional("contact", check_text) or None,
    }
    members.close()
    return {name: value for name, value in tree.items() if value is not None}


# --- conditions ---------------------------------------------------------------------------------
def _read_conditions(value: object, path: str, faults: Faults, library: Library) -> list[Any]:
    items = items_of(value, path, faults, at_least=1) or []
    conditions = [_read_condition(item, f"{path}[{i}]", faults, library) for i, item in enumerate(items)]
    seen: set[object] = set()
    for i, condition in enumerate(conditions):
        condition_id = condition.get("id") if condition is not None else None
        if condition_id is not None and condition_id in seen:
            faults.add(f"{path}[{i}].id", f'another condition of this order has the id "{condition_id}"')
        seen.add(condition_id)
    return conditions


def _read_condition(value: object, path: str, faults: Faults, library: Library) -> dict[str, Any] | None:
    members = members_of(value, path, faults)
    if members is None:
        return None
    kind = members.required("kind", _check_kind)
    tree: dict[str, Any] = {
        "id": members.required("id", check_id),
        "kind": kind,
        "secret": members.optional("secret", check_flag) or None,
        "schedule": members.optional("schedule", read_schedule),
    }
    if kind == Kind.CONTACT:
        tree["victim_device"] = members.optional("victim_device", check_device_id)
        radius_m = members.optional("radius_m", _check_radius)
        # The default is not written, so that naming it changes nothing.
        tree["radius_m"] = None if radius_m == CONTACT_RADIUS_DEFAULT_M else radius_m
    if kind in (Kind.EXCLUSION, Kind.INCLUSION):

        def read_zone_or_ref(value: object, path: str, faults: Faults) -> dict[str, JsonValue] | None:
            return _read_zone_or_ref(value, path, faults, library)

        tree["zone"] = members.required("zone", read_zone_or_ref)
        tree["buffer_m"] = members.optional("buffer_m", _check_buffer) or None
    if kind is None:
        return {"id": tree["id"]}  # without its kind no member can be called unknown
    members.close()
    return {name: value for name, value in tree.items() if value is not None}


def _read_zone_or_ref(
    value: object, path: str, faults: Faults, library: Library
) -> dict[str, JsonValue] | None:
    if not isinstance(value, JsonObject) or "ref" not in value or "type" in value:
        return read_zone(value, path, faults)
    ref = read_ref(Members(value, path, faults))
    if ref is not None and ref not in library:
        known = f"; the document has {', '.join(sorted(library))}" if library else ""
        faults.add(f"{path}.ref", f'no zone "{ref}" in the document\'s "zones"{known}')
    return library.get(ref) if ref is not None else None
