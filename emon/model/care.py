"""What is kept of a device's orders and upkeep: commands out, clock, trust, battery."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class DemandState(StrEnum):
    """``idle``: nothing is asked. ``asked``: a fix-now is out. ``unanswered``: one was
    not answered in time, and told."""

    IDLE = "idle"
    ASKED = "asked"
    UNANSWERED = "unanswered"


class PursuitState(StrEnum):
    """``normal``: the order's plan holds. ``asked``: a faster rate was asked for. ``fast``: it is
    confirmed. ``returning``: the order's plan was asked for again."""

    NORMAL = "normal"
    ASKED = "asked"
    FAST = "fast"
    RETURNING = "returning"


class ClockState(StrEnum):
    """``right``: its stamps agree with their receipt. ``wrong``: the last that told did not."""

    RIGHT = "right"
    WRONG = "wrong"


class TrustState(StrEnum):
    """``trusted``: no such run of implausible fixes. ``doubted``: there was one, and it was told."""

    TRUSTED = "trusted"
    DOUBTED = "doubted"


class ChargeState(StrEnum):
    """``rested``: nothing is waited for. ``charging``: plugged in. ``on_battery``: unplugged, by
    a device that says so. ``low`` and ``critical``: its battery's word. ``missed``: not plugged
    in in time, and told."""

    RESTED = "rested"
    CHARGING = "charging"
    ON_BATTERY = "on_battery"
    LOW = "low"
    CRITICAL = "critical"
    MISSED = "missed"


class Care(msgspec.Struct, frozen=True, omit_defaults=True):
    """One device. Instants of decisions, but for ``implausible_us`` (fixed_at of the newest such fixes)
    and ``charge_said_us`` (of the newest word about its battery), which are the device's own.

    ``replies``: it has answered a command before, so commands are timed. ``fix`` and ``rate`` are the
    newest commands of their kind: id, instant. ``asked_us``: fix-now commands of the last hour.
    ``chased``: breaches that are open and present. ``rate_s``: the rate last asked for. ``…_wait``: from
    when on, and for how many microseconds, something is waited for. ``troubles``: those open, event →
    (id, opened_at, alert).
    """

    replies: bool = False
    demand: DemandState = DemandState.IDLE
    fix: tuple[str, int] | None = None
    asked_us: tuple[int, ...] = ()
    pursuit: PursuitState = PursuitState.NORMAL
    rate: tuple[str, int] | None = None
    rate_s: int | None = None
    pursuit_wait: tuple[int, int] | None = None
    chased: tuple[str, ...] = ()
    clock: ClockState = ClockState.RIGHT
    trust: TrustState = TrustState.TRUSTED
    implausible_us: tuple[int, ...] = ()
    charge: ChargeState = ChargeState.RESTED
    charge_wait: tuple[int, int] | None = None
    charge_said_us: int | None = None
    troubles: dict[str, tuple[str, int, str]] = {}

    @property
    def looks_at_fixes(self) -> bool:
        """Whether an ordinary fix may change something."""
        return (
            self.demand is not DemandState.IDLE or self.clock is ClockState.WRONG or bool(self.implausible_us)
        )
