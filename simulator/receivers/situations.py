"""The kinds of situation in which simulated and recorded receivers are compared.

For each: which receiver stands for it and how it is played, and which parts of which recorded tracks
show it. Parts are split once and for all: numbers of ``kinds.py`` were set on ``training`` parts and on
cited tables, never on ``hold_out`` parts, whose results are printed apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from simulator.path import Path, Surroundings, positions_at
from simulator.receivers import statistics
from simulator.receivers.kernels import METRES_PER_DEGREE
from simulator.receivers.kinds import KINDS
from simulator.receivers.observe import observe
from simulator.receivers.observed import GNSS, Floats
from simulator.receivers.parameters import Receiver
from simulator.receivers.resample import Resampled
from simulator.receivers.statistics import Figures, Record
from simulator.seeds import generator

_S = Surroundings
_MAST_CLIP_M = 1_000.0
_ALL_DAY = ("00:00", "48:00")

_TOWN = ((_S.CAR, 0.40), (_S.STREET, 0.35), (_S.OPEN, 0.15), (_S.CANYON, 0.05), (_S.BUS, 0.05))


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a recorded track: from and until as hours and minutes UTC of the track's first day."""

    track: str
    between: tuple[str, str] = _ALL_DAY

    @property
    def label(self) -> str:
        if self.between == _ALL_DAY:
            return self.track
        return f"{self.track} {self.between[0]} to {self.between[1]}"


@dataclass(frozen=True, slots=True)
class Situation:
    """A situation: its measures, its receiver and play, and the parts of tracks that show it."""

    name: str
    receiver: str
    still: bool
    cadence_s: float
    hours: float
    sessions: int
    mix: tuple[tuple[Surroundings, float], ...]
    speed_m_s: float
    clip_m: float
    training: tuple[Part, ...]
    hold_out: tuple[Part, ...]
    gnss_only: bool = False
    """Whether positions from networks are left out."""
    dozes: bool = True
    """Whether the phone was left to itself; one that is asked each second stays awake."""


