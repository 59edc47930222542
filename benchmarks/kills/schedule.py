"""Which part is killed when: a plan that a seed repeats, as far as a machine repeats anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from random import Random

PAUSE_MIN_S, PAUSE_MAX_S = 0.2, 4.0
AGAIN_SHARE = 0.15  # of kills of the service: killed once more while it starts
AGAIN_MAX_S = 3.0
_WEIGHTS = (5, 3, 2, 1)


class Part(StrEnum):
    """What is killed. ``both``: service and database at the same instant, as a host's end does."""

    SERVICE = "service"
    DATABASE = "database"
    BROKER = "broker"
    BOTH = "both"


@dataclass(frozen=True)
class Kill:
    """``pause_s`` after all is up again. ``again_s``: and once more so long after its start began."""

    part: Part
    pause_s: float
    again_s: float | None = None


def kills(seed: int, count: int, *, broker: bool = True) -> Iterator[Kill]:
    """So many kills; those of a broker are left out where its table promises nothing."""
    random = Random(seed)
    parts = [part for part in Part if broker or part is not Part.BROKER]
    weights = [weight for part, weight in zip(Part, _WEIGHTS, strict=True) if part in parts]
    for _ in range(count):
        (part,) = random.choices(parts, weights)
        pause_s, share, again_s = random.uniform(PAUSE_MIN_S, PAUSE_MAX_S), random.random(), random.random()
        again = part is Part.SERVICE and share < AGAIN_SHARE
        yield Kill(part, pause_s, AGAIN_MAX_S * again_s if again else None)
