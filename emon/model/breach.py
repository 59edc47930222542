"""Breaches and alerts as the engine makes them."""

from __future__ import annotations

import msgspec

from emon.model.vocabulary import AlertEvent, Certainty, How, Kind, Party


class Breach(msgspec.Struct, frozen=True, gc=False):
    """What the fixes show. The engine never writes a violation: that is a person's finding.

    ``told`` is the alert memory of the breach, so that policy is a pure function of it: one entry
    an alert already raised, in order.
    """

    id: str
    order: str
    version: int
    condition: str
    kind: Kind
    wearer: str
    opened_at_us: int
    closed_at_us: int | None
    certainty: Certainty
    how: How
    historic: bool
    refuted: bool
    deepest_m: float
    device: str
    told: tuple[Told, ...] = ()


class Told(msgspec.Struct, frozen=True, gc=False):
    """One alert raised for a breach: what it said and who was to hear it.

    ``day``: for a possible incursion the local day it counts for, as a proleptic Gregorian ordinal.
    ``also``: the policy's contacts that heard of it at once.
    """

    event: AlertEvent
    certainty: Certainty
    historic: bool
    open: bool
    recipients: tuple[Party, ...]
    day: int | None = None
    also: tuple[str, ...] = ()


class Alert(msgspec.Struct, frozen=True):
    """An alert. It ends only by a person's resolution (invariant 4).

    ``at_us`` is the decision's instant, never the wall clock. ``received_at_us`` is the receipt of
    the deciding fix, None where a timer decided. ``happened_at_us`` is the breach's ``opened_at``.
    ``row`` is the policy's row that decided, ``also`` the policy's contacts that hear of it at once.
    """

    id: str
    event: AlertEvent
    priority: int
    at_us: int
    recipients: tuple[Party, ...]
    happened_at_us: int
    received_at_us: int | None = None
    breach: str | None = None
    order: str | None = None
    condition: str | None = None
    certainty: Certainty | None = None
    device: str | None = None
    row: str | None = None
    also: tuple[str, ...] = ()
