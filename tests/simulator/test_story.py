"""The demo's story: where its wearers truly are, and that the engine tells what the author wrote."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from shapely.geometry import LineString, MultiPolygon, Point, Polygon

from emon.engine import Message
from emon.ingest.decode import decode
from emon.limits import R95_PER_SIGMA
from emon.model.instant import SECOND_US
from emon.model.order import AreaZone, CircleZone, OrderVersion
from emon.orders.document import parse_document
from emon.replay import Received, lines_of, replay
from simulator import Score, load_scenario, orders_document, score
from simulator.device import sendings
from simulator.movement import offset_m
from simulator.scenario import Scenario
from tests.simulator.scenes import START_US

_STORY = load_scenario()
_UPLINK_US = 20_000


def _versions(scenario: Scenario) -> tuple[OrderVersion, ...]:
    return parse_document(orders_document(scenario, START_US), armed_at_us=START_US - SECOND_US)


class Ground:
    """A wearer's ban in metres around its first corner or centre, by shapely."""

    def __init__(self, wearer: str) -> None:
        version = next(version for version in _versions(_STORY) if version.wearer == wearer)
        zone = version.conditions[0].zone
        if isinstance(zone, CircleZone):
            self._origin = zone.center
            self.area: Polygon | MultiPolygon = Point(0.0, 0.0).buffer(zone.radius_m, quad_segs=256)
        else:
            assert isinstance(zone, AreaZone)
            self._origin = zone.parts[0][0][0]
            rings = [[[offset_m(self._origin, p) for p in ring] for ring in part] for part in zone.parts]
            self.area = MultiPolygon([Polygon(part[0], part[1:]) for part in rings])

    def distance_m(self, point: tuple[float, float]) -> float:
        """Negative inside."""
        place = Point(offset_m(self._origin, point))
        edge_m = float(self.area.boundary.distance(place))
        return -edge_m if self.area.contains(place) else edge_m

    def depth_m(self, a: tuple[float, float], b: tuple[float, float]) -> float:
        """The greatest depth on the way between two points, 0 where it does not meet the ban."""
        way = LineString([offset_m(self._origin, a), offset_m(self._origin, b)])
        within = way.intersection(self.area)
        if within.is_empty:
            return 0.0
        steps = [within.interpolate(n / 200, normalized=True) for n in range(201)]
        return max(float(self.area.boundary.distance(step)) for step in steps)


def _track(wearer_id: str) -> list[tuple[float, tuple[float, float], tuple[float, float]]]:
    """(seconds, true point, reported point) of each fix."""
    wearer = next(wearer for wearer in _STORY.wearers if wearer.id == wearer_id)
    return [
        ((fix.fixed_at_us - START_US) / SECOND_US, fix.true_point, (fix.plain["lon"], fix.plain["lat"]))
        for message in sendings(_STORY, wearer, START_US)
        for fix in message.fixes
    ]


def _edges_s(wearer: str, *, reported: bool) -> list[float]:
    """When the wearer changes sides of his ban."""
    ground, track = Ground(wearer), _track(wearer)
    sides = [(after_s, ground.distance_m(seen if reported else true) <= 0.0) for after_s, true, seen in track]
    return [b[0] for a, b in pairwise(sides) if a[1] != b[1]]


def test_the_story_is_as_long_as_a_newcomer_waits() -> None:
    assert _STORY.duration_s <= 50.0
    assert len(_STORY.wearers) == 6
    assert {wearer.device.interval_s for wearer in _STORY.wearers} == {1.0, 2.0}
    assert [len(_versions(_STORY)), len({version.wearer for version in _versions(_STORY)})] == [6, 6]


