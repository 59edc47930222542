"""What the faults of a scenario do to its devices and its orders."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from simulator.device_habits import Habits
from simulator.faults.kinds import FaultKind, ScenarioFault
from simulator.movement import Movement
from simulator.path import lengths_m, positions_at
from simulator.scenario import Blind, DevicePlan, Scenario, Wearer
from simulator.seeds import generator
from simulator.spans import Span, joined

_STEP_S = 5.0


def with_faults(scenario: Scenario) -> Scenario:
    """The scenario as its devices live it; the truth stays what it is. Without faults the same object."""
    if not scenario.faults:
        return scenario
    wearers = list(_swapped(scenario))
    stops: list[Span] = list(scenario.service_stops)
    orders: Mapping[str, Any] = scenario.orders
    for number, fault in enumerate(scenario.faults):
        if fault.kind is FaultKind.SERVICE_STOPPED:
            stops.append(fault.span)
        elif fault.kind is FaultKind.WRONG_TIME_ZONE:
            orders = _in_zone(orders, fault)
        else:
            wearers = [_touched(scenario, each, fault, number, wearers) for each in wearers]
    return replace(scenario, wearers=tuple(wearers), orders=orders, service_stops=joined(stops), faults=())


def _swapped(scenario: Scenario) -> Sequence[Wearer]:
    """Who wears the other's device moves the other's device."""
    ways: dict[str, Movement] = {}
    for fault in scenario.faults:
        if fault.kind is FaultKind.SWAPPED_DEVICES:
            one, other = (next(w for w in scenario.wearers if w.device.id == name) for name in fault.names)
            ways |= {one.device.id: other.movement, other.device.id: one.movement}
    return [replace(each, device_way=ways.get(each.device.id)) for each in scenario.wearers]


def _touched(
    scenario: Scenario, wearer: Wearer, fault: ScenarioFault, number: int, wearers: Sequence[Wearer]
) -> Wearer:
    plan = wearer.device
    if fault.kind is FaultKind.BROKER_GONE:
        plan = replace(plan, silences=joined([*plan.silences, fault.span]))
    elif fault.kind is FaultKind.TELECOM_OUTAGE:
        plan = replace(plan, silences=joined([*plan.silences, *_in_region(wearer.way, fault)]))
    elif fault.kind is FaultKind.JAMMER:
        carrier = next(each for each in wearers if each.id == fault.carried_by)
        jammed = [Blind(span, "jamming") for span in _near(wearer.way, carrier.way, fault)]
        blind = sorted([*plan.blind, *jammed], key=lambda each: each.span.from_s)
        plan = replace(plan, blind=tuple(blind), habits=_habits(plan))
    elif fault.kind is FaultKind.NOISY_TENTH:
        if wearer.device.id in _noisy(scenario, fault, number):
            plan = replace(plan, noisy=(*plan.noisy, (fault.span, fault.times)), habits=_habits(plan))
    elif fault.kind is FaultKind.WEEK_ROLLOVER and plan.id in fault.names:
        plan = replace(plan, rolled_over=joined([*plan.rolled_over, fault.span]), habits=_habits(plan))
    return replace(wearer, device=plan)


def _habits(plan: DevicePlan) -> Habits:
    """A device without firmware sends each fix at once, and goes on doing so."""
    return plan.habits or Habits(plan_s=plan.interval_s, uplink_s=0.0)


def _noisy(scenario: Scenario, fault: ScenarioFault, number: int) -> set[str]:
    """At least one device, drawn by the scenario's seed."""
    devices = sorted(each.device.id for each in scenario.wearers)
    count = max(1, math.ceil(fault.share * len(devices)))
    chosen = generator(scenario.seed, "noisy", number).choice(len(devices), count, replace=False)
    return {devices[index] for index in chosen}


def _in_region(way: Movement, fault: ScenarioFault) -> list[Span]:
    if fault.center is None:
        return [fault.span]
    t_s, lon, lat = _sampled(way, fault.span)
    away_m = lengths_m(lon, lat, np.full_like(lon, fault.center[0]), np.full_like(lat, fault.center[1]))
    return _while(t_s, away_m <= fault.radius_m, fault.span)


def _near(way: Movement, other: Movement, fault: ScenarioFault) -> list[Span]:
    t_s, lon, lat = _sampled(way, fault.span)
    _, other_lon, other_lat = _sampled(other, fault.span)
    return _while(t_s, lengths_m(lon, lat, other_lon, other_lat) <= fault.radius_m, fault.span)


def _sampled(way: Movement, span: Span) -> tuple[Any, Any, Any]:
    t_s = np.arange(span.from_s, span.to_s, _STEP_S)
    lon, lat, _, _ = positions_at(way.path(), t_s)
    return t_s, lon, lat


def _while(t_s: Any, holds: Any, span: Span) -> list[Span]:
    """The stretches in which it holds, each sample for the time to the next."""
    return list(
        joined(
            Span(float(at_s), min(float(at_s) + _STEP_S, span.to_s))
            for at_s, true in zip(t_s, holds, strict=True)
            if true
        )
    )


def _in_zone(orders: Mapping[str, Any], fault: ScenarioFault) -> Mapping[str, Any]:
    """The order's schedules with another zone, as if a clerk had picked the wrong line of a list."""
    changed = copy.deepcopy(dict(orders))
    for order in changed["orders"]:
        if order["id"] in fault.names and order.get("version") == fault.times:
            for condition in order["conditions"]:
                if isinstance(condition.get("schedule"), dict):
                    condition["schedule"]["tz"] = fault.tz
    return changed