SITUATIONS = (
    Situation(
        "still_indoors_satellite", "android", True, 30.0, 8.0, 240, ((_S.INDOOR, 1.0),), 0.0, 15.0,
        (Part("still-home-android"),),
        (),
    ),
    Situation(
        "still_library_android", "android", True, 5.0, 0.65, 100, ((_S.INDOOR, 1.0),), 0.0, 15.0,
        (),
        (Part("suburb-android", ("17:38", "18:16")),),
        dozes=False,
    ),
    Situation(
        "still_indoors_wifi", "iphone", True, 15.0, 12.0, 100, ((_S.INDOOR, 1.0),), 0.0, 40.0,
        (Part("still-home-iphone"),),
        (),
    ),
    Situation(
        "still_library_iphone", "iphone", True, 6.0, 0.65, 100, ((_S.INDOOR, 1.0),), 0.0, 40.0,
        (),
        (Part("suburb-iphone", ("17:38", "18:16")),),
    ),
    Situation(
        "still_indoors_balanced", "android-balanced", True, 60.0, 8.0, 60, ((_S.INDOOR, 1.0),), 0.0, 15.0,
        (), (),
    ),
    Situation(
        "still_indoors_cell", "android-low-power", True, 64.0, 14.0, 60, ((_S.INDOOR, 1.0),), 0.0,
        _MAST_CLIP_M,
        (Part("still-home-android-cell"),),
        (),
    ),
    Situation(
        "street_android", "android", False, 1.0, 0.5, 120,
        _TOWN, 7.0, 40.0,
        (Part("daytrip-android", ("16:15", "16:33")), Part("daytrip-android", ("18:14", "18:30")),
         Part("daytrip-android", ("24:24", "24:49"))),
        (Part("suburb-android", ("17:10", "17:21")), Part("suburb-android", ("18:32", "18:52"))),
    ),
    Situation(
        "street_iphone", "iphone", False, 1.0, 0.5, 120,
        _TOWN, 7.0, 40.0,
        (Part("city-scooter-bus-iphone", ("15:48", "16:17")),
         Part("city-scooter-bus-iphone", ("19:44", "21:01"))),
        (Part("suburb-iphone", ("17:10", "17:21")), Part("suburb-iphone", ("18:32", "18:52")),
         Part("daytrip-iphone", ("23:18", "23:43"))),
    ),
    Situation(
        "city_android", "android", False, 5.0, 0.4, 200, ((_S.CANYON, 1.0),), 1.3, 40.0, (), (),
    ),
    Situation("city_iphone", "iphone", False, 5.0, 0.4, 200, ((_S.CANYON, 1.0),), 1.3, 40.0, (), ()),
    Situation(
        "train_android", "android", False, 5.1, 0.7, 200, ((_S.TRAIN, 0.93), (_S.TUNNEL, 0.07)), 20.0, 40.0,
        (Part("daytrip-android", ("16:33", "17:10")),),
        (Part("daytrip-android", ("25:59", "26:57")), Part("daytrip-android-late", ("15:29", "16:11")),
         Part("daytrip-android-late", ("25:33", "26:41")), Part("swiss-train")),
    ),
    Situation(
        "underground_android", "android", False, 5.1, 0.9, 120,
        ((_S.TUNNEL, 0.7), (_S.TRAIN, 0.3)), 15.0, 40.0,
        (Part("daytrip-android", ("17:19", "18:14")),),
        (Part("daytrip-android-late", ("16:19", "17:14")),),
    ),
    Situation(
        "train_iphone", "iphone", False, 2.0, 0.7, 240, ((_S.TRAIN, 0.87), (_S.TUNNEL, 0.13)), 20.0, 40.0,
        (Part("daytrip-iphone", ("15:30", "16:07")),),
        (Part("daytrip-iphone", ("25:16", "26:04")),),
    ),
    Situation(
        "underground_iphone", "iphone", False, 2.0, 0.9, 200,
        ((_S.TUNNEL, 0.7), (_S.TRAIN, 0.3)), 15.0, 40.0,
        (Part("daytrip-iphone", ("16:20", "17:14")),),
        (),
    ),
    Situation(
        "street_watch", "watch", False, 1.0, 1.0, 20, ((_S.STREET, 0.8), (_S.OPEN, 0.2)), 6.0, 40.0,
        (Part("shanghai-ride"),),
        (),
    ),
    Situation(
        "bracelet_open", "bracelet", True, 60.0, 24.0, 60, ((_S.OPEN, 1.0),), 0.0, 40.0, (), (),
        gnss_only=True,
    ),
    Situation(
        "bracelet_indoor", "bracelet", True, 60.0, 24.0, 60, ((_S.INDOOR, 1.0),), 0.0, 40.0, (), (),
        gnss_only=True,
    ),
)  # fmt: skip
"""Tracks in no situation (munich-car, mountain-view-car, stavanger-run, istria-hike) claim nothing of their
own: their gaps and jumps are not those of a kind of receiver that is modelled."""


