"""Is this position inside, how far from the edge, did its path cross: exact, and in batches.

    from emon.geofence import ZoneTable, signed_distances, zone_of

Usable on its own; ``docs/geofence.md`` has a worked example. Importing this is cheap: what is used is
loaded when it is named first, and Numba when the first kernel is called.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from emon.geofence.convert import zone_of
    from emon.geofence.country import CountryIndex
    from emon.geofence.loading import load_kernels
    from emon.geofence.probability import inside_probabilities
    from emon.geofence.relation import (
        PathContacts,
        detours,
        distances_m,
        nearest_points,
        path_contacts,
        path_distances,
        path_touches,
        relations,
        signed_distances,
    )
    from emon.geofence.watch import Watch
    from emon.geofence.zones import ZoneTable

__all__ = [
    "CountryIndex",
    "PathContacts",
    "Watch",
    "ZoneTable",
    "detours",
    "distances_m",
    "inside_probabilities",
    "load_kernels",
    "nearest_points",
    "path_contacts",
    "path_distances",
    "path_touches",
    "relations",
    "signed_distances",
    "zone_of",
]

_ELSEWHERE = {
    "CountryIndex": "country",
    "Watch": "watch",
    "ZoneTable": "zones",
    "inside_probabilities": "probability",
    "load_kernels": "loading",
    "zone_of": "convert",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{_ELSEWHERE.get(name, 'relation')}")
    return getattr(module, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
