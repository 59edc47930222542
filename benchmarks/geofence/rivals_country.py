"""A point over all zones of a country: Shapely's STRtree three ways and ``geopandas.sjoin``."""

from __future__ import annotations

from typing import Any

import geopandas
import numpy as np
import shapely

from benchmarks.geofence.zones import Floats, Ints, Shapes

Pairs = Ints
"""i64[m, 2], point and zone, in any order."""


class CountryTree:
    """Prepared shapes in degrees and a tree of their boxes."""

    def __init__(self, degrees: Shapes) -> None:
        self._shapes = degrees
        self._tree = shapely.STRtree(degrees)
        self._tree.query(shapely.points(0.0, 0.0))  # the tree is built at the first question
        self._frame: Any = geopandas.GeoDataFrame(geometry=degrees, crs="EPSG:4326")
        self._frame.sindex.query(shapely.points(0.0, 0.0))

    def boxes_then_contains(self, lon: Floats, lat: Floats) -> Pairs:
        """Boxes from the tree, then ``contains_xy`` of the prepared zones: the fastest that we found."""
        point, zone = self._tree.query(shapely.points(lon, lat))
        held = shapely.contains_xy(self._shapes[zone], lon[point], lat[point])
        return _pairs(point[held], zone[held])

    def query(self, lon: Floats, lat: Floats) -> Pairs:
        """The tree's own ``query`` with a predicate; it prepares the points, which does not help them."""
        point, zone = self._tree.query(shapely.points(lon, lat), predicate="intersects")
        return _pairs(point, zone)

    def sjoin(self, lon: Floats, lat: Floats) -> Pairs:
        """``geopandas.sjoin`` of points and zones, the way of its documentation."""
        points: Any = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy(lon, lat), crs="EPSG:4326")
        joined = geopandas.sjoin(points, self._frame, predicate="within")
        return _pairs(joined.index.to_numpy(), joined["index_right"].to_numpy())


def _pairs(point: Ints, zone: Ints) -> Pairs:
    return np.stack((point, zone), axis=1)
