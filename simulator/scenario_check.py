"""Holds what an author wrote against the world he wrote it of: where people truly go, and when it counts.

Exact geometry and the calendar are asked of the engine's core, none of its judgement. A stay that the
truth claims must lie on somebody's way, as deep and as long; what is plainly wrong must be claimed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from emon.geofence import ZoneTable
from emon.geofence.schedule import holding_between, join
from emon.limits import PLAN_S
from emon.model.instant import SECOND_US
from emon.model.order import CircleZone, Condition, Fault, OrderVersion
from emon.model.vocabulary import Kind
from simulator.device import Sending, sendings
from simulator.faults.effects import with_faults
from simulator.limits import DUE_DEPTH_MIN_M, DUE_FIXES
from simulator.path import Path
from simulator.scenario import Recording, Scenario, Told, Wearer
from simulator.scenario_orders import conditions_of, versions_of
from simulator.scoring.facts import BUFFER, INSIDE, OUTSIDE, STAYS, Stay
from simulator.scoring.of_pair import Fixes, Side
from simulator.scoring.of_path import Contact, Watched, truth_of_path

EDGE_S = 90.0
"""An author's clock: by so much may a stay that he writes begin and end beside the true one."""
DEPTH_M, DEPTH_SHARE = 15.0, 0.2
_NO_FIXES = Fixes(np.empty(0), np.empty(0), np.empty(0))
Key = tuple[str, str]


class Claimed(NamedTuple):
    """A condition in one of its versions, and the seconds in which that version holds it."""

    version: OrderVersion
    condition: Condition
    kind: str
    spans: list[tuple[float, float]]


def true_stays(scenario: Scenario, start_us: int) -> list[Stay]:
    """Every stay on the wrong side while its condition holds, from where people truly are."""
    return _joined(_stays(scenario, start_us, {}))


def seen_stays(scenario: Scenario, start_us: int) -> list[Stay]:
    """The same, each with when the fixes that truly came showed it."""
    lived = with_faults(scenario)
    fixes = {wearer.id: _fixes_of(lived, wearer, start_us) for wearer in lived.wearers}
    return _stays(scenario, start_us, fixes)


def _fixes_of(lived: Scenario, wearer: Wearer, start_us: int) -> Fixes:
    """Of the device that he wears, whose way is his."""
    rows = [
        ((fix.fixed_at_us - start_us) / SECOND_US, _received_s(lived, message, start_us), fix.plain["acc"])
        for message in sendings(lived, wearer, start_us)
        for fix in message.fixes
    ]
    columns = np.array(sorted(set(rows)), np.float64).reshape(-1, 3)
    return Fixes(columns[:, 0], columns[:, 1], columns[:, 2])


def _received_s(lived: Scenario, message: Sending, start_us: int) -> float:
    at_s = (message.at_us - start_us) / SECOND_US
    return next((span.to_s for span in lived.service_stops if span.holds(at_s)), at_s)


def _stays(scenario: Scenario, start_us: int, fixes: Mapping[str, Fixes]) -> list[Stay]:
    lived = with_faults(scenario)
    people = {wearer.id: wearer for wearer in lived.wearers}
    victims = _victims(lived)
    found: list[Stay] = []
    for claimed in held_conditions(lived, start_us):
        wearer = people.get(claimed.version.wearer)
        if wearer is None or isinstance(wearer.receiver, Recording) or not claimed.spans:
            continue
        watched = _watched(claimed, victims.get((claimed.version.id, claimed.condition.id)), people, fixes)
        if watched is not None:
            path = _whole(wearer.movement.path(), scenario.duration_s)
            span_s = (0.0, scenario.duration_s)
            came = fixes.get(wearer.id, _NO_FIXES)
            facts = truth_of_path(wearer.id, path, [watched], came, span_s, start_us)
            found += [fact for fact in facts if isinstance(fact, Stay) and fact.active]
    return found


def held_conditions(scenario: Scenario, start_us: int) -> list[Claimed]:
    """Each version's conditions with when it is that version that holds them."""
    kinds = conditions_of(scenario.orders)
    end_us = start_us + round(scenario.duration_s * SECOND_US)
    versions: dict[str, list[OrderVersion]] = defaultdict(list)
    for version in versions_of(scenario.orders, start_us):
        versions[version.id].append(version)
    found: list[Claimed] = []
    for order, listed in versions.items():
        listed.sort(key=lambda each: each.version)
        for number, version in enumerate(listed):
            later = [max(each.armed_at_us, each.valid_from_us) for each in listed[number + 1 :]]
            from_us = max(start_us, version.armed_at_us, version.valid_from_us)
            to_us = min([end_us, *later])
            for condition in version.conditions:
                spans = holding_between(version, condition, from_us, to_us) if from_us < to_us else []
                kind = kinds[order][1].get(condition.id, "")
                if kind == Kind.CONTACT and version.suspensions:
                    # Read as an area above; a suspension does not lift a contact condition.
                    spans = [(from_us, min(to_us, version.ends_at_us or to_us))] if from_us < to_us else []
                seconds = [((a - start_us) / SECOND_US, (b - start_us) / SECOND_US) for a, b in join(spans)]
                found.append(Claimed(version, condition, kind, seconds))
    return found


