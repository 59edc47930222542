"""What the fixes of a missed stay showed, on fixes counted by hand: a ban of 200 m, 10 m of accuracy."""

from __future__ import annotations

import json

import numpy as np
import pytest

from benchmarks.detection.figures import shown_table
from benchmarks.detection.rivals import Fence, track_of
from benchmarks.detection.scene import Scene, Watch, received_of
from benchmarks.detection.shown import Shown, shown
from benchmarks.detection.stays import StayRow
from emon.geofence import ZoneTable, zone_of
from emon.model.instant import SECOND_US, format_instant
from simulator.movement import offset_m
from simulator.scoring.facts import INSIDE, NEAR, Stay, Truth

_T0 = 1_780_000_000 * SECOND_US
_DEGREES_A_M = 1.0 / offset_m((4.5, 52.0), (5.5, 52.0))[0]


def _stay(kind: str) -> Stay:
    return Stay(kind, "w-1", "o-1", "c-1", _T0 + 10 * SECOND_US, _T0 + 130 * SECOND_US, 50.0)


def _east(*metres: float) -> list[float]:
    return [4.5 + each * _DEGREES_A_M for each in metres]


def _watched(t_s: list[float], *east_m: float) -> Shown:
    table = ZoneTable()
    fence = Fence(table, table.add(zone_of({"type": "Circle", "center": [4.5, 52.0], "radius_m": 200.0})))
    track = track_of(fence, t_s, _east(*east_m), np.full(len(t_s), 52.0), np.full(len(t_s), 10.0))
    watch = Watch("w-1", "o-1", "c-1", "d-1", fence, track)
    return shown(Scene("hand", 0, _T0, b"", [], Truth("hand"), [watch]), watch, _stay(INSIDE))


@pytest.mark.parametrize(
    ("t_s", "east_m", "expected"),
    [
        ([0, 60, 120, 180], (300, 250, 250, 300), Shown()),
        ([0, 60, 120, 180], (300, 250, -250, -300), Shown(line=True)),
        ([0, 5, 130, 180], (300, 250, -250, -300), Shown()),  # 125 s apart
        ([0, 60, 120, 180], (300, 195, 250, 300), Shown(1, 0, line=True)),
        ([0, 60, 120, 180], (300, 195, 150, 300), Shown(2, 1, line=True)),
        ([120, 60, 180, 0], (150, 195, 300, 300), Shown(2, 1, line=True)),  # in whatever order they came
        ([0, 5, 140, 270], (300, 100, 100, 300), Shown()),  # inside, but before and after the stay
    ],
)
def test_positions_circles_and_lines_of_a_stay_are_counted(
    t_s: list[float], east_m: tuple[float, ...], expected: Shown
) -> None:
    assert _watched(t_s, *east_m) == expected


def _apart(*apart_m: float) -> Shown:
    """Of a contact of 500 m: a fix of each a minute, she stands still."""
    lines = [
        json.dumps(
            {
                "device": device,
                "received_at": format_instant(_T0 + seq * 60 * SECOND_US),
                "t": (_T0 // SECOND_US + seq * 60) * 1_000,
                "seq": seq,
                "lon": lon,
                "lat": 52.0,
                "acc": 10,
            }
        )
        for seq, apart in enumerate(apart_m)
        for device, lon in zip(("d-1", "v-1"), _east(apart, 0.0), strict=True)
    ]
    condition = {"id": "c-1", "kind": "contact", "victim_device": "v-1", "radius_m": 500}
    orders = json.dumps({"orders": [{"id": "o-1", "device": "d-1", "conditions": [condition]}]})
    scene = Scene("hand", 0, _T0, orders.encode(), received_of(lines), Truth("hand"), [])
    return shown(scene, None, _stay(NEAR))


def test_a_contact_is_read_from_both_tracks_second_by_second() -> None:
    assert _apart(900, 800, 700, 800) == Shown()
    seconds = _apart(600, 400, 400, 600)  # from 30 s to 150 s, of which the stay has 100 s
    assert (seconds.positions, seconds.whole) == (100, 94)  # 20 m of circles are 6 s of the way in


def test_the_table_counts_each_missed_stay_once() -> None:
    def row(kind: str, found: Shown | None, line_m: float = 0.0) -> StayRow:
        return StayRow(
            kind, False, False, 90.0, 50.0, False, True, False, found is None, line_m=line_m, shown=found
        )

    stays = [
        row(INSIDE, None),
        row(INSIDE, Shown()),
        row(INSIDE, Shown(1), line_m=120.0),
        row(INSIDE, Shown(3, 0, line=True)),
        row(NEAR, Shown(40, 2)),
        row(NEAR, Shown()),
    ]
    counts = [line.split("|")[2:5] for line in shown_table(stays).splitlines()[2:]]
    assert [[int(cell) for cell in cells] for cells in counts] == [
        [1, 0, 1],
        [0, 0, 0],
        [1, 1, 0],
        [1, 0, 0],
        [0, 0, 1],
    ]
