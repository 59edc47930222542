"""The shell around the engine: batch, recall, step, transaction, PUBACK, wake the dispatcher.

One batch is one transaction is one ``received_at``. The state in memory is replaced only after the
commit, and the broker hears of it only after that; whatever fails before leaves no trace, and its
messages are judged again (the second trap of the design).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

import msgspec

from emon.ahead import Ahead, Recalled
from emon.alerts.policy import DEFAULT_POLICY, Policy
from emon.batching import Batch, Cutter, Judged
from emon.devices.watching import Watching
from emon.engine import Inputs, Message, Need, Past, needs, step
from emon.engine_store import EngineStore, Transaction
from emon.inbox import Inbox
from emon.ingest.backlog import Backlog
from emon.ingest.decode import decode
from emon.ingest.deliveries import Delivery
from emon.ingest.lanes import WaitingRow
from emon.ingest.source import Source
from emon.limits import (
    HEARTBEAT_S,
    RETRY_PAUSE_MAX_S,
    RETRY_PAUSE_MIN_S,
    SERVICE_GAP_MAX_S,
    TIMER_LOOK_S,
    UNKNOWN_DEVICE_RETAKE_S,
    URGENT_FIRST_FIXES,
    URGENT_FIRST_SHARE,
)
from emon.model.breach import Alert
from emon.model.canary import CanaryWord
from emon.model.effects import Effects, NewDelivery
from emon.model.instant import SECOND_US
from emon.model.order import OrderVersion
from emon.recall import recall
from emon.state import State, initial_state, service_down, with_orders
from emon.store.batch import is_quick
from emon.store.errors import CommitUncertain, DatabaseUnavailable
from emon.turn import loud_messages

_log = logging.getLogger(__name__)

_NOTHING = Need()

Route = Callable[[Alert], Sequence[NewDelivery]]
"""To whom an alert is delivered, and by which channel."""


class CanaryJudge(Protocol):
    """The service's own bracelet, which comes the way of all others and is kept apart."""

    async def judge(self, payload: bytes, at_us: int) -> CanaryWord | None: ...


class RuntimeStatus(msgspec.Struct):
    """What ``/health`` and the log may say. Instants in microseconds; counts since the start."""

    started_at_us: int
    batches: int = 0
    messages: int = 0
    fixes: int = 0
    alerts: int = 0
    rejections: int = 0
    last_batch_at_us: int | None = None
    last_fix_at_us: int | None = None
    waiting_for_database: bool = False


