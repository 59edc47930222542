"""Strands from the recorded tracks: which parts show standing, streets and rails, for which kind of phone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path as File

import numpy as np

from emon.limits import R95_PER_R68
from simulator.receivers.observed import CELL, GNSS, WIFI, Codes, Floats
from simulator.receivers.real import read_named, records_of, tracks_folder
from simulator.receivers.resample import RAIL, STILL, STREET, Resampled
from simulator.receivers.residuals import Strand, moving_residuals, repeats_of, still_residuals
from simulator.receivers.situations import Part
from simulator.receivers.statistics import Record
from simulator.tracks import Track

PARTS: dict[str, dict[str, tuple[Part, ...]]] = {
    "resampled-android": {
        STILL: (Part("still-home-android"), Part("suburb-android", ("17:38", "18:16"))),
        STREET: (
            Part("suburb-android", ("17:07", "17:23")),
            Part("suburb-android", ("18:31", "18:53")),
            Part("daytrip-android", ("16:15", "16:33")),
            Part("daytrip-android", ("18:14", "18:30")),
            Part("daytrip-android", ("24:17", "25:39")),
        ),
        RAIL: (
            Part("daytrip-android", ("16:33", "18:14")),
            Part("daytrip-android", ("25:39", "26:57")),
            Part("daytrip-android-late", ("15:29", "17:14")),
            Part("daytrip-android-late", ("25:13", "26:41")),
        ),
    },
    "resampled-iphone": {
        STILL: (Part("still-home-iphone"), Part("suburb-iphone", ("17:38", "18:16"))),
        STREET: (
            Part("suburb-iphone", ("17:07", "17:23")),
            Part("suburb-iphone", ("18:31", "18:53")),
            Part("city-scooter-bus-iphone", ("15:48", "16:17")),
            Part("city-scooter-bus-iphone", ("19:44", "21:01")),
            Part("daytrip-iphone", ("23:10", "24:48")),
        ),
        RAIL: (Part("daytrip-iphone", ("15:30", "17:14")), Part("daytrip-iphone", ("24:48", "26:04"))),
    },
    "resampled-cell": {STILL: (Part("still-home-android-cell"),)},
}
"""All tracks serve here, also those held out from the models' numbers: nothing is tuned on them."""

_BIAS_M = {"resampled-android": (1.0, 5.0), "resampled-iphone": (20.0, 35.0), "resampled-cell": (0.0, 0.0)}
"""[README] 1 to 5 m from the reference on Android, 20 to 35 m on iPhone; of masts nothing is known."""
_WIFI_CLAIM68_M = 65.0  # [README] what iPhones claim of Wi-Fi positions, and of nothing else
_CELL_CLAIM68_MIN_M = 300.0  # [own] satellites and Wi-Fi rarely claim so much, masts rarely less


def resampled_kinds(folder: File | None = None) -> dict[str, Resampled]:
    """Receivers made of the tracks in a folder, by default that of ``EMON_TRACKS``, by name.

    Raises ``TracksMissing`` where there is no folder or a track is not in it, ``TracksRefused`` and
    ``OSError`` where one cannot be read.
    """
    tracks = read_named(tracks_folder(folder))
    return {name: resampled_kind(name, tracks) for name in PARTS}


def resampled_kind(
    name: str, tracks: Mapping[str, Track], parts: Mapping[str, tuple[Part, ...]] | None = None
) -> Resampled:
    """One of ``PARTS`` from tracks by name, or from other parts of them.

    Raises ``KeyError`` for another name, ``TracksMissing``.
    """
    strands = {}
    for place, of_place in (parts or PARTS[name]).items():
        records = records_of(tracks, of_place)
        strands[place] = tuple(strand_of(record, still=place == STILL, name=name) for record in records)
    return Resampled(name, strands, bias_m=_BIAS_M[name])


def strand_of(record: Record, *, still: bool, name: str) -> Strand:
    """A record's residuals; on the move the lines whose way is unknown are left out."""
    fresh = repeats_of(record.east_m, record.north_m)
    if still:
        east_m, north_m = still_residuals(record.east_m, record.north_m)
        known = np.ones(east_m.size, np.bool_)
    else:
        east_m, north_m, known = moving_residuals(
            record.t_s, record.east_m, record.north_m, record.accuracy_m
        )
    numbers = np.cumsum(known) - 1
    # A line that repeats one which is left out stands for itself.
    kept = np.flatnonzero(known)
    fresh = np.where(known[fresh[kept]], numbers[fresh[kept]], np.arange(kept.size))
    return Strand(
        record.t_s[kept],
        east_m[kept],
        north_m[kept],
        record.accuracy_m[kept],
        _sources(record.accuracy_m[kept], name),
        fresh,
    )


def _sources(claim_m: Floats, name: str) -> Codes:
    """What a line was computed from, guessed from its claim: recordings do not say."""
    claim68_m = claim_m / R95_PER_R68
    source = np.full(claim_m.size, GNSS, np.int8)
    source[claim68_m >= _CELL_CLAIM68_MIN_M] = CELL
    if name == "resampled-iphone":
        source[np.abs(claim68_m - _WIFI_CLAIM68_M) < 0.5] = WIFI
    if name == "resampled-cell":
        source[:] = CELL
    return source
