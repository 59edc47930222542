"""Zones that a receiver cannot tell apart, or that somebody drew otherwise than he meant."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import shapely
import shapely.affinity

from emon.geofence.outline import area_m2, area_outline, lay_ring, unwrapped
from emon.geofence.pieces import edge_lengths_m
from emon.geofence.wgs84 import METRES_PER_DEGREE_MAX, Floats
from emon.limits import (
    NETHERLANDS_DEG,
    RECEIVER_ERROR_M,
    SPIKE_ANGLE_DEG,
    SPIKE_LENGTH_M,
    VERTICES_APART_M,
)
from emon.model.order import AreaZone, CircleZone, CorridorZone, Fault, Ring, Zone

_NAMED_AT_MOST = 5
"""Places of one kind that are named in a ring; the rest are counted."""


def zone_remarks(zone: Zone, path: str, *, parted: bool = False) -> Iterable[Fault]:
    """What is unwise in one zone; ``parted`` where an area of one part came as a MultiPolygon."""
    width_m = mean_width_m(zone)
    if width_m < 2 * RECEIVER_ERROR_M:
        yield Fault(
            path,
            f"about {width_m:.0f} m wide; a receiver indoors errs by {RECEIVER_ERROR_M:.0f} m to either "
            "side, so hardly any fix can show for certain that somebody is inside",
        )
    lon, lat = _a_position(zone)
    if not _in_the_netherlands(lon, lat) and _in_the_netherlands(lat, lon):
        yield Fault(
            path, f"longitude {lon:g}, latitude {lat:g}: the two look exchanged; longitude comes first"
        )
    if isinstance(zone, CorridorZone):
        yield from _close_vertices(zone.line, f"{path}.coordinates")
    elif isinstance(zone, AreaZone):
        for p, part in enumerate(zone.parts):
            parted = parted or len(zone.parts) > 1
            rings = f"{path}.coordinates[{p}]" if parted else f"{path}.coordinates"
            for r, ring in enumerate(part):
                yield from _close_vertices(ring, f"{rings}[{r}]")
                yield from _spikes(ring, f"{rings}[{r}]")
            yield from _holes_outside(part, rings)


def _metres(ring: Ring) -> Floats:
    """A ring or line in metres of its own latitudes: good for the lengths and angles of single edges."""
    xy = unwrapped(ring)
    middle = np.radians(xy[:, 1].mean())
    return xy * (METRES_PER_DEGREE_MAX * np.array([np.cos(middle), 1.0]))


def _close_vertices(ring: Ring, path: str) -> Iterable[Fault]:
    """Neighbours that no distance tells apart: on the edge means within half a millimetre of it."""
    steps_m = np.linalg.norm(np.diff(_metres(ring), axis=0), axis=1)
    places = np.flatnonzero(steps_m < VERTICES_APART_M)
    for i in places[:_NAMED_AT_MOST]:
        yield Fault(
            f"{path}[{i + 1}]",
            f"{steps_m[i] * 1e3:.2g} mm from the vertex before; they cannot be told apart",
        )
    yield from _others(places, path, "vertices cannot be told apart from those before")


def _spikes(ring: Ring, path: str) -> Iterable[Fault]:
    """Vertices at which the outline turns nearly back on itself."""
    corners = _metres(ring)[:-1]
    back, ahead = np.roll(corners, 1, axis=0) - corners, np.roll(corners, -1, axis=0) - corners
    shorter_m = np.minimum(np.linalg.norm(back, axis=1), np.linalg.norm(ahead, axis=1))
    across = np.abs(back[:, 0] * ahead[:, 1] - back[:, 1] * ahead[:, 0])
    angle_deg = np.degrees(np.arctan2(across, np.sum(back * ahead, axis=1)))
    places = np.flatnonzero((shorter_m >= SPIKE_LENGTH_M) & (angle_deg < SPIKE_ANGLE_DEG))
    for i in places[:_NAMED_AT_MOST]:
        yield Fault(
            f"{path}[{i}]",
            f"a spike of {angle_deg[i]:.2g}°, {shorter_m[i]:.0f} m long or more: the outline turns back here",
        )
    yield from _others(places, path, "spikes")


def _others(places: np.ndarray, path: str, what: str) -> Iterable[Fault]:
    if len(places) > _NAMED_AT_MOST:
        yield Fault(path, f"{len(places) - _NAMED_AT_MOST} more {what}")


def _holes_outside(part: tuple[Ring, ...], path: str) -> Iterable[Fault]:
    """Holes that take away what is not there, wholly or in part."""
    if len(part) < 2:
        return
    shell = lay_ring(part[0])
    outer = shapely.make_valid(shapely.Polygon(shell.xy))
    for r, ring in enumerate(part[1:], start=1):
        hole = lay_ring(ring)
        if shell.turns or hole.turns:
            continue  # about a pole one plane does not show both
        inner = shapely.make_valid(shapely.Polygon(hole.xy))
        turns = (shapely.affinity.translate(inner, turn) for turn in (-360.0, 0.0, 360.0))
        within = max(shapely.intersection(outer, turned).area for turned in turns)
        if within == 0.0:
            yield Fault(f"{path}[{r}]", "the hole lies outside its shell and takes nothing away")
        elif within < inner.area * (1.0 - 1e-9):
            yield Fault(f"{path}[{r}]", "the hole reaches beyond its shell")


def mean_width_m(zone: Zone) -> float:
    """Four times the area over the perimeter: a disc's diameter, a square's side, twice a strip's width."""
    if isinstance(zone, CircleZone):
        return 2 * zone.radius_m
    if isinstance(zone, AreaZone):
        outline = area_outline(zone)
        return 4 * area_m2(outline) / float(edge_lengths_m(outline).sum())
    return 2 * zone.width_m


def _a_position(zone: Zone) -> tuple[float, float]:
    if isinstance(zone, CircleZone):
        return zone.center
    return zone.parts[0][0][0] if isinstance(zone, AreaZone) else zone.line[0]


def _in_the_netherlands(lon: float, lat: float) -> bool:
    west, south, east, north = NETHERLANDS_DEG
    return west <= lon <= east and south <= lat <= north
