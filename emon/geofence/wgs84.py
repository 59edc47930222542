"""The WGS84 ellipsoid as numbers, and positions on it as NumPy arrays (no compiled code here)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SEMI_MAJOR_M = 6_378_137.0  # NGA.STND.0036, table 3.1
FLATTENING = 1.0 / 298.257223563  # NGA.STND.0036, table 3.1
SEMI_MINOR_M = SEMI_MAJOR_M * (1.0 - FLATTENING)
ECC2 = FLATTENING * (2.0 - FLATTENING)
"""First eccentricity squared."""
CURVATURE_MAX_M = SEMI_MAJOR_M / np.sqrt(1.0 - ECC2)
"""Greatest radius of curvature anywhere (at the poles): a degree is nowhere longer on the surface."""
METRES_PER_DEGREE_MAX = float(np.radians(CURVATURE_MAX_M))


def to_ecef(lon_deg: Floats, lat_deg: Floats) -> Floats:
    """Earth-centred coordinates ``f64[n, 3]`` in metres of points on the ellipsoid."""
    lon, lat = np.radians(lon_deg), np.radians(lat_deg)
    sin_lat, cos_lat = np.sin(lat), np.cos(lat)
    normal_m = SEMI_MAJOR_M / np.sqrt(1.0 - ECC2 * sin_lat * sin_lat)
    return np.stack(
        (
            normal_m * cos_lat * np.cos(lon),
            normal_m * cos_lat * np.sin(lon),
            normal_m * (1.0 - ECC2) * sin_lat,
        ),
        axis=-1,
    )


def to_half_open(lon_deg: Floats) -> Floats:
    """Longitudes in ``[-180, 180)``; values already there keep every bit."""
    turns = np.floor((lon_deg + 180.0) / 360.0)
    turned = np.where(turns == 0.0, lon_deg, lon_deg - 360.0 * turns)
    return np.where(turned >= 180.0, -180.0, turned)


def area_below_parallel(lat_deg: Floats) -> Floats:
    """Area in m² a radian of longitude between the equator and a parallel, negative south of it.

    The closed form of the authalic integral: Snyder, Map Projections (USGS PP 1395), eq. 3-12.
    """
    sin_lat = np.sin(np.radians(lat_deg))
    ecc = np.sqrt(ECC2)
    curve = sin_lat / (1.0 - ECC2 * sin_lat * sin_lat) + np.arctanh(ecc * sin_lat) / ecc
    half: Floats = 0.5 * SEMI_MINOR_M * SEMI_MINOR_M * curve
    return half
