"""Kernels of a watch: each wearer's own zones, and the certificate that spares asking them.

A certificate is a point at which a wearer's flags were last found, and how far from there no flag can
change: distance to a zone changes by at most a metre a metre, so a wearer who has moved less than the
distance to the nearest edge or buffer line has the same flags. What is kept is shortened by more than
the distances and the measured movement can err; a test compares with the flags found afresh for ever.
"""

from __future__ import annotations

import math

import numpy as np

from emon.geofence.ellipsoid import half_open, short_way
from emon.geofence.jit import compiled, inlined, inner
from emon.geofence.lanes import fetch_ahead
from emon.geofence.layout import (
    AREA,
    F_LAT,
    F_LAT_MAX,
    F_LON,
    F_LON_MAX,
    F_REACH,
    KIND,
    Boxes,
    Masks,
    ZoneArrays,
)
from emon.geofence.near import near_signed_m, verdict
from emon.geofence.paths import find_contact, speed_m
from emon.geofence.plane import plane_xy
from emon.geofence.relate import exact_signed_m
from emon.geofence.watch_ahead import BLOCK, W_COUNT, W_FROM, beside, fetch_block
from emon.geofence.wgs84 import METRES_PER_DEGREE_MAX, SEMI_MINOR_M, Floats, Ints
from emon.limits import FRAME_PLANE_MAX_M, ON_EDGE_M

# Columns of a wearer's row, f64[wearers, 8]: one cache line. The last three are read as whole numbers.
W_LON, W_LAT = 0, 1  # where the flags were found
W_CLEAR2 = 2  # square of the metres within which they hold; negative: nowhere
W_PER_LON_M = 3  # no less than the metres of a degree of longitude there
W_FLAGS = 4  # the flags; then, W_FROM and W_COUNT, the wearer's zones in the lists
WEARER_COLUMNS = 8

CHUNK = 512
"""Fixes that are looked through at a time."""
_AHEAD = 12
_CLEAR_MAX_M = 20_000.0
_LOWER_DEG = 0.2
_SHORTEST_M = 0.98 * 110_574.0
"""Metres of a degree of latitude at the equator, where it is shortest; less what a plane errs by."""
_LATITUDE_MAX_DEG = 88.0
_BEYOND_PLANE_M = 0.85 * FRAME_PLANE_MAX_M
"""A point outside the box of a frame's plane is at least so far from its origin, up to latitude 85."""
_BOX_DEG_PER_M = math.degrees(1.0 / SEMI_MINOR_M)
"""A box reaches beyond its zone, either way, at least so far for each metre of the buffer (watch.py)."""
_MARGIN_M = 0.01
_MARGIN = 2e-5
_MARGIN_FAR = 0.03
_FAR_M = 250_000.0
_ONE = np.uint64(1)
_NONE = np.uint64(0)


@inlined
def _at_least_m(frames: Floats, zone: int, lon: float, lat: float) -> float:
    """A lower bound of the distance to a zone with a frame, from its bounding circle."""
    dlon, dlat = short_way(lon - frames[zone, F_LON]), lat - frames[zone, F_LAT]
    if abs(dlon) > frames[zone, F_LON_MAX] or abs(dlat) > frames[zone, F_LAT_MAX]:
        return _BEYOND_PLANE_M - frames[zone, F_REACH]
    x, y = plane_xy(frames, zone, dlon, dlat)
    return math.sqrt(x * x + y * y) - frames[zone, F_REACH] - _MARGIN_M


@inner
def _signed_m(zones: ZoneArrays, zone: int, lon: float, lat: float) -> float:
    distance = near_signed_m(zones, zone, lon, lat)
    return exact_signed_m(zones, zone, lon, lat) if math.isnan(distance) else distance


@inner
def _ask(
    zones: ZoneArrays,
    own: Ints,
    buffers: Floats,
    boxes: Boxes,
    start: np.int64,
    count: np.int64,
    lon: float,
    lat: float,
) -> tuple[np.uint64, float]:
    """A wearer's flags, and the metres that he can move before one can change.

    A zone whose box he is beside keeps him from it at least as far. Within ``_CLEAR_MAX_M`` a degree of
    longitude is shortest ``_LOWER_DEG`` nearer the pole.
    """
    flags, clear = _NONE, _CLEAR_MAX_M
    per_lon_m = _SHORTEST_M * math.cos(math.radians(min(90.0, abs(lat) + _LOWER_DEG)))
    for k in range(count):
        east, north = beside(boxes, start + k, lon, lat)
        if east > 0.0 or north > 0.0:
            x = min(_CLEAR_MAX_M, max(0.0, east) * per_lon_m)
            y = min(_CLEAR_MAX_M, max(0.0, north) * _SHORTEST_M)
            clear = min(clear, math.sqrt(x * x + y * y))
            continue
        zone, buffer_m = own[start + k], max(buffers[start + k], ON_EDGE_M)
        distance = _signed_m(zones, zone, lon, lat)
        if distance <= ON_EDGE_M:
            flags |= _ONE << np.uint64(2 * k)
        if distance <= buffer_m:
            flags |= _ONE << np.uint64(2 * k + 1)
        away = abs(distance)
        margin = _MARGIN_M + away * (_MARGIN if away < _FAR_M else _MARGIN_FAR)
        clear = min(clear, abs(distance - ON_EDGE_M) - margin, abs(distance - buffer_m) - margin)
    return flags, clear


