"""One device's commands and upkeep over one step: what it was asked, what it said, what is told.

Pure. Everything of one ``received_at`` is one decision; what falls due before it is decided first, each
at its own instant, as the engine's timers are. Within a decision a reply comes before what the device
said of itself, that before its fixes, and those before what the decision makes the engine want.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from emon.devices import charging, demand, plausibility, pursuit, timekeeping
from emon.devices.duty import stretches
from emon.devices.upkeep import ANSWER_US, Told, Upkeep
from emon.ingest.admit import clock_is_wrong
from emon.limits import (
    FIX_NOW_HOUR_MAX,
    IMPLAUSIBLE_FIXES,
    IMPLAUSIBLE_WITHIN_S,
    LATE_AFTER_S,
    PRESENT_AGE_MAX_S,
    PURSUIT_PLAN_S,
)
from emon.model.breach import Alert
from emon.model.care import Care, ChargeState, DemandState, PursuitState
from emon.model.command import Chase, Command, Reply, Result, Wish
from emon.model.fix import DeviceEvent, Fix
from emon.model.instant import HOUR_US, SECOND_US
from emon.model.vocabulary import Mark
from emon.model.watch import Duty, Trouble, Turn
from emon.plan import Shift


class Heard(msgspec.Struct, frozen=True):
    """What one decision brings of one device. ``fixes`` are admitted and new."""

    replies: Sequence[Reply] = ()
    events: Sequence[DeviceEvent] = ()
    fixes: Sequence[Fix] = ()


class Clocks(NamedTuple):
    """How durations run before the decision and from it on; ``still``: they stand before it, for the
    service was down."""

    before: Shift
    after: Shift
    still: bool = False


class Outcome(NamedTuple):
    """What a step makes of a device."""

    care: Care
    commands: list[Command]
    alerts: list[Alert]
    troubles: list[Trouble]
    rates: list[Turn]


def care_for(
    device: str,
    care: Care,
    at_us: int,
    heard: Heard,
    wants: Sequence[Wish | Chase],
    duties: Sequence[Duty],
    clocks: Clocks,
    told: Told,
) -> Outcome:
    """One step, at ``at_us``. ``wants`` rise by instant, none later; ``duties`` by their beginning."""
    carer = _Carer(device, care, duties, clocks.before, told)
    waiting = list(wants)
    while True:
        due = None if clocks.still else carer.due()
        want_us = waiting[0].at_us if waiting else at_us
        if due is not None and due[0] < at_us and due[0] <= want_us:
            carer.fall_due(*due)
        elif want_us < at_us:
            carer.want(waiting.pop(0))
        else:
            break
    carer.hear(heard, at_us)
    for want in waiting:
        carer.want(want)
    return Outcome(carer.care, carer.commands, carer.alerts, carer.troubles, carer.rates)


def next_due(device: str, care: Care, duties: Sequence[Duty], shift: Shift) -> int | None:
    """When a device has something to decide next; None: nothing is waited for."""
    due = _due(care, duties, shift)
    return None if due is None else due[0]


def _due(care: Care, duties: Sequence[Duty], shift: Shift) -> tuple[int, str] | None:
    """The next instant at which something is to be decided, and the machine that decides it."""
    found: list[tuple[int, str]] = []
    if care.demand is DemandState.ASKED and care.fix is not None:
        found.append((shift(care.fix[1], ANSWER_US), "demand"))
    if care.pursuit_wait is not None:
        found.append((shift(*care.pursuit_wait), "pursuit"))
    if care.charge_wait is not None:
        found.append((shift(*care.charge_wait), "charge"))
    if care.troubles:
        ends_us = _released_us(duties, min(opened_us for _, opened_us, _ in care.troubles.values()))
        if ends_us is not None:
            found.append((ends_us, "released"))
    return min(found, default=None)


def _released_us(duties: Sequence[Duty], since_us: int) -> int | None:
    """When the duty ends during which the oldest open trouble began; None: it goes on."""
    for stretch in stretches(duties, since_us):
        return stretch.until_us
    return since_us


class _Carer(Upkeep):
    """One device during one step; thrown away after it."""

    # --- what falls due -------------------------------------------------------------------------

    def due(self) -> tuple[int, str] | None:
        """The next instant at which something is to be decided, and the machine that decides it."""
        return _due(self.care, self.duties, self.shift)

    def fall_due(self, at_us: int, what: str) -> None:
        """Decide what is due. The clock of an instant that has passed stands at it."""
        on_duty = self.risk(at_us) is not None
        if what == "demand":
            given = demand.Given.OVERDUE if self.care.replies else demand.Given.LAPSED
            self.demand(given if on_duty else demand.Given.RELEASED, at_us, None)
        elif what == "pursuit":
            goes_on = on_duty or self.care.pursuit is PursuitState.RETURNING
            self.care = replace(self.care, pursuit_wait=None)
            self.pursue(pursuit.Given.DUE if goes_on else pursuit.Given.CLOSED, at_us)
        elif what == "charge":
            given_charge = charging.Given.OVERDUE if on_duty else charging.Given.RELEASED
            self.charge(given_charge, at_us, at_us, None)
        else:
            self.demand(demand.Given.RELEASED, at_us, None)
            self.clock(timekeeping.Given.RELEASED, at_us, None)
            self.trust(plausibility.Given.RELEASED, at_us, at_us, None)
            if self.care.charge is ChargeState.MISSED:
                self.charge(charging.Given.RELEASED, at_us, at_us, None)

    # --- what is wanted -------------------------------------------------------------------------

    def want(self, want: Wish | Chase) -> None:
        if isinstance(want, Chase):
            chased = {*self.care.chased} - {want.breach} | ({want.breach} if want.on else set())
            self.care = replace(self.care, chased=tuple(sorted(chased)))
            worth = chased and self.risk(want.at_us) is not None
            if not worth:
                self.pursue(pursuit.Given.CLOSED, want.at_us)
            elif self.plan_s(want.at_us) > PURSUIT_PLAN_S:
                self.pursue(pursuit.Given.OPENED, want.at_us)
        elif self._may_ask(want.at_us):
            self.demand(demand.Given.WANTED, want.at_us, want.at_us, want.reason)

    def _may_ask(self, at_us: int) -> bool:
        """Not more than one a device in flight, not too many an hour, and only while it is worn."""
        care = self.care
        if self.risk(at_us) is None:
            return False
        if care.fix is not None and care.demand is DemandState.UNANSWERED and at_us - care.fix[1] < ANSWER_US:
            return False
        return sum(1 for asked_us in care.asked_us if asked_us > at_us - HOUR_US) < FIX_NOW_HOUR_MAX

    # --- what is heard --------------------------------------------------------------------------

    def hear(self, heard: Heard, at_us: int) -> None:
        for reply in sorted(heard.replies, key=lambda reply: (_said_us(reply, at_us), reply.id)):
            self._reply(reply, at_us)
        words = [(_happened_us(one, at_us), one.seq, one.event, one.state) for one in heard.events]
        for happened_us, _, event, state in sorted(set(words)):
            self._battery_word(event, state, happened_us, at_us)
        self._fixes(heard.fixes, at_us)

    def _reply(self, reply: Reply, at_us: int) -> None:
        care = self.care = replace(self.care, replies=True)
        ours = care.rate is not None and reply.command == care.rate[0]
        rate_s = reply.rate_s if reply.rate_s is not None or not ours else care.rate_s
        if rate_s is not None and reply.result is Result.DONE:
            self.rates.append(Turn(_said_us(reply, at_us), every_s=max(1, round(rate_s))))
        if ours:
            done = reply.result is Result.DONE
            self.pursue(pursuit.Given.CONFIRMED if done else pursuit.Given.REFUSED, at_us)
        elif care.fix is not None and reply.command == care.fix[0] and reply.result is Result.DONE:
            self.demand(demand.Given.ANSWERED, at_us, at_us)

    def _battery_word(self, event: str, state: str, happened_us: int, at_us: int) -> None:
        given = _WORDS.get((event, state))
        if given is None or happened_us < (self.care.charge_said_us or 0):
            return
        self.care = replace(self.care, charge_said_us=happened_us)
        self.charge(given, min(happened_us, at_us), at_us, at_us)

    def _fixes(self, fixes: Sequence[Fix], at_us: int) -> None:
        if any(fix.mark is Mark.CLOCK for fix in fixes):
            if self.risk(at_us) is not None:
                self.clock(timekeeping.Given.IMPOSSIBLE, at_us, at_us)
        elif any(abs(at_us - fix.wire.fixed_at_us) <= LATE_AFTER_S * SECOND_US for fix in fixes):
            self.clock(timekeeping.Given.TIMELY, at_us, at_us)
        for fix in sorted(fixes, key=lambda fix: (fix.wire.fixed_at_us, fix.wire.seq)):
            if fix.mark is Mark.CLOCK:
                continue
            if self.care.fix is not None and fix.wire.fixed_at_us > self.care.fix[1]:
                self.demand(demand.Given.ANSWERED, at_us, at_us)
            if fix.mark is Mark.IMPLAUSIBLE:
                self._implausible(fix.wire.fixed_at_us, at_us)
            elif (
                self.care.implausible_us and fix.wire.fixed_at_us > self.care.implausible_us[-1] + _WITHIN_US
            ):
                self.trust(plausibility.Given.CALM, at_us, at_us, at_us)
                self.care = replace(self.care, implausible_us=())

    def _plausible(self, fixed_at_us: int, at_us: int) -> None:
        doubted_us = self.care.implausible_us
        if doubted_us and fixed_at_us > doubted_us[-1] + _WITHIN_US:
            self.trust(plausibility.Given.CALM, at_us, at_us, at_us)
            self.care = replace(self.care, implausible_us=())

    def _implausible(self, fixed_at_us: int, at_us: int) -> None:
        newest = tuple(sorted((*self.care.implausible_us, fixed_at_us))[-IMPLAUSIBLE_FIXES:])
        self.care = replace(self.care, implausible_us=newest)
        several = len(newest) == IMPLAUSIBLE_FIXES and newest[-1] - newest[0] <= _WITHIN_US
        if several and self.risk(at_us) is not None:
            self.trust(plausibility.Given.SEVERAL, newest[0], at_us, at_us)
        if at_us - fixed_at_us <= PRESENT_AGE_MAX_S * SECOND_US:
            self.want(Wish(at_us, self.device, "implausible"))


_WITHIN_US = IMPLAUSIBLE_WITHIN_S * SECOND_US

_WORDS = {
    ("charging", "on"): charging.Given.PLUGGED,
    ("power", "on"): charging.Given.PLUGGED,
    ("charging", "off"): charging.Given.UNPLUGGED,
    ("power", "off"): charging.Given.UNPLUGGED,
    ("battery", "ok"): charging.Given.OK,
    ("battery", "low"): charging.Given.LOW,
    ("battery", "critical"): charging.Given.CRITICAL,
}


def is_about_charging(event: DeviceEvent) -> bool:
    """Whether an event is one that the charging machine reads."""
    return (event.event, event.state) in _WORDS


def _said_us(reply: Reply, at_us: int) -> int:
    """When a reply was given: by its own clock, where that is possible."""
    said_us = reply.replied_at_us
    if said_us is None or said_us > at_us or clock_is_wrong(said_us, at_us):
        return at_us
    return said_us


def _happened_us(event: DeviceEvent, at_us: int) -> int:
    return at_us if clock_is_wrong(event.fixed_at_us, at_us) else event.fixed_at_us