@pytest.mark.parametrize(
    ("wearer", "edges_s"),
    [
        ("w-ahoy", [6.7]),
        ("w-kuip", [8.0]),
        ("w-centraal", [35.0]),
        ("w-museumpark", [8.0, 26.0]),
        ("w-blaak", []),
        ("w-brienenoord", []),
    ],
)
def test_wearers_cross_the_edge_when_the_story_says(wearer: str, edges_s: list[float]) -> None:
    """Truly within one interval; as reported within what 8 m of noise make of it, and no more often."""
    true, reported = _edges_s(wearer, reported=False), _edges_s(wearer, reported=True)
    assert true == pytest.approx(edges_s, abs=2.0)
    assert reported == pytest.approx(edges_s, abs=5.0)


def test_who_must_be_told_of_certainly_goes_deep_enough() -> None:
    """More than 3.1 sigma of what a receiver of 10 m at best allows, for many fixes."""
    sigma_m = math.hypot(10.0 / R95_PER_SIGMA, 8.0)
    for wearer in ("w-ahoy", "w-centraal", "w-kuip"):
        ground = Ground(wearer)
        deep = [point for _, point, _ in _track(wearer) if ground.distance_m(point) < -3.1 * sigma_m]
        assert len(deep) >= 8, wearer


def test_who_passes_by_stays_30_metres_away() -> None:
    ground = Ground("w-blaak")
    assert min(ground.distance_m(true) for _, true, _ in _track("w-blaak")) > 30.0
    reported_m = [ground.distance_m(seen) for _, _, seen in _track("w-blaak")]
    assert 20.0 < min(reported_m) < 30.0, "the noise shall show, and not decide"


def test_the_corner_is_cut_between_two_fixes_that_are_outside() -> None:
    ground, track = Ground("w-brienenoord"), _track("w-brienenoord")
    before, behind = (next(fix for fix in track if fix[0] == second) for second in (18.0, 20.0))
    assert ground.depth_m(before[1], behind[1]) == pytest.approx(7.1, abs=0.3)
    assert 4.0 < ground.depth_m(before[2], behind[2]) < 11.0
    assert min(ground.distance_m(fix[2]) for fix in (before, behind)) > 5.0
    others = [fix for fix in track if fix[0] not in (18.0, 20.0)]
    assert min(ground.distance_m(fix[2]) for fix in others) > 30.0


def test_the_silent_one_is_out_again_when_he_is_heard() -> None:
    ground = Ground("w-museumpark")
    last = [seen for after_s, _, seen in _track("w-museumpark") if 31.0 < after_s < 35.0]
    assert len(last) == 4
    assert min(ground.distance_m(seen) for seen in last) > 20.0


def _received(scenario: Scenario) -> Iterator[Received]:
    for wearer in scenario.wearers:
        for message in sendings(scenario, wearer, START_US):
            yield Received(
                message.at_us + _UPLINK_US, Message(message.topic, decode(message.topic, message.payload))
            )


async def _told(scenario: Scenario) -> Score:
    archive = await replay(_versions(scenario), list(_received(scenario)))
    lines = [dict(line) for line in lines_of(archive)]
    return score(scenario, START_US, [line for line in lines if line["type"] == "alert"])


@pytest.mark.parametrize("seed", [_STORY.seed, 1, 2, 3])
async def test_the_engine_tells_what_the_author_wrote_whatever_the_noise(seed: int) -> None:
    found = await _told(dataclasses.replace(_STORY, seed=seed))
    assert (found.missing, found.unexpected) == ([], [])
    assert found.expected == 7
    assert found.raised >= 6


async def test_the_score_notices_when_a_wearer_stays_home() -> None:
    """The other way round: with one wearer's fixes left out, exactly his alert is missing."""
    without = [wearer for wearer in _STORY.wearers if wearer.id != "w-kuip"]
    found = await _told(dataclasses.replace(_STORY, wearers=tuple(without)))
    assert len(found.missing) == 1
    assert "w-kuip" in found.missing[0]
    assert found.unexpected == []


def test_the_story_lies_in_the_package(repository: Path) -> None:
    assert (repository / "simulator" / "scenarios" / "story.yaml").is_file()
    assert msgspec.json.decode(orders_document(_STORY, START_US))["zones"][0]["id"] == "stadion-feijenoord"
