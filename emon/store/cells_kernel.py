"""Pieces of one buffer as the elements of an array in the server's binary form, in one pass."""

from __future__ import annotations

from typing import Any

import numpy as np

from emon.ingest.compiling import compiled

LENGTH_BYTES = 4


@compiled
def pack_cells(source: Any, begins: Any, ends: Any, out: Any) -> int:
    """Each piece of ``source``, its length before it, big-endian, into ``out``; how many bytes they are."""
    at = 0
    for k in range(len(begins)):
        size = ends[k] - begins[k]
        out[at] = (size >> 24) & 0xFF
        out[at + 1] = (size >> 16) & 0xFF
        out[at + 2] = (size >> 8) & 0xFF
        out[at + 3] = size & 0xFF
        at += 4
        for place in range(begins[k], ends[k]):
            out[at] = source[place]
            at += 1
    return at


def cells_of(source: Any, begins: Any, ends: Any) -> bytes:
    """The pieces as cells, one after another."""
    begins, ends = np.ascontiguousarray(begins), np.ascontiguousarray(ends)  # one layout, compiled once
    out = np.empty(int((ends - begins).sum()) + LENGTH_BYTES * len(begins), dtype=np.uint8)
    return out[: pack_cells(source, begins, ends, out)].tobytes()
