"""From lives to a played world: devices, orders, truth. Every suite ends here."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path as File
from typing import Any

import numpy as np
import numpy.typing as npt

from emon.geofence import ZoneTable, zone_of
from emon.limits import PLAN_S
from emon.model.instant import DAY_US, SECOND_US, format_instant
from emon.model.vocabulary import AlertEvent
from simulator.fleet.firmware import NETWORK, Firmware, fallback_asks, firmware_of, heartbeats, together
from simulator.fleet.plans import (
    Plan,
    candidates,
    joined_spans,
    kept_by_plan,
    motion_events,
    regimes_of,
    watched_spans,
)
from simulator.fleet.saying import all_said, motion_heard
from simulator.fleet.sending import DAY_S, Habits, connected, sent
from simulator.fleet.spares import carried, spares
from simulator.fleet.upkeep import NONE, Shares, Upkeep, lies_in, upkeep_of, with_device_left, without
from simulator.path import Path, positions_at
from simulator.people.life import Life
from simulator.receivers import Receiver, Resampled, TracksMissing, kind, observe, resampled_kinds
from simulator.receivers.observed import CELL, GNSS, Observed
from simulator.scoring.facts import INSIDE, OUTSIDE, Seen, Wearer, World
from simulator.scoring.of_pair import Fixes, Side
from simulator.scoring.of_path import Contact, Watched, truth_of_path
from simulator.scoring.reading import truth_of_facts
from simulator.seeds import generator
from simulator.suites.parameters import Parameters, WorldRefused
from simulator.suites.played import Condition, Played, Spans, Spare, Track
from simulator.suites.rulings import rulings_of

Floats = npt.NDArray[np.float64]

RECORDED = ("resampled-android", "resampled-iphone")
_COMMON = Habits()
_CALM = Habits(
    latency_s=2.0, gaps_a_day=0.0, hidden_share=0.0, late_share=0.0, copied_share=0.0, restarts_a_day=0.0
)

_NO_COPIES: Floats = np.empty((0, 2))

COMPLETE = frozenset(
    {
        AlertEvent.STRAP_TAMPER,
        AlertEvent.CASE_TAMPER,
        AlertEvent.PANIC,
        AlertEvent.BATTERY_LOW,
        AlertEvent.BATTERY_CRITICAL,
        AlertEvent.CHARGING_MISSED,
        AlertEvent.CLOCK_WRONG,
        AlertEvent.ORDER_WITHOUT_DEVICE,
    }
)
"""The truth has every one of these, and in most worlds none: whoever else is told of it is told wrongly."""


@dataclass(frozen=True, slots=True)
class Ban:
    """A condition of one wearer before it is armed: ``zone`` as in the orders, or a contact's radius with
    ``victim_device``; ``schedule`` as in the orders and ``active`` what it comes to, in seconds."""

    condition: str
    kind: str
    active: Spans
    zone: Mapping[str, Any] | None = None
    schedule: Mapping[str, Any] | None = None
    radius_m: float = float("nan")
    victim_device: str = ""
    edge_m: float = float("nan")


@dataclass(frozen=True, slots=True)
class Cast:
    """Somebody with a device. ``wearer`` is empty for a protected person, who has no order."""

    wearer: str
    device: str
    life: Life
    bans: tuple[Ban, ...] = ()
    risk: str = "medium"


def receiver_of(parameters: Parameters, seed: int, index: int) -> tuple[str, Receiver | Resampled]:
    """Which receiver the wearer of this number wears: recorded errors are dealt out evenly, over the
    wearers of a seed and over seeds that follow one another.

    Without recordings everybody wears the parametric one. Raises ``WorldRefused`` for an unknown kind.
    """
    number = (seed + index) % 1_000_000
    before, after = (int(np.floor(n * parameters.resampled_share + 1e-6)) for n in (number, number + 1))
    if after > before:
        turn = RECORDED[before % len(RECORDED)]
        try:
            return turn, _recorded(parameters.tracks)[turn]
        except TracksMissing:
            if parameters.tracks is not None:
                raise
    try:
        return parameters.receiver, _kind(parameters.receiver, parameters.tracks)
    except ValueError as fault:
        raise WorldRefused(str(fault)) from None


@lru_cache(maxsize=2)
def _recorded(tracks: File | None) -> dict[str, Resampled]:
    """All receivers made of recordings, read once."""
    return resampled_kinds(tracks)


@lru_cache(maxsize=8)
def _kind(name: str, tracks: File | None) -> Receiver | Resampled:
    return kind(name, tracks)


def tracked(
    cast: Cast, index: int, parameters: Parameters, span_s: tuple[float, float], names: tuple[int, str]
) -> Track:
    """What this person's device sends; ``names`` are seed and suite."""
    seed, suite = names
    name, receiver = receiver_of(parameters, seed, index)
    rng = generator(seed, suite, cast.device, "device")
    upkeep = _upkeep(cast, parameters, span_s, names)
    own = with_device_left(cast.life, upkeep.left_s)  # a device that lies at home is not where he is
    path = own.path
    plan = Plan(float(parameters.interval_s), parameters.sleeps)
    motion = motion_heard(motion_events(own.moving_s, span_s), upkeep.dead_s)
    regimes = regimes_of(plan, motion, span_s)
    asked_s, step_s = candidates(regimes, float(rng.uniform(0.0, plan.plan_s)))
    alive = ~lies_in(upkeep.dead_s, asked_s)
    asked_s, step_s = np.round(asked_s[alive], 3), step_s[alive]
    spare_s = spares(asked_s, span_s[1], upkeep.dead_s) if parameters.obeys else np.empty(0)
    jammed_s = [(from_s, to_s) for from_s, to_s in upkeep.jammed_s.tolist()]
    own_rng = generator(seed, suite, cast.device, "receiver")
    seen = observe(path, np.sort(np.append(asked_s, spare_s)), receiver, own_rng, jammed_s=jammed_s)
    is_spare = np.isin(seen.t_s, spare_s)
    spare = seen.only(is_spare & (seen.source != CELL))
    seen = carried(seen, asked_s, path) if isinstance(receiver, Resampled) else seen.only(~is_spare)
    firmware = firmware_of(generator(seed, suite, cast.device, "firmware"), parameters.mute_share)
    if not isinstance(receiver, Resampled):  # recordings hold what their phone fell back on
        network = generator(seed, suite, cast.device, "network")
        seen = _from_network(path, asked_s, seen, firmware, network)
    steps = step_s[np.searchsorted(asked_s, seen.t_s)]
    seen = seen.only(kept_by_plan(seen.t_s, steps, seen.source == CELL, plan))
    watched_s = without(watched_spans(regimes, seen.t_s, seen.source == CELL), upkeep.left_s)
    beats_s = heartbeats(asked_s, seen, firmware)
    spare_beats_s = heartbeats(spare_s, spare, firmware)
    both = _stretched(path, together(seen, spare), parameters.drift)
    habits = _CALM if parameters.connected else _COMMON
    events = all_said(motion, upkeep.words)
    cut_off_s = joined_spans(np.concatenate([upkeep.dead_s, upkeep.cut_off_s]))
    came = sent(both, events, path, habits, span_s, rng, beats_s, cut_off_s)
    is_spare = np.isin(came.fixes.t_s, spare.t_s)
    return Track(
        cast.device,
        cast.wearer,
        name,
        isinstance(receiver, Resampled),
        cast.life.path,
        came.fixes.only(~is_spare),
        came.events,
        watched_s,
        came.heard_s,
        upkeep.left_s,
        Spare(
            came.fixes.only(is_spare)._replace(copies=_NO_COPIES),
            connected(spare_beats_s, came.gaps_s, habits),
        ),
        came.gaps_s,
    )


