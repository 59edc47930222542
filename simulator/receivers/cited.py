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
RAIL = "README, moving: distance from the line, trains and underground"


class Cited(NamedTuple):
    value: float
    source: str


def _from(source: str, **values: float) -> dict[str, Cited]:
    return {name: Cited(value, source) for name, value in values.items()}


CITED: dict[str, dict[str, Cited]] = {
    "still_indoors_satellite": _from(
        STILL,
        error_q50_m=3.3, error_q68_m=4.5, error_q95_m=9.8, error_q99_m=24.0,
        outside_95=0.005, outside_68=0.012, excursions_per_h=1.4,
        outside_95_claim68_to_10_m=0.013, outside_95_claim68_to_20_m=0.002,
        outside_95_claim68_to_50_m=0.0, outside_95_claim68_to_100_m=0.0,
        gaps_over_300_s_share=0.82,
    )
    | _from(CORRELATION, autocorrelation_10_s=0.62, autocorrelation_60_s=0.50, autocorrelation_600_s=0.18),
    "still_library_android": _from(LIBRARY, error_q50_m=5.0, error_q95_m=13.0),
    "still_indoors_wifi": _from(
        WIFI,
        spread_q50_m=6.5, spread_q95_m=17.0, bias_q10_m=20.0, bias_q90_m=35.0,
        outside_95=0.0, outside_68=0.001,
    ),
    "still_indoors_cell": _from(
        MAST, error_q50_m=340.0, error_q95_m=769.0, outside_95=0.033, outside_68=0.094,
    ),
    "street_android": _from(
        MOVING_ANDROID,
        sideways_q50_m=3.6, sideways_q95_m=24.0, sideways_q99_m=68.0, outside_68=0.27, outside_95=0.145,
        outside_95_claim68_to_5_m=0.24, outside_95_claim68_to_10_m=0.08, outside_95_claim68_to_20_m=0.046,
        outside_95_claim68_to_50_m=0.04, outside_95_claim68_to_100_m=0.005,
        # 9582, 5694, 3288, 1237 and 367 of the fixes claim up to 5, 10, 20, 50 and 100 m (68 %).
        claim_q05_m=4.9, claim_q25_m=6.5, claim_q50_m=8.5, claim_q75_m=16.4, claim_q95_m=52.0,
    )
    | _from(CONSTANTS, autocorrelation_10_s=0.57, autocorrelation_60_s=0.05),
    "street_iphone": _from(
        MOVING_IPHONE,
        sideways_q50_m=2.5, sideways_q95_m=25.0, sideways_q99_m=59.0, outside_68=0.07, outside_95=0.032,
        outside_95_claim68_to_5_m=0.10, outside_95_claim68_to_10_m=0.03, outside_95_claim68_to_100_m=0.004,
        # 3264 of the fixes claim up to 5 m (68 %), 21158 up to 10 m, 3865 from 50 to 100 m.
        claim_q05_m=8.1, claim_q25_m=16.2, claim_q50_m=16.2, claim_q75_m=16.2, claim_q95_m=81.0,
    )
    | _from(CONSTANTS, autocorrelation_10_s=0.57, autocorrelation_60_s=0.05),
    "train_android": _from(
        RAIL, sideways_q50_m=19.0, sideways_q95_m=369.0, sideways_q99_m=19_000.0, outside_95=0.03,
    ),
    "underground_android": _from(RAIL, sideways_q50_m=67.0, sideways_q95_m=14_000.0, outside_95=0.11),
    "train_iphone": _from(
        RAIL, sideways_q50_m=10.0, sideways_q95_m=164.0, sideways_q99_m=2_300.0, outside_95=0.02,
    ),
    "underground_iphone": _from(RAIL, sideways_q50_m=18.0, sideways_q95_m=1_000.0, outside_95=0.02),
}  # fmt: skip
"""By situation and statistic.

The lag of 600 s pools the README's 5 to 10 min (0.22) and 10 to 20 min (0.13). Correlations of moving
receivers are those of a Gauss-Markov process of 18 s; what is slower was not seen beside a route.
"""
