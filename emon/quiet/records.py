"""A quiet fix as one value of bytes: its numbers, then the bytes that it came as.

It is kept beside its row until somebody asks for the object, and holds nothing else of its batch.
"""

from __future__ import annotations

import struct

import numpy as np

from emon.model.columns import FIXED, INTS, RAW, RAW_END, REALS, Ints, QuietFixes, raw_fix
from emon.model.fix import Fix
from emon.model.vocabulary import Mark

_WORDS = 1 + INTS + REALS
_HEAD_BYTES = 8 * _WORDS
_FIXED = struct.Struct("=q")
_HEAD = struct.Struct(f"={1 + INTS}q{REALS}d")


def records_of(quiet: QuietFixes) -> list[bytes]:
    """Each of them, which :func:`fix_of_record` makes an object."""
    from emon.quiet.kernels import join_each

    columns, chosen = quiet.columns, quiet.chosen
    heads: Ints = np.empty((len(chosen), _WORDS), dtype=np.int64)
    heads[:, 0] = quiet.received_at_us
    heads[:, 1 : 1 + INTS] = columns.ints[:, chosen].T
    heads.view(np.float64)[:, 1 + INTS :] = columns.reals[:, chosen].T
    begins, ends = columns.ints[RAW, chosen], columns.ints[RAW_END, chosen]
    stops = np.cumsum(_HEAD_BYTES + ends - begins)
    out = np.empty(int(stops[-1]) if len(stops) else 0, dtype=np.uint8)
    join_each(heads.view(np.uint8), columns.raw, begins, ends, out)
    joined, at = out.tobytes(), stops.tolist()
    return [joined[begin:end] for begin, end in zip([0, *at[:-1]], at, strict=True)]


def fix_of_record(device: str, record: bytes) -> Fix:
    """The fix that was kept."""
    words = _HEAD.unpack_from(record)
    raw = raw_fix(device, words[1 : 1 + INTS], words[1 + INTS :], record[_HEAD_BYTES:])
    return Fix(raw, words[0], Mark.OK)


def fixed_of_record(record: bytes) -> int:
    """Its fixed_at in µs."""
    found: int = _FIXED.unpack_from(record, 8 * (1 + FIXED))[0]
    return found
