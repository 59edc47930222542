"""Fields: of a zone and a buffer the box around both, and a byte a cell that bounds the distance in it.

``field_kernels.py`` says what they decide. Every watch over a table shares its fields, and each is laid
when a watch first asks for that zone with that buffer.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from emon.geofence.boxes import box_around
from emon.geofence.layout import CORRIDOR, KIND, Boxes, Bytes, ZoneArrays
from emon.geofence.rows import Rows
from emon.geofence.wgs84 import Floats
from emon.limits import FIELD_DISTANCE_MAX_M, FIELD_HALF_MAX_DEG, ON_EDGE_M

BOX_COLUMNS, CELLS = 8, 32 * 32  # of field_kernels, which compiles when imported
_UNIT, _FIELD, _ZONE = 5, 6, 7


class Fields:
    """By number, as arrays that only grow, as the table's do."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[int, float], int] = {}
        self._boxes = Rows(np.float32, BOX_COLUMNS)
        self._buffers = Rows(np.float64)
        self._cells = Rows(np.int8, CELLS)

    def __len__(self) -> int:
        return len(self._numbers)

    @property
    def buffers(self) -> Floats:
        """Metres, ``f64[fields]``; rows beyond the fields' own are unset, here and in ``cells``."""
        return self._buffers.array

    @property
    def cells(self) -> Bytes:
        """``i8[fields, CELLS]``."""
        return self._cells.array

    @property
    def nbytes(self) -> int:
        return sum(rows.array.nbytes for rows in (self._boxes, self._buffers, self._cells))

    def box(self, zones: ZoneArrays, zone: int, buffer_m: float) -> Boxes:
        """The row ``f32[8]`` of a zone's box with a buffer; it names the field, laid now if it is new."""
        number = self._numbers.get((zone, buffer_m))
        if number is None:
            number = self._lay(zones, zone, buffer_m)
            self._numbers[zone, buffer_m] = number
        return self._boxes.array[number]

    def _lay(self, zones: ZoneArrays, zone: int, buffer_m: float) -> int:
        reach_m = max(buffer_m, ON_EDGE_M)
        box = np.zeros((1, BOX_COLUMNS), dtype=np.float32)
        box[0, :5] = (*box_around(zones, zone, buffer_m), reach_m)
        cells = np.zeros((1, CELLS), dtype=np.int8)
        # Within a corridor each distance may be a search: some thousand of them would be felt.
        if zones.ints[zone, KIND] != CORRIDOR and box[0, 2:4].max() <= FIELD_HALF_MAX_DEG:
            from emon.geofence.field_kernels import lay_field

            box[0, _UNIT] = lay_field(zones, zone, box, np.empty(CELLS), cells[0], FIELD_DISTANCE_MAX_M)
        whole: npt.NDArray[np.int32] = box.view(np.int32)
        whole[0, _FIELD], whole[0, _ZONE] = len(self), zone
        self._boxes.extend(box)
        self._buffers.extend(np.array([reach_m]))
        return self._cells.extend(cells)
