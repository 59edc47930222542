"""Arrays as PostgreSQL takes them, built whole: one pass over a column in place of one call a value.

The binary form of an array (``array_recv`` of the server's ``arrayfuncs.c``): the number of dimensions,
whether there are nulls, the type of the elements, their count and the first index; then each element
with its length before it, -1 for a null.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from psycopg import pq
from psycopg.adapt import AdaptersMap, Dumper

POSTGRES_EPOCH_US = 946_684_800_000_000
"""2000-01-01T00:00Z in microseconds since 1970: where PostgreSQL counts ``timestamptz`` from."""

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_HEAD = struct.Struct(">iiiii")
_LENGTH = struct.Struct(">i")
_INT8, _TEXT, _FLOAT8, _TIMESTAMPTZ = 20, 25, 701, 1184  # pg_type.dat
_INT_CELL = np.dtype([("length", ">i4"), ("value", ">i8")])
_FLOAT_CELL = np.dtype([("length", ">i4"), ("value", ">f8")])


class Packed:
    """A parameter that is in the server's binary form already; the statement says of which type it is."""

    __slots__ = ("data",)

    def __init__(self, data: bytes) -> None:
        self.data = data


class _PackedDumper(Dumper):
    format = pq.Format.BINARY

    def dump(self, obj: Any) -> bytes:
        data: bytes = obj.data
        return data


def register_packed(adapters: AdaptersMap) -> None:
    adapters.register_dumper(Packed, _PackedDumper)


def int8s(values: Ints) -> Packed:
    """bigint[]"""
    return Packed(_head(_INT8, len(values)) + _whole(values, _INT_CELL))


def instants(values_us: Ints) -> Packed:
    """timestamptz[] of microseconds since 1970."""
    return Packed(_head(_TIMESTAMPTZ, len(values_us)) + _whole(values_us - POSTGRES_EPOCH_US, _INT_CELL))


def float8s(values: Floats) -> Packed:
    """double precision[]; NaN, which no fix holds, stands for null."""
    cells = _whole(values, _FLOAT_CELL)
    absent = np.isnan(values)
    if not absent.any():
        return Packed(_head(_FLOAT8, len(values)) + cells)
    size = _FLOAT_CELL.itemsize
    octets = np.frombuffer(cells, dtype=np.uint8).reshape(len(values), size).copy()
    octets[absent, : _LENGTH.size] = 0xFF
    kept = np.ones(octets.shape, dtype=np.bool_)
    kept[absent, _LENGTH.size :] = False
    return Packed(_head(_FLOAT8, len(values), nulls=True) + octets[kept].tobytes())


def texts(values: Sequence[bytes]) -> Packed:
    """text[] of encoded texts."""
    return Packed(_head(_TEXT, len(values)) + b"".join(map(cell, values)))


def cell(value: bytes) -> bytes:
    """A text or bytea with its length before it."""
    return _LENGTH.pack(len(value)) + value


def floats_of(values: Iterable[float | None]) -> Floats:
    """A column with NaN where there is none."""
    found: Floats = np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    return found


def _head(element: int, count: int, *, nulls: bool = False) -> bytes:
    return _HEAD.pack(1, int(nulls), element, count, 1)


def _whole(values: Ints | Floats, cells: np.dtype[Any]) -> bytes:
    found = np.empty(len(values), dtype=cells)
    found["length"] = 8
    found["value"] = values
    return found.tobytes()
