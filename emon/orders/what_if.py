"""What orders would have raised over past fixes: put them in force for the question, count the answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from emon.limits import HOME_NIGHT_HOURS, WHAT_IF_FIRST_ALERTS, WHAT_IF_HINT_MIN, WHAT_IF_SHALLOW_M
from emon.model.instant import DAY_US, format_instant, parse_instant, to_datetime
from emon.model.lines import Line
from emon.model.order import DeviceUse, Fault, OrderVersion
from emon.timezones import load_timezone

_TZ = "Europe/Amsterdam"


def as_if_in_force(
    versions: Sequence[OrderVersion], from_us: int, to_us: int
) -> tuple[tuple[OrderVersion, ...], tuple[Fault, ...]]:
    """The highest version of each order, put in force from ``from_us`` where it begins later, and what
    was changed for that. A device of which no use lies before ``to_us`` counts as worn.

    Schedules, exceptions, suspensions and ends stay on their dates.
    """
    highest: dict[str, tuple[int, OrderVersion]] = {}
    for i, version in enumerate(versions):
        if version.id not in highest or highest[version.id][1].version < version.version:
            highest[version.id] = (i, version)
    asked: list[OrderVersion] = []
    notes: list[Fault] = []
    for i, version in sorted(highest.values(), key=lambda item: item[0]):
        path = f"orders[{i}]"
        if version.valid_from_us > from_us:
            notes.append(Fault(f"{path}.valid_from", f"taken as {format_instant(from_us)} for this question"))
            version = replace(version, valid_from_us=from_us)
        if version.devices and not any(
            use.from_us is None or use.from_us <= to_us for use in version.devices
        ):
            first = min(version.devices, key=lambda use: use.from_us or 0)
            notes.append(Fault(f"{path}.devices", f"{first.device} taken as worn for this question"))
            version = replace(version, devices=(DeviceUse(first.device, None, first.until_us, first.plan_s),))
        asked.append(replace(version, armed_at_us=from_us))
        ends_us = version.ends_at_us
        if ends_us is not None and ends_us <= from_us:
            notes.append(Fault(path, "had ended before these fixes: nothing of it is judged"))
    return tuple(asked), tuple(notes)


def summary(lines: Sequence[Line], from_us: int, to_us: int, notes: Sequence[Fault]) -> dict[str, Any]:
    """Counts by day, event and recipient, the first alerts, and hints at false ones; plain values.

    ``lines`` as a replay prints them. Days are local ones of Europe/Amsterdam.
    """
    alerts = [line for line in lines if line["type"] == "alert"]
    breaches = [line for line in lines if line["type"] == "breach"]
    days = max(1.0, (to_us - from_us) / DAY_US)
    by_day: dict[str, list[Line]] = {}
    for alert in alerts:
        by_day.setdefault(_local_day(str(alert["at"])), []).append(alert)
    return {
        "from": format_instant(from_us),
        "to": format_instant(to_us),
        "days": round(days, 2),
        "assumed": [{"path": note.path, "message": note.message} for note in notes],
        "alerts": len(alerts),
        "by_event": _counts(alerts),
        "by_day": {day: _counts(told) for day, told in sorted(by_day.items())},
        "first": alerts[:WHAT_IF_FIRST_ALERTS],
        "hints": hints(breaches, alerts, days),
    }


def hints(breaches: Sequence[Line], alerts: Sequence[Line], days: float) -> list[str]:
    """What looks like a receiver rather than a wearer, condition by condition."""
    told = {str(alert["breach"]) for alert in alerts}
    found: list[str] = []
    for name, own in sorted(_by_condition(breaches).items()):
        own = [breach for breach in own if str(breach["id"]) in told]
        stays = [breach for breach in own if breach["how"] != "reachable"]
        shallow = [breach for breach in stays if _number(breach["deepest_m"]) <= WHAT_IF_SHALLOW_M]
        if len(shallow) >= WHAT_IF_HINT_MIN and 2 * len(shallow) >= len(stays):
            nightly = sum(_at_night(str(breach["opened_at"])) for breach in shallow)
            found.append(
                f"{name}: {len(shallow)} of {len(stays)} breaches stay within {WHAT_IF_SHALLOW_M:.0f} m of "
                f"the edge, {nightly} of them between midnight and five: it looks like drift; move the edge "
                f"or expect {_a_week(len(shallow), days)} a week"
            )
        gaps = [breach for breach in own if breach["how"] == "reachable"]
        if len(gaps) >= WHAT_IF_HINT_MIN:
            found.append(
                f"{name}: {len(gaps)} possible incursions in gaps between fixes, "
                f"{_a_week(len(gaps), days)} a week: the device is often unseen within reach of the ban"
            )
    for name, own in sorted(_by_condition(alerts).items()):
        near = [alert for alert in own if alert["event"] == "approach"]
        if len(near) >= WHAT_IF_HINT_MIN * max(1.0, days / 7):
            found.append(
                f"{name}: {len(near)} approaches, {_a_week(len(near), days)} a week: daily ways lead by the "
                "ban; make its buffer smaller"
            )
    silent = Counter(str(alert["device"]) for alert in alerts if alert["event"] == "silence")
    for device, count in sorted(silent.items()):
        if count >= WHAT_IF_HINT_MIN * max(1.0, days / 7):
            found.append(
                f"{device}: {count} silences, {_a_week(count, days)} a week: it sends less often than its "
                "plan; give the plan_s that it keeps"
            )
    return found


def _counts(alerts: Sequence[Line]) -> dict[str, dict[str, int]]:
    """How many alerts of each event, in all and by recipient."""
    counts: dict[str, Counter[str]] = {}
    for alert in alerts:
        count = counts.setdefault(str(alert["event"]), Counter())
        recipients = alert["recipients"]
        assert isinstance(recipients, list)
        count.update(["all", *recipients])
    return {event: dict(sorted(count.items())) for event, count in sorted(counts.items())}


def _by_condition(lines: Sequence[Line]) -> Mapping[str, list[Line]]:
    found: dict[str, list[Line]] = {}
    for line in lines:
        if line["order"] is not None:
            found.setdefault(f"{line['order']}/{line['condition']}", []).append(line)
    return found


def _a_week(count: int, days: float) -> str:
    rate = 7 * count / days
    return f"{rate:.0f}" if rate >= 10 else f"{rate:.2g}"


def _number(value: object) -> float:
    assert isinstance(value, float | int)
    return float(value)


def _at_night(at: str) -> bool:
    local = to_datetime(parse_instant(at)).astimezone(load_timezone(_TZ))
    return HOME_NIGHT_HOURS[0] <= local.hour < HOME_NIGHT_HOURS[1]


def _local_day(at: str) -> str:
    return to_datetime(parse_instant(at)).astimezone(load_timezone(_TZ)).date().isoformat()