@inner
def _plain(
    zones: ZoneArrays,
    own: Ints,
    buffers: Floats,
    boxes: Boxes,
    start: np.int64,
    count: np.int64,
    lon: float,
    lat: float,
) -> np.uint64:
    """A wearer's flags without a certificate: distance only where it decides."""
    flags = _NONE
    frames = zones.frames
    for k in range(count):
        east, north = beside(boxes, start + k, lon, lat)
        if (east > 0.0) | (north > 0.0):
            continue
        zone, buffer_m = own[start + k], max(buffers[start + k], ON_EDGE_M)
        if frames[zone, F_REACH] >= 0.0 and zones.ints[zone, KIND] == AREA:
            dlon, dlat = short_way(lon - frames[zone, F_LON]), lat - frames[zone, F_LAT]
            found = verdict(
                frames,
                zones.frame_ints,
                zones.slab_starts,
                zones.slab_edges,
                zones.edges,
                zones.cells,
                zone,
                dlon,
                dlat,
            )
            if found == 1:
                flags |= np.uint64(3) << np.uint64(2 * k)
                continue
            if found == 0 and buffer_m == ON_EDGE_M:
                continue
        distance = _signed_m(zones, zone, lon, lat)
        if distance <= ON_EDGE_M:
            flags |= _ONE << np.uint64(2 * k)
        if distance <= buffer_m:
            flags |= _ONE << np.uint64(2 * k + 1)
    return flags


@inlined
def holds(rows: Floats, wearer: int, lon: float, lat: float) -> bool:
    """Whether a wearer's certificate covers a position."""
    east = (lon - rows[wearer, W_LON]) * rows[wearer, W_PER_LON_M]
    north = (lat - rows[wearer, W_LAT]) * METRES_PER_DEGREE_MAX
    return east * east + north * north <= rows[wearer, W_CLEAR2]


@inner
def _certify(rows: Floats, wearer: int | np.int64, lon: float, lat: float, clear_m: float) -> None:
    """Keep where the flags were found. A degree of longitude is taken where it is longest in reach."""
    rows[wearer, W_CLEAR2] = -1.0
    if clear_m <= 0.0 or abs(lat) > _LATITUDE_MAX_DEG:
        return
    lowest = max(0.0, abs(lat) - clear_m / 110_000.0)
    rows[wearer, W_LON], rows[wearer, W_LAT] = lon, lat
    rows[wearer, W_PER_LON_M] = METRES_PER_DEGREE_MAX * math.cos(math.radians(lowest))
    rows[wearer, W_CLEAR2] = clear_m * clear_m


@compiled
def hit(rows: Floats, words: Masks, wearer: int, lon: float, lat: float) -> np.int64:
    """A wearer's flags where his certificate covers the position, else -1."""
    return np.int64(words[wearer, W_FLAGS]) if holds(rows, wearer, lon, lat) else np.int64(-1)


@inner
def _pick(rows: Floats, wearer: Ints, low: int, high: int, share: int, shares: int, turn: Ints) -> int:
    """Numbers of a chunk's fixes that are of one share, and how many; the first few are fetched."""
    count = 0
    for i in range(low, high):
        turn[count] = i
        count += shares == 1 or wearer[i] % shares == share
    for m in range(min(count, _AHEAD)):
        fetch_ahead(rows, wearer[turn[m]], 0)
    return count


