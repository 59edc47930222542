"""The dispatcher against an outbox in memory and a clock that only the test moves."""

from __future__ import annotations

import asyncio
import logging

import pytest

from emon.alerts.breaker import pause_us
from emon.alerts.channels import SendResult
from emon.alerts.dispatcher import Dispatcher, DispatcherLimits, wait_by
from emon.alerts.outbox import DueDelivery, Outcome
from emon.limits import RECORD_PAUSE_MAX_S
from emon.model.instant import SECOND_US
from tests.alerts.parts import (
    DELIVERED,
    FAILED,
    NOON_US,
    REFUSED,
    MemoryChannel,
    MemoryOutbox,
    TestClock,
    dispatching,
    due,
)


async def test_a_delivery_is_sent_once_and_recorded_with_its_instants() -> None:
    outbox, clock, politie = MemoryOutbox(due("a1", "politie")), TestClock(), MemoryChannel()
    async with dispatching(outbox, {"politie": politie}, clock) as dispatcher:
        await clock.asleep()
        dispatcher.wake()
        await clock.asleep()
    assert politie.sent == ["a1:politie"]
    (attempt,) = outbox.attempts["a1:politie"]
    assert (attempt.number, attempt.outcome, attempt.status) == (1, Outcome.DELIVERED, 204)
    assert (attempt.started_at_us, attempt.ended_at_us) == (NOON_US, NOON_US)
    assert attempt.next_attempt_at_us is None


async def test_pauses_grow_to_a_minute_and_never_end() -> None:
    outbox, clock, politie = MemoryOutbox(due("a1", "politie")), TestClock(), MemoryChannel(answer=FAILED)
    pauses_s = []
    async with dispatching(outbox, {"politie": politie}, clock):
        for number in range(1, 12):
            await outbox.until(lambda n=number: len(outbox.outcomes("a1:politie")) == n)  # type: ignore[misc]
            attempt = outbox.attempts["a1:politie"][-1]
            assert attempt.next_attempt_at_us is not None
            pauses_s.append((attempt.next_attempt_at_us - attempt.ended_at_us) // SECOND_US)
            clock.move_to(attempt.next_attempt_at_us - 1)
            await clock.asleep()
            assert len(politie.sent) == number, "tried before its pause had ended"
            clock.move_to(attempt.next_attempt_at_us)
        await outbox.until(lambda: len(outbox.outcomes("a1:politie")) == 12)
    assert pauses_s == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60]


def test_the_pause_stays_a_minute_after_a_year_of_failures() -> None:
    assert pause_us(525_600, 1.0) == 60 * SECOND_US


async def test_a_recipient_that_hangs_delays_no_other() -> None:
    slow, fast = MemoryChannel(), MemoryChannel()
    slow.gate.clear()
    outbox = MemoryOutbox(
        *(due(f"a{n}", recipient) for n in range(50) for recipient in ("politie", "reclassering"))
    )
    clock = TestClock()
    limits = DispatcherLimits(at_once_max=2, urgent_extra=0, claimed_max=8, stop_grace_s=0.0)
    async with dispatching(outbox, {"politie": slow, "reclassering": fast}, clock, limits):
        await outbox.until(lambda: len(outbox.attempts) == 50)
    assert len(fast.sent) == 50
    assert slow.at_once_most == 2, "one recipient has at most so many attempts at once"
    assert all(recipient.endswith("reclassering") for recipient in outbox.attempts)


async def test_order_is_by_priority_then_age() -> None:
    outbox = MemoryOutbox(
        due("late", "politie", priority=1, at_us=NOON_US),
        due("low", "politie", priority=4, at_us=NOON_US - 9 * SECOND_US),
        due("early", "politie", priority=1, at_us=NOON_US - 5 * SECOND_US),
        due("middle", "politie", priority=3, at_us=NOON_US - 7 * SECOND_US),
    )
    politie = MemoryChannel()
    async with dispatching(
        outbox, {"politie": politie}, TestClock(), DispatcherLimits(at_once_max=1, urgent_extra=0)
    ):
        await outbox.until(lambda: not outbox.waiting)
    assert politie.sent == ["early:politie", "late:politie", "middle:politie", "low:politie"]


