"""Slow answers by other means: PROJ's geodesics along densely sampled edges, Shapely for relations."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import Geod

Floats = npt.NDArray[np.float64]

GEOD = Geod(ellps="WGS84")
_GOLDEN = 0.5 * (3.0 - np.sqrt(5.0))


def geodesic_m(lon1: npt.ArrayLike, lat1: npt.ArrayLike, lon2: npt.ArrayLike, lat2: npt.ArrayLike) -> Floats:
    """Karney's geodesic distance, broadcast."""
    columns = np.broadcast_arrays(*(np.asarray(c, dtype=np.float64) for c in (lon1, lat1, lon2, lat2)))
    a, b, c, d = (np.ascontiguousarray(column).ravel() for column in columns)
    return np.asarray(GEOD.inv(a, b, c, d)[2]).reshape(columns[0].shape)


def edges_of(rings: list[list[tuple[float, float]]]) -> Floats:
    """``f64[n, 4]``: lon, lat, dlon (the short way), dlat of every edge of closed rings."""
    rows = []
    for ring in rings:
        xy = np.array([*ring, ring[0]], dtype=np.float64)
        dlon = (np.diff(xy[:, 0]) + 180.0) % 360.0 - 180.0
        exact = np.where(np.abs(np.diff(xy[:, 0])) <= 180.0, np.diff(xy[:, 0]), dlon)
        rows.append(np.stack((xy[:-1, 0], xy[:-1, 1], exact, np.diff(xy[:, 1])), axis=1))
    return np.concatenate(rows)


def outline_distance_m(edges: Floats, lon: float, lat: float, samples: int = 64) -> float:
    """Least geodesic distance from a point to edges straight in longitude and latitude.

    Samples along each edge, then golden section around the best sample of the nearest edges.
    """
    share = np.linspace(0.0, 1.0, samples + 1)
    along = edges[:, None, 2:] * share[None, :, None] + edges[:, None, :2]
    lengths = geodesic_m(lon, lat, along[..., 0], np.clip(along[..., 1], -90.0, 90.0))
    step_m = geodesic_m(along[:, :-1, 0], along[:, :-1, 1], along[:, 1:, 0], along[:, 1:, 1]).max(axis=1)
    edge, at = np.nonzero(lengths <= lengths.min() + step_m[:, None])
    low, high = np.maximum(share[at] - 1.0 / samples, 0.0), np.minimum(share[at] + 1.0 / samples, 1.0)
    best = lengths[edge, at]

    def length_at(t: Floats) -> Floats:
        point = edges[edge, :2] + edges[edge, 2:] * t[:, None]
        return geodesic_m(lon, lat, point[:, 0], np.clip(point[:, 1], -90.0, 90.0))

    for _ in range(48):
        left, right = low + _GOLDEN * (high - low), high - _GOLDEN * (high - low)
        a, b = length_at(left), length_at(right)
        best = np.minimum(best, np.minimum(a, b))
        low, high = np.where(a < b, low, left), np.where(a < b, right, high)
    return float(best.min())


def unrolled(rings: list[list[tuple[float, float]]], lon: float) -> shapely.Polygon:
    """A polygon of one shell and its holes, unrolled near a longitude (not around a pole)."""
    laid = []
    for ring in rings:
        xy = np.array([*ring, ring[0]], dtype=np.float64)
        step = np.diff(xy[:, 0])
        turns = np.where(step > 180.0, -360.0, np.where(step < -180.0, 360.0, 0.0))
        xy[1:, 0] += np.cumsum(turns)
        xy[:, 0] += 360.0 * np.round((lon - xy[:, 0].mean()) / 360.0)
        laid.append(xy)
    return shapely.Polygon(laid[0], laid[1:])


def covers(rings: list[list[tuple[float, float]]], lon: float, lat: float) -> bool:
    """Whether a polygon holds a point, by Shapely, whichever way round the Earth it was unrolled."""
    return any(shapely.intersects_xy(unrolled(rings, lon + turn), lon, lat) for turn in (-360.0, 0.0, 360.0))
