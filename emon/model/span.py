"""Distance between two positions, for comparisons that a half per cent does not change."""

from __future__ import annotations

import math

EARTH_RADIUS_M = 6_371_008.8
"""Mean radius of WGS84 (IUGG R1, Moritz 2000)."""


def span_m(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Great-circle distance in metres by the haversine formula, within 0.6 % of the geodesic.

    Longitudes and latitudes in degrees; right across the 180th meridian too.
    """
    phi1, phi2 = math.radians(lat1), math.radians(lat2)
    half_dphi = (phi2 - phi1) / 2.0
    half_dlam = math.radians(lon2 - lon1) / 2.0
    h = math.sin(half_dphi) ** 2 + math.cos(phi1) * math.cos(phi2) * math.sin(half_dlam) ** 2
    return 2.0 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(h)))


def span_at_most_m(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Never less than :func:`span_m`, for three subtractions: along a parallel and a meridian. Far too much
    across the 180th meridian. Degrees; the constant is above a degree of a great circle by 0.7 %."""
    return 112_000.0 * (abs(lon1 - lon2) + abs(lat1 - lat2))


def offset_m(lon1: float, lat1: float, lon2: float, lat2: float) -> tuple[float, float]:
    """From the first position to the second in metres east and north, the short way round.

    Good to a percent between positions some kilometres apart, away from the poles.
    """
    east_deg = (lon2 - lon1 + 540.0) % 360.0 - 180.0
    scale_m = math.radians(EARTH_RADIUS_M)
    return east_deg * scale_m * math.cos(math.radians((lat1 + lat2) / 2.0)), (lat2 - lat1) * scale_m
