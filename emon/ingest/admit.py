"""Admission: which fixes are new, and how far each may be trusted (contract, section 1).

Every new fix is kept; admission only marks it. The mark is a function of the fix, of its receipt
and of the fixes already kept for the device, in event time, so it is the same after a restart.
"""

from __future__ import annotations

import bisect
from collections.abc import Mapping, Sequence
from itertools import pairwise

from emon.limits import (
    CLOCK_AHEAD_MAX_S,
    CLOCK_BEHIND_MAX_S,
    LATE_AFTER_S,
    PLAUSIBLE_SPEED_MAX_M_S,
    REANCHOR_FIXES,
    TRACK_FIXES_MAX,
)
from emon.model.fix import Fix, RawFix
from emon.model.instant import SECOND_US
from emon.model.span import span_at_most_m, span_m
from emon.model.vocabulary import Mark

Track = tuple[Fix, ...]
"""Fixes of one device in event time, rising by (fixed_at, seq), without those marked ``clock``:
a fix from 2099 would be the newest for ever."""


class Admitted:
    """What admission made of one device's fixes of one batch."""

    __slots__ = ("conflicts", "new", "repeats", "track")

    def __init__(self, track: Track) -> None:
        self.track = track
        self.new: list[Fix] = []
        self.repeats = 0
        self.conflicts: list[RawFix] = []


def clock_is_wrong(fixed_at_us: int, received_at_us: int) -> bool:
    """Whether a fix claims a time that its receipt makes impossible, or too old to be believed."""
    ahead_us = fixed_at_us - received_at_us
    return ahead_us > CLOCK_AHEAD_MAX_S * SECOND_US or -ahead_us > CLOCK_BEHIND_MAX_S * SECOND_US


def admit(
    fixes: Sequence[RawFix],
    track: Track,
    known: Mapping[tuple[str, int, int], Fix],
    received_at_us: int,
) -> Admitted:
    """Admit one device's fixes of one batch.

    ``fixes`` rise by (fixed_at, seq, raw). ``track`` must reach back to the last usable fix before
    the oldest of them; ``known`` holds stored fixes of the same keys that the track does not reach.
    The new track is cut to the newest ``TRACK_FIXES_MAX``.
    """
    result = Admitted(track)
    if len(fixes) == 1 and _is_newest(fixes[0], track) and not (known and fixes[0].key in known):
        _take_newest(result, fixes[0], received_at_us)
        return result
    fixes_by_time = list(track)
    by_key = {fix.wire.key: fix for fix in track}
    for raw in fixes:
        earlier = by_key.get(raw.key) or known.get(raw.key)
        if earlier is not None:
            if raw.same_content(earlier.wire):
                result.repeats += 1
            else:
                result.conflicts.append(raw)
            continue
        place = bisect.bisect_left(fixes_by_time, (raw.fixed_at_us, raw.seq), key=_position)
        mark = _mark(raw, fixes_by_time[:place], fixes_by_time[place:], received_at_us)
        fix = Fix(raw, received_at_us, mark)
        by_key[raw.key] = fix
        result.new.append(fix)
        if fix.mark is not Mark.CLOCK:
            bisect.insort(fixes_by_time, fix, key=_position)
    result.track = tuple(fixes_by_time[-TRACK_FIXES_MAX:])
    return result


def _is_newest(raw: RawFix, track: Track) -> bool:
    return not track or (raw.fixed_at_us, raw.seq) > _position(track[-1])


def _take_newest(result: Admitted, raw: RawFix, received_at_us: int) -> None:
    """One fix beyond all that the track holds, as nearly all are: nothing need be looked through."""
    track = result.track
    fix = Fix(raw, received_at_us, _mark(raw, track, (), received_at_us))
    result.new.append(fix)
    if fix.mark is not Mark.CLOCK:
        track = (*track, fix)
    result.track = track if len(track) <= TRACK_FIXES_MAX else track[-TRACK_FIXES_MAX:]


def _position(fix: Fix) -> tuple[int, int]:
    return (fix.wire.fixed_at_us, fix.wire.seq)


def _mark(raw: RawFix, earlier: Sequence[Fix], later: Sequence[Fix], received_at_us: int) -> Mark:
    if clock_is_wrong(raw.fixed_at_us, received_at_us):
        return Mark.CLOCK
    if _is_no_position(raw) or not _is_plausible(raw, earlier):
        return Mark.IMPLAUSIBLE
    if received_at_us - raw.fixed_at_us > LATE_AFTER_S * SECOND_US:
        return Mark.LATE
    if later and any(fix.usable for fix in later):
        return Mark.OUT_OF_ORDER
    return Mark.OK


def _is_no_position(raw: RawFix) -> bool:
    """Latitude and longitude of zero, to the digit: what receivers send that have none. The place itself
    is open sea, and nobody is ever believed to be there, so nobody is disbelieved for having left it."""
    return raw.lon == 0.0 and raw.lat == 0.0


def _is_plausible(raw: RawFix, earlier: Sequence[Fix]) -> bool:
    """Whether the wearer can have come here from where he was last believed to be.

    A receiver that was wrong before and is right now must not be disbelieved for ever: when the
    fixes since then that were disbelieved agree with this one, it is they that are believed.
    """
    doubted: list[RawFix] = []
    for fix in reversed(earlier):
        if fix.usable:
            return _agree(fix.wire, raw) or _reanchors(raw, doubted)
        if fix.mark is Mark.IMPLAUSIBLE and not _is_no_position(fix.wire):
            doubted.append(fix.wire)
    return True


def _reanchors(raw: RawFix, doubted: list[RawFix]) -> bool:
    needed = REANCHOR_FIXES - 1
    if len(doubted) < needed:
        return False
    chain = [raw, *doubted[:needed]]
    return all(_agree(older, newer) for newer, older in pairwise(chain))


def _agree(older: RawFix, newer: RawFix) -> bool:
    """Whether one can have travelled between two fixes at a speed the ground allows."""
    gap_s = max(1.0, (newer.fixed_at_us - older.fixed_at_us) / SECOND_US)
    reach_m = PLAUSIBLE_SPEED_MAX_M_S * gap_s
    if span_at_most_m(older.lon, older.lat, newer.lon, newer.lat) <= reach_m:
        return True  # as nearly always, and without a sine
    apart_m = span_m(older.lon, older.lat, newer.lon, newer.lat)
    return apart_m - older.accuracy_m - newer.accuracy_m <= reach_m
