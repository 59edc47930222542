"""Rows of ``COPY fix`` in the server's binary form, written from columns in one pass.

PostgreSQL, "COPY", section "Binary Format": a row is the number of its columns, then each with its length
before it, -1 for a null; all big-endian. The columns are those of ``rows.COPY_FIX``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from emon.ingest.compiling import compiled, inlined

ROW_BYTES_MAX = 2 + 7 * 12 + 4 * 4 + 4 + 2 + 4 * 12 + 8
"""Of a row without its device and its raw bytes: the longest word for a source has four, ``ok`` two."""


@inlined
def _put(out: Any, at: int, value: Any, size: int) -> int:
    """A big-endian integer; where it ends."""
    for place in range(size):
        out[at + place] = (value >> (8 * (size - 1 - place))) & 0xFF
    return at + size


@inlined
def _put_eight(out: Any, at: int, value: Any) -> int:
    """A column of eight bytes."""
    return _put(out, _put(out, at, 8, 4), value, 8)


@inlined
def _put_octets(out: Any, at: int, source: Any, begin: int, end: int) -> int:
    """A column of bytes."""
    at = _put(out, at, end - begin, 4)
    for place in range(begin, end):
        out[at] = source[place]
        at += 1
    return at


@compiled
def pack_rows(
    ints: Any,
    bits: Any,
    chosen: Any,
    raw: Any,
    names: Any,
    name_ends: Any,
    words: Any,
    word_ends: Any,
    received: int,
    recorded: int,
    epoch: int,
    out: Any,
) -> int:
    """The rows of the chosen fixes into ``out``; how many bytes they are.

    ``bits``: the floats of ``FixColumns.reals`` as integers of the same bits. ``names``: the device of each
    message, one after another; ``words``: the sources', then the mark. ``received`` and ``recorded`` count
    from ``epoch``, as the server does; ``ints`` from 1970.
    """
    at = 0
    for k in chosen:
        at = _put(out, at, 16, 2)
        at = _put_eight(out, at, ints[1, k])
        at = _put_eight(out, at, ints[2, k] - epoch)
        at = _put_eight(out, at, received)
        at = _put_eight(out, at, recorded)
        for place in range(3):
            at = _put_eight(out, at, bits[place, k])
        message, source = ints[0, k], ints[5, k]
        at = _put_octets(out, at, names, name_ends[message], name_ends[message + 1])
        at = _put_octets(out, at, words, word_ends[source], word_ends[source + 1])
        at = _put_octets(out, at, words, word_ends[4], word_ends[5])
        at = _put_octets(out, at, raw, ints[3, k], ints[4, k])
        for place in range(3, 7):
            value = bits[place, k]
            # Not a number: all bits of the exponent, and some of the fraction.
            if value & 0x7FF0_0000_0000_0000 == 0x7FF0_0000_0000_0000 and value & 0xF_FFFF_FFFF_FFFF != 0:
                at = _put(out, at, -1, 4)
            else:
                at = _put_eight(out, at, value)
        satellites = ints[6, k]
        at = _put(out, at, 4 if satellites >= 0 else -1, 4)
        if satellites >= 0:
            at = _put(out, at, satellites, 4)
    return at


def octets(values: list[bytes]) -> tuple[Any, Any]:
    """Bytes one after another, and where each begins and the last ends."""
    ends = np.zeros(len(values) + 1, dtype=np.int64)
    np.cumsum(np.fromiter(map(len, values), dtype=np.int64, count=len(values)), out=ends[1:])
    return np.frombuffer(b"".join(values), dtype=np.uint8), ends
