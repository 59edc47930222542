"""Resampled reality: blocks of recorded residuals laid upon a true path.

A stationary block bootstrap in time (Politis and Romano 1994): a block begins at a random moment of the
recorded time and runs on through the lines as recorded for an exponential time. Drift, claims, silences and
repeats of the lines stay together, so what follows obeys no model that an engine could know.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from simulator.path import Path, Surroundings, positions_at
from simulator.receivers.kernels import METRES_PER_DEGREE
from simulator.receivers.observed import CELL, Codes, Flags, Floats, Indices, Observed
from simulator.receivers.places import map_key, place_bias
from simulator.receivers.residuals import Strand

STILL, STREET, RAIL = "still", "street", "rail"
_CLASSES = (STILL, STREET, RAIL)
_BEFORE_S = 60.0  # [own] a line that came so long before the first instant is its answer
_STANDING_M_S = 0.3
_RAIL = (int(Surroundings.TRAIN), int(Surroundings.TUNNEL))


@dataclass(frozen=True, eq=False)
class Resampled:
    """A receiver made of recordings: strands for standing, for streets and for rails.

    Where a class has no strands, those of ``street`` serve, then those of ``still``. ``block_s`` is
    the mean length of a block. A recorded silence longer than ``silence_max_s`` ends its block: phones doze
    for hours, bracelets do not. ``bias_m`` is a constant error of each place, which residuals about a
    median cannot hold.
    """

    name: str
    strands: dict[str, tuple[Strand, ...]]
    block_s: float = 2_700.0
    silence_max_s: float = 900.0
    bias_m: tuple[float, float] = (0.0, 0.0)
    bias_spacing_m: float = 60.0

    def __post_init__(self) -> None:
        if not any(self.strands.values()):
            raise ValueError(f"receiver {self.name!r}: no strand of residuals")
        for name, value in (("block_s", self.block_s), ("silence_max_s", self.silence_max_s)):
            if not 0.0 < value < np.inf:
                raise ValueError(f"receiver {self.name!r}: {name} is {value}; must be finite and above 0")

    def serving(self, wanted: str) -> tuple[Strand, ...]:
        """The strands of a class, or those that stand in for it."""
        found = (self.strands.get(name, ()) for name in (wanted, STREET, STILL, RAIL))
        return next(strands for strands in found if strands)


class _Lines(NamedTuple):
    """Recorded lines laid end to end; ``fresh_s`` is when each one's position was new."""

    t_s: Floats
    east_m: Floats
    north_m: Floats
    fresh_s: Floats
    accuracy_m: Floats
    source: Codes

    def at(self, lines: Indices) -> _Lines:
        return _Lines(
            self.t_s[lines],
            self.east_m[lines],
            self.north_m[lines],
            self.fresh_s[lines],
            self.accuracy_m[lines],
            self.source[lines],
        )


def resampled(
    path: Path, t_s: Floats, receiver: Resampled, rng: np.random.Generator, jammed: Flags
) -> Observed:
    """The fixes of a receiver made of recordings, asked at ``t_s``; see ``observe``.

    At each instant the newest line since the instant before is delivered: where the recording was
    silent, so is this. A jammer takes the lines of satellites and Wi-Fi alike, for a recording does not
    say which it used.
    """
    lon, lat, surroundings, speed_m_s = positions_at(path, t_s)
    classes = np.where(speed_m_s < _STANDING_M_S, 0, np.where(np.isin(surroundings, _RAIL), 2, 1))
    first = np.ones(t_s.size, np.bool_)
    first[1:] = classes[1:] != classes[:-1]
    parts = []
    for start, end in pairwise((*np.flatnonzero(first).tolist(), t_s.size)):
        since_s = float(t_s[start - 1] if start > 0 else t_s[0] - _BEFORE_S)
        parts.append(_newest(receiver, _CLASSES[classes[start]], since_s, t_s[start:end], rng))
    lines = _joined([part[0] for part in parts])
    exists = np.concatenate([part[1] for part in parts]) & ~(jammed & (lines.source != CELL))
    # A repeated position is the one delivered first, of where the wearer was then, not of where he is now.
    new = np.diff(lines.fresh_s, prepend=-np.inf) != 0.0
    first = np.maximum.accumulate(np.where(new, np.arange(t_s.size), 0))
    lon, lat, _, _ = positions_at(path, (t_s - (lines.t_s - lines.fresh_s))[first])
    key = map_key(f"resampled {receiver.name}")
    bias = place_bias(key, lon, lat, receiver.bias_m, receiver.bias_spacing_m)
    at_lat = np.clip(lat + (lines.north_m + bias[:, 1]) / METRES_PER_DEGREE, -90.0, 90.0)
    narrow = METRES_PER_DEGREE * np.maximum(np.cos(np.radians(lat)), 1e-6)
    at_lon = (lon + (lines.east_m + bias[:, 0]) / narrow + 180.0) % 360.0 - 180.0
    unknown = np.full(t_s.size, np.nan)
    found = Observed(t_s, np.round(at_lon, 7), np.round(at_lat, 7), lines.accuracy_m, lines.source, unknown)
    return found.only(exists)


