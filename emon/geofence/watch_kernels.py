"""Kernels of a watch: each wearer's own zones, and the certificate that spares asking them.

A certificate (certificates.py) says where a wearer's flags were last found, and how far from there no
flag can change. A test compares with the flags found afresh for ever.

A fix is answered by the first of three that can: the certificate, one line of memory; the fields of his
zones (field_kernels.py), some lines; the zones themselves, tens of them. Fixes that one leaves open wait
until they are some, and take the steps of the next together: so their misses overlap (watch_ahead.py). What
no frame answers is left to kernels of its own (watch_left.py).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from emon.geofence.certificates import W_FLAGS, certify, holds, list_of
from emon.geofence.ellipsoid import half_open
from emon.geofence.field_kernels import B_FIELD, HEAD, by_field, zone_of
from emon.geofence.jit import compiled, inner
from emon.geofence.lanes import fetch_ahead, least, lesser, lowest_bit
from emon.geofence.layout import Boxes, Masks, Shorts, Steps, ZoneArrays
from emon.geofence.near_paths import FAR_M, MARGIN, MARGIN_FAR, MARGIN_M, near_m
from emon.geofence.watch_ahead import BLOCK, MASKS, fetch_boxes, fetch_cells, fetch_finer_cells, fetch_zones
from emon.geofence.wgs84 import Floats, Ints
from emon.limits import ON_EDGE_M

CHUNK = 512
"""Fixes that are looked through at a time; so many or more that no certificate covers are then answered."""
GROUP = 16
"""Fixes that take their steps towards the fields of their zones together."""
# ``turn``: numbers of fixes that wait, fewer than a chunk and then another; of a chunk those of a share; of
# a group, what ``fetch_cells`` says of each; and from ``_OPEN`` on those that wait for the zones themselves,
# with which of them ``MASKS`` further.
_PICKED = np.uint64(2 * CHUNK)
_SOME = 3 * CHUNK
_OPEN = _SOME + GROUP
TURN = _OPEN + 2 * MASKS
# In 64 bits: a bare constant would be another signature of what it is given to, compiled again.
_NOBODY: Any = np.int64(0)
_OPENED: Any = np.int64(_OPEN)
AHEAD = 20
_AHEAD = np.uint64(AHEAD)
"""Fixes ahead of which a wearer's row is fetched."""
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
    covered = holds(rows, np.uint64(wearer), lon, lat) and abs(lon) <= 180.0 and abs(lat) <= 90.0
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
def _sound(known: int, wearer: Ints, lon: Floats, lat: Floats, low: np.uint64, high: np.uint64) -> bool:
    """Whether the fixes of a chunk are of wearers and at positions: eight at once, and without a branch."""
    good = True
    for i in range(low, high):
        w = wearer[i]
        good &= (w >= 0) & (w < known) & (abs(lon[i]) <= 180.0) & (abs(lat[i]) <= 90.0)  # so no NaN
    return good


@inner
def _pick(
    rows: Floats, wearer: Ints, low: np.uint64, high: np.uint64, share: int, shares: int, turn: Ints
) -> np.uint64:
    """Numbers of a chunk's fixes that are of one share, and how many; the first few are fetched."""
    count = np.uint64(0)
    if shares == 1:
        count = high - low
        for m in range(count):
            turn[_PICKED + m] = low + m
    elif shares & (shares - 1) == 0:  # a mask is some ten times as fast as a division
        for i in range(low, high):
            turn[_PICKED + count] = i
            count += np.uint64(wearer[i] & (shares - 1) == share)
    else:
        for i in range(low, high):
            turn[_PICKED + count] = i
            count += np.uint64(wearer[i] % shares == share)
    for m in range(lesser(np.int64(count), AHEAD)):
        fetch_ahead(rows, wearer[turn[np.int64(_PICKED) + m]], 0)
    return count


@inner
def _by_certificates(
    rows: Floats,
    words: Masks,
    wearer: Ints,
    lon: Floats,
    lat: Floats,
    count: np.uint64,
    certificates: bool,
    turn: Ints,
    waiting: int,
    out: Masks,
) -> int:
    """Answer picked fixes that certificates cover; the end of those that wait, the others among them.

    Nothing else is done between two of them, so that the processor has many under way. Numbers are unsigned
    here: one that may be negative counts from the end as an index, which is looked at each time.
    """
    for m in range(_PICKED, _PICKED + count):
        if m + _AHEAD < _PICKED + count:
            fetch_ahead(rows, wearer[turn[m + _AHEAD]], 0)
        i = np.uint64(turn[m])
        w = np.uint64(wearer[i])
        if certificates and holds(rows, w, lon[i], lat[i]):
            out[i] = words[w, W_FLAGS]
        else:
            turn[waiting] = turn[m]
            waiting += 1
    return waiting


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
    first: int,
    last: int,
    opened: int,
    certificates: bool,
    out: Masks,
) -> int:
    """Answer a group of fixes by the fields of their zones; the end of those that then wait for zones.

    Each step is taken for all of them before the next, which reads what it fetched.
    """
    for m in range(first, last):
        fetch_boxes(words, boxes, wearer[turn[m]])
    for m in range(first, last):
        i = turn[m]
        some = fetch_cells(words, boxes, whole, cells, wearer[i], half_open(lon[i]), lat[i])
        turn[_SOME + m - first] = np.int64(some)
    for m in range(first, last):
        i, some = turn[m], np.uint64(turn[_SOME + m - first])
        fetch_finer_cells(words, boxes, whole, cells, wearer[i], some, half_open(lon[i]), lat[i])
    for m in range(first, last):
        i = turn[m]
        w = wearer[i]
        if certificates and holds(rows, np.uint64(w), lon[i], lat[i]):  # an earlier fix renewed it meanwhile
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
        if certificates and holds(rows, np.uint64(w), lon[i], y):
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


@inner
def _afresh(
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
    certificates: bool,
    turn: Ints,
    waiting: int,
    wanted: Ints,
    out: Masks,
) -> int:
    """Answer the fixes that wait, ``turn`` up to ``waiting``, by fields and zones; how many are ``LEFT``."""
    unanswered, opened = 0, _OPENED
    for first in range(0, waiting, GROUP):
        last = lesser(first + GROUP, waiting)
        opened = _by_fields(
            rows, words, boxes, whole, cells, wearer, lon, lat, turn, first, last, opened, certificates, out
        )
        if opened >= _OPEN + BLOCK or last == waiting:
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
    asked, unanswered, waiting = _NOBODY, 0, _NOBODY
    chunks = (len(wearer) + CHUNK - 1) // CHUNK
    for c in range(chunks):
        begin = (c + chunks * share // shares) % chunks * CHUNK
        low, high = np.uint64(begin), np.uint64(lesser(begin + CHUNK, len(wearer)))
        if not _sound(len(rows), wearer, lon, lat, low, high):
            return _NOBODY - 1, 0
        count = _pick(rows, wearer, low, high, share, shares, turn)
        waiting = _by_certificates(rows, words, wearer, lon, lat, count, certificates, turn, waiting, out)
        if waiting < CHUNK and c + 1 < chunks:
            continue
        unanswered += _afresh(
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
            certificates,
            turn,
            waiting,
            wanted,
            out,
        )
        asked, waiting = asked + waiting, _NOBODY
    return asked, unanswered
