"""A world whose devices hear what they are asked while a rule judges it: fix now, and a faster rate.

    played = obeyed("drift", 5001, rule)           # rule(before, devices) asks while it goes over the fixes

Theory of operation. What a device would have taken each 15 s is played beforehand with all else, in one
stroke of the receiver's errors, and lies in ``Track.spare``. A command only chooses from it, so that
nothing before it changes and the same commands give the same fixes. The truth is written afterwards, of what
came. Whoever asks is not known here: a rule takes each line at its instant and says what it asks for.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from emon.model.instant import SECOND_US
from simulator.fleet.lines import fix_lines, heartbeat_lines, instants
from simulator.fleet.plans import PURSUIT_S, joined_spans
from simulator.fleet.sending import Fixes
from simulator.suites.catalogue import planned
from simulator.suites.parameters import WorldRefused
from simulator.suites.parts import played_with, tracks_of
from simulator.suites.played import Played, Track

Rows = NDArray[np.intp]

LATENCY_S = 2.0  # [own] from the service to a device with a connection, and back
TRIES_S = 60.0  # [own] so long a device tries for the fix it was asked for at once
_REGAINED_S = 10.0  # [own] after a gap the broker hands over what waited
_JOINED_S = 2.0 * PURSUIT_S + 60.0 - PURSUIT_S  # [contract] section 3: a gap in which no fix is owed


class Asked(NamedTuple):
    """A command as it left: ``asks`` is ``fix`` or ``rate``; what was not heard before ``until_us`` lapses.
    ``rate_s`` and ``for_s`` are of a rate."""

    id: str
    device: str
    asks: str
    at_us: int
    until_us: int
    rate_s: float | None = None
    for_s: float | None = None


Rule = Callable[[Played, "Devices"], None]
"""Goes over a world's fixes by ``received_at``, takes from the devices what comes, and asks them."""


def obeyed(name: str, seed: int, rule: Rule, **parameters: Any) -> Played:
    """The world of this suite and seed as it became while the rule judged it.

    Raises ``WorldRefused`` as ``suite`` does, and for a world of more than one part: who obeys is not
    handed over between processes.
    """
    parts = planned(name, seed, **(parameters | {"obeys": True}))
    if len(parts) > 1:
        raise WorldRefused(f"wearers: {parameters.get('wearers')} who obey are too many for one world")
    casts, tracks = tracks_of(parts[0])
    before = played_with(parts[0], casts, tracks)
    devices = Devices(tracks, before.start_us)
    rule(before, devices)
    return played_with(parts[0], casts, devices.tracks())


class Devices:
    """All devices of a world, asked as time goes on; what comes of it is taken in order of its receipt."""

    def __init__(self, tracks: Sequence[Track], start_us: int) -> None:
        self._start_us = start_us
        self._devices = {track.device: _Device(track, start_us) for track in tracks}
        self._waiting: list[tuple[int, int, str, int, str]] = []
        self._number = 0

    def ask(self, asked: Asked) -> None:
        """A command leaves; a device that there is not, or that has obeyed it, does nothing."""
        device = self._devices.get(asked.device)
        if device is None:
            return
        for at_us, row, line in device.ask(asked):
            self._number += 1
            heapq.heappush(self._waiting, (at_us, self._number, asked.device, row, line))

    @property
    def next_us(self) -> int | None:
        """When something comes next that was asked for; it may have been called off by then."""
        return self._waiting[0][0] if self._waiting else None

    def come(self, at_us: int) -> list[str]:
        """The lines of FIXES that come up to an instant."""
        found = []
        while self._waiting and self._waiting[0][0] <= at_us:
            _, _, device, row, line = heapq.heappop(self._waiting)
            if self._devices[device].sends(row):
                found.append(line)
        return found

    def tracks(self) -> list[Track]:
        """The tracks with what was sent on command among their fixes."""
        return [device.track() for device in self._devices.values()]


