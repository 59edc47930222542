"""Arrays that grow by rows."""

from __future__ import annotations

import math
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

Scalar = TypeVar("Scalar", bound=np.generic)
_LINE = 64


class Rows(Generic[Scalar]):
    """Rows that only grow. A grown copy replaces the array: who holds the old one reads on in it."""

    def __init__(self, dtype: type[Scalar], *columns: int) -> None:
        self.array: npt.NDArray[Scalar] = _aligned(16, columns, dtype)
        self.used = 0

    def extend(self, rows: npt.NDArray[Scalar]) -> int:
        """Append rows; returns the first one's index."""
        first, need = self.used, self.used + len(rows)
        if need > len(self.array):
            grown = _aligned(max(need, 2 * len(self.array)), rows.shape[1:], rows.dtype)
            grown[:first] = self.array[:first]
            self.array = grown
        self.array[first:need] = rows
        self.used = need
        return first


def _aligned(count: int, columns: tuple[int, ...], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """Room that begins with a cache line: a row of a line then lies on one, and not on two."""
    size = np.dtype(dtype).itemsize
    length = count * math.prod(columns)
    room = np.empty(length + _LINE // size, dtype=dtype)
    start = -room.ctypes.data % _LINE // size
    return room[start : start + length].reshape(count, *columns)
