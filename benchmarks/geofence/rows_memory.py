"""Rows of many wearers in memory, beside the machine's limit of random access."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np

from benchmarks.geofence.ground import Ground, Minutes, warmed, watch_over
from benchmarks.geofence.results import Curve, Figure, Ratio, Section, Spread, interleaved
from benchmarks.geofence.rivals_shapely import Batch
from benchmarks.geofence.zones import ZONES_EACH, Country, Floats, Ints
from emon.geofence import Watch
from emon.geofence.fields import Fields
from emon.geofence.lanes import fetch_ahead

_AHEAD = (4, 8, 16, 32, 64)
_LINE_COLUMNS = 8
_IDLE_LOOK_S = 0.5

_TEXT = """\
{crowd:,} wearers in the movement mix, each with six zones of {zones:,}; the answer of each fix is in
another cache line than the last one's. The limit is a compiled loop that reads one number of one line of as
large an array, in the same random order, told ahead of time which line comes, at the best of five
distances. Above 1 we would be faster than that; a fix found afresh reads some lines, or tens."""


@numba.njit(nogil=True)
def _read_each(rows: Floats, order: Ints, ahead: int, out: Floats) -> None:
    for i in range(len(order)):
        if i + ahead < len(order):
            fetch_ahead(rows, order[i + ahead], 0)
        out[i] = rows[order[i], 0]


class Limit:
    """Reads of random lines as fast as the machine can."""

    def __init__(self, wearers: int) -> None:
        room = np.zeros(wearers * _LINE_COLUMNS + _LINE_COLUMNS)
        start = (-room.ctypes.data % 64) // 8
        self._rows = room[start : start + wearers * _LINE_COLUMNS].reshape(wearers, _LINE_COLUMNS)
        self._rows[:] = 1.0
        self._out = np.empty(wearers)
        order = np.random.default_rng(wearers).permutation(wearers)
        self._ahead = min(_AHEAD, key=lambda ahead: self._taken_ns(order, ahead))

    def _taken_ns(self, order: Ints, ahead: int) -> int:
        taken = []
        for _ in range(4):
            start = time.thread_time_ns()
            _read_each(self._rows, order, ahead, self._out)
            taken.append(time.thread_time_ns() - start)
        return min(taken)

    def read(self, order: Ints) -> int:
        _read_each(self._rows, order, self._ahead, self._out)
        return len(order)


def _laid_us(country: Country) -> Spread:
    """Microseconds to lay a field, of some hundred."""
    fields, arrays, taken = Fields(), country.table.arrays, []
    for zone in range(min(300, len(country.table))):
        start = time.thread_time_ns()
        fields.box(arrays, zone, float(country.buffers_m[zone]))
        taken.append(1e-3 * (time.thread_time_ns() - start))
    return Spread(tuple(taken))


def memory_rows(ground: Ground) -> Section:
    """A million wearers, and the curve up to there."""
    country, scale = ground.country, ground.scale
    mixed: list[Spread] = []
    known: list[Spread] = []
    limits: list[Spread] = []
    watch = watch_over(country, 1)
    for wearers in scale.crowd_sizes:
        ground.told(f"memory: {wearers:,} wearers")
        watch, limit = watch_over(country, wearers), Limit(wearers)
        minutes = warmed(ground, watch)
        one, two, three = _beside_limit(watch, minutes, limit, scale.curve_repetitions)
        mixed.append(one)
        known.append(two)
        limits.append(three)
    crowd, line = f"{scale.crowd_sizes[-1]:,} wearers in memory", "the machine's limit, one line a fix"
    certain = f"{crowd}, fixes that a certificate decides"
    ratios = (
        Ratio("memory", crowd, line, mixed[-1], limits[-1], 0.4),
        Ratio("memory-known", certain, line, known[-1], limits[-1]),
    )
    wearer, zone = Spread((watch.nbytes / len(watch),)), Spread((country.zone_bytes,))
    own, vertices = f"a wearer with {ZONES_EACH} zones", "a zone of 20 to 200 vertices"
    figures = (
        Figure("memory-rate", f"{crowd}: fixes a second, millions", _millions(mixed[-1]), "M/s"),
        Figure("wearer-bytes", f"{own}, certificate and lists, room to grow included", wearer, "bytes"),
        Figure("zone-bytes", f"{vertices} in the table, room to grow and fields included", zone, "bytes"),
        Figure("field-us", "the field of such a zone and its buffer laid", _laid_us(country), "µs"),
        Figure("zone-add", f"{vertices} checked, compiled and added", Spread((country.add_us,)), "µs"),
    )
    lines = {
        "movement mix": tuple(mixed),
        "decided by certificate": tuple(known),
        "limit: a random line": tuple(limits),
    }
    x = tuple(map(float, scale.crowd_sizes))
    curve = Curve("wearers", "Own zones, flags: cost over wearers in memory", "wearers", x, lines)
    text = _TEXT.format(crowd=scale.crowd_sizes[-1], zones=len(country.table))
    return Section("Many wearers in memory", text, ratios, figures, (curve,))


def _beside_limit(
    watch: Watch, minutes: Minutes, limit: Limit, repetitions: int
) -> tuple[Spread, Spread, Spread]:
    """A minute of everybody; the same again without those whom no certificate covers; the limit."""
    batch: list[Batch] = []

    def prepare(_: int) -> None:
        minutes.move(1)
        batch[:] = [minutes.last]

    def mix() -> int:
        watch.flags(batch[0].wearer, batch[0].lon, batch[0].lat)
        return len(batch[0])

    def again() -> int:
        watch.flags(batch[0].wearer, batch[0].lon, batch[0].lat)
        return len(batch[0])

    one, two, three = interleaved((mix, again, lambda: limit.read(batch[0].wearer)), repetitions, prepare)
    return one, two, three


def idle_share(stat: Path = Path("/proc/stat"), wait: Callable[[float], Any] | None = None) -> float:
    """Share of all processors' time that nobody used, over half a second in which we wait."""
    before = _processor_times(stat)
    (wait or threading.Event().wait)(_IDLE_LOOK_S)
    spent = _processor_times(stat) - before
    return float(spent[3:5].sum() / spent.sum()) if spent.sum() > 0 else 1.0


def _processor_times(stat: Path) -> Ints:
    """Ticks since the machine started: user, nice, system, idle, waiting for a disk, …"""
    if not stat.exists():  # not a Linux
        return np.zeros(10, dtype=np.int64)
    return np.array(stat.read_text("ascii").split("\n", 1)[0].split()[1:9], dtype=np.int64)


def _millions(ns: Spread) -> Spread:
    return Spread(tuple(1e3 / value for value in ns.values))
