"""How the kernels are compiled: by Numba, on first use, and kept in Numba's cache on disk.

Numba checks a cached function against its own file only. A kernel here calls kernels of other
files, and an old binary would outlive a change in one of those: so each cached kernel is stamped
with the sources of all of them. Where no cache can be written, each process compiles for itself.
Only the kernels that Python calls are kept there; those that only kernels call are in them (parts.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from importlib.machinery import SourceFileLoader
from importlib.util import find_spec
from typing import Any, TypeVar

import numba

from emon.geofence.parts import KernelCompiler, PartCompiler

Function = TypeVar("Function", bound=Callable[..., Any])

KERNEL_MODULES = (
    *(
        "wgs84",
        "layout",
        "jit",
        "ellipsoid",
        "nearest",
        "lanes",
        "plane",
        "near",
        "near_build",
        "field_kernels",
        "certificates",
        "indexing",
        "parts",
        "near_paths",
        "depths",
        "touch",
        "watch_ahead",
        "watch_kernels",
        "watch_left",
        "watch_paths",
    ),
    *(
        "corridor",
        "relate",
        "gap",
        "paths",
        "detour",
        "probability_kernels",
        "country_kernels",
        "country_build",
    ),
)


def _sources_digest() -> str:
    digest = hashlib.sha256()
    for name in KERNEL_MODULES:
        spec = find_spec(f"emon.geofence.{name}")
        if spec is not None and isinstance(spec.loader, SourceFileLoader) and spec.origin:
            digest.update(spec.loader.get_data(spec.origin))
    return digest.hexdigest()


_STAMP = _sources_digest()


_WITHIN: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
_LENT: dict[str, Any] = {"_nrt": False}
"""Arrays are lent to a kernel and outlive its call, so nobody counts who holds them: counting, an
atomic step for each array taken from the zones' tuple, cost more than the geometry. Such a kernel
cannot make an array."""


def compiled(function: Function) -> Function:
    """Compile a kernel that Python calls. Its results go into arrays that the caller brings."""
    return _cached(function, _njit(**_LENT, pipeline_class=KernelCompiler)(function))


def inner(function: Function) -> Function:
    """As ``compiled``, for kernels that only kernels call: a part of each, nothing by itself (parts.py)."""
    return _part(**_LENT)(function)


def inlined(function: Function) -> Function:
    """As ``inner``, put into each kernel that calls it.

    For short kernels that take the zones: a call would copy the tuple of their arrays, a hundred
    words, each time.
    """
    return _part(**_LENT, forceinline=True)(function)


def allocating(function: Function) -> Function:
    """As ``inner``, for a kernel that makes arrays of its own, or is given one by another kernel."""
    return _part(_nrt=True)(function)


def _part(**options: Any) -> Any:
    """Nothing that could be called, so nothing to cache."""
    return _njit(**_WITHIN, **options, pipeline_class=PartCompiler)


def _njit(**options: Any) -> Any:
    """IEEE arithmetic as written (no fast math), the GIL released; no kernel relies on ZeroDivisionError."""
    return numba.njit(error_model="numpy", nogil=True, **options)


def _cached(function: Function, kernel: Any) -> Function:
    if kernel is function:  # NUMBA_DISABLE_JIT=1
        return function
    try:
        kernel.enable_caching()
    except RuntimeError:  # neither the package nor the user's cache can be written
        return kernel
    kernel._cache._cache_file._source_stamp = _STAMP
    return kernel
