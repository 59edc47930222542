"""The truth of one wearer: from his true path, the zones, the schedules, and when fixes came.

Only exact geometry is asked of the engine's core, none of its judgement.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from emon.geofence import ZoneTable
from emon.limits import PLAN_S, PRESENT_AGE_MAX_S
from emon.model.instant import SECOND_US
from emon.plan import allowed_us
from simulator.limits import DUE_DEPTH_MIN_M, DUE_FIXES
from simulator.scoring.facts import INSIDE, NEAR, OUTSIDE, Held, Seen, Stay
from simulator.scoring.gauge import (
    Floats,
    Gauge,
    NearGauge,
    Way,
    ZoneGauge,
    deepest,
    sampled,
    stretches,
)
from simulator.scoring.of_pair import Fixes, Side, moments

Spans = Sequence[tuple[float, float]]


class Watched(NamedTuple):
    """A condition: ``inside`` a ban or ``outside`` a home is wrong; ``active`` spans in seconds, rising."""

    order: str
    condition: str
    kind: str
    table: ZoneTable
    zone: int
    active: Spans


class Contact(NamedTuple):
    """A contact condition with the protected person's path and what came of her device."""

    order: str
    condition: str
    other: Side
    radius_m: float
    active: Spans


def truth_of_path(
    wearer: str,
    path: Way,
    conditions: Sequence[Watched | Contact],
    fixes: Fixes,
    span_s: tuple[float, float],
    start_us: int,
    seen: Sequence[Seen] | None = None,
) -> list[Stay | Held | Seen]:
    """His stays, when his conditions held, and when he was seen, between the seconds ``span_s``.

    Second 0 is ``start_us``. ``seen`` is for a world that knows its devices' plans; without it,
    ``seen_of_fixes`` says it by the common plan. A stay is cut where the condition begins or ceases to
    hold; parts of a ban's stay while it does not hold are stated with ``active`` False. Raises
    ``ValueError`` for a span that is none, spans that do not rise, and an unknown kind.
    """
    if not span_s[0] < span_s[1]:
        raise ValueError(f"span_s is {span_s[0]:g} to {span_s[1]:g}; must rise")
    facts: list[Stay | Held | Seen] = list(seen_of_fixes(wearer, fixes, start_us) if seen is None else seen)
    for condition in conditions:
        active = _clipped(condition.active, span_s)
        for from_s, to_s in active:
            held = Held(
                wearer, condition.order, condition.condition, _us(from_s, start_us), _us(to_s, start_us)
            )
            facts.append(held)
        facts += _stays(wearer, path, condition, active, fixes, span_s, start_us)
    return facts


def seen_of_fixes(wearer: str, fixes: Fixes, start_us: int) -> list[Seen]:
    """Stretches in which no two fixes lie further apart than a plan owes them, by when they were taken.

    A stretch ends one interval after its last fix.
    """
    if not len(fixes.t_s):
        return []
    order = np.argsort(fixes.t_s, kind="stable")
    t_s, accuracy_m = fixes.t_s[order], fixes.accuracy_m[order]
    cuts = np.flatnonzero(np.diff(t_s) > allowed_us(PLAN_S) / SECOND_US) + 1
    found: list[Seen] = []
    for part, claims in zip(np.split(t_s, cuts), np.split(accuracy_m, cuts), strict=True):
        steps_s = np.diff(part)
        steps_s = steps_s[steps_s > 0.0]
        every_s = float(np.median(steps_s)) if len(steps_s) else float(PLAN_S)
        end_us = _us(float(part[-1]) + every_s, start_us)
        claim_m = float(np.median(claims))
        found.append(Seen(wearer, _us(float(part[0]), start_us), end_us, every_s, claim_m))
    return found