@inner
def _renew(
    zones: ZoneArrays,
    rows: Floats,
    words: Masks,
    own: Ints,
    buffers: Floats,
    boxes: Boxes,
    wearer: Ints,
    lon: Floats,
    lat: Floats,
    turn: Ints,
    last: int,
    wanted: Ints,
    out: Masks,
) -> int:
    """Flags and certificates of the fixes that missed, which ``turn`` has from ``CHUNK`` to ``last``."""
    fetch_block(zones, words, own, buffers, boxes, wearer, lon, lat, turn, CHUNK, last, wanted, True)
    asked = 0
    for m in range(CHUNK, last):
        i = turn[m]
        w = wearer[i]
        if not holds(rows, w, lon[i], lat[i]):  # an earlier fix of the block may have renewed it
            asked += 1
            _answer(zones, rows, words, own, buffers, boxes, w, lon[i], lat[i])
        out[i] = words[w, W_FLAGS]
    return asked


@inner
def _answer(
    zones: ZoneArrays,
    rows: Floats,
    words: Masks,
    own: Ints,
    buffers: Floats,
    boxes: Boxes,
    wearer: np.int64,
    lon: float,
    lat: float,
) -> None:
    """A wearer's flags found afresh and kept, with how far they hold."""
    start, count = np.int64(words[wearer, W_FROM]), np.int64(words[wearer, W_COUNT])
    flags, clear_m = _ask(zones, own, buffers, boxes, start, count, half_open(lon), lat)
    words[wearer, W_FLAGS] = flags
    _certify(rows, wearer, lon, lat, clear_m)


@compiled
def answered(
    zones: ZoneArrays,
    rows: Floats,
    words: Masks,
    own: Ints,
    buffers: Floats,
    boxes: Boxes,
    wearer: int,
    lon: float,
    lat: float,
) -> np.int64:
    """A wearer's flags at one position that no certificate covers."""
    _answer(zones, rows, words, own, buffers, boxes, np.int64(wearer), lon, lat)
    return np.int64(words[wearer, W_FLAGS])


