"""Kernels of a watch: each wearer's own zones, and the certificate that spares asking them.

A certificate (certificates.py) says where a wearer's flags were last found, and how far from there no
flag can change. A test compares with the flags found afresh for ever.

A fix is answered by the first of three that can: the certificate, one line of memory; the fields of his
zones (field_kernels.py), some lines; the zones themselves, tens of them. Fixes that the first leaves open go
to their fields step by step in a ring, those that the second leaves open wait until they are a block: so
their misses overlap (watch_ahead.py). What no frame answers is left to kernels of its own (watch_left.py).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from emon.geofence.certificates import W_FLAGS, certify, holds, list_of
from emon.geofence.ellipsoid import half_open
from emon.geofence.field_kernels import B_FIELD, HEAD, by_field, zone_of
from emon.geofence.jit import compiled, inlined, inner
from emon.geofence.lanes import fetch_ahead, greater, least, lesser, lowest_bit
from emon.geofence.layout import Boxes, Masks, Shorts, Steps, ZoneArrays
from emon.geofence.near_paths import FAR_M, MARGIN, MARGIN_FAR, MARGIN_M, near_m
from emon.geofence.watch_ahead import BLOCK, MASKS, fetch_boxes, fetch_cells, fetch_finer_cells, fetch_zones
from emon.geofence.wgs84 import Floats, Ints
from emon.limits import ON_EDGE_M

CHUNK = 512
"""Fixes that are looked through at a time. In ``turn`` they are followed by the ring of those that wait for
fields, with what ``fetch_cells`` says of each ``_RING`` further, and from ``_OPEN`` on by those that wait for
the zones themselves, with which of them ``MASKS`` further."""
GROUP = 8
"""Fixes that take a step towards the fields of their zones together, while certificates answer others."""
_STEPS = 4
_RING = 8 * GROUP
_OPEN = CHUNK + 2 * _RING
TURN = _OPEN + 2 * MASKS
# Where the parts of ``turn`` begin, in 64 bits: a bare constant would be another signature of what it is
# given to, compiled again.
_NOBODY: Any = np.int64(0)
_PICKED: Any = np.int64(0)
_GROUP: Any = np.int64(GROUP)
_OPENED: Any = np.int64(_OPEN)
AHEAD = 20
_ONE, _NONE = np.uint64(1), np.uint64(0)
LEFT = np.uint64(1)
"""Of flags: the frames do not answer, ``watch_left`` must. No flags are this: who is in zone 0 is in its
buffer too."""


@inner
def _asked(
    zones: ZoneArrays,
    boxes: Boxes,
    whole: Shorts,
    heads: Floats,
    start: np.int64,
    given: np.uint64,
    lon: float,
    lat: float,
) -> tuple[np.uint64, float]:
    """Flags of the zones that fields left open, and the metres for which they hold, by distance.

    ``LEFT`` where a zone's frame leaves it open.
    """
    flags, clear, left = _NONE, math.inf, given
    while left != _NONE:
        k = lowest_bit(left)
        left &= left - _ONE
        buffer_m = heads[whole[start + k, B_FIELD], HEAD]
        distance = near_m(zones, zone_of(whole, start + k), lon, lat)
        if math.isnan(distance):
            return LEFT, 0.0
        if distance <= ON_EDGE_M:
            flags |= _ONE << np.uint64(2 * k)
        if distance <= buffer_m:
            flags |= _ONE << np.uint64(2 * k + 1)
        away = abs(distance)
        margin = MARGIN_M + away * (MARGIN if away < FAR_M else MARGIN_FAR)
        clear = least(clear, least(abs(distance - ON_EDGE_M), abs(distance - buffer_m)) - margin)
    return flags, clear


@compiled
def hit(rows: Floats, wearer: int, lon: float, lat: float) -> np.int64:
    """A wearer's flags where his certificate covers the position, else -1; so for what is no position, too.

    It takes one array: each that is handed over from Python is taken apart first.
    """
    covered = holds(rows, wearer, lon, lat) and abs(lon) <= 180.0 and abs(lat) <= 90.0
    return np.float64(rows[wearer, W_FLAGS]).view(np.int64) if covered else np.int64(-1)


@compiled
def fielded(
    rows: Floats,
    words: Masks,
    boxes: Boxes,
    whole: Shorts,
    cells: Steps,
    wearer: int,
    lon: float,
    lat: float,
) -> np.int64:
    """A wearer's flags where the fields of his zones say them, kept, else -1."""
    w = np.int64(wearer)
    start, count = list_of(words, w)
    flags, clear_m, left, sides = by_field(boxes, whole, cells, start, count, half_open(lon), lat)
    if left != _NONE:
        return np.int64(-1)
    certify(rows, words, w, lon, lat, flags, clear_m, sides)
    return np.int64(flags)