def _upkeep(
    cast: Cast, parameters: Parameters, span_s: tuple[float, float], names: tuple[int, str]
) -> Upkeep:
    """What befalls the device of a wearer, where the parameters have anything befall one."""
    if not parameters.upkeep or not cast.wearer:
        return NONE
    seed, suite = names
    return upkeep_of(cast.life, span_s, Shares(), generator(seed, suite, cast.device, "upkeep"))


def _from_network(
    path: Path, asked_s: Floats, seen: Observed, firmware: Firmware, rng: np.random.Generator
) -> Observed:
    """What is seen, and what masts and Wi-Fi give where that was nothing for long."""
    asks_s = fallback_asks(asked_s, seen.t_s, firmware)
    return together(seen, observe(path, asks_s, NETWORK, rng)) if asks_s.size else seen


def _stretched(path: Path, seen: Observed, drift: float) -> Observed:
    """Errors of satellite positions times ``drift``; what is claimed of them stays."""
    if drift == 1.0:
        return seen
    lon, lat, _, _ = positions_at(path, seen.t_s)
    grown = np.where(seen.source == GNSS, drift, 1.0)
    return seen._replace(
        lon=np.round(lon + (seen.lon - lon) * grown, 7), lat=np.round(lat + (seen.lat - lat) * grown, 7)
    )


def played(
    suite: str,
    seed: int,
    parameters: Parameters,
    start_us: int,
    span_s: tuple[float, float],
    casts: Sequence[Cast],
    tracks: Sequence[Track],
) -> Played:
    """Orders, conditions and truth of these people and what their devices sent."""
    table = ZoneTable()
    by_device = {track.device: track for track in tracks}
    conditions: list[Condition] = []
    facts: list[Any] = [World(suite, seed)]
    for cast in casts:
        if not cast.wearer:
            continue
        track = by_device[cast.device]
        own = [_condition(cast, ban, table) for ban in cast.bans]
        conditions += own
        days = (span_s[1] - span_s[0]) / DAY_S
        facts.append(Wearer(cast.wearer, days, (_order(cast),), (cast.device,), COMPLETE))
        facts += rulings_of(cast.wearer, cast.risk, track.events, span_s[1], start_us)
        watched = [_watched(each, by_device) for each in own]
        seen = seen_by_plan(cast.wearer, track, start_us)
        facts += truth_of_path(cast.wearer, track.path, watched, _came(track), span_s, start_us, seen)
    return Played(
        suite,
        seed,
        start_us,
        parameters.days,
        orders_of(casts, parameters, start_us, span_s),
        tuple(tracks),
        tuple(conditions),
        truth_of_facts(facts, f"{suite}-{seed}"),
        as_told(parameters),
    )


