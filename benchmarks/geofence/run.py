"""The order in which the geofence is measured."""

from __future__ import annotations

import gc
import time
from dataclasses import replace
from pathlib import Path

from benchmarks.geofence import report
from benchmarks.geofence.ground import Ground, Told
from benchmarks.geofence.results import Section
from benchmarks.geofence.rows_country import country_rows
from benchmarks.geofence.rows_memory import idle_share, memory_rows
from benchmarks.geofence.rows_own import own_rows, standing_curve, zones_curve
from benchmarks.geofence.rows_paths import path_rows, single_rows
from benchmarks.geofence.rows_polygon import polygon_rows
from benchmarks.geofence.rows_start import start_rows
from benchmarks.geofence.rows_threads import thread_rows
from benchmarks.geofence.scale import FULL, QUICK, Scale
from benchmarks.geofence.zones import build
from emon.geofence import load_kernels

_ROOT = Path(__file__).parents[2]


def run(quick: bool, folder: Path, told: Told) -> Path:
    """Measure everything and write the report into a folder; the page's path."""
    scale = QUICK if quick else FULL
    began, idle = time.perf_counter(), idle_share()
    sections = measure(scale, told)
    command = 'make bench ARGS="geofence --quick"' if quick else "make bench"
    of = report.machine(idle, time.perf_counter() - began, _ROOT)
    return report.write(sections, of, command, scale.repetitions, folder)


def measure(scale: Scale, told: Told) -> list[Section]:
    """All sections of the report."""
    told("kernels, some 25 s where none is cached")
    load_kernels()
    ground = _ground(scale, told)
    gc.collect()
    gc.freeze()  # millions of shapes, which need not be looked through before each repetition
    try:
        return _sections(ground)
    finally:
        gc.unfreeze()


def _sections(ground: Ground) -> list[Section]:
    own = own_rows(ground)
    own = replace(own, curves=(standing_curve(ground), zones_curve(ground)))
    return [
        own,
        path_rows(ground),
        single_rows(ground),
        polygon_rows(ground),
        country_rows(ground),
        memory_rows(ground),
        thread_rows(ground),
        start_rows(ground),
    ]


def _ground(scale: Scale, told: Told) -> Ground:
    def counted(done: int, of: int) -> None:
        told(f"zones: {done:,} of {of:,}")

    return Ground(scale, build(scale.wearers, counted), told)
