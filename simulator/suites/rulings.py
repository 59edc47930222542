"""What must be told of what a device said, by the contract alone (section 3's table, domain row 3).

Owed: a strap cut, within 3 min of its receipt; a battery's low and critical word, within 4 min of its
receipt, where it came live. Neither owed nor false: such a word that came stored, when a newer one may be
known; and ``charging_missed`` while somebody who ought to charge does not, from the low word or a day after
he unplugged until the service hears that he is on power.
"""

from __future__ import annotations

from collections.abc import Iterator

from emon.limits import CHARGE_EACH_S
from emon.model.instant import SECOND_US
from emon.model.vocabulary import AlertEvent, Party
from simulator.fleet.sending import Events
from simulator.fleet.words import Says
from simulator.limits import DUE_LATE_S, TAMPER_TOLD_S
from simulator.scoring.facts import MAY, MUST, Ruling

_CENTRE = frozenset({Party.MELDKAMER_EM})
_LIVE_S = 60.0
_CLOCK_S = 2.0  # a device's clock is off by less, and an alert may count by it
_AFTER_S = 330.0  # a word that came stored is waited on so long for the next one
_BATTERY = {
    Says.BATTERY_LOW: AlertEvent.BATTERY_LOW,
    Says.BATTERY_CRITICAL: AlertEvent.BATTERY_CRITICAL,
}


def rulings_of(wearer: str, risk: str, events: Events, until_s: float, start_us: int) -> list[Ruling]:
    """Every ruling that a device's words bring, by when they were said and received."""
    rows = sorted(
        zip(events.t_s.tolist(), events.received_s.tolist(), events.said.tolist(), strict=True),
        key=lambda row: row[0],
    )
    told = frozenset({Party.MELDKAMER_EM, Party.POLITIE}) if risk == "high" else _CENTRE
    found: list[tuple[str, AlertEvent, float, float, frozenset[Party]]] = []
    for at_s, came_s, said in rows:
        if said == Says.STRAP_CUT:
            found.append((MUST, AlertEvent.STRAP_TAMPER, at_s, came_s + TAMPER_TOLD_S, told))
        elif said in _BATTERY:
            kind = MUST if came_s - at_s <= _LIVE_S else MAY
            found.append((kind, _BATTERY[Says(said)], at_s, came_s + DUE_LATE_S, _CENTRE))
    found += [(MAY, AlertEvent.CHARGING_MISSED, a, b, _CENTRE) for a, b in _uncharged(rows) if a < until_s]
    return [
        Ruling(
            kind,
            event,
            wearer,
            "",
            "",
            start_us + round((from_s - _CLOCK_S) * SECOND_US),
            start_us + round(by_s * SECOND_US),
            recipients,
        )
        for kind, event, from_s, by_s, recipients in found
    ]


def _uncharged(rows: list[tuple[float, float, int]]) -> Iterator[tuple[float, float]]:
    """From when charging is asked for until the service has heard of it; the world's end for the last."""
    asked_s: float | None = None
    for at_s, came_s, said in rows:
        if said in (Says.CHARGING_ON, Says.BATTERY_OK):
            if asked_s is not None and came_s > asked_s:
                yield asked_s, came_s + _AFTER_S
            asked_s = None
        elif said == Says.CHARGING_OFF:
            asked_s = at_s + CHARGE_EACH_S
        elif said in (Says.BATTERY_LOW, Says.BATTERY_CRITICAL):
            asked_s = at_s if asked_s is None else min(asked_s, at_s)
    if asked_s is not None:
        yield asked_s, asked_s + 2 * CHARGE_EACH_S
