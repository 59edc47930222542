"""Where messages come from, and the promise that goes with each: acknowledge after the commit.

A source hands out deliveries in the order in which the broker sent them, keeps their receipts, and
tells the broker nothing before ``acknowledge``. What is never acknowledged comes again.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Protocol, Self

from emon.ingest.deliveries import Delivery


class SourceUnavailable(Exception):
    """A source that could not be reached at start. The text says what was tried and what to set."""


class Source(Protocol):
    """A stream of deliveries. ``async with`` connects it and, at the end, leaves it tidily."""

    async def __aenter__(self) -> Self:
        """Raises ``SourceUnavailable`` when it gives up."""
        ...

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    @property
    def connected(self) -> bool:
        """Whether deliveries can arrive right now."""
        ...

    async def next_batch(self, *, max_messages: int, max_wait_s: float) -> Sequence[Delivery]:
        """Everything queued, at most ``max_messages``, as soon as there is something; else none."""
        ...

    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Say that these are committed. Receipts of a connection that is gone are dropped in silence:
        the broker sends their messages again."""
        ...

    def wake(self) -> None:
        """Make a waiting ``next_batch`` return at once."""
        ...
