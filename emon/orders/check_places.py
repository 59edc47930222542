"""Places that contradict each other: a home in a ban, or at its edge, and two places required at once.

Zones are laid into one plane of metres about the place in question. Over the few kilometres that
matter here that errs by less than a per cent, and this is advice: nothing is judged by it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

import shapely
from shapely.geometry.base import BaseGeometry

from emon.geofence.outline import unwrapped
from emon.geofence.schedule import Stretch, holding_between, intersect
from emon.geofence.wgs84 import ECC2, SEMI_MAJOR_M
from emon.limits import CHECK_DAYS_MAX, PLACES_APART_MAX_M, RECEIVER_ERROR_M
from emon.model.instant import DAY_US, format_instant
from emon.model.order import AreaZone, CircleZone, Condition, Fault, OrderVersion, Ring, Zone
from emon.model.vocabulary import Kind

FOREVER_US = 2**62
"""Later than every instant of an order: the end of what has none."""
_LATITUDE_MAX_DEG = 85.0
_WHOLE = 0.999
"""A share of a place from which on it is called the whole: arcs are drawn with corners."""


class Placed(NamedTuple):
    """A condition with a zone, and where it stands in the document."""

    path: str
    version: OrderVersion
    condition: Condition

    @property
    def zone(self) -> Zone:
        assert self.condition.zone is not None
        return self.condition.zone


def validity(version: OrderVersion) -> Stretch:
    """``[valid_from, end)`` of the order, the far future where it has no end."""
    ends_at = version.ends_at_us
    return version.valid_from_us, FOREVER_US if ends_at is None else ends_at


def placed(versions: Sequence[OrderVersion], kind: Kind) -> Iterator[Placed]:
    """The conditions of one kind in the highest version of each order that the document holds."""
    highest = {version.id: version.version for version in sorted(versions, key=lambda v: v.version)}
    for i, version in enumerate(versions):
        if version.version == highest[version.id]:
            for j, condition in enumerate(version.conditions):
                if condition.kind is kind and condition.zone is not None:
                    yield Placed(f"orders[{i}].conditions[{j}]", version, condition)


def place_remarks(versions: Sequence[OrderVersion]) -> Iterable[Fault]:
    """What conditions of one wearer, of one order or of several, ask of him that does not go together."""
    homes, bans = list(placed(versions, Kind.INCLUSION)), list(placed(versions, Kind.EXCLUSION))
    for home in homes:
        for ban in bans:
            if ban.version.wearer == home.version.wearer:
                yield from _home_and_ban(home, ban)
    for home, other in combinations(homes, 2):
        if home.version.wearer == other.version.wearer:
            yield from _two_homes(home, other)


def _home_and_ban(home: Placed, ban: Placed) -> Iterable[Fault]:
    drawn = _both(home.zone, ban.zone)
    if drawn is None:
        return
    place, forbidden = drawn
    share = place.intersection(forbidden).area / place.area
    at_once = _at_once(home, ban)
    if at_once is not None and share >= _WHOLE:
        yield Fault(
            home.path,
            f"requires being where {ban.path} forbids it, first at {format_instant(at_once)}: nobody can "
            "obey both; cut the ban or its hours",
        )
    elif at_once is not None and share > 0.0:
        yield Fault(
            home.path,
            f"{_percent(share)} of the required place lies in the ban of {ban.path} while both hold, "
            f"first at {format_instant(at_once)}: who keeps the one may break the other there",
        )
    elif share > 0.0:
        if _holds_ever(ban):
            part = (
                "the wearer's own home" if share >= _WHOLE else f"{_percent(share)} of the wearer's own home"
            )
            yield Fault(
                f"{ban.path}.zone",
                f"{part}, which {home.path} requires, lies in this ban: each stay at home while it holds "
                "is a breach; cut the home out",
            )
    else:
        yield from edge_remark(ban, place.distance(forbidden), f"the wearer's home of {home.path}")


def edge_remark(ban: Placed, gap_m: float, home: str) -> Iterable[Fault]:
    """A home that lies outside a ban, and too near to it."""
    path, advice = f"{ban.path}.zone", "move the edge away from it"
    if gap_m < RECEIVER_ERROR_M:
        yield Fault(
            path,
            f"{home} is {gap_m:.0f} m from the ban's edge; a receiver indoors errs by "
            f"{RECEIVER_ERROR_M:.0f} m, so drift will raise alerts night after night: {advice}",
        )
    elif gap_m < ban.condition.buffer_m:
        yield Fault(
            f"{ban.path}.buffer_m",
            f"{home} is {gap_m:.0f} m from the ban's edge and so within its buffer of "
            f"{ban.condition.buffer_m:.0f} m: at home he is approaching all the time; make it smaller",
        )


def _two_homes(home: Placed, other: Placed) -> Iterable[Fault]:
    at_once = _at_once(home, other)
    drawn = None if at_once is None else _both(home.zone, other.zone)
    if at_once is None or (drawn is not None and drawn[0].intersects(drawn[1])):
        return
    yield Fault(
        other.path,
        f"requires another place than {home.path} at the same time, first at {format_instant(at_once)}: "
        "nobody can be at both",
    )


def _at_once(one: Placed, other: Placed) -> int | None:
    """The first instant at which both conditions hold."""
    begin = max(one.version.valid_from_us, other.version.valid_from_us)
    end = min(validity(one.version)[1], validity(other.version)[1], begin + CHECK_DAYS_MAX * DAY_US)
    if begin >= end:
        return None
    stretches = [holding_between(p.version, p.condition, begin, end) for p in (one, other)]
    both = intersect(*stretches)
    return both[0][0] if both else None


def _holds_ever(place: Placed) -> bool:
    begin, end = validity(place.version)
    end = min(end, begin + CHECK_DAYS_MAX * DAY_US)
    return begin < end and bool(holding_between(place.version, place.condition, begin, end))


def _percent(share: float) -> str:
    return "less than 1 %" if share < 0.01 else f"{100 * share:.0f} %"


# --- a plane ------------------------------------------------------------------------------------
def _both(zone: Zone, other: Zone) -> tuple[BaseGeometry, BaseGeometry] | None:
    """Two zones in one plane, or None where they are far apart or near a pole."""
    lon, lat = _a_position(zone)
    if abs(lat) > _LATITUDE_MAX_DEG:
        return None
    first, second = Plane(lon, lat).draw(zone), Plane(lon, lat).draw(other)
    if first.is_empty or second.is_empty or first.distance(second) > PLACES_APART_MAX_M:
        return None
    return first, second


class Plane:
    """Metres east and north of a place, each as long as at its latitude."""

    def __init__(self, lon: float, lat: float) -> None:
        self._lon, self._lat = lon, lat
        root = 1.0 - ECC2 * math.sin(math.radians(lat)) ** 2
        self._east_m = math.radians(SEMI_MAJOR_M / math.sqrt(root)) * math.cos(math.radians(lat))
        self._north_m = math.radians(SEMI_MAJOR_M * (1.0 - ECC2) / (root * math.sqrt(root)))

    def draw(self, zone: Zone) -> BaseGeometry:
        """A zone's area, curves with many corners."""
        if isinstance(zone, CircleZone):
            return shapely.Point(self.at(*zone.center)).buffer(zone.radius_m, quad_segs=64)
        if isinstance(zone, AreaZone):
            rings = [[self._ring(ring) for ring in part] for part in zone.parts]
            parts = [shapely.Polygon(shell, holes) for shell, *holes in rings]
            return shapely.union_all([shapely.make_valid(part) for part in parts])
        return shapely.LineString(self._ring(zone.line)).buffer(zone.width_m, quad_segs=64)

    def at(self, lon: float, lat: float) -> tuple[float, float]:
        east_deg = (lon - self._lon + 540.0) % 360.0 - 180.0
        return east_deg * self._east_m, (lat - self._lat) * self._north_m

    def _ring(self, ring: Ring) -> list[tuple[float, float]]:
        """A ring or line whole, also where it passes the 180th meridian."""
        xy = unwrapped(ring)
        shift = 360.0 * round((self._lon - float(xy[0, 0])) / 360.0)
        return [
            ((lon + shift - self._lon) * self._east_m, (lat - self._lat) * self._north_m)
            for lon, lat in xy.tolist()
        ]


def _a_position(zone: Zone) -> tuple[float, float]:
    if isinstance(zone, CircleZone):
        return zone.center
    return zone.parts[0][0][0] if isinstance(zone, AreaZone) else zone.line[0]
