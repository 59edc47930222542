"""When the service's stop is over: what came while it was down is judged, whatever comes afterwards."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from benchmarks.kills.books import Books, compare_alerts, judged_again, stored
from emon import clock
from emon.ingest.backlog import Backlog
from emon.ingest.deliveries import Delivery
from emon.limits import (
    BACKLOG_MAX_S,
    BACKLOG_MIN_S,
    BEHIND_MESSAGES,
    PORTION_FIXES_MAX,
    RECEIVE_WINDOW_MESSAGES,
)
from emon.model.instant import SECOND_US
from emon.orders.document import parse_document
from emon.runtime import Runtime
from emon.store.store import Store
from tests.fixtures_service import circle_order

AT_US = 1_780_000_000_000_000
FIXES = PORTION_FIXES_MAX // BEHIND_MESSAGES + 1  # a message, so that each look brings more than is judged
LOOK_S, STORE_S = 2, 40_000
HALF = RECEIVE_WINDOW_MESSAGES // 2


def after(seconds: float) -> int:
    return AT_US + round(seconds * SECOND_US)


def back() -> Backlog:
    backlog = Backlog()
    backlog.back(AT_US)
    return backlog


def test_it_takes_a_small_look_some_seconds_after_the_start() -> None:
    backlog = back()
    backlog.looked(after(BACKLOG_MIN_S - 1), 0, connected=True)
    assert not backlog.is_judged(after(BACKLOG_MIN_S), None)
    backlog.looked(after(BACKLOG_MIN_S), HALF + 1, connected=True)
    backlog.looked(after(BACKLOG_MIN_S), 0, connected=False)
    assert not backlog.is_judged(after(BACKLOG_MIN_S), None)
    backlog.looked(after(BACKLOG_MIN_S), HALF, connected=True)
    assert backlog.is_judged(after(BACKLOG_MIN_S), None)


def test_what_waits_from_before_that_look_is_backlog_and_later_things_are_not() -> None:
    backlog = back()
    backlog.looked(after(20), 3, connected=True)
    assert not backlog.is_judged(after(30), after(-100))
    assert not backlog.is_judged(after(30), after(20))
    backlog.looked(after(40), 3, connected=True)  # the first such look counts
    assert backlog.is_judged(after(40), after(20) + 1)


def test_it_is_over_after_a_quarter_of_an_hour_and_begins_anew_with_each_stop() -> None:
    backlog = back()
    assert not backlog.is_judged(after(BACKLOG_MAX_S) - 1, after(-1))
    assert backlog.is_judged(after(BACKLOG_MAX_S), after(-1))
    backlog.looked(after(BACKLOG_MAX_S), 0, connected=True)
    backlog.back(after(BACKLOG_MAX_S + 1))
    assert not backlog.is_judged(after(BACKLOG_MAX_S + 2), None)


class NoisyDevice:
    """A source on which d-2 sends what it may and d-1 more than is judged; a look each ``LOOK_S``.

    The clock is its own: it runs with the looks and a little with each question.
    """

    connected = True

    def __init__(self, looks: int, backlog: int) -> None:
        self.now_us = clock.now_us()
        self.runtime: Runtime | None = None
        self._begun_ms = self.now_us // 1000 - 1000 * STORE_S
        self._looks = looks
        self._backlog = backlog
        self._seq = 0
        self._woken = asyncio.Event()

    def time(self) -> int:
        self.now_us += 4_000
        return self.now_us

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        return

    async def next_batch(self, *, max_messages: int, max_wait_s: float) -> list[Delivery]:
        if self.runtime is not None and self.runtime.recalled.is_under_way:
            await self._woken.wait()  # what a portion needs is there long before the next look
            self._woken.clear()
        self.now_us += LOOK_S * SECOND_US
        self._looks -= 1
        if self._looks == 0 and self.runtime is not None:
            self.runtime.stop()
        count, self._backlog = BEHIND_MESSAGES + self._backlog, 0
        return [self._message("d-2", 1), *(self._message("d-1", FIXES) for _ in range(count))]

    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        return

    def wake(self) -> None:
        self._woken.set()

    def _message(self, device: str, count: int) -> Delivery:
        fixes = []
        for _ in range(count):
            self._seq += 1
            at_ms = self._begun_ms + 1000 * (self._seq if device == "d-1" else STORE_S)
            fixes.append({"seq": self._seq, "t": at_ms, "lat": 51.95, "lon": 4.48, "acc": 10})
        return Delivery(f"emon/v1/{device}/fix", json.dumps(fixes).encode(), retained=False)


async def test_a_noisy_device_does_not_hold_up_the_clocks_of_all(store: Store, database: str) -> None:
    """Its excess keeps the inbox full for ever; the stop once lasted a quarter of an hour for it."""
    orders = [circle_order(), circle_order(id="o-2", wearer="w-2", device="d-2")]
    await store.arm(parse_document(json.dumps({"orders": orders}).encode(), armed_at_us=0))
    await store.claim_engine()
    source = NoisyDevice(looks=16, backlog=50)
    source.runtime = runtime = Runtime(
        store,
        source,
        now_us=source.time,
        route=lambda _: (),
        on_commit=lambda _: None,
        batch_fixes_max=2_000,
    )
    begun_us = source.now_us
    await runtime.run()
    assert runtime.inbox.state.messages > 0
    rows = await stored(database)
    ((_, up_us),) = rows.stops
    assert up_us is not None
    assert BACKLOG_MIN_S <= (up_us - begun_us) / SECOND_US <= 30.0
    books = Books()
    compare_alerts(books, rows, await judged_again(rows))
    assert books.faults == []
