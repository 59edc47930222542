"""Where an inclusion may be folded again from: an instant whose memory of home is known.

Whether a fix outside means *left early* or *late home* depends on whether a fix was inside since the
window began, or shortly before. That memory can be as long as the window, so it is not cut off: the
start is a fix that shows the wearer at home, which nearly always is the last one, or else lies
before the window's own edge.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from emon.geofence.evidence import is_outside
from emon.geofence.fold import NO_ZONE, Subject
from emon.geofence.geometry import Geometry
from emon.limits import EDGE_FIX_AGE_MAX_S
from emon.model.fix import Fix
from emon.model.instant import SECOND_US
from emon.state import Key, State

_EDGE_AGE_US = EDGE_FIX_AGE_MAX_S * SECOND_US


class Fixes(Protocol):
    """The part of ``emon.recall.Archive`` that is asked here."""

    async def fixes_since(self, spans: Sequence[tuple[str, int]]) -> dict[str, list[Fix]]: ...


async def home_known_from(archive: Fixes, state: State, key: Key, start_us: int) -> int:
    """The latest instant, not after ``start_us``, from which a fold knows whether he was home."""
    subject = state.subjects[key]
    while True:
        window_us = subject.timeline.window_from(start_us)
        if window_us is None:
            soon_us = subject.timeline.window_soon(start_us, _EDGE_AGE_US)
            if soon_us is None:
                return start_us
            # A fix so long before the edge says whether he was home for it.
            start_us = soon_us - _EDGE_AGE_US
            if subject.timeline.window_from(start_us) is None:
                return start_us
            continue
        earliest_us = window_us - _EDGE_AGE_US
        at_us = await _last_home(archive, state.geometry, subject, earliest_us, start_us)
        if at_us is not None:
            return at_us
        start_us = earliest_us


async def _last_home(
    archive: Fixes, geometry: Geometry, subject: Subject, from_us: int, to_us: int
) -> int | None:
    """When the newest fix in ``[from_us, to_us)`` that shows him inside was made, if any does."""
    devices = sorted(subject.timeline.devices)
    span_us = _EDGE_AGE_US
    while True:
        look_us = max(from_us, to_us - span_us)
        found = await archive.fixes_since([(device, look_us) for device in devices])
        fixes = [fix for device in devices for fix in found.get(device, ()) if fix.usable]
        within = [fix for fix in fixes if from_us <= fix.wire.fixed_at_us < to_us]
        home = _newest_inside(geometry, subject, within)
        # One that leads the span may be the newest of one device alone; within the span all are there.
        if home is not None and (home >= look_us or len(devices) == 1):
            return home
        if look_us == from_us:
            return home
        span_us *= 4


def _newest_inside(geometry: Geometry, subject: Subject, fixes: Sequence[Fix]) -> int | None:
    judged = [(fix, zone) for fix in fixes if (zone := subject.zone_judging(fix)) not in (None, NO_ZONE)]
    distances = geometry.distances_m(
        [zone or 0 for _, zone in judged],
        [fix.wire.lon for fix, _ in judged],
        [fix.wire.lat for fix, _ in judged],
    )
    return max(
        (
            fix.wire.fixed_at_us
            for (fix, _), distance_m in zip(judged, distances, strict=True)
            if not is_outside(distance_m)
        ),
        default=None,
    )
