"""Recorded GPS tracks as devices: read, moved to now, with bans placed on them.

The tracks are other people's data. They are read where they lie and never copied into the
repository; what this module writes goes where the caller says.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from emon.ingest.topics import is_device_id
from emon.limits import FIXES_PER_MESSAGE_MAX
from emon.model.instant import DAY_US, SECOND_US, format_instant, parse_instant
from emon.model.order import Fault
from simulator.movement import Point, distance_m

_GOOD_ACCURACY_M = 50.0
_MARGIN_US = DAY_US


class TracksRefused(ValueError):
    """Track files that cannot be read as such, with every fault by file and line."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class TrackFix:
    """One line of a track: when it was fixed, and its JSON object as recorded."""

    fixed_at_us: int
    body: dict[str, Any]

    @property
    def point(self) -> Point:
        return self.body["lon"], self.body["lat"]


@dataclass(frozen=True, slots=True)
class Track:
    """One device's fixes in the order in which its logger wrote them (times may fall)."""

    device: str
    fixes: tuple[TrackFix, ...]

    @property
    def first_us(self) -> int:
        return min(fix.fixed_at_us for fix in self.fixes)

    @property
    def last_us(self) -> int:
        return max(fix.fixed_at_us for fix in self.fixes)


@dataclass(frozen=True, slots=True)
class Dispatch:
    """One message of a track: when it leaves, and its fixes with their times moved."""

    at_us: int
    device: str
    bodies: tuple[dict[str, Any], ...]

    @property
    def topic(self) -> str:
        return f"emon/v1/{self.device}/fix"

    @property
    def payload(self) -> bytes:
        body: Any = self.bodies[0] if len(self.bodies) == 1 else list(self.bodies)
        return json.dumps(body, separators=(",", ":")).encode()


def read_tracks(paths: Sequence[Path], *, limit_s: float | None = None) -> list[Track]:
    """Tracks from ``.jsonl`` or ``.jsonl.gz`` files or folders of them, one device a file.

    ``limit_s`` keeps the fixes of a track's first so many seconds. Raises ``TracksRefused`` for
    files that are no tracks, ``OSError`` where one cannot be read.
    """
    faults: list[Fault] = []
    files: list[Path] = []
    for path in paths:
        files.extend(sorted(path.glob("*.jsonl*")) if path.is_dir() else [path])
    if not files:
        faults.append(Fault(", ".join(str(path) for path in paths), "no *.jsonl or *.jsonl.gz there"))
    tracks = [track for file in files if (track := _track(file, limit_s, faults)) is not None]
    devices = [track.device for track in tracks]
    faults.extend(Fault(d, "stands in two files") for d in sorted(set(devices)) if devices.count(d) > 1)
    if faults:
        raise TracksRefused(faults)
    return tracks


def _track(file: Path, limit_s: float | None, faults: list[Fault]) -> Track | None:
    data = file.read_bytes()
    if file.suffix == ".gz":
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError) as fault:
            faults.append(Fault(str(file), f"not gzip: {fault}"))
            return None
    fixes: list[TrackFix] = []
    devices: set[str] = set()
    for number, line in enumerate(data.splitlines(), start=1):
        try:
            body = json.loads(line)
            devices.add(_device_of(body))
            fixes.append(TrackFix(parse_instant(body["t"]), body))
        except (ValueError, KeyError, TypeError) as fault:
            faults.append(Fault(f"{file}:{number}", f"no fix of a track: {fault}"))
    if len(devices) != 1:
        faults.append(Fault(str(file), f"holds {len(devices)} devices, not one"))
        return None
    if limit_s is not None:
        end_us = min(fix.fixed_at_us for fix in fixes) + round(limit_s * SECOND_US)
        fixes = [fix for fix in fixes if fix.fixed_at_us <= end_us]
    return Track(devices.pop(), tuple(fixes))


