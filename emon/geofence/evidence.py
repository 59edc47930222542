"""How strongly one fix shows that the wearer is inside a zone.

A reported accuracy is the radius of the 95 % circle of a circular normal error. Receivers are
optimistic and their errors are correlated from fix to fix, so the model never believes less than
``ACCURACY_FLOOR_M`` and adds a part that averaging does not remove (``docs/adr/0003``).
"""

from __future__ import annotations

import math

from emon.limits import (
    ACCURACY_FLOOR_M,
    COMMON_ERROR_SIGMA_M,
    EDGE_TOLERANCE_M,
    R95_PER_SIGMA,
    WAY_CLAIM_MAX_M,
    WAY_SIGMA_PER_M,
)
from emon.model.vocabulary import Certainty

OPENS_P = 0.8
"""One fix alone opens a breach from this probability on."""
AGREES_P = 0.5
"""A fix counts as inside from this probability on; two in a row open a breach."""
AWAY_P = 0.8
"""A fix counts as away from a required place from this probability on; two in a row open a breach."""
AWAY_OPENS_P = 0.999
"""One fix alone opens a breach of an inclusion from this probability on (docs/adr/0006)."""
SIDE_KNOWN_P = 0.8
"""From this probability on a fix says on which side of the edge he was, however wide its claim."""
PROBABLE_P = 0.95
COARSE_P = 0.05
"""What ``probable`` leaves: below it a contact is as surely none as that one is (docs/adr/0081)."""
CERTAIN_P = 0.999
"""``certain`` means an error under 1 in 1,000 by the model (contract, section 3)."""


_NOTHING_SIGMAS = 40.0
"""So far out the normal distribution's tail is below the smallest number that there is (from 38.6 on)."""


def _sigma_at_most_m(accuracy_m: float) -> float:
    return max(accuracy_m, ACCURACY_FLOOR_M) / R95_PER_SIGMA + COMMON_ERROR_SIGMA_M


def sigma_m(accuracy_m: float) -> float:
    """Standard deviation of the position error along one axis, in metres."""
    return math.hypot(max(accuracy_m, ACCURACY_FLOOR_M) / R95_PER_SIGMA, COMMON_ERROR_SIGMA_M)


def normal_cdf(z: float) -> float:
    """Φ(z), the standard normal distribution function."""
    return 0.5 * math.erfc(-z / math.sqrt(2.0))


def inside_probability(distance_m: float, accuracy_m: float, area_m2: float) -> float:
    """Probability that the wearer is inside, from the signed distance (negative inside).

    The half-plane bound Φ(−d/σ) is too high for a zone smaller than the error, where no more than
    the density's peak times the zone's area can lie inside: the lower of both is taken.
    """
    if distance_m > _NOTHING_SIGMAS * _sigma_at_most_m(accuracy_m):
        return 0.0  # what the distribution function gives there, to the last bit
    sigma = sigma_m(accuracy_m)
    half_plane = normal_cdf(-distance_m / sigma)
    return min(half_plane, area_m2 / (2.0 * math.pi * sigma * sigma))


def outside_probability(distance_m: float, accuracy_m: float) -> float:
    """Probability that the wearer is outside, from the signed distance (negative inside).

    The half-plane bound Φ(d/σ): outside a convex zone more than that lies outside, so it is never
    too high where it is used, which is for positions outside.
    """
    return normal_cdf(distance_m / sigma_m(accuracy_m))


def is_outside(distance_m: float) -> bool:
    """Whether a position lies outside the closed zone (invariant 8: the edge belongs to it)."""
    return distance_m > EDGE_TOLERANCE_M


def way_probability(deepest_m: float, accuracy_m: float, length_m: float) -> float:
    """Probability that the true way between two outside fixes entered the zone.

    The true way leaves the straight one by about a tenth of its length, on top of the fixes' own
    error; ``deepest_m`` is the greatest depth the straight way reaches.
    """
    sigma = math.hypot(sigma_m(accuracy_m), WAY_SIGMA_PER_M * length_m)
    return normal_cdf(deepest_m / sigma)


def way_opens(deepest_m: float, accuracy_m: float) -> bool:
    """Whether a way that meets the zone is a breach: known to some metres, or deep against its error."""
    if accuracy_m <= WAY_CLAIM_MAX_M:
        return True
    return normal_cdf(deepest_m / sigma_m(accuracy_m)) >= OPENS_P


def certainty_of(p: float, *, agreed: bool) -> Certainty:
    """The word for a probability. Only agreement of distinct fixes makes it ``certain``."""
    if agreed and p >= CERTAIN_P:
        return Certainty.CERTAIN
    return Certainty.PROBABLE if p >= PROBABLE_P else Certainty.POSSIBLE
