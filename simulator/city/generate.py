"""A city from a seed: a river with bridges and a tunnel, a worn street grid, radials, parks, tower
blocks, buildings, and a railway that dives under the middle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.city.build import built
from simulator.city.city import City
from simulator.city.plane import plane_about
from simulator.city.streets import Floats, Streets, Way, streets_of
from simulator.path import Surroundings
from simulator.seeds import generator

Flags = NDArray[np.bool_]

MIDDLE = (5.1, 52.09)
"""Of a generated city: anywhere in the Netherlands would do, so that local time is that of the orders."""
_HALF_M = 4_000.0
_BLOCK_M = (130.0, 190.0)
_ARTERIAL_EACH = 5  # every fifth street is an arterial
_RADIALS = 7
_WORN_SHARE = 0.10  # of the streets that a grid would have


@dataclass(frozen=True, slots=True)
class Terrain:
    """Where streets are not as elsewhere: the river's middle line by its sine, lakes, parks and towers as
    discs ``(x, y, radius)``."""

    sway_m: float
    wave_m: float
    shift_m: float
    phase: float
    width_m: float
    lakes: Floats
    parks: Floats
    towers: Floats

    def river_y(self, x: Floats) -> Floats:
        """The river's middle at x, as f64 of the same shape."""
        return np.asarray(self.shift_m + self.sway_m * np.sin(x / self.wave_m * 2.0 * np.pi + self.phase))

    def wet(self, x: Floats, y: Floats) -> Flags:
        """In the river or a lake."""
        river = np.abs(y - self.river_y(x)) < self.width_m / 2.0
        return np.asarray(river | within(self.lakes, x, y))


def within(discs: Floats, x: Floats, y: Floats) -> Flags:
    """Whether points lie in any of the discs f64[k, 3]."""
    off_m = np.hypot(np.asarray(x)[..., None] - discs[:, 0], np.asarray(y)[..., None] - discs[:, 1])
    return np.asarray((off_m <= discs[:, 2]).any(axis=-1))


def generated_city(seed: int) -> City:
    """The city of this seed, about 8 km across: the same for ever."""
    rng = generator(seed, "city")
    terrain = _terrain(rng)
    streets = _streets(terrain, rng)
    return built(f"city-{seed}", plane_about(*MIDDLE), _HALF_M + 500.0, streets, rng, terrain.wet)


def _terrain(rng: np.random.Generator) -> Terrain:
    def discs(count: int, most_m: float, low_m: float, high_m: float) -> Floats:
        return np.stack(
            [
                rng.uniform(-most_m, most_m, count),
                rng.uniform(-most_m, most_m, count),
                rng.uniform(low_m, high_m, count),
            ],
            axis=1,
        )

    middle = np.array([[rng.uniform(-200.0, 200.0), rng.uniform(-200.0, 200.0), rng.uniform(400.0, 650.0)]])
    return Terrain(
        sway_m=rng.uniform(150.0, 400.0),
        wave_m=rng.uniform(5_000.0, 9_000.0),
        shift_m=rng.uniform(900.0, 1_600.0) * rng.choice([-1.0, 1.0]),
        phase=rng.uniform(0.0, 2.0 * np.pi),
        width_m=rng.uniform(90.0, 160.0),
        lakes=discs(2, 3_500.0, 150.0, 350.0),
        parks=discs(4, 3_000.0, 180.0, 400.0),
        towers=np.concatenate([middle, discs(2, 2_500.0, 200.0, 350.0)]),
    )


