"""Where a contact can be folded again from: before what two people's last fixes left unsettled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from emon.geofence.fold import Subject
from emon.limits import CONTACT_BETWEEN_MAX_S, RUN_MEMORY_S, TRACK_FIXES_MAX
from emon.model.fix import Fix
from emon.model.instant import DAY_US, SECOND_US
from emon.state import Key, State

_BACK_US = (CONTACT_BETWEEN_MAX_S + RUN_MEMORY_S) * SECOND_US


class Fixes(Protocol):
    """The part of ``emon.recall.Archive`` that is asked here."""

    async def tracks(self, devices: Sequence[str], limit: int) -> dict[str, tuple[Fix, ...]]: ...

    async def fixes_since(self, spans: Sequence[tuple[str, int]]) -> dict[str, list[Fix]]: ...


async def unsettled_from(archive: Fixes, state: State, key: Key, start_us: int) -> int:
    """The start, or an earlier one.

    What lies beyond the settled part (at most ``CONTACT_BETWEEN_MAX_S`` before the newest fix of all)
    was not judged to its end when both fell silent. The next fix settles it, so it must be seen again.
    """
    newest: list[int] = []
    for device in sorted(state.subjects[key].devices):
        at_us = await _newest_named(archive, state.subjects[key], device)
        if at_us is not None:
            newest.append(at_us)
    return min(start_us, max(newest) - _BACK_US) if newest else start_us


async def _newest_named(archive: Fixes, subject: Subject, device: str) -> int | None:
    """``fixed_at`` of the device's newest usable fix of those that the condition judges."""
    track: Sequence[Fix] = (await archive.tracks([device], TRACK_FIXES_MAX)).get(device, ())
    span_us = DAY_US
    while track:
        named = [fix.wire.fixed_at_us for fix in track if fix.usable and subject.names(fix)]
        if named:
            return named[-1]
        # It reports though nobody is to wear it any more: look further back.
        look_us = track[0].wire.fixed_at_us - span_us
        earlier = (await archive.fixes_since([(device, look_us)])).get(device, [])
        if not earlier or earlier[0].wire.fixed_at_us == track[0].wire.fixed_at_us:
            return None
        track, span_us = earlier, 4 * span_us
    return None
