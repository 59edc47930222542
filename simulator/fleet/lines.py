"""Fixes and events as lines of FIXES (contract section 5)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from simulator.fleet.sending import Events, Fixes
from simulator.fleet.words import WIRE
from simulator.receivers.observed import SOURCES

Floats = NDArray[np.float64]
_SOURCE_TEXTS = tuple(str(source) for source in SOURCES)


def instants(seconds: Floats, start_us: int) -> list[str]:
    """RFC 3339 in UTC with milliseconds of seconds since ``start_us``, a whole second."""
    ms = np.round(seconds * 1e3).astype(np.int64) + start_us // 1_000
    texts: list[str] = np.datetime_as_string(ms.astype("datetime64[ms]")).tolist()
    return texts


def fix_lines(device: str, fixes: Fixes, start_us: int) -> Iterator[str]:
    """A line a delivery: every fix, then its copies, which differ in ``received_at`` alone."""
    stamped = instants(fixes.stamped_s, start_us)
    received = instants(fixes.received_s, start_us)
    head = f'{{"device":"{device}","seq":'
    columns = (fixes.seq, fixes.lat, fixes.lon, fixes.accuracy_m, fixes.speed_m_s, fixes.source)
    seq, lat, lon, claim, speed, source = (column.tolist() for column in columns)
    bodies = []
    for i in range(len(seq)):
        # A speed that is not itself is none.
        spd = f'"spd":{speed[i]:.1f},' if speed[i] == speed[i] else ""
        bodies.append(
            f'{head}{seq[i]},"t":"{stamped[i]}Z","lat":{lat[i]:.7f},"lon":{lon[i]:.7f},"acc":{claim[i]:.1f},{spd}'
            f'"src":"{_SOURCE_TEXTS[source[i]]}","received_at":"'
        )
        yield f'{bodies[i]}{received[i]}Z"}}'
    rows = fixes.copies[:, 0].astype(np.int64).tolist()
    for row, at in zip(rows, instants(fixes.copies[:, 1], start_us), strict=True):
        yield f'{bodies[row]}{at}Z"}}'


def event_lines(device: str, events: Events, start_us: int) -> Iterator[str]:
    """A line an event."""
    stamped, received = instants(events.stamped_s, start_us), instants(events.received_s, start_us)
    for i, (seq, said) in enumerate(zip(events.seq.tolist(), events.said.tolist(), strict=True)):
        event, state = WIRE[said]
        yield (
            f'{{"device":"{device}","event":"{event}","state":"{state}","seq":{seq},"t":"{stamped[i]}Z",'
            f'"received_at":"{received[i]}Z"}}'
        )


def heartbeat_lines(device: str, received_s: Floats, start_us: int) -> Iterator[str]:
    """A line each time the device said `online`."""
    for at in instants(received_s, start_us):
        yield f'{{"device":"{device}","received_at":"{at}Z","status":"online"}}'
