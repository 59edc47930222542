"""What a receiver makes of a path: the fixes that exist, with what it claims about them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from emon.model.vocabulary import Source

SOURCES = (Source.GNSS, Source.WIFI, Source.CELL)
"""The word of each code in ``Observed.source``: code 0 is ``gnss``, 1 ``wifi``, 2 ``cell``."""
GNSS, WIFI, CELL = range(3)

Floats = NDArray[np.float64]
Codes = NDArray[np.int8]
Flags = NDArray[np.bool_]
Indices = NDArray[np.intp]


class Observed(NamedTuple):
    """Fixes of one receiver in the order of their times; what was lost is absent.

    ``t_s`` f64[n] seconds since the scenario's start; ``lon``, ``lat`` f64[n] degrees;
    ``accuracy_m`` f64[n] the 95 % radius as claimed; ``source`` i8[n] a code of ``SOURCES``;
    ``speed_m_s`` f64[n] as claimed, NaN where the receiver says none.
    """

    t_s: Floats
    lon: Floats
    lat: Floats
    accuracy_m: Floats
    source: Codes
    speed_m_s: Floats

    def only(self, keep: Flags) -> Observed:
        """The fixes that are kept."""
        return Observed(
            self.t_s[keep],
            self.lon[keep],
            self.lat[keep],
            self.accuracy_m[keep],
            self.source[keep],
            self.speed_m_s[keep],
        )


def nothing() -> Observed:
    """No fix at all."""
    empty = np.empty(0)
    return Observed(empty, empty, empty, empty, np.empty(0, np.int8), empty)
