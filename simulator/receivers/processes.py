"""Chance in time: correlated errors, episodes that begin and end, values held through an episode.

Each takes the instants it is asked for and a generator, and draws a number of values that depends
on the number of instants alone, so that one part of a receiver does not disturb another's draws.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.receivers import kernels
from simulator.receivers.observed import Flags, Floats

Indices = NDArray[np.intp]


def correlated(t_s: Floats, taus_s: tuple[float, ...], rng: np.random.Generator) -> Floats:
    """Gauss-Markov processes of unit variance, one for each time constant: f64[n, k]."""
    out = np.empty((t_s.size, len(taus_s)))
    kernels.gauss_markov(t_s, np.array(taus_s), rng.standard_normal(out.shape), out)
    return out


def on_off(t_s: Floats, share: Floats, mean_on_s: Floats, rng: np.random.Generator) -> Flags:
    """Whether an episode is on, with its share of the time and its mean length: bool[n]."""
    out = np.empty(t_s.size, np.bool_)
    kernels.on_off(t_s, share, mean_on_s, rng.random(t_s.size), out)
    return out


def renewals(t_s: Floats, mean_s: Floats, rng: np.random.Generator, also: Flags | None = None) -> Flags:
    """Where a stay of mean length ``mean_s`` f64[n] has ended since the instant before: bool[n].

    The first instant always begins one, and so does each where ``also`` is true.
    """
    elapsed_s = np.diff(t_s, prepend=t_s[:1])
    begun = rng.random(t_s.size) < -np.expm1(-elapsed_s / mean_s)
    if also is not None:
        begun |= also
    begun[:1] = True
    return begun


def last_true(flags: Flags) -> Indices:
    """For each instant the index of the last true one up to it, -1 before the first: intp[n]."""
    return np.maximum.accumulate(np.where(flags, np.arange(flags.size), -1))


def begins(flags: Flags) -> Flags:
    """Where a run of true begins: bool[n]."""
    first = flags.copy()
    first[1:] &= ~flags[:-1]
    return first


def log_uniform(low: Floats | float, high: Floats | float, chance: Floats) -> Floats:
    """Values between two positive bounds whose logarithm is uniform."""
    return np.asarray(low * (high / low) ** np.minimum(chance, 1.0), dtype=np.float64)
