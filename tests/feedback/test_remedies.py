"""Edges by their names, and proposals by their patterns, each with its figures."""

from __future__ import annotations

from typing import Any

import pytest

from emon.feedback.edges import at_edges, home_gap_m
from emon.feedback.remedies import REMEDIES
from emon.feedback.report import report
from emon.feedback.rows import FiledAlert
from emon.model.instant import DAY_US
from emon.model.order import AreaZone, CircleZone
from emon.model.resolution import ClosingCause as C
from emon.model.vocabulary import AlertEvent as E
from emon.model.vocabulary import Source
from tests.feedback.rows import (
    CIRCLE,
    FROM_US,
    ROAD,
    SQUARE,
    ban,
    filed,
    fix,
    of_device,
    order,
    required,
    told,
)

FOUR = (
    order("o-1", "w-1", ban("c-1", SQUARE), ban("c-2", CIRCLE), ban("c-3", ROAD), required("c-4", SQUARE)),
)


@pytest.mark.parametrize(
    ("condition", "lon", "lat", "edge", "wrong_m"),
    [
        ("c-1", 4.4750, 51.9201, "outline, edge 1", 11.1),
        ("c-1", 4.4799, 51.9250, "outline, edge 2", 6.9),
        ("c-1", 4.4750, 51.9301, "outline, edge 3", -11.1),
        ("c-1", 4.4701, 51.9250, "outline, edge 4", 6.9),
        ("c-1", 4.4750, 51.9245, "hole 1, edge 1", -55.6),  # in the hole: on the right side
        ("c-2", 4.5000, 51.9030, "north side", 66.2),
        ("c-2", 4.5040, 51.8975, "south-east side", 8.6),
        ("c-2", 4.4930, 51.9000, "west side", -81.8),
        ("c-3", 4.4100, 51.9002, "line, edge 1", 27.7),
        ("c-3", 4.4201, 51.9090, "line, edge 2", 43.1),
        ("c-4", 4.4750, 51.9301, "outline, edge 3", 11.1),  # of a required place outside is wrong
    ],
)
def test_the_edge_is_the_nearest_one_and_the_side_is_told(
    condition: str, lon: float, lat: float, edge: str, wrong_m: float
) -> None:
    alert = told(condition=condition, fix=fix(lon, lat))
    at = at_edges([alert], FOUR)[alert.id]
    assert (at.zone, at.edge) == (f"o-1/{condition}", edge)
    assert at.wrong_m == pytest.approx(wrong_m, abs=0.1)
    assert at.distance_m == abs(at.wrong_m)


def test_short_edges_are_taken_together() -> None:
    """A strip of 152 m by 31 m, its south side cut in two: stretches of whole edges, and what is left."""
    step = 0.0011  # of latitude 122 m; of longitude 76 m
    east, north = 4.47 + 2 * step, 51.92 + step / 4
    ring = ((4.47, 51.92), (4.47 + step, 51.92), (east, 51.92), (east, north), (4.47, north), (4.47, 51.92))
    versions = (order("o-1", "w-1", ban("c-1", AreaZone(((ring,),)))),)
    places = {
        (4.4702, 51.91995): "outline, edges 1 to 2",
        (4.4720, 51.91995): "outline, edges 1 to 2",
        (4.4710, 51.92035): "outline, edges 3 to 5",
        (4.46995, 51.9201): "outline, edges 3 to 5",
    }
    alerts = [told(fix=fix(*place)) for place in places]
    found = at_edges(alerts, versions)
    assert [found[alert.id].edge for alert in alerts] == list(places.values())


def test_equal_zones_of_several_orders_are_one() -> None:
    versions = (order("o-1", "w-1", ban("c-1", SQUARE)), order("o-0", "w-2", ban("c-9", SQUARE)))
    alerts = [told(), told(order="o-0", condition="c-9", wearer="w-2")]
    assert {at.zone for at in at_edges(alerts, versions).values()} == {"o-0/c-9"}


def test_what_has_no_fix_or_no_zone_has_no_edge() -> None:
    alerts = [
        told(fix=None),
        of_device(E.SILENCE, fix=fix(4.47, 51.92)),
        told(version=7),
        told(condition="c-7"),
    ]
    assert at_edges(alerts, FOUR) == {}


@pytest.mark.parametrize(
    ("home", "gap_m"),
    [
        (CircleZone((4.4680, 51.9250), 60.0), 77.6),
        (CircleZone((4.4701, 51.9250), 60.0), -66.9),
        (AreaZone(((((4.468, 51.92), (4.469, 51.92), (4.469, 51.921), (4.468, 51.92)),),)), 68.8),
    ],
)
def test_how_far_a_required_place_lies_from_a_ban(home: Any, gap_m: float) -> None:
    assert home_gap_m(home, SQUARE) == pytest.approx(gap_m, abs=0.1)


