"""Zones that a receiver cannot tell apart, or that somebody drew the wrong way round."""

from __future__ import annotations

from collections.abc import Iterable

from emon.geofence.outline import area_m2, area_outline
from emon.geofence.pieces import edge_lengths_m
from emon.limits import NETHERLANDS_DEG, RECEIVER_ERROR_M
from emon.model.order import AreaZone, CircleZone, Fault, Zone


def zone_remarks(zone: Zone, path: str) -> Iterable[Fault]:
    """What is unwise in one zone."""
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
