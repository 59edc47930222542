"""A receiver's numbers as the kernels read them: a record for each kind of surroundings, one for the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Table = NDArray[np.void]


def table_of(parts: Sequence[Any], skip: tuple[str, ...] = ()) -> Table:
    """A structured array with a record for each part: f64 fields, those of nested parts behind their name.

    Bounds become ``NAME_low`` and ``NAME_high``, zero both where there are none.
    """
    rows = [_flat("", part, skip) for part in parts]
    names = list(rows[0])
    found = np.zeros(len(rows), dtype=[(name, np.float64) for name in names])
    for number, row in enumerate(rows):
        found[number] = tuple(row[name] for name in names)
    return found


def _flat(prefix: str, part: Any, skip: tuple[str, ...]) -> dict[str, float]:
    found: dict[str, float] = {}
    for name in (f.name for f in fields(part) if f.name not in skip):
        value = getattr(part, name)
        if is_dataclass(value):
            found |= _flat(f"{name}_", value, skip)
        elif isinstance(value, tuple) or value is None:
            found[f"{prefix}{name}_low"], found[f"{prefix}{name}_high"] = value or (0.0, 0.0)
        else:
            found[f"{prefix}{name}"] = float(value)
    return found
