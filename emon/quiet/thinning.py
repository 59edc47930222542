"""Which of the fixes kept beside a row are forgotten, so that a device may fix often and stay quiet.

Theory of operation. What is asked of the kept fixes one day is a track, the newest ``TRACK_FIXES_MAX``, and
folds, which ``trimmed`` (``geofence/fold.py``) makes of one after another: the newest few, before them the
last of each slot, and the newest one of those older than evidence lasts. A fix may go when that comes out the
same without it:

- Once a fix is older than evidence lasts, all before it are forgotten, if it was the last of its slot:
  another would itself have been forgotten before.
- While all others are within evidence's memory, none of them is ever the newest of the older ones, and only
  slots count. A fix with ``TRACK_FIXES_MAX`` after it and its next one in its own slot is forgotten by then.
  The first few stay, since with them go those that the fold held before.
"""

from __future__ import annotations

from itertools import compress, pairwise

from emon.limits import RUN_FIXES_MAX, RUN_MEMORY_S, RUN_SLOT_S, TRACK_FIXES_MAX
from emon.model.fix import Fix
from emon.model.instant import SECOND_US
from emon.quiet.records import fixed_of_record

Entry = Fix | bytes
"""A quiet fix as it is kept: what came in columns as a record of ``QuietFixes.records``."""

_MEMORY_US, _SLOT_US = RUN_MEMORY_S * SECOND_US, RUN_SLOT_S * SECOND_US
_FIRST = RUN_FIXES_MAX + 2
"""After so many every fix of the fold before has been weighed against its slot."""


def without_forgotten(kept: list[Entry]) -> list[Entry]:
    """Those that a track or a fold may still hold, rising by their time as they came."""
    last = len(kept) - TRACK_FIXES_MAX - 1  # the first of those that stay whatever they are
    if last <= 0:
        return kept
    times = [fixed_of_record(one) if isinstance(one, bytes) else one.wire.fixed_at_us for one in kept]
    horizon_us = times[-1] - _MEMORY_US
    ends = [one // _SLOT_US != other // _SLOT_US for one, other in pairwise(times)]
    first = next((i for i in range(last, 0, -1) if times[i] < horizon_us and ends[i]), 0)
    rest = max(last, first + _FIRST)
    if times[first] < horizon_us and not (ends[first] and times[first + 1] >= horizon_us):
        return kept[first:] if first else kept
    return [
        *kept[first : first + _FIRST],
        *compress(kept[first + _FIRST : rest], ends[first + _FIRST :]),
        *kept[rest:],
    ]
