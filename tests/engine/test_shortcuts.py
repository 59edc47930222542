"""What is asked first because it is cheap must never answer otherwise than what it spares."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emon.geofence.evidence import inside_probability, normal_cdf, sigma_m
from emon.ingest.admit import admit
from emon.limits import TRACK_FIXES_MAX
from emon.model.fix import Fix, RawFix
from emon.model.instant import SECOND_US
from emon.model.span import span_at_most_m, span_m

_LON, _LAT = st.floats(-180.0, 180.0), st.floats(-90.0, 90.0)
_STEP = st.floats(-1e-3, 1e-3)


@given(_LON, _LAT, _LON, _LAT)
def test_the_upper_bound_of_a_span_is_one(lon1: float, lat1: float, lon2: float, lat2: float) -> None:
    assert span_at_most_m(lon1, lat1, lon2, lat2) >= span_m(lon1, lat1, lon2, lat2) - 1e-6


@given(_LON, _LAT, _STEP, _STEP)
def test_the_upper_bound_holds_for_short_spans(lon: float, lat: float, dlon: float, dlat: float) -> None:
    other = min(90.0, max(-90.0, lat + dlat))
    assert span_at_most_m(lon, lat, lon + dlon, other) >= span_m(lon, lat, lon + dlon, other) - 1e-6


@given(st.floats(-1e4, 1e6), st.floats(0.0, 1e5), st.floats(0.0, 1e12))
def test_a_probability_of_nothing_is_what_the_formula_gives(
    distance_m: float, accuracy_m: float, area_m2: float
) -> None:
    sigma = sigma_m(accuracy_m)
    plain = min(normal_cdf(-distance_m / sigma), area_m2 / (2.0 * math.pi * sigma * sigma))
    assert inside_probability(distance_m, accuracy_m, area_m2) == plain


_TIMES = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 3)), min_size=1, max_size=60)


@given(_TIMES, st.sampled_from([0.0, 1e-4, 0.3]))
def test_one_fix_at_a_time_is_admitted_as_all_at_once(times: list[tuple[int, int]], step_deg: float) -> None:
    """The newest fix alone takes the short way; beside another it takes the long one."""
    raws = [
        RawFix("d-1", seq, at * 10 * SECOND_US, 4.0 + step_deg * (i % 3), 52.0, 10.0, b"%d" % i)
        for i, (at, seq) in enumerate(times)
    ]
    received_us = 401 * SECOND_US
    track: tuple[Fix, ...] = ()
    for raw in raws:
        one = admit([raw], track, {}, received_us)
        repeat = [raw, raw]  # never alone, so never the short way
        two = admit(repeat, track, {}, received_us)
        assert (one.new, one.track, one.conflicts) == (two.new, two.track, two.conflicts[::2])
        assert len(one.track) <= TRACK_FIXES_MAX
        track = one.track


def test_the_short_way_asks_what_is_stored() -> None:
    raw = RawFix("d-1", 1, SECOND_US, 4.0, 52.0, 10.0, b"{}")
    known = admit([raw], (), {}, 2 * SECOND_US).new[0]
    again = admit([raw], (), {raw.key: known}, 3 * SECOND_US)
    assert (again.new, again.repeats) == ([], 1)


@pytest.mark.parametrize("distance_m", [362.0, 363.0, 364.0, 400.0])
def test_the_tail_is_nothing_from_where_it_is_said_to_be(distance_m: float) -> None:
    assert normal_cdf(-distance_m / sigma_m(10.0)) == inside_probability(distance_m, 10.0, 1e12)