def seen_by_plan(wearer: str, track: Track, start_us: int) -> list[Seen]:
    """The stretches in which no fix was owed, by the plan that the device kept."""
    by = np.argsort(track.fixes.t_s, kind="stable")
    t_s, claim_m = track.fixes.t_s[by], track.fixes.accuracy_m[by]
    held = np.searchsorted(track.watched_s.ravel(), t_s, side="right") % 2 == 1
    worn = held | ~lies_in(track.left_s, t_s)
    t_s, claim_m = t_s[worn], claim_m[worn]
    first, last = np.searchsorted(t_s, track.watched_s[:, 0]), np.searchsorted(t_s, track.watched_s[:, 1])
    count = last - first
    each_s = np.where(count > 1, (t_s[last - 1] - t_s[first]) / np.maximum(count - 1, 1), float(PLAN_S))
    # Spans hold all fixes, one after the other: sorted by span and claim, a span's middle is its median.
    ranked = claim_m[np.lexsort((claim_m, np.repeat(np.arange(len(count)), count)))]
    middle_m = ranked[first + count // 2]
    spans_us = start_us + np.round(track.watched_s * SECOND_US).astype(np.int64)
    columns = zip(spans_us.tolist(), each_s.tolist(), middle_m.tolist(), strict=True)
    return [Seen(wearer, span[0], span[1], round(every, 3), claim) for span, every, claim in columns]


def as_told(parameters: Parameters) -> dict[str, Any]:
    """Parameters as JSON has them; without ``workers``, which change nothing."""
    told = {}
    for name, value in asdict(parameters).items():
        if name != "workers":
            told[name] = str(value) if isinstance(value, date | File) else value
    return told


def _order(cast: Cast) -> str:
    return f"o-{cast.wearer.removeprefix('w-')}"


def _condition(cast: Cast, ban: Ban, table: ZoneTable) -> Condition:
    zone = -1 if ban.zone is None else table.add(zone_of(ban.zone))
    return Condition(
        cast.wearer,
        _order(cast),
        ban.condition,
        ban.kind,
        ban.active,
        table,
        zone,
        ban.radius_m,
        ban.victim_device,
        ban.edge_m,
    )


def _watched(condition: Condition, by_device: Mapping[str, Track]) -> Watched | Contact:
    order, name, active = condition.order, condition.condition, condition.active
    if condition.kind == "contact":
        hers = by_device[condition.victim_device]
        return Contact(order, name, Side(hers.path, _came(hers)), condition.radius_m, active)
    kind_ = INSIDE if condition.kind == "exclusion" else OUTSIDE
    return Watched(order, name, kind_, condition.table, condition.zone, active)


def _came(track: Track) -> Fixes:
    """What the truth counts of a device's fixes: those of a device that was worn."""
    worn = ~lies_in(track.left_s, track.fixes.t_s)
    fixes = track.fixes
    return Fixes(fixes.t_s[worn], fixes.received_s[worn], fixes.accuracy_m[worn])


def orders_of(
    casts: Sequence[Cast], parameters: Parameters, start_us: int, span_s: tuple[float, float]
) -> bytes:
    """The orders document: one order a wearer, in force from a day before to a day after."""
    from_us, until_us = start_us - DAY_US, start_us + round(span_s[1]) * SECOND_US + DAY_US
    orders = []
    for cast in casts:
        if not cast.wearer:
            continue
        device: dict[str, Any] = {"id": cast.device, "from": format_instant(from_us)}
        if parameters.interval_s != 60:
            device["plan_s"] = parameters.interval_s
        orders.append(
            {
                "id": _order(cast),
                "version": 1,
                # Before the record begins no device could have been heard: nothing is to be told of that.
                "armed_at": format_instant(start_us),
                "wearer": cast.wearer,
                "devices": [device],
                "legal_basis": "gedragsaanwijzing",
                "risk": cast.risk,
                "valid_from": format_instant(from_us),
                "valid_until": format_instant(until_us),
                "conditions": [_as_ordered(ban, parameters) for ban in cast.bans],
            }
        )
    return json.dumps({"orders": orders}, separators=(",", ":")).encode()


def _as_ordered(ban: Ban, parameters: Parameters) -> dict[str, Any]:
    ordered: dict[str, Any] = {"id": ban.condition, "kind": ban.kind}
    if ban.kind == "contact":
        return ordered | {"victim_device": ban.victim_device, "radius_m": ban.radius_m}
    ordered["zone"] = ban.zone
    if ban.kind == "exclusion" and parameters.buffer_m > 0.0:
        ordered["buffer_m"] = parameters.buffer_m
    if ban.schedule is not None:
        ordered["schedule"] = ban.schedule
    return ordered