class _Device:
    """What one device was asked, what it means to send of its spare fixes and signs of life, and what it has
    sent. Rows are those of the fixes, then those of the signs of life."""

    def __init__(self, track: Track, start_us: int) -> None:
        self._track, self._start_us = track, start_us
        self._plan_s = np.sort(track.fixes.t_s)
        fixes, heard_s = track.spare
        self._fixes = fixes.t_s.size
        self._t_s = np.concatenate([fixes.t_s, heard_s])
        self._received_s = np.concatenate([fixes.received_s, heard_s])
        self._means, self._sent = np.zeros((2, self._t_s.size), np.bool_)
        self._obeyed: set[str] = set()

    def ask(self, asked: Asked) -> Iterator[tuple[int, int, str]]:
        """``(received_us, row, line)`` of what it will send; row -1 is the reply."""
        heard_s = self._heard_s((asked.at_us - self._start_us) / SECOND_US)
        if asked.id in self._obeyed or heard_s * SECOND_US + self._start_us > asked.until_us:
            return
        self._obeyed.add(asked.id)
        yield self._reply(asked, heard_s)
        if asked.asks == "fix":
            rows = self._at_once(heard_s)
        elif asked.rate_s is not None and asked.rate_s <= PURSUIT_S:
            within = (self._t_s >= heard_s) & (self._t_s < heard_s + (asked.for_s or np.inf))
            rows = np.flatnonzero(within & ~self._means & ~self._sent)
        else:
            self._means[self._t_s >= heard_s] = False
            return
        self._means[rows] = True
        for row, line in zip(rows.tolist(), self._lines(rows), strict=True):
            yield self._at_us(float(self._received_s[row])), row, line

    def _lines(self, rows: Rows) -> Iterator[str]:
        chosen = np.zeros(self._t_s.size, np.bool_)
        chosen[rows] = True
        fixes, heard_s = self._track.spare
        yield from fix_lines(self._track.device, fixes.only(chosen[: self._fixes]), self._start_us)
        yield from heartbeat_lines(self._track.device, heard_s[chosen[self._fixes :]], self._start_us)

    def sends(self, row: int) -> bool:
        """Whether it still means to send it; then it has. A reply always leaves."""
        if row < 0:
            return True
        sends = bool(self._means[row]) and not self._sent[row]
        self._sent[row] |= sends
        return sends

    def track(self) -> Track:
        """Its track with what it sent. A span in which it was seen lasts 15 s beyond a fix of these."""
        track, sent = self._track, self._sent
        fixes = track.spare.fixes.only(sent[: self._fixes])
        heard_s = np.sort(np.append(track.heartbeats_s, track.spare.heard_s[sent[self._fixes :]]))
        seen_s = np.stack([fixes.t_s, fixes.t_s + PURSUIT_S], axis=1)
        watched_s = joined_spans(np.concatenate([track.watched_s, seen_s]), _JOINED_S)
        return replace(track, fixes=_merged(track.fixes, fixes), watched_s=watched_s, heartbeats_s=heard_s)

    def _at_once(self, heard_s: float) -> Rows:
        """The next spare fix, if the plan's own does not come before it, nor the device gives up."""
        t_s = self._t_s[: self._fixes]
        soon = np.flatnonzero((t_s >= heard_s) & (t_s <= heard_s + TRIES_S))
        if not soon.size:
            return soon
        row = soon[[int(np.argmin(t_s[soon]))]]
        place = int(np.searchsorted(self._plan_s, heard_s))
        planned_s = self._plan_s[place] if place < self._plan_s.size else np.inf
        taken = self._means[row[0]] or self._sent[row[0]]
        return row[:0] if taken or planned_s <= t_s[row[0]] else row

    def _heard_s(self, at_s: float) -> float:
        heard_s, gaps_s = at_s + LATENCY_S, self._track.gaps_s
        place = int(np.searchsorted(gaps_s[:, 0], heard_s, side="right")) - 1 if len(gaps_s) else -1
        if place >= 0 and heard_s < gaps_s[place, 1]:
            return float(gaps_s[place, 1]) + _REGAINED_S
        return heard_s

    def _reply(self, asked: Asked, heard_s: float) -> tuple[int, int, str]:
        body: dict[str, Any] = {"id": asked.id, "result": "done"}
        if asked.asks == "rate" and asked.rate_s is not None:
            body["rate_s"] = asked.rate_s
        received_s = round(heard_s + LATENCY_S, 3)
        (received_at,) = instants(np.array([received_s]), self._start_us)
        line = {"device": self._track.device, "received_at": f"{received_at}Z", "reply": body}
        return self._at_us(received_s), -1, json.dumps(line, separators=(",", ":"))

    def _at_us(self, second: float) -> int:
        return self._start_us + round(second * 1e3) * 1_000


def _merged(fixes: Fixes, more: Fixes) -> Fixes:
    """Both in the order of their receipt; copies stay those of the first."""
    pairs: list[Any] = [*zip(fixes[:-1], more[:-1], strict=True)]
    order = np.argsort(np.concatenate([fixes.received_s, more.received_s]), kind="stable")
    place = np.empty(order.size, np.int64)
    place[order] = np.arange(order.size)
    rows = place[fixes.copies[:, 0].astype(np.int64)].astype(np.float64)
    copies = np.stack([rows, fixes.copies[:, 1]], axis=1)
    columns: list[Any] = [np.concatenate(pair)[order] for pair in pairs]
    return Fixes(*[*columns, copies])
