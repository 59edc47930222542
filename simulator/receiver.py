"""A receiver's error: correlated in time, with a 95 % circle that matches the claimed accuracy.

The error on each axis is a sum of Gauss-Markov processes (drift of about half a minute and of
about ten minutes, as recorded phones show) and white noise. Together they have unit variance;
times ``accuracy / 2.4477`` (a circular normal's 95 % radius in sigmas) that is the error in metres.
Chance comes from a seed alone: the same seed gives the same errors on every run and machine.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from emon.limits import R95_PER_SIGMA

DEFAULT_DRIFTS = ((30.0, 0.5), (600.0, 0.35))
"""(time constant in seconds, share of the variance); what is left is white noise."""


@dataclass(frozen=True, slots=True)
class ReceiverModel:
    """How a receiver errs.

    ``accuracy_m`` is the radius of the 95 % circle it claims, which varies by ``accuracy_spread``
    (standard deviation of its logarithm). ``outlier_chance`` a fix it is off by ``outlier_m`` in
    one direction without saying so: multipath with a confident claim.
    """

    accuracy_m: float
    accuracy_spread: float = 0.1
    drifts: tuple[tuple[float, float], ...] = DEFAULT_DRIFTS
    outlier_chance: float = 0.0
    outlier_m: float = 100.0


@dataclass(frozen=True, slots=True)
class Reading:
    """One error: metres east and north of the truth, and the claimed 95 % radius in metres."""

    east_m: float
    north_m: float
    accuracy_m: float
    outlier: bool


class Receiver:
    """The errors of one receiver, in the order of its fixes."""

    def __init__(self, model: ReceiverModel, seed: str) -> None:
        self.model = model
        self._random = random.Random(seed)
        self._last_s: float | None = None
        self._states = [[0.0, 0.0, 0.0] for _ in model.drifts]
        self._white = math.sqrt(max(0.0, 1.0 - sum(share for _, share in model.drifts)))

    def read(self, at_s: float) -> Reading:
        """The error of a fix at ``at_s``; times must not fall."""
        self._advance(at_s)
        east, north, claim = self._white * self._normal(), self._white * self._normal(), 0.0
        for state, (_, share) in zip(self._states, self.model.drifts, strict=True):
            weight = math.sqrt(share)
            east += weight * state[0]
            north += weight * state[1]
            claim += weight * state[2]
        accuracy_m = self.model.accuracy_m * math.exp(self.model.accuracy_spread * claim)
        accuracy_m = max(0.1, round(accuracy_m, 1))
        sigma_m = accuracy_m / R95_PER_SIGMA
        east_m, north_m = east * sigma_m, north * sigma_m
        outlier = self._random.random() < self.model.outlier_chance
        bearing = 2.0 * math.pi * self._random.random()
        if outlier:
            east_m += self.model.outlier_m * math.sin(bearing)
            north_m += self.model.outlier_m * math.cos(bearing)
        return Reading(east_m, north_m, accuracy_m, outlier)

    def _advance(self, at_s: float) -> None:
        """Carry every drift on to this instant: x' = a x + sqrt(1 - a^2) n, a = exp(-dt / tau)."""
        for state, (tau_s, _) in zip(self._states, self.model.drifts, strict=True):
            keep = 0.0 if self._last_s is None else math.exp(-(at_s - self._last_s) / tau_s)
            fresh = math.sqrt(1.0 - keep * keep)
            for axis in range(3):
                state[axis] = keep * state[axis] + fresh * self._normal()
        self._last_s = at_s

    def _normal(self) -> float:
        """Box and Muller by hand: only ``random()`` itself is promised to stay the same for ever."""
        radius = math.sqrt(-2.0 * math.log(1.0 - self._random.random()))
        return radius * math.cos(2.0 * math.pi * self._random.random())
