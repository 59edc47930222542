"""The drift suite: nobody is truly inside, held to Shapely on dense true positions."""

from __future__ import annotations

import json

import numpy as np
import shapely

from simulator.path import positions_at, scales_m
from simulator.suites import TEST_SEEDS, TRAINING_SEEDS, suite


def test_training_and_test_seeds_share_none() -> None:
    assert set(TRAINING_SEEDS).isdisjoint(TEST_SEEDS)
    assert len(TEST_SEEDS) >= 100


def test_nobody_of_the_drift_suite_is_truly_inside() -> None:
    for seed in TRAINING_SEEDS[:3]:
        world = suite("drift", seed, days=3, forms=("block",))
        assert world.truth.stays == ()
        orders = json.loads(world.orders)["orders"]
        dense_s = np.arange(0.0, 3 * 86_400.0, 15.0)
        for order, track in zip(orders, world.tracks, strict=True):
            instants_s = np.concatenate([track.path.t_s, dense_s])
            lon, lat, _, _ = positions_at(track.path, instants_s)
            for condition in order["conditions"]:
                area = shapely.geometry.shape(condition["zone"])
                east, north = (float(each[0]) for each in scales_m(lat[:1]))
                scale = np.array([east, north])
                flat = shapely.transform(area, scale.__mul__)
                off_m = shapely.distance(shapely.points(lon * east, lat * north), flat)
                assert off_m.min() > 1.0
                assert off_m.min() < 550.0
