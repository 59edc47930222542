"""From the rings of a document to the outline of one area on the Earth.

Rings are laid out in a plane of longitude and latitude in which they do not break at the 180th
meridian. There Shapely joins overlapping parts and takes holes out: edges are straight in that
plane (RFC 7946, section 3.1.1), so nothing is approximated. A ring that runs once round the Earth
bounds the cap of the pole on its smaller side.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from emon.geofence.wgs84 import Floats, area_below_parallel
from emon.limits import UNION_GRID_DEG
from emon.model.order import AreaZone, CorridorZone, Ring

_CUT_DEG = -180.0
"""Where the plane is cut open when no other meridian is free of zone."""
_GAP_MIN_DEG = 1e-6
_LEFT_OVER_DEG = 1e-9
"""What the two banks of the cut differ by in rounding: a tenth of a millimetre."""


_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(12)


class Outline(NamedTuple):
    """Edges in no order, degrees; ``lon2 - lon1`` is the way the edge runs, so beyond ±180 at times.

    ``ghost`` edges lie along a pole inside the area: they close it in the plane, not on the Earth.
    """

    lon1: Floats
    lat1: Floats
    lon2: Floats
    lat2: Floats
    ghost: npt.NDArray[np.bool_]


class LaidRing(NamedTuple):
    """A ring in the plane, closed, and how often it runs round the Earth eastwards."""

    xy: Floats
    turns: int


def unwrapped(positions: Ring) -> Floats:
    """``f64[n, 2]`` in which no step exceeds 180° of longitude: each goes the short way.

    Each longitude is the given one plus whole turns, so that rounding does not add up.
    """
    xy = np.array(positions, dtype=np.float64).reshape(-1, 2)
    step = np.diff(xy[:, 0])
    turns = np.where(step > 180.0, -1.0, np.where(step < -180.0, 1.0, 0.0))
    xy[1:, 0] += 360.0 * np.cumsum(turns)
    return xy


def lay_ring(ring: Ring) -> LaidRing:
    """A ring in the plane, closed over a pole where it runs round the Earth."""
    closed = ring if len(ring) > 1 and ring[0] == ring[-1] else (*ring, ring[0])
    xy = unwrapped(closed)
    turns = round((xy[-1, 0] - xy[0, 0]) / 360.0)
    if turns == 0:
        return LaidRing(xy, 0)
    if turns < 0:
        xy = xy[::-1]
    pole = 90.0 if _mean_height(xy) >= 0.0 else -90.0
    corners = np.array([[xy[-1, 0], pole], [xy[0, 0], pole], xy[0]])
    return LaidRing(np.concatenate((xy, corners)), turns)


def _mean_height(xy: Floats) -> float:
    """Positive where less of the Earth lies north of the line than south of it."""
    return float(np.sum(_strip_areas(xy[:-1, 0], xy[:-1, 1], xy[1:, 0], xy[1:, 1])))


def _strip_areas(lon1: Floats, lat1: Floats, lon2: Floats, lat2: Floats) -> Floats:
    """Area in m² between each edge and the equator, signed, by Gauss-Legendre along the edge."""
    shares = 0.5 * (_NODES + 1.0)
    lat = lat1[:, None] + shares[None, :] * (lat2 - lat1)[:, None]
    strips: Floats = np.radians(lon2 - lon1) * (area_below_parallel(lat) @ (0.5 * _WEIGHTS))
    return strips


def area_m2(outline: Outline) -> float:
    """Area on the ellipsoid; the edges of ``outline`` must run with the inside on their left."""
    return -float(np.sum(_strip_areas(outline.lon1, outline.lat1, outline.lon2, outline.lat2)))


def area_outline(zone: AreaZone) -> Outline:
    """The outline of the joined shape, inside on the left of each edge; empty where it has no area."""
    parts = [part for rings in zone.parts if not (part := _part(rings)).is_empty]
    if not parts:
        return _edges_of(shapely.MultiPolygon())
    free = _free_meridian(parts)
    if free is not None:
        turns = np.array([np.floor((part.bounds[0] - free) / 360.0) for part in parts])
        turns -= turns[0]  # what need not turn keeps every bit
        return _edges_of(joined([_turned(part, -turn) for part, turn in zip(parts, turns, strict=True)]))
    box = shapely.box(_CUT_DEG, -90.0, _CUT_DEG + 360.0, 90.0)
    pieces = []
    for part in parts:
        first = int(np.floor((part.bounds[0] - _CUT_DEG) / 360.0))
        last = int(np.floor((part.bounds[2] - _CUT_DEG) / 360.0))
        for turn in range(first, last + 1):
            pieces.append(shapely.intersection(_turned(part, -turn), box, grid_size=UNION_GRID_DEG))
    return _without_cut(_edges_of(shapely.union_all(pieces, grid_size=UNION_GRID_DEG)))


def emptied(rings: tuple[Ring, ...]) -> bool:
    """Whether the holes of a part leave nothing of its shell."""
    return len(rings) > 1 and bool(_part(rings).is_empty)


def line_outline(zone: CorridorZone) -> Outline:
    """The corridor's line as edges; one of no length where it has no others."""
    xy = unwrapped(zone.line)
    moves = np.any(np.diff(xy, axis=0) != 0.0, axis=1)
    moves[0] |= not moves.any()
    lon1, lat1 = xy[:-1][moves].T
    lon2, lat2 = xy[1:][moves].T
    return Outline(lon1, lat1, lon2, lat2, np.zeros(len(lon1), dtype=np.bool_))


