"""How often Python looks for cycles of garbage in the commands that judge.

The engine's state is trees of frozen values: nothing in it can form a cycle, and references are counted.
By its usual measure the collector would walk over the whole fleet every few batches and find nothing,
which cost a third of a step (``benchmarks/engine.py``). What else the process makes is still collected.
"""

from __future__ import annotations

import gc

from emon.limits import COLLECT_AFTER


def collect_seldom() -> None:
    """For the whole process; called once, before anything is judged."""
    gc.set_threshold(*COLLECT_AFTER)