def _stays(
    wearer: str,
    path: Way,
    condition: Watched | Contact,
    active: Spans,
    fixes: Fixes,
    span_s: tuple[float, float],
    start_us: int,
) -> list[Stay]:
    gauge, kind = _gauge(path, condition)
    samples = sampled(gauge, _instants(path, condition, span_s))
    wrong = stretches(samples)
    if not wrong:
        return []
    if isinstance(condition, Contact):
        fixes, depth_m = moments(Side(path, fixes), condition.other, condition.radius_m)
    else:
        depth_m = gauge.depths_m(fixes.t_s)
    found: list[Stay] = []
    for from_s, to_s, holds in _cut(wrong, active):
        from_us, to_us = _us(from_s, start_us), _us(to_s, start_us)
        if to_us <= from_us or not (holds or kind == INSIDE):
            continue
        deepest_m = deepest(gauge, samples, from_s, to_s)
        first, shown, late = _fixes_in(fixes, depth_m, from_s, to_s) if holds else (None, None, False)
        found.append(
            Stay(
                kind,
                wearer,
                condition.order,
                condition.condition,
                from_us,
                to_us,
                round(max(deepest_m, DUE_DEPTH_MIN_M if shown is not None else 0.0), 3),
                active=holds,
                counted=True,
                first_fix_us=None if first is None else _us(first, start_us),
                shown_us=None if shown is None else _us(shown, start_us),
                late=late,
            )
        )
    return found


def _gauge(path: Way, condition: Watched | Contact) -> tuple[Gauge, str]:
    if isinstance(condition, Contact):
        return NearGauge(path, condition.other.way, condition.radius_m), NEAR
    if condition.kind not in (INSIDE, OUTSIDE):
        raise ValueError(f"kind is {condition.kind!r}; must be {INSIDE} or {OUTSIDE}")
    outside = condition.kind == OUTSIDE
    return ZoneGauge(path, condition.table, condition.zone, outside=outside), condition.kind


def _instants(path: Way, condition: Watched | Contact, span_s: tuple[float, float]) -> Floats:
    """Every vertex within the span, and its ends."""
    vertices = [path.t_s] if isinstance(condition, Watched) else [path.t_s, condition.other.way.t_s]
    all_s = np.unique(np.concatenate([*vertices, np.array(span_s)]))
    return all_s[(all_s >= span_s[0]) & (all_s <= span_s[1])]


def _fixes_in(
    fixes: Fixes, depth_m: Floats, from_s: float, to_s: float
) -> tuple[float | None, float | None, bool]:
    """When the first fix of a stay came, when the one that made it due did, and whether too late to act."""
    within = (fixes.t_s >= from_s) & (fixes.t_s < to_s)
    if not within.any():
        return None, None, False
    first = float(fixes.received_s[within].min())
    showing = np.flatnonzero(within & (depth_m >= np.maximum(DUE_DEPTH_MIN_M, fixes.accuracy_m)))
    if len(showing) < DUE_FIXES:
        return first, None, False
    came = showing[np.argsort(fixes.received_s[showing], kind="stable")]
    decides = came[DUE_FIXES - 1]
    shown = float(fixes.received_s[decides])
    newer = (fixes.t_s >= to_s) & (fixes.received_s <= shown)
    old = shown - float(fixes.t_s[came[:DUE_FIXES]].max()) > PRESENT_AGE_MAX_S
    return first, shown, bool(shown >= to_s and (old or newer.any()))


def _cut(wrong: Spans, active: Spans) -> list[tuple[float, float, bool]]:
    """Each wrong stretch cut at the edges of the active spans, with whether it holds there."""
    found: list[tuple[float, float, bool]] = []
    for from_s, to_s in wrong:
        edges = sorted({from_s, to_s, *(e for span in active for e in span if from_s < e < to_s)})
        for begin_s, end_s in pairwise(edges):
            middle_s = (begin_s + end_s) / 2
            found.append((begin_s, end_s, any(a <= middle_s < b for a, b in active)))
    return found


def _clipped(spans: Spans, span_s: tuple[float, float]) -> list[tuple[float, float]]:
    last_s = -np.inf
    found: list[tuple[float, float]] = []
    for from_s, to_s in spans:
        if not last_s <= from_s < to_s:
            raise ValueError(f"active spans must rise and not overlap: {from_s:g} to {to_s:g}")
        last_s = to_s
        if max(from_s, span_s[0]) < min(to_s, span_s[1]):
            found.append((max(from_s, span_s[0]), min(to_s, span_s[1])))
    return found


def _us(seconds: float, start_us: int) -> int:
    return start_us + round(seconds * SECOND_US)
