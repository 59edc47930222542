"""How zones lie in flat arrays: the columns that the builder writes and the kernels read.

A zone's outline is an unordered set of *pieces*, short stretches that are straight in longitude
and latitude. Which side is inside follows from parity, so rings, holes and parts need no order.
A corridor keeps its line as pieces, a circle has none.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from emon.geofence.wgs84 import Floats, Ints

Shorts = npt.NDArray[np.int32]
Boxes = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.int8]
Steps = npt.NDArray[np.int16]
Masks = npt.NDArray[np.uint64]

AREA, CIRCLE, CORRIDOR = 0, 1, 2

# Columns of ``zone_ints``, i64[zones, 6].
KIND = 0
PIECE_FROM, PIECE_TO = 1, 2  # rows of ``pieces``
BLOCK_FROM = 3  # first row of ``blocks``; as many as the pieces need
SLAB_FROM, SLAB_COUNT = 4, 5  # into ``slab_offsets``; no slabs: every piece is tried
ZONE_INTS = 6

# Columns of ``zone_floats``, f64[zones, 8], degrees and metres.
SLAB_LON, SLAB_DEG = 0, 1  # west end of an area's outline or a corridor's line, width of the slabs
LAT_MIN, LAT_MAX = 2, 3  # of the same
CENTER_LON, CENTER_LAT = 4, 5  # of a circle
RADIUS = 6  # of a circle, or a corridor's width to either side
LON_SPAN = 7  # of the same, eastwards from SLAB_LON
ZONE_FLOATS = 8

# Columns of ``pieces``, f64[pieces, 12].
LON1, LAT1, LON2, LAT2 = 0, 1, 2, 3  # longitudes in [-180, 180)
DLON = 4  # eastwards from 1 to 2, the way the piece runs
X1, Y1, Z1 = 5, 6, 7  # point 1, Earth-centred
VX, VY, VZ = 8, 9, 10  # the chord from point 1 to point 2
SAG = 11  # the piece lies within this of its chord, in metres; GHOST: it is no part of the outline
PIECE_FLOATS = 12
GHOST = -1.0
"""The mark of pieces that only close a zone over a pole: they count for parity, not for distance."""

BLOCK_PIECES = 16
"""Pieces in a row that share one bounding sphere, ``blocks`` f64[blocks, 4]: centre, radius."""


# The frame of a zone: the local plane in which near questions are answered fast (frame.py).
# Columns of ``frames``, f64[zones, 32]; degrees are relative to the origin.
F_REACH = 0  # metres from the origin to the farthest of the zone; negative: the zone has no frame
F_LON, F_LAT = 1, 2  # the origin
F_LON_MAX, F_LAT_MAX = 3, 4  # degrees from the origin up to which the plane is good
F_AXIS = 5  # 6 columns: distance from the Earth's axis in metres, polynomial of degrees of latitude
F_NORTH = 11  # 5 columns: metres north on the origin's meridian, the polynomial's terms from degree 1
F_SIN = 16  # sine of the origin's latitude
F_BEND = 17  # 1 / (6 R²), R the mean radius of curvature there
F_SAG = 18  # no segment leaves its chord by more, metres
F_SLAB_LAT, F_SLABS_PER_DEG = 19, 20  # lowest latitude and slabs a degree
F_NORTH_MAX = 21  # highest latitude of the outline
F_CELL_LON, F_CELLS_PER_LON, F_CELL_LAT, F_CELLS_PER_LAT = 22, 23, 24, 25  # the grid of verdicts
F_NEAR_LON, F_NEARS_PER_LON, F_NEAR_LAT, F_NEARS_PER_LAT = 26, 27, 28, 29  # the grid of near blocks
F_LON_PER_LAT = 30  # a degree of latitude in metres through one of longitude
F_ON_DEG = 31  # ON_EDGE_M and a little more, in degrees of longitude
FRAME_FLOATS = 32
# Columns of ``frame_ints``, i64[zones, 8].
FI_SEGMENT, FI_SEGMENTS = 0, 1  # first row of ``segments`` and how many
FI_SLAB, FI_SLABS = 2, 3  # into ``slab_starts``, one more than slabs
FI_EDGE, FI_EDGES = 4, 5  # into ``edges``
FI_CELL = 6  # into ``cells``
FI_NEAR = 7  # into ``nears``
FRAME_INTS = 8
# Rows of one of ``segments``, f64[n, 7, LANES]: eight segments side by side, as the processor takes them.
S_X, S_Y, S_VX, S_VY, S_INVERSE = 0, 1, 2, 3, 4
S_BOW = 5  # 4 sagittas / length: at t of the chord the edge is t (1 - t) S_BOW chords beside it
S_HULL = 6  # its first three: centre and radius of a circle around the block
SEGMENT_ROWS = 7
LANES = 8
SIDES_FROM = 4
"""Column of a wearer's row, f64[wearers, 8], from which on its four sides lie (certificates.py)."""
# Rows of a block of a country's edges, f32[n, 4, LANES]: both ends, in cells from the middle of theirs.
C_AX, C_AY, C_BX, C_BY = 0, 1, 2, 3
# Columns of ``edges``, f64[n, 4]: lower and upper latitude, longitude at the lower, degrees a degree.
E_LOW, E_HIGH, E_LON, E_SLOPE = 0, 1, 2, 3
CELLS = 32
"""Cells a side of the grid of verdicts, ``cells`` i8: -1 all inside, 1 all outside, 0 ask."""
NEARS = 16
"""Cells a side of the grid of near blocks, ``nears`` u64: which of 64 groups of blocks can be nearest."""


class ZoneArrays(NamedTuple):
    """What a kernel takes of a table. Rows are only ever added, never changed."""

    ints: Ints
    floats: Floats
    pieces: Floats
    blocks: Floats
    slab_offsets: Ints
    slab_pieces: Shorts
    frames: Floats
    frame_ints: Ints
    segments: Floats
    slab_starts: Shorts
    slab_edges: Shorts
    edges: Floats
    cells: Bytes
    nears: Masks


# Columns of a box of an own zone (field_kernels.py), f32[n, 8]: middle and half extents in degrees.
B_LON, B_LAT, B_HALF_LON, B_HALF_LAT = 0, 1, 2, 3
BOX_COLUMNS = 8
FAR_DEG = 400.0
"""Degrees to a side on which nothing is met."""
WIDE_DEG = 160.0
"""A box that reaches farther to either side of its middle can be met on its other side, the long way, too."""