async def test_an_urgent_alert_overtakes_a_backlog() -> None:
    outbox = MemoryOutbox(*(due(f"low{n:04}", "politie", priority=4) for n in range(300)))
    politie, clock = MemoryChannel(), TestClock()
    politie.gate.clear()
    async with dispatching(
        outbox, {"politie": politie}, clock, DispatcherLimits(at_once_max=1, urgent_extra=0)
    ) as dispatcher:
        await clock.asleep()
        outbox.add(due("urgent", "politie", priority=1))
        dispatcher.wake()
        await clock.asleep()
        politie.gate.set()
        await outbox.until(lambda: not outbox.waiting)
    assert politie.sent[1] == "urgent:politie"
    assert len(politie.sent) == len(set(politie.sent)) == 301


async def test_an_attempt_without_an_answer_ends_and_is_repeated() -> None:
    outbox, clock, politie = MemoryOutbox(due("a1", "politie")), TestClock(), MemoryChannel()
    politie.gate.clear()
    limits = DispatcherLimits(attempt_timeout_s=0.01)
    async with dispatching(outbox, {"politie": politie}, clock, limits):
        await outbox.until(lambda: len(outbox.attempts) == 1)
        politie.gate.set()
        clock.move_to(NOON_US + SECOND_US)
        await outbox.until(lambda: not outbox.waiting)
    first, second = outbox.attempts["a1:politie"]
    assert (first.outcome, first.detail) == (Outcome.FAILED, "no receipt within 0.01 s")
    assert second.outcome is Outcome.DELIVERED


async def test_a_refusal_is_told_loudly_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    outbox, clock, politie = MemoryOutbox(due("a1", "politie")), TestClock(), MemoryChannel(REFUSED)
    with caplog.at_level(logging.ERROR):
        async with dispatching(outbox, {"politie": politie}, clock):
            await outbox.until(lambda: len(outbox.attempts) == 1)
            clock.move_to(NOON_US + SECOND_US)
            await outbox.until(lambda: not outbox.waiting)
    assert outbox.outcomes("a1:politie") == [Outcome.REFUSED, Outcome.DELIVERED]
    assert "a person must resolve it" in caplog.text
    assert "410 Gone" in caplog.text


@pytest.mark.parametrize(
    ("asked_s", "pause_s"),
    [(None, 1), (0.0, 1), (-5.0, 1), (7.0, 7), (60.0, 60), (86_400.0, 60)],
)
async def test_a_longer_pause_is_granted_up_to_a_minute(asked_s: float | None, pause_s: int) -> None:
    busy = SendResult(Outcome.FAILED, 503, "503", retry_after_s=asked_s)
    outbox, clock = MemoryOutbox(due("a1", "politie")), TestClock()
    async with dispatching(outbox, {"politie": MemoryChannel(busy)}, clock):
        await outbox.until(lambda: len(outbox.attempts) == 1)
    (attempt,) = outbox.attempts["a1:politie"]
    assert attempt.next_attempt_at_us == NOON_US + pause_s * SECOND_US


async def test_a_record_that_fails_is_repeated_without_sending_again() -> None:
    outbox, clock, politie = MemoryOutbox(due("a1", "politie")), TestClock(), MemoryChannel()
    outbox.down_for_records = True
    async with dispatching(outbox, {"politie": politie}, clock) as dispatcher:
        for _ in range(5):
            clock.move_to(await clock.asleep())
            dispatcher.wake()
        outbox.down_for_records = False
        clock.move_to(await clock.asleep() + 60 * SECOND_US)
        await outbox.until(lambda: not outbox.waiting)
    assert politie.sent == ["a1:politie"]
    assert outbox.outcomes("a1:politie") == [Outcome.DELIVERED]


