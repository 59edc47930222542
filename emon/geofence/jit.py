"""How the kernels are compiled: by Numba, on first use, and kept in Numba's cache on disk.

Numba checks a cached function against its own file only. A kernel here calls kernels of other
files, and an old binary would outlive a change in one of those: so each cached kernel is stamped
with the sources of all of them. Where no cache can be written, each process compiles for itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from importlib.machinery import SourceFileLoader
from importlib.util import find_spec
from typing import Any, TypeVar

import numba

Function = TypeVar("Function", bound=Callable[..., Any])

_KERNEL_MODULES = (
    *("wgs84", "layout", "jit", "ellipsoid", "nearest"),
    *("corridor", "relate", "gap", "paths", "detour"),
)


def _sources_digest() -> str:
    digest = hashlib.sha256()
    for name in _KERNEL_MODULES:
        spec = find_spec(f"emon.geofence.{name}")
        if spec is not None and isinstance(spec.loader, SourceFileLoader) and spec.origin:
            digest.update(spec.loader.get_data(spec.origin))
    return digest.hexdigest()


_STAMP = _sources_digest()


def compiled(function: Function) -> Function:
    """Compile to machine code: IEEE arithmetic as written (no fast math), the GIL released.

    ``error_model="numpy"`` because no kernel relies on ZeroDivisionError.
    """
    return _cached(function, numba.njit(error_model="numpy", nogil=True)(function))


def inner(function: Function) -> Function:
    """As ``compiled``, for kernels that only kernels call: without the way in from Python."""
    options: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return _cached(function, numba.njit(error_model="numpy", nogil=True, **options)(function))


def _cached(function: Function, kernel: Any) -> Function:
    if kernel is function:  # NUMBA_DISABLE_JIT=1
        return function
    try:
        kernel.enable_caching()
    except RuntimeError:  # neither the package nor the user's cache can be written
        return kernel
    kernel._cache._cache_file._source_stamp = _STAMP
    return kernel
