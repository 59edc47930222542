"""Reads a scenario file (docs/simulator.md) and names everything that is wrong with it at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from emon.limits import PLAN_S
from emon.model.instant import SECOND_US, parse_instant
from emon.model.order import Fault
from simulator import yaml_text
from simulator.device_habits import FIRMWARE
from simulator.faults.reading import check_names, read_faults
from simulator.limits import SCENARIO_DURATION_MAX_S
from simulator.moments import Calendar
from simulator.movement import Movement
from simulator.reading import Reading
from simulator.receiver import DEFAULT_DRIFTS, ReceiverModel
from simulator.scenario import ReceiverKind, Recording, Scenario, ScenarioRefused, Wearer
from simulator.scenario_device import read_device
from simulator.scenario_ground import Ground, read_map, read_places
from simulator.scenario_orders import check_orders, check_references, conditions_of, read_orders
from simulator.scenario_truth import read_complete, read_expected, read_truth
from simulator.scenario_way import read_movement

SAMPLE_START_US = parse_instant("2026-06-01T10:00:00Z")
_ACCURACY_MAX_M = 10_000.0
TOP = (
    "scenario", "title", "note", "seed", "start", "tz", "duration_s", "duration", "map", "places", "wearers",
    "orders", "zones", "faults", "expected", "truth", "complete",
)  # fmt: skip
_WEARER = ("id", "note", "device", "receiver", "movement")
_RECEIVER = ("accuracy_m", "accuracy_spread", "drifts", "outlier_chance", "outlier_m", "kind", "track")


def load_scenario(path: Path | str | None = None) -> Scenario:
    """The scenario in a YAML file, or the demo's story for None.

    Raises ``ScenarioRefused`` with every fault by file, line and path, ``OSError`` where the file
    cannot be read.
    """
    if path is None:
        story = resources.files("simulator").joinpath("scenarios", "story.yaml")
        return parse_scenario(story.read_bytes(), "story.yaml")
    return parse_scenario(Path(path).read_bytes(), str(path))


def parse_scenario(data: bytes, name: str) -> Scenario:
    """The same from bytes; ``name`` is what faults call the file."""
    text = yaml_text.parse(data)
    faults = list(text.faults)
    scenario = None
    if text.value is not None:
        scenario = _scenario(text.value, faults)
    if scenario is not None and not faults:
        faults += _contradictions(scenario)
    if faults or scenario is None:
        raise ScenarioRefused(name, tuple(_placed(fault, text) for fault in faults))
    return scenario


def _contradictions(scenario: Scenario) -> list[Fault]:
    """Of the truth with itself, and then with its world."""
    # Looked up here: what holds a truth to its world needs kernels that take a second to load.
    from simulator.scoring.of_scenario import contradictions_within

    start_us = scenario.calendar.start_us
    found = contradictions_within(scenario, start_us)
    if scenario.truth is None:
        return found
    from simulator.scenario_check import contradictions_of

    return found + contradictions_of(scenario, start_us)


def _placed(fault: Fault, text: yaml_text.Text) -> Fault:
    line = text.line_of(fault.path)
    return fault if line is None else Fault(f"line {line}: {fault.path}".rstrip(": "), fault.message)


def _scenario(value: Any, faults: list[Fault]) -> Scenario:
    top = Reading(value, "", faults, TOP)
    calendar = _calendar(top)
    ground = Ground(calendar, _duration_s(top, calendar), read_map(top))
    read_places(top, ground)
    wearers = tuple(
        _wearer(top.entry("wearers", number, item, _WEARER), ground)
        for number, item in enumerate(top.items("wearers", required=True))
    )
    orders = read_orders(top, ground.places)
    conditions = conditions_of(orders)
    names = {wearer.id for wearer in wearers}
    scenario = Scenario(
        name=top.text("scenario"),
        title=top.text("title", ""),
        note=top.text("note", ""),
        seed=int(top.number("seed", 1.0, least=0.0, most=2.0**53)),
        duration_s=ground.duration_s,
        wearers=wearers,
        orders=orders,
        expected=read_expected(top, ground.duration_s),
        dated=top.has("start"),
        calendar=calendar,
        faults=read_faults(top, ground),
        truth=read_truth(top, ground, conditions, names),
        complete=read_complete(top),
    )
    if top.has("expected") == top.has("truth"):
        said = (
            "stands beside truth: write one of the two"
            if top.has("truth")
            else "is missing; write [] where nothing is due"
        )
        top.refuse("expected", said)
    _check_names(scenario, top)
    check_orders(scenario.orders, calendar.start_us, faults)
    devices = {wearer.id: wearer.device.id for wearer in wearers}
    check_references(orders, devices, top)
    check_names(top, scenario.faults, names, set(devices.values()), set(conditions))
    _check_expected(scenario, conditions, top)
    return scenario


def _calendar(top: Reading) -> Calendar:
    """``start`` is an instant on a whole second; without it the scenario can begin at any."""
    tz = top.text("tz", "Europe/Amsterdam")
    try:
        ZoneInfo(tz)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        top.refuse("tz", f"no time zone {tz!r}")
        tz = "Europe/Amsterdam"
    start_us = SAMPLE_START_US
    if top.has("start"):
        try:
            start_us = parse_instant(top.text("start"))
        except ValueError as fault:
            top.refuse("start", str(fault))
        if start_us % SECOND_US:
            top.refuse("start", "a scenario starts on a whole second")
    return Calendar(start_us, tz)


def _duration_s(top: Reading, calendar: Calendar) -> float:
    if not top.has("duration"):
        return top.number("duration_s", above=0.0, most=SCENARIO_DURATION_MAX_S)
    if top.has("duration_s"):
        top.refuse("duration", "stands beside duration_s: write one of the two")
    try:
        duration_s = calendar.seconds(top.get("duration"))
    except ValueError as fault:
        top.refuse("duration", str(fault))
        return 1.0
    if not 0.0 < duration_s <= SCENARIO_DURATION_MAX_S:
        top.refuse(
            "duration", f"must be above 0 and at most {SCENARIO_DURATION_MAX_S:g} s, not {duration_s:g}"
        )
        return 1.0
    return duration_s


def _wearer(entry: Reading, ground: Ground) -> Wearer:
    receiver = _receiver(entry.mapping("receiver", _RECEIVER))
    device = read_device(entry, ground)
    if device.habits is None and not isinstance(receiver, ReceiverModel):
        written = entry.get("device")
        paced = isinstance(written, Mapping) and "interval_s" in written
        plan_s = device.interval_s if paced else float(PLAN_S)
        device = replace(device, habits=replace(FIRMWARE["standard"], plan_s=plan_s))
    recorded = isinstance(receiver, Recording)
    if recorded and entry.has("movement"):
        entry.refuse("movement", "stands beside a recorded track: write one of the two")
    return Wearer(
        id=entry.text("id"),
        note=entry.text("note", ""),
        device=device,
        receiver=receiver,
        movement=Movement((0.0, 0.0), ()) if recorded else read_movement(entry, ground),
    )


def _receiver(entry: Reading) -> ReceiverModel | ReceiverKind | Recording:
    named = [member for member in ("kind", "track") if entry.has(member)]
    if named:
        for member in _RECEIVER:
            if entry.has(member) and member != named[0]:
                entry.refuse(member, f"stands beside {named[0]}: write one of the two")
        name = entry.text(named[0])
        return Recording(name) if named[0] == "track" else ReceiverKind(_known_kind(entry, name))
    drifts: tuple[tuple[float, float], ...] = DEFAULT_DRIFTS
    if entry.has("drifts"):
        found = (entry.pair(f"drifts[{n}]", item) for n, item in enumerate(entry.items("drifts")))
        drifts = tuple(pair for pair in found if pair is not None)
        if any(tau_s <= 0.0 or share < 0.0 for tau_s, share in drifts) or sum(s for _, s in drifts) > 1.0:
            entry.refuse("drifts", "each is [time constant above 0 s, share]; shares sum to at most 1")
    return ReceiverModel(
        accuracy_m=entry.number("accuracy_m", above=0.0, most=_ACCURACY_MAX_M),
        accuracy_spread=entry.number("accuracy_spread", 0.1, least=0.0, most=2.0),
        drifts=drifts,
        outlier_chance=entry.number("outlier_chance", 0.0, least=0.0, most=1.0),
        outlier_m=entry.number("outlier_m", 100.0, above=0.0, most=100_000.0),
    )


def _known_kind(entry: Reading, name: str) -> str:
    from simulator.device_positions import receiver_kinds

    if name and name not in receiver_kinds():
        entry.refuse("kind", f"must be one of {', '.join(receiver_kinds())}, not {name!r}")
    return name


def _check_names(scenario: Scenario, top: Reading) -> None:
    wearers: set[str] = set()
    devices: set[str] = set()
    for number, wearer in enumerate(scenario.wearers):
        if wearer.id in wearers:
            top.refuse(f"wearers[{number}].id", f"{wearer.id} stands twice")
        if wearer.device.id in devices:
            top.refuse(f"wearers[{number}].device.id", f"{wearer.device.id} stands twice")
        wearers.add(wearer.id)
        devices.add(wearer.device.id)


def _check_expected(scenario: Scenario, orders: dict[str, tuple[str, dict[str, str]]], top: Reading) -> None:
    """Expected alerts speak of wearers and conditions that the scenario has."""
    for number, due in enumerate(scenario.expected):
        place = f"expected[{number}]"
        wearer_of, names = orders.get(due.order, ("", {}))
        if due.order not in orders:
            top.refuse(f"{place}.order", f"{due.order} is no order of this scenario")
        elif due.condition not in names:
            top.refuse(f"{place}.condition", f"{due.condition} is no condition of {due.order}")
        elif due.wearer != wearer_of:
            top.refuse(f"{place}.wearer", f"{due.order} is about {wearer_of}")
