"""What a commit hands over is begun without a look, and only where a look would begin it too."""

from __future__ import annotations

from collections.abc import Mapping

from emon.alerts.dispatcher import DispatcherLimits
from emon.alerts.outbox import DueDelivery
from emon.model.instant import SECOND_US
from tests.alerts.parts import FAILED, NOON_US, MemoryChannel, MemoryOutbox, TestClock, dispatching, due


class Counting(MemoryOutbox):
    """Counts the looks."""

    looks = 0

    async def claim_due(
        self, now_us: int, limit: int, held: Mapping[str, int] | None = None
    ) -> list[DueDelivery]:
        self.looks += 1
        return await super().claim_due(now_us, limit, held)


async def test_it_is_begun_without_a_look_and_recorded() -> None:
    outbox, clock, politie = Counting(), TestClock(), MemoryChannel()
    async with dispatching(outbox, {"politie": politie}, clock) as dispatcher:
        await clock.asleep()
        outbox.add(due("a1", "politie"))
        dispatcher.hand_over([due("a1", "politie")], NOON_US, all_of_it=True)
        await outbox.until(lambda: not outbox.waiting)
        await clock.asleep()
        assert outbox.looks == 1, "the one at the start"
    assert politie.sent == ["a1:politie"]


async def test_what_is_not_all_of_it_is_looked_for() -> None:
    outbox, clock, politie = Counting(), TestClock(), MemoryChannel()
    async with dispatching(outbox, {"politie": politie}, clock) as dispatcher:
        await clock.asleep()
        outbox.add(due("a1", "politie"))
        outbox.add(due("a2", "politie"))
        dispatcher.hand_over([due("a1", "politie")], NOON_US, all_of_it=False)
        await outbox.until(lambda: not outbox.waiting)
    assert sorted(politie.sent) == ["a1:politie", "a2:politie"]


async def test_what_a_look_found_first_is_not_sent_again() -> None:
    """Under way, or done already, before its commit's answer came to be read."""
    outbox, clock, politie = Counting(due("a1", "politie")), TestClock(), MemoryChannel()
    politie.gate.clear()
    async with dispatching(outbox, {"politie": politie}, clock) as dispatcher:
        await clock.asleep()
        dispatcher.hand_over([due("a1", "politie")], NOON_US, all_of_it=True)
        await clock.asleep()
        politie.gate.set()
        await outbox.until(lambda: not outbox.waiting)
        await clock.asleep()
        dispatcher.hand_over([due("a1", "politie")], NOON_US, all_of_it=True)
        await clock.asleep()
    assert politie.sent == ["a1:politie"]


async def test_a_recipient_that_is_down_gets_no_more_knocks_for_it() -> None:
    lows = [due(f"low{n}", "politie", priority=4) for n in range(3)]
    outbox, clock, politie = Counting(*lows), TestClock(), MemoryChannel(answer=FAILED)
    async with dispatching(outbox, {"politie": politie}, clock) as dispatcher:
        await outbox.until(lambda: len(outbox.attempts) == 3)
        await clock.asleep()
        knocks = len(politie.sent)
        outbox.add(due("new", "politie", priority=4))
        dispatcher.hand_over([due("new", "politie", priority=4)], NOON_US, all_of_it=True)
        await clock.asleep()
        assert len(politie.sent) == knocks


async def test_what_waits_in_the_outbox_keeps_its_place_before_it() -> None:
    urgent = [due(f"a{n}", "politie", priority=1) for n in range(6)]
    outbox, clock, politie = Counting(*urgent), TestClock(), MemoryChannel()
    politie.gate.clear()
    limits = DispatcherLimits(at_once_max=1, urgent_extra=0, claimed_max=2)
    async with dispatching(outbox, {"politie": politie}, clock, limits) as dispatcher:
        await clock.asleep()
        outbox.add(due("low", "politie", priority=4))
        dispatcher.hand_over([due("low", "politie", priority=4)], NOON_US, all_of_it=True)
        politie.gate.set()
        await outbox.until(lambda: not outbox.waiting)
    assert politie.sent[-1] == "low:politie"
    assert len(politie.sent) == 7


async def test_a_notice_of_what_was_handed_over_is_no_reason_to_look() -> None:
    outbox, clock, politie = Counting(), TestClock(), MemoryChannel()
    async with dispatching(outbox, {"politie": politie}, clock) as dispatcher:
        await clock.asleep()
        dispatcher.hand_over([], NOON_US, all_of_it=True)
        dispatcher.heard_of(NOON_US)
        await clock.asleep()
        assert outbox.looks == 1
        outbox.add(due("a1", "politie"))
        dispatcher.heard_of(NOON_US + SECOND_US)
        await outbox.until(lambda: not outbox.waiting)
    assert outbox.looks >= 2
