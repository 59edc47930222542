"""Breaches and alerts as the objects that leave the engine (contract, section 5)."""

from __future__ import annotations

from emon.model.breach import Alert, Breach
from emon.model.instant import format_instant

Line = dict[str, object]

_DEPTH_DIGITS = 3  # millimetres: finer is noise of the arithmetic, not of the place


def breach_line(breach: Breach) -> Line:
    """One breach; instants UTC with six decimals, ``deepest_m`` to the millimetre."""
    return {
        "type": "breach",
        "id": breach.id,
        "order": breach.order,
        "version": breach.version,
        "condition": breach.condition,
        "kind": breach.kind.value,
        "wearer": breach.wearer,
        "opened_at": format_instant(breach.opened_at_us),
        "closed_at": None if breach.closed_at_us is None else format_instant(breach.closed_at_us),
        "certainty": breach.certainty.value,
        "how": breach.how.value,
        "historic": breach.historic,
        "refuted": breach.refuted,
        "deepest_m": round(breach.deepest_m, _DEPTH_DIGITS),
    }


def alert_line(alert: Alert) -> Line:
    """One alert."""
    return {
        "type": "alert",
        "id": alert.id,
        "event": alert.event.value,
        "priority": alert.priority,
        "at": format_instant(alert.at_us),
        "recipients": [party.value for party in alert.recipients],
        "breach": alert.breach,
        "order": alert.order,
        "condition": alert.condition,
        "certainty": None if alert.certainty is None else alert.certainty.value,
        "device": alert.device,
    }
