"""The runtime itself over a real store, fed from a list at instants that the list gives."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

import msgspec

from emon.engine_store import EngineStore
from emon.ingest.deliveries import Delivery
from emon.model.breach import Alert
from emon.model.effects import Effects, NewDelivery
from emon.model.instant import SECOND_US
from emon.runtime import Runtime
from tests.engine.stories import LAT, LON, M_PER_DEG_LON

ROUTES = {"politie": "webhook", "reclassering": "webhook", "meldkamer_em": "smtp"}


class Taken(msgspec.Struct, frozen=True):
    """Messages that are there at an instant; none lets the timers alone act."""

    at_us: int
    messages: tuple[tuple[str, bytes], ...] = ()


class Listed:
    """A source (``emon.ingest.source.Source``) that hands out a list, and the clock that goes with it."""

    def __init__(self, items: Sequence[Taken]) -> None:
        self._items = list(items)
        self.now_us = items[0].at_us - SECOND_US
        self.runtime: Runtime | None = None
        self.acknowledged: list[Delivery] = []
        self.woken = asyncio.Event()

    def time(self) -> int:
        """The instant of what was handed out last."""
        return self.now_us

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    @property
    def connected(self) -> bool:
        return True

    async def next_batch(self, *, max_messages: int, max_wait_s: float) -> list[Delivery]:
        if not self._items:
            assert self.runtime is not None
            self.runtime.stop()
            return []
        item = self._items.pop(0)
        self.now_us = item.at_us
        return [Delivery(topic, payload, retained=False) for topic, payload in item.messages]

    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        self.acknowledged.extend(deliveries)

    def wake(self) -> None:
        self.woken.set()


def routed(alert: Alert) -> list[NewDelivery]:
    return [NewDelivery(alert.id, to, ROUTES[to]) for to in alert.recipients if to in ROUTES]


async def judge(
    store: EngineStore,
    items: Sequence[Taken],
    *,
    batch_fixes_max: int = 1_000,
    on_commit: Callable[[Effects, Listed], None] = lambda effects, source: None,
) -> list[Effects]:
    """Everything that the runtime commits while it works the list off. The store must be claimed."""
    source, found = Listed(items), list[Effects]()

    def committed(effects: Effects) -> None:
        found.append(effects)
        on_commit(effects, source)

    runtime = Runtime(
        store,
        source,
        now_us=lambda: source.now_us,
        route=routed,
        on_commit=committed,
        batch_fixes_max=batch_fixes_max,
    )
    source.runtime = runtime
    await runtime.run()
    return found


def fix_message(
    device: str, seq: int, at_us: int, east_m: float, accuracy_m: float = 10.0
) -> tuple[str, bytes]:
    """A fix so many metres east of the zone's centre."""
    payload: dict[str, Any] = {
        "seq": seq,
        "t": at_us // 1000,
        "lat": LAT,
        "lon": LON + east_m / M_PER_DEG_LON,
        "acc": accuracy_m,
    }
    return f"emon/v1/{device}/fix", json.dumps(payload).encode()


def event_message(device: str, seq: int, at_us: int, event: str, state: str) -> tuple[str, bytes]:
    payload = {"event": event, "state": state, "seq": seq, "t": at_us // 1000}
    return f"emon/v1/{device}/event", json.dumps(payload).encode()
