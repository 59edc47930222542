"""What the engine's state says of a late device: how near a ban it was, and how long it is waited on."""

from __future__ import annotations

from collections.abc import Sequence

from emon.devices.grace import grace_s
from emon.model.instant import SECOND_US
from emon.model.vocabulary import Kind, Risk
from emon.model.watch import Duty, Watch
from emon.state import State


def near_ban_m(state: State, watch: Watch, at_us: int) -> float | None:
    """Metres from a device's newest usable fix to the nearest exclusion zone of its orders."""
    if watch.place is None:
        return None
    found: list[float] = []
    for key in state.by_device.get(watch.device, ()):
        subject = state.subjects[key]
        version = subject.timeline.governing(at_us)
        zone = None if version is None else subject.zones.get(version.version)
        if subject.kind is Kind.EXCLUSION and zone is not None:
            found.append(state.geometry.distance_m(zone, watch.place.lon, watch.place.lat))
    return min(found, default=None)


def wait_s(state: State, watch: Watch, duties: Sequence[Duty], at_us: int) -> int:
    """How long after its newest message a device that is overdue at ``at_us`` is told to be silent.

    Only bans of a place give time: a home can be left at once, and a protected person come to who lies
    still.
    """
    near_m = near_ban_m(state, watch, at_us)
    kinds = {state.subjects[key].kind for key in state.by_device.get(watch.device, ())}
    if kinds != {Kind.EXCLUSION}:
        near_m = None
    seen_us = 0 if watch.place is None else min(watch.place.fixed_at_us, watch.place.received_at_us)
    unseen_s = max(0, (watch.heard_us or 0) - seen_us) / SECOND_US
    pressing = any(duty.holds(at_us) and (duty.victim or duty.risk is Risk.HIGH) for duty in duties)
    still = watch.is_still and Kind.CONTACT not in kinds
    return grace_s(near_m, unseen_s, still=still, pressing=pressing)