@compiled
def answered(
    zones: ZoneArrays,
    rows: Floats,
    words: Masks,
    boxes: Boxes,
    whole: Shorts,
    heads: Floats,
    cells: Steps,
    wearer: int,
    lon: float,
    lat: float,
) -> np.int64:
    """A wearer's flags at one position, found afresh and kept, with how far they hold; or ``LEFT``."""
    w, x = np.int64(wearer), half_open(lon)
    start, count = list_of(words, w)
    flags, clear_m, left, sides = by_field(boxes, whole, cells, start, count, x, lat)
    more, exact_m = _asked(zones, boxes, whole, heads, start, left, x, lat)
    if more == LEFT:
        return np.int64(LEFT)
    certify(rows, words, w, lon, lat, flags | more, least(clear_m, exact_m), sides)
    return np.int64(words[w, W_FLAGS])


@inner
def _sound(known: int, wearer: Ints, lon: Floats, lat: Floats, low: int, high: int) -> bool:
    """Whether the fixes of a chunk are of wearers and at positions: some at once, and without a branch."""
    sound = True
    for i in range(low, high):
        w = wearer[i]
        sound &= (w >= 0) & (w < known) & (abs(lon[i]) <= 180.0) & (abs(lat[i]) <= 90.0)  # so no NaN
    return sound


@inner
def _pick(
    rows: Floats, wearer: Ints, lon: Floats, lat: Floats, low: int, share: int, shares: int, turn: Ints
) -> int:
    """Numbers of a chunk's fixes that are of one share, and how many; the first few are fetched.

    -1 where a row of the chunk is no wearer or no position.
    """
    count, high = 0, lesser(low + CHUNK, len(wearer))
    if not _sound(len(rows), wearer, lon, lat, low, high):
        return -1
    if shares == 1:
        count = high - low
        for i in range(count):
            turn[i] = low + i
    elif shares & (shares - 1) == 0:  # a mask is some ten times as fast as a division
        for i in range(low, high):
            turn[count] = i
            count += wearer[i] & (shares - 1) == share
    else:
        for i in range(low, high):
            turn[count] = i
            count += wearer[i] % shares == share
    for m in range(lesser(count, AHEAD)):
        fetch_ahead(rows, wearer[turn[m]], 0)
    return count


@inlined
def _by_certificates(
    rows: Floats,
    words: Masks,
    boxes: Boxes,
    wearer: Ints,
    lon: Floats,
    lat: Floats,
    turn: Ints,
    first: int,
    count: int,
    queued: int,
    full: int,
    certificates: bool,
    out: Masks,
) -> tuple[int, int]:
    """Answer picked fixes from the ``first`` on until ``full`` have queued for fields; where both then end.

    The boxes of those that queue are fetched: their rows are at hand.
    """
    m = first
    while m < count and queued < full:
        if m + AHEAD < count:
            fetch_ahead(rows, wearer[turn[m + AHEAD]], 0)
        i = turn[m]
        w = wearer[i]
        if certificates and holds(rows, w, lon[i], lat[i]):
            out[i] = words[w, W_FLAGS]
        else:
            turn[CHUNK + queued % _RING] = i
            queued += 1
            fetch_boxes(words, boxes, w)
        m += 1
    return m, queued


@inner
def _by_fields(
    rows: Floats,
    words: Masks,
    boxes: Boxes,
    whole: Shorts,
    cells: Steps,
    wearer: Ints,
    lon: Floats,
    lat: Floats,
    turn: Ints,
    queued: int,
    full: int,
    opened: int,
    certificates: bool,
    out: Masks,
) -> int:
    """A step for each of three groups that wait for fields; the end of those that then wait for zones.

    The group before the last, which ends at ``full``, comes to its cells, the one before that to its finer
    cells, and the next is answered: so what a step reads was fetched while certificates answered others.
    """
    for q in range(greater(0, full - 2 * GROUP), lesser(full - GROUP, queued)):
        i = turn[CHUNK + q % _RING]
        some = fetch_cells(words, boxes, whole, cells, wearer[i], half_open(lon[i]), lat[i])
        turn[CHUNK + _RING + q % _RING] = np.int64(some)
    for q in range(greater(0, full - 3 * GROUP), lesser(full - 2 * GROUP, queued)):
        i, some = turn[CHUNK + q % _RING], np.uint64(turn[CHUNK + _RING + q % _RING])
        fetch_finer_cells(words, boxes, whole, cells, wearer[i], some, half_open(lon[i]), lat[i])
    for q in range(greater(0, full - 4 * GROUP), lesser(full - 3 * GROUP, queued)):
        i = turn[CHUNK + q % _RING]
        w = wearer[i]
        if certificates and holds(rows, w, lon[i], lat[i]):  # an earlier fix renewed it meanwhile
            out[i] = words[w, W_FLAGS]
            continue
        start, count = list_of(words, w)
        x = half_open(lon[i])
        flags, clear_m, left, sides = by_field(boxes, whole, cells, start, count, x, lat[i])
        if left != _NONE:
            turn[opened], turn[opened + MASKS] = i, np.int64(left)
            opened += 1
            fetch_ahead(cells, whole[start + lowest_bit(left), B_FIELD], 0)  # a head: the buffer to the full
            continue
        out[i] = flags
        if certificates:
            certify(rows, words, w, lon[i], lat[i], flags, clear_m, sides)
    return opened