@compiled
def certified_each(
    zones: ZoneArrays,
    rows: Floats,
    words: Masks,
    own: Ints,
    buffers: Floats,
    boxes: Boxes,
    wearer: Ints,
    lon: Floats,
    lat: Floats,
    share: int,
    shares: int,
    turn: Ints,
    wanted: Ints,
    out: Masks,
) -> int:
    """Flags of each fix of the wearers of one share; how many were found afresh.

    A fix is a load and a comparison where a certificate covers it; those that none covers wait until
    they are a block. ``turn`` is room for ``CHUNK + BLOCK`` numbers, ``wanted`` as ``watch_ahead`` says.
    Shares begin apart from each other, so that no two write one cache line of ``out`` at a time.
    """
    chunks = (len(wearer) + CHUNK - 1) // CHUNK
    asked, last = 0, CHUNK
    for c in range(chunks):
        low = (c + chunks * share // shares) % chunks * CHUNK
        count = _pick(rows, wearer, low, min(low + CHUNK, len(wearer)), share, shares, turn)
        for m in range(count):
            if m + _AHEAD < count:
                fetch_ahead(rows, wearer[turn[m + _AHEAD]], 0)
            i = turn[m]
            w = wearer[i]
            if holds(rows, w, lon[i], lat[i]):
                out[i] = words[w, W_FLAGS]
                continue
            turn[last] = i
            last += 1
            if last == CHUNK + BLOCK:
                asked += _renew(
                    zones, rows, words, own, buffers, boxes, wearer, lon, lat, turn, last, wanted, out
                )
                last = CHUNK
    asked += _renew(zones, rows, words, own, buffers, boxes, wearer, lon, lat, turn, last, wanted, out)
    return asked


@compiled
def plain_each(
    zones: ZoneArrays,
    rows: Floats,
    words: Masks,
    own: Ints,
    buffers: Floats,
    boxes: Boxes,
    wearer: Ints,
    lon: Floats,
    lat: Floats,
    share: int,
    shares: int,
    turn: Ints,
    wanted: Ints,
    out: Masks,
) -> None:
    """Flags of each fix of one share, found afresh; arguments as ``certified_each``."""
    chunks = (len(wearer) + CHUNK - 1) // CHUNK
    for c in range(chunks):
        low = (c + chunks * share // shares) % chunks * CHUNK
        count = _pick(rows, wearer, low, min(low + CHUNK, len(wearer)), share, shares, turn)
        for first in range(0, count, BLOCK):
            last = min(first + BLOCK, count)
            fetch_block(zones, words, own, buffers, boxes, wearer, lon, lat, turn, first, last, wanted, False)
            for m in range(first, last):
                i = turn[m]
                w = wearer[i]
                start, zones_of = np.int64(words[w, W_FROM]), np.int64(words[w, W_COUNT])
                out[i] = _plain(zones, own, buffers, boxes, start, zones_of, half_open(lon[i]), lat[i])


@inner
def touches(
    zones: ZoneArrays,
    zone: int,
    lon: float,
    lat: float,
    dlon: float,
    dlat: float,
    length_m: float,
    found: Floats,
) -> bool:
    """Whether a path touches a closed zone.

    A path of length L cannot where its ends are more than L from the zone together; only what is
    nearer is looked at edge by edge.
    """
    if zones.frames[zone, F_REACH] >= 0.0 and _at_least_m(zones.frames, zone, lon, lat) > length_m:
        return False
    first = _signed_m(zones, zone, lon, lat)
    if first <= ON_EDGE_M:
        return True
    margin = 2.0 * (_MARGIN_M + first * (_MARGIN if first < _FAR_M else _MARGIN_FAR))
    if first > length_m + margin:
        return False
    last = _signed_m(zones, zone, half_open(lon + dlon), lat + dlat)
    if last <= ON_EDGE_M:
        return True
    if first + last > length_m + margin:
        return False
    return find_contact(zones, zone, lon, lat, dlon, dlat, found)


@inlined
def _even_bits(flags: np.uint64) -> np.uint64:
    """Bits 0, 2, 4, … side by side: which zones hold, of flags that say holds and buffer in turn."""
    bits = flags & np.uint64(0x5555555555555555)
    bits = (bits | bits >> np.uint64(1)) & np.uint64(0x3333333333333333)
    bits = (bits | bits >> np.uint64(2)) & np.uint64(0x0F0F0F0F0F0F0F0F)
    bits = (bits | bits >> np.uint64(4)) & np.uint64(0x00FF00FF00FF00FF)
    bits = (bits | bits >> np.uint64(8)) & np.uint64(0x0000FFFF0000FFFF)
    return (bits | bits >> np.uint64(16)) & np.uint64(0x00000000FFFFFFFF)


@inner
def _touched(
    zones: ZoneArrays,
    own: Ints,
    buffers: Floats,
    boxes: Boxes,
    start: np.int64,
    count: np.int64,
    lon: float,
    lat: float,
    dlon: float,
    dlat: float,
    found: Floats,
) -> np.uint64:
    """Which of a wearer's zones a path touches. A box is first drawn in by the buffer that it has."""
    flags = _NONE
    length_m = speed_m(lat, dlon, dlat)
    for k in range(count):
        east, north = beside(boxes, start + k, lon + 0.5 * dlon, lat + 0.5 * dlat)
        drawn_in = buffers[start + k] * _BOX_DEG_PER_M
        if east + drawn_in > 0.5 * abs(dlon) or north + drawn_in > 0.5 * abs(dlat):
            continue
        if touches(zones, own[start + k], lon, lat, dlon, dlat, length_m, found):
            flags |= _ONE << np.uint64(k)
    return flags


@compiled
def touched_each(
    zones: ZoneArrays,
    rows: Floats,
    words: Masks,
    own: Ints,
    buffers: Floats,
    boxes: Boxes,
    wearer: Ints,
    lon1: Floats,
    lat1: Floats,
    lon2: Floats,
    lat2: Floats,
    certificates: bool,
    found: Floats,
    out: Masks,
) -> None:
    """Which of his own zones each wearer's path touches, a bit each.

    A certificate holds within an ellipse in degrees, so a path between two points of it stays there:
    it touches the zones that hold its ends, and no other.
    """
    paths = len(wearer)
    for i in range(paths):
        if i + _AHEAD < paths:
            fetch_ahead(rows, wearer[i + _AHEAD], 0)
        w = wearer[i]
        if certificates and holds(rows, w, lon1[i], lat1[i]) and holds(rows, w, lon2[i], lat2[i]):
            out[i] = _even_bits(words[w, W_FLAGS])
            continue
        start, count = np.int64(words[w, W_FROM]), np.int64(words[w, W_COUNT])
        dlon, dlat = short_way(lon2[i] - lon1[i]), lat2[i] - lat1[i]
        lon, lat = half_open(lon1[i]), lat1[i]
        out[i] = _touched(zones, own, buffers, boxes, start, count, lon, lat, dlon, dlat, found)


@compiled
def touch_each(
    zones: ZoneArrays,
    zone: Ints,
    lon1: Floats,
    lat1: Floats,
    lon2: Floats,
    lat2: Floats,
    found: Floats,
    out: np.ndarray,
) -> None:
    """Whether each path touches its zone."""
    for i in range(len(zone)):
        lon, lat = half_open(lon1[i]), lat1[i]
        dlon, dlat = short_way(lon2[i] - lon1[i]), lat2[i] - lat1[i]
        out[i] = touches(zones, zone[i], lon, lat, dlon, dlat, speed_m(lat, dlon, dlat), found)