def journey(situation: Situation, rng: np.random.Generator) -> Path:
    """A way of straight legs with turns, its surroundings drawn leg by leg; or one place for all time."""
    lon0, lat0 = float(4.0 + rng.random()), float(52.0 + 0.8 * rng.random())
    length_s = situation.hours * 3_600.0
    if situation.still:
        code = int(situation.mix[0][0])
        return Path(np.array([0.0, length_s]), np.full(2, lon0), np.full(2, lat0), np.full(2, code, np.int8))
    stage_s = 90.0 if situation.speed_m_s < 10.0 else 240.0
    legs = int(length_s / 20.0) + 1
    per_stage = int(stage_s / 20.0)
    codes = np.array([int(code) for code, _ in situation.mix], np.int8)
    weights = np.array([weight for _, weight in situation.mix])
    stages = rng.choice(codes, size=legs // per_stage + 1, p=weights / weights.sum())
    turn = rng.normal(0.0, 0.1, legs)
    if situation.speed_m_s < 10.0:  # a block's corner every other minute
        turn += np.where(rng.random(legs) < 0.2, rng.choice([-1.0, 1.0], legs) * np.pi / 2.0, 0.0)
    heading = 2.0 * np.pi * rng.random() + np.cumsum(turn)
    stops = rng.random(legs) < 0.08
    leg_m = np.where(stops, 0.0, 20.0 * situation.speed_m_s * rng.uniform(0.5, 1.5, legs))
    east_m = np.concatenate([[0.0], np.cumsum(leg_m * np.sin(heading))])
    north_m = np.concatenate([[0.0], np.cumsum(leg_m * np.cos(heading))])
    lat = lat0 + north_m / METRES_PER_DEGREE
    lon = lon0 + east_m / (METRES_PER_DEGREE * np.cos(np.radians(lat0)))
    surroundings = np.repeat(stages, per_stage)[:legs]
    vertices_s = np.linspace(0.0, 20.0 * legs, legs + 1)
    return Path(vertices_s, lon, lat, np.append(surroundings, surroundings[-1]))


def asked(situation: Situation, cadence_s: float, rng: np.random.Generator) -> Floats:
    """The instants of the plan, and after one in eight another some seconds later, as phones answer."""
    plan_s = np.arange(0.0, situation.hours * 3_600.0, cadence_s)
    again = rng.random(plan_s.size) < 0.125
    return np.sort(np.concatenate([plan_s, plan_s[again] + cadence_s * rng.uniform(0.2, 0.4, again.sum())]))


def played(
    situation: Situation, seed: int, cadence_s: float, receiver: Receiver | Resampled | None = None
) -> list[Record]:
    """The situation's sessions with its simulated receiver, or another: errors against the truth.

    On the move ``error_east_m`` is the error across the way and ``error_north_m`` that along it.
    """
    rng = generator(seed, "calibration", situation.name)
    receiver = KINDS[situation.receiver] if receiver is None else receiver
    if isinstance(receiver, Receiver) and not situation.dozes:
        receiver = replace(receiver, doze_share=0.0)
    records = []
    for _ in range(situation.sessions):
        path = journey(situation, rng)
        seen = observe(path, asked(situation, cadence_s, rng), receiver, rng)
        seen = seen.only(seen.source == GNSS) if situation.gnss_only else seen
        if seen.t_s.size < 2:
            continue
        lon0, lat0 = path.lon[0], path.lat[0]
        narrow = METRES_PER_DEGREE * np.cos(np.radians(lat0))
        true_lon, true_lat, _, _ = positions_at(path, seen.t_s)
        ahead_lon, ahead_lat, _, _ = positions_at(path, seen.t_s + 1.0)
        east_m, north_m = (seen.lon - true_lon) * narrow, (seen.lat - true_lat) * METRES_PER_DEGREE
        if not situation.still:
            course = np.arctan2((ahead_lon - true_lon) * narrow, (ahead_lat - true_lat) * METRES_PER_DEGREE)
            across = east_m * np.cos(course) - north_m * np.sin(course)
            north_m = east_m * np.sin(course) + north_m * np.cos(course)
            east_m = across
        records.append(
            Record(
                seen.t_s,
                (seen.lon - lon0) * narrow,
                (seen.lat - lat0) * METRES_PER_DEGREE,
                seen.accuracy_m,
                east_m,
                north_m,
                float(seen.t_s[-1] - seen.t_s[0]),
            )
        )
    return records


def measured(situation: Situation, records: Sequence[Record], truth_known: bool) -> Figures:
    """All statistics of a situation. Without truth: those that need none, and while still those about
    each session's median."""
    found: Figures = {}
    for measure in (statistics.claims, statistics.gaps, statistics.repeats, statistics.jumps):
        found |= measure(records)
    if situation.still:
        centred = [statistics.about_median(record) for record in records]
        found |= statistics.distances(centred, "spread")
        if situation.clip_m < _MAST_CLIP_M:  # masts are always farther off
            found |= statistics.excursions(centred)
        found |= statistics.autocorrelation(centred, situation.clip_m)
        found |= statistics.outside(centred)
        if truth_known:
            found |= statistics.distances(records)
            found |= bias(records)
    elif truth_known:
        found |= statistics.sideways(records) | statistics.outside(records, sideways=True)
        found |= statistics.autocorrelation(records, situation.clip_m)
    return found


def bias(records: Sequence[Record]) -> Figures:
    """How far each session's median lies from the truth: least, median and most."""
    off_m = [float(np.hypot(np.median(r.error_east_m), np.median(r.error_north_m))) for r in records]
    return {f"bias_q{q}_m": float(np.percentile(off_m, q)) for q in (10, 50, 90)}
