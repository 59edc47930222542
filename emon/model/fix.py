"""Fixes, device events and rejections, as decoded and as admitted."""

from __future__ import annotations

import msgspec

from emon.model.command import Reply
from emon.model.vocabulary import UNUSABLE, Mark, Reason, Source


class RawFix(msgspec.Struct, frozen=True, gc=False):
    """One position as a device sent it, decoded and in range, not yet admitted.

    Units: degrees WGS84, metres (radius of the 95 % circle), metres a second, degrees clockwise
    from north. ``raw`` holds the fix's own bytes as received.
    """

    device: str
    seq: int
    fixed_at_us: int
    lon: float
    lat: float
    accuracy_m: float
    raw: bytes
    source: Source = Source.GNSS
    speed_m_s: float | None = None
    heading_deg: float | None = None
    satellites: int | None = None
    hdop: float | None = None
    battery: float | None = None

    @property
    def key(self) -> tuple[str, int, int]:
        """What makes a fix the same fix: (device, fixed_at, seq)."""
        return (self.device, self.fixed_at_us, self.seq)

    def same_content(self, other: RawFix) -> bool:
        """Whether both carry the same content, in whatever spelling they came."""
        if self.raw == other.raw:
            return True
        return _content(self) == _content(other)


def _content(fix: RawFix) -> tuple[object, ...]:
    return (
        fix.key,
        fix.lon,
        fix.lat,
        fix.accuracy_m,
        fix.source,
        fix.speed_m_s,
        fix.heading_deg,
        fix.satellites,
        fix.hdop,
        fix.battery,
    )


class Fix(msgspec.Struct, frozen=True, gc=False):
    """An admitted fix: what was received, when the engine took it, and what admission found."""

    wire: RawFix
    received_at_us: int
    mark: Mark

    @property
    def usable(self) -> bool:
        return self.mark not in UNUSABLE


class DeviceEvent(msgspec.Struct, frozen=True, gc=False):
    """A device event such as ``strap: cut`` (contract, section 1), decoded and in range."""

    device: str
    seq: int
    fixed_at_us: int
    event: str
    state: str
    raw: bytes


class KeptEvent(msgspec.Struct, frozen=True, gc=False):
    """A device event and when the engine took it."""

    wire: DeviceEvent
    received_at_us: int


class DeviceStatus(msgspec.Struct, frozen=True, gc=False):
    """``online`` or ``offline`` as the device's retained status or last will says."""

    device: str
    online: bool


class Rejection(msgspec.Struct, frozen=True, gc=False):
    """A payload, or one element of an array, that cannot be taken. Kept, counted and shown.

    ``place`` is the JSON path of the fault (``[3].lat``), ``raw`` the element's bytes (or the whole
    payload where no element can be told apart).
    """

    device: str | None
    topic: str
    reason: Reason
    detail: str
    place: str
    raw: bytes


class Decoded(msgspec.Struct, frozen=True, gc=False):
    """What one message held."""

    fixes: tuple[RawFix, ...] = ()
    events: tuple[DeviceEvent, ...] = ()
    statuses: tuple[DeviceStatus, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    replies: tuple[Reply, ...] = ()
