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
_NULL = _LENGTH.pack(-1)
_BOOL, _BYTEA, _INT8, _INT4, _TEXT, _FLOAT8, _TIMESTAMPTZ = 16, 17, 20, 23, 25, 701, 1184  # pg_type.dat
Cell = np.dtype[Any]
_INT8_CELL: Cell = np.dtype([("length", ">i4"), ("value", ">i8")])
_INT4_CELL: Cell = np.dtype([("length", ">i4"), ("value", ">i4")])
_FLOAT8_CELL: Cell = np.dtype([("length", ">i4"), ("value", ">f8")])
_BOOL_CELL: Cell = np.dtype([("length", ">i4"), ("value", "?")])


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
    return Packed(_head(_INT8, len(values)) + _whole(values, _INT8_CELL))


def int8s_of(values: Sequence[int]) -> Packed:
    """bigint[]"""
    return int8s(np.array(values, dtype=np.int64))


def instants(values_us: Ints) -> Packed:
    """timestamptz[] of microseconds since 1970."""
    return Packed(_head(_TIMESTAMPTZ, len(values_us)) + _whole(values_us - POSTGRES_EPOCH_US, _INT8_CELL))


def float8s(values: Floats) -> Packed:
    """double precision[]; NaN, which no fix holds, stands for null."""
    return _with_nulls(_FLOAT8, values, np.isnan(values), _FLOAT8_CELL)


def int4s(values: Ints) -> Packed:
    """integer[]; what is negative stands for null."""
    return _with_nulls(_INT4, values, values < 0, _INT4_CELL)


def booleans(values: npt.NDArray[np.bool_]) -> Packed:
    """boolean[]"""
    return Packed(_head(_BOOL, len(values)) + _whole(values, _BOOL_CELL))


def _with_nulls(element: int, values: Ints | Floats, absent: npt.NDArray[np.bool_], kind: Cell) -> Packed:
    if absent.all():
        return Packed(_head(element, len(values), nulls=True) + _NULL * len(values))
    cells = _whole(values, kind)
    if not absent.any():
        return Packed(_head(element, len(values)) + cells)
    octets = np.frombuffer(cells, dtype=np.uint8).reshape(len(values), kind.itemsize).copy()
    octets[absent, : _LENGTH.size] = 0xFF
    kept = np.ones(octets.shape, dtype=np.bool_)
    kept[absent, _LENGTH.size :] = False
    return Packed(_head(element, len(values), nulls=True) + octets[kept].tobytes())


def texts(values: Sequence[bytes]) -> Packed:
    """text[] of encoded texts."""
    return texts_of(len(values), b"".join(map(cell, values)))


def texts_of(count: int, cells: bytes) -> Packed:
    """text[] of so many texts that are cells already."""
    return Packed(_head(_TEXT, count) + cells)


def octets_of(count: int, cells: bytes) -> Packed:
    """bytea[] of so many values that are cells already."""
    return Packed(_head(_BYTEA, count) + cells)


def cell(value: bytes) -> bytes:
    """A text or bytea with its length before it."""
    return _LENGTH.pack(len(value)) + value


def floats_of(values: Iterable[float | None]) -> Floats:
    """A column with NaN where there is none."""
    found: Floats = np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    return found


def _head(element: int, count: int, *, nulls: bool = False) -> bytes:
    return _HEAD.pack(1, int(nulls), element, count, 1)


def _whole(values: Ints | Floats | npt.NDArray[np.bool_], kind: Cell) -> bytes:
    found = np.empty(len(values), dtype=kind)
    found["length"] = kind["value"].itemsize
    found["value"] = values
    return found.tobytes()
