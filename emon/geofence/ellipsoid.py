"""Kernels on the ellipsoid: positions, lengths and geodesic distances. Degrees in, metres out."""

from __future__ import annotations

import math

from emon.geofence.jit import inner
from emon.geofence.wgs84 import ECC2, FLATTENING, SEMI_MAJOR_M, SEMI_MINOR_M

NEAR_M = 20_000.0
"""Up to here a chord and one radius give the geodesic to 0.1 mm."""
FAR_M = 700_000.0
"""Up to here a chord and one radius give it to 1 in 200,000; beyond, directions from the centre.

More than 300 km by the width that a corridor may have.
"""
DIRECTION_RADIUS_M = 6_367_445.0
"""Half way between the semi-axes: an angle at the centre times this is a distance to 0.2 %."""


@inner
def short_way(degrees: float) -> float:
    """A difference of longitudes taken the short way; exactly 180 stays as it is."""
    if degrees > 180.0:
        return degrees - 360.0
    if degrees < -180.0:
        return degrees + 360.0
    return degrees


@inner
def half_open(lon: float) -> float:
    """A longitude in [-180, 180)."""
    if -180.0 <= lon < 180.0:
        return lon
    turned = lon - 360.0 * math.floor((lon + 180.0) / 360.0)
    return -180.0 if turned >= 180.0 else turned


@inner
def ecef(lon: float, lat: float) -> tuple[float, float, float]:
    """Earth-centred coordinates of a point on the ellipsoid."""
    lam, phi = math.radians(lon), math.radians(lat)
    sin_lat, cos_lat = math.sin(phi), math.cos(phi)
    normal = SEMI_MAJOR_M / math.sqrt(1.0 - ECC2 * sin_lat * sin_lat)
    return (
        normal * cos_lat * math.cos(lam),
        normal * cos_lat * math.sin(lam),
        normal * (1.0 - ECC2) * sin_lat,
    )


@inner
def curve_at(
    lon: float, lat: float, dlon: float, dlat: float, t: float
) -> tuple[float, float, float, float, float, float]:
    """Point and derivative by ``t``, Earth-centred, of the line straight in longitude and latitude."""
    lam, phi = math.radians(lon + t * dlon), math.radians(lat + t * dlat)
    sin_lon, cos_lon = math.sin(lam), math.cos(lam)
    sin_lat, cos_lat = math.sin(phi), math.cos(phi)
    root = 1.0 - ECC2 * sin_lat * sin_lat
    normal = SEMI_MAJOR_M / math.sqrt(root)
    north = normal * (1.0 - ECC2) / root * math.radians(dlat)
    east = normal * cos_lat * math.radians(dlon)
    return (
        normal * cos_lat * cos_lon,
        normal * cos_lat * sin_lon,
        normal * (1.0 - ECC2) * sin_lat,
        -sin_lat * cos_lon * north - sin_lon * east,
        -sin_lat * sin_lon * north + cos_lon * east,
        cos_lat * north,
    )


@inner
def mean_radius_m(sin_lat: float) -> float:
    """Gaussian mean radius of curvature at a latitude."""
    return SEMI_MINOR_M / (1.0 - ECC2 * sin_lat * sin_lat)


@inner
def arc_m(chord_m: float, sin_lat: float) -> float:
    """Surface distance of a chord up to FAR_M: the arcsine correction on the mean sphere.

    A chord of 10 km is 1 mm shorter than its arc; the radius, a third of a per cent off at worst,
    errs on that correction alone: 7 µm at 10 km, 0.9 mm at 50 km, 0.2 m at 300 km.
    """
    radius = mean_radius_m(sin_lat)
    return 2.0 * radius * math.asin(min(1.0, 0.5 * chord_m / radius))


@inner
def chord_m(x1: float, y1: float, z1: float, x2: float, y2: float, z2: float) -> float:
    dx, dy, dz = x1 - x2, y1 - y2, z1 - z2
    return math.sqrt(dx * dx + dy * dy + dz * dz)


