"""The publications of one read: which topics they name, and which of them are taken, in compiled loops.

Beside the scanner since both go over whole reads; apart from it since the scanner knows nothing of what
came before. A name's bytes are always compared, its hash only finds them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from emon.ingest.compiling import compiled, inlined

_FNV_PRIME = np.int64(1_099_511_628_211)  # Fowler, Noll, Vo: FNV-1a, 64 bits
_FNV_BASIS = np.int64(-3_750_763_034_362_895_579)
_DUP = 0x08  # the flag in the first byte of a PUBLISH (MQTT 5, 3.3.1.1)
_SAME_ID_MAX = 0xFF  # as many as a byte of ``held`` can count


@inlined
def _hash(buffer: Any, at: int, end: int) -> int:
    value: Any = _FNV_BASIS
    while at < end:
        value = (value ^ np.int64(buffer[at])) * _FNV_PRIME
        at += 1
    found: int = value ^ (value >> 29)  # the lowest bits choose the slot
    return found


@inlined
def _content(buffer: Any, at: int, end: int, topic: int) -> int:
    """A hash of a payload and the number of its topic: in four lanes, of which none waits for another.

    Never 0, which stands for an id under which nothing came: such a message would be acknowledged and not
    taken."""
    one: Any = _FNV_BASIS ^ np.int64(topic)
    two: Any = _FNV_BASIS + 1
    three: Any = _FNV_BASIS + 2
    four: Any = _FNV_BASIS + np.int64(end - at)
    while at + 4 <= end:
        one = (one ^ np.int64(buffer[at])) * _FNV_PRIME
        two = (two ^ np.int64(buffer[at + 1])) * _FNV_PRIME
        three = (three ^ np.int64(buffer[at + 2])) * _FNV_PRIME
        four = (four ^ np.int64(buffer[at + 3])) * _FNV_PRIME
        at += 4
    while at < end:
        one = (one ^ np.int64(buffer[at])) * _FNV_PRIME
        at += 1
    one = (one ^ two) * _FNV_PRIME
    one = (one ^ three) * _FNV_PRIME
    found: int = (one ^ four) * _FNV_PRIME | 1
    return found


@inlined
def _is_name(buffer: Any, at: int, end: int, arena: Any, begin: int, stop: int) -> bool:
    if end - at != stop - begin:
        return False
    place = 0
    while at + place < end and buffer[at + place] == arena[begin + place]:
        place += 1
    return at + place == end


@compiled
def find_topics(
    buffer: Any, rows: Any, slots: Any, hashes: Any, spans: Any, numbers: Any, arena: Any, found: Any
) -> int:
    """``found`` gets the number of the topic that each PUBLISH of ``rows`` (``frame_scan``) names; -1 for a
    name that is not in the table. Returns how many of these there are.

    ``slots``: a power of two of entries or -1, by the hash's lowest bits and on from there; at least one is
    -1. An entry's name is ``arena[spans[entry, 0]:spans[entry, 1]]``.
    """
    unknown, mask = 0, len(slots) - 1
    for place in range(len(rows)):
        at, end = rows[place, 3], rows[place, 4]
        value = _hash(buffer, at, end)
        slot = value & mask
        number: Any = np.int64(-1)
        while slots[slot] >= 0:
            entry = slots[slot]
            if hashes[entry] == value and _is_name(buffer, at, end, arena, spans[entry, 0], spans[entry, 1]):
                number = numbers[entry]
                break
            slot = (slot + 1) & mask
        found[place] = number
        if number < 0:
            unknown += 1
    return unknown


@compiled
def enter_topics(slots: Any, hashes: Any, spans: Any, arena: Any, first: int, last: int) -> None:
    """Entries ``first`` to ``last`` (without it) hashed and put into the slots, of which more are free."""
    mask = len(slots) - 1
    for entry in range(first, last):
        value = _hash(arena, spans[entry, 0], spans[entry, 1])
        hashes[entry] = value
        slot = value & mask
        while slots[slot] >= 0:
            slot = (slot + 1) & mask
        slots[slot] = entry


@compiled
def take(
    buffer: Any,
    rows: Any,
    topics: Any,
    left_out: Any,
    held: Any,
    contents: Any,
    room: int,
    taken: Any,
    owed: Any,
) -> tuple[int, int, int, int]:
    """Which publications are taken: ``taken`` gets their places. Returns how many those are, how many of
    them wait for their PUBACK, how many ids stand in ``owed``, and how many with QoS 0 found no room.

    ``held`` counts by packet id what came and waits for its PUBACK, ``contents`` has a hash of what came
    last under an id, 0 for nothing. A repetition of that (its flag says so, and its content) is not taken;
    where the first one is acknowledged already the broker had not read it, and its id is owed a PUBACK.
    ``left_out``: not 0 for what is no delivery. ``room``: how many more may come without a promise, QoS 0.
    """
    count, waiting, again, beyond = 0, 0, 0, 0
    for place in range(len(rows)):
        if left_out[place] != 0:
            continue
        packet_id = rows[place, 6]
        if packet_id == 0:
            if count >= room:
                beyond += 1
                continue
        else:
            content = _content(buffer, rows[place, 5], rows[place, 2], topics[place])
            if rows[place, 0] & _DUP != 0 and contents[packet_id] == content:
                if held[packet_id] == 0:
                    owed[again] = packet_id
                    again += 1
                continue
            contents[packet_id] = content
            if held[packet_id] == _SAME_ID_MAX:
                continue  # it comes again on the next connection
            held[packet_id] += 1
            waiting += 1
        taken[count] = place
        count += 1
    return count, waiting, again, beyond


@compiled
def let_go(held: Any, receipts: Any, first: int, leaving: Any) -> int:
    """``leaving`` gets the packet ids, in order, of those receipts that are of this connection (from
    ``first`` on) and wait for their PUBACK. Returns how many."""
    count = 0
    for place in range(len(receipts)):
        packet_id = receipts[place] - first
        if 0 < packet_id < len(held) and held[packet_id] > 0:
            held[packet_id] -= 1
            leaving[count] = packet_id
            count += 1
    return count
