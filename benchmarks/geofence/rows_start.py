"""Rows of starting: how long until the first answer, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from typing import NamedTuple

from benchmarks.geofence.ground import Ground
from benchmarks.geofence.results import Figure, Section, Spread

FIRST_MOST_S, CACHED_MOST_S = 5.0, 0.6
QUESTIONS = {
    "relations": ("relation of two positions", "geofence.relations(table, [0, 0], *middle)"),
    "distances": ("distance of two positions", "geofence.signed_distances(table, [0, 0], *middle)"),
    "segments": ("distance of two segments", "geofence.path_distances(table, [0, 0], *middle, *outside)"),
    "touches": ("whether two paths touch", "geofence.path_touches(table, [0, 0], *middle, *outside)"),
    "contacts": ("contacts of two paths", "geofence.path_contacts(table, [0, 0], *middle, *outside)"),
    "flags": ("flags of a wearer's fix", "watch().flags([0, 0], *middle)"),
    "holding": ("zones that hold two positions", "geofence.CountryIndex(table).containing(*middle)"),
}
"""What a library's first user, or a command, may ask first; each of one polygon and in its own process."""

_CHILD = """
import json, time
began = time.perf_counter()
import emon.geofence as geofence
imported = time.perf_counter()
import numba
compiler = time.perf_counter()
from numba.core import event

class Compiled(event.Listener):
    depth, at, taken = 0, 0.0, {}
    def on_start(self, told):
        self.depth += 1
        if self.depth == 1:
            self.at = time.perf_counter()
    def on_end(self, told):
        self.depth -= 1
        if self.depth == 0:
            of = told.data["dispatcher"].py_func
            name = of.__module__.rpartition(".")[2] + "." + of.__name__
            self.taken[name] = time.perf_counter() - self.at

event.register("numba:compile", Compiled())
from emon.model.order import AreaZone
ring = ((4.0, 52.0), (4.01, 52.0), (4.01, 52.01), (4.0, 52.01), (4.0, 52.0))
table = geofence.ZoneTable()
table.add(AreaZone(((ring,),)))
middle, outside = ([4.005, 4.02], [52.005, 52.0]), ([4.006, 4.02], [52.006, 52.01])

def watch():
    of_one = geofence.Watch(table, 1)
    of_one.set(0, [0], [100.0])
    return of_one

{ask}
answered = time.perf_counter()
if {everything}:
    geofence.load_kernels()
loaded = time.perf_counter()
spans = [imported - began, compiler - imported, answered - compiler, loaded - compiler]
print(json.dumps([spans, Compiled.taken]))
"""

_TEXT = """\
Each in a process of its own, by the clock on the wall: other work on the machine lengthens it. A first answer
is a zone checked, compiled and added, and a question asked; without the import of Numba, which comes before
it. Compiling is Numba's work on one kernel that Python calls, with all that it calls; what an earlier kernel
of the process shares with it is in the earlier's."""


class _Start(NamedTuple):
    """Seconds of the import, of Numba's, until the first answer, until all kernels; of compiling each."""

    spans: list[float]
    compiled: dict[str, float]


def start_rows(ground: Ground) -> Section:
    """Import, first answers from the cache and cold, all kernels, and what each takes to compile."""
    scale, figures = ground.scale, []
    ground.told("start: from the cache")
    cached = [_child("relations", everything=True) for _ in range(scale.starts)]
    figures += [
        Figure("start-import", "`import emon.geofence`", _column(cached, 0), "s", 0.3),
        Figure("start-numba", "`import numba`", _column(cached, 1), "s"),
    ]
    for name, (what, _) in QUESTIONS.items():
        taken = [_child(name) for _ in range(scale.starts)]
        label = f"first answer, kernels from the cache: {what}"
        figures.append(Figure(f"start-cached-{name}", label, _column(taken, 2), "s", CACHED_MOST_S))
    if scale.cold_starts:
        for name, (what, _) in QUESTIONS.items():
            ground.told(f"start, no cache: {what}")
            taken = [_cold(name) for _ in range(scale.cold_starts)]
            label = f"first answer, no cache: {what}"
            figures.append(Figure(f"start-cold-{name}", label, _column(taken, 2), "s", FIRST_MOST_S))
    figures.append(Figure("start-all", "all kernels, from the cache", _column(cached, 3), "s"))
    if scale.cold_starts:
        ground.told("start, no cache: all kernels")
        whole = _cold("distances", everything=True)
        figures.append(Figure("start-all-cold", "all kernels, no cache", _column([whole], 3), "s"))
        by_cost = sorted(whole.compiled.items(), key=lambda kernel: -kernel[1])
        figures += [Figure(f"compile-{k}", f"compiling `{k}`", Spread((s,)), "s") for k, s in by_cost]
    return Section("Start", _TEXT, (), tuple(figures))


def _cold(question: str, *, everything: bool = False) -> _Start:
    with tempfile.TemporaryDirectory(prefix="emon-bench-") as empty:
        return _child(question, everything=everything, cache=empty)


def _child(question: str, *, everything: bool = False, cache: str | None = None) -> _Start:
    environment = dict(os.environ)
    if cache is not None:
        environment["NUMBA_CACHE_DIR"] = cache
    code = _CHILD.replace("{ask}", QUESTIONS[question][1]).replace("{everything}", str(everything))
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment
    )
    return _Start(*json.loads(done.stdout))


def _column(starts: list[_Start], column: int) -> Spread:
    return Spread(tuple(start.spans[column] for start in starts))
