"""What makes a zone impossible: every fault by its path, and the outline of a zone without one."""

from __future__ import annotations

import math
import re

import numpy as np
import shapely

from emon.geofence.outline import Outline, area_outline, emptied, lay_ring, line_outline
from emon.geofence.pieces import edge_lengths_m
from emon.geofence.wgs84 import Floats, to_half_open
from emon.limits import OUTLINE_LENGTH_MAX_M, RADIUS_MAX_M, VERTICES_MAX
from emon.model.order import AreaZone, CircleZone, CorridorZone, Fault, Ring, Zone

_AT = re.compile(r"\[(\S+) (\S+)\]")


def zone_faults(zone: Zone, path: str) -> list[Fault]:
    """Everything that makes a zone impossible to arm, each by its path; empty for a good zone.

    ``path`` is the zone's own (``orders[0].conditions[0].zone``). A single part is named as a
    Polygon's (``.coordinates[ring][vertex]``), several as a MultiPolygon's.
    """
    return examined(zone, path)[0]


def examined(zone: Zone, path: str) -> tuple[list[Fault], Outline | None]:
    """The zone's faults, and where it has none its outline (a corridor's line); none of a circle."""
    if isinstance(zone, CircleZone):
        faults = _position_faults(zone.center, _member(path, "center"))
        return faults + _metre_faults(zone.radius_m, _member(path, "radius_m")), None
    if isinstance(zone, CorridorZone):
        faults = _corridor_faults(zone, path)
        outline = None if faults else line_outline(zone)
    else:
        faults = _area_faults(zone, _member(path, "coordinates"))
        outline = None if faults else area_outline(zone)
        if outline is not None and not np.any(~outline.ghost):
            faults = [Fault(path, "the zone encloses no area, or all of the Earth")]
    if outline is not None and not faults:
        faults = _length_faults(outline, path)
    return faults, outline


def _member(path: str, name: str) -> str:
    """A member's path; of a zone that is the whole document, its bare name."""
    return f"{path}.{name}" if path else name


def _metre_faults(metres: float, path: str) -> list[Fault]:
    if math.isfinite(metres) and 0.0 < metres <= RADIUS_MAX_M:
        return []
    return [Fault(path, f"{metres:g} m; must be above 0 and at most {RADIUS_MAX_M:g}")]


def _position_faults(position: tuple[float, float], path: str) -> list[Fault]:
    lon, lat = position
    faults = []
    if not -180.0 <= lon <= 180.0:  # false for NaN too
        faults.append(Fault(path, f"longitude {lon:.15g} is beyond ±180"))
    if not -90.0 <= lat <= 90.0:
        faults.append(Fault(path, f"latitude {lat:.15g} is beyond ±90"))
    return faults


def _corridor_faults(zone: CorridorZone, path: str) -> list[Fault]:
    coordinates = _member(path, "coordinates")
    faults = _metre_faults(zone.width_m, _member(path, "width_m"))
    if len(zone.line) < 2:
        faults.append(Fault(coordinates, "a corridor's line has at least two positions"))
    if len(zone.line) > VERTICES_MAX:
        faults.append(Fault(coordinates, f"{len(zone.line)} vertices; at most {VERTICES_MAX}"))
    for i, position in enumerate(zone.line):
        faults += _position_faults(position, f"{coordinates}[{i}]")
    return faults


def _length_faults(outline: Outline, path: str) -> list[Fault]:
    length_m = float(edge_lengths_m(outline).sum())
    if length_m <= OUTLINE_LENGTH_MAX_M:
        return []
    return [Fault(path, f"{length_m / 1e3:.0f} km of edges; at most {OUTLINE_LENGTH_MAX_M / 1e3:.0f}")]


def _area_faults(zone: AreaZone, path: str) -> list[Fault]:
    if not zone.parts or not all(zone.parts):
        return [Fault(path, "a polygon has at least one ring")]
    vertices = sum(len(_open(ring)) for part in zone.parts for ring in part)
    if vertices > VERTICES_MAX:
        return [Fault(path, f"{vertices} vertices; at most {VERTICES_MAX}")]
    faults = []
    for p, part in enumerate(zone.parts):
        part_path = path if len(zone.parts) == 1 else f"{path}[{p}]"
        of_part = [fault for r, ring in enumerate(part) for fault in _ring_faults(ring, f"{part_path}[{r}]")]
        if not of_part and emptied(part):
            of_part.append(Fault(part_path, "the holes leave nothing of their shell"))
        faults += of_part
    return faults


def _open(ring: Ring) -> Ring:
    return ring[:-1] if len(ring) > 1 and ring[0] == ring[-1] else ring


def _ring_faults(ring: Ring, path: str) -> list[Fault]:
    corners = _open(ring)
    faults = [f for i, position in enumerate(corners) for f in _position_faults(position, f"{path}[{i}]")]
    if faults:
        return faults
    if len(set(corners)) < 3:
        return [Fault(path, f"a ring has at least three different corners, this one {len(set(corners))}")]
    laid = lay_ring(corners)
    if abs(laid.turns) > 1:
        return [Fault(path, f"the ring runs {abs(laid.turns)} times round the Earth and so crosses itself")]
    polygon = shapely.Polygon(laid.xy)
    if polygon.is_valid:
        return []
    reason = shapely.is_valid_reason(polygon)
    if polygon.convex_hull.area == 0.0 or "Too few points" in reason:
        return [Fault(path, "the ring encloses no area")]
    if reason.startswith("Ring Self-intersection"):
        return []  # touches itself at a point without crossing
    return [_crossing_fault(laid.xy, len(corners), reason, path)]


def _crossing_fault(xy: Floats, corners: int, reason: str, path: str) -> Fault:
    """Names the vertex at which the last edge through the crossing begins."""
    found = _AT.search(reason)
    if found is None:
        return Fault(path, "the ring crosses itself")
    at = np.array([float(found.group(1)), float(found.group(2))])
    start, along = xy[:-1], np.diff(xy, axis=0)
    length2 = np.maximum(np.sum(along * along, axis=1), 1e-300)
    share = np.clip(np.sum((at - start) * along, axis=1) / length2, 0.0, 1.0)
    away = np.linalg.norm(start + share[:, None] * along - at, axis=1)[:corners]
    through = np.flatnonzero(away <= away.min() + 1e-9)
    vertex = int(through[-1])
    lon = float(to_half_open(at[:1])[0])
    place = f"longitude {lon:.7f}, latitude {at[1]:.7f}"
    return Fault(f"{path}[{vertex}]", f"the ring crosses itself near {place}")
