"""Zones: what makes one impossible, and the table in which the kernels find them."""

from __future__ import annotations

import math
import re
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt
import shapely

from emon.geofence.frame import Frame, circle_frame, outline_frame
from emon.geofence.layout import (
    AREA,
    BLOCK_FROM,
    CENTER_LAT,
    CENTER_LON,
    CIRCLE,
    CORRIDOR,
    FI_CELL,
    FI_EDGE,
    FI_NEAR,
    FI_SEGMENT,
    FI_SLAB,
    FRAME_FLOATS,
    FRAME_INTS,
    KIND,
    LANES,
    LAT_MAX,
    LAT_MIN,
    LON_SPAN,
    PIECE_FLOATS,
    PIECE_FROM,
    PIECE_TO,
    RADIUS,
    SEGMENT_ROWS,
    SLAB_COUNT,
    SLAB_DEG,
    SLAB_FROM,
    SLAB_LON,
    ZONE_FLOATS,
    ZONE_INTS,
    ZoneArrays,
)
from emon.geofence.outline import Outline, area_m2, area_outline, lay_ring, unwrapped
from emon.geofence.pieces import bounding_blocks, cut, edge_lengths_m, slabs
from emon.geofence.wgs84 import ECC2, SEMI_MINOR_M, Floats, to_half_open
from emon.limits import OUTLINE_LENGTH_MAX_M, RADIUS_MAX_M, VERTICES_MAX
from emon.model.order import AreaZone, CircleZone, CorridorZone, Fault, Ring, Zone

Scalar = TypeVar("Scalar", bound=np.generic)

_AT = re.compile(r"\[(\S+) (\S+)\]")


def zone_faults(zone: Zone, path: str) -> list[Fault]:
    """Everything that makes a zone impossible to arm, each by its path; empty for a good zone.

    ``path`` is the zone's own (``orders[0].conditions[0].zone``). A single part is named as a
    Polygon's (``.coordinates[ring][vertex]``), several as a MultiPolygon's.
    """
    if isinstance(zone, CircleZone):
        faults = _position_faults(zone.center, _member(path, "center"))
        return faults + _metre_faults(zone.radius_m, _member(path, "radius_m"))
    if isinstance(zone, CorridorZone):
        return _corridor_faults(zone, path)
    faults = _area_faults(zone, _member(path, "coordinates"))
    if faults:
        return faults
    outline = area_outline(zone)
    if not np.any(~outline.ghost):
        return [Fault(path, "the zone encloses no area, or all of the Earth")]
    return _length_faults(outline, path)


def _member(path: str, name: str) -> str:
    """A member's path; of a zone that is the whole document, its bare name."""
    return f"{path}.{name}" if path else name


def _metre_faults(metres: float, path: str) -> list[Fault]:
    if math.isfinite(metres) and 0.0 < metres <= RADIUS_MAX_M:
        return []
    return [Fault(path, f"{metres:g} m; must be above 0 and at most {RADIUS_MAX_M:g}")]


def _position_faults(position: tuple[float, float], path: str) -> list[Fault]:
    lon, lat = position
    faults = []
    if not -180.0 <= lon <= 180.0:  # false for NaN too
        faults.append(Fault(path, f"longitude {lon:.15g} is beyond ±180"))
    if not -90.0 <= lat <= 90.0:
        faults.append(Fault(path, f"latitude {lat:.15g} is beyond ±90"))
    return faults


def _corridor_faults(zone: CorridorZone, path: str) -> list[Fault]:
    coordinates = _member(path, "coordinates")
    faults = _metre_faults(zone.width_m, _member(path, "width_m"))
    if len(zone.line) < 2:
        faults.append(Fault(coordinates, "a corridor's line has at least two positions"))
    if len(zone.line) > VERTICES_MAX:
        faults.append(Fault(coordinates, f"{len(zone.line)} vertices; at most {VERTICES_MAX}"))
    for i, position in enumerate(zone.line):
        faults += _position_faults(position, f"{coordinates}[{i}]")
    return faults or _length_faults(_line_outline(zone), path)


def _length_faults(outline: Outline, path: str) -> list[Fault]:
    length_m = float(edge_lengths_m(outline).sum())
    if length_m <= OUTLINE_LENGTH_MAX_M:
        return []
    return [Fault(path, f"{length_m / 1e3:.0f} km of edges; at most {OUTLINE_LENGTH_MAX_M / 1e3:.0f}")]


def _area_faults(zone: AreaZone, path: str) -> list[Fault]:
    if not zone.parts or not all(zone.parts):
        return [Fault(path, "a polygon has at least one ring")]
    vertices = sum(len(_open(ring)) for part in zone.parts for ring in part)
    if vertices > VERTICES_MAX:
        return [Fault(path, f"{vertices} vertices; at most {VERTICES_MAX}")]
    faults = []
    for p, part in enumerate(zone.parts):
        part_path = path if len(zone.parts) == 1 else f"{path}[{p}]"
        for r, ring in enumerate(part):
            faults += _ring_faults(ring, f"{part_path}[{r}]")
    return faults


