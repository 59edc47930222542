"""What a closing says of its alert: that it was true, false, or neither. One table, read as it stands.

Pure. ``true``: what the alert said was so, and somebody had to know. ``false``: it was not, or it was and the
file ought to have known that it was allowed. ``unknown``: nobody could find out, or the words contradict each
other. ``uncounted``: an exercise, or an alert that only tells the end of another.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from emon.feedback.rows import FiledAlert
from emon.model.resolution import ClosingCause as C
from emon.model.resolution import ClosingOutcome
from emon.model.vocabulary import AlertEvent as E


class Verdict(StrEnum):
    """``open``: no person has closed it yet."""

    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"
    OPEN = "open"
    UNCOUNTED = "uncounted"


class Claim(StrEnum):
    """What an alert claims. ``place``: where a person was, against an order. ``tamper``: somebody worked on
    strap or case. ``help``: a protected person calls. ``device``: a device says or sends nothing good.
    ``ours``: our own parts, or many devices at once. ``end``: that something told before is over."""

    PLACE = "place"
    TAMPER = "tamper"
    HELP = "help"
    DEVICE = "device"
    OURS = "ours"
    END = "end"


CLAIMS: dict[E, Claim] = {
    E.APPROACH: Claim.PLACE,
    E.BREACH: Claim.PLACE,
    E.BREACH_CLEARED: Claim.END,
    E.PROXIMITY: Claim.PLACE,
    E.POSSIBLE_INCURSION: Claim.PLACE,
    E.HISTORIC_BREACH: Claim.PLACE,
    E.STRAP_TAMPER: Claim.TAMPER,
    E.CASE_TAMPER: Claim.TAMPER,
    E.SILENCE: Claim.DEVICE,
    E.NO_POSITION: Claim.DEVICE,
    E.OUTAGE: Claim.OURS,
    E.BATTERY_LOW: Claim.DEVICE,
    E.BATTERY_CRITICAL: Claim.DEVICE,
    E.CHARGING_MISSED: Claim.DEVICE,
    E.CLOCK_WRONG: Claim.DEVICE,
    E.IMPLAUSIBLE_FIXES: Claim.DEVICE,
    E.ORDER_WITHOUT_DEVICE: Claim.DEVICE,
    E.PANIC: Claim.HELP,
    E.COMMAND_UNANSWERED: Claim.DEVICE,
    E.RECIPIENT_DOWN: Claim.OURS,
    E.PLATFORM: Claim.OURS,
}

_T, _F, _U, _N = Verdict.TRUE, Verdict.FALSE, Verdict.UNKNOWN, Verdict.UNCOUNTED
_COLUMNS = (Claim.PLACE, Claim.TAMPER, Claim.HELP, Claim.DEVICE, Claim.OURS)

# fmt: off
_ROWS: dict[C, tuple[Verdict, ...]] = {
    # cause             place  tamper  help  device  ours
    C.WEARER:          (_T,    _T,     _T,   _T,     _U),
    C.PERMITTED:       (_F,    _F,     _F,   _T,     _U),  # right by what was on file; the file was wrong
    C.EMERGENCY:       (_T,    _T,     _T,   _T,     _T),
    C.POSITION_ERROR:  (_F,    _F,     _F,   _T,     _F),  # "implausible fixes" says just that
    C.ZONE_WRONG:      (_F,    _F,     _F,   _U,     _U),
    C.SCHEDULE_WRONG:  (_F,    _F,     _F,   _U,     _U),
    C.TAMPERING:       (_T,    _T,     _T,   _T,     _T),
    C.HANDLING:        (_F,    _F,     _F,   _T,     _U),  # an uncharged device is silent, and nobody hid
    C.DEVICE_FAULT:    (_F,    _F,     _F,   _T,     _T),
    C.COVERAGE:        (_F,    _F,     _F,   _T,     _T),
    C.PLATFORM:        (_F,    _F,     _F,   _F,     _T),  # the device was well: we were not
    C.EXERCISE:        (_N,    _N,     _N,   _N,     _N),
    C.NOT_FOUND:       (_U,    _U,     _U,   _U,     _U),
}
# fmt: on

ACTED = (ClosingOutcome.ARRESTED, ClosingOutcome.SENT_AWAY)
"""Outcomes by which somebody was met on the spot."""


def verdict_of_words(event: E, cause: C, outcome: ClosingOutcome) -> Verdict:
    """What a closing with these words says of an alert of this event.

    An outcome by which the police met somebody on the spot makes "not found out" true of a place, and a
    cause that calls the place false a contradiction: unknown.
    """
    claim = CLAIMS[event]
    if claim is Claim.END:
        return Verdict.UNCOUNTED
    said = _ROWS[cause][_COLUMNS.index(claim)]
    if claim is Claim.PLACE and outcome in ACTED:
        if cause is C.NOT_FOUND:
            return Verdict.TRUE
        if said is Verdict.FALSE and cause in (C.POSITION_ERROR, C.DEVICE_FAULT, C.COVERAGE, C.PLATFORM):
            return Verdict.UNKNOWN
    return said


def verdict_of(alert: FiledAlert) -> Verdict:
    """Of one alert."""
    if CLAIMS[alert.event] is Claim.END:
        return Verdict.UNCOUNTED
    if alert.cause is None or alert.outcome is None:
        return Verdict.OPEN
    return verdict_of_words(alert.event, alert.cause, alert.outcome)


def case_of(alert: FiledAlert) -> str:
    """What a person judges once: a breach with all its alerts, or an alert that has none."""
    return alert.id if alert.breach is None else f"breach {alert.breach}"


def verdict_of_case(alerts: Iterable[FiledAlert]) -> Verdict:
    """Of the alerts of one case together: what those that are closed agree on, unknown where they do
    not. Alerts of one breach share its fixes, so that they are one observation and not several."""
    said = {verdict_of(alert) for alert in alerts}
    words = said & {Verdict.TRUE, Verdict.FALSE}
    if len(words) == 1:
        return words.pop()
    if words or Verdict.UNKNOWN in said:
        return Verdict.UNKNOWN
    return Verdict.OPEN if Verdict.OPEN in said else Verdict.UNCOUNTED


def verdict_table() -> list[tuple[str, ...]]:
    """Cause, and what it says of each claim: for the documentation."""
    return [(str(cause), *map(str, row)) for cause, row in _ROWS.items()]


CLAIM_COLUMNS = _COLUMNS
