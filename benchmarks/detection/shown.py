"""What the fixes of a stay showed of it, whoever judged them: what none of them shows, no rule can tell.

Only missed stays are looked at. What lies here is read from the fixes as they came, never from the truth:
positions, the straight lines between two at most 120 s apart, and the circles that they claim.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec
import numpy as np

from benchmarks.detection.rivals.parts import Floats
from benchmarks.detection.scene import Columns, Scene, Watch, columns_of
from emon.limits import CONTACT_PAIR_AGE_MAX_S, CROSSING_GAP_MAX_S
from emon.model.instant import SECOND_US
from simulator.path import lengths_m
from simulator.scoring.facts import NEAR, Stay

_STEP_S = 1.0  # two tracks are laid beside each other so often


class Shown(msgspec.Struct):
    """``positions`` that lay on the wrong side (for a contact: instants, 1 s apart, at which the two tracks
    stood within the radius), ``whole`` of them with all of their 95 % circle; ``line``: a straight line
    between two positions met the ban."""

    positions: int = 0
    whole: int = 0
    line: bool = False


def shown(scene: Scene, watch: Watch | None, stay: Stay) -> Shown:
    """Of the fixes taken during a stay, and of the lines that reach into it."""
    from_s, to_s = (stay.from_us - scene.start_us) / SECOND_US, (stay.to_us - scene.start_us) / SECOND_US
    if stay.kind == NEAR:
        return _near(scene, stay, from_s, to_s)
    return Shown() if watch is None else _inside(watch, from_s, to_s)


def _inside(watch: Watch, from_s: float, to_s: float) -> Shown:
    order = np.argsort(watch.track.t_s[watch.track.active], kind="stable")
    t_s, lon, lat, accuracy_m, d_m = (
        column[watch.track.active][order]
        for column in (
            watch.track.t_s,
            watch.track.lon,
            watch.track.lat,
            watch.track.accuracy_m,
            watch.track.d_m,
        )
    )
    within = (t_s >= from_s) & (t_s <= to_s)
    pairs = (np.diff(t_s) <= CROSSING_GAP_MAX_S) & (t_s[1:] >= from_s) & (t_s[:-1] <= to_s)
    touched = watch.fence.touched(lon[:-1][pairs], lat[:-1][pairs], lon[1:][pairs], lat[1:][pairs])
    return Shown(
        int((within & (d_m <= 0.0)).sum()), int((within & (d_m <= -accuracy_m)).sum()), bool(touched.any())
    )


def _near(scene: Scene, stay: Stay, from_s: float, to_s: float) -> Shown:
    columns = columns_of(scene.received, scene.start_us)
    order: dict[str, Any] = next(o for o in json.loads(scene.orders)["orders"] if o["id"] == stay.order)
    condition = next(c for c in order["conditions"] if c["id"] == stay.condition)
    own = order["device"] if "device" in order else order["devices"][0]["id"]
    one, other = columns.get(own), columns.get(condition["victim_device"])
    if one is None or other is None:
        return Shown()
    at_s = np.arange(from_s, to_s, _STEP_S)
    (lon1, lat1, circle1_m, known1), (lon2, lat2, circle2_m, known2) = (
        _brought(one, at_s),
        _brought(other, at_s),
    )
    apart_m = lengths_m(lon1, lat1, lon2, lat2)
    close = known1 & known2 & (apart_m <= condition["radius_m"])
    whole = close & (apart_m + circle1_m + circle2_m <= condition["radius_m"])
    return Shown(int(close.sum()), int(whole.sum()))


def _brought(fixes: Columns, at_s: Floats) -> tuple[Floats, Floats, Floats, Any]:
    """A track straight between its fixes: degrees, the wider circle of the two ends, and whether a fix no
    older than a pair may be was there."""
    order = np.argsort(fixes.t_s, kind="stable")
    t_s = fixes.t_s[order]
    before = np.clip(np.searchsorted(t_s, at_s, side="right") - 1, 0, len(t_s) - 1)
    after = np.minimum(before + 1, len(t_s) - 1)
    age_s = at_s - t_s[before]
    circle_m = np.maximum(fixes.accuracy_m[order][before], fixes.accuracy_m[order][after])
    lon, lat = (np.interp(at_s, t_s, column[order]) for column in (fixes.lon, fixes.lat))
    return lon, lat, circle_m, (age_s >= 0.0) & (age_s <= CONTACT_PAIR_AGE_MAX_S)
