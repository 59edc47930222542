"""How much is measured: the full run, and the quick one that only shows that every row works."""

from __future__ import annotations

from dataclasses import dataclass

SEED = 20_260_417
"""Of everything that is drawn: zones, movement, points, order of arrival."""


@dataclass(frozen=True)
class Scale:
    """Sizes of one run. Counts; ``…_fixes`` and ``…_points`` are of one repetition."""

    wearers: int  # of the movement mix; each has ZONES_EACH zones of his own
    country_zones: int
    crowd: int  # wearers in memory
    crowd_sizes: tuple[int, ...]
    repetitions: int
    curve_repetitions: int
    warm_minutes: int  # of movement before the first that counts
    minutes: int  # of movement in one repetition of ours
    points: int
    vertices: tuple[int, ...]
    zones_each: tuple[int, ...]
    standing: tuple[float, ...]
    distance_fixes: int  # for contains + distance, which is slow
    distance_points: int  # of one polygon, for the same reason
    loop_fixes: int  # for loops in Python
    country_points: int
    country_rival_points: int
    starts: int  # processes started for each answer from the cache
    cold_starts: int


FULL = Scale(
    wearers=20_000,
    country_zones=100_000,
    crowd=1_000_000,
    crowd_sizes=(1_000, 10_000, 100_000, 1_000_000),
    repetitions=11,
    curve_repetitions=7,
    warm_minutes=45,
    minutes=3,
    points=50_000,
    vertices=(4, 10, 20, 50, 100, 300, 1_000, 3_000, 10_000),
    zones_each=(1, 2, 4, 8, 16, 32),
    standing=(0.0, 0.25, 0.5, 0.7, 0.8, 0.9, 0.95),
    distance_fixes=2_000,
    distance_points=2_000,
    loop_fixes=1_000,
    country_points=200_000,
    country_rival_points=20_000,
    starts=5,
    cold_starts=3,
)
QUICK = Scale(
    wearers=120,
    country_zones=720,
    crowd=5_000,
    crowd_sizes=(1_000, 5_000),
    repetitions=3,
    curve_repetitions=3,
    warm_minutes=10,
    minutes=3,
    points=20_000,
    vertices=(20, 100, 1_000),
    zones_each=(1, 32),
    standing=(0.0, 0.7, 0.95),
    distance_fixes=120,
    distance_points=200,
    loop_fixes=120,
    country_points=2_000,
    country_rival_points=2_000,
    starts=1,
    cold_starts=1,
)
