"""What past fixes tell of an order before it is armed: where the wearer sleeps, what he drives through.

Geometry alone knows neither homes nor roads. Both are read from positions: nights at one place, and
fast straight passages through a ban.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import pairwise
from statistics import median
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import shapely

from emon.geofence.relation import path_contacts
from emon.geofence.zones import ZoneTable
from emon.limits import (
    CROSSING_GAP_MAX_S,
    HOME_APART_M,
    HOME_CELL_M,
    HOME_FIXES_MIN,
    HOME_NIGHT_HOURS,
    HOME_NIGHTS_MIN,
    PASSAGE_SPEED_MIN_M_S,
    PASSAGE_STRAIGHT_MIN,
    PASSAGES_MIN,
    PLAUSIBLE_SPEED_MAX_M_S,
)
from emon.model.fix import RawFix
from emon.model.instant import SECOND_US, format_instant, to_datetime
from emon.model.order import Fault, OrderVersion
from emon.model.span import span_m
from emon.model.vocabulary import Kind
from emon.orders.check_places import Placed, Plane, edge_remark, placed
from emon.timezones import load_timezone

_TZ = "Europe/Amsterdam"

Track = Sequence[RawFix]
"""Fixes of one device, rising by fixed_at."""


class Home(NamedTuple):
    """Where a device lay still at night: degrees, and on how many nights of those it was seen in."""

    lon: float
    lat: float
    nights: int
    seen_nights: int


def track_remarks(versions: Sequence[OrderVersion], tracks: Mapping[str, Track]) -> Iterable[Fault]:
    """Homes in and at the edge of bans, and fast straight passages through them, by device."""
    homes = {device: home_of(track, load_timezone(_TZ)) for device, track in sorted(tracks.items())}
    worn: dict[str, set[str]] = {}
    for version in versions:
        worn.setdefault(version.wearer, set()).update(use.device for use in version.devices)
    for ban in placed(versions, Kind.EXCLUSION):
        for device in sorted(worn[ban.version.wearer]):
            home = homes.get(device)
            if home is not None:
                yield from _home_remarks(ban, device, home)
            yield from _passage_remarks(ban, device, tracks.get(device, ()))


# --- homes --------------------------------------------------------------------------------------
def home_of(track: Track, tz: ZoneInfo) -> Home | None:
    """The place of most nights, where there are enough of them.

    A night's place is where at least half of its fixes between midnight and five lie together.
    """
    nights: dict[date, list[RawFix]] = {}
    for fix in track:
        local = to_datetime(fix.fixed_at_us).astimezone(tz)
        if HOME_NIGHT_HOURS[0] <= local.hour < HOME_NIGHT_HOURS[1]:
            nights.setdefault(local.date(), []).append(fix)
    places = [place for _, fixes in sorted(nights.items()) if (place := _night_place(fixes)) is not None]
    best: list[tuple[float, float]] = []
    for place in places:
        near = [other for other in places if span_m(*place, *other) <= HOME_APART_M]
        if len(near) > len(best):
            best = near
    if len(best) < HOME_NIGHTS_MIN:
        return None
    lon, lat = np.mean(np.array(best), axis=0).tolist()
    return Home(lon, lat, len(best), len(nights))


def _night_place(fixes: Sequence[RawFix]) -> tuple[float, float] | None:
    if len(fixes) < HOME_FIXES_MIN:
        return None
    plane = Plane(fixes[0].lon, fixes[0].lat)
    spots = np.array([plane.at(fix.lon, fix.lat) for fix in fixes])
    middle = np.median(spots, axis=0)
    close = np.linalg.norm(spots - middle, axis=1) <= HOME_CELL_M
    if 2 * int(close.sum()) < len(fixes):
        return None
    lon, lat = np.array([(fix.lon, fix.lat) for fix in fixes])[close].mean(axis=0).tolist()
    return lon, lat


def _home_remarks(ban: Placed, device: str, home: Home) -> Iterable[Fault]:
    plane = Plane(home.lon, home.lat)
    spent = f"{home.nights} of {home.seen_nights} nights"
    where = f"the home of {device}'s wearer ({spent} at {home.lon:.5f}, {home.lat:.5f})"
    forbidden, place = plane.draw(ban.zone), shapely.Point(0.0, 0.0)
    if forbidden.intersects(place):
        depth_m = forbidden.boundary.distance(place)
        yield Fault(
            f"{ban.path}.zone",
            f"{where} lies {depth_m:.0f} m inside this ban: each stay at home while it holds is a breach; "
            "cut the home out, or decide that he moves",
        )
    else:
        yield from edge_remark(ban, forbidden.distance(place), where)


# --- passages -----------------------------------------------------------------------------------
class _Passage(NamedTuple):
    begin_us: int
    speed_m_s: float


def _passage_remarks(ban: Placed, device: str, track: Track) -> Iterable[Fault]:
    found = passages(ban, track)
    if len(found) < PASSAGES_MIN:
        return
    days = {to_datetime(passage.begin_us).astimezone(load_timezone(_TZ)).date() for passage in found}
    speed_km_h = 3.6 * median(passage.speed_m_s for passage in found)
    yield Fault(
        f"{ban.path}.zone",
        f"{device} went {len(found)} times fast and straight through this ban, on {len(days)} "
        f"{'day' if len(days) == 1 else 'days'}, first at {format_instant(found[0].begin_us)}, at "
        f"about {speed_km_h:.0f} km/h: a motorway or railway seems to run through it, and each passage is a "
        "breach; cut the road out or make a rule for it",
    )


def passages(ban: Placed, track: Track) -> list[_Passage]:
    """Stretches of fast fixes, at most two minutes apart, that run straight and meet the ban."""
    fast = [i for i in range(1, len(track)) if _is_fast(track[i - 1], track[i])]
    if not fast:
        return []
    table = ZoneTable()
    zone = table.add(ban.zone)
    pairs = [(track[i - 1], track[i]) for i in fast]
    touched = path_contacts(
        table,
        np.full(len(pairs), zone),
        [a.lon for a, _ in pairs],
        [a.lat for a, _ in pairs],
        [b.lon for _, b in pairs],
        [b.lat for _, b in pairs],
    ).touched
    found: list[_Passage] = []
    meets = {i for i, met in zip(fast, touched.tolist(), strict=True) if met}
    is_fast, done = set(fast), 0
    for i in sorted(meets):
        if i <= done:
            continue
        last = i
        while last + 1 in meets:
            last += 1
        done = last
        # A fast neighbour to either side tells a road through the ban from a turn within it.
        first = i - 1 if i - 1 in is_fast else i
        last = last + 1 if last + 1 in is_fast else last
        stretch = track[first - 1 : last + 1]
        way_m = sum(_apart_m(a, b) for a, b in pairwise(stretch))
        if _apart_m(stretch[0], stretch[-1]) >= PASSAGE_STRAIGHT_MIN * way_m:
            seconds = (stretch[-1].fixed_at_us - stretch[0].fixed_at_us) / SECOND_US
            found.append(_Passage(track[i - 1].fixed_at_us, way_m / seconds))
    return found


def _is_fast(a: RawFix, b: RawFix) -> bool:
    gap_s = (b.fixed_at_us - a.fixed_at_us) / SECOND_US
    if not 0.0 < gap_s <= CROSSING_GAP_MAX_S:
        return False
    # What both errors together can make of standing still is no speed.
    clear_m = _apart_m(a, b) - a.accuracy_m - b.accuracy_m
    return PASSAGE_SPEED_MIN_M_S * gap_s <= clear_m <= PLAUSIBLE_SPEED_MAX_M_S * gap_s


def _apart_m(a: RawFix, b: RawFix) -> float:
    return span_m(a.lon, a.lat, b.lon, b.lat)
