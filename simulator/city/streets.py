"""Streets as a graph in the plane, and what is around whoever moves along them."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.path import Surroundings

Floats = NDArray[np.float64]
Indices = NDArray[np.int32]
Codes = NDArray[np.int8]


class Way(IntEnum):
    """What kind of way an edge is."""

    STREET = 0
    ARTERIAL = 1
    FOOTWAY = 2  # no cars
    TUNNEL = 3  # an arterial under the river


class Streets(NamedTuple):
    """Nodes ``x``, ``y`` f64[n] metres; edges from ``a`` to ``b`` i32[m], both ways, straight.

    ``way`` i8[m] a code of ``Way``, ``around`` i8[m] one of ``Surroundings`` for who walks there,
    ``length_m`` f64[m]. ``first`` i32[n + 1], ``other`` and ``edge`` i32[2 m]: the neighbours of node i are
    ``other[first[i]:first[i + 1]]``, over the edges ``edge[...]``.
    """

    x: Floats
    y: Floats
    a: Indices
    b: Indices
    way: Codes
    around: Codes
    length_m: Floats
    first: Indices
    other: Indices
    edge: Indices


def streets_of(x: Floats, y: Floats, a: Indices, b: Indices, way: Codes, around: Codes) -> Streets:
    """The graph of these nodes and edges, of which the largest connected part is kept."""
    kept = _largest_part(len(x), a, b)
    number = np.cumsum(kept) - 1
    inside = kept[a]
    a, b = number[a[inside]].astype(np.int32), number[b[inside]].astype(np.int32)
    x, y, way, around = x[kept], y[kept], way[inside], around[inside]
    length_m = np.hypot(x[b] - x[a], y[b] - y[a])
    tail = np.concatenate([a, b])
    order = np.argsort(tail, kind="stable")
    first = np.zeros(len(x) + 1, np.int32)
    np.cumsum(np.bincount(tail, minlength=len(x)), out=first[1:])
    edges = np.tile(np.arange(len(a), dtype=np.int32), 2)
    other = np.concatenate([b, a])[order]
    return Streets(x, y, a, b, way, around, length_m, first, other, edges[order])


def _largest_part(count: int, a: Indices, b: Indices) -> NDArray[np.bool_]:
    """Labels spread along edges until none changes: the smallest node number of a part is its label."""
    label = np.arange(count)
    while True:
        before = label.copy()
        np.minimum.at(label, a, label[b])
        np.minimum.at(label, b, label[a])
        label = label[label]
        if np.array_equal(label, before):
            break
    sizes = np.bincount(label, minlength=count)
    kept: NDArray[np.bool_] = label == int(np.argmax(sizes))
    return kept


def surroundings_by_vehicle(around: Codes, way: Codes, vehicle: Surroundings) -> Codes:
    """What is around whoever drives there: the vehicle, but a tunnel and tower blocks stay what they are."""
    kept = (around == Surroundings.CANYON) | (way == Way.TUNNEL)
    return np.where(kept, np.where(way == Way.TUNNEL, Surroundings.TUNNEL, around), vehicle).astype(np.int8)
