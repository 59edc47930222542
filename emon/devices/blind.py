"""The ledger of blind time: when fixes were owed while a condition held, and why.

Over event time: what was stored in the device and came later has been seen after all, and blind time
shrinks. While the service is down its clock stands still, and what would have been blind time is told
apart as ``stopped``. Seen, blind and stopped time together are the time in which a condition held.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

import msgspec

from emon.devices.duty import duties_of
from emon.devices.turns import MOTION, motion_turns
from emon.geofence.schedule import Stretch, join, subtract
from emon.geofence.timeline import Timeline
from emon.ingest.admit import clock_is_wrong
from emon.limits import PLAN_S
from emon.model.fix import KeptEvent
from emon.model.order import OrderVersion
from emon.model.vocabulary import Mark, Source
from emon.model.watch import Cause, Duty, ServiceStop
from emon.plan import Pace, ServiceClock, owed_spans, paces


class BlindCause(StrEnum):
    """Why nothing could be judged: those of no position, and two more. ``silence``: nothing was heard.
    ``no_device``: the order had no device worn."""

    JAMMING = "jamming"
    SHIELDING = "shielding"
    IMPLAUSIBLE = "implausible"
    CLOCK = "clock"
    INDOORS = "indoors"
    NO_FIX = "no_fix"
    SILENCE = "silence"
    NO_DEVICE = "no_device"


class Seen(msgspec.Struct, frozen=True, gc=False):
    """A stored fix, as far as the ledger needs it."""

    fixed_at_us: int
    received_at_us: int
    mark: Mark
    source: Source


class Record(msgspec.Struct, frozen=True):
    """What is on file of one device. ``fixes`` rise by their time and are led by the last usable one
    before; ``events`` hold motion since the device last moved before, and every other word."""

    fixes: tuple[Seen, ...] = ()
    events: tuple[KeptEvent, ...] = ()


class Blind(msgspec.Struct, frozen=True):
    """``[from_us, to_us)`` without anything to judge by."""

    from_us: int
    to_us: int
    cause: BlindCause


class Ledger(msgspec.Struct, frozen=True):
    """Of one condition. ``active`` are the stretches in which it held; ``blind`` and ``stopped`` rise and
    lie in them, apart from each other."""

    condition: str
    active: tuple[Stretch, ...]
    blind: tuple[Blind, ...]
    stopped: tuple[Stretch, ...] = ()

    @property
    def active_us(self) -> int:
        return sum(to_us - from_us for from_us, to_us in self.active)

    @property
    def blind_us(self) -> int:
        return sum(one.to_us - one.from_us for one in self.blind)

    @property
    def stopped_us(self) -> int:
        return sum(to_us - from_us for from_us, to_us in self.stopped)

    @property
    def seen_us(self) -> int:
        return self.active_us - self.blind_us - self.stopped_us

    def by_cause(self) -> dict[BlindCause, int]:
        """Microseconds of each cause that there is."""
        found: dict[BlindCause, int] = {}
        for one in self.blind:
            found[one.cause] = found.get(one.cause, 0) + one.to_us - one.from_us
        return found


def ledger(
    versions: Sequence[OrderVersion],
    condition: str,
    records: Mapping[str, Record],
    stops: Sequence[ServiceStop],
    from_us: int,
    to_us: int,
) -> Ledger:
    """The ledger of one condition with a zone over ``[from_us, to_us)``."""
    held = Timeline(condition, tuple(sorted(versions, key=lambda v: v.version))).stretches(from_us, to_us)
    active = join((stretch.from_us, stretch.to_us) for stretch in held)
    clock = ServiceClock(stops)
    unseen: list[Blind] = []
    worn: list[Stretch] = []
    seen: list[Stretch] = []
    for device, duties in sorted(duties_of(versions).items()):
        own = [duty for duty in duties if not duty.victim]
        for duty in own:
            until_us = to_us if duty.until_us is None else min(to_us, duty.until_us)
            span = (max(from_us, duty.from_us), until_us)
            if span[0] < span[1]:
                owed = _unseen(records.get(device, Record()), own, duty, span, clock)
                unseen += owed
                worn.append(span)
                # Two devices worn at once see together: blind is what each of them owes.
                seen += subtract([span], join((one.from_us, one.to_us) for one in owed))
    nobody = subtract([(from_us, to_us)], join(worn))
    unseen += [Blind(a_us, b_us, BlindCause.NO_DEVICE) for a_us, b_us in nobody]
    blind = _within(unseen, active, join(seen))
    down = join((stop.down_us, to_us if stop.up_us is None else stop.up_us) for stop in stops)
    kept = [
        Blind(a_us, b_us, one.cause)
        for one in blind
        for a_us, b_us in subtract([(one.from_us, one.to_us)], down)
    ]
    whole = join((one.from_us, one.to_us) for one in blind)
    stopped = subtract(whole, join((one.from_us, one.to_us) for one in kept))
    return Ledger(condition, tuple(active), tuple(kept), tuple(stopped))


def _unseen(
    record: Record, duties: Sequence[Duty], duty: Duty, span: Stretch, clock: ServiceClock
) -> list[Blind]:
    """What one device owes within one stretch in which the order has it worn."""
    from_us, to_us = span
    usable = [fix for fix in record.fixes if fix.mark.usable and fix.fixed_at_us < to_us]
    begun_us = min((d.from_us for d in duties if _touches(d, duty)), default=duty.from_us)
    starts = [begun_us, *(max(begun_us, fix.fixed_at_us) for fix in usable)]
    turns = motion_turns(event for event in record.events if event.wire.event == MOTION)
    bases = [Pace(begun_us, duty.plan_s or PLAN_S)]
    found: list[Blind] = []
    for i, start_us in enumerate(starts):
        end_us = starts[i + 1] if i + 1 < len(starts) else to_us
        if end_us <= from_us or start_us >= end_us:
            continue
        cell = i > 0 and usable[i - 1].source is Source.CELL
        plan = paces(bases, turns, cell=cell, from_us=start_us)
        for owed in owed_spans(plan, end_us, clock.shift):
            clipped = (max(owed[0], from_us), min(owed[1], to_us))
            if clipped[0] < clipped[1]:
                found += _caused(record, clipped, (start_us, end_us))
    return found


def _touches(one: Duty, other: Duty) -> bool:
    """Whether a stretch leads to another without a break."""
    return one.from_us <= other.from_us and (one.until_us is None or one.until_us >= other.from_us)


def _caused(record: Record, owed: Stretch, gap: Stretch) -> list[Blind]:
    """An owed stretch cut by what the device said: jammed or shielded, or else one cause for it all."""
    left = [owed]
    found: list[Blind] = []
    for event, cause in (("jamming", BlindCause.JAMMING), ("shielding", BlindCause.SHIELDING)):
        for on in _on_spans(record.events, event, owed[1]):
            said = [(max(a_us, on[0]), min(b_us, on[1])) for a_us, b_us in left]
            found += [Blind(a_us, b_us, cause) for a_us, b_us in said if a_us < b_us]
            left = subtract(left, [on])
    other = _other_cause(record, gap)
    return [*found, *(Blind(a, b, other) for a, b in left)]


def _on_spans(events: Iterable[KeptEvent], name: str, to_us: int) -> list[Stretch]:
    words = sorted(
        (one.wire.fixed_at_us, one.wire.seq, one.wire.state == "on")
        for one in events
        if one.wire.event == name and not clock_is_wrong(one.wire.fixed_at_us, one.received_at_us)
    )
    spans: list[Stretch] = []
    since_us: int | None = None
    for at_us, _, on in words:
        if on and since_us is None:
            since_us = at_us
        elif not on and since_us is not None:
            spans.append((since_us, at_us))
            since_us = None
    if since_us is not None and since_us < to_us:
        spans.append((since_us, to_us))
    return [span for span in spans if span[0] < span[1]]


def _other_cause(record: Record, gap: Stretch) -> BlindCause:
    """By what came of the gap, whenever it was received; a wrong clock places nothing, so by receipt."""
    marks = [
        fix.mark
        for fix in record.fixes
        if gap[0] < (fix.received_at_us if fix.mark is Mark.CLOCK else fix.fixed_at_us) < gap[1]
    ]
    if marks:
        implausible = sum(mark is Mark.IMPLAUSIBLE for mark in marks)
        return BlindCause.IMPLAUSIBLE if 2 * implausible >= len(marks) else BlindCause.CLOCK
    if not any(gap[0] < one.wire.fixed_at_us < gap[1] for one in record.events):
        return BlindCause.SILENCE
    motion = [turn.still for turn in motion_turns(record.events) if turn.at_us < gap[1]]
    return BlindCause(Cause.INDOORS if motion and motion[-1] else Cause.NO_FIX)


def _within(blind: Sequence[Blind], active: Sequence[Stretch], seen: Sequence[Stretch]) -> list[Blind]:
    """Blind stretches inside ``active`` and outside ``seen``, none of them overlapping another."""
    found: list[Blind] = []
    taken: list[Stretch] = list(seen)
    for one in sorted(blind, key=lambda one: (one.from_us, one.to_us, one.cause)):
        free = subtract([(one.from_us, one.to_us)], join(taken))
        for a_us, b_us in free:
            cuts = [(max(a_us, c), min(b_us, d)) for c, d in active]
            found += [Blind(a, b, one.cause) for a, b in cuts if a < b]
        taken += free
    return sorted(found, key=lambda one: one.from_us)
