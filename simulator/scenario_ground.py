"""What every part of a scenario file is read with: its clock, its named places, its map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.moments import Calendar
from simulator.movement import Point, distance_m, shifted
from simulator.reading import Reading
from simulator.spans import Span

NEAR_MAX_M = 50_000.0
APART_MAX_M = 300_000.0
"""Without a map a place further from the first one is taken for a slip of the pen."""

Box = tuple[float, float, float, float]


@dataclass(slots=True)
class Ground:
    """``map`` is (west, south, east, north) in degrees; ``first`` the first point that was read."""

    calendar: Calendar
    duration_s: float
    map: Box | None = None
    places: dict[str, Point] = field(default_factory=dict)
    first: Point | None = None

    def moment(
        self, entry: Reading, member: str, default: float | None = None, *, latest_s: float | None = None
    ) -> float:
        """Seconds after the start, within the scenario (or up to ``latest_s``)."""
        value = entry.get(member)
        if value is None:
            if default is None:
                entry.refuse(member, "is missing")
            return 0.0 if default is None else default
        try:
            at_s = self.calendar.seconds(value)
        except ValueError as fault:
            entry.refuse(member, str(fault))
            return 0.0
        most_s = self.duration_s if latest_s is None else latest_s
        if not 0.0 <= at_s <= most_s:
            entry.refuse(member, f"is {at_s:g} s after the start; the scenario has 0 to {most_s:g}")
            return 0.0
        return at_s

    def length(self, entry: Reading, member: str, default: float) -> float:
        """A length of time in seconds, above 0."""
        value = entry.get(member)
        if value is None:
            return default
        try:
            length_s = self.calendar.seconds(value)
        except ValueError as fault:
            entry.refuse(member, str(fault))
            return default
        if not 0.0 < length_s < float("inf"):
            entry.refuse(member, f"must be above 0 s, not {length_s:g}")
            return default
        return length_s

    def span(self, entry: Reading, end: str = "to", *, latest_s: float | None = None) -> Span:
        """``from`` and ``to``, in order."""
        from_s = self.moment(entry, "from")
        to_s = self.moment(entry, end, latest_s=latest_s)
        if entry.has("from") and entry.has(end) and to_s <= from_s:
            entry.refuse(end, f"is {to_s:g} s after the start, not later than from ({from_s:g} s)")
        return Span(from_s, to_s)

    def spans(self, entry: Reading, member: str) -> tuple[Span, ...]:
        """A list of ``{from, to}``, rising and disjoint."""
        found: list[Span] = []
        for number, item in enumerate(entry.items(member)):
            part = entry.entry(member, number, item, ("from", "to"))
            span = self.span(part)
            if found and span.from_s < found[-1].to_s:
                part.refuse("from", "is before the end of the one before it")
            found.append(span)
        return tuple(found)

    def point(self, entry: Reading, member: str) -> Point | None:
        """``[lon, lat]``, a place's name, or ``{near: either, east_m: x, north_m: y}``."""
        value = entry.get(member)
        if isinstance(value, Mapping):
            near = entry.mapping(member, ("near", "east_m", "north_m"))
            base = self._base(near, "near", near.get("near"))
            east_m = near.number("east_m", 0.0, least=-NEAR_MAX_M, most=NEAR_MAX_M)
            north_m = near.number("north_m", 0.0, least=-NEAR_MAX_M, most=NEAR_MAX_M)
            point = None if base is None else shifted(base, east_m, north_m)
        else:
            point = self._base(entry, member, value)
        return point if point is None else self._on_map(entry, member, point)

    def _base(self, entry: Reading, member: str, value: Any) -> Point | None:
        if isinstance(value, str):
            if value not in self.places:
                known = f"; known are {', '.join(self.places)}" if self.places else "; the file has no places"
                entry.refuse(member, f"no place {value!r}{known}")
            return self.places.get(value)
        return entry.pair(member, value)

    def _on_map(self, entry: Reading, member: str, point: Point) -> Point | None:
        lon, lat = point
        if not (-180.0 <= lon <= 180.0 and -85.0 <= lat <= 85.0):
            entry.refuse(member, "is [longitude, latitude] in degrees, within 180 and 85")
            return None
        if self.map is not None:
            west, south, east, north = self.map
            if not (west <= lon <= east and south <= lat <= north):
                entry.refuse(member, f"[{lon:g}, {lat:g}] is outside the map {list(self.map)}")
                return None
        elif self.first is not None and distance_m(self.first, point) > APART_MAX_M:
            off_km = distance_m(self.first, point) / 1_000.0
            entry.refuse(member, f"lies {off_km:.0f} km from the first place; name a map if that is meant")
            return None
        self.first = point if self.first is None else self.first
        return point


def read_map(top: Reading) -> Box | None:
    """``map: [west, south, east, north]``."""
    if not top.has("map"):
        return None
    items = top.items("map")
    if len(items) != 4 or any(isinstance(v, bool) or not isinstance(v, (int, float)) for v in items):
        top.refuse("map", "must be [west, south, east, north] in degrees")
        return None
    west, south, east, north = (float(value) for value in items)
    if not (-180.0 <= west < east <= 180.0 and -85.0 <= south < north <= 85.0):
        top.refuse(
            "map", "must be [west, south, east, north] in degrees, west before east, south before north"
        )
        return None
    return west, south, east, north


def read_places(top: Reading, ground: Ground) -> None:
    """``places``: names for points; a place may lie near one that stands before it."""
    value = top.get("places")
    if value is None:
        return
    if not isinstance(value, Mapping):
        top.refuse("places", "must be a mapping of names to points")
        return
    entry = top.mapping("places", [str(name) for name in value])
    for name in value:
        point = ground.point(entry, str(name))
        if point is not None:
            ground.places[str(name)] = point