class Runtime:
    """Judges what the source hands out until ``stop``.

    ``on_commit`` is called after each commit with its effects, ``now_us`` is the wall clock.
    """

    def __init__(
        self,
        store: EngineStore,
        source: Source,
        *,
        now_us: Callable[[], int],
        route: Route,
        on_commit: Callable[[Effects], None],
        batch_fixes_max: int,
        policy: Policy = DEFAULT_POLICY,
        canary: tuple[str, CanaryJudge] | None = None,
    ) -> None:
        self.status = RuntimeStatus(started_at_us=now_us())
        self.inbox = Inbox()
        self._store = store
        self._source = source
        self._now_us = now_us
        self._route = route
        self._on_commit = on_commit
        self._batch_fixes_max = batch_fixes_max
        self._cutter = Cutter(batch_fixes_max, None if canary is None else canary[0])
        self._policy = policy
        self._canary = None if canary is None else canary[1]
        self._state: State | None = None
        self._orders_changed = True
        self._started = False
        self._backlog = Backlog()
        self.recalled = Ahead(store.beside, lambda: self._state, source.wake)
        self._stopping = False
        self._stopped = asyncio.Event()

    @property
    def watching(self) -> Watching | None:
        """What is known of devices since the newest commit; None before the first."""
        return None if self._state is None else self._state.watching

    def newest_versions(self, orders: Iterable[str | None]) -> list[OrderVersion]:
        """Of each order that was armed before the newest commit its newest version, and the one before."""
        state = self._state
        known = (
            ()
            if state is None
            else (state.versions.get(one or "", ()) for one in sorted(set(orders), key=str))
        )
        return [version for versions in known for version in versions[-2:]]

    def orders_changed(self) -> None:
        """Somebody armed an order: look at once, without waiting for the next fix."""
        self._orders_changed = True
        self._source.wake()

    def stop(self) -> None:
        """End after the batch in hand."""
        self._stopping = True
        self._stopped.set()
        self._source.wake()

    async def run(self) -> None:
        """Judge until ``stop``. Raises what the engine or the source cannot go on after."""
        try:
            while not self._stopping and await self._turn():
                pass
        finally:
            await self.recalled.drop()

    async def _turn(self) -> bool:
        """What the source hands out, and a portion of what waits; False: asked to stop meanwhile."""
        waits = self.inbox.state.messages > 0 and not self.recalled.is_under_way
        deliveries = await self._source.next_batch(
            max_messages=self._batch_fixes_max, max_wait_s=0.0 if waits else self._wait_s()
        )
        if deliveries or self._orders_changed or self._timer_is_due() or self._heart_is_due():
            for batch in self._batches(deliveries):
                for part in self._urgent_first(batch):
                    if not await self._commit(part):
                        return False
        self._backlog.looked(self._now_us(), len(deliveries), connected=self._source.connected)
        due = self.recalled.is_due(self.inbox.state.messages > 0)
        if due and not await self._commit(Batch(self.inbox.portion)):
            return False
        if self.inbox.state.messages:
            self.recalled.begin(self.inbox.portion, self._now_us())
        return True

    def _batches(self, deliveries: Sequence[Delivery]) -> Iterator[Batch]:
        """Deliveries cut so that no transaction holds many more fixes than allowed."""
        if not deliveries:
            return iter((Batch(),))
        came = self._cutter.columns(deliveries)
        return self._cutter.cut(deliveries, self.inbox.taking(came, self._now_us()), came)

    def _wait_s(self) -> float:
        """How long nothing need happen: to the next timer, which fires after its own instant."""
        if self._state is None or self._orders_changed:
            return 0.0
        due_us = self._state.next_timer_us
        if due_us is None:
            return TIMER_LOOK_S
        return min(TIMER_LOOK_S, max(0.0, (due_us + 1 - self._now_us()) / SECOND_US))

    def _timer_is_due(self) -> bool:
        due_us = self._state.next_timer_us if self._state is not None else None
        return due_us is not None and self._now_us() > due_us

    def _heart_is_due(self) -> bool:
        """Whether to commit although nothing has come, so that the file says the service lives."""
        return self._state is None or self._now_us() - self._state.at_us >= HEARTBEAT_S * SECOND_US

    async def _commit(self, batch: Batch) -> bool:
        """One batch, repeated until the database has it; then the acknowledgements.

        False when asked to stop before it could be committed: its messages come again.
        """
        pause_s = RETRY_PAUSE_MIN_S
        while True:
            try:
                parts = await self._transact(batch)
                break
            except DatabaseUnavailable as fault:
                if isinstance(fault, CommitUncertain):
                    self._state = None  # the file may be ahead of memory: recall everything
                    await self.recalled.drop()
                self.status.waiting_for_database = True
                _log.error("%s; nothing is acknowledged; next attempt in %.1f s", fault, pause_s)
                if await self._paused(pause_s):
                    return False
                pause_s = min(2 * pause_s, RETRY_PAUSE_MAX_S)
        self.status.waiting_for_database = False
        self.recalled.committed(parts)
        await self._source.acknowledge(batch.deliveries)
        self._note(parts, len(batch.deliveries))
        for effects in parts:
            self._on_commit(effects)
        if parts[0].alerts:
            await asyncio.sleep(0)  # what was handed over leaves before the next batch is judged
        return True

    async def _transact(self, batch: Batch) -> tuple[Effects, ...]:
        if (parts := await self._written_at_once(batch)) is not None:
            return parts
        self._orders_changed, began_us = False, self._now_us()
        try:
            state = self._state if self._state is not None else await self._recalled_state()
            async with self._store.batch() as transaction:
                armed = await transaction.orders_after(state.arm_seq)
                new = frozenset(u.device for _, v in armed for u in v.devices if not state.knows(u.device))
                state = with_orders(state, armed)
                # An order armed at an instant judges what is received from then on.
                newest_us = max((version.armed_at_us for _, version in armed), default=0)
                at_us = max(self._now_us(), state.at_us + 1, newest_us)
                taken, waited, ahead = await self._taken(transaction, batch)
                messages = [*batch.messages, *waited]
                await self._judge_canary(transaction, batch.canary, at_us)
                if batch.waiting:
                    await transaction.put_waiting(batch.waiting, at_us)
                oldest_us = await transaction.oldest_waiting_us() if batch.portion else None
                again = await self._taken_again(transaction, new, at_us)
                state = self._with_stop(state, at_us)
                if not batch.portion:
                    oldest_us = self.inbox.oldest_us(batch.waiting, at_us)
                up = state.watching.stopped_us is not None and self._backlog.is_judged(at_us, oldest_us)
                columns = batch.columns_after(len(again))
                inputs = Inputs(at_us, (*again, *messages), up=up, columns=columns)
                need = needs(state, inputs)
                known = ahead.past if ahead is not None and not armed and ahead.holds(need) else None
                if ahead is not None:
                    self.recalled.noted(known is not None)
                past = await recall(transaction, state, need) if known is None else known
                state, effects = step(state, inputs, past, self._policy)
                deliveries = [delivery for alert in effects.alerts for delivery in self._route(alert)]
                await transaction.write(effects, deliveries)
        except BaseException:
            self._orders_changed = True
            raise
        self._state = state
        self._started = True
        self._note_inbox(batch, taken, oldest_us, began_us)
        return (effects,)

    async def _taken(
        self, transaction: Transaction, batch: Batch
    ) -> tuple[Sequence[WaitingRow], Sequence[Message], Recalled | None]:
        """The rows of a portion, what they say, and what was recalled of that ahead of its transaction."""
        if not batch.portion:
            return (), (), None
        ahead = self.recalled.take()
        if ahead is not None and await transaction.take_these(ahead.rows):
            self.recalled.begin(self.inbox.portion, self._now_us(), ahead.devices)
            return ahead.rows, ahead.messages, ahead
        rows = await transaction.take_waiting(batch.portion)
        return rows, [Message(row.topic, decode(row.topic, row.payload)) for row in rows], None

    async def _written_at_once(self, batch: Batch) -> tuple[Effects, ...] | None:
        """Judged before its transaction, which then only writes (docs/adr/0044). None, with nothing done,
        where the archive must be asked or orders were armed meanwhile."""
        began_us = self._now_us()
        found, batch.judged = batch.judged, None
        if found is None or found.before is not self._state or self._orders_changed:
            found = self._judged(batch, self._state)
        if found is None:
            return None
        effects = found.effects
        deliveries = [delivery for alert in effects.alerts for delivery in self._route(alert)]
        if not await self._store.write_step(found.before.arm_seq, effects, deliveries, found.then):
            return None
        self._state = found.after
        self._note_inbox(batch, (), self.inbox.oldest_us((), effects.at_us), began_us)
        return found.parts

    def _at_once(self, state: State, batch: Batch) -> Inputs | None:
        """What a step is given of a batch that is judged now, before its transaction; None: within it."""
        if self._orders_changed or batch.portion or batch.waiting or batch.canary or not self._started:
            return None
        at_us = max(self._now_us(), state.at_us + 1)
        if at_us - state.at_us > SERVICE_GAP_MAX_S * SECOND_US:
            return None
        stopped = state.watching.stopped_us is not None
        up = stopped and self._backlog.is_judged(at_us, self.inbox.oldest_us((), at_us))
        return Inputs(at_us, tuple(batch.messages), up=up, columns=batch.columns)

    def _judged(self, batch: Batch, state: State | None) -> Judged | None:
        """None: not before its transaction, or the archive must be asked."""
        if state is None:
            return None
        inputs, batch.inputs = batch.inputs, None
        if inputs is None or inputs.at_us <= state.at_us:
            inputs = self._at_once(state, batch)
        if inputs is None or needs(state, inputs) != _NOTHING:
            return None
        return Judged(state, *step(state, inputs, Past(), self._policy))

    def _urgent_first(self, batch: Batch) -> Iterator[Batch]:
        """A large batch in two, where most of its messages change nothing and the few others raise alerts or
        may: these do not wait until the crowd is judged and written. If they raise none, both are judged, and
        written together (docs/adr/0066)."""
        state = self._state
        if state is not None and batch.fixes >= URGENT_FIRST_FIXES:
            batch.inputs = self._at_once(state, batch)
            loud = None if batch.inputs is None else loud_messages(state, batch.inputs)
            few = batch.message_count * URGENT_FIRST_SHARE
            if loud is not None and 0 < len(loud) + len(batch.messages) <= few:
                urgent, rest = batch.parted(loud)
                found = urgent.judged = self._judged(urgent, state)
                if found is None or found.effects.alerts:
                    yield urgent
                    batch = rest
                elif (then := self._judged(rest, found.after)) is not None and is_quick(then.effects):
                    batch.judged = Judged(state, then.after, found.effects, then.effects)
        yield batch

    async def _judge_canary(self, transaction: Transaction, fixes: Sequence[bytes], at_us: int) -> None:
        for payload in fixes if self._canary is not None else ():
            if self._canary is not None and (word := await self._canary.judge(payload, at_us)) is not None:
                await transaction.put_canary(word)

    def _note_inbox(
        self, batch: Batch, taken: Sequence[WaitingRow], oldest_us: int | None, began_us: int
    ) -> None:
        now_us = self._now_us()
        if batch.message_count:
            self.inbox.noted_live(now_us, batch.message_count, now_us - began_us)
        if batch.portion:
            fixes = sum(row.fixes for row in taken)
            self.inbox.took(len(taken), fixes, oldest_us, now_us - began_us, now_us)
        for device in self.inbox.put(batch.waiting, began_us) if batch.waiting else ():
            _log.warning("device %s sends more than its budget; what is beyond it waits its turn", device)

    def _with_stop(self, state: State, at_us: int) -> State:
        """The state of a service that has judged nothing for too long, or has only just started.

        Whatever the reason (a start, a database that was away, a machine that slept), nobody was
        listened to since the last commit, so no device can be blamed for the time.
        """
        missed = at_us - state.at_us > SERVICE_GAP_MAX_S * SECOND_US
        if not missed and self._started:
            return state
        self._backlog.back(at_us)
        return service_down(state, state.at_us)

    async def _recalled_state(self) -> State:
        """Where the last committed batch left off; the rest is recalled as it is needed."""
        last_us = await self._store.last_received_at_us()
        remembered = await self._store.remembered()
        self.inbox.state = await self._store.inbox_state()
        return initial_state(self._now_us() - 1 if last_us is None else last_us, remembered)

    async def _taken_again(
        self, transaction: Transaction, new_devices: frozenset[str], at_us: int
    ) -> list[Message]:
        """What was rejected in the last 24 h because no order named the device yet."""
        if not new_devices:
            return []
        since_us = at_us - UNKNOWN_DEVICE_RETAKE_S * SECOND_US
        messages: list[Message] = []
        while found := await transaction.take_again(sorted(new_devices), since_us):
            messages.extend(Message(topic, decode(topic, raw)) for topic, raw in found)
        return messages

    async def _paused(self, pause_s: float) -> bool:
        """Wait; True when asked to stop meanwhile."""
        try:
            async with asyncio.timeout(pause_s):
                await self._stopped.wait()
        except TimeoutError:
            return self._stopping
        return True

    def _note(self, parts: Sequence[Effects], messages: int) -> None:
        status = self.status
        status.batches += 1
        status.messages += messages
        for effects in parts:
            status.fixes += effects.fix_count
            status.alerts += len(effects.alerts)
            status.rejections += len(effects.rejections)
            status.last_batch_at_us = effects.at_us
            if effects.fix_count:
                status.last_fix_at_us = effects.at_us
