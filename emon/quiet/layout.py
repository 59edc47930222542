"""Where what stands in the row of a device; 48 words of eight bytes, six cache lines.

Columns from ``LON`` on are floats, those before it whole numbers. A row of which ``LIVE`` is negative
holds nothing. Instants in microseconds, degrees WGS84, distances in metres, negative inside a zone.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

SLOTS = 8
"""Conditions of one device that a row has room for."""

LIVE = 0  # how many conditions the row holds
FIXED = 1  # fixed_at of the newest fix
HEARD = 2  # received_at of the newest message
AHEAD = 3  # the largest fixed_at stored with the mark ``clock``
EDGE = 4  # no edge and no other version before this instant
ALLOWED = 5  # silence may be due so long after ``HEARD``, and no sooner
FULL = 6  # no more fixes may be kept beside the row
KEPT = 7  # how many are
ZONES = 8  # of each condition its zone's index, twice, plus one for an inclusion
LON = ZONES + SLOTS
LAT = LON + 1
ACCURACY = LON + 2
BEFORE_ACCURACY = LON + 3  # of the fix before the newest
BUFFERS = LON + 4
NEAR = BUFFERS + SLOTS  # distance of the newest fix
BEFORE = NEAR + SLOTS  # and of the one before it; minus infinity where there is none
WIDTH = 48

NEVER_US = 2**62