@inner
def direction_m(x1: float, y1: float, z1: float, x2: float, y2: float, z2: float) -> float:
    """Distance to 0.3 % by the angle at the Earth's centre, from any two vectors on the two rays."""
    cross_x, cross_y, cross_z = y1 * z2 - z1 * y2, z1 * x2 - x1 * z2, x1 * y2 - y1 * x2
    cross = math.sqrt(cross_x * cross_x + cross_y * cross_y + cross_z * cross_z)
    return DIRECTION_RADIUS_M * math.atan2(cross, x1 * x2 + y1 * y2 + z1 * z2)


@inner
def _vincenty_m(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Vincenty's inverse, Survey Review XXIII 176 (1975), eq. 13-21; -1 where it does not converge.

    Tenths of a millimetre at any distance but for nearly antipodal points.
    """
    u1 = math.atan((1.0 - FLATTENING) * math.tan(math.radians(lat1)))
    u2 = math.atan((1.0 - FLATTENING) * math.tan(math.radians(lat2)))
    sin_u1, cos_u1, sin_u2, cos_u2 = math.sin(u1), math.cos(u1), math.sin(u2), math.cos(u2)
    dlon = math.radians(short_way(lon2 - lon1))
    lam = dlon
    for _ in range(100):
        sin_lam, cos_lam = math.sin(lam), math.cos(lam)
        sin_sigma = math.hypot(cos_u2 * sin_lam, cos_u1 * sin_u2 - sin_u1 * cos_u2 * cos_lam)
        if sin_sigma == 0.0:
            return 0.0 if cos_u1 * cos_u2 * cos_lam + sin_u1 * sin_u2 > 0.0 else -1.0
        cos_sigma = sin_u1 * sin_u2 + cos_u1 * cos_u2 * cos_lam
        sigma = math.atan2(sin_sigma, cos_sigma)
        sin_alpha = cos_u1 * cos_u2 * sin_lam / sin_sigma
        cos2_alpha = 1.0 - sin_alpha * sin_alpha
        cos_2m = cos_sigma - 2.0 * sin_u1 * sin_u2 / cos2_alpha if cos2_alpha > 1e-15 else 0.0
        c = FLATTENING / 16.0 * cos2_alpha * (4.0 + FLATTENING * (4.0 - 3.0 * cos2_alpha))
        inner = cos_2m + c * cos_sigma * (2.0 * cos_2m * cos_2m - 1.0)
        before = lam
        lam = dlon + (1.0 - c) * FLATTENING * sin_alpha * (sigma + c * sin_sigma * inner)
        if abs(lam) > math.pi:
            return -1.0
        if abs(lam - before) < 1e-13:
            k2 = cos2_alpha * (SEMI_MAJOR_M**2 - SEMI_MINOR_M**2) / SEMI_MINOR_M**2
            big_a = 1.0 + k2 / 16384.0 * (4096.0 + k2 * (-768.0 + k2 * (320.0 - 175.0 * k2)))
            big_b = k2 / 1024.0 * (256.0 + k2 * (-128.0 + k2 * (74.0 - 47.0 * k2)))
            deep = cos_2m * (4.0 * sin_sigma * sin_sigma - 3.0) * (4.0 * cos_2m * cos_2m - 3.0)
            curve = cos_sigma * (2.0 * cos_2m * cos_2m - 1.0) - big_b / 6.0 * deep
            bend = big_b * sin_sigma * (cos_2m + big_b / 4.0 * curve)
            return SEMI_MINOR_M * big_a * (sigma - bend)
    return -1.0


@inner
def _over_m(lon1: float, lat1: float, lon2: float, lat2: float, azimuth: float) -> float:
    """Length from 1 to 2 over the point a quarter turn from 1 at this azimuth (radians)."""
    phi = math.radians(lat1)
    mid_lat = math.asin(math.cos(phi) * math.cos(azimuth))
    mid_lon = lon1 + math.degrees(
        math.atan2(math.sin(azimuth) * math.cos(phi), -math.sin(phi) * math.sin(mid_lat))
    )
    mid_lon, mid_lat = half_open(mid_lon), math.degrees(mid_lat)
    first = _vincenty_m(lon1, lat1, mid_lon, mid_lat)
    second = _vincenty_m(mid_lon, mid_lat, lon2, lat2)
    return first + second if first >= 0.0 and second >= 0.0 else 1e9


@inner
def _antipodal_m(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Geodesic between nearly antipodal points: every way crosses the great circle half way.

    So the distance is the least sum over the points of that circle, each leg well conditioned.
    """
    steps = 72
    step = 2.0 * math.pi / steps
    best, best_azimuth = 1e9, 0.0
    for i in range(steps):
        length = _over_m(lon1, lat1, lon2, lat2, i * step)
        if length < best:
            best, best_azimuth = length, i * step
    low, high = best_azimuth - step, best_azimuth + step
    for _ in range(40):
        left, right = low + 0.382 * (high - low), high - 0.382 * (high - low)
        a, b = _over_m(lon1, lat1, lon2, lat2, left), _over_m(lon1, lat1, lon2, lat2, right)
        best = min(best, a, b)
        if a < b:
            high = right
        else:
            low = left
    return best


@inner
def geodesic_m(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Geodesic distance of any two points on the ellipsoid, to 0.2 mm (1 mm if nearly antipodal)."""
    x1, y1, z1 = ecef(lon1, lat1)
    x2, y2, z2 = ecef(lon2, lat2)
    chord = chord_m(x1, y1, z1, x2, y2, z2)
    if chord < NEAR_M:
        return arc_m(chord, math.sin(math.radians(0.5 * (lat1 + lat2))))
    length = _vincenty_m(lon1, lat1, lon2, lat2)
    return length if length >= 0.0 else _antipodal_m(lon1, lat1, lon2, lat2)


@inner
def azimuth_to(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Direction at 1 towards 2 in radians clockwise from north, of the plane section through both."""
    x1, y1, z1 = ecef(lon1, lat1)
    x2, y2, z2 = ecef(lon2, lat2)
    dx, dy, dz = x2 - x1, y2 - y1, z2 - z1
    lam, phi = math.radians(lon1), math.radians(lat1)
    east = -math.sin(lam) * dx + math.cos(lam) * dy
    outward = math.cos(lam) * dx + math.sin(lam) * dy
    return math.atan2(east, math.cos(phi) * dz - math.sin(phi) * outward)


@inner
def step_to(lon: float, lat: float, azimuth: float, length_m: float) -> tuple[float, float]:
    """The point ``length_m`` away at an azimuth (radians), up to a few hundred kilometres.

    Along the circle that fits the plane section here, then down onto the ellipsoid by Bowring's
    formula, Survey Review XXIII 181 (1976).
    """
    lam, phi = math.radians(lon), math.radians(lat)
    sin_lon, cos_lon, sin_lat, cos_lat = math.sin(lam), math.cos(lam), math.sin(phi), math.cos(phi)
    root = 1.0 - ECC2 * sin_lat * sin_lat
    normal = SEMI_MAJOR_M / math.sqrt(root)
    cos_az, sin_az = math.cos(azimuth), math.sin(azimuth)
    radius = normal / (sin_az * sin_az + cos_az * cos_az * root / (1.0 - ECC2))  # Euler
    ahead, down = radius * math.sin(length_m / radius), radius * (1.0 - math.cos(length_m / radius))
    east, north = ahead * sin_az, ahead * cos_az
    x = (normal - down) * cos_lat * cos_lon - sin_lon * east - sin_lat * cos_lon * north
    y = (normal - down) * cos_lat * sin_lon + cos_lon * east - sin_lat * sin_lon * north
    z = (normal * (1.0 - ECC2) - down) * sin_lat + cos_lat * north
    axis = math.hypot(x, y)
    reduced = math.atan2(z * SEMI_MAJOR_M, axis * SEMI_MINOR_M)
    sin_r, cos_r = math.sin(reduced), math.cos(reduced)
    up = z + ECC2 / (1.0 - ECC2) * SEMI_MINOR_M * sin_r * sin_r * sin_r
    to_lat = math.atan2(up, axis - ECC2 * SEMI_MAJOR_M * cos_r * cos_r * cos_r)
    return half_open(math.degrees(math.atan2(y, x))), math.degrees(to_lat)
