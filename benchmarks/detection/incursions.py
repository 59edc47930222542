"""What the contract's rule of reach comes to where bans are kept: how fast somebody would have had to be.

The rule is a letter (contract, section 3): a gap in which fixes were owed, and a way through the zone that
needs no more than a speed. Which speed is ours to choose. So each condition and local day is given the least
speed that any of its gaps needed: at a lower limit those above it would not have been told, and the rest is
what no choice of the limit avoids.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from benchmarks.detection.scene import Scene, Watch
from benchmarks.detection.tally import Pool
from benchmarks.detection.telling import table
from emon.geofence import detours
from emon.limits import REACH_SPEED_MAX_M_S
from emon.model.instant import SECOND_US, parse_instant, to_datetime
from emon.model.vocabulary import How

LIMITS_M_S = (REACH_SPEED_MAX_M_S, 8.0, 5.0, 3.0, 1.5)
"""A car in a town, a racing cyclist, a runner, somebody in a hurry, a walker."""
_LOCAL = ZoneInfo("Europe/Amsterdam")
Spans = Sequence[tuple[int, int]]


class _Gap(NamedTuple):
    opened_us: int
    closed_us: int
    met: bool
    """The straight path met the zone: no speed is asked."""


def least_speeds(scene: Scene, lines: Sequence[Mapping[str, Any]]) -> dict[str, list[float]]:
    """By wearer, of each condition and local day with a gap that reached it: metres a second at the least."""
    watches = {(watch.order, watch.condition): watch for watch in scene.watches}
    still = _still(scene)
    least: dict[tuple[str, str, str, int], float] = {}
    for line in lines:
        watch = watches.get((line.get("order"), line.get("condition")))  # type: ignore[arg-type]
        if line["type"] != "breach" or line["how"] != How.REACHABLE or line["refuted"] or watch is None:
            continue
        gap = _Gap(parse_instant(line["opened_at"]), parse_instant(line["closed_at"]), line["deepest_m"] > 0)
        day = to_datetime(gap.closed_us).astimezone(_LOCAL).date().toordinal()
        key = (watch.wearer, watch.order, watch.condition, day)
        speed_m_s = 0.0 if gap.met else _speed_m_s(watch, gap, scene.start_us, still[watch.device])
        least[key] = min(speed_m_s, least.get(key, np.inf))
    found: dict[str, list[float]] = defaultdict(list)
    for (wearer, *_), speed_m_s in sorted(least.items()):
        found[wearer].append(round(speed_m_s, 3))
    return found


def _speed_m_s(watch: Watch, gap: _Gap, start_us: int, still: Spans) -> float:
    """Over the time in which the device did not say that it lay still, as the engine counts it."""
    track = watch.track
    ends = [
        int(np.argmin(np.abs(track.t_s - (at_us - start_us) / SECOND_US)))
        for at_us in (gap.opened_us, gap.closed_us)
    ]
    one, other = ends
    zone = [watch.fence.zone]
    lon, lat = track.lon, track.lat
    way_m = detours(watch.fence.table, zone, [lon[one]], [lat[one]], [lon[other]], [lat[other]])
    still_us = sum(max(0, min(b, gap.closed_us) - max(a, gap.opened_us)) for a, b in still)
    moving_s = max(1.0, (gap.closed_us - gap.opened_us - still_us) / SECOND_US)
    return float(way_m[0]) / moving_s


def _still(scene: Scene) -> dict[str, list[tuple[int, int]]]:
    """By device, when it said that it lay still."""
    said: dict[str, set[tuple[int, bool]]] = defaultdict(set)
    for item in scene.received:
        for event in item.message.decoded.events:
            if event.event == "motion":
                said[event.device].add((event.fixed_at_us, event.state == "still"))
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for device, words in said.items():
        since_us: int | None = None
        for at_us, is_still in sorted(words):
            if is_still and since_us is None:
                since_us = at_us
            elif not is_still and since_us is not None:
                found[device].append((since_us, at_us))
                since_us = None
        if since_us is not None:
            found[device].append((since_us, 2**63 - 1))
    return found


def incursions_table(pool: Pool) -> str:
    """Condition-days with a gap through which somebody that fast could have been inside, a wearer-day."""
    columns = [
        ("all", pool),
        ("parametric", pool.of(resampled=False)),
        ("recorded errors", pool.of(resampled=True)),
    ]
    rows = []
    for limit_m_s in LIMITS_M_S:
        cells = []
        for _, of in columns:
            told = sum(s <= limit_m_s for row in of.rows for s in row.incursion_speeds_m_s)
            cells.append(f"{told / of.days:.4f}" if of.days else "–")
        now = " (the engine's)" if limit_m_s == REACH_SPEED_MAX_M_S else ""
        rows.append([f"{limit_m_s:g} m/s{now}", *cells])
    return table(["told if nobody were faster than", *(words for words, _ in columns)], rows)
