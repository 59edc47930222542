"""Rows of starting: how long until the first answer, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile

from benchmarks.geofence.ground import Ground
from benchmarks.geofence.results import Figure, Section, Spread

_CHILD = """
import json, time
began = time.perf_counter()
import emon.geofence as geofence
imported = time.perf_counter()
import numba
compiler = time.perf_counter()
from emon.model.order import AreaZone
ring = ((4.0, 52.0), (4.01, 52.0), (4.01, 52.01), (4.0, 52.01), (4.0, 52.0))
table = geofence.ZoneTable()
table.add(AreaZone(((ring,),)))
inside = geofence.relations(table, [0, 0], [4.005, 4.02], [52.005, 52.0]).tolist()
assert inside == [-1, 1], inside
answered = time.perf_counter()
if {everything}:
    geofence.load_kernels()
loaded = time.perf_counter()
print(json.dumps([imported - began, compiler - imported, answered - compiler, loaded - compiler]))
"""


def start_rows(ground: Ground) -> Section:
    """Import, first answer from the cache and cold, and all kernels."""
    scale = ground.scale
    ground.told("start: from the cache")
    cached = [_child(everything=True) for _ in range(scale.starts)]
    ground.told("start: cold")
    cold = []
    for _ in range(scale.cold_starts):
        with tempfile.TemporaryDirectory(prefix="emon-bench-") as empty:
            cold.append(_child(everything=False, cache=empty))
    figures = (
        Figure("start-import", "`import emon.geofence`", _column(cached, 0), "s", 0.3),
        Figure("start-numba", "`import numba`", _column(cached, 1), "s"),
        Figure("start-cached", "first answer, kernels from the cache", _column(cached, 2), "s", 0.6),
        Figure("start-cold", "first answer, no cache", _column(cold, 2), "s", 5.0),
        Figure("start-all", "all kernels (`load_kernels`), from the cache", _column(cached, 3), "s"),
    )
    return Section(
        "Start",
        "Each in a process of its own. The first answer is a zone checked, compiled and added, and two "
        "positions asked; without the import of Numba, which comes before it.",
        (),
        tuple(figure for figure in figures if figure.value.values),
    )


def _child(everything: bool, cache: str | None = None) -> list[float]:
    environment = dict(os.environ)
    if cache is not None:
        environment["NUMBA_CACHE_DIR"] = cache
    code = _CHILD.replace("{everything}", str(everything))
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment
    )
    return [float(value) for value in json.loads(done.stdout)]


def _column(rows: list[list[float]], column: int) -> Spread:
    return Spread(tuple(row[column] for row in rows))