def _streets(terrain: Terrain, rng: np.random.Generator) -> Streets:
    block_m = rng.uniform(*_BLOCK_M)
    count = int(2.0 * _HALF_M / block_m) + 1
    column, row = (grid.ravel() for grid in np.meshgrid(np.arange(count), np.arange(count), indexing="ij"))
    main = (column % _ARTERIAL_EACH == 0) | (row % _ARTERIAL_EACH == 0)
    worn = np.where(main, 0.06, 0.18) * block_m
    x = (column - (count - 1) / 2.0) * block_m + worn * rng.uniform(-1.0, 1.0, column.size)
    y = (row - (count - 1) / 2.0) * block_m + worn * rng.uniform(-1.0, 1.0, column.size)
    index = np.arange(column.size)
    east, north = index[column < count - 1], index[row < count - 1]
    a = np.concatenate([east, north])
    b = np.concatenate([east + count, north + 1])
    arterial = np.concatenate([row[east] % _ARTERIAL_EACH == 0, column[north] % _ARTERIAL_EACH == 0])
    x, y, a, b, arterial = _with_radials(x, y, a, b, arterial, block_m)
    y = _off_the_river(terrain, x, y)
    worn_away = ~arterial & (rng.random(a.size) < _WORN_SHARE)
    dry = ~within(terrain.lakes, x, y)
    crosses = (y[a] > terrain.river_y(x[a])) != (y[b] > terrain.river_y(x[b]))
    kept = ~worn_away & dry[a] & dry[b] & (~crosses | arterial)
    a, b, arterial, crosses = a[kept], b[kept], arterial[kept], crosses[kept]
    middle_x, middle_y = (x[a] + x[b]) / 2.0, (y[a] + y[b]) / 2.0
    way = np.where(arterial, Way.ARTERIAL, Way.STREET).astype(np.int8)
    bridges = np.flatnonzero(crosses)
    if bridges.size > 2:  # the one nearest the middle dives
        way[bridges[np.argmin(np.abs(middle_x[bridges]))]] = Way.TUNNEL
    park = within(terrain.parks, middle_x, middle_y) & ~arterial
    way[park] = Way.FOOTWAY
    around = np.full(a.size, Surroundings.STREET, np.int8)
    around[within(terrain.towers, middle_x, middle_y)] = Surroundings.CANYON
    edge_of_town = np.maximum(np.abs(middle_x), np.abs(middle_y)) > 0.85 * _HALF_M
    around[park | crosses | edge_of_town] = Surroundings.OPEN
    around[way == Way.TUNNEL] = Surroundings.TUNNEL
    return streets_of(x, y, a.astype(np.int32), b.astype(np.int32), way, around)


def _with_radials(
    x: Floats, y: Floats, a: NDArray[np.intp], b: NDArray[np.intp], arterial: Flags, block_m: float
) -> tuple[Floats, Floats, NDArray[np.intp], NDArray[np.intp], Flags]:
    """Arterials from the middle outwards; each of their nodes also meets the grid's nearest one."""
    step_m = np.arange(block_m, _HALF_M * 0.95, 1.2 * block_m)
    angle = 2.0 * np.pi * (np.arange(_RADIALS) + 0.37) / _RADIALS
    new_x = (np.cos(angle)[:, None] * step_m).ravel()
    new_y = (np.sin(angle)[:, None] * step_m).ravel()
    number = (len(x) + np.arange(new_x.size)).reshape(_RADIALS, step_m.size)
    off_m = np.hypot(new_x[:, None] - x, new_y[:, None] - y)
    nearest = np.argmin(off_m, axis=1)
    rays = number[:, :-1].ravel(), number[:, 1:].ravel()
    along = np.ones(rays[0].size, np.bool_)
    return (
        np.concatenate([x, new_x]),
        np.concatenate([y, new_y]),
        np.concatenate([a, rays[0], number.ravel()]),
        np.concatenate([b, rays[1], nearest]),
        np.concatenate([arterial, along, np.zeros(new_x.size, np.bool_)]),
    )


def _off_the_river(terrain: Terrain, x: Floats, y: Floats) -> Floats:
    """Nodes that would stand in the river stand on its nearer bank."""
    middle_y = terrain.river_y(x)
    bank_m = terrain.width_m / 2.0 + 25.0
    near = np.abs(y - middle_y) < bank_m
    return np.where(near, middle_y + np.where(y >= middle_y, bank_m, -bank_m), y)