def _open(ring: Ring) -> Ring:
    return ring[:-1] if len(ring) > 1 and ring[0] == ring[-1] else ring


def _ring_faults(ring: Ring, path: str) -> list[Fault]:
    corners = _open(ring)
    faults = [f for i, position in enumerate(corners) for f in _position_faults(position, f"{path}[{i}]")]
    if faults:
        return faults
    if len(set(corners)) < 3:
        return [Fault(path, f"a ring has at least three different corners, this one {len(set(corners))}")]
    laid = lay_ring(corners)
    if abs(laid.turns) > 1:
        return [Fault(path, f"the ring runs {abs(laid.turns)} times round the Earth and so crosses itself")]
    polygon = shapely.Polygon(laid.xy)
    if polygon.is_valid:
        return []
    reason = shapely.is_valid_reason(polygon)
    if polygon.convex_hull.area == 0.0 or "Too few points" in reason:
        return [Fault(path, "the ring encloses no area")]
    if reason.startswith("Ring Self-intersection"):
        return []  # touches itself at a point without crossing
    return [_crossing_fault(laid.xy, len(corners), reason, path)]


def _crossing_fault(xy: Floats, corners: int, reason: str, path: str) -> Fault:
    """Names the vertex at which the last edge through the crossing begins."""
    found = _AT.search(reason)
    if found is None:
        return Fault(path, "the ring crosses itself")
    at = np.array([float(found.group(1)), float(found.group(2))])
    start, along = xy[:-1], np.diff(xy, axis=0)
    length2 = np.maximum(np.sum(along * along, axis=1), 1e-300)
    share = np.clip(np.sum((at - start) * along, axis=1) / length2, 0.0, 1.0)
    away = np.linalg.norm(start + share[:, None] * along - at, axis=1)[:corners]
    through = np.flatnonzero(away <= away.min() + 1e-9)
    vertex = int(through[-1])
    lon = float(to_half_open(at[:1])[0])
    place = f"longitude {lon:.7f}, latitude {at[1]:.7f}"
    return Fault(f"{path}[{vertex}]", f"the ring crosses itself near {place}")


def _line_outline(zone: CorridorZone) -> Outline:
    """The corridor's line as edges; one of no length where it has no others."""
    xy = unwrapped(zone.line)
    moves = np.any(np.diff(xy, axis=0) != 0.0, axis=1)
    moves[0] |= not moves.any()
    lon1, lat1 = xy[:-1][moves].T
    lon2, lat2 = xy[1:][moves].T
    return Outline(lon1, lat1, lon2, lat2, np.zeros(len(lon1), dtype=np.bool_))


class _Rows(Generic[Scalar]):
    """Rows that only grow. A grown copy replaces the array: who holds the old one reads on in it."""

    def __init__(self, dtype: type[Scalar], *columns: int) -> None:
        self.array: npt.NDArray[Scalar] = np.empty((16, *columns), dtype=dtype)
        self.used = 0

    def extend(self, rows: npt.NDArray[Scalar]) -> int:
        """Append rows; returns the first one's index."""
        first, need = self.used, self.used + len(rows)
        if need > len(self.array):
            grown = np.empty((max(need, 2 * len(self.array)), *rows.shape[1:]), dtype=rows.dtype)
            grown[:first] = self.array[:first]
            self.array = grown
        self.array[first:need] = rows
        self.used = need
        return first


