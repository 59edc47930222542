"""Home Assistant's zones.

Read: home-assistant/core, homeassistant/components/zone/__init__.py at 02e15b7 (``in_zone``: distance to the
centre less the accuracy is below the radius) and zone/trigger.py at 05efb6e (enter: out before, in
now; leave: in before, out now); pull request 48860 with its tests (closed: enter only when the whole
circle fits, stay while it still meets the zone); issue 178665 (containment as an opt-in: in when the
circle lies within, out when it does not). What ships is the overlap.
Zones there are circles; for any zone "distance less radius" is the signed distance, so the rule is
stated with that. The trigger compares two states: the first fix of all counts as out before.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from benchmarks.detection.rivals.parts import Event, Fence, Track, changes, latched

Criterion = Literal["overlap", "fit_to_enter", "containment"]


class HomeAssistantParameters(NamedTuple):
    """``criterion``: as shipped, as pull request 48860 or as issue 178665; ``accuracy_scale`` as for Esri."""

    criterion: Criterion = "overlap"
    accuracy_scale: float = 1.0


def home_assistant_zone(track: Track, fence: Fence, parameters: HomeAssistantParameters) -> list[Event]:
    """Enter and leave of one zone; both comparisons are strict, as there."""
    radius_m = parameters.accuracy_scale * track.accuracy_m
    d_m = np.round(track.d_m, 3)  # its util/location.py rounds a distance to the millimetre
    overlaps, fits = d_m - radius_m < 0.0, d_m + radius_m < 0.0
    if parameters.criterion == "overlap":
        inside = overlaps
    elif parameters.criterion == "containment":
        inside = fits
    else:
        inside = latched(enter=fits, leave=~overlaps)
    return list(changes(track, inside))
