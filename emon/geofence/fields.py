"""Fields: of a zone and a buffer the box around both, and a number a cell that bounds the distance in it.

``field_kernels.py`` says what they decide. Every watch over a table shares its fields, and each is laid
when a watch first asks for that zone with that buffer.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from emon.geofence.boxes import box_around
from emon.geofence.layout import CORRIDOR, KIND, Boxes, Steps, ZoneArrays
from emon.geofence.rows import Rows
from emon.geofence.wgs84 import Floats
from emon.limits import FIELD_DISTANCE_MAX_M, FIELD_HALF_MAX_DEG, ON_EDGE_M

# Of field_kernels, which compiles when imported.
BOX_COLUMNS, CELLS, IN_A_ROW = 8, 32 * 32, 16
_FIELD, _ZONE = 6, 7
_CELLS_FROM, _ROWS_MAX = 1, 65 + CELLS


class Fields:
    """By number, as rows that only grow, as the table's do."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[int, float], int] = {}
        self._boxes = Rows(np.float32, BOX_COLUMNS)
        self._rows = Rows(np.int16, IN_A_ROW)

    def __len__(self) -> int:
        return len(self._numbers)

    @property
    def cells(self) -> Steps:
        """``i16[rows, 16]``, a field's one after another; those beyond the last field's are unset."""
        return self._rows.array

    @property
    def heads(self) -> Floats:
        """The same memory as ``f64[rows, 4]``: of a field's first row the first is its buffer in metres."""
        heads: Floats = self._rows.array.view(np.float64)
        return heads

    @property
    def nbytes(self) -> int:
        return self._boxes.array.nbytes + self._rows.array.nbytes

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
        rows, count = np.zeros((_ROWS_MAX, IN_A_ROW), dtype=np.int16), _CELLS_FROM
        # Within a corridor each distance may be a search: some thousand of them would be felt.
        if zones.ints[zone, KIND] != CORRIDOR and box[0, 2:4].max() <= FIELD_HALF_MAX_DEG:
            from emon.geofence.field_kernels import exact_field, lay_field

            asked = zones, zone, box, np.empty(CELLS), rows, FIELD_DISTANCE_MAX_M, reach_m
            count = lay_field(*asked) or exact_field(*asked)
        rows[:_CELLS_FROM].view(np.float64)[0, 0] = reach_m
        whole: npt.NDArray[np.int32] = box.view(np.int32)
        whole[0, _FIELD], whole[0, _ZONE] = self._rows.extend(rows[:count]), zone
        return self._boxes.extend(box)