class ZoneTable:
    """Zones by index, as flat arrays that only grow: adding one never changes an earlier one.

    Equal zones share an index. One writer at a time; kernels may run on ``arrays`` meanwhile.
    """

    def __init__(self) -> None:
        self._index: dict[Zone, int] = {}
        self._areas_m2: list[float] = []
        self._ints = _Rows(np.int64, ZONE_INTS)
        self._floats = _Rows(np.float64, ZONE_FLOATS)
        self._pieces = _Rows(np.float64, PIECE_FLOATS)
        self._blocks = _Rows(np.float64, 4)
        self._slab_offsets = _Rows(np.int64)
        self._slab_pieces = _Rows(np.int64)
        self._frames = _Rows(np.float64, FRAME_FLOATS)
        self._frame_ints = _Rows(np.int64, FRAME_INTS)
        self._segments = _Rows(np.float64, SEGMENT_ROWS, LANES)
        self._slab_starts = _Rows(np.int32)
        self._slab_edges = _Rows(np.int32)
        self._edges = _Rows(np.float64, 4)
        self._cells = _Rows(np.int8)
        self._nears = _Rows(np.uint64)
        self._arrays = self._snapshot()

    def __len__(self) -> int:
        return len(self._areas_m2)

    @property
    def arrays(self) -> ZoneArrays:
        """What the kernels take; rows beyond the zones' own are unset."""
        return self._arrays

    def area_m2(self, index: int) -> float:
        """Area on the ellipsoid in m²; of a corridor as if its stretches did not overlap."""
        return self._areas_m2[index]

    def add(self, zone: Zone) -> int:
        """Index of the zone, new or that of an equal one. Raises ``ValueError`` for a faulty zone."""
        known = self._index.get(zone)
        if known is not None:
            return known
        faults = zone_faults(zone, "zone")
        if faults:
            raise ValueError("; ".join(str(fault) for fault in faults))
        ints, floats = np.zeros(ZONE_INTS, np.int64), np.zeros(ZONE_FLOATS)
        area = self._fill(zone, ints, floats)
        self._ints.extend(ints[None, :])
        index = self._floats.extend(floats[None, :])
        self._areas_m2.append(area)
        self._index[zone] = index
        self._arrays = self._snapshot()
        return index

    def _snapshot(self) -> ZoneArrays:
        return ZoneArrays(
            self._ints.array,
            self._floats.array,
            self._pieces.array,
            self._blocks.array,
            self._slab_offsets.array,
            self._slab_pieces.array,
            self._frames.array,
            self._frame_ints.array,
            self._segments.array,
            self._slab_starts.array,
            self._slab_edges.array,
            self._edges.array,
            self._cells.array,
            self._nears.array,
        )

    def _fill(self, zone: Zone, ints: npt.NDArray[np.int64], floats: Floats) -> float:
        """Write a zone's rows but for its own; returns its area."""
        if isinstance(zone, CircleZone):
            ints[KIND] = CIRCLE
            floats[CENTER_LON] = to_half_open(np.array([zone.center[0]]))[0]
            floats[CENTER_LAT], floats[RADIUS] = zone.center[1], zone.radius_m
            self._add_frame(circle_frame(*zone.center, zone.radius_m))
            return _cap_area_m2(zone.center[1], zone.radius_m)
        if isinstance(zone, CorridorZone):
            ints[KIND], floats[RADIUS] = CORRIDOR, zone.width_m
            outline = _line_outline(zone)
            self._add_pieces(cut(outline), ints)
            self._add_frame(outline_frame(outline, area=False))
            length_m = float(edge_lengths_m(outline).sum())
            return 2.0 * zone.width_m * length_m + _cap_area_m2(zone.line[0][1], zone.width_m)
        ints[KIND] = AREA
        outline = area_outline(zone)
        pieces = cut(outline)
        self._add_pieces(pieces, ints)
        floats[LAT_MIN] = min(outline.lat1.min(), outline.lat2.min())
        floats[LAT_MAX] = max(outline.lat1.max(), outline.lat2.max())
        strips = slabs(pieces)
        floats[SLAB_LON], floats[LON_SPAN], floats[SLAB_DEG] = strips.lon, strips.span, strips.width
        ints[SLAB_COUNT] = max(0, len(strips.offsets) - 1)
        base = self._slab_pieces.extend(strips.pieces)
        ints[SLAB_FROM] = self._slab_offsets.extend(strips.offsets + base)
        self._add_frame(outline_frame(outline, area=True))
        return area_m2(outline)

    def _add_frame(self, frame: Frame) -> None:
        ints = frame.ints.copy()
        ints[FI_SEGMENT] = self._segments.extend(frame.segments)
        base = self._slab_edges.extend(frame.slab_edges)
        ints[FI_SLAB] = self._slab_starts.extend(frame.slab_starts + np.int32(base))
        ints[FI_EDGE] = self._edges.extend(frame.edges)
        ints[FI_CELL] = self._cells.extend(frame.cells)
        ints[FI_NEAR] = self._nears.extend(frame.nears)
        self._frames.extend(frame.floats[None, :])
        self._frame_ints.extend(ints[None, :])

    def _add_pieces(self, pieces: Floats, ints: npt.NDArray[np.int64]) -> None:
        ints[PIECE_FROM] = self._pieces.extend(pieces)
        ints[PIECE_TO] = ints[PIECE_FROM] + len(pieces)
        ints[BLOCK_FROM] = self._blocks.extend(bounding_blocks(pieces))


def _cap_area_m2(lat: float, radius_m: float) -> float:
    """Area of a geodesic disc, on the sphere of its centre's Gaussian curvature."""
    curvature_m = SEMI_MINOR_M / (1.0 - ECC2 * math.sin(math.radians(lat)) ** 2)
    return 4.0 * math.pi * (curvature_m * math.sin(0.5 * radius_m / curvature_m)) ** 2
