"""Training worlds cut down to what a fold needs: fixes with their distances, and the truth beside them.

Kept under ``.cache/near`` by suite and seed, so that a change of the engine's judgement is seen in seconds
where a whole run takes a quarter of an hour. Test seeds are refused: nothing is tuned on them.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.detection.jobs import ROOT, TRACKS_SUITE, Job, scene_of
from emon.geofence import ZoneTable, signed_distances
from emon.ingest.admit import admit
from emon.model.fix import Fix, RawFix
from emon.model.instant import SECOND_US
from emon.orders.document import parse_document
from emon.state import initial_state, with_orders
from simulator.fleet.words import Says
from simulator.path import positions_at
from simulator.receivers import SOURCES
from simulator.scoring.due import Class
from simulator.scoring.judge import judge
from simulator.suites import TEST_SEEDS, Played, suite

FOLDER = ROOT / ".cache" / "near"


class NearStay(NamedTuple):
    """A true stay, microseconds; ``due`` as the score has it."""

    from_us: int
    to_us: int
    deepest_m: float
    due: bool
    shown_us: int | None


class NearFix(NamedTuple):
    """A usable fix, its signed distance to the zone, and the truth: distance, surroundings, speed."""

    fix: Fix
    distance_m: float
    true_m: float
    around: int
    speed_m_s: float


class NearWatch(NamedTuple):
    """One condition and its fixes in event time. ``moving`` are the device's motion events."""

    wearer: str
    condition: str
    receiver: str
    resampled: bool
    days: float
    orders: bytes
    fixes: list[NearFix]
    stays: list[NearStay]
    moving: list[tuple[int, bool]]


def near_world(name: str, seed: int, **setting: Any) -> list[NearWatch]:
    """The watches of one world, from the cache or played now. Raises ``ValueError`` for a test seed."""
    if name != TRACKS_SUITE and seed in TEST_SEEDS:
        raise ValueError(f"seed {seed} is for reports; nothing may be tuned on it")
    words = "-".join(f"{key}{value}" for key, value in sorted(setting.items()))
    file = FOLDER / f"{name.replace(' ', '_')}-{seed}{words}.pickle"
    if file.exists():
        found: list[NearWatch] = pickle.loads(file.read_bytes())
        return found
    watches = _of_tracks(seed) if name == TRACKS_SUITE else watches_of(suite(name, seed, **setting))
    _keep(file, watches)
    return watches


def _keep(file: Path, watches: list[NearWatch]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    part.write_bytes(pickle.dumps(watches, protocol=5))
    part.replace(file)


def watches_of(played: Played) -> list[NearWatch]:
    """The bans of a world that was played, each with its wearer's fixes."""
    outcomes = judge(played.truth, []).outcomes
    watches = []
    for each in played.conditions:
        if each.zone < 0 or each.kind != "exclusion":
            continue
        track = played.track_of(each.wearer)
        columns = track.fixes
        by = np.lexsort((columns.seq, columns.stamped_s))
        true_lon, true_lat, around, speed = positions_at(track.path, columns.t_s[by])
        zones = np.full(len(by), each.zone)
        true_m = signed_distances(each.table, zones, true_lon, true_lat)
        raws, received_us = [], []
        for row in by:
            received_us.append(played.start_us + round(columns.received_s[row] * SECOND_US))
            raws.append(_raw(played, track.device, columns, int(row)))
        fixes = _admitted(raws, received_us)
        distance_m = _distances(each.table, each.zone, raws)
        near = [
            NearFix(fix, float(d), float(true), int(code), float(v))
            for fix, d, true, code, v in zip(fixes, distance_m, true_m, around, speed, strict=True)
            if fix.usable
        ]
        stays = [
            NearStay(o.stay.from_us, o.stay.to_us, o.stay.deepest_m, o.of is Class.DUE, o.stay.shown_us)
            for o in outcomes
            if (o.stay.order, o.stay.condition) == (each.order, each.condition) and o.stay.active
        ]
        moving = [
            (played.start_us + round(t * SECOND_US), said == Says.MOVING)
            for t, said in zip(track.events.stamped_s, track.events.said, strict=True)
            if said in (Says.STILL, Says.MOVING)
        ]
        watches.append(
            NearWatch(
                each.wearer, each.condition, track.receiver, track.resampled, float(played.days),
                played.orders, near, stays, sorted(moving),
            )
        )  # fmt: skip
    return watches


def _raw(played: Played, device: str, columns: Any, row: int) -> RawFix:
    speed = float(columns.speed_m_s[row])
    return RawFix(
        device,
        int(columns.seq[row]),
        played.start_us + round(columns.stamped_s[row] * SECOND_US),
        float(columns.lon[row]),
        float(columns.lat[row]),
        float(columns.accuracy_m[row]),
        b"",
        SOURCES[columns.source[row]],
        None if np.isnan(speed) else speed,
    )


def _admitted(raws: list[RawFix], received_us: list[int]) -> list[Fix]:
    """Marked in event time, which is what their order of arrival comes to but for the late ones."""
    track: tuple[Fix, ...] = ()
    found: list[Fix] = []
    for raw, at_us in zip(raws, received_us, strict=True):
        admitted = admit([raw], track, {}, max(at_us, raw.fixed_at_us))
        track = admitted.track
        found.extend(admitted.new)
    return found


def _distances(table: ZoneTable, zone: int, raws: list[RawFix]) -> Any:
    lon = np.array([raw.lon for raw in raws])
    lat = np.array([raw.lat for raw in raws])
    return signed_distances(table, np.full(len(raws), zone), lon, lat)


def _of_tracks(seed: int) -> list[NearWatch]:
    scene = scene_of(Job(TRACKS_SUITE, seed, {"edge_m": 60.0}))
    versions = parse_document(scene.orders, armed_at_us=None)
    state = with_orders(initial_state(scene.start_us - 1), list(enumerate(versions, start=1)))
    by_device: dict[str, list[tuple[RawFix, int]]] = {}
    for item in scene.received:
        for raw in item.message.decoded.fixes:
            by_device.setdefault(raw.device, []).append((raw, item.received_at_us))
    watches = []
    for watch in scene.watches:
        rows = sorted(by_device[watch.device], key=lambda row: (row[0].fixed_at_us, row[0].seq))
        raws = [raw for raw, _ in rows]
        subject = state.subjects[(watch.order, watch.condition)]
        distance_m = _distances(state.geometry.table, subject.zones[1], raws)
        fixes = {fix.wire.key: fix for fix in _admitted(raws, [at for _, at in rows])}
        near = [
            NearFix(fixes[raw.key], float(d), 60.0, -1, 0.0)
            for raw, d in zip(raws, distance_m, strict=True)
            if fixes[raw.key].usable
        ]
        days = scene.truth.wearers[watch.wearer].days
        watches.append(
            NearWatch(watch.wearer, watch.condition, watch.device, True, days, scene.orders, near, [], [])
        )
    return watches