@inner
def _by_zones(
    zones: ZoneArrays,
    rows: Floats,
    words: Masks,
    boxes: Boxes,
    whole: Shorts,
    heads: Floats,
    cells: Steps,
    wearer: Ints,
    lon: Floats,
    lat: Floats,
    turn: Ints,
    opened: int,
    wanted: Ints,
    certificates: bool,
    out: Masks,
) -> int:
    """Answer the fixes that wait for zones, ``turn`` from ``_OPEN`` to ``opened``; how many are ``LEFT``."""
    unanswered = 0
    fetch_zones(zones, words, whole, wearer, lon, lat, turn, _OPENED, opened, wanted)
    for m in range(_OPEN, opened):
        i = turn[m]
        w, x, y = wearer[i], half_open(lon[i]), lat[i]
        if certificates and holds(rows, w, lon[i], y):
            out[i] = words[w, W_FLAGS]
            continue
        start, count = list_of(words, w)
        flags, clear_m, left, sides = by_field(boxes, whole, cells, start, count, x, y)
        more, exact_m = _asked(zones, boxes, whole, heads, start, left, x, y)
        if certificates and more != LEFT:
            certify(rows, words, w, lon[i], y, flags | more, least(clear_m, exact_m), sides)
        unanswered += more == LEFT
        out[i] = LEFT if more == LEFT else flags | more
    return unanswered


@compiled
def flag_each(
    zones: ZoneArrays,
    rows: Floats,
    words: Masks,
    boxes: Boxes,
    whole: Shorts,
    heads: Floats,
    cells: Steps,
    wearer: Ints,
    lon: Floats,
    lat: Floats,
    share: int,
    shares: int,
    certificates: bool,
    turn: Ints,
    wanted: Ints,
    out: Masks,
) -> tuple[int, int]:
    """Flags of each fix of the wearers of one share; how many no certificate covered when they came, and
    how many are ``LEFT``. -1, and the rest unanswered, at a row that is no wearer or no position.

    ``certificates`` False finds each afresh and keeps nothing. ``turn`` is room for ``TURN`` numbers,
    ``wanted`` as ``watch_ahead`` says. Shares begin apart: no two write one cache line of ``out`` at a time.
    """
    chunks = (len(wearer) + CHUNK - 1) // CHUNK
    unanswered, last, due, opened = 0, _NOBODY, _GROUP, _OPENED
    for c in range(chunks + 1):
        count = _PICKED
        if c < chunks:
            low = (c + chunks * share // shares) % chunks * CHUNK
            count = _pick(rows, wearer, lon, lat, low, share, shares, turn)
            if count < 0:
                return _NOBODY - 1, 0
        m = _PICKED
        while m < count or (c == chunks and (due < last + _STEPS * GROUP or opened > _OPEN)):
            m, last = _by_certificates(
                rows, words, boxes, wearer, lon, lat, turn, m, count, last, due, certificates, out
            )
            if last < due and c < chunks:
                break
            opened = _by_fields(
                rows, words, boxes, whole, cells, wearer, lon, lat, turn, last, due, opened, certificates, out
            )
            due += GROUP
            if opened >= _OPEN + BLOCK or (c == chunks and due >= last + _STEPS * GROUP):
                unanswered += _by_zones(
                    zones,
                    rows,
                    words,
                    boxes,
                    whole,
                    heads,
                    cells,
                    wearer,
                    lon,
                    lat,
                    turn,
                    opened,
                    wanted,
                    certificates,
                    out,
                )
                opened = _OPENED
    return last, unanswered
