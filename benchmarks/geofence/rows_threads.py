"""Rows of two threads beside one, and beside what two threads of this machine can give at most."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np

from benchmarks.geofence.ground import Ground, warmed, watch_over
from benchmarks.geofence.results import Figure, Ratio, Run, Section, Spread, interleaved
from benchmarks.geofence.rivals_shapely import Batch, Flags
from benchmarks.geofence.rows_memory import Limit, idle_share

_IDLE_LEAST = 0.95
_STEPS = 50_000_000
"""Of the loop that only reckons: some ten milliseconds, beside which starting a thread is nothing."""


@numba.njit(nogil=True)
def _reckoned(steps: int) -> int:
    """Numbers that each hang on the one before: work in registers, which nothing but a processor bounds."""
    word = 1
    for _ in range(steps):
        word = (word * 6_364_136_223_846_793_005 + 1_442_695_040_888_963_407) & 0x7FFFFFFFFFFFFFFF
    return word


class _Threads:
    """One thread and two, each with a watch of its own that has seen the same, on the same fixes."""

    def __init__(self, ground: Ground, pool: ThreadPoolExecutor) -> None:
        wearers = ground.country.wearers
        self._pool, self._alone, self._shared = pool, *(watch_over(ground.country, wearers) for _ in range(2))
        warmed(ground, self._alone)
        self._minutes = warmed(ground, self._shared)  # the same seed, so the same movement
        self._each = 4 * ground.scale.minutes
        self._batch = self._minutes_together()
        self._found: list[Flags] = [np.zeros(0, dtype=np.uint64) for _ in range(2)]
        self.unlike = 0

    def _minutes_together(self) -> Batch:
        """Some minutes one after another as one batch."""
        self._minutes.move(self._each)
        who = np.concatenate([batch.wearer for batch in self._minutes.batches])
        lon, lat = (
            np.concatenate([getattr(batch, name) for batch in self._minutes.batches])
            for name in ("lon", "lat")
        )
        return Batch(who, lon, lat, lon, lat)

    def compare(self) -> None:
        self.unlike += int((self._found[0] != self._found[1]).sum())

    def prepare(self, _: int) -> None:
        self.compare()
        self._batch = self._minutes_together()

    def together(self, work: Callable[[int], int]) -> Run:
        """The work of shares 0 and 1 at once; what both did."""
        return lambda: sum(self._pool.map(work, range(2)))

    def by(self, threads: int, certificates: bool) -> Run:
        watch, at_once = (self._alone, map) if threads == 1 else (self._shared, self._pool.map)

        def run() -> int:
            batch = self._batch
            self._found[threads - 1] = watch.flags(
                batch.wearer, batch.lon, batch.lat, certificates=certificates, threads=threads, run=at_once
            )
            return len(batch)

        return run


class _Ceiling:
    """What two threads of this machine give at most: reckoning in registers, and reading random lines."""

    def __init__(self, lines: int) -> None:
        self._limits = [Limit(lines // 2) for _ in range(2)]
        self._orders = [np.random.default_rng(share).permutation(lines // 2) for share in range(2)]

    def reckon(self, _: int) -> int:
        _reckoned(_STEPS)
        return _STEPS

    def read(self, share: int) -> int:
        return self._limits[share].read(self._orders[share])


_TEXT = """\
One caller who has each batch answered by one thread, or by two of a pool (`Watch.flags(…, threads=2)`); by
the clock on the wall. Beside it stands what two threads of this machine give at most, measured in the same
repetitions: of a loop that only reckons, and of reads of random lines of {lines:,}."""


def thread_rows(ground: Ground) -> Section:
    """Two threads beside one."""
    ground.told("threads")
    idle, lines = idle_share(), ground.scale.crowd
    ceiling = _Ceiling(lines)
    with ThreadPoolExecutor(2) as pool:
        ways = _Threads(ground, pool)
        runs = (ways.by(1, False), ways.by(2, False), ways.by(1, True), ways.by(2, True))
        bounds = (
            lambda: ceiling.reckon(0),
            ways.together(ceiling.reckon),
            lambda: ceiling.read(0),
            ways.together(ceiling.read),
        )
        plain, plain_two, one, two, reckoned, reckoned_two, read, read_two = interleaved(
            (*runs, *bounds), ground.scale.repetitions, ways.prepare, time.perf_counter_ns
        )
        ways.compare()
    state = f"The machine was {100 * idle:.0f} % idle just before, of {os.cpu_count()} processors"
    busy = "" if idle >= _IDLE_LEAST else ": other work ran, so this says little of what two threads can do"
    certified = Ratio("threads", "two threads, own zones with certificates", "one thread", two, one, 1.8)
    without = Ratio("threads-plain", "two threads, own zones without", "one thread", plain_two, plain, 1.8)
    most = Ratio(
        "threads-reckoning", "two threads of a loop that only reckons", "one thread", reckoned_two, reckoned
    )
    reads = Ratio("threads-reading", "two threads of reads of random lines", "one thread", read_two, read)
    unlike = Spread((float(ways.unlike),))
    figures = (
        Figure("threads-unlike", "answers that two threads gave otherwise", unlike, "", 0.0),
        Figure(
            "threads-share",
            f"{certified.what}, of what two that only reckon give",
            _share(certified, most),
            "%",
        ),
        Figure("threads-share-plain", f"{without.what}, of the same", _share(without, most), "%"),
    )
    text = _TEXT.format(lines=lines)
    return Section(
        "Two threads", text, (certified, without, most, reads), figures, notes=(f"{state}{busy}.",)
    )


def _share(row: Ratio, most: Ratio) -> Spread:
    """In hundredths, each repetition by itself."""
    pairs = zip(row.ratio.values, most.ratio.values, strict=True)
    return Spread(tuple(100.0 * found / best for found, best in pairs))