async def test_while_receipts_cannot_be_kept_only_what_is_urgent_goes_on() -> None:
    """A crash repeats whatever was received and is not on file: worth it for what must not be late."""
    lows = [due(f"low{n}", "politie", priority=4) for n in range(9)]
    outbox, clock, politie = MemoryOutbox(*lows), TestClock(), MemoryChannel()
    outbox.down_for_records = True
    limits = DispatcherLimits(at_once_max=1, urgent_extra=1)
    async with dispatching(outbox, {"politie": politie}, clock, limits=limits) as dispatcher:
        await clock.asleep()
        before = list(politie.sent)
        assert 1 <= len(before) < len(lows), "what was under way when that showed"
        outbox.add(due("high0", "politie", priority=1))
        outbox.add(due("high1", "politie", priority=2))
        dispatcher.wake()
        for _ in range(5):
            clock.move_to(await clock.asleep())
        assert politie.sent == [*before, "high0:politie", "high1:politie"]
        assert clock.now_us <= NOON_US + 5 * RECORD_PAUSE_MAX_S * SECOND_US, "it is tried again each second"
        outbox.down_for_records = False
        clock.move_to(clock.now_us + RECORD_PAUSE_MAX_S * SECOND_US)
        await outbox.until(lambda: not outbox.waiting)
    assert sorted(politie.sent) == sorted({*(one.id for one in lows), "high0:politie", "high1:politie"})


async def test_an_outbox_that_is_away_is_asked_again() -> None:
    outbox, clock, politie = MemoryOutbox(due("a1", "politie")), TestClock(), MemoryChannel()
    outbox.down = True
    async with dispatching(outbox, {"politie": politie}, clock):
        assert await clock.asleep() == NOON_US + SECOND_US
        clock.move_to(NOON_US + SECOND_US)
        assert await clock.asleep() == NOON_US + 3 * SECOND_US
        outbox.down = False
        clock.move_to(NOON_US + 3 * SECOND_US)
        await outbox.until(lambda: not outbox.waiting)
    assert politie.sent == ["a1:politie"]


async def test_a_crash_between_sending_and_recording_repeats_with_the_same_id() -> None:
    outbox, clock, politie = MemoryOutbox(due("a1", "politie")), TestClock(), MemoryChannel()
    outbox.down_for_records = True
    crashing = asyncio.create_task(Dispatcher(outbox, {"politie": politie}, clock, wait=clock.wait).run())
    await clock.asleep()
    crashing.cancel()
    await asyncio.gather(crashing, return_exceptions=True)
    assert outbox.attempts == {}

    outbox.down_for_records = False
    async with dispatching(outbox, {"politie": politie}, clock):
        await outbox.until(lambda: not outbox.waiting)
    assert politie.sent == ["a1:politie", "a1:politie"]


async def test_a_recipient_that_is_down_gets_one_knock_a_pause_and_all_when_it_is_back() -> None:
    count = 200
    outbox = MemoryOutbox(*(due(f"a{n:03}", "politie") for n in range(count)))
    clock, politie = TestClock(), MemoryChannel(answer=FAILED)
    async with dispatching(outbox, {"politie": politie}, clock):
        await outbox.until(lambda: len(outbox.attempts) == count)
        await clock.asleep()
        assert len(politie.sent) == count, "each is tried once, at once"
        begin_us = clock.now_us
        while clock.now_us < begin_us + 3_600 * SECOND_US:
            clock.move_to(await clock.asleep())
        await clock.asleep()
        assert len(politie.sent) - count < 70, "a knock a minute, and the growing ones before"
        politie.answer = DELIVERED
        for _ in range(30):
            clock.move_to(await clock.asleep())
        await clock.asleep()
    assert outbox.waiting == {}
    assert politie.at_once_most <= 4


