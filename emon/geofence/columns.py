"""What callers bring, made into the arrays that compiled code may be given, or refused by its place.

Compiled code reads whatever an index or a NaN leads it to. So each public function brings its arguments
here first, and every kernel may count on it: C-contiguous, writeable, whole indices within the table,
finite degrees within ±180 and ±90.
"""

from __future__ import annotations

from operator import index
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from emon.geofence.wgs84 import Floats, Ints

Scalar = TypeVar("Scalar", bound=np.generic)


_NUMBERS = "fiu"  # kinds of NumPy: floating, signed, unsigned


def own_array(given: npt.ArrayLike, dtype: type[Scalar]) -> npt.NDArray[Scalar]:
    """An array as kernels know it; one that may not be written would be another type to the compiler."""
    array: npt.NDArray[Scalar] = np.ascontiguousarray(given, dtype=dtype)
    return array if array.flags.writeable else array.copy()


def numbers_of(name: str, given: npt.ArrayLike) -> Floats:
    """``f64[n]`` of a column. Raises ``ValueError`` for what is no column of real numbers.

    A single number is none: a column has a length. Masked rows hold whatever lies under the mask.
    """
    array = _array_of(name, given)
    if array.ndim != 1:
        raise ValueError(f"{name} has shape {array.shape}, not the one length of a column")
    if array.dtype.kind in _NUMBERS or not array.size:
        return own_array(array if array.size else np.empty(0), np.float64)
    if array.dtype.kind == "O":
        try:
            return array.astype(np.float64)
        except (TypeError, ValueError, OverflowError) as fault:
            raise ValueError(f"{name} holds what is no number: {fault}") from None
    raise ValueError(f"{name} holds {array.dtype}, not numbers")


def _array_of(name: str, given: npt.ArrayLike) -> npt.NDArray[Any]:
    if isinstance(given, np.ma.MaskedArray) and np.ma.is_masked(given):
        raise ValueError(f"{name}[{int(np.argmax(np.ma.getmaskarray(given)))}] is masked")
    try:
        return np.asarray(given)
    except ValueError as fault:
        raise ValueError(f"{name} is no column of numbers: {fault}") from None


def columns_of(**given: npt.ArrayLike) -> list[Floats]:
    """Columns as ``f64[n]`` of one length, longitudes within ±180 and latitudes within ±90.

    Raises ``ValueError`` with the column and row of the first value that is not.
    """
    arrays = unlooked_columns(**given)
    for name, array in zip(given, arrays, strict=True):
        bound = 180.0 if name.startswith("lon") else 90.0
        if len(array) and not (-bound <= array.min() and array.max() <= bound):  # so for NaN too
            row = int(np.argmin(np.abs(array) <= bound))
            raise ValueError(f"{name}[{row}] is {array[row]:.15g}; must be within ±{bound:g}")
    return arrays


def unlooked_columns(**given: npt.ArrayLike) -> list[Floats]:
    """As ``columns_of``, for a kernel that looks at every number itself before it uses one."""
    arrays = {name: numbers_of(name, column) for name, column in given.items()}
    shapes = {name: array.shape for name, array in arrays.items()}
    if len(set(shapes.values())) > 1:
        raise ValueError(f"columns of one length are needed, not of {shapes}")
    return list(arrays.values())


def whole_numbers(name: str, given: npt.ArrayLike, count: int, bound: int, known: str) -> Ints:
    """``i64[count]`` of indices below ``bound``; ``known`` says in words what there is.

    Compiled code reads what an index out of range points at, so it is refused here.
    Raises ``IndexError`` by row for such an index, ``ValueError`` for another number of them.
    """
    array = _whole_column(name, given, count)
    if count and not 0 <= int(array.min()) <= int(array.max()) < bound:
        row = int(np.argmax((array < 0) | (array >= bound)))
        raise IndexError(f"{name}[{row}] is {array[row]}; {known.format(bound)}")
    return own_array(array, np.int64)


def unlooked_numbers(name: str, given: npt.ArrayLike, count: int) -> Ints:
    """As ``whole_numbers``, for a kernel that looks at every index itself before it uses one.

    An index that ``i64`` cannot hold turns into another that is none.
    """
    return own_array(_whole_column(name, given, count), np.int64)


def _whole_column(name: str, given: npt.ArrayLike, count: int) -> npt.NDArray[Any]:
    array = _array_of(name, given)
    if array.shape != (count,):
        raise ValueError(f"{name} has shape {array.shape} for {count} positions")
    if array.size and array.dtype.kind not in "iu":
        raise ValueError(f"{name} holds {array.dtype}, not whole numbers")
    return array if count else np.empty(0)


def whole_number(name: str, given: object, bound: int, known: str) -> int:
    """One index below ``bound``. Raises ``IndexError`` for another, ``ValueError`` for what is none."""
    try:
        number = index(given)  # type: ignore[arg-type]  # whatever has __index__
    except TypeError:
        raise ValueError(f"{name} is {given!r:.60}, not a whole number") from None
    if not 0 <= number < bound:
        raise IndexError(f"{name} is {number}; {known.format(bound)}")
    return int(number)