def _newest(
    receiver: Resampled, wanted: str, since_s: float, t_s: Floats, rng: np.random.Generator
) -> tuple[_Lines, Flags]:
    """For each instant the newest line up to it, and whether it came after the instant before."""
    lines = _timeline(receiver, receiver.serving(wanted), since_s, float(t_s[-1]), rng)
    newest = np.maximum(np.searchsorted(lines.t_s, t_s, "right") - 1, 0)
    before_s = np.concatenate(([since_s], t_s[:-1]))
    return lines.at(newest), (lines.t_s[newest] > before_s) & (lines.t_s[newest] <= t_s)


def _timeline(
    receiver: Resampled, strands: tuple[Strand, ...], from_s: float, until_s: float, rng: np.random.Generator
) -> _Lines:
    """Blocks end to end, from just after ``from_s`` until past ``until_s``."""
    ends_s = [_moments_s(strand, receiver) for strand in strands]
    whole_s = np.cumsum([end_s[-1] for end_s in ends_s])
    pieces: list[_Lines] = []
    now_s = from_s
    while now_s <= until_s:
        pick_s = float(rng.random()) * float(whole_s[-1])
        which = int(np.searchsorted(whole_s, pick_s, "right"))
        strand = strands[which]
        into_s = pick_s - (float(whole_s[which - 1]) if which else 0.0)
        begin = min(int(np.searchsorted(ends_s[which], into_s, "right")), strand.t_s.size - 1)
        length_s = receiver.block_s * rng.standard_exponential()
        end = int(np.searchsorted(strand.t_s, strand.t_s[begin] + length_s, "right"))
        long = np.flatnonzero(np.diff(strand.t_s[begin:end]) > receiver.silence_max_s)
        end = begin + int(long[0]) + 1 if long.size else end
        # The first line comes as long after the block before as it came after its own predecessor.
        offset_s = now_s + _step_s(strand, begin, receiver) - strand.t_s[begin]
        lines = slice(begin, end)
        fresh = np.maximum(strand.fresh[lines], begin)
        pieces.append(
            _Lines(
                strand.t_s[lines] + offset_s,
                strand.east_m[fresh],
                strand.north_m[fresh],
                strand.t_s[fresh] + offset_s,
                strand.accuracy_m[lines],
                strand.source[lines],
            )
        )
        now_s = float(pieces[-1].t_s[-1])
    return _joined(pieces)


def _moments_s(strand: Strand, receiver: Resampled) -> Floats:
    """The recorded time up to each line, silences that end a block left out: f64[n], rising."""
    steps_s = np.diff(strand.t_s)
    steps_s = np.where(steps_s > receiver.silence_max_s, np.median(steps_s), steps_s)
    return np.cumsum(np.concatenate(([float(np.median(steps_s))], steps_s)))


def _step_s(strand: Strand, line: int, receiver: Resampled) -> float:
    """How long before a line the recording was silent; at a strand's start its median step."""
    if line > 0:
        return min(float(strand.t_s[line] - strand.t_s[line - 1]), receiver.silence_max_s)
    return float(np.median(np.diff(strand.t_s)))


def _joined(pieces: Sequence[_Lines]) -> _Lines:
    return _Lines(
        np.concatenate([piece.t_s for piece in pieces]),
        np.concatenate([piece.east_m for piece in pieces]),
        np.concatenate([piece.north_m for piece in pieces]),
        np.concatenate([piece.fresh_s for piece in pieces]),
        np.concatenate([piece.accuracy_m for piece in pieces]),
        np.concatenate([piece.source for piece in pieces]),
    )
