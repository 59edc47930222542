"""The table of zones in which the kernels find them."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from emon.geofence.columns import whole_number
from emon.geofence.faults import examined
from emon.geofence.fields import Fields
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
from emon.geofence.outline import Outline, area_m2
from emon.geofence.pieces import bounding_blocks, cut, edge_lengths_m, slabs
from emon.geofence.rows import Rows
from emon.geofence.wgs84 import ECC2, SEMI_MINOR_M, Floats, to_half_open
from emon.model.order import CircleZone, CorridorZone, Zone

_INDEXED_BYTES = 250
"""A zone in the index: its digest 53, its number 32, their slot up to 130, its area 32."""


class ZoneTable:
    """Zones by index, as flat arrays that only grow: adding one never changes an earlier one.

    Equal zones share an index. One writer at a time; kernels may run on ``arrays`` meanwhile.
    """

    def __init__(self) -> None:
        self._index: dict[bytes, int] = {}  # by digest: the zone itself would be some kilobytes of objects
        self._areas_m2: list[float] = []
        self._ints = Rows(np.int64, ZONE_INTS)
        self._floats = Rows(np.float64, ZONE_FLOATS)
        self._pieces = Rows(np.float64, PIECE_FLOATS)
        self._blocks = Rows(np.float64, 4)
        self._slab_offsets = Rows(np.int64)
        self._slab_pieces = Rows(np.int32)
        self._frames = Rows(np.float64, FRAME_FLOATS)
        self._frame_ints = Rows(np.int64, FRAME_INTS)
        self._segments = Rows(np.float64, SEGMENT_ROWS, LANES)
        self._slab_starts = Rows(np.int32)
        self._slab_edges = Rows(np.int32)
        self._edges = Rows(np.float64, 4)
        self._cells = Rows(np.int8)
        self._nears = Rows(np.uint64)
        self.fields = Fields()
        self._arrays = self._snapshot()

    def __len__(self) -> int:
        return len(self._areas_m2)

    @property
    def nbytes(self) -> int:
        """Memory of all of it: the arrays with their room to grow, the index of zones, the fields."""
        arrays = sum(array.nbytes for array in self._arrays)
        return arrays + len(self) * _INDEXED_BYTES + self.fields.nbytes

    @property
    def arrays(self) -> ZoneArrays:
        """What the kernels take; rows beyond the zones' own are unset."""
        return self._arrays

    @property
    def areas_m2(self) -> Sequence[float]:
        """Area of each zone, as ``area_m2`` says; not to be changed."""
        return self._areas_m2

    def area_m2(self, index: int) -> float:
        """Area on the ellipsoid in m²; of a corridor as if its stretches did not overlap.

        Raises ``IndexError`` for an unknown zone.
        """
        return self._areas_m2[whole_number("index", index, len(self), "the table has {} zones")]

    def add(self, zone: Zone) -> int:
        """Index of the zone, new or that of an equal one. Raises ``ValueError`` for a faulty zone."""
        digest = _digest(zone)
        known = self._index.get(digest)
        if known is not None:
            return known
        faults, outline = examined(zone, "zone")
        if faults:
            raise ValueError("; ".join(str(fault) for fault in faults))
        ints, floats = np.zeros(ZONE_INTS, np.int64), np.zeros(ZONE_FLOATS)
        area = self._fill(zone, outline, ints, floats)
        self._ints.extend(ints[None, :])
        index = self._floats.extend(floats[None, :])
        self._areas_m2.append(area)
        self._index[digest] = index
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

    def _fill(
        self, zone: Zone, outline: Outline | None, ints: npt.NDArray[np.int64], floats: Floats
    ) -> float:
        """Write a zone's rows but for its own; returns its area."""
        if isinstance(zone, CircleZone):
            ints[KIND] = CIRCLE
            floats[CENTER_LON] = to_half_open(np.array([zone.center[0]]))[0]
            floats[CENTER_LAT], floats[RADIUS] = zone.center[1], zone.radius_m
            self._add_frame(circle_frame(*zone.center, zone.radius_m))
            return _cap_area_m2(zone.center[1], zone.radius_m)
        if outline is None:
            raise TypeError(f"a {type(zone).__name__} without an outline")
        pieces = cut(outline)
        self._add_pieces(pieces, ints)
        strips = slabs(pieces)
        floats[SLAB_LON], floats[LON_SPAN], floats[SLAB_DEG] = strips.lon, strips.span, strips.width
        floats[LAT_MIN] = min(outline.lat1.min(), outline.lat2.min())
        floats[LAT_MAX] = max(outline.lat1.max(), outline.lat2.max())
        if isinstance(zone, CorridorZone):
            ints[KIND], floats[RADIUS] = CORRIDOR, zone.width_m
            self._add_frame(outline_frame(outline, zone.width_m))
            length_m = float(edge_lengths_m(outline).sum())
            return 2.0 * zone.width_m * length_m + _cap_area_m2(zone.line[0][1], zone.width_m)
        ints[KIND] = AREA
        ints[SLAB_COUNT] = max(0, len(strips.offsets) - 1)
        base = self._slab_pieces.extend(strips.pieces)
        ints[SLAB_FROM] = self._slab_offsets.extend(strips.offsets + base)
        self._add_frame(outline_frame(outline))
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


def _digest(zone: Zone) -> bytes:
    """Equal for equal zones alone: 20 bytes of their kind, lengths of rings and numbers."""
    if isinstance(zone, CircleZone):
        shape, numbers = "circle", np.array([*zone.center, zone.radius_m], dtype=np.float64)
    elif isinstance(zone, CorridorZone):
        shape = f"corridor {len(zone.line)}"
        numbers = np.array([zone.width_m, *(value for place in zone.line for value in place)])
    else:
        rings = [ring for part in zone.parts for ring in part]
        shape = f"area {[[len(ring) for ring in part] for part in zone.parts]}"
        numbers = np.array([value for ring in rings for place in ring for value in place])
    digest = hashlib.blake2b(shape.encode(), digest_size=20)
    digest.update((numbers + 0.0).astype(np.float64).tobytes())  # one zero, without a sign
    return digest.digest()


def _cap_area_m2(lat: float, radius_m: float) -> float:
    """Area of a geodesic disc, on the sphere of its centre's Gaussian curvature."""
    curvature_m = SEMI_MINOR_M / (1.0 - ECC2 * math.sin(math.radians(lat)) ** 2)
    return 4.0 * math.pi * (curvature_m * math.sin(0.5 * radius_m / curvature_m)) ** 2
