"""No surprise from the compiler: what is loaded when, and that nothing is compiled twice."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from numba.core.dispatcher import Dispatcher

from emon import geofence
from emon.geofence.jit import KERNEL_MODULES
from emon.geofence.zones import ZoneTable
from emon.limits import WATCH_THREAD_FIXES_MIN
from tests.geofence.asking import polygon, square

IMPORTS = """\
import sys
import emon.geofence
heavy = {"numba", "shapely", "llvmlite"} & set(sys.modules)
assert not heavy, heavy
from emon.geofence import *
table = ZoneTable()
table.add(zone_of({"type": "Circle", "center": [4.48, 51.92], "radius_m": 250}))
assert "numba" not in sys.modules
"""
FIRST = """\
from emon.geofence.locate import Locator
from emon.model.order import CircleZone
import emon.geofence.relate as relate
import sys
locator = Locator(CircleZone((4.48, 51.92), 250.0))
assert locator.points([]) == locator.segments([]) == []  # the command asks both of each batch
assert not relate.near_each.signatures
locator.points([(4.481, 51.921)])
assert relate.near_each.signatures
assert not relate.exact_each.signatures
assert "emon.geofence.paths" not in sys.modules
from emon.model.order import AreaZone
square = AreaZone(((((4.0, 52.0), (4.01, 52.0), (4.01, 52.01), (4.0, 52.01), (4.0, 52.0)),),))
Locator(square).segments([((3.99, 52.005), (4.005, 52.005)), ((3.99, 52.0), (3.99, 52.01))])
import emon.geofence.near_paths as near, emon.geofence.paths as paths
assert near.near_gap_each.signatures
assert not paths.gap_each.signatures and not relate.exact_each.signatures
from emon.geofence import CountryIndex, Watch, ZoneTable
table = ZoneTable()
table.add(square)
watch = Watch(table, 1)
watch.set(0, [0], [100.0])
assert watch.flags([0, 0], [4.005, 4.0], [52.005, 52.0]).tolist() == [3, 3]
assert CountryIndex(table).containing([4.005, 4.0], [52.005, 52.0])[1].tolist() == [0, 0]
import emon.geofence.field_kernels as fields, emon.geofence.country_build as build
import emon.geofence.country_kernels as country
assert fields.lay_field.signatures and build.scan.signatures and country.contain_each.signatures
exact = fields.exact_field, build.exact_scan, country.exact_contain_each
assert not any(kernel.signatures for kernel in exact)
assert "emon.geofence.watch_left" not in sys.modules
"""
PLAIN = """\
import numpy as np
from emon import geofence
from tests.geofence.asking import polygon, square
table = geofence.ZoneTable()
index = [table.add(polygon(square(4.48, 51.92, 0.01), square(4.48, 51.92, 0.002)))] * 3
table.add(geofence.zone_of({"type": "Circle", "center": [4.5, 51.9], "radius_m": 200}))
table.add(geofence.zone_of({"type": "Corridor", "coordinates": [[4.4, 51.9], [4.5, 51.95]], "width_m": 90}))
lon, lat = np.array([4.48, 4.485, 4.6]), np.array([51.92, 51.925, 52.0])
assert geofence.relations(table, index, lon, lat).tolist() == [1, -1, 1]
assert geofence.signed_distances(table, [0, 1, 2], lon, lat).round(3).tolist() == SIGNED
assert geofence.signed_distances(table, [0, 1, 2], lon + 9.0, lat).round(1).tolist() == FAR
touched = geofence.path_touches(table, [0, 1, 2], lon, lat, lon[::-1], lat[::-1])
assert touched.tolist() == TOUCHED
contacts = geofence.path_contacts(table, [0], lon[:1], lat[:1], lon[1:2], lat[1:2])
assert contacts.first.round(6).tolist() == FIRST_CONTACT
assert geofence.inside_probabilities(table, [0], lon[1:2], lat[1:2], [200.0]).round(4).tolist() == PROBABLE
watch = geofence.Watch(table, 2)
watch.set(1, [0, 1], [100.0, 0.0])
assert watch.flags([1, 1], lon[:2], lat[:2]).tolist() == FLAGS
many = [np.repeat(column, 4_096) for column in (np.ones(2, dtype=np.int64), lon[:2], lat[:2])]
for certificates in (True, False):
    assert watch.flags(*many, threads=2, certificates=certificates)[:: 4_096].tolist() == FLAGS
