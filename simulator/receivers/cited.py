"""Figures that others measured on more sessions than the tracks hold, from the tracks' README.

They come first: a line of the calibration is judged by a cited figure where there is one, and by the
training tracks where there is none. Names are those of ``statistics.py``.
"""

from __future__ import annotations

from typing import NamedTuple

STILL = "README, standing still indoors: 16 phone-nights, 3639 fixes"
CORRELATION = "README, autocorrelation about each night's median, clipped at 15 m, 16 phone-nights"
LIBRARY = "README, library: 10 phone-stays of 6 visits, 2086 fixes, about their common median"
WIFI = "README, Wi-Fi, iPhone: 12 phone-nights, 4097 fixes, about their nightly median"
MAST = "README, mobile network, Android low power: 12 sessions, 1029 fixes"
MOVING_ANDROID = "README, moving, Android: sideways on known routes, 20480 fixes"
MOVING_IPHONE = "README, moving, iPhone: sideways on known routes, 30404 fixes"
CONSTANTS = "README, moving: time constants mostly 12 to 20 s in cars, 12 to 30 s on bicycles"
BALANCED = "README, Wi-Fi first, Android balanced asked often: 16 sessions, 1175 fixes"
CITY_ANDROID = "README, city-centre walk, Android: 173 fixes"
CITY_IPHONE = "README, city-centre walk, iPhone: 191 fixes"
NIJ = "NIJ Standard-1004.00: 90 % of the positions within 10 m under open sky, within 30 m indoors"
RAIL = "README, moving: distance from the line, trains and underground"


class Cited(NamedTuple):
    value: float
    source: str


def _from(source: str, **values: float) -> dict[str, Cited]:
    return {name: Cited(value, source) for name, value in values.items()}


_STILL_BY_CLAIM = {5: (8.2, 9.9, 0.42), 10: (4.3, 7.7, 0.013), 20: (3.9, 7.8, 0.002), 50: (6.6, 18.6, 0.0),
                   100: (5.6, 25.5, 0.0)}  # fmt: skip
"""Error at 68 and 95 %, share outside the 95 % circle, by the claimed 68 % radius (up to so many metres)."""
_ANDROID_BY_CLAIM = {5: (3.1, 16.0, 0.24), 10: (3.2, 17.0, 0.08), 20: (4.5, 21.0, 0.046),
                     50: (7.4, 43.0, 0.04), 100: (13.0, 61.0, 0.005)}  # fmt: skip
_IPHONE_BY_CLAIM = {5: (1.6, 21.0, 0.10), 10: (1.9, 12.0, 0.03), 100: (11.0, 48.0, 0.004)}
"""Moving: sideways error at 50 and 95 %, share outside the 95 % radius."""


def _by_claim(
    source: str, prefix: str, lower: int, table: dict[int, tuple[float, float, float]]
) -> dict[str, Cited]:
    found: dict[str, Cited] = {}
    for up_to_m, (low_m, high_m, outside) in table.items():
        found |= _from(
            source,
            **{
                f"{prefix}_q{lower}_claim68_to_{up_to_m}_m": low_m,
                f"{prefix}_q95_claim68_to_{up_to_m}_m": high_m,
                f"outside_95_claim68_to_{up_to_m}_m": outside,
            },
        )
    return found


def _shares(source: str, of: int, fixes: dict[int, int]) -> dict[str, Cited]:
    return _from(source, **{f"share_claim68_to_{m}_m": round(n / of, 4) for m, n in fixes.items()})


