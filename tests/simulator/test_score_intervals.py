"""Intervals against published tables, and against what they promise: to cover."""

from __future__ import annotations

import math

import numpy as np
import pytest

from simulator.scoring.intervals import clustered_rate, garwood, quantiles, wilson


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [
        (15, 148, 0.0624, 0.1605),  # Newcombe (1998), Statistics in Medicine 17, table I, method 3
        (81, 263, 0.2553, 0.3662),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (35, 35, 0.9011, 1.0),
    ],
)
def test_wilson_as_published(hits: int, of: int, low: float, high: float) -> None:
    found = wilson(hits, of)
    assert found.value == hits / of
    assert (found.low, found.high) == pytest.approx((low, high), abs=6e-5)


@pytest.mark.parametrize(
    ("events", "low", "high"),
    [
        (0, 0.0, 3.6889),  # Garwood (1936), as in Ulm (1990), Am J Epidemiol 131, and every table since
        (1, 0.0253, 5.5716),
        (5, 1.6235, 11.6683),
        (10, 4.7954, 18.3904),
    ],
)
def test_garwood_as_published(events: int, low: float, high: float) -> None:
    found = garwood(events, 1.0)
    assert (found.low, found.high) == pytest.approx((low, high), abs=6e-5)
    assert garwood(events, 50.0).high == pytest.approx(found.high / 50.0)


def test_garwood_of_many() -> None:
    """A hundred as in the tables; at 100,000 it is the normal's, to a hundredth of its width."""
    assert garwood(100, 1.0)[1:] == pytest.approx((81.36, 121.63), abs=5e-3)
    found = garwood(100_000, 1.0)
    assert found.low == pytest.approx(100_000 - 1.95996 * math.sqrt(100_000), abs=5.0)
    assert found.high == pytest.approx(100_000 + 1.95996 * math.sqrt(100_000), abs=5.0)


def test_garwood_covers() -> None:
    """At least 95 % for every mean, as an exact interval must."""
    rng = np.random.default_rng(5)
    for mean in (0.3, 2.0, 11.0):
        counts = rng.poisson(mean, 4_000)
        limits = {int(count): garwood(int(count), 1.0) for count in set(counts)}
        share = np.mean([limits[int(c)].low <= mean <= limits[int(c)].high for c in counts])
        assert share >= 0.94


def test_nothing_has_no_rate_and_no_share() -> None:
    assert math.isnan(wilson(0, 0).value)
    assert math.isnan(garwood(0, 0.0).low)
    assert math.isnan(quantiles([], [], [0.5], np.random.default_rng(1))[0].value)


@pytest.mark.parametrize(("hits", "of"), [(-1, 3), (4, 3)])
def test_no_proportion_is_refused(hits: int, of: int) -> None:
    with pytest.raises(ValueError, match="no proportion"):
        wilson(hits, of)


def test_negative_events_are_refused() -> None:
    with pytest.raises(ValueError, match="no rate"):
        garwood(-1, 1.0)


def test_quantiles_are_values_that_occurred() -> None:
    values = [float(v) for v in range(1, 101)]
    found = quantiles(values, range(100), [0.5, 0.9, 1.0], np.random.default_rng(3))
    assert [each.value for each in found] == [50.0, 90.0, 100.0]
    assert found[0].low < 50.0 < found[0].high
    assert {each.low for each in found} <= set(values)


def test_the_same_seed_gives_the_same_interval() -> None:
    values = [float(v % 17) for v in range(60)]
    one, other = (
        quantiles(values, [v // 6 for v in range(60)], [0.5], np.random.default_rng(9)) for _ in range(2)
    )
    assert one == other


def test_a_wearer_who_repeats_himself_is_one_witness() -> None:
    """Ten wearers of ten equal delays each say less than a hundred wearers do."""
    delays = [float(10 * wearer) for wearer in range(10) for _ in range(10)]
    together = quantiles(delays, [i // 10 for i in range(100)], [0.5], np.random.default_rng(2))[0]
    alone = quantiles(delays, range(100), [0.5], np.random.default_rng(2))[0]
    assert together.value == alone.value
    assert together.high - together.low > 2 * (alone.high - alone.low)


def test_a_clustered_rate_is_wider_where_one_wearer_raises_all() -> None:
    exposures = [1.0] * 50
    even = clustered_rate([1] * 50, exposures, np.random.default_rng(4))
    lumped = clustered_rate([50] + [0] * 49, exposures, np.random.default_rng(4))
    assert even.value == lumped.value == 1.0
    assert even.high == even.low == 1.0
    assert lumped.high > 2.0
