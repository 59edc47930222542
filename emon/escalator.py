"""Makes alerts climb that nobody answers. What is due is decided in ``emon.alerts.escalation``.

Theory of operation. The instant at which an alert is looked at next stands in the database, beside how far it
has climbed. A look reads what is due, the most urgent first, decides by the facts on file, and writes the
climb, its deliveries and the next instant in one transaction; the dispatcher sends them like any other. So a
restart forgets nothing, and two looks at the same rung climb it once. Where one of a condition is repeated,
others of it that are waiting for their repetition are repeated with it (``emon.alerts.together``).

Instants are of the wall clock, since they must hold over a restart. A clock that is set under way is
noticed by a second one that nobody can set: the deadlines then move with the first, so that a minute stays
a minute.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Protocol

from msgspec.structs import replace

from emon.alerts.escalation import (
    RESTS,
    Climb,
    Plan,
    eased_at_us,
    ladder_for,
    not_alarmed_again,
    plan,
    plan_at_ease,
    step_of_clock,
    towards,
)
from emon.alerts.ladder import Ladder, told_at
from emon.alerts.lifecycle import Needs, life_of
from emon.alerts.policy import Policy
from emon.alerts.together import (
    Alike,
    Leader,
    Repeated,
    comes_again,
    first_due,
    goes_on,
    is_repetition,
)
from emon.limits import CLIMB_LOOK_S, CLIMBS_AT_ONCE_MAX, CLOCK_STEP_MIN_S, RETRY_PAUSE_MAX_S
from emon.model.effects import NewDelivery
from emon.model.instant import SECOND_US
from emon.policies.reader import PolicyRefused, read_policy
from emon.policies.written import version_of
from emon.store.climbs import DueAlert, Planned
from emon.store.errors import DatabaseUnavailable
from emon.store.policies import KeptPolicy

_log = logging.getLogger(__name__)

Reach = Callable[[str, Iterable[str], int], Sequence[NewDelivery]]
"""An alert's deliveries of a climb to these parties and contacts (``Recipients.climbing``)."""


class ClimbStore(Protocol):
    async def escalations_due(self, now_us: int, limit: int) -> list[DueAlert]: ...

    async def escalations_beside(
        self, conditions: Sequence[tuple[str, str]], after_us: int, limit: int
    ) -> list[DueAlert]: ...

    async def next_escalation_us(self) -> int | None: ...

    async def climb(self, planned: Sequence[Planned], now_us: int) -> list[str]: ...

    async def clock_was_set(self, at_us: int, by_us: int) -> None: ...

    async def policy_version(self, version: str) -> KeptPolicy | None: ...


