"""Building blocks of these tests: alerts, a clock that only tests move, an outbox in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager

import msgspec

from emon.alerts.channels import Channel, SendResult
from emon.alerts.dispatcher import Dispatcher, DispatcherLimits
from emon.alerts.outbox import AlertView, Attempt, DueDelivery, OutboxUnavailable, Outcome, PositionView
from emon.model.instant import SECOND_US, parse_instant
from emon.model.vocabulary import AlertEvent, Certainty, How, Kind, Risk

NOON_US = parse_instant("2026-05-04T12:00:00Z")
DELIVERED = SendResult(Outcome.DELIVERED, 204, "204 No Content")
FAILED = SendResult(Outcome.FAILED, 500, "500")
REFUSED = SendResult(Outcome.REFUSED, 410, "410 Gone")

BREACH = AlertView(
    id="0123456789abcdef",
    event=AlertEvent.BREACH,
    priority=1,
    at_us=NOON_US,
    recipients=("politie", "reclassering", "meldkamer_em"),
    happened_at_us=NOON_US - 20 * SECOND_US,
    received_at_us=NOON_US,
    detected_at_us=NOON_US + 40_000,
    breach="fedcba9876543210",
    order="o-1",
    condition="c-1",
    certainty=Certainty.CERTAIN,
    device="d-1",
    wearer="w-1",
    risk=Risk.HIGH,
    kind=Kind.EXCLUSION,
    how=How.INSIDE,
    opened_at_us=NOON_US - 20 * SECOND_US,
    position=PositionView(4.4792, 51.9225, 12.5, NOON_US - SECOND_US),
)


def due(
    alert_id: str, recipient: str, *, priority: int = 1, at_us: int = NOON_US, breach: str | None = None
) -> DueDelivery:
    """A new delivery, of a breach of its own where none is named."""
    breach = breach or (BREACH.breach if alert_id == BREACH.id else f"b-{alert_id}")
    alert = msgspec.structs.replace(BREACH, id=alert_id, priority=priority, at_us=at_us, breach=breach)
    # A condition of its own, so that nothing flaps.
    alert = msgspec.structs.replace(alert, condition=alert.condition if alert_id == BREACH.id else breach)
    return DueDelivery(f"{alert_id}:{recipient}", recipient, "memory", 0, alert)


class TestClock:
    """Stands still until a test moves it. ``wait`` is what the dispatcher sleeps by."""

    __test__ = False

    def __init__(self, now_us: int = NOON_US) -> None:
        self.now_us = now_us
        self._sleepers: dict[asyncio.Future[None], int] = {}
        self._changed = asyncio.Event()

    def __call__(self) -> int:
        return self.now_us

    async def wait(self, event: asyncio.Event, until_us: int) -> None:
        if until_us <= self.now_us:
            await asyncio.sleep(0)
            return
        due_time: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers[due_time] = until_us
        self._changed.set()
        woken = asyncio.ensure_future(event.wait())
        try:
            await asyncio.wait((due_time, woken), return_when=asyncio.FIRST_COMPLETED)
        finally:
            del self._sleepers[due_time]
            due_time.cancel()
            woken.cancel()
            await asyncio.gather(woken, return_exceptions=True)

    def move_to(self, instant_us: int) -> None:
        self.now_us = max(self.now_us, instant_us)
        for due_time, until_us in self._sleepers.items():
            if until_us <= self.now_us and not due_time.done():
                due_time.set_result(None)

    async def asleep(self) -> int:
        """Once the dispatcher sleeps with nothing to wake it: until when it means to."""
        while True:
            for _ in range(20):  # every task that can run has its turns
                await asyncio.sleep(0)
            waiting = [until for future, until in self._sleepers.items() if not future.done()]
            if waiting:
                return min(waiting)
            self._changed.clear()
            await self._changed.wait()


class MemoryOutbox:
    """The outbox's contract without a database; ``down`` makes every call fail."""

    def __init__(self, *deliveries: DueDelivery) -> None:
        self.waiting: dict[str, tuple[int, DueDelivery]] = {}
        self.attempts: dict[str, list[Attempt]] = {}
        self.groups: list[int] = []
        self.down = False
        self.down_for_records = False
        self._recorded = asyncio.Event()
        for delivery in deliveries:
            self.add(delivery)

    def add(self, delivery: DueDelivery, *, at_us: int = 0) -> None:
        self.waiting[delivery.id] = (at_us, delivery)

    async def claim_due(
        self, now_us: int, limit: int, held: Mapping[str, int] | None = None
    ) -> list[DueDelivery]:
        await self._answer(self.down)
        held = held or {}
        firsts: dict[tuple[str, str], str] = {}
        for delivery_id in self.waiting:  # in the order in which they were added
            firsts.setdefault(self._line(delivery_id), delivery_id)
        ready = [
            delivery
            for at_us, delivery in self.waiting.values()
            if at_us <= now_us
            and firsts[self._line(delivery.id)] == delivery.id
            and held.get(delivery.id) != delivery.lane
        ]
        ready.sort(key=lambda delivery: (delivery.lane, delivery.alert.at_us, delivery.id))
        taken: dict[str, list[DueDelivery]] = {}
        for delivery in ready:
            taken.setdefault(delivery.recipient, []).append(delivery)
        return [delivery for lane in taken.values() for delivery in lane[:limit]]

    async def next_due_us(self, after_us: int) -> int | None:
        await self._answer(self.down)
        return min((at_us for at_us, _ in self.waiting.values() if at_us > after_us), default=None)

    async def record_attempts(self, attempts: Sequence[tuple[str, Attempt]]) -> bool:
        await self._answer(self.down or self.down_for_records)
        freed = False
        for delivery_id, attempt in attempts:
            self.attempts.setdefault(delivery_id, []).append(attempt)
            _, delivery = self.waiting[delivery_id]
            if attempt.next_attempt_at_us is None:
                line = self._line(delivery_id)
                del self.waiting[delivery_id]
                freed = freed or any(self._line(other) == line for other in self.waiting)
            else:
                again = msgspec.structs.replace(delivery, attempts=attempt.number)
                self.waiting[delivery_id] = (attempt.next_attempt_at_us, again)
        self.groups.append(len(attempts))
        self._recorded.set()
        return freed

    async def release(self, recipient: str, now_us: int) -> None:
        await self._answer(self.down)
        for delivery_id, (at_us, delivery) in self.waiting.items():
            if delivery.recipient == recipient:
                self.waiting[delivery_id] = (min(at_us, now_us), delivery)

    async def postpone(self, delivery_id: str, until_us: int) -> bool:
        self.waiting[delivery_id] = (until_us, self.waiting[delivery_id][1])
        return True

    async def join(self, delivery_id: str, in_flight: Collection[str]) -> bool:
        return False

    def _line(self, delivery_id: str) -> tuple[str, str]:
        _, delivery = self.waiting[delivery_id]
        return delivery.recipient, delivery.alert.breach or delivery.alert.id

    async def until(self, reached: Callable[[], bool]) -> None:
        """Returns once the condition holds, looking after each record."""
        while not reached():
            self._recorded.clear()
            await self._recorded.wait()

    def outcomes(self, delivery_id: str) -> list[Outcome]:
        return [attempt.outcome for attempt in self.attempts.get(delivery_id, [])]

    @staticmethod
    async def _answer(down: bool) -> None:
        await asyncio.sleep(0)
        if down:
            raise OutboxUnavailable("the database is away")


class MemoryChannel:
    """Keeps what it is sent and answers from a script, then always with ``answer``."""

    def __init__(self, *script: SendResult, answer: SendResult = DELIVERED) -> None:
        self.script = list(script)
        self.answer = answer
        self.sent: list[str] = []
        self.at_once = 0
        self.at_once_most = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def send(self, delivery: DueDelivery) -> SendResult:
        self.sent.append(delivery.id)
        self.at_once += 1
        self.at_once_most = max(self.at_once, self.at_once_most)
        try:
            await self.gate.wait()
        finally:
            self.at_once -= 1
        return self.script.pop(0) if self.script else self.answer

    async def close(self) -> None:
        """Nothing is open."""


@asynccontextmanager
async def dispatching(
    outbox: MemoryOutbox,
    channels: Mapping[str, Channel],
    clock: TestClock,
    limits: DispatcherLimits | None = None,
) -> AsyncIterator[Dispatcher]:
    """A dispatcher at work, stopped cleanly at the end."""
    dispatcher = Dispatcher(outbox, channels, clock, chance=lambda: 1.0, wait=clock.wait, limits=limits)
    task = asyncio.create_task(dispatcher.run())
    try:
        yield dispatcher
    finally:
        dispatcher.stop()
        await task
