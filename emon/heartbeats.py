"""A signed heartbeat to every recipient that has a webhook or a topic, each minute, so that they can alarm on
our silence.

A heartbeat says that alerts would come if there were any: it is only sent while the engine judges and
commits. It is no delivery: one that nobody hears is not kept, and the next has a higher number, by which a
recipient sees how many it missed. The pace is kept by a clock that nobody can set.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Protocol, runtime_checkable

import msgspec

from emon.alerts.channels import SendResult
from emon.alerts.outbox import Outcome
from emon.limits import HEARTBEAT_ALARM_S, HEARTBEAT_EVERY_S, HEARTBEAT_TIMEOUT_S
from emon.model.instant import SECOND_US, format_instant
from emon.store.errors import DatabaseUnavailable

_log = logging.getLogger(__name__)


@runtime_checkable
class Beating(Protocol):
    """A channel that carries heartbeats; mail, CAP and Apprise do not."""

    async def beat(self, webhook_id: str, body: bytes, sent_at_us: int) -> SendResult: ...


class HeartbeatStore(Protocol):
    async def next_heartbeat(self, recipient: str, at_us: int) -> int: ...

    async def heartbeat_answered(self, recipient: str, at_us: int) -> None: ...

    async def heartbeat_failed(self, recipient: str, started_at_us: int, error: str) -> None: ...

    async def waiting_by_recipient(self) -> dict[str, int]: ...


class Heartbeats:
    """``run`` until cancelled. ``judging``: whether the engine judges and commits now; ``well``: whether
    nothing at all is amiss, which is only told. ``trail``: the audit trail's newest signed head and its key,
    so that a copy of them lies with every recipient."""

    def __init__(
        self,
        store: HeartbeatStore,
        channels: Mapping[str, object],
        *,
        now_us: Callable[[], int],
        steady_us: Callable[[], int],
        judging: Callable[[int], bool],
        well: Callable[[], bool],
        trail: Callable[[], Mapping[str, object] | None] = lambda: None,
    ) -> None:
        self._store = store
        self._channels = {name: one for name, one in channels.items() if isinstance(one, Beating)}
        self._now_us = now_us
        self._steady_us = steady_us
        self._judging = judging
        self._well = well
        self._trail = trail

    async def run(self) -> None:
        next_us = self._steady_us()
        while True:
            await asyncio.sleep(max(0.0, (next_us - self._steady_us()) / SECOND_US))
            next_us = max(next_us + HEARTBEAT_EVERY_S * SECOND_US, self._steady_us())
            await self.beat()

    async def beat(self) -> list[str]:
        """One heartbeat to everybody at once, each with its own time limit; who confirmed it."""
        if not self._judging(self._now_us()):
            _log.error("no heartbeat: the engine does not judge now, and the recipients shall notice")
            return []
        try:
            waiting = await self._store.waiting_by_recipient()
            beats = [self._beat(name, waiting.get(name, 0)) for name in self._channels]
            return [name for name in await asyncio.gather(*beats) if name is not None]
        except DatabaseUnavailable as fault:
            _log.error("no heartbeat, for the database is away: %s", fault)
            return []

    async def _beat(self, name: str, waiting: int) -> str | None:
        sent_at_us = self._now_us()
        seq = await self._store.next_heartbeat(name, sent_at_us)
        body = heartbeat_body(name, seq, sent_at_us, waiting=waiting, well=self._well(), trail=self._trail())
        try:
            async with asyncio.timeout(HEARTBEAT_TIMEOUT_S):
                result = await self._channels[name].beat(f"heartbeat:{name}:{seq}", body, sent_at_us)
        except TimeoutError:
            result = SendResult(Outcome.FAILED, None, f"no receipt within {HEARTBEAT_TIMEOUT_S:g} s")
        except Exception as fault:  # of one route; the others' heartbeats go on, and it is kept and told
            _log.exception("the route to %s has a fault of our own", name)
            result = SendResult(Outcome.FAILED, None, f"fault in the route: {fault!r}")
        if result.outcome is Outcome.DELIVERED:
            await self._store.heartbeat_answered(name, self._now_us())
            return name
        _log.warning("heartbeat %d to %s failed: %s", seq, name, result.detail)
        await self._store.heartbeat_failed(name, sent_at_us, result.detail)
        return None


def heartbeat_body(
    recipient: str,
    seq: int,
    sent_at_us: int,
    *,
    waiting: int,
    well: bool,
    trail: Mapping[str, object] | None = None,
) -> bytes:
    """The JSON body, documented in docs/recipients.md. It names nobody and tells of no alert."""
    content = {
        "type": "heartbeat",
        "timestamp": format_instant(sent_at_us),
        "data": {
            "recipient": recipient,
            "seq": seq,
            "sent_at": format_instant(sent_at_us),
            "every_s": HEARTBEAT_EVERY_S,
            "alarm_after_s": HEARTBEAT_ALARM_S,
            "waiting": waiting,
            "well": well,
            "audit": trail,
        },
    }
    return msgspec.json.encode(content)
