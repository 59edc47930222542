"""Recorded tracks with bans laid beside them: real receivers, where nobody was inside.

Where a recorded wearer truly was is not known; that he kept clear of a ban is known only where the ban
is laid clear of him. A ban's nearest edge lies ``edge_m`` from the line through all fixes that claim
``GOOD_M`` or better, and for a phone that lay still from the middle of all its fixes. What is told of
it is false. The recordings are other people's and not in the repository: figures alone are.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
from shapely.geometry import LineString, Point

from benchmarks.detection.rivals import Fence
from benchmarks.detection.scene import Scene, Watch, columns_of, received_of, turned
from emon.geofence import ZoneTable, zone_of
from emon.model.instant import DAY_US, format_instant
from simulator.movement import metres_per_degree, offset_m
from simulator.scoring.facts import Truth, Wearer, World
from simulator.tracks import Track, read_tracks

GOOD_M = 25.0
BANS_A_TRACK = 4
_RADIUS_M = 150.0
_TRIES = 200


def folder_of_tracks() -> Path | None:
    """Where ``EMON_TRACKS`` says the recordings are; None where it is not set."""
    named = os.environ.get("EMON_TRACKS")
    return Path(named) if named else None


def scene_of_tracks(seed: int, edge_m: float = 60.0) -> Scene:
    """All recorded tracks, each with ``BANS_A_TRACK`` bans of its own; ``seed`` says where.

    Raises ``FileNotFoundError`` without recordings.
    """
    folder = folder_of_tracks()
    if folder is None:
        raise FileNotFoundError("EMON_TRACKS does not name the folder of the recorded tracks")
    tracks = read_tracks(sorted(folder.glob("*.jsonl.gz")))
    lines = [json.dumps(fix.body | {"device": track.device}) for track in tracks for fix in track.fixes]
    received = received_of(lines)
    start_us = min(track.first_us for track in tracks)
    columns = columns_of(received, start_us)
    orders, wearers, watches = [], {}, []
    for number, track in enumerate(tracks):
        zones = bans_beside(track, edge_m, np.random.default_rng([seed, number]))
        if not zones:
            continue
        order, wearer = f"o-{track.device}", f"w-{track.device}"
        orders.append(
            {
                "id": order,
                "version": 1,
                "wearer": wearer,
                "device": track.device,
                "legal_basis": "gedragsaanwijzing",
                "valid_from": format_instant(track.first_us - DAY_US),
                "conditions": [
                    {"id": f"c-{place}", "kind": "exclusion", "zone": zone}
                    for place, zone in enumerate(zones, start=1)
                ],
            }
        )
        days = (track.last_us - track.first_us) / DAY_US
        wearers[wearer] = Wearer(wearer, days, (order,), (track.device,))
        fixes = columns[track.device]
        for place, zone in enumerate(zones, start=1):
            table = ZoneTable()
            fence = Fence(table, table.add(zone_of(zone)))
            active = np.ones(len(fixes.t_s), dtype=np.bool_)
            watches.append(
                Watch(
                    wearer,
                    order,
                    f"c-{place}",
                    track.device,
                    *turned(fence, fixes, active, "exclusion"),
                )
            )
    return Scene(
        "recorded tracks",
        seed,
        start_us,
        json.dumps({"orders": orders}).encode(),
        received,
        Truth("recorded tracks", World("recorded tracks", seed), wearers),
        watches,
        frozenset(wearers),
    )


def bans_beside(track: Track, edge_m: float, rng: np.random.Generator) -> list[dict[str, object]]:
    """Circles whose edge is ``edge_m`` from where the wearer was, at places of his way drawn anew."""
    origin = track.fixes[0].point
    where = np.array([offset_m(origin, fix.point) for fix in track.fixes])
    good = where[[fix.body["acc"] <= GOOD_M for fix in track.fixes]]
    if len(good) < 2:
        return []
    middle = np.median(where, axis=0)
    still = float(np.quantile(np.hypot(*(good - middle).T), 0.9)) < 2.0 * GOOD_M
    way = Point(middle) if still else LineString(good)
    reach_m = edge_m + _RADIUS_M
    found: list[dict[str, object]] = []
    for _ in range(_TRIES):
        if len(found) == BANS_A_TRACK:
            break
        beside = middle if still else good[int(rng.integers(len(good)))]
        angle = float(rng.uniform(0.0, 2.0 * np.pi))
        centre = beside + reach_m * np.array([np.cos(angle), np.sin(angle)])
        if way.distance(Point(centre)) >= reach_m - 0.5:
            # As offset_m measures: with the scale of the mean latitude, far from the first fix too.
            lat = origin[1] + float(centre[1]) / metres_per_degree(origin[1])[1]
            east, north = metres_per_degree((origin[1] + lat) / 2.0)
            lon, lat = origin[0] + float(centre[0]) / east, origin[1] + float(centre[1]) / north
            found.append({"type": "Circle", "center": [lon, lat], "radius_m": _RADIUS_M})
    return found
