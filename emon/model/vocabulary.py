"""Closed lists of the contract: one word, one meaning. The values are the words on the wire."""

from __future__ import annotations

from enum import StrEnum


class Source(StrEnum):
    """What a position was computed from (``src`` on the wire)."""

    GNSS = "gnss"
    WIFI = "wifi"
    CELL = "cell"
    RF = "rf"


class Mark(StrEnum):
    """What admission found about a fix; every marked fix is kept (contract, section 1)."""

    OK = "ok"
    LATE = "late"
    OUT_OF_ORDER = "out_of_order"
    IMPLAUSIBLE = "implausible"
    CLOCK = "clock"

    @property
    def usable(self) -> bool:
        """Whether a fix with this mark may be judged."""
        return self not in UNUSABLE


UNUSABLE = (Mark.IMPLAUSIBLE, Mark.CLOCK)
"""Marks of fixes that are kept and judge nothing."""


class Reason(StrEnum):
    """Why a payload or a part of it was rejected (closed list; stored in ``rejected``)."""

    UNREADABLE = "unreadable"
    MISSING = "missing"
    OUT_OF_RANGE = "out_of_range"
    WRONG_TYPE = "wrong_type"
    TOO_MANY = "too_many"
    UNKNOWN_DEVICE = "unknown_device"
    UNKNOWN_TOPIC = "unknown_topic"
    CONFLICT = "conflict"


class Kind(StrEnum):
    """Kinds of condition."""

    EXCLUSION = "exclusion"
    INCLUSION = "inclusion"
    CONTACT = "contact"


class LegalBasis(StrEnum):
    SCHORSING = "schorsing"
    GEDRAGSAANWIJZING = "gedragsaanwijzing"
    VRIJHEIDSBEPERKENDE_MAATREGEL = "vrijheidsbeperkende_maatregel"
    GEDRAGSBEINVLOEDENDE_MAATREGEL = "gedragsbeinvloedende_maatregel"
    VOORWAARDELIJKE_VEROORDELING = "voorwaardelijke_veroordeling"
    VOORWAARDELIJKE_INVRIJHEIDSTELLING = "voorwaardelijke_invrijheidstelling"
    VOORWAARDELIJK_SEPOT = "voorwaardelijk_sepot"
    STRAFBESCHIKKING = "strafbeschikking"


class Risk(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Party(StrEnum):
    """Bodies by their Dutch names; ``beschermde`` is the protected person."""

    MELDKAMER_EM = "meldkamer_em"
    POLITIE = "politie"
    RECLASSERING = "reclassering"
    OM = "om"
    CJIB = "cjib"
    VEILIG_THUIS = "veilig_thuis"
    SHN = "shn"
    BESCHERMDE = "beschermde"


SEES_NO_WEARERS = frozenset({Party.BESCHERMDE})
"""Parties that may not see where wearers are: nobody of theirs logs in to the page. The protected person
is told what happened and what she can do, and nothing of where the wearer is."""


class Certainty(StrEnum):
    POSSIBLE = "possible"
    PROBABLE = "probable"
    CERTAIN = "certain"

    @property
    def level(self) -> int:
        """0, 1, 2: rising certainty."""
        return _LEVELS[self]


_LEVELS = {Certainty.POSSIBLE: 0, Certainty.PROBABLE: 1, Certainty.CERTAIN: 2}


class How(StrEnum):
    """How a breach was found (contract, section 3)."""

    INSIDE = "inside"
    CROSSED = "crossed"
    REACHABLE = "reachable"
    SCHEDULE = "schedule"
    LATE_HOME = "late_home"
    LEFT_EARLY = "left_early"
    ABSENT = "absent"
    PROXIMITY = "proximity"


class AlertEvent(StrEnum):
    """What an alert tells (contract, section 5)."""

    APPROACH = "approach"
    BREACH = "breach"
    BREACH_CLEARED = "breach_cleared"
    PROXIMITY = "proximity"
    POSSIBLE_INCURSION = "possible_incursion"
    HISTORIC_BREACH = "historic_breach"
    STRAP_TAMPER = "strap_tamper"
    CASE_TAMPER = "case_tamper"
    SILENCE = "silence"
    NO_POSITION = "no_position"
    OUTAGE = "outage"
    BATTERY_LOW = "battery_low"
    BATTERY_CRITICAL = "battery_critical"
    CHARGING_MISSED = "charging_missed"
    CLOCK_WRONG = "clock_wrong"
    IMPLAUSIBLE_FIXES = "implausible_fixes"
    ORDER_WITHOUT_DEVICE = "order_without_device"
    PANIC = "panic"
    COMMAND_UNANSWERED = "command_unanswered"
    RECIPIENT_DOWN = "recipient_down"
    PLATFORM = "platform"


DEVICE_EVENT_STATES: dict[str, tuple[str, ...]] = {
    "strap": ("cut", "open", "closed"),
    "case": ("cut", "open", "closed"),
    "battery": ("ok", "low", "critical"),
    "power": ("on", "off"),
    "charging": ("on", "off"),
    "jamming": ("on", "off"),
    "shielding": ("on", "off"),
    "motion": ("still", "moving"),
    "panic": ("pressed",),
}
"""Device events and the states each may have (contract, section 1)."""
