"""Contact with a protected person: a fold over the fixes of two people, in event time.

What a position is worth changes when the device's next fix is known: before, it is carried on, then
it lies between two fixes. So the fold has two parts. Up to ``settled_us`` every position that counts
is final; that part is folded once and kept. What lies beyond (the fixes of whoever reported last)
is judged anew in every decision on top of it, by the same steps (:mod:`emon.geofence.pairing`). It may
open a breach, strengthen or oppose it, which is what must not wait; that a breach ended, or that a
way between two fixes led past the other, is found in the settled part alone. Edges act at their
instant in either part.

A late fix, and one after an edge that acted beyond ``settled_us``, is met by folding again from a
quiet start. A position rests on fixes at most ``CONTACT_TRACK_S`` old, so a fold begun anew agrees
with one that went on, once that time has passed (``docs/adr/0008``).
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator
from itertools import zip_longest

import msgspec

from emon.geofence.fold import Episode, Subject
from emon.geofence.meeting import Meeting, Run
from emon.geofence.motion import expires_us, leg_at
from emon.limits import CONTACT_BETWEEN_MAX_S, CONTACT_TRACK_S
from emon.model.fix import Fix, RawFix
from emon.model.instant import SECOND_US

_BETWEEN_US = CONTACT_BETWEEN_MAX_S * SECOND_US
_TRACK_US = CONTACT_TRACK_S * SECOND_US

Tracks = dict[str, tuple[Fix, ...]]
"""Usable fixes by device, each device's rising by (fixed_at, seq)."""


class Thread(msgspec.Struct, frozen=True):
    """Where the steps stand after the moment at ``at_us``. ``right``: the first meeting in a row that
    contradicts the open episode. ``newest``: the last meeting of all."""

    at_us: int
    holding: int | None
    run: Run | None = None
    right: Meeting | None = None
    episode: Episode | None = None
    newest: Meeting | None = None


class PairFold(msgspec.Struct, frozen=True):
    """State after everything known. ``settled`` stands at ``settled_us``; ``episode`` and ``newest`` are
    those of the unsettled part as well. Edges up to ``edges_done_us`` have acted.

    ``begin_us``: nothing before is known, and nothing counts for a while after (``warm_us``).
    """

    begin_us: int
    settled_us: int
    settled: Thread
    edges_done_us: int
    next_look_us: int | None
    tracks: Tracks = {}
    episode: Episode | None = None
    newest: Meeting | None = None

    @property
    def warm_us(self) -> int:
        """From here on every position is what it would be had the fold begun earlier."""
        return self.begin_us + _TRACK_US

    @property
    def reached_us(self) -> int:
        """The last instant of which anything is known."""
        newest = (fixes[-1].wire.fixed_at_us for fixes in self.tracks.values())
        return max([self.edges_done_us, self.settled_us, *newest])

    def continues_with(self, raw: RawFix) -> bool:
        """Whether a fix changes nothing of what is settled."""
        if raw.fixed_at_us <= self.settled_us or self.edges_done_us > self.settled_us:
            return False
        own = self.tracks.get(raw.device, ())
        place = bisect.bisect_right(own, raw.fixed_at_us, key=lambda fix: fix.wire.fixed_at_us)
        if place == 0:
            return True
        # Its device moved on into the settled part from the fix before; now it moves straight here.
        before_us = own[place - 1].wire.fixed_at_us
        return before_us >= self.settled_us or raw.fixed_at_us - before_us > _BETWEEN_US


def begin_pair(subject: Subject, at_us: int) -> PairFold:
    """A blank state at an instant: nothing seen, the condition as it holds there."""
    timeline = subject.timeline
    thread = Thread(at_us, timeline.holding(at_us))
    return PairFold(at_us, at_us, thread, at_us, timeline.next_look(at_us))


def with_fixes(tracks: Tracks, fixes: Iterable[Fix]) -> Tracks:
    """The tracks with more fixes in their places."""
    added: dict[str, list[Fix]] = {}
    for fix in fixes:
        added.setdefault(fix.wire.device, []).append(fix)
    merged = dict(tracks)
    for device, new in added.items():
        own = sorted((*tracks.get(device, ()), *new), key=lambda fix: (fix.wire.fixed_at_us, fix.wire.seq))
        merged[device] = tuple(own)
    return merged


def last_seen(tracks: Tracks, after_us: int) -> Iterator[tuple[int, int]]:
    """When, later than an instant, a device's position becomes too old while another device is between two
    fixes; and when the later of these was received."""
    for device, own in tracks.items():
        next_us = (fix.wire.fixed_at_us for fix in own[1:])
        for fix, before_us in zip_longest(own, next_us):
            at_us = expires_us(fix)
            if at_us <= after_us or (before_us is not None and before_us <= at_us):
                continue
            for other, fixes in tracks.items():
                leg = leg_at(fixes, at_us) if other != device else None
                if leg is not None and leg.after is not None:
                    yield at_us, leg.after.received_at_us


def frontier_us(subject: Subject, tracks: Tracks, settled_us: int) -> int:
    """Up to where no fix that comes in order can change a position.

    Of each device the newest fix counts that its own version had worn, or as the victim's: a later
    version, which may name more devices, moves nothing of what was settled before.
    """
    named = (next((fix for fix in reversed(own) if subject.names(fix)), None) for own in tracks.values())
    newest = [fix.wire.fixed_at_us for fix in named if fix is not None]
    if not newest:
        return settled_us
    floor_us = max(newest) - _BETWEEN_US
    return max(settled_us, floor_us, min(at_us for at_us in newest if at_us >= floor_us))


def recent(subject: Subject, tracks: Tracks, settled_us: int) -> Tracks:
    """What later positions may rest on: of devices not in use, their own last fixes alone."""
    kept: Tracks = {}
    for device, fixes in sorted(tracks.items()):
        floor_us = settled_us - _TRACK_US
        if not any(subject.names(fix) for fix in fixes if fix.wire.fixed_at_us >= floor_us):
            floor_us = max(floor_us, fixes[-1].wire.fixed_at_us - _TRACK_US)
        own = tuple(fix for fix in fixes if fix.wire.fixed_at_us >= floor_us)
        if own:
            kept[device] = own
    return kept
