"""Generated worlds by suite: people in a city, their devices, their orders, and the truth.

    from simulator.suites import TEST_SEEDS, suite

    for seed in TEST_SEEDS:
        played = suite("drift", seed)

``played.py`` says what one holds, ``parameters.py`` what can be set, ``seeds.py`` which seeds tune and
which report; docs/simulator-world.md explains it all.
"""

from __future__ import annotations

from simulator.suites.catalogue import SUITES, suite
from simulator.suites.parameters import Parameters, WorldRefused
from simulator.suites.played import Condition, Played, Track
from simulator.suites.seeds import TEST_SEEDS, TRAINING_SEEDS

__all__ = [
    "SUITES",
    "TEST_SEEDS",
    "TRAINING_SEEDS",
    "Condition",
    "Parameters",
    "Played",
    "Track",
    "WorldRefused",
    "suite",
]
