"""Buildings beside the streets: where people live, work, shop, learn and are protected."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.city.streets import Codes, Floats, Indices, Streets, Way
from simulator.path import Surroundings

SETBACK_M = (10.0, 25.0)  # a building's middle from the middle of its street


class Use(IntEnum):
    """What a building is for."""

    HOME = 0
    WORK = 1
    SHOP = 2
    SCHOOL = 3
    STATION = 4
    PARK = 5  # no building: a spot in a park


class Places(NamedTuple):
    """Buildings, n each: ``x``, ``y`` metres; ``edge`` their street, ``foot_x``, ``foot_y`` the door's point
    on it, ``along`` its share of the way from the edge's a to its b; ``use`` and ``indoors`` codes of
    ``Use`` and ``Surroundings``; ``garage`` whether cars park in a garage there."""

    x: Floats
    y: Floats
    edge: Indices
    foot_x: Floats
    foot_y: Floats
    along: Floats
    use: Codes
    indoors: Codes
    garage: NDArray[np.bool_]

    def of(self, *uses: Use) -> NDArray[np.intp]:
        """The numbers of all places of these uses."""
        found = self.use == uses[0]
        for use in uses[1:]:
            found |= self.use == use
        return np.flatnonzero(found)


def beside(streets: Streets, edges: Indices, use: Use, rng: np.random.Generator) -> Places:
    """A building of this use at each of the edges, somewhere along it, to one side."""
    count = len(edges)
    along = rng.uniform(0.1, 0.9, count)
    ax, ay = streets.x[streets.a[edges]], streets.y[streets.a[edges]]
    dx, dy = streets.x[streets.b[edges]] - ax, streets.y[streets.b[edges]] - ay
    long_m = np.maximum(streets.length_m[edges], 1e-6)
    aside_m = rng.uniform(*SETBACK_M, count) * rng.choice([-1.0, 1.0], count)
    foot_x, foot_y = ax + along * dx, ay + along * dy
    indoors = np.full(count, Surroundings.OPEN if use == Use.PARK else Surroundings.INDOOR, np.int8)
    return Places(
        foot_x - dy / long_m * aside_m,
        foot_y + dx / long_m * aside_m,
        edges.astype(np.int32),
        foot_x,
        foot_y,
        along,
        np.full(count, use, np.int8),
        indoors,
        np.zeros(count, np.bool_),
    )


def all_of(parts: list[Places]) -> Places:
    """The places of all parts, in their order."""
    return Places(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def drawn_edges(
    streets: Streets, allowed: NDArray[np.bool_], weight: Floats, count: int, rng: np.random.Generator
) -> Indices:
    """So many edges, by their length times ``weight``; bridges, tunnels and what is not allowed never.

    Raises ``ValueError`` where no edge is left to build on.
    """
    share = np.where(allowed & (streets.way != Way.TUNNEL), streets.length_m * weight, 0.0)
    total = share.sum()
    if not total > 0.0:
        raise ValueError("no street on which to build")
    return rng.choice(len(share), count, p=share / total).astype(np.int32)
