"""How devices are kept, and what is done to them: batteries, straps, jammers in cars.

Nothing of it is drawn from any engine. How many wearers forget to charge, cut the strap or drive with a
jammer nobody publishes: the shares are assumptions [own]. How long a battery lasts and when it warns is the
field's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.fleet.words import Says
from simulator.path import Path, Surroundings, positions_at
from simulator.people.life import Life

Floats = NDArray[np.float64]
Word = tuple[float, Says]
Span = tuple[float, float]

LASTS_S = (32.0 * 3_600.0, 44.0 * 3_600.0)  # [field] one to two days from full
FILLS_S = 2.0 * 3_600.0  # [field] about two hours on the lead
LOW = 0.2  # [own] of full
CRITICAL_S = 1_800.0  # [field] critical about 30 min before it is empty
_PLUGS_H = (19.5, 23.0)  # [own] in the evening, on the sofa
_FORGETS = 0.4  # [own] of his evenings, who forgets at all
_CALLED_S = (1_200.0, 10_800.0)  # [own] so long after it went off somebody has reached him
_LEAST_CHARGE_S = 300.0
_JAMS = 0.6  # [own] of his drives, who has a jammer
_JAM_LEAST_S = 120.0
_KNOWS_S = 8.0  # [own] a receiver knows so soon that it is jammed
_CUT_BEFORE_S = 120.0
_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Shares:
    """Of the wearers: who forgets to charge, who cuts the strap once, who drives with a jammer."""

    forgetful: float = 0.3
    cut: float = 0.15
    jammer: float = 0.3


class Upkeep(NamedTuple):
    """What befalls one device. Spans f64[k, 2] in seconds, rising and apart.

    ``dead_s``: its battery is empty. ``left_s``: it lies where its strap was cut, and nobody wears it.
    ``jammed_s``: no satellite is heard; ``cut_off_s`` those in which the network is jammed as well.
    ``words``: what it says of all this, rising.
    """

    dead_s: Floats
    left_s: Floats
    jammed_s: Floats
    cut_off_s: Floats
    words: tuple[Word, ...]


NONE = Upkeep(np.empty((0, 2)), np.empty((0, 2)), np.empty((0, 2)), np.empty((0, 2)), ())
"""Worn, charged and left in peace."""


def upkeep_of(life: Life, span_s: Span, shares: Shares, rng: np.random.Generator) -> Upkeep:
    """What befalls the device of somebody who lives so."""
    forgetful, cuts, jams = rng.random(3) < (shares.forgetful, shares.cut, shares.jammer)
    home = homes(life, span_s)
    left = _cut_strap(home, rng) if cuts else None
    dead, said = _battery(home, span_s, _FORGETS if forgetful else 0.0, rng)
    jammed, cut_off = _jammed(life.path, rng) if jams else ([], [])
    left_s = spans_of([left] if left is not None else [])
    # A device that lies at home is not in the car.
    jammed = [span for span in jammed if not _covered(left_s, span[0])]
    said += [(at_s + _KNOWS_S, Says.JAMMING_ON) for at_s, _ in jammed]
    said += [(to_s, Says.JAMMING_OFF) for _, to_s in jammed]
    if left is not None:
        said += [(left[0], Says.STRAP_CUT), (left[1], Says.STRAP_CLOSED)]
    dead_s = spans_of(dead)
    words = sorted(word for word in said if word[0] < span_s[1] and not _covered(dead_s, word[0]))
    cut_off = [span for span in cut_off if span in jammed]
    return Upkeep(dead_s, left_s, spans_of(jammed), spans_of(cut_off), tuple(words))


def homes(life: Life, span_s: Span) -> list[Span]:
    """When he is where he was first: at home."""
    if not life.trips:
        return [span_s]
    home, since_s, found = life.trips[0].start, span_s[0], []
    for trip in life.trips:
        if trip.start == home and trip.leave_s > since_s:
            found.append((since_s, trip.leave_s))
        since_s = trip.arrive_s
    if life.trips[-1].end == home and since_s < span_s[1]:
        found.append((since_s, span_s[1]))
    return found


def with_device_left(life: Life, left_s: Floats) -> Life:
    """The device's own life: where its strap was cut it lies, until it is worn again."""
    path, moving_s = life.path, life.moving_s
    for from_s, to_s in left_s.tolist():
        lon, lat, _, _ = positions_at(path, np.array([from_s, to_s]))
        before, after = path.t_s < from_s, path.t_s > to_s
        around = int(path.surroundings[max(int(before.sum()) - 1, 0)])
        ends = np.full(2, around, np.int8)
        path = Path(
            np.concatenate([path.t_s[before], [from_s, to_s], path.t_s[after]]),
            np.concatenate([path.lon[before], [lon[0], lon[0]], path.lon[after]]),
            np.concatenate([path.lat[before], [lat[0], lat[0]], path.lat[after]]),
            np.concatenate([path.surroundings[before], ends, path.surroundings[after]]),
        )
        begins = np.clip(moving_s[:, 0], None, from_s), np.clip(moving_s[:, 0], to_s, None)
        ends_s = np.clip(moving_s[:, 1], None, from_s), np.clip(moving_s[:, 1], to_s, None)
        parts = np.concatenate([np.stack([begins[i], ends_s[i]], axis=1) for i in (0, 1)])
        parts = parts[parts[:, 0] < parts[:, 1]]
        moving_s = parts[np.argsort(parts[:, 0], kind="stable")]
    return Life(path, moving_s, life.trips)


