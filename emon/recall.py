"""Answer what a step needs of the past, from any archive: PostgreSQL live, memory in a replay.

Written once for both, so that live and replayed judgement rest on the same recollection.
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from typing import Protocol

from emon.devices.turns import MOTION, motion_turns
from emon.engine import Need, Past
from emon.ingest.admit import Track
from emon.limits import RUN_MEMORY_S, TRACK_FIXES_MAX
from emon.model.breach import Breach
from emon.model.fix import Fix, KeptEvent
from emon.model.instant import HOUR_US, SECOND_US
from emon.model.vocabulary import Kind
from emon.model.watch import Turn
from emon.recall_home import home_known_from
from emon.recall_pair import unsettled_from
from emon.state import FoldPast, Key, State

_RUN_US = RUN_MEMORY_S * SECOND_US
_DAY_TOLD_US = 25 * HOUR_US  # a local day with its clock change: what it was told must be found

FixKey = tuple[str, int, int]


class Events(Protocol):
    """The part of :class:`Archive` that holds what devices said."""

    async def events_since(
        self, spans: Sequence[tuple[str, str, int]]
    ) -> dict[tuple[str, str], list[KeptEvent]]: ...


class Archive(Protocol):
    """What is stored, as one transaction sees it. Marked ``clock``: only where said."""

    async def known_fixes(self, keys: Sequence[FixKey]) -> dict[FixKey, Fix]:
        """Stored fixes of these (device, fixed_at, seq), whatever their mark."""
        ...

    async def tracks(self, devices: Sequence[str], limit: int) -> dict[str, tuple[Fix, ...]]:
        """The newest ``limit`` fixes of each device by (fixed_at, seq), rising, none ``clock``."""
        ...

    async def clock_ahead(self, devices: Sequence[str]) -> dict[str, int]:
        """The largest fixed_at that a device has stored with the mark ``clock``."""
        ...

    async def fixes_since(self, spans: Sequence[tuple[str, int]]) -> dict[str, list[Fix]]:
        """Fixes of each (device, from_us) from then on, rising by (fixed_at, seq), none ``clock``,
        led by the last usable one before."""
        ...

    async def breaches_since(self, spans: Sequence[tuple[str, str, int]]) -> dict[Key, list[Breach]]:
        """Breaches of each (order, condition, from_us), refuted ones too, that are open, or were
        opened or closed from then on, rising by (opened_at, id)."""
        ...

    async def approaches_since(self, spans: Sequence[tuple[str, str, int]]) -> dict[Key, list[int]]:
        """When alerts on an approach were raised for each (order, condition, from_us) from then on,
        rising."""
        ...

    async def events_since(
        self, spans: Sequence[tuple[str, str, int]]
    ) -> dict[tuple[str, str], list[KeptEvent]]:
        """What each (device, event, from_us) said or was heard to say from then on, led by the last
        before by (fixed_at, seq)."""
        ...

    async def known_replies(self, ids: Sequence[str]) -> frozenset[str]:
        """Those of the replies' ids that are stored."""
        ...


async def recall(archive: Archive, state: State, need: Need) -> Past:
    """Everything :func:`emon.engine.needs` asked for."""
    tracks, longer = await _newest_tracks(archive, state, need)
    starts, breaches = await _quiet_starts(archive, state, need)
    spans: dict[str, int] = {}
    for key, start_us in starts.items():
        for device in state.subjects[key].devices:
            spans[device] = min(start_us, spans.get(device, start_us))
    fixes = await _fixes_since(archive, longer, spans)
    for device, from_us in longer.items():
        if found := _from(fixes.get(device, []), from_us):
            tracks[device] = tuple(found)
    of_folds = {d: _from(fixes[d], start_us) for d, start_us in spans.items() if d in fixes}
    unseen = sorted(device for device in need.tracks if device not in state.tracks)
    return Past(
        tracks=tracks,
        clock_ahead=await archive.clock_ahead(unseen) if unseen else {},
        known=await archive.known_fixes(need.keys) if need.keys else {},
        folds=await _folds(archive, state, need, starts, breaches, of_folds) if starts else {},
        events=await archive.events_since(need.events) if need.events else {},
        replies=await archive.known_replies(need.replies) if need.replies else frozenset(),
    )


async def _newest_tracks(
    archive: Archive, state: State, need: Need
) -> tuple[dict[str, Track], dict[str, int]]:
    """The newest fixes of each device that is asked for, and the devices of which these do not reach back far
    enough, each with the instant: what memory holds of a device tells that without a look."""
    longer = {
        d: from_us for d, from_us in need.tracks.items() if _ends_after(state.tracks.get(d, ()), from_us)
    }
    asked = sorted(need.tracks.keys() - longer.keys())
    newest = await archive.tracks(asked, TRACK_FIXES_MAX) if asked else {}
    tracks = {device: newest.get(device, ()) for device in need.tracks}
    longer |= {d: need.tracks[d] for d in asked if _ends_after(tracks[d], need.tracks[d])}
    return tracks, longer