def _part(rings: tuple[Ring, ...]) -> BaseGeometry:
    """One part: its shell without its holes, each laid at the turn at which it meets the shell."""
    shell = _filled(lay_ring(rings[0]).xy)
    holes = []
    for ring in rings[1:]:
        hole = _filled(lay_ring(ring).xy)
        middle = 0.5 * (shell.bounds[0] + shell.bounds[2] - hole.bounds[0] - hole.bounds[2])
        turns = range(round(middle / 360.0) - 1, round(middle / 360.0) + 2)
        holes += [moved for turn in turns if (moved := _turned(hole, turn)).intersects(shell)]
    if not holes:
        return shell
    simple = [hole for hole in holes if isinstance(hole, shapely.Polygon)]
    if isinstance(shell, shapely.Polygon) and len(simple) == len(holes):
        whole = shapely.Polygon(shell.exterior, [hole.exterior for hole in simple])
        if whole.is_valid:
            return whole
    return shapely.difference(
        shell, shapely.union_all(holes, grid_size=UNION_GRID_DEG), grid_size=UNION_GRID_DEG
    )


def _filled(xy: Floats) -> BaseGeometry:
    """The area within a ring; one that touches itself without crossing bounds several."""
    ring = shapely.Polygon(xy)
    return ring if ring.is_valid else shapely.make_valid(ring)


def joined(parts: list[BaseGeometry]) -> BaseGeometry:
    """The union of parts; what already lies apart keeps every bit."""
    if len(parts) == 1:
        return parts[0]
    polygons = [polygon for part in parts for polygon in polygons_of(part)]
    apart = shapely.MultiPolygon(polygons)
    return apart if apart.is_valid else shapely.union_all(parts, grid_size=UNION_GRID_DEG)


def polygons_of(shape: BaseGeometry) -> list[shapely.Polygon]:
    """The polygons of a shape; lines and points that a join leaves behind bound no area."""
    found = shapely.get_parts(shapely.get_parts(shape))
    return [part for part in found if isinstance(part, shapely.Polygon) and not part.is_empty]


def _turned(shape: BaseGeometry, turns: float) -> BaseGeometry:
    if turns == 0:
        return shape
    return shapely.transform(shape, lambda xy: xy + np.array([360.0 * turns, 0.0]))


def _free_meridian(parts: list[BaseGeometry]) -> float | None:
    """A longitude that no part touches, or None."""
    spans = sorted((part.bounds[0] % 360.0, part.bounds[2] - part.bounds[0]) for part in parts)
    reach = max(west + length for west, length in spans) - 360.0
    for west, length in spans:
        if west - reach > _GAP_MIN_DEG:
            return 0.5 * (west + reach)
        reach = max(reach, west + length)
    return None


def _edges_of(shape: BaseGeometry) -> Outline:
    """Edges of all rings, inside on the left; along a pole ghosts where they go all the way round."""
    ends = []
    for polygon in polygons_of(shape):
        turned: shapely.Polygon = shapely.orient_polygons(polygon)
        for ring in (turned.exterior, *turned.interiors):
            xy = shapely.get_coordinates(ring)
            xy = xy[np.concatenate(([True], np.any(np.diff(xy, axis=0) != 0.0, axis=1)))]
            ends.append(np.concatenate((xy[:-1], xy[1:]), axis=1))
    edges = np.concatenate(ends) if ends else np.zeros((0, 4))
    lon1, lat1, lon2, lat2 = edges.T
    ghost = np.zeros(len(edges), dtype=np.bool_)
    for pole in (90.0, -90.0):
        along = (lat1 == pole) & (lat2 == pole)
        if abs(float(np.sum((lon2 - lon1)[along]))) > 360.0 - _LEFT_OVER_DEG:
            ghost |= along
    return Outline(lon1.copy(), lat1.copy(), lon2.copy(), lat2.copy(), ghost)


def _without_cut(outline: Outline) -> Outline:
    """Drop the edges along the cut that both banks share: there the area goes on."""
    west = (outline.lon1 == _CUT_DEG) & (outline.lon2 == _CUT_DEG)
    east = (outline.lon1 == _CUT_DEG + 360.0) & (outline.lon2 == _CUT_DEG + 360.0)
    keep = ~(west | east)
    banks = []
    for bank in (west, east):
        lat1, lat2 = outline.lat1[bank], outline.lat2[bank]
        lines = [shapely.LineString([(low, 0.0), (high, 0.0)]) for low, high in zip(lat1, lat2, strict=True)]
        banks.append(shapely.union_all(lines) if lines else shapely.LineString())
    left = []
    for bank, other, lon, up in ((banks[0], banks[1], _CUT_DEG, -1.0), (banks[1], banks[0], _CUT_DEG, 1.0)):
        for line in shapely.get_parts(shapely.line_merge(shapely.difference(bank, other))):
            lats = np.sort(shapely.get_coordinates(line)[:, 0])
            if len(lats) and lats[-1] - lats[0] > _LEFT_OVER_DEG:
                first, last = (lats[0], lats[-1]) if up > 0.0 else (lats[-1], lats[0])
                left.append((lon, first, lon, last))
    extra = np.array(left).reshape(-1, 4).T
    return Outline(
        lon1=np.concatenate((outline.lon1[keep], extra[0])),
        lat1=np.concatenate((outline.lat1[keep], extra[1])),
        lon2=np.concatenate((outline.lon2[keep], extra[2])),
        lat2=np.concatenate((outline.lat2[keep], extra[3])),
        ghost=np.concatenate((outline.ghost[keep], np.zeros(extra.shape[1], dtype=np.bool_))),
    )
