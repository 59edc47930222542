"""Ways through the city: for each destination the quickest next step from everywhere, made once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from enum import IntEnum
from typing import Any, NamedTuple, TypeVar

import numba
import numpy as np
from numpy.typing import NDArray

from simulator.city.streets import Floats, Indices, Streets, Way

Function = TypeVar("Function", bound=Callable[..., Any])
Flags = NDArray[np.bool_]

CAR_M_S = {Way.STREET: 8.3, Way.ARTERIAL: 13.9, Way.TUNNEL: 13.9}
"""30 km/h in streets and 50 km/h on arterials, the limits of Dutch towns."""


class Network(IntEnum):
    """Who travels: cars keep to what they may drive, and choose by time; all others by distance."""

    FOOT = 0
    CAR = 1


class Tree(NamedTuple):
    """To one node: ``cost`` f64[n] (metres, or seconds by car), next ``node``, ``edge`` i32[n], -1 none."""

    cost: Floats
    node: Indices
    edge: Indices


def _compiled(function: Function) -> Function:
    kernel: Any = numba.njit(error_model="numpy", nogil=True)(function)
    if kernel is not function:  # the same under NUMBA_DISABLE_JIT=1
        with suppress(RuntimeError):  # neither the package nor the user's cache can be written
            kernel.enable_caching()
    found: Function = kernel
    return found


class Router:
    """Routes along the streets; edges in ``blocked`` are never used."""

    def __init__(self, streets: Streets, blocked: Flags | None = None) -> None:
        self.streets = streets
        self._trees: dict[tuple[Network, int], Tree] = {}
        free = np.ones(len(streets.a), np.bool_) if blocked is None else ~blocked
        speeds = np.array([CAR_M_S.get(way, np.nan) for way in Way])[streets.way]
        drivable = free & (streets.way != Way.FOOTWAY)
        self._weights = {
            Network.FOOT: np.where(free, streets.length_m, np.inf),
            Network.CAR: np.where(drivable, streets.length_m / speeds, np.inf),
        }

    def weight(self, network: Network, edge: int) -> float:
        """What the whole edge costs, infinite where it may not be used."""
        return float(self._weights[network][edge])

    def tree(self, network: Network, node: int) -> Tree:
        """The tree of this destination, made when first asked for."""
        key = (network, node)
        found = self._trees.get(key)
        if found is None:
            count = len(self.streets.x)
            found = Tree(np.empty(count), np.empty(count, np.int32), np.empty(count, np.int32))
            s = self.streets
            _spread(s.first, s.other, s.edge, self._weights[network], node, *found)
            self._trees[key] = found
        return found

    def steps(self, network: Network, start: int, node: int) -> tuple[Indices, Indices]:
        """Nodes i32[k + 1] from start to node and the edges i32[k] between; ``ValueError`` where none."""
        tree = self.tree(network, node)
        if not np.isfinite(tree.cost[start]):
            raise ValueError(f"no way from node {start} to {node}")
        nodes = np.empty(len(self.streets.x), np.int32)
        edges = np.empty(len(self.streets.x), np.int32)
        count = _followed(tree.node, tree.edge, start, nodes, edges)
        return nodes[: count + 1], edges[:count]


@_compiled
def _spread(
    first: Indices,
    other: Indices,
    edge: Indices,
    weight: Floats,
    target: int,
    cost: Floats,
    next_node: Indices,
    next_edge: Indices,
) -> None:
    """Dijkstra's algorithm from the target outwards, with a binary heap that keeps stale entries."""
    cost[:] = np.inf
    next_node[:] = -1
    next_edge[:] = -1
    keys = np.empty(len(other) + 1)
    names = np.empty(len(other) + 1, np.int32)
    cost[target] = 0.0
    keys[0], names[0], size = 0.0, target, 1
    while size > 0:
        near, here = keys[0], names[0]
        size -= 1
        key, name, hole = keys[size], names[size], 0
        while True:
            child = 2 * hole + 1
            if child >= size:
                break
            if child + 1 < size and keys[child + 1] < keys[child]:
                child += 1
            if keys[child] >= key:
                break
            keys[hole], names[hole] = keys[child], names[child]
            hole = child
        keys[hole], names[hole] = key, name
        if near > cost[here]:
            continue
        for k in range(first[here], first[here + 1]):
            there, through = other[k], near + weight[edge[k]]
            if through < cost[there]:
                cost[there], next_node[there], next_edge[there] = through, here, edge[k]
                hole = size
                size += 1
                while hole > 0 and keys[(hole - 1) // 2] > through:
                    keys[hole], names[hole] = keys[(hole - 1) // 2], names[(hole - 1) // 2]
                    hole = (hole - 1) // 2
                keys[hole], names[hole] = through, there


@_compiled
def _followed(next_node: Indices, next_edge: Indices, start: int, nodes: Indices, edges: Indices) -> int:
    here, count = start, 0
    nodes[0] = start
    while next_node[here] >= 0:
        edges[count] = next_edge[here]
        here = next_node[here]
        count += 1
        nodes[count] = here
    return count
