"""Every public function, and whatever may be brought to it: a clear error with its place, or an answer.

Compiled code reads what an index or a NaN leads it to, so nothing of the kind may come so far.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from emon import geofence
from emon.geofence import CountryIndex, Watch, ZoneTable, zone_of
from emon.limits import VERTICES_MAX, WATCH_THREAD_FIXES_MIN
from tests.geofence.asking import polygon, square

NAN, INF = math.nan, math.inf
TABLE = ZoneTable()
SQUARE = TABLE.add(polygon(square(4.48, 51.92, 0.01)))
CIRCLE = TABLE.add(zone_of({"type": "Circle", "center": [4.5, 51.9], "radius_m": 300}))
WATCH = Watch(TABLE, 3)
WATCH.set(0, [SQUARE, CIRCLE], [200.0, 0.0])
COUNTRY = CountryIndex(TABLE)

Ask = Callable[[Any, Any], Any]


def _first(column: Any) -> Any:
    """As many indices of the first zone, or wearer, as there are rows."""
    rows = len(column) if isinstance(column, list | tuple) or np.ndim(column) else 1
    return np.zeros(rows, dtype=np.int64)


def _of_points(name: str) -> Ask:
    return lambda lon, lat: getattr(geofence, name)(TABLE, _first(lon), lon, lat)


def _of_paths(name: str, *, ends: bool) -> Ask:
    def ask(lon: Any, lat: Any) -> Any:
        start = np.full(len(_first(lon)), 4.0), np.full(len(_first(lon)), 52.0)
        return getattr(geofence, name)(TABLE, _first(lon), *(start if ends else (lon, lat)), lon, lat)

    return ask


PATHS = ("path_touches", "path_contacts", "path_distances", "detours")
ASKED: dict[str, Ask] = {
    **{name: _of_points(name) for name in ("relations", "signed_distances", "nearest_points")},
    **{f"{name}, both ends": _of_paths(name, ends=False) for name in PATHS},
    **{f"{name}, second end": _of_paths(name, ends=True) for name in PATHS},
    "inside_probabilities": lambda lon, lat: geofence.inside_probabilities(
        TABLE, _first(lon), lon, lat, np.full(len(_first(lon)), 9.0)
    ),
    "distances_m": lambda lon, lat: geofence.distances_m(lon, lat, lon, lat),
    "Watch.flags": lambda lon, lat: WATCH.flags(_first(lon), lon, lat),
    "Watch.flags afresh": lambda lon, lat: WATCH.flags(_first(lon), lon, lat, certificates=False),
    "Watch.touched": lambda lon, lat: WATCH.touched(_first(lon), lon, lat, lon, lat),
    "CountryIndex.containing": COUNTRY.containing,
}
REFUSED: dict[str, tuple[Any, Any, str]] = {
    "NaN": ([4.0, NAN], [52.0, 52.0], r"lon\d?\[1\] is nan; must be within ±180"),
    "infinity": ([4.0, 4.0], [52.0, INF], r"lat\d?\[1\] is inf; must be within ±90"),
    "minus infinity": ([-INF], [52.0], r"lon\d?\[0\] is -inf; must be"),
    "longitude": ([180.0000001], [52.0], r"lon\d?\[0\] is 180\.0000001; must be"),
    "latitude": ([4.0], [-90.0001], r"lat\d?\[0\] is -90\.0001; must be"),
    "nothing": ([None], [52.0], r"lon\d?\[0\] is nan; must be"),
    "other lengths": ([4.0, 5.0], [52.0], "columns of one length"),
    "a table": (np.zeros((2, 2)), np.zeros((2, 2)), r"has shape \(2, 2\)"),
    "a number": (4.0, 52.0, r"has shape \(\), not the one length of a column"),
    "an array of no dimension": (np.array(4.0), np.array(52.0), r"has shape \(\)"),
    "text": (["4.0"], ["52.0"], "holds <U3, not numbers"),
    "words": (["a"], [52.0], "not numbers"),
    "complex": ([4j], [52.0], "holds complex128, not numbers"),
    "truth": ([True], [52.0], "holds bool, not numbers"),
    "dates": (np.array(["2026-01-01"], "M8[us]"), [52.0], r"holds datetime64\[us\], not numbers"),
    "records": (np.zeros(1, [("lon", "f8")]), [52.0], "not numbers"),
    "a number beyond any": ([10**400], [52.0], "holds what is no number"),
    "objects": ([{}], [52.0], "holds what is no number"),
    "ragged": ([[1.0, 2.0], [3.0]], [52.0], "is no column of numbers"),
    "masked": (np.ma.masked_array([4.0, 5.0], mask=[False, True]), [52.0, 52.0], r"lon\d?\[1\] is masked"),
}


@pytest.mark.parametrize("ask", ASKED)
@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_position_is_refused_by_its_place(ask: str, kind: str) -> None:
    lon, lat, words = REFUSED[kind]
    with pytest.raises(ValueError, match=words):
        ASKED[ask](lon, lat)


def _frozen() -> np.ndarray:
    column = np.array([4.481, 4.5])
    column.flags.writeable = False
    return column


SAME: dict[str, tuple[Any, Any]] = {
    "read-only": (_frozen(), _frozen() * 0.0 + 51.9205),
    "strided": (np.array([[4.481, 4.5], [0.0, 0.0]]).T[:, 0], np.repeat([51.9205, 51.9205], 3)[::3]),
    "backwards": (np.array([4.5, 4.481])[::-1], np.array([51.9205, 51.9205])[::-1]),
    "other order of bytes": (np.array([4.481, 4.5], dtype=">f8"), np.array([51.9205] * 2, dtype=">f8")),
    "a list": ([4.481, 4.5], (51.9205, 51.9205)),
    "decimals": ([Decimal("4.481"), Decimal("4.5")], [51.9205, 51.9205]),
    "long": (np.array([4.481, 4.5]).astype(np.longdouble), [51.9205, 51.9205]),
}


def _plain(answer: Any) -> Any:
    return [_plain(part) for part in answer] if isinstance(answer, tuple) else np.asarray(answer).tolist()


@pytest.mark.parametrize("ask", ASKED)
def test_however_numbers_are_kept_the_answer_is_the_same(ask: str) -> None:
    wanted = ASKED[ask](np.array([4.481, 4.5]), np.array([51.9205, 51.9205]))
    for kind, columns in SAME.items():
        assert str(_plain(ASKED[ask](*columns))) == str(_plain(wanted)), kind


@pytest.mark.parametrize(
    "empty", [[], (), np.array([]), np.zeros(0, dtype=np.int8), np.zeros(4)[4:]], ids=repr
)
def test_nothing_asked_is_nothing_answered(empty: Any) -> None:
    for name, ask in ASKED.items():
        answer = ask(empty, empty)
        columns = answer if isinstance(answer, tuple) else (answer,)
        assert sum(map(len, columns)) == (1 if name == "CountryIndex.containing" else 0), name


INDICES: dict[str, tuple[Any, type[Exception], str]] = {
    "below": ([-1], IndexError, r"\[0\] is -1; "),
    "beyond": ([99], IndexError, r"\[0\] is 99; "),
    "unsigned beyond": (np.array([2**63], dtype=np.uint64), IndexError, r"\[0\] is 9223372036854775808; "),
    "beyond 64 bits": ([2**70], ValueError, "not whole numbers"),
    "floats": ([0.0], ValueError, "holds float64, not whole numbers"),
    "NaN": ([NAN], ValueError, "not whole numbers"),
    "truth": ([True], ValueError, "not whole numbers"),
    "text": (["0"], ValueError, "not whole numbers"),
    "nothing": (None, ValueError, "has shape"),
    "a number": (0, ValueError, r"has shape \(\)"),
    "a table": ([[0]], ValueError, r"has shape \(1, 1\)"),
    "too few": ([], ValueError, r"has shape \(0,\)"),
    "too many": ([0, 0], ValueError, r"has shape \(2,\)"),
    "masked": (np.ma.masked_array([0], mask=[True]), ValueError, r"\[0\] is masked"),
}


@pytest.mark.parametrize("kind", INDICES)
def test_an_index_that_is_none_is_refused(kind: str) -> None:
    given, error, words = INDICES[kind]
    one = [4.0], [52.0]
    for ask in (
        lambda: geofence.relations(TABLE, given, *one),
        lambda: geofence.signed_distances(TABLE, given, *one),
        lambda: geofence.nearest_points(TABLE, given, *one),
        lambda: geofence.path_touches(TABLE, given, *one, *one),
        lambda: geofence.path_contacts(TABLE, given, *one, *one),
        lambda: geofence.path_distances(TABLE, given, *one, *one),
        lambda: geofence.detours(TABLE, given, *one, *one),
        lambda: geofence.inside_probabilities(TABLE, given, *one, [9.0]),
        lambda: WATCH.flags(given, *one),
        lambda: WATCH.touched(given, *one, *one),
    ):
        with pytest.raises(error, match=words):
            ask()


ONE_INDEX: dict[str, tuple[Any, type[Exception]]] = {
    "below": (-1, IndexError),
    "beyond": (99, IndexError),
    "beyond 64 bits": (2**70, IndexError),
    "a float": (0.0, ValueError),
    "NaN": (NAN, ValueError),
    "text": ("0", ValueError),
    "nothing": (None, ValueError),
    "a list": ([0], ValueError),
}


@pytest.mark.parametrize("kind", ONE_INDEX)
def test_a_single_index_that_is_none_is_refused_and_changes_nothing(kind: str) -> None:
    given, error = ONE_INDEX[kind]
    watch = Watch(TABLE, 1)
    watch.set(0, [SQUARE])
    for ask in (
        lambda: TABLE.area_m2(given),
        lambda: COUNTRY.add(given),
        lambda: watch.set(given, [SQUARE]),
        lambda: watch.set(0, [given]),
        lambda: watch.flags_at(given, 4.48, 51.92),
    ):
        with pytest.raises(error, match="whole number" if error is ValueError else f"is {given}; the "):
            ask()
    assert watch.flags_at(0, 4.48, 51.92) == 3
    assert len(COUNTRY) == 2


def test_one_fix_that_is_none_is_refused() -> None:
    numbers = ((NAN, 52.0, "lon"), (4.0, INF, "lat"), (181.0, 52.0, "lon"), (4.0, -91.0, "lat"))
    for lon, lat, words in numbers:
        with pytest.raises(ValueError, match=rf"{words}\[0\] is"):
            WATCH.flags_at(0, lon, lat)
    others: tuple[tuple[Any, Any], ...] = (("4", 52.0), (None, 52.0), (4.0, 4j), (4.0, [1.0, 2.0]))
    for east, north in others:
        with pytest.raises(ValueError, match=r"lon|lat"):
            WATCH.flags_at(0, east, north)


@pytest.mark.parametrize(
    "sigma", [[NAN], [INF], [0.0], [-1.0], [1e9], [None], 9.0, [9.0, 9.0], ["9"]], ids=str
)
def test_an_error_that_is_none_is_refused(sigma: Any) -> None:
    with pytest.raises(ValueError, match="sigma_m"):
        geofence.inside_probabilities(TABLE, [0], [4.0], [52.0], sigma)


BUFFERS: list[Any] = [[NAN], [INF], [-1.0], [3e5 + 1], [None], ["9"], 9.0, [9.0, 9.0]]


@pytest.mark.parametrize("buffers", BUFFERS, ids=str)
def test_a_buffer_that_is_none_is_refused_and_changes_nothing(buffers: Any) -> None:
    watch = Watch(TABLE, 1)
    watch.set(0, [SQUARE], [100.0])
    with pytest.raises(ValueError, match="buffers"):
        watch.set(0, [CIRCLE], buffers)
    assert watch.flags_at(0, 4.48, 51.92) == 3


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("wearer", -1, r"wearer\[{}\] is -1; the watch has 3 wearers"),
        ("wearer", 3, r"wearer\[{}\] is 3; the watch"),
        ("wearer", -(2**63), r"wearer\[{}\] is -9223372036854775808; the watch"),
        ("lon", NAN, r"lon\[{}\] is nan; must be within ±180"),
        ("lon", -INF, r"lon\[{}\] is -inf; must be"),
        ("lat", 90.0001, r"lat\[{}\] is 90\.0001; must be within ±90"),
    ],
)
def test_a_row_is_refused_wherever_it_lies(column: str, value: float, said: str) -> None:
    """At the ends of what is looked at together and of what a thread is given, and whosever it is."""
    for threads in (1, 2, 3):
        count = threads * WATCH_THREAD_FIXES_MIN + 26
        middle = count // 2
        for row in (0, 7, 8, 511, 512, 1_023, middle - 1, middle, middle + 1, count - 1):
            columns = {
                "wearer": np.arange(count) % 3,
                "lon": np.full(count, 4.48),
                "lat": np.full(count, 51.92),
            }
            columns[column][row] = value
            fault = IndexError if column == "wearer" else ValueError
            for certificates in (True, False):
                with pytest.raises(fault, match=said.format(row)):
                    WATCH.flags(*columns.values(), threads=threads, certificates=certificates)


@pytest.mark.parametrize("threads", [0, -1, 65, 10**30, 1.5, NAN, "2", None, [1]], ids=str)
def test_no_number_of_threads_is_refused(threads: Any) -> None:
    with pytest.raises((ValueError, IndexError), match="threads is"):
        WATCH.flags([0], [4.48], [51.92], threads=threads)


@pytest.mark.parametrize("wearers", [-1, 10**15, 1.5, NAN, "x", None, [1]], ids=str)
def test_a_watch_of_no_number_of_wearers_is_refused(wearers: Any) -> None:
    with pytest.raises((ValueError, IndexError), match="wearers is"):
        Watch(TABLE, wearers)


ZONES: dict[str, tuple[Any, str]] = {
    "nothing": (None, "no zone is made of None"),
    "a number": (5, "no zone is made of 5"),
    "text": ("Polygon", "no zone is made of 'Polygon'"),
    "no type": ({}, "no zone is made of a None"),
    "a point": ({"type": "Point", "coordinates": [4, 52]}, "no zone is made of a 'Point'"),
    "a feature of nothing": ({"type": "Feature", "geometry": None}, "no zone is made of None"),
    "half a centre": ({"type": "Circle", "center": [4], "radius_m": 5}, r"not \[4\]"),
    "a centre of letters": ({"type": "Circle", "center": "ab", "radius_m": 5}, "not 'ab'"),
    "no radius": ({"type": "Circle", "center": [4, 52]}, "needs the member 'radius_m'"),
    "a radius of NaN": ({"type": "Circle", "center": [4, 52], "radius_m": NAN}, r"zone\.radius_m: nan m"),
    "a radius beyond any": ({"type": "Circle", "center": [4, 52], "radius_m": 10**400}, "of another form"),
    "a centre of NaN": (
        {"type": "Circle", "center": [NAN, 52], "radius_m": 5},
        r"zone\.center: longitude nan",
    ),
    "no ring": ({"type": "Polygon", "coordinates": []}, "at least one ring"),
    "an empty ring": (
        {"type": "Polygon", "coordinates": [[]]},
        r"coordinates\[0\]: a ring has at least three",
    ),
    "two corners": ({"type": "Polygon", "coordinates": [[[4, 52], [5, 52]]]}, "at least three different"),
    "an infinite corner": (
        {"type": "Polygon", "coordinates": [[[4, 52], [5, 52], [5, INF]]]},
        r"coordinates\[0\]\[2\]: latitude inf is beyond",
    ),
    "a ring of numbers": ({"type": "Polygon", "coordinates": [[4, 52, 5]]}, "not 4"),
    "no part": ({"type": "MultiPolygon", "coordinates": []}, "at least one ring"),
    "a line of one": ({"type": "Corridor", "coordinates": [[4, 52]], "width_m": 5}, "at least two positions"),
    "no width": (
        {"type": "Corridor", "coordinates": [[4, 52], [5, 52]], "width_m": 0},
        r"zone\.width_m: 0 m",
    ),
}


@pytest.mark.parametrize("kind", ZONES)
def test_what_is_no_zone_is_refused_by_its_place(kind: str) -> None:
    given, words = ZONES[kind]
    with pytest.raises(ValueError, match=words):
        ZoneTable().add(zone_of(given))


def test_a_comb_of_as_many_vertices_as_may_be_is_laid_and_asked_in_seconds() -> None:
    """Long narrow teeth side by side: whatever compares each edge with each would take minutes."""
    teeth = (VERTICES_MAX - 4) // 4
    west = 4.4 + 0.1 * np.arange(teeth) / teeth
    lon = west[:, None] + np.array([0.0, 0.0, 0.05, 0.05]) / teeth
    lat = np.broadcast_to([51.92, 51.93, 51.93, 51.92], lon.shape)
    comb = np.stack((lon.ravel(), lat.ravel()), axis=1).tolist()
    ring = [[4.4, 51.91], *comb, [4.5, 51.91]]
    table = ZoneTable()
    start = time.process_time()
    zone = table.add(zone_of({"type": "Polygon", "coordinates": [ring]}))
    at_lon = west[::100] + np.tile([0.025, 0.075], len(west[::100]))[: len(west[::100])] / teeth
    inside = geofence.relations(table, np.full(len(at_lon), zone), at_lon, np.full(len(at_lon), 51.925))
    assert inside.tolist() == [-1, 1] * (len(at_lon) // 2) + [-1] * (len(at_lon) % 2)
    assert time.process_time() - start < 30.0


def test_a_zone_of_a_million_vertices_is_refused_at_once() -> None:
    turn = np.linspace(0.0, 2.0 * np.pi, 1_000_000, endpoint=False)
    ring = np.stack((4.48 + 0.05 * np.cos(turn), 51.92 + 0.03 * np.sin(turn)), axis=1).tolist()
    line = ring[: VERTICES_MAX + 1]
    for zone, count in (
        ({"type": "Polygon", "coordinates": [ring]}, 1_000_000),
        ({"type": "Corridor", "coordinates": line, "width_m": 50}, VERTICES_MAX + 1),
    ):
        with pytest.raises(ValueError, match=rf"{count} vertices; at most {VERTICES_MAX}"):
            ZoneTable().add(zone_of(zone))
