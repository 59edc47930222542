"""Watch over devices in one step: what is heard moves their machines, and so does time.

The machines (``emon/devices/``) decide and name what is to be done; here it is done: troubles are
opened and cleared, alerts raised, the next instants set. Pure, and made for one step.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from emon.alerts.decision_table import Situation
from emon.alerts.policy import Policy
from emon.device_grace import near_ban_m, wait_s
from emon.devices import orders, outage, position, silence
from emon.devices.duty import weightiest
from emon.devices.heard import Heard, note
from emon.devices.timers import place, taken
from emon.devices.turns import trimmed
from emon.devices.watching import POSITION, SILENCE, Due, Watching, next_of
from emon.limits import RATES_KEPT
from emon.model.breach import Alert
from emon.model.ids import derive_id
from emon.model.vocabulary import AlertEvent, Risk
from emon.model.watch import ServiceStop, Trouble, Turn, Unseen, Want, Watch
from emon.plan import ServiceClock
from emon.state import State


class Keeper:
    """The devices' machines in one step; thrown away after it.

    ``alerts``: those raised. ``troubles``: rows that changed. Everything else is in :meth:`result`.
    """

    def __init__(self, state: State, policy: Policy, before_us: int) -> None:
        watching = state.watching
        self.alerts: list[Alert] = []
        self.troubles: dict[str, Trouble] = {}
        self._state = state
        self._policy = policy
        self._before_us = before_us
        self._duties = watching.duties
        self._watches: dict[str, Watch] = {}
        self._open = watching.troubles.mutate()
        self._outages = list(watching.outages)
        self._turns: dict[str, tuple[Turn, ...]] = {}
        self._said: dict[str, tuple[Turn, ...]] = {}
        self._clock = ServiceClock(watching.stops)
        self._stopped = watching.stopped_us is not None
        self._sooner: dict[str, int] = {}
        self._queue: list[tuple[int, str]] = []
        self._timers = watching.timers
        if not self._stopped:
            self._timers, due = taken(self._timers, before_us)
            for _, device in due:
                if state.quiet.row(device) is None:  # else its row says when it may be due
                    self._retime(device)

    # --- time ---------------------------------------------------------------------------------

    def next_us(self) -> int | None:
        """The earliest instant before the inputs at which a device's machine decides, if any."""
        while self._queue:
            at_us, device = self._queue[0]
            due = self._next_of(self.watch(device))
            if due is not None and due[0] == at_us:
                return at_us
            heapq.heappop(self._queue)
            self._retime(device)
        return None

    def fire(self, at_us: int) -> None:
        """Everything due at one instant, device by device."""
        while self.next_us() == at_us:
            _, device = heapq.heappop(self._queue)
            self._decide(device, at_us, None)
            self._retime(device)

    def _retime(self, device: str) -> None:
        """Set when to look at the device next, where that is sooner than was planned."""
        due = self._next_of(self.watch(device))
        if due is None:
            return
        if due[0] < self._before_us and not self._stopped:
            heapq.heappush(self._queue, (due[0], device))
            return
        planned_us = self._sooner.get(device, self._timers.placed.get(device))
        if planned_us is None or due[0] < planned_us:
            self._sooner[device] = due[0]

    def _next_of(self, watch: Watch) -> Due | None:
        return next_of(watch, self._duties.get(watch.device, ()), self._clock)

    def _decide(self, device: str, at_us: int, received_at_us: int | None) -> None:
        """Let what is due of one device happen, at ``at_us``."""
        while (due := self._next_of(self.watch(device))) is not None and due[0] <= at_us:
            _, machine, order, given = due
            if machine == SILENCE:
                self._silence(device, silence.Given(given), at_us)
            elif machine == POSITION:
                self._position(device, position.Given(given), at_us, received_at_us)
            else:
                self._order(device, order, orders.Given(given), at_us)

    # --- messages -----------------------------------------------------------------------------

    def take(self, heard: Mapping[str, Heard], at_us: int, *, stop: ServiceStop | None) -> None:
        """What was heard of each device, all received at ``at_us``. ``stop``: one that ends here; the
        service's clocks go on."""
        moved: list[str] = []
        for device, what in sorted(heard.items()):
            before = self.watch(device)
            watch, turns, sooner = note(before, self.turns(device), what, at_us)
            if what.motion:
                self._turns[device] = turns
                self._said[device] = tuple(what.motion)
                kept, from_us = trimmed(turns, watch.turns_from_us)
                watch = replace(watch, turns=kept, turns_from_us=from_us)
            self._put(watch)
            if before.silence_state is not silence.HEARD:
                sooner = True
                self._silence(device, silence.Given.MESSAGE, at_us)
            for want in before.wants:
                if want.open:
                    self._order(device, want.order, orders.Given.MESSAGE, at_us)
            if watch.position_state is position.LOST and self._is_placed(device, at_us):
                sooner = True
                self._position(device, position.Given.POSITION, at_us, at_us)
            if sooner:
                moved.append(device)
        if stop is not None:
            self._clock = ServiceClock((*self._state.watching.stops, stop))
            self._stopped = False
        for device in moved:
            if not self._stopped:
                self._decide(device, at_us, at_us)
            self._retime(device)

    def said(self, device: str) -> tuple[Turn, ...]:
        """Of a device's motion every word from the oldest new one of this step on."""
        return self._said.get(device, ())

    def turns(self, device: str) -> tuple[Turn, ...]:
        """All turns of a device that memory and this step's messages know."""
        return self._turns.get(device, self.watch(device).turns)

    def rated(self, confirmed: Mapping[str, Sequence[Turn]], at_us: int) -> None:
        """Intervals that devices confirmed: they are the plan that the next gap is measured by."""
        for device, rates in sorted(confirmed.items()):
            watch = self.watch(device)
            newest = sorted((*watch.rates, *rates), key=lambda turn: turn.at_us)
            self._put(replace(watch, rates=tuple(newest[-RATES_KEPT:])))
            if not self._stopped:
                self._decide(device, at_us, at_us)
            self._retime(device)

    def _is_placed(self, device: str, at_us: int) -> bool:
        duties = self._duties.get(device, ())
        return position.is_recent(self.watch(device), duties, self._clock.shift, at_us)

    # --- what machines do ---------------------------------------------------------------------

    def watch(self, device: str) -> Watch:
        found = self._watches.get(device) or self._now(device, self._state.watching.watches.get(device))
        return Watch(device) if found is None else found

    def _now(self, device: str, stored: Watch | None) -> Watch | None:
        """A watch with what its device's row knows beyond it."""
        return self._state.quiet.watch(device, stored)

    def _every(self) -> Iterator[Watch]:
        before = self._state.watching.watches
        for device, watch in before.items():
            yield self._watches.get(device) or self._now(device, watch) or watch
        yield from (watch for device, watch in self._watches.items() if device not in before)

    def _put(self, watch: Watch) -> None:
        self._watches[watch.device] = watch

    def _silence(self, device: str, given: silence.Given, at_us: int) -> None:
        overdue = given in (silence.Given.OVERDUE, silence.Given.GRACE_OVER)
        if overdue and self._outage_covers(device, at_us):
            return
        watch = self.watch(device)
        state, done = silence.SILENCE.step(watch.silence_state, given)
        watch = replace(watch, silence_state=state)
        if silence.Done.GRACE in done:
            granted_s = wait_s(self._state, watch, self._duties.get(device, ()), at_us)
            watch = replace(watch, wait_s=granted_s)
        if silence.Done.WAIT in done:
            watch = replace(watch, back_us=at_us)
        if silence.Done.OPEN in done:
            trouble = self._opened(AlertEvent.SILENCE, device, at_us, victim=self._is_victim(device, at_us))
            watch = replace(watch, silence=trouble.id)
        if silence.Done.TELL in done and watch.silence is not None:
            self._told(watch.silence, at_us, None)
        if silence.Done.CLEAR in done and watch.silence is not None:
            self._cleared(watch.silence, at_us)
            watch = replace(watch, silence=None)
        left = watch.outage if given in (silence.Given.MESSAGE, silence.Given.RELEASED) else None
        self._put(watch if left is None else replace(watch, outage=None))
        if left is not None:
            self._outage_heard(left, at_us)

    def _position(self, device: str, given: position.Given, at_us: int, received_at_us: int | None) -> None:
        watch = self.watch(device)
        state, done = position.POSITION.step(watch.position_state, given)
        watch = replace(watch, position_state=state)
        if position.Done.OPEN in done:
            cause = position.cause_of(watch)
            victim = self._is_victim(device, at_us)
            trouble = self._opened(AlertEvent.NO_POSITION, device, at_us, cause=cause, victim=victim)
            watch = replace(watch, lost=trouble.id)
        if position.Done.TELL in done and watch.lost is not None:
            self._told(watch.lost, at_us, received_at_us)
            watch = replace(watch, lost_told_us=at_us)
        if position.Done.JOIN in done and watch.lost is not None and watch.lost_told_us is not None:
            told = derive_id("device", AlertEvent.NO_POSITION, device, "", watch.lost_told_us)
            self._keep(replace(self._open[watch.lost], alert=told))
        if position.Done.WAIT in done:
            watch = replace(watch, back_us=at_us)
        if position.Done.CLEAR in done and watch.lost is not None:
            self._cleared(watch.lost, at_us)
            watch = replace(watch, lost=None, returned_us=at_us)
        self._put(watch)

    def _order(self, device: str, order: str, given: orders.Given, at_us: int) -> None:
        watch = self.watch(device)
        open_ones = [want for want in watch.wants if want.order == order and want.open]
        state = orders.WANTING if open_ones else orders.WAITING
        _, done = orders.ORDER.step(state, given)
        wants = watch.wants
        if orders.Done.OPEN in done:
            trouble = self._opened(AlertEvent.ORDER_WITHOUT_DEVICE, device, at_us, order=order)
            wants = (*(want for want in wants if want.order != order), Want(order, at_us, trouble.id))
            self._told(trouble.id, at_us, None)
        if orders.Done.CLEAR in done:
            for want in open_ones:
                self._cleared(want.trouble, at_us)
            wants = tuple(replace(w, open=False) if w in open_ones else w for w in wants)
        self._put(replace(watch, wants=wants))

    # --- outages ------------------------------------------------------------------------------

    def _outage_covers(self, device: str, at_us: int) -> bool:
        """Whether a silence that falls due belongs to an outage, one that is known or a new one."""
        watch = self.watch(device)
        for trouble_id in self._outages:
            if max(watch.heard_us or 0, watch.back_us) <= self._open[trouble_id].opened_at_us:
                self._join(trouble_id, [watch], at_us)
                return True
        every = ((one, self._duties.get(one.device, ())) for one in self._every())
        first = (watch, self._duties.get(device, ()))
        fallen = outage.fell_together(every, first, at_us, self._clock.shift)
        if fallen is None:
            return False
        trouble = self._opened(AlertEvent.OUTAGE, None, at_us)
        unseen = outage.ranked(self._unseen(one, at_us) for one in fallen)
        self._keep(replace(trouble, unseen=unseen))
        self._told(trouble.id, at_us, None)
        self._outages.append(trouble.id)
        self._join(trouble.id, fallen, at_us)
        return True

    def _join(self, trouble_id: str, devices: Iterable[Watch], at_us: int) -> None:
        for one in sorted(devices, key=lambda watch: watch.device):
            _, done = outage.OUTAGE.step(outage.RUNNING, outage.Given.JOINED)
            trouble = self._open[trouble_id]
            if outage.Done.COVER in done:
                self._keep(replace(trouble, devices=trouble.devices + 1))
                self._put(replace(one, outage=trouble_id))
                self._silence(one.device, silence.Given.COVERED, at_us)
                self._tell_by(one.device, trouble.alert)

    def _tell_by(self, device: str, alert: str | None) -> None:
        """An outage's alert tells of a silence that no alert of its own told of."""
        open_id = self.watch(device).silence
        silent = None if open_id is None else self._open[open_id]
        if silent is not None and silent.alert is None:
            self._keep(replace(silent, alert=alert))

    def _outage_heard(self, trouble_id: str, at_us: int) -> None:
        trouble = self._open.get(trouble_id)
        if trouble is None:
            return
        heard = trouble.heard + 1
        most = 2 * heard > trouble.devices
        given = outage.Given.MOST_HEARD if most else outage.Given.HEARD
        _, done = outage.OUTAGE.step(outage.RUNNING, given)
        self._keep(replace(trouble, heard=heard))
        if outage.Done.CLEAR in done:
            self._cleared(trouble_id, at_us)
            self._outages.remove(trouble_id)
        if outage.Done.RELEASE in done:
            left = sorted(watch.device for watch in self._every() if watch.outage == trouble_id)
            for device in left:
                self._put(replace(self.watch(device), outage=None))
                self._silence(device, silence.Given.OUTAGE_OVER, at_us)
                self._retime(device)

    def _unseen(self, watch: Watch, at_us: int) -> Unseen:
        duty = weightiest(self._duties.get(watch.device, ()), at_us)
        return Unseen(
            watch.device,
            "" if duty is None else duty.order,
            Risk.LOW if duty is None else duty.risk,
            victim=duty is not None and duty.victim,
            near_m=near_ban_m(self._state, watch, at_us),
            seen_us=None if watch.place is None else watch.place.fixed_at_us,
            wearer=None if duty is None else duty.wearer,
        )

    # --- troubles and alerts ------------------------------------------------------------------

    def _is_victim(self, device: str, at_us: int) -> bool:
        return any(duty.victim and duty.holds(at_us) for duty in self._duties.get(device, ()))

    def _opened(
        self,
        event: AlertEvent,
        device: str | None,
        at_us: int,
        *,
        order: str | None = None,
        cause: str | None = None,
        victim: bool = False,
    ) -> Trouble:
        trouble_id = derive_id("trouble", event, device or "", order or "", at_us)
        trouble = Trouble(trouble_id, event, at_us, device=device, order=order, cause=cause, victim=victim)
        self._keep(trouble)
        return trouble

    def _keep(self, trouble: Trouble) -> None:
        self.troubles[trouble.id] = trouble
        if trouble.cleared_at_us is None:
            self._open[trouble.id] = trouble
        else:
            self._open.pop(trouble.id, None)

    def _cleared(self, trouble_id: str, at_us: int) -> None:
        trouble = self._open.get(trouble_id)
        if trouble is not None:
            self._keep(replace(trouble, cleared_at_us=at_us))

    def _told(self, trouble_id: str, at_us: int, received_at_us: int | None) -> None:
        """The alert of a trouble, at the instant of its decision."""
        trouble = self._open[trouble_id]
        row = self._policy.decide(self._situation(trouble, at_us))
        alert = Alert(
            id=derive_id("device", trouble.event, trouble.device or "", trouble.order or "", at_us),
            event=trouble.event,
            priority=row.priority,
            at_us=at_us,
            recipients=row.recipients,
            happened_at_us=trouble.opened_at_us,
            received_at_us=received_at_us,
            order=trouble.order,
            device=trouble.device,
            row=row.name,
            also=row.also,
        )
        self._keep(replace(trouble, alert=alert.id))
        self.alerts.append(alert)

    def _situation(self, trouble: Trouble, at_us: int) -> Situation:
        """Risk and legal basis are those of the order it tells of, else of the device's weightiest."""
        duties = self._duties.get(trouble.device or "", ())
        own = [duty for duty in duties if trouble.order in (None, duty.order)]
        duty = weightiest(own, at_us)
        risk, basis = (None, None) if duty is None else (duty.risk, duty.legal_basis)
        return Situation(trouble.event, at_us, risk=risk, legal_basis=basis)

    # --- result -------------------------------------------------------------------------------

    def result(self, stop: ServiceStop | None) -> tuple[Watching, tuple[Watch, ...]]:
        """What the state keeps after this step, and the watches that changed, by device."""
        before = self._state.watching
        watches = before.watches.mutate()
        changed = tuple(watch for _, watch in sorted(self._watches.items()))
        for watch in changed:
            watches[watch.device] = watch
        timers = place(self._timers, ((at_us, device) for device, at_us in self._sooner.items()))
        stops = before.stops if stop is None else (*before.stops, stop)
        after = replace(
            before,
            watches=watches.finish(),
            troubles=self._open.finish(),
            outages=tuple(self._outages),
            timers=timers,
            stops=stops,
            stopped_us=before.stopped_us if stop is None else None,
        )
        return after, changed