assert [watch.flags_at(1, *at) for at in ((4.485, 51.92), (4.4851, 51.92), (4.6, 52.0))] == SINGLE
assert watch.touched([1] * 3, lon, lat - 0.02, lon[::-1], lat[::-1]).tolist() == WALKED
assert geofence.CountryIndex(table).containing(lon, lat)[1].tolist() == HOLDING
"""


def faults_of(program: str, repository: Path, **variables: str) -> str:
    """What a process of its own says of a program that fails; nothing where it ends well."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=repository,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stderr if done.returncode else ""


def test_importing_loads_neither_numba_nor_shapely(repository: Path) -> None:
    assert faults_of(IMPORTS, repository) == ""


def test_a_first_answer_loads_what_it_needs(repository: Path) -> None:
    assert faults_of(FIRST, repository) == ""


def known_answers() -> str:
    """The compiled kernels' answers to ``PLAIN``, as assignments."""
    table = ZoneTable()
    table.add(polygon(square(4.48, 51.92, 0.01), square(4.48, 51.92, 0.002)))
    table.add(geofence.zone_of({"type": "Circle", "center": [4.5, 51.9], "radius_m": 200}))
    line = {"type": "Corridor", "coordinates": [[4.4, 51.9], [4.5, 51.95]], "width_m": 90}
    table.add(geofence.zone_of(line))
    lon, lat = np.array([4.48, 4.485, 4.6]), np.array([51.92, 51.925, 52.0])
    index = np.arange(3)
    watch = geofence.Watch(table, 2)
    watch.set(1, [0, 1], [100.0, 0.0])
    contacts = geofence.path_contacts(table, index[:1], lon[:1], lat[:1], lon[1:2], lat[1:2])
    answers = {
        "SIGNED": geofence.signed_distances(table, index, lon, lat).round(3),
        "FAR": geofence.signed_distances(table, index, lon + 9.0, lat).round(1),
        "TOUCHED": geofence.path_touches(table, index, lon, lat, lon[::-1], lat[::-1]),
        "FIRST_CONTACT": contacts.first.round(6),
        "PROBABLE": geofence.inside_probabilities(table, [0], lon[1:2], lat[1:2], [200.0]).round(4),
        "FLAGS": watch.flags([1, 1], lon[:2], lat[:2]),
        "SINGLE": np.array([watch.flags_at(1, *at) for at in ((4.485, 51.92), (4.4851, 51.92), (4.6, 52.0))]),
        "WALKED": watch.touched([1] * 3, lon, lat - 0.02, lon[::-1], lat[::-1]),
        "HOLDING": geofence.CountryIndex(table).containing(lon, lat)[1],
    }
    return "\n".join(f"{name} = {value.tolist()!r}" for name, value in answers.items())


def test_without_the_compiler_the_answers_are_the_same(repository: Path) -> None:
    """With it off NumPy checks every index: what reads beyond an array fails here."""
    assert faults_of(f"{known_answers()}\n{PLAIN}", repository, NUMBA_DISABLE_JIT="1") == ""


