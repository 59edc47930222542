"""How zones lie in flat arrays: the columns that the builder writes and the kernels read.

A zone's outline is an unordered set of *pieces*, short stretches that are straight in longitude
and latitude. Which side is inside follows from parity, so rings, holes and parts need no order.
A corridor keeps its line as pieces, a circle has none.
"""

from __future__ import annotations

from typing import NamedTuple

from emon.geofence.wgs84 import Floats, Ints

AREA, CIRCLE, CORRIDOR = 0, 1, 2

# Columns of ``zone_ints``, i64[zones, 6].
KIND = 0
PIECE_FROM, PIECE_TO = 1, 2  # rows of ``pieces``
BLOCK_FROM = 3  # first row of ``blocks``; as many as the pieces need
SLAB_FROM, SLAB_COUNT = 4, 5  # into ``slab_offsets``; no slabs: every piece is tried
ZONE_INTS = 6

# Columns of ``zone_floats``, f64[zones, 8], degrees and metres.
SLAB_LON, SLAB_DEG = 0, 1  # west end and width of the slabs
LAT_MIN, LAT_MAX = 2, 3  # of an area's outline
CENTER_LON, CENTER_LAT = 4, 5  # of a circle
RADIUS = 6  # of a circle, or a corridor's width to either side
LON_SPAN = 7  # of an area's outline, eastwards from SLAB_LON
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


class ZoneArrays(NamedTuple):
    """What a kernel takes of a table. Rows are only ever added, never changed."""

    ints: Ints
    floats: Floats
    pieces: Floats
    blocks: Floats
    slab_offsets: Ints
    slab_pieces: Ints
