"""What the object path knows of a device, made up to date with its quiet fixes; and the way back to a row.

Both are exact: a fold after quiet fixes is the one that ``with_newest`` makes of them one by one, and a row
is made only of a device of which nothing is open, awaited or uncertain.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from emon.devices.position import KNOWN
from emon.devices.silence import HEARD as IS_HEARD
from emon.geofence.fold import NO_ZONE, Fold, Seen, Side, Subject, see, trimmed
from emon.geofence.geometry import Geometry
from emon.geofence.timeline import Timeline
from emon.ingest.admit import Track
from emon.limits import PLAN_S, TRACK_FIXES_MAX, WAY_CLAIM_MAX_M
from emon.model.fix import Fix
from emon.model.vocabulary import Kind, Mark
from emon.model.watch import Duty, Watch
from emon.plan import allowed_us
from emon.quiet.layout import (
    ACCURACY,
    AHEAD,
    ALLOWED,
    BEFORE,
    BEFORE_ACCURACY,
    BUFFERS,
    EDGE,
    FIXED,
    HEARD,
    LAT,
    LIVE,
    LON,
    NEAR,
    NEVER_US,
    SLOTS,
    WIDTH,
    ZONES,
    Ints,
)

_KINDS = (Kind.EXCLUSION, Kind.INCLUSION)


class _Later(NamedTuple):
    """A fix that is not yet seen under the zone: most need not be."""

    at_us: int
    fix: Fix


def track_after(track: Track, kept: Sequence[Fix]) -> Track:
    return (*track, *kept)[-TRACK_FIXES_MAX:]


def fold_after(subject: Subject, geometry: Geometry, fold: Fold, kept: Sequence[Fix]) -> Fold:
    """The fold after quiet fixes, which all lie under the zone of its newest one."""
    zone = fold.recent[-1].zone
    recent: tuple[Seen | _Later, ...] = fold.recent
    for fix in kept:
        recent = trimmed(recent, _Later(fix.wire.fixed_at_us, fix))
    unseen = [one.fix for one in recent if isinstance(one, _Later)]
    count = len(unseen)
    distances = geometry.distances_m(
        [zone] * count, [fix.wire.lon for fix in unseen], [fix.wire.lat for fix in unseen]
    )
    area_m2, side = geometry.area_m2(zone), subject.wrong_side
    seen = [
        see(fix, zone, distance_m, area_m2, side, active=False)
        for fix, distance_m in zip(unseen, distances, strict=True)
    ]
    before = [one for one in recent if isinstance(one, Seen)]
    return Fold(
        fold.edges_done_us,
        fold.next_look_us,
        fold.holding,
        (*before, *seen),
        fold.rights,
        fold.right_since_us,
        fold.episode,
        fold.window_us,
        seen[-1].at_us if side is Side.OUTSIDE else fold.home_us,
    )


def row_of(
    track: Track,
    ahead_us: int | None,
    watch: Watch,
    duties: Sequence[Duty],
    conditions: Sequence[tuple[Subject, Fold]],
    at_us: int,
) -> Ints | None:
    """The row of a device after the decision at ``at_us``, or None where its next fix must be looked at.

    ``conditions``: all that judge its fixes, with their folds.
    """
    newest = track[-1]
    if not (conditions and len(conditions) <= SLOTS and _is_at_rest(watch, newest)):
        return None
    wire = newest.wire
    if not newest.usable or wire.accuracy_m > WAY_CLAIM_MAX_M:
        return None
    words: Ints = np.zeros(WIDTH, dtype=np.int64)
    reals = words.view(np.float64)
    edge_us = NEVER_US
    for slot, (subject, fold) in enumerate(conditions):
        zone = _zone_of(subject, fold, newest, at_us)
        if zone is None:
            return None
        inclusion = subject.kind is Kind.INCLUSION
        words[ZONES + slot] = 2 * zone + inclusion
        reals[BUFFERS + slot] = max(subject.buffers.values(), default=0.0)
        reals[NEAR + slot] = fold.recent[-1].distance_m
        before = fold.recent[-2] if len(fold.recent) > 1 else None
        reals[BEFORE + slot] = -np.inf if before is None else before.distance_m
        if before is not None:
            reals[BEFORE_ACCURACY] = before.fix.wire.accuracy_m
        edge_us = min(edge_us, _next_change(subject.timeline, fold, wire.device, wire.fixed_at_us, at_us))
    words[LIVE] = len(conditions)
    words[FIXED], words[HEARD] = wire.fixed_at_us, watch.heard_us or 0
    words[AHEAD] = -NEVER_US if ahead_us is None else ahead_us
    words[EDGE], words[ALLOWED] = edge_us, _allowed_us(watch, duties)
    reals[LON], reals[LAT], reals[ACCURACY] = wire.lon, wire.lat, wire.accuracy_m
    return words


def _is_at_rest(watch: Watch, newest: Fix) -> bool:
    """Whether nothing is open of the device, and its newest fix is its place."""
    place = watch.place
    if place is None or watch.silence_state is not IS_HEARD or watch.position_state is not KNOWN:
        return False
    if watch.silence is not None or watch.lost is not None or watch.outage is not None:
        return False
    if place.cell or any(want.open for want in watch.wants) or watch.turns_from_us > place.fixed_at_us:
        return False
    here = (newest.wire.fixed_at_us, newest.wire.seq)
    return (place.fixed_at_us, place.seq) == here and place.received_at_us == watch.heard_us


def _zone_of(subject: Subject, fold: Fold, newest: Fix, at_us: int) -> int | None:
    """The zone that judges the device's next fix and has judged its newest one, which must lie on the right
    side with nothing open; None: it is not so plain."""
    if subject.kind not in _KINDS or len(subject.devices) != 1 or fold.episode is not None:
        return None
    seen = fold.newest
    if seen is None or seen.fix.wire.key != newest.wire.key or not seen.right:
        return None
    if fold.edges_done_us > seen.at_us:
        return None
    # As it will be judged: received from now on, fixed from its own time on.
    zone = subject.zone_judging(Fix(newest.wire, at_us, Mark.OK))
    return seen.zone if zone is not None and zone != NO_ZONE and zone == seen.zone else None


def _next_change(timeline: Timeline, fold: Fold, device: str, fixed_at_us: int, at_us: int) -> int:
    """Until when fixes are judged as the newest one is: no edge, no other version, the device worn."""
    found = [NEVER_US] if fold.next_look_us is None else [fold.next_look_us]
    for version in timeline.versions:
        if version.armed_at_us > at_us:
            found.append(version.armed_at_us)
        if version.valid_from_us > fixed_at_us:
            found.append(version.valid_from_us)
        for use in version.devices:
            if use.device == device:
                ends = (use.from_us, use.until_us)
                found.extend(end for end in ends if end is not None and end > fixed_at_us)
    return min(found)


def _allowed_us(watch: Watch, duties: Sequence[Duty]) -> int:
    """No silence is due sooner after a message: everything else that a plan may say asks for less."""
    every_s = [PLAN_S, *(duty.plan_s for duty in duties if duty.plan_s is not None)]
    every_s.extend(turn.every_s for turn in watch.plan_words if turn.every_s is not None)
    return allowed_us(min(every_s))
