"""Documents of orders: bytes in, immutable versions out, or every fault by its path.

Two steps. Reading checks a document member by member and makes its canonical tree: refs
resolved, instants in UTC, numbers in one spelling, the shorthand ``device`` written out, absent
and default members left out, ``armed_at`` taken off. Building makes an ``OrderVersion`` of such a
tree, and needs no check. ``OrderVersion.source`` is the tree's bytes: two documents that mean the
same give the same bytes, however they spell it, so arming one twice changes nothing, within one document
either (contract, section 2: "with another content is refused").
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from emon.limits import CONTACT_RADIUS_DEFAULT_M
from emon.model.instant import parse_instant
from emon.model.order import Condition, DeviceUse, Fault, OrderVersion, Owner, Zone
from emon.model.vocabulary import Kind, LegalBasis, Party, Risk
from emon.orders.members import Faults, items_of, members_of
from emon.orders.read_order import Library, read_library, read_order
from emon.orders.read_schedule import build_intervals, build_schedule
from emon.orders.read_zone import build_zone, read_zone
from emon.orders.tree import DocumentRefused, read_tree, write_canonical

__all__ = [
    "KIND_CHANGED",
    "DocumentRefused",
    "each_once",
    "parse_document",
    "parse_zone",
    "version_from_source",
]

KIND_CHANGED = 'condition "{}" is of kind {} in another version of the order: give the new one its own id'


def parse_document(data: bytes, *, armed_at_us: int | None = None) -> tuple[OrderVersion, ...]:
    """The orders of one document (contract, section 2), in its order; a version that stands there again with
    the same content comes again (``each_once``).

    ``armed_at_us``: the instant of arming in microseconds UTC, whatever the document says; None,
    as replay and import have it, reads ``armed_at`` and takes ``valid_from`` where it is absent.

    Raises ``DocumentRefused`` with every fault by its path; nothing of it is to be armed then.
    """
    faults = Faults()
    members = members_of(read_tree(data), "", faults)
    if members is None:
        raise DocumentRefused(tuple(faults.found))
    library = members.optional("zones", read_library) or {}

    def read_orders(value: object, path: str, faults: Faults) -> list[dict[str, Any]]:
        return _read_orders(value, path, faults, library)

    trees = members.required("orders", read_orders) or []
    members.close()
    if faults.found:
        raise DocumentRefused(tuple(faults.found))
    return tuple(_arm(tree, armed_at_us) for tree in trees)


def each_once(versions: Sequence[OrderVersion]) -> tuple[OrderVersion, ...]:
    """A document's versions without those that say again what stands in it already. Of several instants of
    arming the earliest counts: to arm a version again changes nothing."""
    found: dict[tuple[str, int], OrderVersion] = {}
    for version in versions:
        key = (version.id, version.version)
        if key not in found or version.armed_at_us < found[key].armed_at_us:
            found[key] = version
    return tuple(found.values())


def parse_zone(data: bytes) -> Zone:
    """The one zone of a file (contract, section 5: ZONE). Raises ``DocumentRefused``."""
    faults = Faults()
    tree = read_zone(read_tree(data), "", faults)
    if tree is None:
        raise DocumentRefused(tuple(faults.found))
    return build_zone(tree)


def version_from_source(source: bytes, *, armed_at_us: int) -> OrderVersion:
    """The version that a stored ``source`` stands for, armed at ``armed_at_us``.

    Made for what ``parse_document`` made and nobody touched since: its content is not checked
    again. Raises ``DocumentRefused`` where it is damaged.
    """
    try:
        return _build_version(json.loads(source), source, armed_at_us)
    except (ValueError, KeyError, TypeError, AttributeError) as fault:
        message = f"the stored order is damaged ({type(fault).__name__}: {fault})"
        raise DocumentRefused((Fault("", message),)) from fault


def _read_orders(value: object, path: str, faults: Faults, library: Library) -> list[dict[str, Any]]:
    items = items_of(value, path, faults) or []
    read = [read_order(item, f"{path}[{i}]", faults, library) for i, item in enumerate(items)]
    seen: dict[tuple[object, object], tuple[int, dict[str, Any]]] = {}
    _check_kinds(read, path, faults)
    for i, tree in enumerate(read):
        if tree is None or "id" not in tree or "version" not in tree:
            continue
        content = {name: value for name, value in tree.items() if name != "armed_at"}
        first, stands = seen.setdefault((tree["id"], tree["version"]), (i, content))
        if content != stands:
            faults.add(
                f"{path}[{i}].version",
                f'order "{tree["id"]}" version {tree["version"]} stands at {path}[{first}] already with '
                "another content; versions never change: a variation or a withdrawal is a new version",
            )
    return [tree for tree in read if tree is not None]


def _check_kinds(read: Sequence[dict[str, Any] | None], path: str, faults: Faults) -> None:
    """A condition keeps its kind through all versions: a breach carried on must stay what it is."""
    kinds: dict[tuple[object, object], object] = {}
    for i, tree in enumerate(read):
        for j, condition in enumerate((tree or {}).get("conditions") or ()):
            kind = condition.get("kind") if condition else None
            if tree is None or kind is None:
                continue
            first = kinds.setdefault((tree.get("id"), condition.get("id")), kind)
            if first != kind:
                faults.add(f"{path}[{i}].conditions[{j}].kind", KIND_CHANGED.format(condition["id"], first))


def _arm(tree: dict[str, Any], armed_at_us: int | None) -> OrderVersion:
    content = dict(tree)
    said = content.pop("armed_at", content["valid_from"])
    at_us = parse_instant(said) if armed_at_us is None else armed_at_us
    return _build_version(content, write_canonical(content), at_us)


# --- building -----------------------------------------------------------------------------------
def _build_version(tree: dict[str, Any], source: bytes, armed_at_us: int) -> OrderVersion:
    owner = tree.get("owner")
    return OrderVersion(
        id=tree["id"],
        version=tree["version"],
        wearer=tree["wearer"],
        legal_basis=LegalBasis(tree["legal_basis"]),
        valid_from_us=parse_instant(tree["valid_from"]),
        conditions=tuple(_build_condition(condition) for condition in tree["conditions"]),
        armed_at_us=armed_at_us,
        devices=tuple(_build_device(device) for device in tree.get("devices", ())),
        valid_until_us=_instant_or_none(tree.get("valid_until")),
        withdrawn_at_us=_instant_or_none(tree.get("withdrawn_at")),
        risk=Risk(tree.get("risk", Risk.MEDIUM)),
        owner=Owner(Party(owner["party"]), owner["name"], owner.get("contact", "")) if owner else None,
        protected_person=tree.get("protected_person"),
        suspensions=build_intervals(tree.get("suspensions", ())),
        source=source,
    )


def _build_condition(tree: dict[str, Any]) -> Condition:
    kind, zone, schedule = Kind(tree["kind"]), tree.get("zone"), tree.get("schedule")
    return Condition(
        id=tree["id"],
        kind=kind,
        zone=build_zone(zone) if zone is not None else None,
        buffer_m=float(tree.get("buffer_m", 0)),
        secret=tree.get("secret", False),
        schedule=build_schedule(schedule) if schedule is not None else None,
        victim_device=tree.get("victim_device"),
        radius_m=float(tree.get("radius_m", CONTACT_RADIUS_DEFAULT_M)) if kind is Kind.CONTACT else 0.0,
    )


def _build_device(tree: dict[str, Any]) -> DeviceUse:
    return DeviceUse(
        device=tree["id"],
        from_us=_instant_or_none(tree.get("from")),
        until_us=_instant_or_none(tree.get("until")),
        plan_s=tree.get("plan_s"),
    )


def _instant_or_none(text: str | None) -> int | None:
    return None if text is None else parse_instant(text)