CITED: dict[str, dict[str, Cited]] = {
    "still_indoors_satellite": _from(
        STILL,
        error_q50_m=3.3, error_q68_m=4.5, error_q95_m=9.8, error_q99_m=24.0,
        outside_95=0.005, outside_68=0.012,
        excursions_per_h=1.4, excursion_length_fixes=1.56, gaps_over_300_s_share=0.82,
    )
    | _shares(STILL, 3639, {5: 19, 10: 304, 20: 2377, 50: 749, 100: 190})
    | _by_claim(STILL, "error", 68, _STILL_BY_CLAIM)
    | _from(
        CORRELATION,
        autocorrelation_10_s=0.62, autocorrelation_30_s=0.60, autocorrelation_60_s=0.50,
        autocorrelation_200_s=0.34, autocorrelation_600_s=0.18, autocorrelation_1800_s=0.07,
    ),
    "still_library_android": _from(LIBRARY, error_q50_m=5.0, error_q95_m=13.0),
    "still_indoors_balanced": _from(
        BALANCED, error_q50_m=1.6, error_q95_m=5.7, outside_68=0.037, outside_95=0.025
    ),
    "still_indoors_wifi": _from(
        WIFI,
        spread_q50_m=6.5, spread_q95_m=17.0, error_q50_m=28.0, error_q95_m=43.0, bias_q10_m=20.0,
        bias_q90_m=35.0, outside_95=0.0, outside_68=0.001,
    ),
    "still_indoors_cell": _from(
        MAST, error_q50_m=340.0, error_q95_m=769.0, outside_95=0.033, outside_68=0.094,
    ),
    "street_android": _from(
        MOVING_ANDROID,
        sideways_q50_m=3.6, sideways_q95_m=24.0, sideways_q99_m=68.0, outside_68=0.27, outside_95=0.145,
    )
    | _shares(MOVING_ANDROID, 20480, {5: 9582, 10: 5694, 20: 3288, 50: 1237, 100: 367})
    | _by_claim(MOVING_ANDROID, "sideways", 50, _ANDROID_BY_CLAIM)
    | _from(CONSTANTS, autocorrelation_10_s=0.57, autocorrelation_60_s=0.05),
    "street_iphone": _from(
        MOVING_IPHONE,
        sideways_q50_m=2.5, sideways_q95_m=25.0, sideways_q99_m=59.0, outside_68=0.07, outside_95=0.032,
    )
    | _shares(MOVING_IPHONE, 30404, {5: 3264, 10: 21158, 100: 3865})
    | _by_claim(MOVING_IPHONE, "sideways", 50, _IPHONE_BY_CLAIM)
    | _from(CONSTANTS, autocorrelation_10_s=0.57, autocorrelation_60_s=0.05),
    "city_android": _from(
        CITY_ANDROID, sideways_q50_m=13.0, sideways_q95_m=87.0, sideways_q99_m=1_200.0, outside_68=0.24,
        outside_95=0.13,
    ),
    "city_iphone": _from(
        CITY_IPHONE, sideways_q50_m=17.0, sideways_q95_m=56.0, sideways_q99_m=75.0, outside_68=0.10,
        outside_95=0.047,
    ),
    "train_android": _from(
        RAIL, sideways_q50_m=19.0, sideways_q95_m=369.0, sideways_q99_m=19_000.0, outside_95=0.03,
    ),
    "underground_android": _from(RAIL, sideways_q50_m=67.0, sideways_q95_m=14_000.0, outside_95=0.11),
    "train_iphone": _from(
        RAIL, sideways_q50_m=10.0, sideways_q95_m=164.0, sideways_q99_m=2_300.0, outside_95=0.02,
    ),
    "underground_iphone": _from(RAIL, sideways_q50_m=18.0, sideways_q95_m=1_000.0, outside_95=0.02),
    "bracelet_open": _from(NIJ, error_q90_m=10.0),
    "bracelet_indoor": _from(NIJ, error_q90_m=30.0),
}  # fmt: skip
"""By situation and statistic.

The lag of 600 s pools the README's 5 to 10 min (0.22) and 10 to 20 min (0.13). Correlations of moving
receivers are those of a Gauss-Markov process of 18 s; what is slower was not seen beside a route.
Trains' 99 % hold what the README calls their maximum.
"""