def proposed(*alerts: FiledAlert, what: str = "wearers", **changes: Any) -> dict[str, str]:
    made = report(filed(*alerts, **changes))
    return {one.remedy: one.words for one in getattr(made, what)[0].proposals}


def several(cause: C | None, count: int = 3, **changes: Any) -> list[FiledAlert]:
    return [told(cause, **changes) for _ in range(count)]


def test_a_home_at_the_edge() -> None:
    home = required("c-4", CircleZone((4.4685, 51.9250), 60.0))
    versions = (order("o-1", "w-1", ban("c-1", SQUARE), home),)
    for what in ("wearers", "zones"):
        words = proposed(*several(C.POSITION_ERROR), what=what, decided=versions, newest=versions)
        assert words["home_at_edge"] == (
            "a required place of w-1 lies 43 m from the edge of o-1/c-1: "
            "ask the court whether the edge can be moved"
        )
    far = (order("o-1", "w-1", ban("c-1", SQUARE), required("c-4", CircleZone((4.46, 51.92), 60.0))),)
    assert "home_at_edge" not in proposed(*several(C.POSITION_ERROR), decided=far, newest=far)


def test_a_device_that_errs_more_than_it_claims() -> None:
    deep = [fix(4.4706, 51.921, 5.0), fix(4.4708, 51.921, 6.0), fix(4.4710, 51.921, 5.0)]
    words = proposed(*(told(C.POSITION_ERROR, fix=one) for one in deep), what="devices")
    assert words["exchange"] == ("3 positions claimed 5 m and erred by 55 m or more (medians): exchange d-1")
    honest = [told(C.POSITION_ERROR, fix=fix(4.4706, 51.921, 80.0)) for _ in range(3)]
    assert set(proposed(*honest, what="devices")) == set()


def test_a_position_on_the_right_side_does_not_show_how_much_it_erred() -> None:
    outside = [told(C.POSITION_ERROR, fix=fix(4.4690, 51.925, 5.0)) for _ in range(3)]
    assert "exchange" not in proposed(*outside, what="devices")


def test_an_edge_nearer_than_the_receivers_know() -> None:
    alerts = [told(C.POSITION_ERROR, fix=fix(4.4702, 51.921 + n / 1000, 25.0)) for n in range(4)]
    words = proposed(*alerts, what="zones")
    assert words == {
        "edge_within_error": "4 lie 14 m from outline, edge 4 of o-1/c-1, and claim 25 m (medians): "
        "ask the court whether the edge can be moved there"
    }


def test_coarse_positions() -> None:
    coarse = several(C.POSITION_ERROR, fix=fix(4.4706, 51.921, 500.0, Source.CELL))
    assert "coarse_positions" in proposed(*coarse, what="devices")
    assert "coarse_positions" not in proposed(*coarse, *several(C.POSITION_ERROR, 4), what="devices")


def test_not_charged_on_several_nights() -> None:
    nights = [
        of_device(E.CHARGING_MISSED, C.HANDLING, detected_at_us=FROM_US + n * DAY_US, order="o-1")
        for n in range(3)
    ]
    words = proposed(*nights)
    assert words["not_charged"] == (
        "on 3 days it was not charged in time: talk about when and where it is charged"
    )
    one_night = several(C.HANDLING, event=E.CHARGING_MISSED, detected_at_us=FROM_US)
    assert "not_charged" not in proposed(*one_night)


@pytest.mark.parametrize(
    ("cause", "name"),
    [
        (C.PERMITTED, "permit_on_file"),
        (C.ZONE_WRONG, "correct_zone"),
        (C.SCHEDULE_WRONG, "correct_hours"),
        (C.HANDLING, "explain_again"),
        (C.DEVICE_FAULT, "repair"),
        (C.COVERAGE, "coverage"),
        (C.PLATFORM, "own_fault"),
        (C.TAMPERING, "strap"),
        (C.WEARER, "no_noise"),
        (C.NOT_FOUND, "look_closer"),
        (None, "close_first"),
    ],
)
def test_a_pattern_needs_three_and_half_of_what_was_closed(cause: C | None, name: str) -> None:
    assert set(proposed(*several(cause, fix=None))) == {name}
    assert "3" in proposed(*several(cause, fix=None))[name]
    if cause is not None:
        assert proposed(*several(cause, 2)) == {}
        assert name not in proposed(*several(cause, 3), *several(C.EXERCISE, 4))


def test_every_row_of_the_table_is_proposed_somewhere_here() -> None:
    assert len({one.name for one in REMEDIES}) == len(REMEDIES) == 16


def test_the_noisiest_have_most_false_ones_and_there_are_ten() -> None:
    alerts = [told(C.WEARER, wearer="true") for _ in range(9)]
    for number in range(12):
        alerts += [told(C.POSITION_ERROR, wearer=f"w-{number:02}") for _ in range(number)]
    made = report(filed(*alerts))
    assert [(one.id, one.false) for one in made.wearers] == [(f"w-{n:02}", n) for n in range(11, 1, -1)]