def _device_of(body: Any) -> str:
    for member, kinds in (("seq", int), ("lat", (int, float)), ("lon", (int, float)), ("acc", (int, float))):
        if not isinstance(body[member], kinds):
            raise TypeError(f"{member} is {body[member]!r}")
    device = body["device"]
    if not isinstance(device, str) or not is_device_id(device):
        raise ValueError(f"device is {device!r}")
    return device


def live(track: Track, start_us: int, *, speed: float = 1.0) -> Iterator[Dispatch]:
    """The track at its own pace, each fix as its own message when it was fixed.

    A line older than one before it leaves right after that one, as the logger wrote it. With
    ``speed`` above 1 the fixes keep their own spacing, so that nobody travels faster than he did:
    they lie in the past and catch up, the last one leaving at its own time.
    """
    first_us, length_us = track.first_us, track.last_us - track.first_us
    lag_us = length_us - round(length_us / speed)
    newest_us = first_us
    for fix in track.fixes:
        newest_us = max(newest_us, fix.fixed_at_us)
        at_us = start_us + round((newest_us - first_us) / speed)
        yield Dispatch(at_us, track.device, (_moved(fix, start_us - lag_us - first_us),))


def burst(track: Track, now_us: int) -> Iterator[Dispatch]:
    """The whole track as stored fixes, sent at ``now_us``, just after the last of them."""
    shift_us = now_us - track.last_us
    for first in range(0, len(track.fixes), FIXES_PER_MESSAGE_MAX):
        part = track.fixes[first : first + FIXES_PER_MESSAGE_MAX]
        yield Dispatch(now_us, track.device, tuple(_moved(fix, shift_us) for fix in part))


def _moved(fix: TrackFix, shift_us: int) -> dict[str, Any]:
    body = {key: value for key, value in fix.body.items() if key != "device"}
    # Devices write milliseconds; a shift of whole ones keeps two stamps apart that were apart.
    shift_ms = shift_us // 1_000
    body["t"] = format_instant(fix.fixed_at_us // 1_000 * 1_000 + shift_ms * 1_000)[:-4] + "Z"
    return body


def fixes_lines(dispatches: Sequence[Dispatch]) -> Iterator[str]:
    """FIXES lines (contract, section 5) of what is published, received when it left."""
    for dispatch in sorted(dispatches, key=lambda d: (d.at_us, d.device)):
        for body in dispatch.bodies:
            line = {"device": dispatch.device, **body, "received_at": format_instant(dispatch.at_us)}
            yield json.dumps(line, separators=(",", ":"))


def ban_centre(track: Track, share: float) -> Point:
    """The place where so large a share of the way is behind, over fixes of a good accuracy.

    Where a track has fewer than two of them, all of its fixes are taken.
    """
    good = [fix.point for fix in track.fixes if fix.body["acc"] <= _GOOD_ACCURACY_M]
    points = good if len(good) > 1 else [fix.point for fix in track.fixes]
    steps = [distance_m(a, b) for a, b in pairwise(points)]
    due_m = share * sum(steps)
    for point, step_m in zip(points, [0.0, *steps], strict=True):
        due_m -= step_m
        if due_m <= 1e-6:  # a sum of steps in metres is not exact
            return point
    return points[-1]


def bans(tracks: Sequence[Track], dispatches: Sequence[Dispatch], *, share: float, radius_m: float) -> bytes:
    """An orders document with one circle on each track, in force from a day before its first fix."""
    stamps = [parse_instant(body["t"]) for dispatch in dispatches for body in dispatch.bodies]
    orders = []
    for track in tracks:
        lon, lat = ban_centre(track, share)
        orders.append(
            {
                "id": f"o-{track.device}",
                "version": 1,
                "wearer": f"w-{track.device}",
                "device": track.device,
                "legal_basis": "gedragsaanwijzing",
                "valid_from": format_instant(min(stamps) - _MARGIN_US),
                "conditions": [
                    {
                        "id": "c-1",
                        "kind": "exclusion",
                        "zone": {"type": "Circle", "center": [lon, lat], "radius_m": radius_m},
                    }
                ],
            }
        )
    return json.dumps({"orders": orders}, indent=1).encode()