def contradictions_of(scenario: Scenario, start_us: int) -> list[Fault]:
    """Every entry of ``truth`` that its own world contradicts, and what it leaves out."""
    assert scenario.truth is not None
    if any(isinstance(wearer.receiver, Recording) for wearer in scenario.wearers):
        return []
    stays = true_stays(scenario, start_us)
    faults: list[Fault] = []
    borne: set[int] = set()
    for number, told in enumerate(scenario.truth):
        if told.kind not in STAYS or told.kind == BUFFER or not told.active:
            continue
        near = [index for index, stay in enumerate(stays) if _is_of(stay, told, start_us)]
        borne.update(near)
        faults += _unlike(f"truth[{number}]", told, [stays[index] for index in near], scenario, start_us)
    for index, stay in enumerate(stays):
        if index not in borne and _plain(stay):
            from_s, to_s = ((at - start_us) / SECOND_US for at in (stay.from_us, stay.to_us))
            clock = scenario.calendar.clock
            message = (
                f"{stay.wearer} is {stay.kind} {stay.order}/{stay.condition} from {from_s:.0f} to "
                f"{to_s:.0f} s ({clock(from_s)} to {clock(to_s)}), {stay.deepest_m:.0f} m deep, and no entry "
                "says so"
            )
            faults.append(Fault("truth", message))
    return faults


def _unlike(path: str, told: Told, near: list[Stay], scenario: Scenario, start_us: int) -> list[Fault]:
    if not near:
        where = f"{told.wearer} is never {told.kind} {told.order}/{told.condition} then, while it holds"
        return [Fault(path, where)]
    from_s = (min(stay.from_us for stay in near) - start_us) / SECOND_US
    to_s = (max(stay.to_us for stay in near) - start_us) / SECOND_US
    deepest_m = max(stay.deepest_m for stay in near)
    faults: list[Fault] = []
    for member, claimed_s, true_s in (("from", told.from_s, from_s), ("to", told.to_s, to_s)):
        if abs(claimed_s - true_s) > EDGE_S:
            truly = f"truly {true_s:.0f} s ({scenario.calendar.clock(true_s)})"
            faults.append(Fault(f"{path}.{member}", f"is {claimed_s:.0f} s after the start, {truly}"))
    if abs(told.deepest_m - deepest_m) > max(DEPTH_M, DEPTH_SHARE * deepest_m):
        faults.append(Fault(f"{path}.deepest_m", f"is {told.deepest_m:g}, truly {deepest_m:.0f}"))
    return faults


def _is_of(stay: Stay, told: Told, start_us: int) -> bool:
    if (stay.kind, stay.order, stay.condition) != (told.kind, told.order, told.condition):
        return False
    from_us, to_us = (start_us + round(at * SECOND_US) for at in (told.from_s, told.to_s))
    return stay.from_us < to_us and from_us < stay.to_us


def _plain(stay: Stay) -> bool:
    """Deep and long enough that the plan's fixes would show it."""
    long_enough = stay.to_us - stay.from_us >= DUE_FIXES * PLAN_S * SECOND_US
    return long_enough and stay.deepest_m >= DUE_DEPTH_MIN_M


def _victims(scenario: Scenario) -> dict[Key, str]:
    """(order, contact condition) -> the protected person's device."""
    return {
        (str(order["id"]), str(condition["id"])): str(condition["victim_device"])
        for order in scenario.orders["orders"]
        for condition in order["conditions"]
        if condition.get("kind") == Kind.CONTACT and condition.get("victim_device")
    }


def _watched(
    claimed: Claimed, victim: str | None, people: Mapping[str, Wearer], fixes: Mapping[str, Fixes]
) -> Watched | Contact | None:
    order, condition = claimed.version.id, claimed.condition
    if claimed.kind == Kind.CONTACT:
        zone = condition.zone
        other = next((each for each in people.values() if each.device.id == victim), None)
        if other is None or not isinstance(zone, CircleZone):
            return None
        hers = Side(other.movement.path(), fixes.get(other.id, _NO_FIXES))
        return Contact(order, condition.id, hers, zone.radius_m, claimed.spans)
    if condition.zone is None:
        return None
    table = ZoneTable()
    index = table.add(condition.zone)
    kind = OUTSIDE if claimed.kind == Kind.INCLUSION else INSIDE
    return Watched(order, condition.id, kind, table, index, claimed.spans)


def _whole(path: Path, until_s: float) -> Path:
    """With a vertex at the scenario's end, where he stands on."""
    if path.t_s[-1] >= until_s:
        return path
    return Path(
        np.append(path.t_s, until_s),
        np.append(path.lon, path.lon[-1]),
        np.append(path.lat, path.lat[-1]),
        np.append(path.surroundings, path.surroundings[-1]),
    )


def _joined(stays: list[Stay]) -> list[Stay]:
    """Parts of one stay that only a change of version cut."""
    found: list[Stay] = []
    for stay in sorted(stays, key=lambda each: (each.order, each.condition, each.from_us)):
        last = found[-1] if found else None
        same = last is not None and (last.order, last.condition) == (stay.order, stay.condition)
        if last is not None and same and stay.from_us - last.to_us <= SECOND_US:
            deepest_m = max(last.deepest_m, stay.deepest_m)
            found[-1] = Stay(
                last.kind, last.wearer, last.order, last.condition, last.from_us, stay.to_us, deepest_m
            )
        else:
            found.append(stay)
    return found
