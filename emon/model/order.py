"""Orders, conditions, zones and schedules: immutable versions of what a court decided."""

from __future__ import annotations

import msgspec

from emon.model.vocabulary import Kind, LegalBasis, Party, Risk

Ring = tuple[tuple[float, float], ...]
"""(longitude, latitude) pairs in degrees, closed: the last equals the first."""


class AreaZone(msgspec.Struct, frozen=True):
    """Polygon or MultiPolygon: parts, each a shell ring followed by its hole rings."""

    parts: tuple[tuple[Ring, ...], ...]


class CircleZone(msgspec.Struct, frozen=True):
    center: tuple[float, float]
    radius_m: float


class CorridorZone(msgspec.Struct, frozen=True):
    """All points within ``width_m`` of the line, to either side, with round ends."""

    line: tuple[tuple[float, float], ...]
    width_m: float


Zone = AreaZone | CircleZone | CorridorZone


class Window(msgspec.Struct, frozen=True):
    """A recurring local-time window. ``days``: ISO weekdays 0 (Monday) to 6 on which it begins.

    ``from_s`` and ``to_s`` are local wall-clock seconds after midnight; ``to_s <= from_s`` runs
    past midnight (contract, section 2: schedules).
    """

    days: tuple[int, ...]
    from_s: int
    to_s: int


class Interval(msgspec.Struct, frozen=True):
    """A half-open stretch of time ``[from_us, to_us)`` with its reason."""

    from_us: int
    to_us: int
    reason: str = ""


class Schedule(msgspec.Struct, frozen=True):
    """``windows`` is never empty: an order without a schedule holds ``schedule=None``."""

    tz: str
    windows: tuple[Window, ...]
    exceptions: tuple[Interval, ...] = ()


class Condition(msgspec.Struct, frozen=True):
    """One enforceable part of an order. ``zone`` is None only for a contact condition.

    ``victim_device`` and ``radius_m``: of a contact condition alone. One without a device is not
    watched, but stands in the order.
    """

    id: str
    kind: Kind
    zone: Zone | None
    buffer_m: float = 0.0
    secret: bool = False
    schedule: Schedule | None = None
    victim_device: str | None = None
    radius_m: float = 0.0

    @property
    def watched(self) -> bool:
        """Whether fixes can show a breach of it."""
        return self.zone is not None or self.victim_device is not None


class DeviceUse(msgspec.Struct, frozen=True):
    """A device worn for this order during ``[from_us, until_us)``; None means open."""

    device: str
    from_us: int | None = None
    until_us: int | None = None
    plan_s: int | None = None


class Owner(msgspec.Struct, frozen=True):
    """The one functionary who is responsible for the case."""

    party: Party
    name: str
    contact: str = ""


class OrderVersion(msgspec.Struct, frozen=True):
    """One immutable version of an order. ``armed_at_us`` is set when it is armed."""

    id: str
    version: int
    wearer: str
    legal_basis: LegalBasis
    valid_from_us: int
    conditions: tuple[Condition, ...]
    armed_at_us: int
    devices: tuple[DeviceUse, ...] = ()
    valid_until_us: int | None = None
    withdrawn_at_us: int | None = None
    risk: Risk = Risk.MEDIUM
    owner: Owner | None = None
    protected_person: str | None = None
    suspensions: tuple[Interval, ...] = ()
    source: bytes = b""
    """The order's own JSON object with every ``ref`` resolved, canonical; equal bytes mean equal
    content. Without ``armed_at``, which arming sets."""

    @property
    def ends_at_us(self) -> int | None:
        """The first of its ``valid_until`` and ``withdrawn_at``, or None."""
        ends = [e for e in (self.valid_until_us, self.withdrawn_at_us) if e is not None]
        return min(ends) if ends else None


class Fault(msgspec.Struct, frozen=True):
    """What is wrong in a document, and where (``orders[0].conditions[0].zone``)."""

    path: str
    message: str

    def __str__(self) -> str:
        if not self.path:
            return self.message
        # Names of a document stand in it: none may begin a line of its own on a screen or in a log.
        path = "".join(one if one.isprintable() else ascii(one)[1:-1] for one in self.path)
        return f"{path}: {self.message}"