async def test_news_does_not_wait_for_the_pause_of_a_failing_recipient() -> None:
    outbox, clock, politie = MemoryOutbox(due("a1", "politie")), TestClock(), MemoryChannel(answer=FAILED)
    async with dispatching(outbox, {"politie": politie}, clock) as dispatcher:
        await outbox.until(lambda: len(outbox.attempts) == 1)
        for _ in range(40):
            clock.move_to(await clock.asleep())
        await clock.asleep()
        politie.answer = DELIVERED
        outbox.add(due("a2", "politie"), at_us=clock.now_us)
        before_us = clock.now_us
        dispatcher.wake()
        await outbox.until(lambda: Outcome.DELIVERED in outbox.outcomes("a2:politie"))
        assert clock.now_us == before_us


async def test_a_recipient_without_a_route_is_an_error_that_stays(caplog: pytest.LogCaptureFixture) -> None:
    outbox, clock = MemoryOutbox(due("a1", "om")), TestClock()
    async with dispatching(outbox, {}, clock):
        await outbox.until(lambda: len(outbox.attempts) == 1)
        clock.move_to(NOON_US + SECOND_US)
        await outbox.until(lambda: len(outbox.outcomes("a1:om")) == 2)
    assert "no route is configured for om" in caplog.text
    assert "a1:om" in outbox.waiting


class _FaultyChannel(MemoryChannel):
    async def send(self, delivery: DueDelivery) -> SendResult:
        await super().send(delivery)
        raise ZeroDivisionError("a fault of our own")


async def test_a_fault_in_one_route_is_kept_and_stops_no_other() -> None:
    outbox, clock = MemoryOutbox(due("a1", "politie"), due("a1", "reclassering")), TestClock()
    channels = {"politie": _FaultyChannel(), "reclassering": MemoryChannel()}
    async with dispatching(outbox, channels, clock):
        await outbox.until(lambda: len(outbox.attempts) == 2)
    assert outbox.outcomes("a1:reclassering") == [Outcome.DELIVERED]
    assert "ZeroDivisionError" in outbox.attempts["a1:politie"][0].detail


async def test_what_nobody_told_of_is_found_by_looking() -> None:
    outbox, clock, politie = MemoryOutbox(), TestClock(), MemoryChannel()
    async with dispatching(outbox, {"politie": politie}, clock):
        looks_again_at_us = await clock.asleep()
        outbox.add(due("a1", "politie"))
        clock.move_to(looks_again_at_us)
        await outbox.until(lambda: not outbox.waiting)
    assert looks_again_at_us == NOON_US + 5 * SECOND_US


async def test_stopping_lets_the_attempt_in_flight_end() -> None:
    outbox, clock, politie = MemoryOutbox(due("a1", "politie")), TestClock(), MemoryChannel()
    politie.gate.clear()
    async with dispatching(outbox, {"politie": politie}, clock) as dispatcher:
        await clock.asleep()
        dispatcher.stop()
        outbox.add(due("a2", "politie"))
        politie.gate.set()
    assert outbox.outcomes("a1:politie") == [Outcome.DELIVERED]
    assert politie.sent == ["a1:politie"], "nothing new is begun"


async def test_stopping_does_not_wait_for_a_recipient_that_hangs() -> None:
    outbox, clock, politie = MemoryOutbox(due("a1", "politie")), TestClock(), MemoryChannel()
    politie.gate.clear()
    async with dispatching(outbox, {"politie": politie}, clock, DispatcherLimits(stop_grace_s=0.0)):
        await clock.asleep()
    assert politie.at_once == 0
    assert "a1:politie" in outbox.waiting, "it is sent again after the next start"


async def test_the_real_wait_ends_by_its_event_and_by_its_instant() -> None:
    event = asyncio.Event()
    wait = wait_by(lambda: NOON_US)
    await wait(event, NOON_US - SECOND_US)
    assert not event.is_set()
    event.set()
    await wait(event, NOON_US + 3_600 * SECOND_US)
    assert event.is_set()
