"""The store as the engine's shell uses it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from emon.devices.watching import Remembered
from emon.ingest.lanes import InboxState, Waiting, WaitingRow
from emon.model.canary import CanaryWord
from emon.model.effects import Effects, NewDelivery
from emon.model.order import OrderVersion
from emon.recall import Archive


class View(Archive, Protocol):
    """What is stored, as a transaction that only reads sees it."""

    async def look_at_waiting(self, fixes: int, but: Sequence[str]) -> list[WaitingRow]: ...


class Transaction(Archive, Protocol):
    """One transaction of the engine: what it recalls, and what it writes."""

    async def orders_after(self, arm_seq: int) -> list[tuple[int, OrderVersion]]: ...

    async def take_again(self, devices: Sequence[str], since_us: int) -> list[tuple[str, bytes]]: ...

    async def write(self, effects: Effects, deliveries: Sequence[NewDelivery]) -> None: ...

    async def put_canary(self, word: CanaryWord) -> None: ...

    async def put_waiting(self, rows: Sequence[Waiting], arrived_at_us: int) -> None: ...

    async def take_waiting(self, fixes: int) -> list[WaitingRow]: ...

    async def take_these(self, rows: Sequence[WaitingRow]) -> bool: ...

    async def oldest_waiting_us(self) -> int | None: ...


class EngineStore(Protocol):
    """The store as the runtime uses it."""

    def batch(self) -> AbstractAsyncContextManager[Transaction]: ...

    def beside(self) -> AbstractAsyncContextManager[View]: ...

    async def write_step(
        self, arm_seq: int, effects: Effects, deliveries: Sequence[NewDelivery], then: Effects | None = None
    ) -> bool: ...

    async def last_received_at_us(self) -> int | None: ...

    async def remembered(self) -> Remembered: ...

    async def inbox_state(self) -> InboxState: ...
