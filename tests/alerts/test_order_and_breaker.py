"""Order within a breach, lanes that urgent news has to itself, the breaker, and pauses by chance."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from emon.alerts.breaker import Breaker, BreakerState, pause_us
from emon.alerts.channels import SendResult
from emon.alerts.dispatcher import DispatcherLimits
from emon.alerts.outbox import DueDelivery, Outcome
from emon.limits import BREAKER_FAILURES
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


async def test_a_later_message_of_a_breach_waits_for_the_earlier_one() -> None:
    outbox = MemoryOutbox(
        due("began", "politie", priority=1, breach="b-1"),
        due("ended", "politie", priority=4, breach="b-1"),
        due("other", "politie", priority=4, breach="b-2"),
    )
    clock, politie = TestClock(), MemoryChannel(FAILED)
    async with dispatching(outbox, {"politie": politie}, clock):
        await outbox.until(lambda: "other:politie" not in outbox.waiting)
        await clock.asleep()
        assert politie.sent == ["began:politie", "other:politie"]
        clock.move_to(NOON_US + SECOND_US)
        await outbox.until(lambda: not outbox.waiting)
    assert politie.sent == ["began:politie", "other:politie", "began:politie", "ended:politie"]


async def test_each_recipient_has_its_own_order() -> None:
    outbox = MemoryOutbox(
        *(due(name, party, breach="b-1") for name in ("1", "2") for party in ("politie", "om"))
    )
    politie, om = MemoryChannel(answer=FAILED), MemoryChannel()
    async with dispatching(outbox, {"politie": politie, "om": om}, TestClock()):
        await outbox.until(lambda: sum(one.endswith("om") for one in outbox.attempts) == 2)
    assert om.sent == ["1:om", "2:om"]
    assert set(politie.sent) == {"1:politie"}


async def test_attempts_that_hang_leave_the_urgent_their_places() -> None:
    outbox = MemoryOutbox(*(due(f"low{n}", "politie", priority=4) for n in range(20)))
    clock, politie = TestClock(), MemoryChannel()
    politie.gate.clear()
    urgent = MemoryChannel()

    class Both(MemoryChannel):
        async def send(self, delivery: DueDelivery) -> SendResult:
            return await (urgent if delivery.alert.priority == 1 else politie).send(delivery)

    limits = DispatcherLimits(at_once_max=3, urgent_extra=1, stop_grace_s=0.0)
    async with dispatching(outbox, {"politie": Both()}, clock, limits) as dispatcher:
        await clock.asleep()
        assert politie.at_once == 3
        for name in ("first", "second"):
            outbox.add(due(name, "politie"))
            dispatcher.wake()
            await outbox.until(lambda name=name: f"{name}:politie" in outbox.attempts)  # type: ignore[misc]
    assert urgent.sent == ["first:politie", "second:politie"]


async def test_a_recipient_that_fails_gets_one_knock_a_pause_and_urgent_news_at_once() -> None:
    outbox = MemoryOutbox(*(due(f"low{n:02}", "politie", priority=4, at_us=NOON_US + n) for n in range(40)))
    clock, politie = TestClock(NOON_US + SECOND_US), MemoryChannel(answer=FAILED)
    async with dispatching(
        outbox, {"politie": politie}, clock, DispatcherLimits(at_once_max=1)
    ) as dispatcher:
        await outbox.until(lambda: len(politie.sent) == BREAKER_FAILURES)
        await clock.asleep()
        health = dispatcher.health()["politie"]
        assert (health.state, health.since_us, health.retry_at_us) == (
            BreakerState.OPEN,
            clock.now_us,
            clock.now_us + SECOND_US,
        )
        assert len(politie.sent) == BREAKER_FAILURES
        outbox.add(due("urgent", "politie", priority=1))
        dispatcher.wake()
        await outbox.until(lambda: "urgent:politie" in outbox.attempts)
        clock.move_to(clock.now_us + SECOND_US)
        await outbox.until(lambda: len(politie.sent) == BREAKER_FAILURES + 2)
        politie.answer = DELIVERED
        while outbox.waiting:
            clock.move_to(await clock.asleep())
        await clock.asleep()
        assert dispatcher.health()["politie"].state is BreakerState.CLOSED
    after = politie.sent[BREAKER_FAILURES + 3 :]
    assert "urgent:politie" in politie.sent[BREAKER_FAILURES + 2 : BREAKER_FAILURES + 4]
    assert after == sorted(after), "most urgent first, then by age"


async def test_one_message_that_is_refused_opens_nothing() -> None:
    outbox = MemoryOutbox(*(due(f"a{n}", "politie") for n in range(9)))
    politie = MemoryChannel(REFUSED)
    async with dispatching(outbox, {"politie": politie}, TestClock(), DispatcherLimits(at_once_max=1)) as d:
        await outbox.until(lambda: len(outbox.waiting) == 1)
        assert d.health()["politie"].state is BreakerState.CLOSED
    assert outbox.outcomes("a0:politie") == [Outcome.REFUSED]


async def test_what_ends_together_is_recorded_together() -> None:
    outbox = MemoryOutbox(*(due(f"a{n}", "politie") for n in range(64)))
    clock, politie = TestClock(), MemoryChannel()
    async with dispatching(outbox, {"politie": politie}, clock):
        await outbox.until(lambda: not outbox.waiting)
    assert sum(outbox.groups) == 64
    assert len(outbox.groups) < 32


@given(failures=st.integers(1, 10**6), chance=st.floats(0, 1))
def test_a_pause_is_between_half_and_all_of_the_longest(failures: int, chance: float) -> None:
    longest_us = min(2 ** min(failures - 1, 6), 60) * SECOND_US
    assert longest_us / 2 <= pause_us(failures, chance) <= longest_us == pause_us(failures, 1.0)


@given(answers=st.lists(st.tuples(st.booleans(), st.integers(0, 90)), max_size=40))
def test_a_breaker_is_closed_exactly_until_so_many_failures_in_a_row(
    answers: list[tuple[bool, int]],
) -> None:
    breaker, now_us, in_a_row = Breaker(), NOON_US, 0
    for received, after_s in answers:
        now_us += after_s * SECOND_US
        if received:
            assert breaker.received() == (in_a_row >= BREAKER_FAILURES)
            in_a_row = 0
        else:
            breaker.failed(now_us, 1.0)
            in_a_row += 1
        assert (breaker.state is BreakerState.CLOSED) == (in_a_row < BREAKER_FAILURES)
        assert breaker.may_try(now_us + 60 * SECOND_US), "it never stays shut for more than a minute"
