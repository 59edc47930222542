"""All rivals in one list: their defaults, and the grid on which each is tuned.

A grid holds what a user of that system could set. Tuning happens on training seeds; the report
shows each rule at its default and at its best.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from benchmarks.detection.rivals.esri import ESRI_DEFAULT, EsriParameters, esri_geotrigger
from benchmarks.detection.rivals.home_assistant import HomeAssistantParameters, home_assistant_zone
from benchmarks.detection.rivals.parts import Event, Fence, Track
from benchmarks.detection.rivals.point import (
    PointParameters,
    VendorParameters,
    point_in_polygon,
    vendor_points,
)
from benchmarks.detection.rivals.tile38 import DETECTS, Tile38Parameters, tile38_fence
from benchmarks.detection.rivals.traccar import TraccarParameters, traccar_events

R68_PER_R95 = 1 / 1.6214  # a phone claims the 68 % radius, our wire the 95 % one
SPEEDS_MAX_KN = (0.0, 100.0, 200.0, 500.0, 25_000.0)  # 0 is off; 25,000 is what Traccar says to begin with
ACCURACIES_MAX_M = (0.0, 20.0, 50.0, 100.0, 200.0)  # 0 is off
DISTANCES_M = (0.0, 10.0, 30.0)
DEPTHS_M = (0.0, 10.0, 20.0, 30.0, 50.0, 75.0, 100.0)
SCALES = (0.0, R68_PER_R95, 1.0, 1.5, 2.0, 3.0)


class Rule(NamedTuple):
    """``apply(track, fence, parameters)``; ``grid`` holds the default too."""

    name: str
    apply: Callable[[Track, Fence, Any], list[Event]]
    default: Any
    grid: tuple[Any, ...]


def _traccar_grid() -> tuple[TraccarParameters, ...]:
    free = [
        TraccarParameters(accuracy_max_m=accuracy, speed_max_kn=speed, distance_m=distance, crossing=crossing)
        for accuracy, speed, distance, crossing in product(
            ACCURACIES_MAX_M, SPEEDS_MAX_KN, DISTANCES_M, (False, True)
        )
    ]
    tidy = [
        TraccarParameters(
            accuracy_max_m=accuracy,
            speed_max_kn=speed,
            static=static,
            duplicate=True,
            zero=True,
            skip_limit_s=300.0,
        )
        for accuracy, speed, static in product(ACCURACIES_MAX_M, SPEEDS_MAX_KN, (False, True))
    ]
    return (*free, *tidy)


RULES: tuple[Rule, ...] = (
    Rule("traccar", traccar_events, TraccarParameters(), _traccar_grid()),
    Rule(
        "tile38",
        tile38_fence,
        Tile38Parameters(),
        (
            Tile38Parameters(),
            Tile38Parameters(frozenset({"enter", "exit"})),
            Tile38Parameters(frozenset({"inside", "outside"})),
            *(Tile38Parameters(frozenset(DETECTS), gap_s) for gap_s in (30.0, 60.0, 120.0, 300.0)),
        ),
    ),
    Rule(
        "esri",
        esri_geotrigger,
        ESRI_DEFAULT,
        (
            ESRI_DEFAULT,
            *(
                EsriParameters(relationship, scale)
                for relationship in ("intersects_intersects", "contains_contains", "contains_intersects")
                for scale in SCALES[1:]
            ),
        ),
    ),
    Rule(
        "home_assistant",
        home_assistant_zone,
        HomeAssistantParameters(),
        tuple(
            HomeAssistantParameters(criterion, scale)
            for criterion in ("overlap", "fit_to_enter", "containment")
            for scale in SCALES
        ),
    ),
    Rule(
        "vendor",
        vendor_points,
        VendorParameters(),
        tuple(
            VendorParameters(tolerated, accuracy_max_m)
            for tolerated in range(5)
            for accuracy_max_m in (np.inf, *ACCURACIES_MAX_M[1:])
        ),
    ),
    Rule(
        "point_in_polygon",
        point_in_polygon,
        PointParameters(),
        tuple(PointParameters(fixes, depth_m) for fixes in (1, 2, 3) for depth_m in DEPTHS_M),
    ),
)
