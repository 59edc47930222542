"""How the scanners are compiled: by Numba, on first use, and kept in its cache on disk.

Numba checks a cached function against its own file only, so a scanner calls nothing of another file.
Where no cache can be written, each process compiles for itself. Bounds are checked with
``NUMBA_BOUNDSCHECK=1`` (``make bounds``).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compile a function that Python calls, the GIL released. Its results go into the caller's arrays."""
    kernel: Any = numba.njit(nogil=True, error_model="numpy")(function)
    if kernel is not function:  # NUMBA_DISABLE_JIT=1
        with suppress(RuntimeError):  # neither the package nor the user's cache can be written
            kernel.enable_caching()
    return cast(Function, kernel)


def inlined(function: Function) -> Function:
    """As ``compiled``, put into the functions of the same file that call it."""
    kernel: Any = numba.njit(nogil=True, error_model="numpy", forceinline=True)(function)
    return cast(Function, kernel)