def without(spans: Floats, taken: Floats) -> Floats:
    """Spans less those taken out of them; both rising and apart."""
    found = spans
    for from_s, to_s in taken.tolist():
        first = np.stack([found[:, 0], np.minimum(found[:, 1], from_s)], axis=1)
        second = np.stack([np.maximum(found[:, 0], to_s), found[:, 1]], axis=1)
        both = np.concatenate([first, second])
        both = both[both[:, 0] < both[:, 1]]
        found = both[np.argsort(both[:, 0], kind="stable")]
    return found


def lies_in(spans: Floats, t_s: Floats) -> NDArray[np.bool_]:
    """Which instants lie in one of the spans (from included, until not)."""
    found: NDArray[np.bool_] = np.searchsorted(spans.ravel(), t_s, side="right") % 2 == 1
    return found


def spans_of(spans: Sequence[Span]) -> Floats:
    """As an array, rising."""
    return np.array(sorted(spans), np.float64).reshape(-1, 2)


def _covered(spans: Floats, at_s: float) -> bool:
    return bool(lies_in(spans, np.array([at_s]))[0])


def _cut_strap(home: Sequence[Span], rng: np.random.Generator) -> Span | None:
    """He cuts it as he leaves home, and is given a new one there when he is back; None: never out."""
    ways = [(a[1], b[0]) for a, b in pairwise(home) if a[1] - a[0] > 2 * _CUT_BEFORE_S]
    ways = [(leaves, back) for leaves, back in ways if back - leaves > 600.0]
    if not ways:
        return None
    leaves_s, back_s = ways[int(rng.integers(len(ways)))]
    stay = next(span for span in home if span[0] == back_s)
    refit_s = back_s + min(float(rng.uniform(600.0, 3_600.0)), 0.5 * (stay[1] - back_s))
    return round(leaves_s - _CUT_BEFORE_S, 3), round(refit_s, 3)


def _jammed(path: Path, rng: np.random.Generator) -> tuple[list[Span], list[Span]]:
    """Drives with the jammer on, and of them those whose jammer reaches the network too."""
    driving = (path.surroundings == Surroundings.CAR)[:-1]
    turns = np.diff(np.concatenate([[False], driving, [False]]).astype(np.int8))
    begins, ends = path.t_s[np.flatnonzero(turns == 1)], path.t_s[np.flatnonzero(turns == -1)]
    drives = [
        (round(a, 3), round(b, 3))
        for a, b in zip(begins.tolist(), ends.tolist(), strict=True)
        if b - a >= _JAM_LEAST_S
    ]
    wide = rng.random() < 0.5
    jammed = [drive for drive, chance in zip(drives, rng.random(len(drives)), strict=True) if chance < _JAMS]
    return jammed, jammed if wide else []


def _battery(
    home: Sequence[Span], span_s: Span, forgets: float, rng: np.random.Generator
) -> tuple[list[Span], list[Word]]:
    """When it is empty, and its words. He charges each evening that he does not forget, at home, until it
    is full or he leaves."""
    lasts_s = float(rng.uniform(*LASTS_S))
    evenings = np.arange(span_s[0], span_s[1], _DAY_S) + 3_600.0 * rng.uniform(
        *_PLUGS_H, int(np.ceil((span_s[1] - span_s[0]) / _DAY_S))
    )
    planned = evenings[rng.random(evenings.size) >= forgets].tolist()
    now_s, level, is_low = span_s[0], float(rng.uniform(0.5, 1.0)), False
    dead: list[Span] = []
    words: list[Word] = []
    while now_s < span_s[1]:
        empty_s = now_s + level * lasts_s
        plugs = (_at_home(home, evening_s) for evening_s in planned if evening_s > now_s)
        plug_s = next((at for at in plugs if at is not None), span_s[1])
        low_s, critical_s = now_s + (level - LOW) * lasts_s, empty_s - CRITICAL_S
        if forgets == 0.0:  # who does not forget heeds the warning too
            heeded = _at_home(home, max(low_s, now_s))
            plug_s = plug_s if heeded is None else min(plug_s, heeded)
        if empty_s < plug_s:
            called = _at_home(home, empty_s + float(rng.uniform(*_CALLED_S)))
            plug_s = min(plug_s, called if called is not None else span_s[1])
            dead.append((round(empty_s, 3), round(plug_s, 3)))
        if not is_low and low_s < plug_s:
            words.append((max(low_s, now_s), Says.BATTERY_LOW))
            is_low = True
        if critical_s < plug_s:
            words.append((max(critical_s, now_s), Says.BATTERY_CRITICAL))
        if plug_s >= span_s[1]:
            break
        level = max(0.0, level - (plug_s - now_s) / lasts_s)
        stay_s = next(to for from_, to in home if from_ <= plug_s < to)
        off_s = min(plug_s + (1.0 - level) * FILLS_S, stay_s)
        words += [(plug_s + 1.0, Says.CHARGING_ON), (off_s, Says.CHARGING_OFF)]
        fine_s = plug_s + max(LOW + 0.02 - level, 0.0) * FILLS_S
        if is_low and fine_s < off_s:
            words.append((fine_s + 2.0, Says.BATTERY_OK))
            is_low = False
        level = min(1.0, level + (off_s - plug_s) / FILLS_S)
        now_s = off_s + 1.0
    return dead, [(round(at_s, 3), what) for at_s, what in words]


def _at_home(home: Sequence[Span], from_s: float) -> float | None:
    """The first instant from then on at which he is at home for long enough to charge."""
    return next(
        (max(a, from_s) for a, b in home if b - max(a, from_s) > _LEAST_CHARGE_S),
        None,
    )
