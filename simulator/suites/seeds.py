"""Which seeds tune and which report: kept apart, so that nothing is judged on what it was fitted to.

Parameters of rules and of the engine are chosen on ``TRAINING_SEEDS`` alone; every figure of a report
comes from ``TEST_SEEDS``. A hundred of each: with the drift suite's 3 wearers over 30 days a seed, that is
300 wearers and 9,000 wearer-days.
"""

from __future__ import annotations

TRAINING_SEEDS = tuple(range(1_001, 1_101))
TEST_SEEDS = tuple(range(5_001, 5_101))
