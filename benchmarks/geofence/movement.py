"""Wearers who move: standing with five metres of drift, walking, driving; a fix a minute in any order.

A wearer keeps to his mode for the run, so that the shares are exact. Of those who stand, 55 % are at
home, 20 % at work, 20 % anywhere within 3 km of home, and 5 % within 30 m of an edge or a buffer's
line of one of their zones. Walkers (1.4 m/s) stay within 2 km of home, drivers (14 m/s) within 20 km;
their heading wanders. Every fix, of whoever, errs by five metres in each direction, anew each minute.
"""

from __future__ import annotations

import numpy as np

from benchmarks.geofence.scale import SEED
from benchmarks.geofence.zones import _M_PER_DEG, ZONES_EACH, Country, Floats, Ints, moved

DRIFT_M = 5.0
STANDING, WALKING, DRIVING = 0, 1, 2
MIX = (0.7, 0.2, 0.1)
_SPEED_M_S = ((0.0, 0.0), (1.4, 0.3), (14.0, 4.0))
_ROAM_M = (0.0, 2_000.0, 20_000.0)
_MINUTE_S = 60.0


class Crowd:
    """Wearers of a country, or more than it has homes: wearer w then has the zones of w modulo those."""

    def __init__(self, country: Country, wearers: int, shares: tuple[float, float, float] = MIX) -> None:
        self._chance = chance = np.random.default_rng([SEED, wearers, int(1_000 * shares[0])])
        self._host: Ints = np.arange(wearers) % country.wearers
        self._homes = country.homes[self._host]
        modes = np.repeat(
            (STANDING, WALKING, DRIVING), np.diff(np.round(wearers * np.cumsum((0.0, *shares))).astype(int))
        )
        self._mode = chance.permutation(modes)
        mean, spread = np.array(_SPEED_M_S)[self._mode].T
        self._step_m = _MINUTE_S * np.maximum(0.3 * mean, chance.normal(mean, spread))
        self._heading = chance.uniform(0.0, 2.0 * np.pi, wearers)
        self._places = self._begin(country)
        self.lon, self.lat = self._places.T.copy()

    def __len__(self) -> int:
        return len(self._mode)

    @property
    def modes(self) -> Ints:
        """Of each wearer: ``STANDING``, ``WALKING`` or ``DRIVING``."""
        return self._mode

    def _begin(self, country: Country) -> Floats:
        """Where each is at first; those who stand remain there."""
        chance, count = self._chance, len(self)
        homes, works = self._homes, country.works[self._host]
        where = chance.choice(4, count, p=(0.55, 0.2, 0.2, 0.05))
        east, north = chance.normal(0.0, 15.0, (2, count))
        places = moved(np.where(where[:, None] == 1, works, homes), east, north)
        reach = 3_000.0 * np.sqrt(chance.uniform(0.0, 1.0, count))
        angle = chance.uniform(0.0, 2.0 * np.pi, count)
        anywhere = (where == 2) | (self._mode != STANDING)
        strewn = moved(homes, reach * np.cos(angle), reach * np.sin(angle))
        places[anywhere] = strewn[anywhere]
        for wearer in np.flatnonzero((where == 3) & (self._mode == STANDING)).tolist():
            places[wearer] = self._at_a_line(country, int(self._host[wearer]))
        return places

    def _at_a_line(self, country: Country, host: int) -> Floats:
        """Within 30 m of a corner of the outline, or of where the buffer ends beyond it."""
        zone = ZONES_EACH * host + int(self._chance.integers(ZONES_EACH))
        ring = np.asarray(country.degrees[zone].exterior.coords)
        corner = ring[int(self._chance.integers(len(ring)))]
        out_deg = (corner - ring[:-1].mean(axis=0)) * (np.cos(np.radians(corner[1])), 1.0)
        out = out_deg / np.hypot(*out_deg)
        away_m = self._chance.choice((0.0, country.buffers_m[zone])) + self._chance.uniform(-30.0, 30.0)
        place: Floats = moved(corner[None, :], away_m * out[:1], away_m * out[1:])[0]
        return place

    def minute(self) -> None:
        """A minute on: new ``lon`` and ``lat`` of everybody."""
        chance, count = self._chance, len(self)
        self._heading += chance.normal(0.0, 0.3, count)
        away = (self._places - self._homes) * _M_PER_DEG
        away[:, 0] *= np.cos(np.radians(self._homes[:, 1]))
        far = np.hypot(*away.T) > np.array(_ROAM_M)[self._mode]
        self._heading[far] = np.arctan2(-away[far, 1], -away[far, 0])
        moves = np.flatnonzero(self._mode != STANDING)
        step, heading = self._step_m[moves], self._heading[moves]
        self._places[moves] = moved(self._places[moves], step * np.cos(heading), step * np.sin(heading))
        self.lon, self.lat = moved(self._places, *chance.normal(0.0, DRIFT_M, (2, count))).T.copy()

    def arrivals(self) -> Ints:
        """All wearers in a random order."""
        return self._chance.permutation(len(self)).astype(np.int64)
