"""Shapes on the map against an independent measure."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
import shapely.geometry
from pyproj import Geod, Transformer

from emon.model.order import AreaZone, CircleZone, CorridorZone, Zone
from emon.web.drawing import buffer_geometry, label_point, zone_geometry

GEOD = Geod(ellps="WGS84")
TO_RD = Transformer.from_crs("EPSG:4326", "EPSG:28992", always_xy=True)
SQUARE = AreaZone(parts=((((4.47, 51.91), (4.49, 51.91), (4.49, 51.93), (4.47, 51.93), (4.47, 51.91)),),))
LINE = CorridorZone(line=((4.47, 51.91), (4.49, 51.92)), width_m=120)
CIRCLE = CircleZone(center=(4.48, 51.92), radius_m=500)


def distance_m(a: tuple[float, float], b: tuple[float, float]) -> float:
    return float(GEOD.inv(*a, *b)[2])


def in_rd(geometry: dict[str, Any]) -> shapely.Geometry:
    """In metres, by a projection that the drawing does not use."""
    shape = shapely.geometry.shape(geometry)
    return shapely.transform(shape, lambda at: np.column_stack(TO_RD.transform(at[:, 0], at[:, 1])))


@pytest.mark.parametrize("center", [(4.48, 51.92), (179.999, 10.0), (0.0, -85.0)])
def test_a_circle_lies_on_its_radius(center: tuple[float, float]) -> None:
    (ring,) = zone_geometry(CircleZone(center=center, radius_m=1_000))["coordinates"]
    assert ring[0] == ring[-1]
    for corner in ring:
        assert distance_m(center, corner) == pytest.approx(1_000, abs=0.05)


@pytest.mark.parametrize("zone", [SQUARE, LINE, CIRCLE], ids=["area", "corridor", "circle"])
def test_a_buffer_is_as_far_from_the_zone_as_it_says(zone: Zone) -> None:
    drawn = buffer_geometry(zone, 200)
    assert drawn is not None
    inner, outer = in_rd(zone_geometry(zone)), in_rd(drawn)
    assert shapely.contains(outer, inner)
    distances = shapely.distance(inner, shapely.points(shapely.get_coordinates(outer)))
    # Rijksdriehoeksstelsel shrinks by 1 in 10,000 here; a corner's arc is drawn with chords.
    assert distances.min() > 199.8
    assert distances.max() < 200.2


def test_without_a_buffer_none_is_drawn() -> None:
    assert buffer_geometry(CIRCLE, 0) is None


def test_an_area_is_drawn_as_it_was_decided() -> None:
    assert zone_geometry(SQUARE) == {"type": "MultiPolygon", "coordinates": SQUARE.parts}


@pytest.mark.parametrize("zone", [SQUARE, LINE, CIRCLE], ids=["area", "corridor", "circle"])
def test_a_name_stands_above_its_zone(zone: Zone) -> None:
    drawn = zone_geometry(zone)
    assert label_point(drawn)[1] == pytest.approx(shapely.geometry.shape(drawn).bounds[3])
