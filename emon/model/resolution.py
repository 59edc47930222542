"""How a person closes an alert: closed lists, so that what they say can be counted.

The words are the person's, not the engine's: only a person finds that something was a violation.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class ClosingCause(StrEnum):
    """What was behind the alert, as the person who closes it found.

    ``wearer``: the wearer did what the alert says. ``permitted``: he did, and was allowed to by somebody
    whose word was not on file. ``emergency``: he did, for his own safety or health. ``position_error``:
    the receiver erred (reflection, drift, a cell's position). ``zone_wrong`` and ``schedule_wrong``: the
    order's area or its hours do not say what the court decided. ``tampering``: somebody worked on strap,
    case or signal. ``handling``: not charged, left behind, worn wrongly. ``device_fault``: the device
    is broken. ``coverage``: no network or no satellites where he was. ``platform``: our own fault.
    ``exercise``: a test or an exercise. ``not_found``: nobody could find out; it needs a note.
    """

    WEARER = "wearer"
    PERMITTED = "permitted"
    EMERGENCY = "emergency"
    POSITION_ERROR = "position_error"
    ZONE_WRONG = "zone_wrong"
    SCHEDULE_WRONG = "schedule_wrong"
    TAMPERING = "tampering"
    HANDLING = "handling"
    DEVICE_FAULT = "device_fault"
    COVERAGE = "coverage"
    PLATFORM = "platform"
    EXERCISE = "exercise"
    NOT_FOUND = "not_found"


class ClosingOutcome(StrEnum):
    """What came of it.

    ``arrested``, ``sent_away`` (by police on the spot), ``left_himself``, ``spoken_to`` (by telephone or
    visit), ``reported`` (to OM or Reclassering, to be decided there), ``device_replaced`` or
    ``device_restored``, ``order_corrected``, ``handed_over`` (to a party named in the note), ``no_action``.
    """

    ARRESTED = "arrested"
    SENT_AWAY = "sent_away"
    LEFT_HIMSELF = "left_himself"
    SPOKEN_TO = "spoken_to"
    REPORTED = "reported"
    DEVICE_REPLACED = "device_replaced"
    DEVICE_RESTORED = "device_restored"
    ORDER_CORRECTED = "order_corrected"
    HANDED_OVER = "handed_over"
    NO_ACTION = "no_action"


class VictimOutcome(StrEnum):
    """How the protected person is. There is no word for "not reached": while nobody knows how she is,
    the alert stays open.

    ``safe_informed``: safe, and told what happened. ``safe_not_informed``: seen to be safe, and not told,
    for a reason in the note. ``moved``: brought to a safe place. ``hurt``: hurt or threatened; help is with
    her.
    """

    SAFE_INFORMED = "safe_informed"
    SAFE_NOT_INFORMED = "safe_not_informed"
    MOVED = "moved"
    HURT = "hurt"


class Closing(msgspec.Struct, frozen=True):
    """What a person closes an alert with. ``note`` is free text, empty where none was given."""

    cause: ClosingCause
    outcome: ClosingOutcome
    victim_outcome: VictimOutcome | None = None
    note: str = ""


def missing_in(closing: Closing, *, victim_linked: bool) -> list[tuple[str, str]]:
    """(member, because of what) for what the closing still lacks; empty: it is whole. How she is, is wanted
    because the alert is ``hers``; a note because of the member whose word says less without one."""
    lacks: list[tuple[str, str]] = []
    if victim_linked and closing.victim_outcome is None:
        lacks.append(("victim_outcome", "hers"))
    if not closing.note:
        for member, value in (
            ("cause", ClosingCause.NOT_FOUND),
            ("outcome", ClosingOutcome.HANDED_OVER),
            ("victim_outcome", VictimOutcome.SAFE_NOT_INFORMED),
        ):
            if getattr(closing, member) is value:
                lacks.append(("note", member))
    return lacks
