"""Every number that a verdict depends on, by its name, as this engine has it.

The numbers are found where they are used: a module that judges lists its limits in its imports, so a
new one stands in the explanations without being named here. Another geometry kernel is no parameter:
its bounds are those of docs/geofence.md, far below what a receiver errs.
"""

from __future__ import annotations

from types import ModuleType

import emon.decide
import emon.engine
import emon.geofence.agreement
import emon.geofence.evidence
import emon.geofence.fold
import emon.geofence.meeting
import emon.geofence.motion
import emon.geofence.pairing
import emon.geofence.proximity
import emon.geofence.reconcile
import emon.geofence.walk
import emon.geofence.way
import emon.ingest.admit
import emon.recall
import emon.recall_home
import emon.recall_pair

JUDGING: tuple[ModuleType, ...] = (
    emon.ingest.admit,
    emon.geofence.evidence,
    emon.geofence.fold,
    emon.geofence.agreement,
    emon.geofence.walk,
    emon.geofence.way,
    emon.geofence.motion,
    emon.geofence.meeting,
    emon.geofence.pairing,
    emon.geofence.proximity,
    emon.geofence.reconcile,
    emon.decide,
    emon.engine,
    emon.recall,
    emon.recall_home,
    emon.recall_pair,
)
"""Modules whose numbers decide about a breach."""

_NO_LIMITS = frozenset({"SECOND_US", "MINUTE_US", "HOUR_US", "DAY_US", "NO_ZONE"})


def parameters() -> dict[str, int | float]:
    """Names and values, sorted. Units stand in the names; sources in ``emon/limits.py`` and the
    modules themselves."""
    found: dict[str, int | float] = {}
    for module in JUDGING:
        for name, value in vars(module).items():
            public = name.isupper() and not name.startswith("_") and name not in _NO_LIMITS
            if public and isinstance(value, int | float) and not isinstance(value, bool):
                found[name] = value
    return dict(sorted(found.items()))
