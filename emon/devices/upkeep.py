"""What a device's machines do: commands made, troubles opened and cleared, alerts raised.

The machines (``demand``, ``pursuit``, ``timekeeping``, ``plausibility``, ``charging``) decide; here
it is done, on one device during one step. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from emon.alerts.decision_table import Row, Situation
from emon.devices import charging, demand, plausibility, pursuit, timekeeping
from emon.devices.duty import bases, weightiest
from emon.limits import (
    CHARGE_AFTER_CRITICAL_S,
    CHARGE_AFTER_LOW_S,
    CHARGE_EACH_S,
    CHARGE_GRACE_S,
    COMMAND_ANSWER_S,
    PLAN_S,
    PURSUIT_AGAIN_S,
    PURSUIT_FOR_S,
    PURSUIT_PLAN_S,
    PURSUIT_RENEW_S,
)
from emon.model.breach import Alert
from emon.model.care import Care, PursuitState
from emon.model.command import Asks, Command
from emon.model.ids import derive_id
from emon.model.instant import HOUR_US, SECOND_US
from emon.model.vocabulary import AlertEvent, Risk
from emon.model.watch import Duty, Trouble, Turn
from emon.plan import Shift

ANSWER_US = COMMAND_ANSWER_S * SECOND_US

Told = Callable[[Situation], Row]
"""The policy's row for a situation."""


_WAITS_US = {
    charging.Done.WAIT_DAY: CHARGE_EACH_S * SECOND_US,
    charging.Done.WAIT_LOW: CHARGE_AFTER_LOW_S * SECOND_US,
    charging.Done.WAIT_CRITICAL: CHARGE_AFTER_CRITICAL_S * SECOND_US,
}


