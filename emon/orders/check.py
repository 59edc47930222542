"""What is unwise in orders that can be armed: said before a wearer is judged by them.

None of it refuses an order. Each remark is a ``Fault`` in form, a path and a sentence, and the
remarks stand in the order of the document.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from emon.geofence.schedule import Stretch, holding_between, intersect, join, subtract
from emon.limits import (
    BEGUN_BEFORE_ARMING_MAX_S,
    BUFFER_WISE_MAX_M,
    CHECK_DAYS_MAX,
    CROSSING_GAP_MAX_S,
    PLAN_WISE_MIN_S,
    SUSPENSION_BY_ONE_MAX_S,
)
from emon.model.instant import DAY_US, SECOND_US, format_instant
from emon.model.order import Condition, DeviceUse, Fault, OrderVersion
from emon.model.vocabulary import Kind
from emon.orders.check_places import FOREVER_US, place_remarks, validity
from emon.orders.check_schedule import schedule_remarks
from emon.orders.check_zone import zone_remarks


def remarks_on(versions: Sequence[OrderVersion], *, now_us: int) -> tuple[Fault, ...]:
    """Everything unwise in the orders of one document.

    ``versions`` as ``parse_document`` returns them, in its order, so that paths are the
    document's own; ``now_us`` in microseconds UTC tells what is over.
    """
    remarks: list[Fault] = []
    for i, version in enumerate(versions):
        path = f"orders[{i}]"
        remarks += _order_remarks(version, path, now_us)
        remarks += _device_remarks(version, path)
        remarks += _suspension_remarks(version, path)
        for j, condition in enumerate(version.conditions):
            remarks += _condition_remarks(version, condition, f"{path}.conditions[{j}]")
            remarks += _contact_remarks(version, condition, f"{path}.conditions[{j}]")
        remarks += _repeated_conditions(version, path)
    remarks += _shared_devices(versions)
    remarks += _versions_of_one_order(versions)
    remarks += place_remarks(versions)
    again = _said_again(versions)
    others = (r for r in remarks if not any(_lies_in(r.path, repeat.path) for repeat in again))
    return (*others, *again)


def _said_again(versions: Sequence[OrderVersion]) -> list[Fault]:
    """Versions that stand in the document before, with the same content."""
    first: dict[tuple[str, int], int] = {}
    return [
        Fault(f"orders[{i}]", f"says the same as orders[{stands}], and counts once")
        for i, version in enumerate(versions)
        if (stands := first.setdefault((version.id, version.version), i)) != i
    ]


def _lies_in(path: str, order: str) -> bool:
    return path == order or path.startswith(f"{order}.")


def _looked_through(version: OrderVersion) -> Stretch:
    begin, end = validity(version)
    return begin, min(end, begin + CHECK_DAYS_MAX * DAY_US)


# --- the order ----------------------------------------------------------------------------------
def _order_remarks(version: OrderVersion, path: str, now_us: int) -> Iterable[Fault]:
    ends_at = version.ends_at_us
    if ends_at is not None and ends_at <= version.valid_from_us:
        yield Fault(f"{path}.withdrawn_at", "withdrawn before it begins: it is never in force")
    elif ends_at is not None and ends_at <= now_us:
        yield Fault(path, f"is over since {format_instant(ends_at)}")
    elif now_us - version.valid_from_us > BEGUN_BEFORE_ARMING_MAX_S * SECOND_US:
        days = (now_us - version.valid_from_us) // DAY_US
        yield Fault(
            f"{path}.valid_from",
            f"lies {days} days back: arming judges what is received from then on, and of the time before "
            "only what a device has stored and sends then",
        )
    if ends_at is None:
        yield Fault(f"{path}.valid_until", "missing: it is in force until a version withdraws it")
    if version.owner is None:
        yield Fault(f"{path}.owner", "missing: nobody is named as responsible for the case")


def _suspension_remarks(version: OrderVersion, path: str) -> Iterable[Fault]:
    trees = json.loads(version.source).get("suspensions", ())
    for i, (interval, tree) in enumerate(zip(version.suspensions, trees, strict=True)):
        place = f"{path}.suspensions[{i}]"
        if not intersect([validity(version)], [(interval.from_us, interval.to_us)]):
            yield Fault(place, "lies outside the order's validity and lifts nothing")
        names = len(set(tree.get("by", ())))
        if interval.to_us - interval.from_us > SUSPENSION_BY_ONE_MAX_S * SECOND_US and names < 2:
            hours = SUSPENSION_BY_ONE_MAX_S // 3600
            yield Fault(
                f"{place}.by", f"lasts longer than {hours} h and names {names} of the two who decide one"
            )
        if not interval.reason:
            yield Fault(f"{place}.reason", "missing")


# --- devices ------------------------------------------------------------------------------------
def _worn(version: OrderVersion, use: DeviceUse) -> list[Stretch]:
    """When a device is worn for an order that is in force."""
    begin = -FOREVER_US if use.from_us is None else use.from_us
    end = FOREVER_US if use.until_us is None else use.until_us
    return intersect(
        [validity(version)] if version.valid_from_us < validity(version)[1] else [], [(begin, end)]
    )


def _device_remarks(version: OrderVersion, path: str) -> Iterable[Fault]:
    if not version.devices:
        yield Fault(f"{path}.devices", "no device: the order is not electronically watched, only looked up")
        return
    worn = [_worn(version, use) for use in version.devices]
    for i, (use, stretches) in enumerate(zip(version.devices, worn, strict=True)):
        place = f"{path}.devices[{i}]"
        if not stretches:
            yield Fault(place, "is never worn while the order is in force")
        if use.plan_s is not None and use.plan_s < PLAN_WISE_MIN_S:
            yield Fault(
                f"{place}.plan_s",
                f"a fix each {use.plan_s} s empties a bracelet within hours; below {PLAN_WISE_MIN_S} s is "
                "for a pursuit, which a command asks for",
            )
        if use.plan_s is not None and use.plan_s > CROSSING_GAP_MAX_S:
            yield Fault(
                f"{place}.plan_s",
                f"with fixes {use.plan_s} s apart no path between two is ever judged as crossed "
                f"(at most {CROSSING_GAP_MAX_S} s)",
            )
        for k in range(i):
            both = intersect(stretches, worn[k])
            if both:
                other = version.devices[k].device
                yield Fault(
                    place, f"{use.device} and {other} are worn at the same time, from {_said(both[0][0])}"
                )
    everywhere = join(stretch for stretches in worn for stretch in stretches)
    begin, end = validity(version)
    if begin < end:
        for gap in subtract([(begin, end)], everywhere):
            yield Fault(f"{path}.devices", f"no device is worn from {_said(gap[0])} until {_said(gap[1])}")


def _shared_devices(versions: Sequence[OrderVersion]) -> Iterable[Fault]:
    """One device on two wearers at once: its fixes would be judged for both."""
    uses: dict[str, list[tuple[str, str, list[Stretch]]]] = {}
    for i, version in enumerate(versions):
        for k, use in enumerate(version.devices):
            place, worn = f"orders[{i}].devices[{k}]", _worn(version, use)
            for wearer, other_place, other_worn in uses.setdefault(use.device, []):
                both = intersect(worn, other_worn)
                if wearer != version.wearer and both:
                    yield Fault(
                        place,
                        f"{use.device} is on {version.wearer} and, by {other_place}, on {wearer} at the same "
                        f"time, from {_said(both[0][0])}",
                    )
                    break
            uses[use.device].append((version.wearer, place, worn))


# --- conditions ---------------------------------------------------------------------------------
def _in_parts(version: OrderVersion) -> frozenset[str]:
    """Conditions whose zone came as a MultiPolygon, which an area of one part does not show."""
    conditions = json.loads(version.source)["conditions"] if version.source else ()
    zones = {condition["id"]: condition.get("zone") or {} for condition in conditions}
    return frozenset(name for name, zone in zones.items() if zone.get("type") == "MultiPolygon")


def _condition_remarks(version: OrderVersion, condition: Condition, path: str) -> Iterable[Fault]:
    if condition.zone is not None:
        yield from zone_remarks(condition.zone, f"{path}.zone", parted=condition.id in _in_parts(version))
    if condition.buffer_m > 0 and condition.kind is Kind.INCLUSION:
        yield Fault(f"{path}.buffer_m", "is drawn on the map; a required place is not approached")
    if condition.buffer_m > BUFFER_WISE_MAX_M:
        yield Fault(
            f"{path}.buffer_m",
            f"{condition.buffer_m:.0f} m is more than {BUFFER_WISE_MAX_M:.0f} m: a ring so wide holds half "
            "a town, and each errand in it is an approach",
        )
    begin, end = _looked_through(version)
    if begin >= end:
        return
    if condition.schedule is not None:
        yield from schedule_remarks(condition.schedule, (begin, end), f"{path}.schedule")
    if not holding_between(version, condition, begin, end):
        yield Fault(
            path, f"never holds from {_said(begin)} until {_said(end)}: neither breach nor alert can come"
        )


def _contact_remarks(version: OrderVersion, condition: Condition, path: str) -> Iterable[Fault]:
    if condition.kind is not Kind.CONTACT:
        return
    device = condition.victim_device
    if device is None:
        yield Fault(f"{path}.victim_device", "missing: the contact is not electronically watched")
    elif any(use.device == device for use in version.devices):
        yield Fault(
            f"{path}.victim_device",
            f"{device} is the wearer's own, which is never near itself",
        )
    if condition.schedule is not None and condition.schedule.exceptions:
        yield Fault(f"{path}.schedule.except", "does not lift a contact condition: that goes on meanwhile")
    if version.suspensions and all(c.kind is Kind.CONTACT for c in version.conditions):
        yield Fault(path, "goes on while the order is suspended: suspensions lift no contact condition")


def _repeated_conditions(version: OrderVersion, path: str) -> Iterable[Fault]:
    seen: dict[tuple[object, ...], str] = {}
    for i, condition in enumerate(version.conditions):
        if condition.kind is Kind.CONTACT:
            continue
        content = (condition.kind, condition.zone, condition.schedule)
        first = seen.setdefault(content, condition.id)
        if first != condition.id:
            yield Fault(
                f"{path}.conditions[{i}]", f'says the same as condition "{first}": each breach comes twice'
            )


# --- several versions ---------------------------------------------------------------------------
def _versions_of_one_order(versions: Sequence[OrderVersion]) -> Iterable[Fault]:
    highest: dict[str, tuple[int, OrderVersion]] = {}
    for i, version in enumerate(versions):
        if version.id not in highest or highest[version.id][1].version < version.version:
            highest[version.id] = (i, version)
    for i, version in enumerate(versions):
        top_index, top = highest[version.id]
        if version.version == top.version:
            continue
        if version.wearer != top.wearer:
            yield Fault(
                f"orders[{top_index}].wearer",
                f"is {top.wearer}, but {version.wearer} in version {version.version} at orders[{i}]",
            )
        if validity(top)[1] < validity(version)[1]:
            yield Fault(
                f"orders[{top_index}]",
                f"ends at {_said(validity(top)[1])}; version {version.version}, which would last until "
                f"{_said(validity(version)[1])}, does not come back then",
            )


def _said(at_us: int) -> str:
    if at_us >= FOREVER_US:
        return "further notice"
    return format_instant(at_us)
