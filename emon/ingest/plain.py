"""A taking of messages decoded: plain fixes into columns, everything else by the object decoder.

Pure; the same messages give the same answer, and each fix the one that :func:`emon.ingest.decode.decode`
gives. Which way a message goes shows in nothing but its cost (docs/adr/0035).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from emon.ingest.deliveries import Delivery, DeliveryColumns, as_columns
from emon.ingest.names import JSON, OTHER, PACKED, TopicNames
from emon.limits import (
    ACCURACY_MAX_M,
    ACCURACY_MIN_M,
    FIXB_VERSION,
    FIXES_PER_MESSAGE_MAX,
    HDOP_MAX,
    HEADING_MAX_DEG,
    INSTANT_MAX_US,
    INSTANT_MIN_US,
    PAYLOAD_BYTES_MAX,
    SATELLITES_MAX,
    SEQ_MAX,
    SPEED_MAX_M_S,
)
from emon.model.columns import INTS, MESSAGE, REALS, FixColumns, Ints

_BOUNDS = np.array(
    [
        ACCURACY_MIN_M,
        ACCURACY_MAX_M,
        SPEED_MAX_M_S,
        HEADING_MAX_DEG,
        HDOP_MAX,
        1.0,
        FIXB_VERSION,
        SATELLITES_MAX,
        SEQ_MAX,
    ],
    dtype=np.float64,
)
_INSTANTS: Ints = np.array([INSTANT_MIN_US, INSTANT_MAX_US], dtype=np.int64)
_JSON_FIX_BYTES_MIN = 39  # {"seq":0,"t":0,"lat":0,"lon":0,"acc":0}
_RECORD_BYTES, _HEADED_BYTES = 34, 38


class Scanned(NamedTuple):
    """``counts``: of each message how many fixes it holds, -1 where it is for the object decoder. The
    columns are of the others alone."""

    counts: Ints
    columns: FixColumns


def scan(came: DeliveryColumns, kinds: Ints | None = None) -> Scanned:
    """The plain fixes of some messages, in their order. ``kinds``: what their payloads may hold, where that
    is not what their topics say."""
    from emon.ingest.plain_scan import scan_plain

    kinds = came.names.kinds(came.numbers) if kinds is None else kinds
    begins, ends = came.begins, came.ends
    sizes = ends - begins
    kinds[sizes > PAYLOAD_BYTES_MAX] = OTHER
    packed = int((sizes[kinds == PACKED] // _RECORD_BYTES).sum())
    room = packed + int((sizes[kinds == JSON] // _JSON_FIX_BYTES_MIN).sum())
    raw, own = came.raw, len(came.raw)
    if packed:
        raw = np.concatenate((raw, np.empty(packed * _HEADED_BYTES, dtype=np.uint8)))
    counts: Ints = np.empty(len(came), dtype=np.int64)
    ints, reals = np.empty((INTS, room), dtype=np.int64), np.empty((REALS, room))
    total = 0
    if room:
        total = scan_plain(
            raw, begins, ends, own, kinds, counts, ints, reals, FIXES_PER_MESSAGE_MAX, _BOUNDS, _INSTANTS
        )
    else:
        counts[:] = -1
    ints, reals = np.ascontiguousarray(ints[:, :total]), np.ascontiguousarray(reals[:, :total])
    places = np.flatnonzero(counts > 0)
    numbers = came.numbers
    if len(places) < len(came):
        number = np.empty(len(came), dtype=np.int64)
        number[places] = np.arange(len(places))
        ints[MESSAGE] = number[ints[MESSAGE]]
        numbers = numbers[places]
    before = (places - np.arange(len(places))).tolist()
    topics, devices = came.names.named(numbers)
    return Scanned(counts, FixColumns(topics, devices, before, ints, reals, raw))


def load_plain_scanner() -> None:
    """Compile the scanner now, some seconds where no cache holds it."""
    payload = b'{"seq":0,"t":0,"lat":0,"lon":0,"acc":0}'
    scan(as_columns([Delivery("emon/v1/d/fix", payload, False)], TopicNames()))
