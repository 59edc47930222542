"""How fixes come: delays, gaps with store and forward, repeats, late ones, a clock that drifts."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.path import Path, Surroundings, positions_at
from simulator.receivers.observed import Observed

Floats = NDArray[np.float64]
Codes = NDArray[np.int8]
Flags = NDArray[np.bool_]
Numbers = NDArray[np.int64]

DAY_S = 86_400.0
_MS_S = 1e-3
_BACK_S = 15.0  # [own] a modem finds its network again within so long
_NONE_S: Floats = np.empty(0)
_NO_SPANS: Floats = np.empty((0, 2))
_ARRAY_MAX = 1_000  # [contract] section 1: store and forward, up to 1,000 fixes a message


class Fixes(NamedTuple):
    """Fixes of one device in the order of ``received_s``; n of each.

    ``seq`` i64 as on the wire; ``t_s`` when it was truly taken, ``stamped_s`` what the device's clock said
    (whole milliseconds), ``received_s`` when the service first had it; ``lon``, ``lat`` degrees;
    ``accuracy_m`` the claimed 95 % radius; ``source`` i8 a code of ``receivers.SOURCES``; ``speed_m_s`` NaN
    where none is claimed. ``copies`` f64[k, 2]: row number and second of every further delivery.
    """

    seq: Numbers
    t_s: Floats
    stamped_s: Floats
    received_s: Floats
    lon: Floats
    lat: Floats
    accuracy_m: Floats
    source: Codes
    speed_m_s: Floats
    copies: Floats

    def only(self, keep: Flags) -> Fixes:
        """The fixes that are kept, and their copies."""
        columns: list[Any] = [column[keep] for column in self[:-1]]
        row = self.copies[:, 0].astype(np.int64)
        kept = keep[row]
        place = np.cumsum(keep) - 1
        copies = np.stack([place[row[kept]].astype(np.float64), self.copies[kept, 1]], axis=1)
        return Fixes(*[*columns, copies])


class Events(NamedTuple):
    """Device events: as ``Fixes``; ``said`` i8 a code of ``words.Says``."""

    seq: Numbers
    t_s: Floats
    stamped_s: Floats
    received_s: Floats
    said: Codes


class Sent(NamedTuple):
    """What came of a device: fixes, events, when it was heard to say `online`, and spans f64[g, 2] without a
    connection, rising and apart."""

    fixes: Fixes
    events: Events
    heard_s: Floats
    gaps_s: Floats


@dataclass(frozen=True, slots=True)
class Habits:
    """How a device and its network send.

    A fix takes ``latency_s`` in the median. ``gaps_a_day`` times a day the connection is lost for ``gap_s``
    (log-uniform bounds), and ``hidden_share`` of the stays underground too; what was stored comes at the
    gap's end. ``late_share`` of the live fixes come ``late_s`` later, behind newer ones; ``copied_share``
    come twice. The clock is off by up to ``clock_off_s`` and drifts by ``clock_ppm`` until it is set anew
    each day. After ``restarts_a_day`` the sequence begins at 1 again. Raises ``ValueError`` for what makes
    no sense.
    """

    latency_s: float = 2.0
    gaps_a_day: float = 0.6
    gap_s: tuple[float, float] = (90.0, 5_400.0)
    hidden_share: float = 0.7
    late_share: float = 0.005
    late_s: tuple[float, float] = (20.0, 150.0)
    copied_share: float = 0.01
    clock_off_s: float = 0.4
    clock_ppm: float = 10.0
    restarts_a_day: float = 0.02

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            low, *more = value if isinstance(value, tuple) else (value,)
            if not (0.0 <= low < np.inf) or any(not low <= high < np.inf for high in more):
                raise ValueError(f"{each.name} is {value}; must be finite, not negative and rise")
            if each.name.endswith("share") and low > 1.0:
                raise ValueError(f"{each.name} is {value}; a share is at most 1")


def sent(
    seen: Observed,
    events: tuple[Floats, Codes],
    path: Path,
    habits: Habits,
    span_s: tuple[float, float],
    rng: np.random.Generator,
    beats_s: Floats = _NONE_S,
    cut_off_s: Floats = _NO_SPANS,
) -> Sent:
    """What the service gets of fixes (rising ``t_s``) and of events ``(t_s, said)``, and when it
    hears `online`: of ``beats_s`` those that there was a connection for, and at each return of it.
    ``cut_off_s`` are spans without a connection beside those of its habits."""
    taken_s = np.concatenate([seen.t_s, events[0]])
    order = np.argsort(taken_s, kind="stable")
    seq = np.empty(taken_s.size, np.int64)
    seq[order] = _numbered(taken_s[order], habits, span_s, rng)
    stamped_s = _clock(taken_s, habits, span_s, rng)
    gaps = _gaps(path, habits, span_s, cut_off_s, rng)
    received_s, live = _received(taken_s, gaps, habits, rng)
    count = seen.t_s.size
    late = live & (rng.random(taken_s.size) < habits.late_share)
    late[count:] = False
    received_s = np.where(late, received_s + rng.uniform(*habits.late_s, taken_s.size), received_s)
    received_s = np.round(received_s, 3)
    return Sent(
        _fixes(seen, seq[:count], stamped_s[:count], received_s[:count], habits, rng),
        _events(events, seq[count:], stamped_s[count:], received_s[count:]),
        _heard(beats_s, gaps, habits),
        gaps,
    )


def _heard(beats_s: Floats, gaps: Floats, habits: Habits) -> Floats:
    if not len(gaps) or not len(beats_s):
        return connected(beats_s, gaps, habits)
    back_s = gaps[:, 1] + _BACK_S
    return np.round(np.unique(np.concatenate([connected(beats_s, gaps, habits), back_s])), 3)


def connected(beats_s: Floats, gaps: Floats, habits: Habits) -> Floats:
    """When heartbeats are heard. One is worth nothing later: nobody stores it."""
    came_s = np.round(beats_s + habits.latency_s, 3)
    if not len(gaps) or not len(beats_s):
        return came_s
    which = np.searchsorted(gaps[:, 0], came_s, side="right") - 1
    found: Floats = came_s[~((which >= 0) & (came_s < gaps[which, 1]))]
    return found


def _fixes(
    seen: Observed,
    seq: Numbers,
    stamped_s: Floats,
    received_s: Floats,
    habits: Habits,
    rng: np.random.Generator,
) -> Fixes:
    by = np.lexsort((seq, stamped_s, received_s))
    twice = np.flatnonzero(rng.random(by.size) < habits.copied_share)
    again_s = np.round(received_s[by][twice] + rng.uniform(1.0, 120.0, twice.size), 3)
    return Fixes(
        seq[by],
        seen.t_s[by],
        stamped_s[by],
        received_s[by],
        seen.lon[by],
        seen.lat[by],
        seen.accuracy_m[by],
        seen.source[by],
        seen.speed_m_s[by],
        np.stack([twice.astype(np.float64), again_s], axis=1),
    )


def _events(events: tuple[Floats, Codes], seq: Numbers, stamped_s: Floats, received_s: Floats) -> Events:
    by = np.lexsort((seq, received_s))
    return Events(seq[by], events[0][by], stamped_s[by], received_s[by], events[1][by])


def _numbered(
    taken_s: Floats, habits: Habits, span_s: tuple[float, float], rng: np.random.Generator
) -> Numbers:
    """Rising from 1, and from 1 again after each restart."""
    days = (span_s[1] - span_s[0]) / DAY_S
    restarts = np.sort(rng.uniform(*span_s, rng.poisson(habits.restarts_a_day * days)))
    part = np.searchsorted(restarts, taken_s, side="right")
    first = np.searchsorted(part, part, side="left")
    found: Numbers = np.arange(taken_s.size) - first + 1
    return found


def _clock(taken_s: Floats, habits: Habits, span_s: tuple[float, float], rng: np.random.Generator) -> Floats:
    """What the device's clock says, in whole milliseconds; no earlier than anything before it said."""
    days = int(np.ceil((span_s[1] - span_s[0]) / DAY_S)) + 1
    off_s = rng.uniform(-habits.clock_off_s, habits.clock_off_s, days)
    rate = habits.clock_ppm * 1e-6 * float(rng.uniform(-1.0, 1.0))
    since_s = taken_s - span_s[0]
    day = np.clip((since_s // DAY_S).astype(np.int64), 0, days - 1)
    return np.round(taken_s + off_s[day] + rate * (since_s - day * DAY_S), 3)


def _gaps(
    path: Path, habits: Habits, span_s: tuple[float, float], cut_off_s: Floats, rng: np.random.Generator
) -> Floats:
    """Spans without a connection, f64[g, 2], rising and apart."""
    days = (span_s[1] - span_s[0]) / DAY_S
    begin = rng.uniform(*span_s, rng.poisson(habits.gaps_a_day * days))
    low, high = np.log(np.maximum(habits.gap_s, _MS_S))
    spans = np.stack([begin, begin + np.exp(rng.uniform(low, high, begin.size))], axis=1)
    hidden = np.isin(path.surroundings, (Surroundings.TUNNEL, Surroundings.DEEP, Surroundings.GARAGE))[:-1]
    turns = np.diff(np.concatenate([[False], hidden, [False]]).astype(np.int8))
    stays = np.stack([path.t_s[np.flatnonzero(turns == 1)], path.t_s[np.flatnonzero(turns == -1)]], axis=1)
    stays = stays[rng.random(len(stays)) < habits.hidden_share]
    spans = np.concatenate([spans, stays, cut_off_s])
    spans = spans[np.argsort(spans[:, 0], kind="stable")]
    if not len(spans):
        return spans
    end = np.maximum.accumulate(spans[:, 1])
    first = np.flatnonzero(np.append(True, spans[1:, 0] > end[:-1]))
    return np.stack([spans[first, 0], end[np.append(first[1:] - 1, len(end) - 1)]], axis=1)


def _received(
    taken_s: Floats, gaps: Floats, habits: Habits, rng: np.random.Generator
) -> tuple[Floats, Flags]:
    """When each came, and whether it came without being stored. What was stored comes in arrays."""
    latency_s = habits.latency_s * np.exp(0.5 * np.clip(rng.standard_normal(taken_s.size), -3.0, 3.0))
    received_s = taken_s + latency_s
    if not len(gaps):
        return received_s, np.ones(taken_s.size, np.bool_)
    which = np.searchsorted(gaps[:, 0], received_s, side="right") - 1
    stored = (which >= 0) & (received_s < gaps[which, 1])
    reconnect_s = gaps[:, 1] + rng.uniform(1.0, _BACK_S, len(gaps))
    order = np.argsort(taken_s, kind="stable")
    place = np.empty(taken_s.size, np.int64)
    first = np.searchsorted(which[order], which[order], side="left")
    place[order] = (np.arange(taken_s.size) - first) // _ARRAY_MAX
    return np.where(stored, reconnect_s[which] + place, received_s), ~stored


def positions_of(path: Path, fixes: Fixes) -> tuple[Floats, Floats]:
    """Where the wearer truly was at each fix: longitude and latitude."""
    lon, lat, _, _ = positions_at(path, fixes.t_s)
    return lon, lat
