"""One world as the rules see it: the orders, what was received, who is watched, and the truth."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.detection.rivals import Fence, Track, track_of
from benchmarks.detection.rivals.parts import Flags, Floats
from emon.cli.recorded import recorded_messages
from emon.geofence import ZoneTable
from emon.model.instant import SECOND_US
from emon.replay import Received
from simulator.path import Path as Way
from simulator.scenario_check import held_conditions
from simulator.scenario_library import played as played_scenario
from simulator.scoring.facts import Truth
from simulator.suites import Played

EXCLUSION, INCLUSION = "exclusion", "inclusion"


class TurnedFence(Fence):
    """A fence for rules turned round, as for a curfew: no way meets it that its ends do not show."""

    def touched(self, lon1: Floats, lat1: Floats, lon2: Floats, lat2: Floats) -> Flags:
        return np.zeros(len(lon1), dtype=np.bool_)


class Watch(NamedTuple):
    """One condition with a zone, and the fixes of the wearer's devices as a rival's track of it.

    For an inclusion the distances are turned round, so that whoever leaves the zone enters the outside.
    ``way``: where the wearer truly was, for the truth's figures alone; no rule sees it.
    """

    wearer: str
    order: str
    condition: str
    device: str
    fence: Fence
    track: Track
    way: Way | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """``resampled``: wearers whose errors are recorded ones. ``uncovered``: conditions no rival has.
    ``until_us``: when the play ends, if later than the last that came: silence is judged too."""

    name: str
    seed: int
    start_us: int
    orders: bytes
    received: list[Received]
    truth: Truth
    watches: list[Watch]
    resampled: frozenset[str] = frozenset()
    uncovered: tuple[str, ...] = ()
    until_us: int | None = None


class Columns(NamedTuple):
    """Fixes of one device in the order in which they came, exact repeats left out; seconds from the start."""

    t_s: Floats
    received_s: Floats
    lon: Floats
    lat: Floats
    accuracy_m: Floats
    speed_m_s: Floats


def scene_of_suite(played: Played) -> Scene:
    """A generated world."""
    received = received_of(played.fixes_lines())
    columns = columns_of(received, played.start_us)
    watches, uncovered = [], []
    for each in played.conditions:
        track = played.track_of(each.wearer)
        if each.zone < 0:
            uncovered.append(f"{each.order} {each.condition}")
            continue
        fixes = columns[track.device]
        active = each.active_at(fixes.t_s)
        fence = Fence(each.table, each.zone)
        watches.append(
            Watch(
                each.wearer,
                each.order,
                each.condition,
                track.device,
                *turned(fence, fixes, active, each.kind),
                track.path,
            )
        )
    return Scene(
        played.name,
        played.seed,
        played.start_us,
        played.orders,
        received,
        played.truth,
        watches,
        frozenset(track.wearer for track in played.tracks if track.resampled),
        tuple(uncovered),
    )


def scene_of_scenario(name: str) -> Scene:
    """A scenario that comes with the simulator. Each version of a condition is a watch of its own."""
    played = played_scenario(name)
    received = received_of(played.fixes)
    columns = columns_of(received, played.start_us)
    watches, uncovered = [], []
    for version, condition, kind, spans in held_conditions(played.scenario, played.start_us):
        if kind not in (EXCLUSION, INCLUSION) or condition.zone is None:
            uncovered.append(f"{version.id} {condition.id}")
            continue
        table = ZoneTable()
        fence = Fence(table, table.add(condition.zone))
        for use in version.devices:
            fixes = columns.get(use.device)
            if fixes is None:
                continue
            at_us = fixes.t_s * SECOND_US + played.start_us
            until_us = np.inf if use.until_us is None else use.until_us
            worn = (at_us >= (-np.inf if use.from_us is None else use.from_us)) & (at_us < until_us)
            fixes = Columns(*(column[worn] for column in fixes))
            edges = np.array(spans, dtype=np.float64).reshape(-1)
            active = np.searchsorted(edges, fixes.t_s, side="right") % 2 == 1
            watches.append(
                Watch(
                    version.wearer,
                    version.id,
                    condition.id,
                    use.device,
                    *turned(fence, fixes, active, kind),
                )
            )
    return Scene(
        name,
        0,
        played.start_us,
        played.orders,
        received,
        played.truth,
        watches,
        uncovered=tuple(uncovered),
        until_us=played.start_us + round(played.scenario.duration_s * SECOND_US),
    )


def received_of(lines: Iterable[str]) -> list[Received]:
    """The lines of FIXES as ``emon replay`` reads them from a file."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "fixes.jsonl"
        file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return recorded_messages(str(file), "benchmark")[0]


def columns_of(received: Iterable[Received], start_us: int) -> dict[str, Columns]:
    """By device. Rivals get each fix once: a repeat would count as a further point with some of them."""
    rows: dict[str, list[tuple[float, ...]]] = defaultdict(list)
    known: set[tuple[str, int, int]] = set()
    for item in sorted(received, key=lambda each: each.received_at_us):
        for fix in item.message.decoded.fixes:
            if fix.key in known:
                continue
            known.add(fix.key)
            rows[fix.device].append(
                (
                    (fix.fixed_at_us - start_us) / SECOND_US,
                    (item.received_at_us - start_us) / SECOND_US,
                    fix.lon,
                    fix.lat,
                    fix.accuracy_m,
                    float("nan") if fix.speed_m_s is None else fix.speed_m_s,
                )
            )
    return {device: Columns(*np.array(found).T) for device, found in rows.items()}


def turned(fence: Fence, fixes: Columns, active: Flags, kind: str) -> tuple[Fence, Track]:
    """The fence and the track that a rule is given of it, turned round for an inclusion."""
    track = track_of(
        fence,
        fixes.t_s,
        fixes.lon,
        fixes.lat,
        fixes.accuracy_m,
        fixes.speed_m_s,
        fixes.received_s,
        active,
    )
    if kind == INCLUSION:
        return TurnedFence(*fence), track._replace(d_m=-track.d_m)
    return fence, track
