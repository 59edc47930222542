"""Arrays that grow by rows."""

from __future__ import annotations

from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

Scalar = TypeVar("Scalar", bound=np.generic)


class Rows(Generic[Scalar]):
    """Rows that only grow. A grown copy replaces the array: who holds the old one reads on in it."""

    def __init__(self, dtype: type[Scalar], *columns: int) -> None:
        self.array: npt.NDArray[Scalar] = np.empty((16, *columns), dtype=dtype)
        self.used = 0

    def extend(self, rows: npt.NDArray[Scalar]) -> int:
        """Append rows; returns the first one's index."""
        first, need = self.used, self.used + len(rows)
        if need > len(self.array):
            grown = np.empty((max(need, 2 * len(self.array)), *rows.shape[1:]), dtype=rows.dtype)
            grown[:first] = self.array[:first]
            self.array = grown
        self.array[first:need] = rows
        self.used = need
        return first