CHECKED = """\
import numpy as np
from emon import geofence
from tests.geofence import shapes
from tests.geofence.asking import polygon
rng = np.random.default_rng(4)
table = geofence.ZoneTable()
for rings in shapes.polygons(rng, (4.48, 51.92)):
    index = np.full(400, table.add(polygon(*rings)))
    box = np.array(rings[0])
    low, size = box.min(axis=0), np.ptp(box, axis=0)
    lon, lat = (low + rng.uniform(-0.5, 1.5, (400, 2)) * size).T
    lon[: len(box[:400])], lat[: len(box[:400])] = box[:400].T
    away = geofence.signed_distances(table, index, lon, lat)
    found = geofence.relations(table, index, lon, lat)
    assert np.array_equal(found[np.abs(away) > 0.0006] < 0, away[np.abs(away) > 0.0006] < 0)
"""


def test_no_index_leaves_its_array_near_a_zone(repository: Path, tmp_path: Path) -> None:
    """``make bounds`` checks all kernels so."""
    assert faults_of(CHECKED, repository, NUMBA_BOUNDSCHECK="1", NUMBA_CACHE_DIR=str(tmp_path)) == ""


def dispatchers() -> dict[str, Dispatcher]:
    found = {}
    for name in KERNEL_MODULES:
        module = import_module(f"emon.geofence.{name}")
        for thing, value in vars(module).items():
            if isinstance(value, Dispatcher) and value.py_func.__module__ == module.__name__:
                found[f"{name}.{thing}"] = value
    return found


@pytest.mark.filterwarnings("ignore:invalid value")
def test_nothing_is_compiled_again_whatever_the_caller_brings() -> None:
    table = ZoneTable()
    zone = table.add(polygon(square(4.48, 51.92, 0.01)))
    geofence.load_kernels()
    before = {name: len(kernel.signatures) for name, kernel in dispatchers().items()}
    assert len(before) > 60
    frozen = np.array([4.48, 4.49])
    frozen.flags.writeable = False
    columns: tuple[tuple[npt.ArrayLike, npt.ArrayLike], ...] = (
        ([4, 5], [51, 52]),
        (np.array([4, 5], dtype=np.int32), np.array([51, 52], dtype=np.uint8)),
        (np.array([4.5, 4.6], dtype=np.float32), np.array([52.0, 51.0], dtype=">f8")),
        (frozen, frozen),
        (np.zeros((2, 2), order="F")[0], np.zeros(4)[::2]),
        (np.array([]), np.array([])),
    )
    watch = geofence.Watch(table, 1)
    watch.set(0, [zone], [10.0])
    for lon, lat in columns:
        count = len(np.asarray(lon))
        indices = np.zeros(count, dtype=np.int16)
        for ask in (geofence.relations, geofence.signed_distances, geofence.nearest_points):
            ask(table, indices, lon, lat)
        for path in (
            geofence.path_touches,
            geofence.path_contacts,
            geofence.path_distances,
            geofence.detours,
        ):
            path(table, indices, lon, lat, lat, lon)
        geofence.distances_m(lon, lat, lat, lon)
        geofence.inside_probabilities(table, indices, lon, lat, np.full(count, 9))
        geofence.CountryIndex(table, [zone]).containing(lon, lat)
        watch.flags(indices, lon, lat)
        many = (np.repeat(column, WATCH_THREAD_FIXES_MIN) for column in (indices, lon, lat))
        watch.flags(*many, threads=2)
    watch.flags_at(0, 4, 52)
    assert {name: len(kernel.signatures) for name, kernel in dispatchers().items()} == before


def test_every_kernel_has_one_signature() -> None:
    """A constant passed on is a type of its own to Numba: what takes it would be compiled again for it."""
    geofence.load_kernels()
    found = {name: len(kernel.signatures) for name, kernel in dispatchers().items()}
    assert {name: count for name, count in found.items() if count > 1} == {}
    assert sum(found.values()) > 10


def test_every_kernel_releases_the_gil_and_keeps_nan() -> None:
    for name, kernel in dispatchers().items():
        assert kernel.targetoptions["nogil"], name
        assert not kernel.targetoptions.get("fastmath"), name