class Upkeep:
    """One device during one step; thrown away after it."""

    def __init__(self, device: str, care: Care, duties: Sequence[Duty], shift: Shift, told: Told) -> None:
        self.care = care
        self.commands: list[Command] = []
        self.alerts: list[Alert] = []
        self.troubles: list[Trouble] = []
        self.rates: list[Turn] = []
        self.device = device
        self.duties = duties
        self.shift = shift
        self._told = told

    # --- the machines ---------------------------------------------------------------------------

    def demand(self, given: demand.Given, at_us: int, received_us: int | None, reason: str = "") -> None:
        state, effects = demand.DEMAND.step(self.care.demand, given)
        asked = self.care.fix
        self.care = replace(self.care, demand=state)
        for effect in effects:
            if effect is demand.Done.SEND:
                sent = self._command(Asks.FIX, at_us, at_us + ANSWER_US, reason)
                kept = [us for us in self.care.asked_us if us > at_us - HOUR_US]
                self.care = replace(self.care, fix=(sent.id, at_us), asked_us=(*kept, at_us))
            elif effect is demand.Done.CLEAR:
                self._clear(AlertEvent.COMMAND_UNANSWERED, at_us)
            elif effect is demand.Done.TELL and asked is not None:
                self._tell(AlertEvent.COMMAND_UNANSWERED, asked[1], at_us, received_us)

    def pursue(self, given: pursuit.Given, at_us: int) -> None:
        state, effects = pursuit.PURSUIT.step(self.care.pursuit, given)
        before, self.care = self.care, replace(self.care, pursuit=state)
        if state is PursuitState.FAST and before.pursuit is not PursuitState.FAST:
            self.care = replace(self.care, pursuit_wait=(at_us, PURSUIT_RENEW_S * SECOND_US))
        if state is PursuitState.NORMAL:
            self.care = replace(self.care, pursuit_wait=None)
        for effect in effects:
            plan_s = self.plan_s(at_us)
            if effect is pursuit.Done.FASTER:
                until_us, wait_s = at_us + ANSWER_US, PURSUIT_AGAIN_S
                sent = self._command(Asks.RATE, at_us, until_us, "pursuit", PURSUIT_PLAN_S, PURSUIT_FOR_S)
                self._asked_rate(sent, wait_s)
            elif effect is pursuit.Done.BACK:
                until_us = at_us + PURSUIT_FOR_S * SECOND_US
                self._asked_rate(self._command(Asks.RATE, at_us, until_us, "plan", plan_s), PURSUIT_FOR_S)
            else:
                self.rates.append(Turn(at_us, every_s=plan_s))

    def _asked_rate(self, sent: Command, wait_s: int) -> None:
        self.care = replace(
            self.care,
            rate=(sent.id, sent.at_us),
            rate_s=sent.rate_s,
            pursuit_wait=(sent.at_us, wait_s * SECOND_US),
        )

    def clock(self, given: timekeeping.Given, at_us: int, received_us: int | None) -> None:
        state, effects = timekeeping.TIMEKEEPING.step(self.care.clock, given)
        self.care = replace(self.care, clock=state)
        self._note(AlertEvent.CLOCK_WRONG, [str(effect) for effect in effects], at_us, at_us, received_us)

    def trust(self, given: plausibility.Given, opened_us: int, at_us: int, received_us: int | None) -> None:
        state, effects = plausibility.PLAUSIBILITY.step(self.care.trust, given)
        self.care = replace(self.care, trust=state)
        done = [str(effect) for effect in effects]
        self._note(AlertEvent.IMPLAUSIBLE_FIXES, done, opened_us, at_us, received_us)

    def charge(self, given: charging.Given, from_us: int, at_us: int, received_us: int | None) -> None:
        state, effects = charging.CHARGE.step(self.care.charge, given)
        self.care = replace(self.care, charge=state)
        for effect in effects:
            if effect is charging.Done.REST:
                self.care = replace(self.care, charge_wait=None)
            elif effect in _WAITS_US:
                due_us = max(from_us + _WAITS_US[effect], at_us + CHARGE_GRACE_S * SECOND_US)
                self.care = replace(self.care, charge_wait=(from_us, due_us - from_us))
        done = [str(effect) for effect in effects]
        self._note(AlertEvent.CHARGING_MISSED, done, at_us, at_us, received_us)

    # --- what becomes of it ---------------------------------------------------------------------

    def _note(
        self, event: AlertEvent, done: Sequence[str], opened_us: int, at_us: int, received_us: int | None
    ) -> None:
        if "tell" in done:
            self._tell(event, opened_us, at_us, received_us)
        if "clear" in done:
            self._clear(event, at_us)

    def _tell(self, event: AlertEvent, opened_us: int, at_us: int, received_us: int | None) -> None:
        duty = weightiest(self.duties, at_us)
        risk, basis = (Risk.MEDIUM, None) if duty is None else (duty.risk, duty.legal_basis)
        row = self._told(Situation(event, at_us, risk=risk, legal_basis=basis))
        alert = Alert(
            id=derive_id("care", event, self.device, opened_us, at_us),
            event=event,
            priority=row.priority,
            at_us=at_us,
            recipients=row.recipients,
            happened_at_us=opened_us,
            received_at_us=received_us,
            device=self.device,
            row=row.name,
            also=row.also,
        )
        trouble = Trouble(
            id=derive_id("trouble", event, self.device, opened_us, at_us),
            event=event,
            opened_at_us=opened_us,
            alert=alert.id,
            device=self.device,
        )
        self.alerts.append(alert)
        self.troubles.append(trouble)
        opened = {**self.care.troubles, str(event): (trouble.id, opened_us, alert.id)}
        self.care = replace(self.care, troubles=opened)

    def _clear(self, event: AlertEvent, at_us: int) -> None:
        left = dict(self.care.troubles)
        found = left.pop(str(event), None)
        self.care = replace(self.care, troubles=left)
        if found is not None:
            trouble, opened_us, alert = found
            cleared_us = max(opened_us, at_us)
            self.troubles.append(
                Trouble(trouble, event, opened_us, cleared_us, alert=alert, device=self.device)
            )

    def _command(
        self,
        asks: Asks,
        at_us: int,
        until_us: int,
        reason: str,
        rate_s: int | None = None,
        for_s: int | None = None,
    ) -> Command:
        command_id = derive_id("command", self.device, asks, at_us, len(self.commands))
        command = Command(command_id, self.device, asks, at_us, until_us, reason, rate_s, for_s)
        self.commands.append(command)
        return command

    def risk(self, at_us: int) -> Risk | None:
        """The highest risk of the orders in force that have the device worn; None without any."""
        duty = weightiest(self.duties, at_us)
        return None if duty is None else duty.risk

    def plan_s(self, at_us: int) -> int:
        found = bases(self.duties, at_us)
        return found[0].every_s if found and found[0].from_us <= at_us else PLAN_S
