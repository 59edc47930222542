"""Outlines cut into pieces, with what the kernels need to find the near ones fast."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from emon.geofence.layout import BLOCK_PIECES, GHOST, PIECE_FLOATS, SAG, X1, Shorts
from emon.geofence.outline import Outline
from emon.geofence.wgs84 import METRES_PER_DEGREE_MAX, Floats, Ints, to_ecef, to_half_open
from emon.limits import PIECE_DEGREES_MAX, PIECE_LENGTH_MAX_M, PIECE_LENGTH_MIN_M, PIECES_ADDED_MAX

_SLABS_FROM = 24
"""Below so many pieces, trying each is faster than finding the right slab."""
_SLABS_MAX = 65_536
_SLAB_MARGIN_DEG = 1e-9
"""A tenth of a millimetre: what the frame of the slabs reaches beyond the outline."""


class Slabs(NamedTuple):
    """For each strip of longitudes the pieces that may cross a meridian in it."""

    lon: float
    span: float
    width: float
    offsets: Ints
    pieces: Shorts


def edge_lengths_m(outline: Outline) -> Floats:
    """An upper bound of each edge's length, close to it where the edge is short."""
    lowest = np.minimum(np.abs(outline.lat1), np.abs(outline.lat2))
    lowest = np.where(outline.lat1 * outline.lat2 < 0.0, 0.0, lowest)
    east = (outline.lon2 - outline.lon1) * np.cos(np.radians(lowest))
    lengths: Floats = np.hypot(east, outline.lat2 - outline.lat1) * METRES_PER_DEGREE_MAX
    return lengths


def cut(outline: Outline) -> Floats:
    """``f64[n, 12]`` pieces of an outline (columns: layout.py).

    A piece is short enough that its chord is a good first guess, and turns by so little that the
    distance to it has one minimum. Very long outlines are cut more coarsely: that costs time only.
    """
    lengths = edge_lengths_m(outline)
    longest = float(np.clip(lengths.sum() / PIECES_ADDED_MAX, PIECE_LENGTH_MIN_M, PIECE_LENGTH_MAX_M))
    dlon = outline.lon2 - outline.lon1
    parts = np.ceil(np.maximum(lengths / longest, np.abs(dlon) / PIECE_DEGREES_MAX)).astype(np.int64)
    at_pole = (np.abs(outline.lat1) == 90.0) & (outline.lat1 == outline.lat2)
    parts = np.where(at_pole, 1, np.maximum(parts, 1))
    edge = np.repeat(np.arange(len(parts)), parts)
    step = np.arange(len(edge)) - np.repeat(np.cumsum(parts) - parts, parts)
    lon1, lat1 = _between(outline, edge, step, parts)
    lon2, lat2 = _between(outline, edge, step + 1, parts)
    start, end = to_ecef(lon1, lat1), to_ecef(lon2, lat2)
    pieces = np.empty((len(edge), PIECE_FLOATS))
    pieces[:, :5] = np.stack((to_half_open(lon1), lat1, to_half_open(lon2), lat2, lon2 - lon1), axis=1)
    pieces[:, 5:8] = start
    pieces[:, 8:11] = end - start
    sag = np.full(len(edge), 1e-8)
    for t in (0.25, 0.5, 0.75):
        curve = to_ecef(lon1 + t * (lon2 - lon1), lat1 + t * (lat2 - lat1))
        sag = np.maximum(sag, 1.2 * np.linalg.norm(curve - start - t * (end - start), axis=1) + 1e-8)
    pieces[:, SAG] = np.where(outline.ghost[edge], GHOST, sag)
    return pieces


def _between(outline: Outline, edge: Ints, step: Ints, parts: Ints) -> tuple[Floats, Floats]:
    """Points at ``step`` of ``parts`` along edges; the ends keep every bit, so neighbours meet."""
    share = step / parts[edge]
    lon = outline.lon1[edge] + share * (outline.lon2 - outline.lon1)[edge]
    lat = outline.lat1[edge] + share * (outline.lat2 - outline.lat1)[edge]
    last = step == parts[edge]
    return np.where(last, outline.lon2[edge], lon), np.where(last, outline.lat2[edge], lat)


