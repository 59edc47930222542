"""Recursions over the fixes of one receiver, compiled: each fix depends on the one before.

Each kernel stands alone in this file, so Numba's own check of a cached binary against the file's
time suffices. Chance comes in as arrays; nothing here draws.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

import numba

from simulator.receivers.observed import Flags, Floats

Function = TypeVar("Function", bound=Callable[..., Any])


def _compiled(function: Function) -> Function:
    """IEEE arithmetic as written; kept on disk where a cache can be written."""
    kernel: Any = numba.njit(error_model="numpy", nogil=True)(function)
    if kernel is not function:  # the same under NUMBA_DISABLE_JIT=1
        with suppress(RuntimeError):  # neither the package nor the user's cache can be written
            kernel.enable_caching()
    found: Function = kernel
    return found


@_compiled
def gauss_markov(t_s: Floats, tau_s: Floats, noise: Floats, out: Floats) -> None:
    """Stationary Gauss-Markov processes of unit variance at uneven times, exactly.

    ``x' = a x + sqrt(1 - a^2) n`` with ``a = exp(-dt / tau)``; the first value is drawn from the
    stationary distribution. ``t_s`` f64[n] rising; ``tau_s`` f64[k]; ``noise`` f64[n, k] standard
    normal; ``out`` f64[n, k].
    """
    count, columns = noise.shape
    for k in range(columns):
        value = 0.0
        for i in range(count):
            keep = 0.0
            if i > 0:
                keep = math.exp(-(t_s[i] - t_s[i - 1]) / tau_s[k])
            value = keep * value + math.sqrt(1.0 - keep * keep) * noise[i, k]
            out[i, k] = value


@_compiled
def on_off(t_s: Floats, share: Floats, mean_on_s: Floats, chance: Floats, out: Flags) -> None:
    """A process that is on or off, with exponential stays, at uneven times.

    Exact where ``share`` and ``mean_on_s`` stay as they are between two times: the chance to be on
    after ``dt`` is ``p + (s - p) exp(-dt (1/on + 1/off))`` with ``off = on (1 - p) / p``.
    ``share`` f64[n] of the time it is on, ``mean_on_s`` f64[n] above 0, ``chance`` f64[n] uniform in
    [0, 1); ``out`` bool[n].
    """
    state = False
    for i in range(t_s.size):
        p = share[i]
        on = p
        if i > 0 and p > 0.0 and p < 1.0:
            rate = 1.0 / (mean_on_s[i] * (1.0 - p))
            before = 1.0 if state else 0.0
            on = p + (before - p) * math.exp(-(t_s[i] - t_s[i - 1]) * rate)
        state = chance[i] < on
        out[i] = state


@_compiled
def relaxed(t_s: Floats, target: Floats, relax_s: float, out: Floats) -> None:
    """A filter that runs after its target: the distance shrinks by ``exp(-dt / relax_s)``.

    Between two times the target is that of the later one. ``target`` and ``out`` f64[n, 2].
    """
    for k in range(2):
        value = 0.0
        for i in range(t_s.size):
            keep = 0.0
            if i > 0:
                keep = math.exp(-(t_s[i] - t_s[i - 1]) / relax_s)
            value = target[i, k] + keep * (value - target[i, k])
            out[i, k] = value


@_compiled
def moved_enough(east_m: Floats, north_m: Floats, least_m: float, out: Flags) -> None:
    """Which fixes a receiver delivers that keeps to itself what moved less than ``least_m``.

    A distance filter, as iPhone positions show it: the first fix and each that lies at least so far
    from the last one delivered. Positions f64[n] in metres; ``out`` bool[n].
    """
    last = 0
    for i in range(east_m.size):
        far = math.hypot(east_m[i] - east_m[last], north_m[i] - north_m[last]) >= least_m
        out[i] = i == 0 or far
        if out[i]:
            last = i
