"""When a device must be heard: the stretches in which any order has it worn, joined."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from emon.geofence.timeline import acts_from, victim_devices
from emon.limits import CELL_PLAN_S, PLAN_S, STILL_AFTER_S, STILL_PLAN_S
from emon.model.instant import SECOND_US
from emon.model.order import OrderVersion
from emon.model.vocabulary import Risk
from emon.model.watch import Duty, Watch
from emon.plan import Pace, Shift, allowed_us, owed_from, paces

RISKS = list(Risk)


class Stretch(NamedTuple):
    """``[from_us, until_us)`` without a break, and the duties that make it."""

    from_us: int
    until_us: int | None
    duties: tuple[Duty, ...]


def duties_of(versions: Sequence[OrderVersion]) -> dict[str, list[Duty]]:
    """Of each device when it must be heard for one order, rising: those worn, and those of the people
    whom its contact conditions protect. ``versions`` are the order's.

    As for an edge, the version that governs an instant is the highest that is armed and valid by then.
    """
    found: dict[str, list[Duty]] = {}
    cuts = sorted({acts_from(version) for version in versions})
    for place, from_us in enumerate(cuts):
        version = max((v for v in versions if acts_from(v) <= from_us), key=lambda v: v.version)
        reign = (from_us, cuts[place + 1] if place + 1 < len(cuts) else None)
        within = _overlap(reign, (version.valid_from_us, version.ends_at_us))
        for use in version.devices:
            span = _overlap(within, (from_us if use.from_us is None else use.from_us, use.until_us))
            if span[1] is None or span[0] < span[1]:
                duty = Duty(
                    version.id,
                    *span,
                    version.risk,
                    use.plan_s,
                    legal_basis=version.legal_basis,
                    wearer=version.wearer,
                )
                found.setdefault(use.device, []).append(duty)
        if within[1] is None or within[0] < within[1]:
            for device in sorted(victim_devices(version)):
                basis = version.legal_basis
                carried = Duty(
                    version.id,
                    *within,
                    version.risk,
                    victim=True,
                    legal_basis=basis,
                    wearer=version.wearer,
                )
                found.setdefault(device, []).append(carried)
    return found


def _overlap(a: tuple[int, int | None], b: tuple[int, int | None]) -> tuple[int, int | None]:
    ends = [end for end in (a[1], b[1]) if end is not None]
    return max(a[0], b[0]), min(ends, default=None)


def stretches(duties: Sequence[Duty], after_us: int) -> list[Stretch]:
    """Those that end after an instant, rising. ``duties`` rise by their beginning."""
    found: list[Stretch] = []
    for duty in duties:
        if duty.until_us is not None and duty.until_us <= duty.from_us:
            continue
        last = found[-1] if found else None
        if last is not None and (last.until_us is None or duty.from_us <= last.until_us):
            until_us = (
                None if last.until_us is None or duty.until_us is None else max(last.until_us, duty.until_us)
            )
            found[-1] = Stretch(last.from_us, until_us, (*last.duties, duty))
        else:
            found.append(Stretch(duty.from_us, duty.until_us, (duty,)))
    return [one for one in found if one.until_us is None or one.until_us > after_us]


def bases(duties: Sequence[Duty], from_us: int) -> list[Pace]:
    """The plan that orders ask for from an instant on: the one that asks for most."""
    cuts = {from_us, *(duty.from_us for duty in duties if duty.from_us > from_us)}
    cuts.update(d.until_us for d in duties if d.until_us is not None and d.until_us > from_us)
    found: list[Pace] = []
    for at_us in sorted(cuts):
        asked = [PLAN_S if d.plan_s is None else d.plan_s for d in duties if d.holds(at_us)]
        if asked and (not found or found[-1].every_s != min(asked)):
            found.append(Pace(at_us, min(asked)))
    return found


def overdue_us(watch: Watch, duties: Sequence[Duty], from_us: int, shift: Shift) -> int:
    """When a gap that began at ``from_us`` is longer than the device's plan allows."""
    cell = watch.place is not None and watch.place.cell
    if not watch.plan_words and not cell and len(duties) == 1:  # nearly every device, nearly always
        return shift(from_us, allowed_us(duties[0].plan_s or PLAN_S))
    return owed_from(paces(bases(duties, from_us), watch.plan_words, cell=cell, from_us=from_us), shift)


def every_us(watch: Watch, duties: Sequence[Duty], at_us: int) -> int:
    """The interval of the plan in force at an instant; its turns hold changes only."""
    every_s = min((duty.plan_s or PLAN_S for duty in duties if duty.holds(at_us)), default=PLAN_S)
    still_us: int | None = None
    for turn in watch.plan_words:
        if turn.at_us > at_us:
            break
        if turn.every_s is not None:
            every_s = turn.every_s
        else:
            still_us = turn.at_us if turn.still else None
    if watch.place is not None and watch.place.cell:
        every_s = max(every_s, CELL_PLAN_S)
    if still_us is not None and at_us - still_us >= STILL_AFTER_S * SECOND_US:
        every_s = max(every_s, STILL_PLAN_S)
    return every_s * SECOND_US


def weightiest(duties: Sequence[Duty], at_us: int) -> Duty | None:
    """Of the duties at an instant the one of the highest risk; the first of several."""
    held = [duty for duty in duties if duty.holds(at_us)]
    return max(held, key=lambda duty: RISKS.index(duty.risk), default=None)