class Escalator:
    """``run`` until ``stop``. ``on_climb`` is called after each commit that wrote deliveries.

    ``steady_us`` is a clock that nobody can set.
    """

    def __init__(
        self,
        store: ClimbStore,
        policy: Policy,
        reach: Reach,
        *,
        now_us: Callable[[], int],
        steady_us: Callable[[], int],
        on_climb: Callable[[], None],
    ) -> None:
        self._store = store
        self._policy = policy
        self._policies: dict[str | None, Policy] = {None: policy, version_of(policy): policy}
        self._reach = reach
        self._now_us = now_us
        self._steady_us = steady_us
        self._on_climb = on_climb
        self._clocks: tuple[int, int] | None = None
        self._unkept: list[tuple[int, int]] = []
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        self._stopped.set()

    async def run(self) -> None:
        """Look each second, or when the next rung is due. A database that is away is waited for."""
        while not self._stopped.is_set():
            pause_s = CLIMB_LOOK_S
            try:
                await self.step()
                next_us = await self._store.next_escalation_us()
                if next_us is not None:
                    pause_s = min(max((next_us - self._now_us()) / SECOND_US, 0.0), CLIMB_LOOK_S)
            except DatabaseUnavailable as fault:
                _log.warning("alerts could not be looked at, again in %g s: %s", RETRY_PAUSE_MAX_S, fault)
                pause_s = RETRY_PAUSE_MAX_S
            await self._pause(self._stopped.wait(), pause_s)

    async def step(self) -> list[str]:
        """Climb everything that is due now; the ids of the alerts that did."""
        await self._watch_the_clock()
        climbed: list[str] = []
        while True:
            now_us = self._now_us()
            due = await self._store.escalations_due(now_us, CLIMBS_AT_ONCE_MAX)
            if not due:
                return climbed
            await self._learn({alert.policy for alert in due})
            planned = [self._planned(alert, now_us) for alert in due]
            planned += await self._brought_forward(planned, now_us)
            made = await self._store.climb(planned, now_us)
            for alert_id in made:
                _log.warning("alert %s climbs: nobody has answered", alert_id)
            climbed += made
            if made:
                self._on_climb()

    async def _watch_the_clock(self) -> None:
        wall_us, steady_us = self._now_us(), self._steady_us()
        if self._clocks is not None:
            by_us = step_of_clock(*self._clocks, wall_us, steady_us)
            if abs(by_us) >= CLOCK_STEP_MIN_S * SECOND_US:
                self._unkept.append((wall_us, by_us))
                _log.warning("the clock was set by %.1f s: deadlines move with it", by_us / SECOND_US)
        self._clocks = (wall_us, steady_us)
        while self._unkept:  # under the same instant until it is kept, or a lost answer would move them twice
            await self._store.clock_was_set(*self._unkept[0])
            del self._unkept[0]

    async def _learn(self, versions: set[str | None]) -> None:
        """An alert climbs by the policy that decided it, whatever is in force by now."""
        for version in versions - self._policies.keys():
            kept = await self._store.policy_version(version or "")
            try:
                known = self._policy if kept is None else read_policy(kept.content.encode())
            except PolicyRefused as fault:  # written by another release: it climbs all the same
                _log.error(
                    "policy %s cannot be read, its alerts climb by the one in force: %s", version, fault
                )
                known = self._policy
            self._policies[version] = known

    async def _brought_forward(self, planned: Sequence[Planned], now_us: int) -> list[Planned]:
        """Repetitions that come with one of their condition whose instant has come."""
        leaders = first_due(
            (one.repeated, one.climb, one.deliveries)
            for one in planned
            if one.repeated is not None and one.climb is not None
        )
        if not leaders:
            return []
        conditions = list({(alike.order, alike.condition): None for alike in leaders})
        beside = await self._store.escalations_beside(conditions, now_us, CLIMBS_AT_ONCE_MAX)
        await self._learn({alert.policy for alert in beside})
        found = [self._with_leader(alert, leaders, now_us) for alert in beside]
        return [one for one in found if one is not None]

    def _with_leader(self, alert: DueAlert, leaders: Mapping[Alike, Leader], now_us: int) -> Planned | None:
        """The alert's next repetition as if it had fallen due with the leader's, where that tells the same
        people; None where there is none."""
        at_its_own = self._planned(alert, alert.due_us)
        leader = leaders.get(at_its_own.repeated.alike) if at_its_own.repeated is not None else None
        if leader is None:
            return None
        forward_us = alert.due_us - leader.due_us
        moved = replace(alert, counted_from_us=alert.counted_from_us - forward_us, due_us=leader.due_us)
        made = self._planned(moved, now_us)
        told = {one.recipient for one in made.deliveries}
        if made.climb is None or made.climb.due_us != leader.due_us or not told <= leader.recipients:
            return None
        return replace(made, forward_us=forward_us)

    def _planned(self, alert: DueAlert, now_us: int) -> Planned:
        policy = self._policies[alert.policy]
        ladder = ladder_for(policy.ladder_of(alert.row), alert.priority)
        needs = ladder.needs or Needs.EACH
        life = life_of(alert.told, needs, alert.happened)
        made = RESTS
        if life.may_climb:
            made = _due(alert, ladder, policy.low_ladder, life.owed, needs, now_us)
        climb = made.climb
        if climb is None:
            return Planned(alert.id, alert.step, None, (), made.next_us, needs)
        named = told_at(climb.tell, policy.shifts, climb.owed, now_us)
        party_of = {contact.name: str(contact.party) for contact in policy.contacts}
        names = towards(named, party_of, climb.owed, needs, alert.happened)
        names = not_alarmed_again(names, party_of, is_over=alert.is_over)
        deliveries = tuple(self._reach(alert.id, names, climb.step))
        repeated = _repeated(alert, ladder, climb, needs)
        return Planned(alert.id, alert.step, climb, deliveries, made.next_us, needs, repeated)

    @staticmethod
    async def _pause(event: Awaitable[object], seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await event
        except TimeoutError:
            return


def _due(
    alert: DueAlert, ladder: Ladder, low: Ladder, owed: tuple[str, ...], needs: Needs, now_us: int
) -> Plan:
    """By the alert's own ladder, or at ease where all but the centre have answered."""
    eased_us = eased_at_us(owed, needs, alert.happened)
    if eased_us is None:
        return plan(ladder, alert.counted_from_us, alert.step, owed, now_us)
    return plan_at_ease(low, eased_us, alert.step, owed, now_us)


def _repeated(alert: DueAlert, ladder: Ladder, climb: Climb, needs: Needs) -> Repeated | None:
    """With what others its message may be told; None where it is told by itself."""
    order, condition = alert.order, alert.condition
    if order is None or condition is None or not comes_again(alert.event):
        return None
    if not is_repetition(climb, ladder) or eased_at_us(climb.owed, needs, alert.happened) is not None:
        return None
    alike = Alike(order, condition, alert.priority, climb.owed, alert.policy, ladder)
    return Repeated(alike, alert.at_us, goes_on(alert.event, is_over=alert.is_over))
