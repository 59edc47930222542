"""What is kept of a device as such, beside its fixes: when it was heard, and what is wrong with it."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from emon.model.vocabulary import AlertEvent, LegalBasis, Risk


class Turn(msgspec.Struct, frozen=True, gc=False):
    """A word of the device that changes its plan, by its own clock.

    ``still``: it came to rest (True) or moves (False). ``every_s``: it confirmed another interval.
    """

    at_us: int
    still: bool | None = None
    every_s: int | None = None


class Place(msgspec.Struct, frozen=True, gc=False):
    """The newest usable fix by (fixed_at, seq). Degrees WGS84."""

    fixed_at_us: int
    seq: int
    received_at_us: int
    lon: float
    lat: float
    cell: bool = False


class Word(msgspec.Struct, frozen=True, gc=False):
    """The newest word on something that is on or off, by the device's clock."""

    at_us: int
    seq: int
    on: bool


class SilenceState(StrEnum):
    """``unheard``: never heard at all. ``heard``: in time. ``late``: not heard in time, and the grace
    runs. ``silent``: not heard within the grace, and told. ``covered``: not heard in time, and an outage
    tells of it. ``missing``: its outage is over, and it is still not heard."""

    UNHEARD = "unheard"
    HEARD = "heard"
    LATE = "late"
    SILENT = "silent"
    COVERED = "covered"
    MISSING = "missing"


class PositionState(StrEnum):
    """``known``: a usable fix is recent enough. ``lost``: messages come, and no usable fix."""

    KNOWN = "known"
    LOST = "lost"


class Want(msgspec.Struct, frozen=True, gc=False):
    """An order that was told to have no device: when, and the trouble's id. ``open``: it still has none."""

    order: str
    told_us: int
    trouble: str
    open: bool = True


class Watch(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One device. Instants of receipt, but for those of its words (``turns``, ``jamming`` …).

    ``heard_us``: its newest message. ``back_us``: silence and a missing position are counted from no
    earlier than this: when it was heard again after a silence, or when its outage ended. ``wait_s``: of
    a late one, how long after its newest message it is told. ``lost_told_us``: when a missing position
    was told last; ``returned_us``: when one was there again.
    ``turns`` are complete from ``turns_from_us`` on; ``rates`` are the newest intervals it confirmed.
    ``implausible`` and ``wrong_clock`` count fixes since the newest usable one. ``silence``, ``lost`` and
    ``outage`` are ids of troubles that are open, ``wants`` the orders that waited for the device in vain.
    """

    device: str
    heard_us: int | None = None
    first_heard_us: int | None = None
    back_us: int = 0
    place: Place | None = None
    silence_state: SilenceState = SilenceState.UNHEARD
    position_state: PositionState = PositionState.KNOWN
    silence: str | None = None
    lost: str | None = None
    outage: str | None = None
    wants: tuple[Want, ...] = ()
    turns: tuple[Turn, ...] = ()
    turns_from_us: int = 0
    rates: tuple[Turn, ...] = ()
    jamming: Word | None = None
    shielding: Word | None = None
    implausible: int = 0
    wrong_clock: int = 0
    wait_s: int = 0
    lost_told_us: int | None = None
    returned_us: int | None = None

    @property
    def is_still(self) -> bool:
        """Whether its newest word on motion is that it lies still."""
        return next((turn.still for turn in reversed(self.turns) if turn.still is not None), False) is True

    @property
    def plan_words(self) -> tuple[Turn, ...]:
        """Everything it said that changes when it is expected, rising."""
        if not self.rates:
            return self.turns
        return tuple(sorted((*self.turns, *self.rates), key=lambda turn: turn.at_us))


class Duty(msgspec.Struct, frozen=True, gc=False):
    """``[from_us, until_us)`` in which an order in force has the device worn, or, ``victim``, carried
    by the person whom one of its contact conditions protects. ``plan_s``: None for the usual plan."""

    order: str
    from_us: int
    until_us: int | None
    risk: Risk
    plan_s: int | None = None
    victim: bool = False
    legal_basis: LegalBasis | None = None
    wearer: str = ""

    def holds(self, at_us: int) -> bool:
        return self.from_us <= at_us and (self.until_us is None or at_us < self.until_us)


class Cause(StrEnum):
    """Why there is no usable fix though the device is heard: a closed list, chosen from what it said.

    ``indoors``: it lies still. ``no_fix``: it moves, or does not say whether it does.
    """

    JAMMING = "jamming"
    SHIELDING = "shielding"
    IMPLAUSIBLE = "implausible"
    CLOCK = "clock"
    INDOORS = "indoors"
    NO_FIX = "no_fix"


class Unseen(msgspec.Struct, frozen=True):
    """One device of an outage's list. ``near_m``: metres from its newest usable fix to the nearest
    exclusion zone of its orders, None where either is missing; ``seen_us`` that fix's time. ``wearer``: of
    the order: who is unseen, or of a victim's device whom she is protected from; None in lists of before."""

    device: str
    order: str
    risk: Risk
    victim: bool = False
    near_m: float | None = None
    seen_us: int | None = None
    wearer: str | None = None


class Trouble(msgspec.Struct, frozen=True):
    """Something wrong with a device, an order or many devices, from its opening to its clear.

    ``alert``: id of the alert that told of it. ``cause``: of ``no_position`` one of :class:`Cause`.
    ``victim``: the device protects somebody. ``unseen``: of an outage, the most urgent first;
    ``devices`` counts those it covers so far and ``heard`` those of them heard again.
    """

    id: str
    event: AlertEvent
    opened_at_us: int
    cleared_at_us: int | None = None
    alert: str | None = None
    device: str | None = None
    order: str | None = None
    cause: str | None = None
    victim: bool = False
    unseen: tuple[Unseen, ...] = ()
    devices: int = 0
    heard: int = 0


class ServiceStop(msgspec.Struct, frozen=True, gc=False):
    """``[down_us, up_us)`` in which the service judged nothing; None: its backlog is still judged."""

    down_us: int
    up_us: int | None = None