def bounding_blocks(pieces: Floats) -> Floats:
    """``f64[blocks, 4]``: centre and radius of a sphere around each BLOCK_PIECES pieces in a row."""
    drawn = pieces[:, SAG] >= 0.0
    if not drawn.all():
        return _blocks_of_some(pieces, drawn)
    starts = np.arange(0, len(pieces), BLOCK_PIECES)
    first, last = pieces[:, X1 : X1 + 3], pieces[:, X1 : X1 + 3] + pieces[:, X1 + 3 : X1 + 6]
    low = np.minimum.reduceat(np.minimum(first, last), starts)
    high = np.maximum.reduceat(np.maximum(first, last), starts)
    center = 0.5 * (low + high)
    own = np.repeat(center, np.diff(np.append(starts, len(pieces))), axis=0)
    away2 = np.maximum(np.sum((first - own) ** 2, axis=1), np.sum((last - own) ** 2, axis=1))
    radius = np.sqrt(np.maximum.reduceat(away2, starts)) + np.maximum.reduceat(pieces[:, SAG], starts)
    return np.column_stack((center, radius))


def _blocks_of_some(pieces: Floats, drawn: npt.NDArray[np.bool_]) -> Floats:
    """As ``bounding_blocks``, leaving out ghosts."""
    count = -(-len(pieces) // BLOCK_PIECES)
    blocks = np.empty((count, 4))
    for b in range(count):
        span = slice(b * BLOCK_PIECES, (b + 1) * BLOCK_PIECES)
        rows = pieces[span][drawn[span]]
        # Ghosts alone: never near.
        blocks[b] = bounding_blocks(rows)[0] if len(rows) else (0.0, 0.0, 0.0, -1e12)
    return blocks


def slabs(pieces: Floats) -> Slabs:
    """Strips of longitude over an area's pieces; none (no offsets) where they are few."""
    lon1, dlon = pieces[:, 0], pieces[:, 4]
    start, span = _longitude_range(np.where(dlon >= 0.0, lon1, lon1 + dlon), np.abs(dlon))
    none, no_pieces = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int32)
    if len(pieces) < _SLABS_FROM:
        return Slabs(start, span, span, none, no_pieces)
    count = min(len(pieces), _SLABS_MAX)
    west = np.mod(np.where(dlon >= 0.0, lon1, lon1 + dlon) - start, 360.0)
    while True:
        width = span / count
        first = np.floor(west / width).astype(np.int64) - 1
        last = np.floor((west + np.abs(dlon)) / width).astype(np.int64) + 1
        if span < 360.0:
            first, last = np.maximum(first, 0), np.minimum(last, count - 1)
        else:
            last = np.minimum(last, first + count - 1)
        if count == 1 or int((last - first + 1).sum()) <= 8 * len(pieces):
            break
        count = max(1, count // 2)
    sizes = last - first + 1
    piece = np.repeat(np.arange(len(pieces)), sizes)
    slab = np.arange(len(piece)) - np.repeat(np.cumsum(sizes) - sizes, sizes) + first[piece]
    slab = np.mod(slab, count)
    order = np.argsort(slab, kind="stable")
    offsets = np.searchsorted(slab[order], np.arange(count + 1))
    return Slabs(start, span, width, offsets.astype(np.int64), piece[order].astype(np.int32))


def _longitude_range(west: Floats, lengths: Floats) -> tuple[float, float]:
    """West end in [-180, 180) and length, at most 360, of the shortest range that holds all."""
    order = np.argsort(np.mod(west, 360.0), kind="stable")
    begins = np.mod(west, 360.0)[order]
    ends = np.maximum.accumulate(begins + lengths[order])
    # A gap opens where the next begins after all before it, those of the last turn too, have ended.
    reach = np.maximum(np.concatenate(([-np.inf], ends[:-1])), ends[-1] - 360.0)
    gaps = begins - reach
    widest = int(np.argmax(gaps))
    if gaps[widest] <= 4.0 * _SLAB_MARGIN_DEG:
        return -180.0, 360.0
    span = 360.0 - float(gaps[widest]) + 2.0 * _SLAB_MARGIN_DEG
    start = to_half_open(np.array([begins[widest] - _SLAB_MARGIN_DEG]))
    return float(start[0]), span
