"""An explanation's file back to the case it holds. Every fault is named by its place."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import msgspec

from emon.explanation.case import Case, in_event_time
from emon.explanation.document import FORMAT, HASH, Document
from emon.ingest.decode import decode
from emon.ingest.topics import Channel, topic_for
from emon.limits import EXPLANATION_BYTES_MAX
from emon.model.fix import Fix, KeptEvent
from emon.model.instant import parse_instant
from emon.model.order import Fault, OrderVersion
from emon.model.vocabulary import Mark
from emon.orders.document import each_once, parse_document
from emon.orders.members import (
    Faults,
    Members,
    check_device_id,
    check_id,
    check_instant,
    items_of,
    kind_of,
    members_of,
    one_of,
)
from emon.orders.tree import DocumentRefused, JsonObject, JsonValue, read_tree, write_canonical
from emon.policies.reader import PolicyRefused, policy_of

_DERIVED = ("emon", "sentence", "alerts", "rule", "grounds", "decisions", "edges", "parameters")


class Explanation(msgspec.Struct, frozen=True):
    """A file as read: the case to judge again, and all that the file says about it."""

    case: Case
    document: Document


def read_explanation(data: bytes) -> Explanation:
    """Raises ``DocumentRefused`` with every fault where the file is no explanation."""
    tree = read_tree(data, bytes_max=EXPLANATION_BYTES_MAX)
    try:
        write_canonical(tree)
    except (ValueError, RecursionError):
        message = (
            "holds NaN, an infinity, half a surrogate pair or too deep a nesting: it has no canonical form"
        )
        raise DocumentRefused((Fault("", message),)) from None
    faults = Faults()
    members = members_of(tree, "", faults)
    if members is None:
        raise DocumentRefused(tuple(faults.found))
    members.required("format", one_of([FORMAT]))
    if faults.found:  # of another format no member can be called wrong
        raise DocumentRefused(tuple(faults.found))
    read = _Reader(members, faults)
    case = read.case()
    if faults.found or case is None:
        raise DocumentRefused(tuple(faults.found))
    assert isinstance(tree, dict)
    return Explanation(case, tree)


class _Reader:
    def __init__(self, members: Members, faults: Faults) -> None:
        self._members = members
        self._faults = faults

    def case(self) -> Case | None:
        members = self._members
        verdict = members.required("verdict", _verdict)
        until = members.required("until", check_instant)
        days = members.required("incursion_days", _days)
        policy = members.required("rules", _rules)
        versions = members.required("orders", _versions)
        fixes = members.required("fixes", _fixes)
        motions = members.optional("motions", _motions)
        members.required(HASH, _text)
        for name in _DERIVED:
            members.required(name, _anything)
        members.close()
        if verdict is None or until is None or days is None or policy is None:
            return None
        if versions is None or fixes is None:
            return None
        self._check_once(fixes)
        return Case(
            order=verdict["order"],
            condition=verdict["condition"],
            breach_id=verdict["id"],
            versions=versions,
            fixes=in_event_time(fixes),
            until_us=parse_instant(until),
            policy=policy,
            incursion_days=tuple(days),
            motions=tuple(motions or ()),
        )

    def _check_once(self, fixes: list[Fix]) -> None:
        seen: dict[tuple[str, int, int], int] = {}
        for i, fix in enumerate(fixes):
            first = seen.setdefault(fix.wire.key, i)
            if first != i:
                self._faults.add(f"fixes[{i}].fix", f"the fix of fixes[{first}] again")


def _anything(value: object, path: str, faults: Faults) -> object:
    return value


def _text(value: object, path: str, faults: Faults) -> str | None:
    if isinstance(value, str):
        return value
    faults.add(path, f"must be text, not {kind_of(value)}")
    return None


def _verdict(value: object, path: str, faults: Faults) -> dict[str, str] | None:
    members = members_of(value, path, faults)
    if members is None:
        return None
    found = {name: members.required(name, check_id) for name in ("id", "order", "condition")}
    return None if None in found.values() else {k: str(v) for k, v in found.items()}


def _days(value: object, path: str, faults: Faults) -> list[int] | None:
    items = items_of(value, path, faults)
    days = []
    for i, item in enumerate(items or []):
        try:
            days.append(date.fromisoformat(str(item)).toordinal())
        except ValueError:
            faults.add(f"{path}[{i}]", f"must be a day such as 2026-06-01, not {kind_of(item)}")
    return None if items is None else sorted(days)


def _rules(value: object, path: str, faults: Faults) -> Any:
    """A policy written out whole; files of older versions hold the outcomes of its rows by their names."""
    whole = isinstance(value, dict) and "rows" in value
    try:
        return policy_of(value if whole else {"rules": value})
    except PolicyRefused as refused:
        for fault in refused.faults:
            faults.add(f"{path}.{fault.path}" if whole else fault.path, fault.message)
    return None


def _versions(value: object, path: str, faults: Faults) -> tuple[OrderVersion, ...] | None:
    items = items_of(value, path, faults, at_least=1)
    if items is None:
        return None
    try:
        return each_once(parse_document(json.dumps({"orders": items}).encode()))
    except DocumentRefused as refused:
        for fault in refused.faults:
            faults.add(fault.path, fault.message)
    return None


def _fixes(value: object, path: str, faults: Faults) -> list[Fix] | None:
    items = items_of(value, path, faults)
    if items is None:
        return None
    read = [_fix(item, f"{path}[{i}]", faults) for i, item in enumerate(items)]
    return [fix for fix in read if fix is not None]


def _fix(value: object, path: str, faults: Faults) -> Fix | None:
    members = members_of(value, path, faults)
    if members is None:
        return None
    device = members.required("device", check_device_id)
    received_at = members.required("received_at", check_instant)
    mark = members.required("mark", one_of(Mark))
    content = members.required("fix", _object)
    for name in ("version", "holds", "distance_m", "probability", "side"):
        members.optional(name, _anything)
    members.close()
    if device is None or received_at is None or mark is None or content is None:
        return None
    decoded = decode(topic_for(Channel.FIX, device), json.dumps(content, ensure_ascii=False).encode())
    for rejection in decoded.rejections:
        place = f".{rejection.place}" if rejection.place else ""
        faults.add(f"{path}.fix{place}", f"{rejection.reason}: {rejection.detail}")
    if not decoded.fixes:
        return None
    return Fix(decoded.fixes[0], parse_instant(received_at), Mark(mark))


def _motions(value: object, path: str, faults: Faults) -> list[KeptEvent] | None:
    items = items_of(value, path, faults)
    if items is None:
        return None
    read = [_motion(item, f"{path}[{i}]", faults) for i, item in enumerate(items)]
    return [one for one in read if one is not None]


def _motion(value: object, path: str, faults: Faults) -> KeptEvent | None:
    members = members_of(value, path, faults)
    if members is None:
        return None
    device = members.required("device", check_device_id)
    received_at = members.required("received_at", check_instant)
    content = members.required("event", _object)
    members.close()
    if device is None or received_at is None or content is None:
        return None
    decoded = decode(topic_for(Channel.EVENT, device), json.dumps(content, ensure_ascii=False).encode())
    for rejection in decoded.rejections:
        place = f".{rejection.place}" if rejection.place else ""
        faults.add(f"{path}.event{place}", f"{rejection.reason}: {rejection.detail}")
    return KeptEvent(decoded.events[0], parse_instant(received_at)) if decoded.events else None


def _object(value: object, path: str, faults: Faults) -> JsonValue:
    if not isinstance(value, JsonObject):
        faults.add(path, f"must be an object, not {kind_of(value)}")
        return None
    return value


__all__ = ["DocumentRefused", "Explanation", "Fault", "read_explanation"]
