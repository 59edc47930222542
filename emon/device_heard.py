"""What one decision hears of devices, and which conditions that concerns beside the fixes themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from emon.device_alerts import EventKey, happened_us, identity
from emon.devices.heard import Heard
from emon.devices.turns import MOTION, motion_turns
from emon.geofence.fold import Fold
from emon.ingest.admit import clock_is_wrong
from emon.model.fix import DeviceEvent, Fix, KeptEvent
from emon.model.vocabulary import Kind
from emon.model.watch import Word
from emon.state import Key, State


def heard_of(
    fixes: Sequence[Fix],
    events: Sequence[DeviceEvent],
    signs: Iterable[str],
    kept: Mapping[EventKey, Sequence[KeptEvent]],
    at_us: int,
) -> dict[str, Heard]:
    """What one decision heard of each device. An event that is on file already says nothing."""
    heard: dict[str, Heard] = {}
    for fix in fixes:
        device = fix.wire.device
        if device in heard:
            heard[device].fixes.append(fix)
        else:
            heard[device] = Heard([fix])
    for device in signs:
        heard.setdefault(device, Heard())
    arrived: dict[EventKey, dict[object, KeptEvent]] = {}
    for event in events:
        new = arrived.setdefault((event.device, event.event), {})
        new[identity(event)] = KeptEvent(event, at_us)
    for key, new in arrived.items():
        older = list(kept.get(key, ()))
        known = {identity(one.wire) for one in older}
        fresh = [one for name, one in new.items() if name not in known]
        if not fresh:
            continue
        what = heard.setdefault(key[0], Heard())
        if key[1] == MOTION and (placed := motion_turns(fresh)):
            what.motion = [t for t in motion_turns([*older, *fresh]) if t.at_us >= placed[0].at_us]
        elif key[1] == "jamming":
            what.jamming = [_word(one) for one in fresh]
        elif key[1] == "shielding":
            what.shielding = [_word(one) for one in fresh]
    return heard


def _word(one: KeptEvent) -> Word:
    return Word(happened_us(one), one.wire.seq, one.wire.state == "on")


def plans_changed(state: State, events: Sequence[DeviceEvent], at_us: int) -> dict[Key, int]:
    """Conditions that have judged a gap by another plan than the one that words on motion give it now,
    each from the earliest such word on."""
    found: dict[Key, int] = {}
    for event in events:
        if event.event != MOTION or clock_is_wrong(event.fixed_at_us, at_us):
            continue
        for key in state.by_device.get(event.device, ()):
            fold = state.folds.get(key)
            newest = None if fold is None else fold.newest
            passed = fold is None or (newest is not None and newest.at_us > event.fixed_at_us)
            if passed and state.subjects[key].kind is Kind.EXCLUSION:
                found[key] = min(event.fixed_at_us, found.get(key, event.fixed_at_us))
    return found


def knows_plan(state: State, fold: Fold) -> bool:
    """Whether memory holds the plan since the newest fix of a fold."""
    if fold.newest is None:
        return True
    watch = state.watching.watches.get(fold.newest.fix.wire.device)
    return watch is None or watch.turns_from_us <= fold.newest.at_us
