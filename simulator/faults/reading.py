"""Reads what goes wrong in a scenario."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from simulator.faults.kinds import FaultKind, ScenarioFault
from simulator.reading import Reading
from simulator.scenario_ground import Ground
from simulator.spans import Span

OF_KIND: dict[FaultKind, tuple[str, ...]] = {
    FaultKind.TELECOM_OUTAGE: ("from", "to", "center", "radius_m"),
    FaultKind.BROKER_GONE: ("from", "to"),
    FaultKind.SERVICE_STOPPED: ("from", "to"),
    FaultKind.NOISY_TENTH: ("from", "to", "share", "times"),
    FaultKind.JAMMER: ("from", "to", "carried_by", "radius_m"),
    FaultKind.WEEK_ROLLOVER: ("from", "to", "devices"),
    FaultKind.WRONG_TIME_ZONE: ("order", "version", "tz"),
    FaultKind.SWAPPED_DEVICES: ("devices",),
}
"""The members of each kind beside ``kind``."""
MEMBERS = ("kind", *dict.fromkeys(name for names in OF_KIND.values() for name in names))


def read_faults(top: Reading, ground: Ground) -> tuple[ScenarioFault, ...]:
    found = []
    for number, item in enumerate(top.items("faults")):
        kind = top.entry("faults", number, item, MEMBERS).word("kind", FaultKind)
        if kind is not None:
            # Read again with the members of its kind alone, so that any other is named as unknown.
            found.append(_fault(top.entry("faults", number, item, ("kind", *OF_KIND[kind])), kind, ground))
    return tuple(found)


def _fault(entry: Reading, kind: FaultKind, ground: Ground) -> ScenarioFault:
    known = OF_KIND[kind]
    span = ground.span(entry) if "from" in known else Span(0.0, ground.duration_s)
    center = None
    radius_m = 0.0
    if "radius_m" in known and (kind is FaultKind.JAMMER or entry.has("center") or entry.has("radius_m")):
        radius_m = entry.number("radius_m", above=0.0, most=300_000.0)
        if kind is FaultKind.TELECOM_OUTAGE:
            center = ground.point(entry, "center")
    names: tuple[str, ...] = ()
    if "devices" in known:
        names = tuple(str(name) for name in entry.items("devices", required=True))
        if kind is FaultKind.SWAPPED_DEVICES and len(set(names)) != 2:
            entry.refuse("devices", "two devices are swapped, no more and no fewer")
    if kind is FaultKind.WRONG_TIME_ZONE:
        names = (entry.text("order"),)
    return ScenarioFault(
        kind,
        span,
        center,
        radius_m,
        names,
        share=entry.number("share", 0.1, above=0.0, most=1.0) if "share" in known else 0.1,
        times=_times(entry, kind),
        carried_by=entry.text("carried_by") if "carried_by" in known else "",
        tz=_zone(entry) if "tz" in known else "",
    )


def _times(entry: Reading, kind: FaultKind) -> int:
    """How often a noisy device says everything; for an order, the version that is wrong."""
    if kind is FaultKind.NOISY_TENTH:
        return int(entry.number("times", 100.0, least=2.0, most=1_000.0))
    if kind is FaultKind.WRONG_TIME_ZONE:
        return int(entry.number("version", 1.0, least=1.0, most=1e6))
    return 1


def _zone(entry: Reading) -> str:
    name = entry.text("tz")
    try:
        ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        entry.refuse("tz", f"no time zone {name!r}")
    return name


def check_names(
    top: Reading, faults: tuple[ScenarioFault, ...], wearers: set[str], devices: set[str], orders: set[str]
) -> None:
    """Devices, wearers and orders that a fault speaks of must be the scenario's."""
    for number, fault in enumerate(faults):
        if fault.carried_by and fault.carried_by not in wearers:
            top.refuse(f"faults[{number}].carried_by", f"{fault.carried_by} is nobody of this scenario")
        known, word = (orders, "order") if fault.kind is FaultKind.WRONG_TIME_ZONE else (devices, "device")
        member = "order" if word == "order" else "devices"
        for name in fault.names:
            if name and name not in known:
                top.refuse(f"faults[{number}].{member}", f"{name} is no {word} of this scenario")
