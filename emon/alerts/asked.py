"""What an alert asks of whoever reads it, and what has become of it since it was made. Pure.

The words are in ``words.py``; what is named here are their keys.
"""

from __future__ import annotations

from emon.alerts.outbox import AlertView
from emon.model.vocabulary import AlertEvent, Certainty

PRESENT = (AlertEvent.BREACH, AlertEvent.PROXIMITY)
_ASKS = {
    AlertEvent.BREACH_CLEARED: "ended",
    AlertEvent.HISTORIC_BREACH: "past",
    AlertEvent.POSSIBLE_INCURSION: "incursion",
    AlertEvent.APPROACH: "approach",
    AlertEvent.STRAP_TAMPER: "tamper",
    AlertEvent.CASE_TAMPER: "tamper",
    AlertEvent.PANIC: "panic",
    AlertEvent.SILENCE: "silence",
    AlertEvent.NO_POSITION: "silence",
    AlertEvent.OUTAGE: "outage",
    AlertEvent.ORDER_WITHOUT_DEVICE: "unworn",
    AlertEvent.RECIPIENT_DOWN: "down",
    AlertEvent.PLATFORM: "platform",
    AlertEvent.COMMAND_UNANSWERED: "unanswered",
    AlertEvent.CLOCK_WRONG: "clock",
    AlertEvent.IMPLAUSIBLE_FIXES: "implausible",
    AlertEvent.CHARGING_MISSED: "charge",
    AlertEvent.BATTERY_LOW: "charge",
    AlertEvent.BATTERY_CRITICAL: "charge",
}
_MENDED_ASKS = {AlertEvent.RECIPIENT_DOWN: "back", AlertEvent.PLATFORM: "mended"}
"""Of those whose end is told as an alert of its own."""
_PASSING = ("silence", "outage", "clock", "implausible", "charge", "unanswered")
"""What is asked only while it lasts; of a strap that was closed again somebody must look all the same."""
_OF_THE_FIELD = (*_PASSING, "approach", "tamper", "unworn")
"""What only those are asked who call the wearer or send somebody."""
_HER_ASKS = {"silence": "her_silence", "charge": "her_charge"}
_HER_DEVICE_ASKS = ("tamper", "unanswered", "clock", "implausible")
"""What is asked where the device is that of the protected person: she is called, never the wearer."""


def ask_of(alert: AlertView) -> str:
    ask = _ask_of_all(alert)
    return "other" if ask in _OF_THE_FIELD and not alert.acts else ask


def _ask_of_all(alert: AlertView) -> str:
    if alert.refuted:
        return "refuted"
    if alert.event in PRESENT:
        if alert.closed_at_us is not None:
            return "since_ended"
        return "certain" if alert.certainty is Certainty.CERTAIN else "uncertain"
    if has_lapsed(alert):
        return f"lapsed_{alert.kind}"
    if alert.cleared_at_us is not None and alert.event in _MENDED_ASKS:
        return _MENDED_ASKS[alert.event]
    ask = _ASKS.get(alert.event, "other")
    if alert.cleared_at_us is not None and ask in _PASSING:
        return "over"
    if alert.event is AlertEvent.OUTAGE and not alert.unseen:
        return "other"
    if alert.victim:
        return "her_device" if ask in _HER_DEVICE_ASKS else _HER_ASKS.get(ask, ask)
    return ask


def since_of(alert: AlertView) -> str | None:
    """What has become of it, of an alert that tells no end: it stands in the subject, for a text message may
    have room for nothing else."""
    if alert.event is AlertEvent.BREACH_CLEARED:
        return None
    if alert.refuted:
        return "since_withdrawn"
    if alert.event in PRESENT and alert.closed_at_us is not None:
        return "since_ended"
    return "since_over" if alert.cleared_at_us is not None and ask_of(alert) == "over" else None


def has_passed(alert: AlertView) -> bool:
    """Whether it is over since, or never was."""
    return since_of(alert) is not None


def has_lapsed(alert: AlertView) -> bool:
    """Ended by the clock or an order: nobody has seen him leave."""
    cleared = alert.event is AlertEvent.BREACH_CLEARED
    return cleared and not alert.refuted and not alert.ended_by_fix and alert.kind is not None


def is_withdrawn(alert: AlertView) -> bool:
    return alert.event is AlertEvent.BREACH_CLEARED and alert.refuted
