"""The canary: a bracelet of the service's own, which shows each minute that the whole way is open.

Theory of operation. The service publishes a fix as the device ``emon``, which no bracelet can be (the name is
the service's user at the broker, and refused for devices), inside a ban that stands in no database. It comes
back through broker, session and source like any other, is judged by the engine's own step on a state of its
own, and the alert's id is committed with the batch it came in. Then it is looked up over another connection:
the inbox of the alert. It touches none of the tables that people read.

What it does not show: the dispatcher and the recipients. Their heartbeats do.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from emon.engine import Message
from emon.ingest.decode import decode
from emon.ingest.source import SourceUnavailable
from emon.ingest.topics import Channel, topic_for
from emon.limits import CANARY_ABSENT_S, CANARY_EACH_S, CANARY_LOOK_S
from emon.model.canary import CanaryWord
from emon.model.instant import SECOND_US, format_instant
from emon.orders.document import parse_document
from emon.replay import Received, replay
from emon.store.errors import DatabaseUnavailable

_log = logging.getLogger(__name__)

DEVICE = "emon"
TOPIC = topic_for(Channel.FIX, DEVICE)
_PLACE = (4.0, 54.0)  # the North Sea
_ORDER = {
    "id": "canary",
    "version": 1,
    "wearer": "canary",
    "device": DEVICE,
    "legal_basis": "gedragsaanwijzing",
    "valid_from": "2020-01-01T00:00:00Z",
    "conditions": [
        {"id": "c", "kind": "exclusion", "zone": {"type": "Circle", "center": _PLACE, "radius_m": 1_000}}
    ],
}

Publish = Callable[[str, bytes, int], Awaitable[None]]
"""Topic, payload, seconds that the broker may keep it."""


class CanaryStore(Protocol):
    async def canary(self) -> CanaryWord | None: ...


class Canary:
    """``run`` until cancelled; ``judge`` is called by the runtime with each fix that came back."""

    def __init__(
        self,
        store: CanaryStore,
        publish: Publish,
        *,
        now_us: Callable[[], int],
        each_s: float = CANARY_EACH_S,
    ) -> None:
        self._store = store
        self._publish = publish
        self._now_us = now_us
        self._each_s = each_s
        self._versions = parse_document(json.dumps({"orders": [_ORDER]}).encode(), armed_at_us=0)
        self._began_us = now_us()
        self.heard: CanaryWord | None = None
        self.heard_us: int | None = None

    async def judge(self, payload: bytes, at_us: int) -> CanaryWord | None:
        """What the engine makes of one fix: the same step as everybody's, on an order and a state of its own.

        None, and a line in the log, when it is no fix or raises no alert: then the canary is missing."""
        decoded = decode(TOPIC, payload)
        archive = await replay(self._versions, [Received(at_us, Message(TOPIC, decoded))])
        told = [alert for alert in archive.alerts if alert.breach is not None]
        if len(decoded.fixes) != 1 or len(told) != 1:
            _log.error("the canary's fix came back and raised no alert: %s", decoded.rejections or "judged")
            return None
        (fix,) = decoded.fixes
        return CanaryWord(fix.seq, fix.fixed_at_us, at_us, told[0].id)

    async def run(self) -> None:
        """Publish each ``each_s``, and look until its alert is on file."""
        while True:
            await self._once()
            await asyncio.sleep(self._each_s)

    async def _once(self) -> None:
        """Publish one fix and look until its alert is on file. A fault is said, and raised nowhere."""
        at_us = self._now_us()
        seq = at_us // SECOND_US % 2**32
        lon, lat = _PLACE
        fix = {"seq": seq, "t": at_us // 1000, "lat": lat, "lon": lon, "acc": 5.0}
        try:
            async with asyncio.timeout(self._each_s):
                await self._publish(TOPIC, json.dumps(fix).encode(), CANARY_ABSENT_S)
                while (word := await self._store.canary()) is None or word.seq < seq:
                    await asyncio.sleep(CANARY_LOOK_S)
                self.heard, self.heard_us = word, self._now_us()
        except (TimeoutError, SourceUnavailable, DatabaseUnavailable) as fault:
            _log.warning("the canary did not come through: %s", str(fault) or "nothing came back in time")

    def missing_since_us(self, now_us: int, well_since_us: int) -> int | None:
        """Since when it is missing, or None. ``well_since_us``: when all it needs was there again."""
        last_us = max(self.heard_us or 0, self._began_us, well_since_us)
        return last_us if now_us - last_us >= CANARY_ABSENT_S * SECOND_US else None

    def told(self) -> dict[str, object]:
        """For ``/health``: when it came through last, and how long after its fix its alert was read."""
        if self.heard is None or self.heard_us is None:
            return {"heard_at": None, "took_ms": None}
        took_ms = (self.heard_us - self.heard.fixed_at_us) // 1000
        return {"heard_at": format_instant(self.heard_us), "took_ms": took_ms}
