"""Recorded tracks as records: read where they lie, cut into the parts of a situation, never copied."""

from __future__ import annotations

import datetime
import os
from collections.abc import Mapping, Sequence
from pathlib import Path as File

import numpy as np

from emon.model.instant import DAY_US, SECOND_US
from simulator.receivers.kernels import METRES_PER_DEGREE
from simulator.receivers.observed import Floats
from simulator.receivers.situations import Part
from simulator.receivers.statistics import Record
from simulator.tracks import Track, read_tracks

_DEVICE_PREFIX = "track-"
VARIABLE = "EMON_TRACKS"


class TracksMissing(ValueError):
    """No folder of tracks, or one that lacks a track; the message names what is missing."""


def tracks_folder(given: File | None) -> File:
    """The folder given, else that of ``EMON_TRACKS``. ``TracksMissing`` where there is none."""
    named = given or (File(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else None)
    if named is None:
        raise TracksMissing(f"no recorded tracks: name their folder or set {VARIABLE}")
    if not named.is_dir():
        raise TracksMissing(f"no recorded tracks: {named} is no folder")
    return named


def read_named(folder: File) -> dict[str, Track]:
    """All tracks of a folder by name. Raises ``TracksMissing``, ``TracksRefused``, ``OSError``."""
    if not any(folder.glob("*.jsonl*")):
        raise TracksMissing(f"no recorded tracks: {folder} holds no *.jsonl or *.jsonl.gz")
    return {track.device.removeprefix(_DEVICE_PREFIX): track for track in read_tracks([folder])}


def columns(track: Track) -> tuple[Floats, Floats, Floats, Floats]:
    """Seconds since the first day's midnight UTC, longitude, latitude, 95 % radius: f64[n] by time.

    Lines that the logger wrote late are put where they belong; of equal stamps the last stays.
    """
    midnight_us = track.first_us // DAY_US * DAY_US
    t_s = np.array([(fix.fixed_at_us - midnight_us) / SECOND_US for fix in track.fixes])
    order = np.argsort(t_s, kind="stable")
    last = np.append(np.diff(t_s[order]) > 0.0, True)
    order = order[last]
    body = [track.fixes[i].body for i in order]
    lon, lat, claim_m = (np.array([float(fix[name]) for fix in body]) for name in ("lon", "lat", "acc"))
    return t_s[order], lon, lat, claim_m


def seconds_of(clock: str) -> float:
    """Hours and minutes as seconds; hours above 23 belong to the next day."""
    hours, minutes = clock.split(":")
    return datetime.timedelta(hours=int(hours), minutes=int(minutes)).total_seconds()


def records_of(tracks: Mapping[str, Track], parts: Sequence[Part]) -> list[Record]:
    """Each part as a record without truth. ``TracksMissing`` names a track that is not there."""
    found = []
    for part in parts:
        if part.track not in tracks:
            raise TracksMissing(f"no recorded track {part.track!r} among those given")
        t_s, lon, lat, claim_m = columns(tracks[part.track])
        from_s, until_s = (seconds_of(clock) for clock in part.between)
        inside = (t_s >= from_s) & (t_s < until_s)
        if inside.sum() < 2:
            raise TracksMissing(f"{part.label}: no fixes there")
        t_s, lon, lat, claim_m = t_s[inside], lon[inside], lat[inside], claim_m[inside]
        lon0, lat0 = np.median(lon), np.median(lat)
        unknown = np.full(t_s.size, np.nan)
        found.append(
            Record(
                t_s,
                (lon - lon0) * METRES_PER_DEGREE * np.cos(np.radians(lat0)),
                (lat - lat0) * METRES_PER_DEGREE,
                claim_m,
                unknown,
                unknown,
                float(t_s[-1] - t_s[0]),
            )
        )
    return found
