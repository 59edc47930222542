"""At which stretch of which zone's edge an alert was decided.

Pure. The geofence answers which point of the outline is nearest to a fix; here that point is given a name.
Outlines are cut into stretches of whole edges, from the ring's first vertex on, each at least
``FEEDBACK_STRETCH_MIN_M`` long: an edge of a finely drawn outline alone would have no alerts to speak of. A
circle has eight stretches, by the wind; a corridor those of its line.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

import msgspec
import numpy as np

from emon.feedback.rows import FiledAlert
from emon.geofence.relation import nearest_points, signed_distances
from emon.geofence.zones import ZoneTable
from emon.limits import FEEDBACK_STRETCH_MIN_M
from emon.model.order import CircleZone, Condition, CorridorZone, OrderVersion, Ring, Zone
from emon.model.span import offset_m, span_m
from emon.model.vocabulary import Kind

WINDS = ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west")


class AtEdge(msgspec.Struct, frozen=True):
    """``zone``: the zone's name, the same for equal zones of several orders. ``edge``: the stretch of it.
    ``distance_m``: of the fix to the outline. ``wrong_m``: how far it lay on the wrong side, negative where
    it lay on the right one."""

    zone: str
    edge: str
    distance_m: float
    wrong_m: float


def at_edges(alerts: Sequence[FiledAlert], decided: Sequence[OrderVersion]) -> dict[str, AtEdge]:
    """By alert: the edge that it was decided at. Alerts without a fix or a zone have none."""
    conditions = {
        (one.id, one.version, condition.id): condition for one in decided for condition in one.conditions
    }
    table = ZoneTable()
    asked: list[tuple[FiledAlert, Condition, int]] = []
    names: dict[int, str] = {}
    for alert in alerts:
        condition = conditions.get((alert.order or "", alert.version or 0, alert.condition or ""))
        if condition is None or condition.zone is None or alert.fix is None:
            continue
        index = table.add(condition.zone)
        name = f"{alert.order}/{condition.id}"
        names[index] = min(names.get(index, name), name)
        asked.append((alert, condition, index))
    if not asked:
        return {}
    lon = np.array([alert.fix.lon for alert, _, _ in asked if alert.fix])
    lat = np.array([alert.fix.lat for alert, _, _ in asked if alert.fix])
    zones = np.array([index for _, _, index in asked], dtype=np.int64)
    at_lon, at_lat = nearest_points(table, zones, lon, lat)
    distance = signed_distances(table, zones, lon, lat)
    cuts: dict[int, list[_Stretch]] = {}
    found: dict[str, AtEdge] = {}
    for row, (alert, condition, index) in enumerate(asked):
        assert condition.zone is not None
        place = (float(lon[row]), float(lat[row]))
        nearest = (float(at_lon[row]), float(at_lat[row]))
        if isinstance(condition.zone, CircleZone):
            edge = _wind(condition.zone.center, place)
        else:
            stretches = cuts.setdefault(index, list(_stretches(condition.zone)))
            edge = min(stretches, key=lambda one: _off_deg(one, nearest)).name
        outside_m = float(distance[row])
        wrong_m = -outside_m if condition.kind is Kind.EXCLUSION else outside_m
        found[alert.id] = AtEdge(names[index], edge, abs(outside_m), wrong_m)
    return found


class _Stretch(msgspec.Struct, frozen=True):
    name: str
    line: tuple[tuple[float, float], ...]


def _stretches(zone: Zone) -> Iterator[_Stretch]:
    if isinstance(zone, CorridorZone):
        yield from _cut(zone.line, "line")
        return
    assert not isinstance(zone, CircleZone)
    for p, part in enumerate(zone.parts):
        for r, ring in enumerate(part):
            where = f"part {p + 1} " if len(zone.parts) > 1 else ""
            yield from _cut(ring, f"{where}{'outline' if r == 0 else f'hole {r}'}")


def _cut(line: Ring, name: str) -> Iterator[_Stretch]:
    """Whole edges together until they are long enough; what is left over joins the last."""
    runs: list[list[tuple[float, float]]] = []
    length_m = math.inf
    first: list[int] = []
    for number, (a, b) in enumerate(pairwise(line)):
        if length_m >= FEEDBACK_STRETCH_MIN_M:
            runs.append([a])
            first.append(number + 1)
            length_m = 0.0
        runs[-1].append(b)
        length_m += span_m(*a, *b)
    if len(runs) > 1 and length_m < FEEDBACK_STRETCH_MIN_M:
        left_over = runs.pop()
        runs[-1] += left_over[1:]
        first.pop()
    for start, run in zip(first, runs, strict=True):
        last = start + len(run) - 2
        edges = f"edge {start}" if last == start else f"edges {start} to {last}"
        yield _Stretch(f"{name}, {edges}", tuple(run))


def _off_deg(stretch: _Stretch, point: tuple[float, float]) -> float:
    """How far a point of the outline lies off the stretch, in degrees of the plane in which edges are
    straight (RFC 7946, section 3.1.1): it is on one of them, so only the nearest matters."""
    best = math.inf
    for a, b in pairwise(stretch.line):
        ax, ay = _short(a[0] - point[0]), a[1] - point[1]
        bx, by = ax + _short(b[0] - a[0]), b[1] - point[1]
        dx, dy = bx - ax, by - ay
        length2 = dx * dx + dy * dy
        t = 0.0 if length2 == 0.0 else min(1.0, max(0.0, -(ax * dx + ay * dy) / length2))
        best = min(best, math.hypot(ax + t * dx, ay + t * dy))
    return best


def _short(lon_deg: float) -> float:
    return (lon_deg + 540.0) % 360.0 - 180.0


def _wind(center: tuple[float, float], place: tuple[float, float]) -> str:
    east, north = offset_m(*center, *place)
    return f"{WINDS[round(math.degrees(math.atan2(east, north)) / 45.0) % 8]} side"


def home_gap_m(home: Zone, ban: Zone) -> float:
    """Metres between a required place and a ban's outline, negative where it lies inside: of its vertices, or
    of a circle's or corridor's line less its width, the nearest."""
    if isinstance(home, CircleZone):
        places, margin_m = [home.center], home.radius_m
    elif isinstance(home, CorridorZone):
        places, margin_m = list(home.line), home.width_m
    else:
        places, margin_m = [place for part in home.parts for place in part[0]], 0.0
    table = ZoneTable()
    zone = np.full(len(places), table.add(ban), dtype=np.int64)
    lon, lat = np.array([place[0] for place in places]), np.array([place[1] for place in places])
    return float(signed_distances(table, zone, lon, lat).min()) - margin_m
