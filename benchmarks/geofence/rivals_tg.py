"""tidwall/tg at its own speed: its C functions, out of the ``togo`` package, called from a compiled loop.

Through togo's Python objects a question costs some hundred nanoseconds before tg begins; that way is a
row of its own. Here only tg's own work is timed, with each of its indexes.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
import togo

from benchmarks.geofence.zones import Floats

INDEXES = {"natural": 2, "ystripes": 3}
"""Of ``enum tg_index``, those that index at all."""

Held = npt.NDArray[np.bool_]
_Ask = Callable[[int, Floats, Floats, Held], None]


def _library() -> ctypes.CDLL:
    library = ctypes.CDLL(togo.__file__)
    address, number, real = ctypes.c_size_t, ctypes.c_int, ctypes.c_double
    for name, result, arguments in (
        ("tg_ring_new_ix", address, (address, number, number)),
        ("tg_poly_new", address, (address, address, number)),
        ("tg_geom_new_polygon", address, (address,)),
        ("tg_geom_intersects_xy", ctypes.c_bool, (address, real, real)),
        ("tg_ring_free", None, (address,)),
        ("tg_poly_free", None, (address,)),
        ("tg_geom_free", None, (address,)),
    ):
        function = library[name]
        function.restype, function.argtypes = result, arguments
        setattr(library, name, function)
    return library


class Tg:
    """The library, and the loop that asks it."""

    def __init__(self) -> None:
        self._library = _library()
        intersects = self._library.tg_geom_intersects_xy

        @numba.njit(nogil=True)
        def ask(geometry: int, x: Floats, y: Floats, out: Held) -> None:
            for i in range(len(x)):
                out[i] = intersects(geometry, x[i], y[i])

        self._ask: _Ask = ask

    @contextmanager
    def polygon(self, ring: Floats, index: str) -> Iterator[Callable[[Floats, Floats], Held]]:
        """Ask whether points lie in the polygon of one closed ring."""
        library: Any = self._library
        points = np.ascontiguousarray(ring)
        bare = library.tg_ring_new_ix(points.ctypes.data, len(points), INDEXES[index])
        poly = library.tg_poly_new(bare, 0, 0)
        geometry = library.tg_geom_new_polygon(poly)
        if not geometry:
            raise MemoryError("tg made no polygon")

        def holds(x: Floats, y: Floats) -> Held:
            out = np.empty(len(x), dtype=np.bool_)
            self._ask(geometry, x, y, out)
            return out

        try:
            yield holds
        finally:
            library.tg_geom_free(geometry)
            library.tg_poly_free(poly)
            library.tg_ring_free(bare)


def togo_polygon(ring: Floats) -> Callable[[list[togo.Geometry]], list[bool]]:
    """The same through togo's Python objects, points made beforehand."""
    intersects = togo.Poly(togo.Ring([tuple(corner) for corner in ring.tolist()])).as_geometry().intersects
    return lambda points: [intersects(point) for point in points]


def togo_points(x: Floats, y: Floats) -> list[togo.Geometry]:
    return [togo.Point(*place).as_geometry() for place in zip(x.tolist(), y.tolist(), strict=True)]
