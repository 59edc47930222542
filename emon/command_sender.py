"""Sends commands to devices: what the engine committed leaves once the broker can take it.

Theory of operation. The engine writes its commands with the decision that makes them (table
``command``). This loop publishes them with QoS 1, in order for each device: the oldest waiting one of
each, and the next only when the broker has acknowledged that. A crash between the PUBACK and the
record repeats the command with the same id, which the device takes for what it is. A command whose
time has passed is not sent any more and marked as ``expired``: a fix for a reason of an hour ago helps
nobody, and an old rate would undo a newer one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from emon.ingest.commands import payload_of
from emon.ingest.source import SourceUnavailable
from emon.ingest.topics import Channel, topic_for
from emon.limits import COMMANDS_AT_ONCE_MAX, OUTBOX_POLL_S, RETRY_PAUSE_MAX_S, RETRY_PAUSE_MIN_S
from emon.model.command import Command
from emon.store.commands import Waiting
from emon.store.errors import DatabaseUnavailable

_log = logging.getLogger(__name__)


class CommandStore(Protocol):
    """The outbox of commands. Every method may raise ``DatabaseUnavailable``."""

    async def waiting_commands(self, now_us: int, limit: int) -> Waiting:
        """The oldest waiting command of each device, at most ``limit``, oldest first; those whose
        ``until_us`` lies before ``now_us`` are marked expired."""
        ...

    async def command_sent(self, command_id: str, sent_at_us: int) -> None:
        """The broker has it."""
        ...


class Publisher(Protocol):
    """A way to the broker."""

    async def publish(self, topic: str, payload: bytes, expires_s: int) -> None:
        """QoS 1; returns when the broker has acknowledged. Raises ``SourceUnavailable``."""
        ...


class SenderStatus(msgspec.Struct):
    """Counts since the start."""

    sent: int = 0
    expired: int = 0


class CommandSender:
    """Sends what waits until ``stop``. ``now_us`` is the wall clock."""

    def __init__(self, store: CommandStore, publisher: Publisher, now_us: Callable[[], int]) -> None:
        self.status = SenderStatus()
        self._store = store
        self._publisher = publisher
        self._now_us = now_us
        self._woken = asyncio.Event()
        self._stopping = False

    def wake(self) -> None:
        """Commands were committed: look now."""
        self._woken.set()

    def stop(self) -> None:
        """End after what is in hand; the rest waits in the database."""
        self._stopping = True
        self._woken.set()

    async def run(self) -> None:
        """Send until ``stop``."""
        pause_s = RETRY_PAUSE_MIN_S
        while not self._stopping:
            self._woken.clear()
            try:
                while await self.send_round() and not self._stopping:
                    pause_s = RETRY_PAUSE_MIN_S
                wait_s = float(OUTBOX_POLL_S)
            except (DatabaseUnavailable, SourceUnavailable) as fault:
                _log.warning("commands to devices wait: %s; next attempt in %.1f s", fault, pause_s)
                wait_s, pause_s = pause_s, min(2 * pause_s, RETRY_PAUSE_MAX_S)
            await self._wait(wait_s)

    async def send_round(self) -> bool:
        """One command of each device that has any; whether more waited behind them.

        What is committed meanwhile comes with a ``wake`` of its own, so nobody looks again for it alone.
        Raises ``DatabaseUnavailable`` and ``SourceUnavailable`` once what could be sent is recorded.
        """
        now_us = self._now_us()
        waiting = await self._store.waiting_commands(now_us, COMMANDS_AT_ONCE_MAX)
        if waiting.expired:
            self.status.expired += waiting.expired
            _log.warning(
                "%d commands to devices were not sent in their time and are marked expired", waiting.expired
            )
        faults = await self._send_all(waiting.commands, now_us)
        if faults:
            raise faults[0]
        return waiting.more

    async def _send_all(self, commands: Sequence[Command], now_us: int) -> list[BaseException]:
        outcomes = await asyncio.gather(
            *(self._send(command, now_us) for command in commands), return_exceptions=True
        )
        faults = [fault for fault in outcomes if fault is not None]
        for fault in faults:
            if not isinstance(fault, DatabaseUnavailable | SourceUnavailable):
                raise fault
        return faults

    async def _send(self, command: Command, now_us: int) -> None:
        topic = topic_for(Channel.CMD, command.device)
        expires_s = max(1, (command.until_us - now_us) // 1_000_000)
        await self._publisher.publish(topic, payload_of(command), expires_s)
        await self._store.command_sent(command.id, self._now_us())
        self.status.sent += 1

    async def _wait(self, wait_s: float) -> None:
        if self._stopping:
            return
        try:
            async with asyncio.timeout(wait_s):
                await self._woken.wait()
        except TimeoutError:
            return
