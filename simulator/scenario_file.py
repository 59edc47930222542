"""Reads a scenario file (docs/simulator.md) and names everything that is wrong with it at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from emon.limits import SCENARIO_DURATION_MAX_S, SCENARIO_FIXES_MAX, SETTLE_S, WALK_SPEED_MAX_M_S
from emon.model.instant import SECOND_US, parse_instant
from emon.model.order import Fault
from emon.model.vocabulary import AlertEvent, Certainty, Party
from emon.orders.document import DocumentRefused, parse_document
from simulator import relative, yaml_text
from simulator.movement import Leg, Movement, Pause, Point, Travel, distance_m, shifted
from simulator.reading import Reading
from simulator.receiver import DEFAULT_DRIFTS, ReceiverModel
from simulator.scenario import DevicePlan, Expected, Scenario, ScenarioRefused, Silence, Wearer, Wire

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_SAMPLE_START_US = parse_instant("2026-06-01T10:00:00Z")
_ACCURACY_MAX_M = 10_000.0
_INTERVAL_MAX_S = 3_600.0


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
    if faults or scenario is None:
        raise ScenarioRefused(name, tuple(_placed(fault, text) for fault in faults))
    return scenario


def _placed(fault: Fault, text: yaml_text.Text) -> Fault:
    line = text.line_of(fault.path)
    return fault if line is None else Fault(f"line {line}: {fault.path}".rstrip(": "), fault.message)


def _scenario(value: Any, faults: list[Fault]) -> Scenario:
    known = ("scenario", "title", "seed", "duration_s", "wearers", "orders", "zones", "expected")
    top = Reading(value, "", faults, known)
    duration_s = top.number("duration_s", above=0.0, most=SCENARIO_DURATION_MAX_S)
    orders: dict[str, Any] = {"orders": top.items("orders", required=True)}
    if top.has("zones"):
        orders["zones"] = top.get("zones")
    scenario = Scenario(
        name=top.text("scenario"),
        title=top.text("title", ""),
        seed=int(top.number("seed", 1.0, least=0.0, most=2.0**53)),
        duration_s=duration_s,
        wearers=tuple(
            _wearer(top.entry("wearers", number, item, _WEARER), duration_s)
            for number, item in enumerate(top.items("wearers", required=True))
        ),
        orders=orders,
        expected=tuple(
            entry
            for number, item in enumerate(top.items("expected"))
            if (entry := _expected(top.entry("expected", number, item, _EXPECTED), duration_s)) is not None
        ),
    )
    if not top.has("expected"):
        top.refuse("expected", "is missing; write [] where nothing is due")
    _check_names(scenario, top)
    _check_orders(scenario, faults)
    _check_references(scenario, top)
    return scenario


_WEARER = ("id", "note", "device", "receiver", "movement")
_DEVICE = ("id", "wire", "user", "interval_s", "first_s", "silences")
_RECEIVER = ("accuracy_m", "accuracy_spread", "drifts", "outlier_chance", "outlier_m")
_EXPECTED = (
    "wearer", "order", "condition", "event", "certainty", "between", "recipients", "optional",
)  # fmt: skip


def _wearer(entry: Reading, duration_s: float) -> Wearer:
    return Wearer(
        id=entry.text("id"),
        note=entry.text("note", ""),
        device=_device(entry.mapping("device", _DEVICE), duration_s),
        receiver=_receiver(entry.mapping("receiver", _RECEIVER)),
        movement=_movement(entry),
    )


def _device(entry: Reading, duration_s: float) -> DevicePlan:
    wire = entry.word("wire", Wire, Wire.JSON) or Wire.JSON
    name = entry.text("id")
    if name and not _NAME.match(name):
        entry.refuse("id", "must be 1 to 64 of A-Z, a-z, 0-9, _ and -")
    user = entry.text("user") if wire is Wire.OWNTRACKS else entry.text("user", "")
    if user and not _NAME.match(user):
        entry.refuse("user", "must be 1 to 64 of A-Z, a-z, 0-9, _ and -")
    interval_s = entry.number("interval_s", 1.0, least=0.1, most=_INTERVAL_MAX_S)
    first_s = entry.number("first_s", 0.0, least=0.0, most=duration_s)
    if duration_s / interval_s > SCENARIO_FIXES_MAX:
        entry.refuse("interval_s", f"gives more than {SCENARIO_FIXES_MAX} fixes")
    if wire is Wire.OWNTRACKS and not (interval_s.is_integer() and first_s.is_integer()):
        entry.refuse("interval_s", "an OwnTracks phone knows whole seconds only (its tst)")
    silences: list[Silence] = []
    for number, item in enumerate(entry.items("silences")):
        part = entry.entry("silences", number, item, ("from_s", "to_s"))
        begin_s = part.number("from_s", least=0.0, most=duration_s)
        end_s = part.number("to_s", above=0.0, most=duration_s)
        if end_s <= begin_s or (silences and begin_s < silences[-1].to_s):
            part.refuse("to_s", "silences must be in order, each ending after it begins")
        silences.append(Silence(begin_s, end_s))
    return DevicePlan(name, wire, user, interval_s, first_s, tuple(silences))


def _receiver(entry: Reading) -> ReceiverModel:
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


def _movement(wearer: Reading) -> Movement:
    here: Point | None = None
    begin: Point = (0.0, 0.0)
    legs: list[Leg] = []
    for number, item in enumerate(wearer.items("movement", required=True)):
        entry = wearer.entry("movement", number, item, ("at", "to", "speed_m_s", "pause_s"))
        kinds = [kind for kind in ("at", "to", "pause_s") if entry.has(kind)]
        if kinds != (["at"] if number == 0 else kinds[:1]) or kinds == (["at"] if number else []):
            entry.refuse("", "first {at: point}, then {to: point, speed_m_s: n} or {pause_s: n} each")
        elif kinds == ["pause_s"]:
            legs.append(Pause(entry.number("pause_s", above=0.0, most=SCENARIO_DURATION_MAX_S)))
        elif (point := _point(entry, kinds[0])) is not None:
            if kinds == ["at"]:
                begin = point
            else:
                speed_m_s = entry.number("speed_m_s", above=0.0, most=WALK_SPEED_MAX_M_S)
                if here is not None and distance_m(here, point) < 1e-3:
                    entry.refuse("to", "is where the leg begins; write a pause")
                else:
                    legs.append(Travel(point, speed_m_s))
            here = point
    return Movement(begin, legs)


def _point(entry: Reading, member: str) -> Point | None:
    """``[lon, lat]``, or ``{near: [lon, lat], east_m: x, north_m: y}``."""
    value = entry.get(member)
    if isinstance(value, Mapping):
        near = entry.mapping(member, ("near", "east_m", "north_m"))
        base = near.pair("near", near.get("near"))
        east_m = near.number("east_m", 0.0, least=-50_000.0, most=50_000.0)
        north_m = near.number("north_m", 0.0, least=-50_000.0, most=50_000.0)
        point = None if base is None else shifted(base, east_m, north_m)
    else:
        point = entry.pair(member, value)
    if point is not None and not (-180.0 <= point[0] <= 180.0 and -85.0 <= point[1] <= 85.0):
        entry.refuse(member, "is [longitude, latitude] in degrees, within 180 and 85")
        return None
    return point


def _expected(entry: Reading, duration_s: float) -> Expected | None:
    event = entry.word("event", AlertEvent)
    certainty = entry.word("certainty", Certainty) if entry.has("certainty") else None
    parties = [
        entry.word_of(f"recipients[{n}]", item, Party)
        for n, item in enumerate(entry.items("recipients", required=True))
    ]
    between = entry.pair("between", entry.get("between"))
    if between is not None and not 0.0 <= between[0] <= between[1] <= duration_s + SETTLE_S:
        entry.refuse("between", f"must be two rising seconds from 0 to {duration_s + SETTLE_S:g}")
    names = [entry.text(member) for member in ("wearer", "order", "condition")]
    optional = entry.flag("optional")
    if event is None or between is None or None in parties:
        return None
    recipients = frozenset(party for party in parties if party is not None)
    return Expected(names[0], names[1], names[2], event, between, recipients, certainty, optional)


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


def _check_orders(scenario: Scenario, faults: list[Fault]) -> None:
    """The orders are those of the wire (contract, section 2) once every offset is resolved."""
    try:
        data = relative.document(scenario.orders, _SAMPLE_START_US)
        parse_document(data, armed_at_us=_SAMPLE_START_US - SECOND_US)
    except DocumentRefused as refused:
        faults.extend(refused.faults)
    except (ValueError, KeyError, OSError) as fault:
        faults.append(Fault("orders", f"cannot be resolved: {fault}"))


def _check_references(scenario: Scenario, top: Reading) -> None:
    """Orders and expected alerts speak of wearers, devices and conditions that the scenario has."""
    devices = {wearer.id: wearer.device.id for wearer in scenario.wearers}
    orders: dict[str, tuple[str, set[str]]] = {}
    for number, order in enumerate(scenario.orders["orders"]):
        if not isinstance(order, Mapping):
            continue
        wearer, device = order.get("wearer"), order.get("device")
        if wearer not in devices:
            top.refuse(f"orders[{number}].wearer", f"{wearer} is no wearer of this scenario")
        elif device is not None and device != devices[str(wearer)]:
            top.refuse(f"orders[{number}].device", f"{device} is not the device of {wearer}")
        conditions = order.get("conditions")
        entries = conditions if isinstance(conditions, list) else []
        names = {str(entry.get("id")) for entry in entries if isinstance(entry, Mapping)}
        orders[str(order.get("id"))] = (str(wearer), names)
    for number, due in enumerate(scenario.expected):
        place = f"expected[{number}]"
        wearer_of, names = orders.get(due.order, ("", set()))
        if due.order not in orders:
            top.refuse(f"{place}.order", f"{due.order} is no order of this scenario")
        elif due.condition not in names:
            top.refuse(f"{place}.condition", f"{due.condition} is no condition of {due.order}")
        elif due.wearer != wearer_of:
            top.refuse(f"{place}.wearer", f"{due.order} is about {wearer_of}")