async def _fixes_since(
    archive: Archive, longer: dict[str, int], spans: dict[str, int]
) -> dict[str, list[Fix]]:
    """One read for tracks and folds: of each device from the earlier of its two instants on."""
    asked = longer | {d: min(start_us, longer.get(d, start_us)) for d, start_us in spans.items()}
    return await archive.fixes_since(sorted(asked.items())) if asked else {}


def _ends_after(track: Track, from_us: int) -> bool:
    """Whether a track is full before it comes to a usable fix of before an instant."""
    full = len(track) >= TRACK_FIXES_MAX
    return full and not any(fix.usable and fix.wire.fixed_at_us < from_us for fix in track)


async def _folds(
    archive: Archive,
    state: State,
    need: Need,
    starts: dict[Key, int],
    breaches: dict[Key, list[Breach]],
    fixes: dict[str, Sequence[Fix]],
) -> dict[Key, FoldPast]:
    turns = await _turns(archive, state, starts, fixes)
    day_us = state.at_us - _DAY_TOLD_US
    told = await archive.approaches_since([(*key, day_us) for key in sorted(starts)])
    pasts: dict[Key, FoldPast] = {}
    for key, start_us in starts.items():
        own: list[Fix] = []
        devices = sorted(state.subjects[key].devices)
        for device in devices:
            own.extend(fix for fix in _from(fixes.get(device, []), start_us) if fix.usable)
        own.sort(key=lambda fix: (fix.wire.fixed_at_us, fix.wire.device, fix.wire.seq))
        said = {device: turns[device] for device in devices if device in turns}
        lines, approaches = tuple(breaches[key]), tuple(told.get(key, ()))
        pasts[key] = FoldPast(need.folds[key], start_us, tuple(own), lines, said, approaches)
    return pasts


async def _turns(
    archive: Archive, state: State, starts: dict[Key, int], fixes: dict[str, Sequence[Fix]]
) -> dict[str, tuple[Turn, ...]]:
    """What devices said of their motion since the first of their fixes; only bans ask for it.

    Which word was the first of a device that lies still decides since when it may report by the
    hour, so the look goes back until it moved.
    """
    bans = [key for key in starts if state.subjects[key].kind is Kind.EXCLUSION]
    devices = {device for key in bans for device in state.subjects[key].timeline.devices}
    asked = {device: fixes[device][0].wire.fixed_at_us for device in devices if fixes.get(device)}
    said = await motion_since(archive, asked)
    return {device: tuple(motion_turns(events)) for device, events in said.items()}


async def motion_since(archive: Events, asked: dict[str, int]) -> dict[str, list[KeptEvent]]:
    """What each device said of its motion from an instant on, and before it since it last moved."""
    said: dict[str, list[KeptEvent]] = {}
    back_us = HOUR_US
    while asked:
        spans = [(device, MOTION, from_us) for device, from_us in sorted(asked.items())]
        found = await archive.events_since(spans)
        further: dict[str, int] = {}
        for device, from_us in asked.items():
            before, said[device] = said.get(device), found.get((device, MOTION), [])
            turns = motion_turns(said[device])
            if turns and turns[0].still and said[device] != before:
                further[device] = min(from_us, turns[0].at_us) - back_us
        asked, back_us = further, 4 * back_us
    return said


async def _quiet_starts(
    archive: Archive, state: State, need: Need
) -> tuple[dict[Key, int], dict[Key, list[Breach]]]:
    """For each condition an instant at which nothing was open and no evidence in progress.

    Evidence lasts ``RUN_MEMORY_S``; a breach on file that reaches into that time moves the start
    before its own evidence, until none reaches in. An inclusion's window remembers whether he was
    home in it, so its start moves to a fix that shows him there, or before the window; a contact's
    moves before what its two people's last fixes left unsettled.
    """
    starts = {key: from_us - _RUN_US for key, from_us in need.folds.items()}
    breaches: dict[Key, list[Breach]] = {}
    asked = dict(starts)
    while asked:
        found = await archive.breaches_since(
            [(key[0], key[1], start_us - _DAY_TOLD_US) for key, start_us in sorted(asked.items())]
        )
        moved: dict[Key, int] = {}
        for key, start_us in asked.items():
            breaches[key] = found.get(key, [])
            earlier_us = _before_open(breaches[key], start_us)
            if state.subjects[key].kind is Kind.INCLUSION:
                earlier_us = await home_known_from(archive, state, key, earlier_us)
            if state.subjects[key].kind is Kind.CONTACT:
                earlier_us = await unsettled_from(archive, state, key, earlier_us)
            if earlier_us < start_us:
                starts[key] = moved[key] = earlier_us
        asked = moved
    return starts, breaches


def _before_open(breaches: Sequence[Breach], start_us: int) -> int:
    for breach in reversed(breaches):
        if breach.refuted:
            continue
        if breach.closed_at_us is None or breach.closed_at_us >= start_us:
            start_us = min(start_us, breach.opened_at_us - _RUN_US)
    return start_us


def _from(fixes: Sequence[Fix], start_us: int) -> Sequence[Fix]:
    """The fixes from an instant on, led by the last usable one before."""
    place = bisect.bisect_left(fixes, start_us, key=lambda fix: fix.wire.fixed_at_us)
    for i in range(place - 1, -1, -1):
        if fixes[i].usable:
            return [fixes[i], *fixes[place:]]
    return fixes[place:]
