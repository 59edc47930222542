"""Confidence intervals of a score: proportions, rates, quantiles.

Sources: E. B. Wilson (1927), Probable inference, the law of succession, and statistical inference, JASA 22,
209–212; F. Garwood (1936), Fiducial limits for the Poisson distribution, Biometrika 28, 437–442; A. C.
Davison and D. V. Hinkley (1997), Bootstrap Methods and their Application, section 3.8 (clusters are
drawn whole, so that what one wearer does again and again counts as one witness).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simulator.limits import SCORE_RESAMPLES

LEVEL = 0.95
Floats = npt.NDArray[np.float64]


class Interval(NamedTuple):
    """``value`` with its confidence limits; NaN where there is nothing to say it of."""

    value: float
    low: float
    high: float


NOTHING = Interval(math.nan, math.nan, math.nan)


def wilson(hits: int, of: int, level: float = LEVEL) -> Interval:
    """The score interval of a proportion. Raises ``ValueError`` unless 0 <= hits <= of."""
    if not 0 <= hits <= of:
        raise ValueError(f"{hits} of {of} is no proportion")
    if of == 0:
        return NOTHING
    z = NormalDist().inv_cdf(0.5 + level / 2)
    share = hits / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z / (1 + z * z / of) * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    low = 0.0 if hits == 0 else max(0.0, middle - half)
    high = 1.0 if hits == of else min(1.0, middle + half)
    return Interval(share, low, high)


def garwood(events: int, exposure: float, level: float = LEVEL) -> Interval:
    """The exact interval of a Poisson rate, a unit of ``exposure``.

    The low limit is the rate at which so many or more come with (1 - level) / 2, the high one that
    at which so many or fewer do. Raises ``ValueError`` for negative numbers.
    """
    if events < 0 or exposure < 0.0:
        raise ValueError(f"{events} events in {exposure:g} is no rate")
    if exposure == 0.0:
        return NOTHING
    tail = (1 - level) / 2
    low = 0.0 if events == 0 else _mean_where(lambda mean: _at_least(events, mean), tail, 0.0, float(events))
    ceiling = events + 10.0 * math.sqrt(events + 1.0) + 10.0
    high = _mean_where(lambda mean: -_at_most(events, mean), -tail, float(events), ceiling)
    return Interval(events / exposure, low / exposure, high / exposure)


def quantiles(
    values: Sequence[float],
    clusters: Sequence[Hashable],
    probabilities: Sequence[float],
    rng: np.random.Generator,
    level: float = LEVEL,
    resamples: int = SCORE_RESAMPLES,
) -> list[Interval]:
    """Quantiles with percentile bootstrap intervals; ``clusters`` says whose each value is.

    Whole clusters are drawn again, as many as there are. The quantile is the smallest value with at
    least that share at or below it, so that it is one that occurred.
    """
    if not values:
        return [NOTHING for _ in probabilities]
    order = sorted(range(len(values)), key=lambda i: values[i])
    rising = np.array([values[i] for i in order])
    names = {cluster: number for number, cluster in enumerate(dict.fromkeys(clusters))}
    whose = np.array([names[clusters[i]] for i in order])
    found = [_quantile(rising, np.ones(len(rising)), p) for p in probabilities]
    drawn = np.empty((resamples, len(probabilities)))
    for row in range(resamples):
        weights = np.bincount(rng.integers(0, len(names), len(names)), minlength=len(names))[whose]
        drawn[row] = [_quantile(rising, weights, p) for p in probabilities]
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0, method="inverted_cdf")
    return [
        Interval(value, float(below), float(above))
        for value, below, above in zip(found, low, high, strict=True)
    ]


def clustered_rate(
    counts: Sequence[float],
    exposures: Sequence[float],
    rng: np.random.Generator,
    level: float = LEVEL,
    resamples: int = SCORE_RESAMPLES,
) -> Interval:
    """Events a unit of exposure where each wearer's come together: wearers are drawn again.

    Wider than Garwood's where few wearers raise most of them; with no event at all it is 0 to 0 and
    Garwood's is the one to read.
    """
    total = float(np.sum(exposures)) if len(exposures) else 0.0
    if total <= 0.0:
        return NOTHING
    count, exposure = np.asarray(counts, dtype=np.float64), np.asarray(exposures, dtype=np.float64)
    drawn = np.empty(resamples)
    for row in range(resamples):
        chosen = rng.integers(0, len(count), len(count))
        drawn[row] = count[chosen].sum() / exposure[chosen].sum()
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(count.sum()) / total, float(low), float(high))


def _quantile(rising: Floats, weights: npt.NDArray[np.floating | np.integer], share: float) -> float:
    below = np.cumsum(weights)
    return float(rising[min(len(rising) - 1, int(np.searchsorted(below, share * below[-1] - 1e-9)))])


def _mean_where(rises: Callable[[float], float], target: float, low: float, high: float) -> float:
    """The mean at which a rising function reaches ``target``, by bisection to the last bit but two."""
    for _ in range(200):
        middle = (low + high) / 2
        if rises(middle) < target:
            low = middle
        else:
            high = middle
        if high - low <= 1e-14 * high:
            break
    return (low + high) / 2


def _log_mass(events: int, mean: float) -> float:
    return events * math.log(mean) - mean - math.lgamma(events + 1) if mean > 0.0 else -math.inf


def _at_most(events: int, mean: float) -> float:
    """P(N <= events); the terms fall from ``events`` down where the mean is above."""
    term, total = 1.0, 1.0
    for lower in range(events, 0, -1):
        term *= lower / mean
        total += term
        if term < 1e-18 * total:
            break
    return min(1.0, math.exp(_log_mass(events, mean)) * total)


def _at_least(events: int, mean: float) -> float:
    """P(N >= events); the terms fall from ``events`` up where the mean is below."""
    term, total, upper = 1.0, 1.0, events
    while term >= 1e-18 * total:
        upper += 1
        term *= mean / upper
        total += term
    return min(1.0, math.exp(_log_mass(events, mean)) * total)
