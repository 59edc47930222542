"""What a device says of itself, and which changes of it are told: a table.

A device repeats what it is; only a change for the worse is news. ``RISES`` holds every change that
raises an alert, as (event, state before, state now); whatever is not in it raises none. A device that
has said nothing yet is in the state of ``AT_FIRST``.
"""

from __future__ import annotations

from emon.model.vocabulary import AlertEvent

AT_FIRST = {"strap": "closed", "case": "closed", "battery": "ok", "panic": "released"}
"""The events that are judged, each with the state before the first word. No device says
``released``: a button goes back by itself, after ``PANIC_AGAIN_S``."""

RISES: dict[tuple[str, str, str], AlertEvent] = {
    ("strap", "closed", "open"): AlertEvent.STRAP_TAMPER,
    ("strap", "closed", "cut"): AlertEvent.STRAP_TAMPER,
    ("case", "closed", "open"): AlertEvent.CASE_TAMPER,
    ("case", "closed", "cut"): AlertEvent.CASE_TAMPER,
    ("battery", "ok", "low"): AlertEvent.BATTERY_LOW,
    ("battery", "ok", "critical"): AlertEvent.BATTERY_CRITICAL,
    ("battery", "low", "critical"): AlertEvent.BATTERY_CRITICAL,
    ("panic", "released", "pressed"): AlertEvent.PANIC,
}

PASSING = frozenset({"battery"})
"""Events that say nothing once a newer one is known: a battery that was low and is full again."""


def rise(event: str, before: str | None, now: str) -> AlertEvent | None:
    """What a change raises, if anything. ``before`` None: the device had said nothing yet."""
    return RISES.get((event, AT_FIRST.get(event, now) if before is None else before, now))


def told_later(event: str, before: str | None, now: str, after: str) -> bool:
    """Whether a state that became known after the one that follows it was told with that one: the
    later one rose from the same state, and the earlier is no worse."""
    return rise(event, before, after) is not None and rise(event, after, now) is None
