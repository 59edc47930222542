"""A taking of messages decoded: plain fixes into columns, everything else by the object decoder.

Pure; the same messages give the same answer, and each fix the one that :func:`emon.ingest.decode.decode`
gives. Which way a message goes shows in nothing but its cost (docs/adr/0035).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from emon.ingest.topics import Channel, parse_topic
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
    TOPICS_KNOWN_MAX,
)
from emon.model.columns import INTS, REALS, FixColumns, Ints

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
_JSON, _PACKED, _OTHER = range(3)  # as ``plain_scan`` has them
_KINDS = {Channel.FIX: _JSON, Channel.FIXB: _PACKED}
_JSON_FIX_BYTES_MIN = 39  # {"seq":0,"t":0,"lat":0,"lon":0,"acc":0}
_RECORD_BYTES, _HEADED_BYTES = 34, 38


class Topics:
    """What is known of topics: parsed once, since nearly all messages come on the same ones."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, str, bool]] = {}

    def of_each(self, topics: Sequence[str]) -> list[tuple[int, str, bool]]:
        """As :meth:`of`, of one after another."""
        known = self._known.get
        found = [known(topic) for topic in topics]
        return [one for one in found if one] if all(found) else [self.of(topic) for topic in topics]

    def of(self, topic: str) -> tuple[int, str, bool]:
        """What its payloads may hold for the scanner, the device ("" for none), and whether it may wait."""
        found = self._known.get(topic)
        if found is None:
            parsed = parse_topic(topic)
            if parsed is None:
                found = (_OTHER, "", False)
            else:
                channel, device = parsed
                waits = channel in (Channel.FIX, Channel.FIXB, Channel.OWNTRACKS)
                found = (_KINDS.get(channel, _OTHER), device, waits)
            if len(self._known) >= TOPICS_KNOWN_MAX:
                self._known.clear()
            self._known[topic] = found
        return found


class Scanned(NamedTuple):
    """``counts``: of each message how many fixes it holds, -1 where it is for the object decoder. The
    columns are of the others alone."""

    counts: list[int]
    columns: FixColumns


def scan(topics: Sequence[str], payloads: Sequence[bytes], known: Topics) -> Scanned:
    """The plain fixes of some messages, in their order."""
    from emon.ingest.plain_scan import scan_plain

    told = known.of_each(topics)
    kinds = np.array([kind for kind, _, _ in told], dtype=np.int64)
    sizes = np.fromiter(map(len, payloads), dtype=np.int64, count=len(payloads))
    kinds[sizes > PAYLOAD_BYTES_MAX] = _OTHER
    packed = int((sizes[kinds == _PACKED] // _RECORD_BYTES).sum())
    room = packed + int((sizes[kinds == _JSON] // _JSON_FIX_BYTES_MIN).sum())
    ends = np.cumsum(sizes)
    raw = np.frombuffer(bytearray(b"").join((*payloads, bytes(packed * _HEADED_BYTES))), dtype=np.uint8)
    counts = np.empty(len(told), dtype=np.int64)
    ints, reals = np.empty((INTS, room), dtype=np.int64), np.empty((REALS, room))
    total = 0
    if room:
        total = scan_plain(raw, ends, kinds, counts, ints, reals, FIXES_PER_MESSAGE_MAX, _BOUNDS, _INSTANTS)
    else:
        counts[:] = -1
    ints, reals = np.ascontiguousarray(ints[:, :total]), np.ascontiguousarray(reals[:, :total])
    places = np.flatnonzero(counts > 0)
    if total:
        number = np.empty(len(told), dtype=np.int64)
        number[places] = np.arange(len(places))
        ints[0] = number[ints[0]]
    chosen = places.tolist()
    before = (places - np.arange(len(places))).tolist()
    columns = FixColumns(
        [topics[place] for place in chosen], [told[place][1] for place in chosen], before, ints, reals, raw
    )
    return Scanned(counts.tolist(), columns)


def load_plain_scanner() -> None:
    """Compile the scanner now, some seconds where no cache holds it."""
    scan(["emon/v1/d/fix"], [b'{"seq":0,"t":0,"lat":0,"lon":0,"acc":0}'], Topics())
