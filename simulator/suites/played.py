"""What a suite hands over: one generated world, played, with its truth.

    from simulator.suites import SUITES, suite

    played = suite("drift", seed=5001)             # 3 wearers, 30 days
    played.orders                                  # bytes: the orders document, for `emon replay`
    played.truth                                   # scoring.Truth; played.truth_lines() is its file
    played.fixes_lines()                           # FIXES as JSON Lines, by `received_at`
    for track in played.tracks:                    # one device each
        track.fixes.received_s                     # columns, see Fixes
    for watched in played.conditions:              # a zone, or a contact's radius, by order and condition
        watched.table, watched.zone                # for signed_distances(table, [zone], lon, lat)

Seconds count from ``start_us`` (local midnight of the first day), as float64; nothing here knows an
engine. The same name, seed and parameters give the same bytes, whatever the number of workers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from emon.geofence import ZoneTable
from simulator.fleet.lines import event_lines, fix_lines, heartbeat_lines
from simulator.fleet.sending import Events, Fixes
from simulator.path import Path
from simulator.scoring.facts import Truth
from simulator.scoring.writing import Fact, line_of

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Spans = tuple[tuple[float, float], ...]


class Condition(NamedTuple):
    """One condition of an order, as the world knows it.

    ``kind`` is ``exclusion``, ``inclusion`` or ``contact``. ``active`` spans in seconds, rising, half-open.
    ``zone`` is an index into ``table``, -1 for a contact, whose ``radius_m`` counts from the track of
    ``victim_device``. ``edge_m`` is how far the zone was laid from where the wearer lives or works, NaN
    where that was not asked.
    """

    wearer: str
    order: str
    condition: str
    kind: str
    active: Spans
    table: ZoneTable
    zone: int
    radius_m: float = np.nan
    victim_device: str = ""
    edge_m: float = np.nan

    def active_at(self, t_s: Floats) -> Flags:
        """Whether it held at each instant."""
        edges = np.array(self.active, np.float64).reshape(-1)
        found: Flags = np.searchsorted(edges, t_s, side="right") % 2 == 1
        return found


class Spare(NamedTuple):
    """What a device would have sent on a command: fixes without copies, numbered among its own, and
    f64 the seconds at which it was heard to say `online` where it had none."""

    fixes: Fixes
    heard_s: Floats


@dataclass(frozen=True, slots=True)
class Track:
    """One device: who carried it, where it truly was, what it sent.

    ``wearer`` is empty for a protected person's device. ``receiver`` is the kind's name; ``resampled`` says
    that its errors were drawn from recordings, so that results can be shown apart. ``fixes`` and
    ``events`` are columns in the order of ``received_s``; repeats of a sending are in ``fixes.copies``.
    ``watched_s`` f64[k, 2] are the spans in which no fix was owed by the plan. ``heartbeats_s`` is when the
    service heard `online` of it and nothing else. ``left_s`` f64[k, 2] are spans in which the device lay
    where its strap was cut, and ``path`` is still the wearer's. ``spare``: what it would have sent
    besides, had it been asked; nothing where the parameters do not say ``obeys``. ``gaps_s`` f64[k, 2]: spans
    without a connection.
    """

    device: str
    wearer: str
    receiver: str
    resampled: bool
    path: Path
    fixes: Fixes
    events: Events
    watched_s: Floats
    heartbeats_s: Floats
    left_s: Floats
    spare: Spare
    gaps_s: Floats

    def lines(self, start_us: int) -> Iterator[str]:
        """This device's FIXES lines, repeats included, in no order that matters."""
        yield from fix_lines(self.device, self.fixes, start_us)
        yield from event_lines(self.device, self.events, start_us)
        yield from heartbeat_lines(self.device, self.heartbeats_s, start_us)


@dataclass(frozen=True, slots=True)
class Played:
    """One world of a suite; ``parameters`` are those it was played with."""

    name: str
    seed: int
    start_us: int
    days: int
    orders: bytes
    tracks: tuple[Track, ...]
    conditions: tuple[Condition, ...]
    truth: Truth
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def track_of(self, wearer: str) -> Track:
        """The track of a wearer. Raises ``KeyError``."""
        for track in self.tracks:
            if track.wearer == wearer:
                return track
        raise KeyError(wearer)

    def conditions_of(self, wearer: str) -> tuple[Condition, ...]:
        return tuple(each for each in self.conditions if each.wearer == wearer)

    def fixes_lines(self) -> Iterator[str]:
        """FIXES (contract section 5), device by device; the order of lines is nothing."""
        for track in self.tracks:
            yield from track.lines(self.start_us)

    def truth_lines(self) -> Iterator[str]:
        """The truth file of ``emon-sim score``."""
        truth = self.truth
        facts: list[Fact] = [truth.world, *truth.wearers.values()]
        facts += [*truth.stays, *truth.seen, *truth.held, *truth.rulings]
        return map(line_of, facts)
