"""What depends on the fix before, compiled."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Function = TypeVar("Function", bound=Callable[..., Any])


def _compiled(function: Function) -> Function:
    kernel: Any = numba.njit(error_model="numpy", nogil=True)(function)
    if kernel is not function:  # the same under NUMBA_DISABLE_JIT=1
        with suppress(RuntimeError):  # neither the package nor the user's cache can be written
            kernel.enable_caching()
    found: Function = kernel
    return found


@_compiled
def asked_in_turn(t_s: Floats, wait_s: Floats, kept: Flags) -> None:
    """``kept[i]``: no kept fix before i forbids it; ``wait_s[i]`` is how long i forbids others."""
    next_s = -np.inf
    for i in range(t_s.size):
        kept[i] = t_s[i] >= next_s
        if kept[i]:
            next_s = t_s[i] + wait_s[i]
