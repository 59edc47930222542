"""Every read of page, API, the engine's recall, outbox and reports, as the code itself asks it.

Statements are not written down here a second time: each read is made through ``Store`` or ``Batch`` on a
connection that notes what was sent, and what was sent is then explained.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import psycopg

from benchmarks.storage.ground import Ground
from emon.limits import TRACK_FIXES_MAX
from emon.model.instant import DAY_US, HOUR_US, MINUTE_US
from emon.store import connect as c
from emon.store.batch import Batch
from emon.store.store import Store

Statement = tuple[str, Any]


class OneConnection(c.Pool):
    """A pool of one connection, which stays inside whatever transaction its owner began."""

    def __init__(self, url: str, conn: c.Connection) -> None:
        super().__init__(url, 1)
        self._conn = conn

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[c.Connection]:
        yield self._conn

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[c.Connection]:
        async with self._conn.transaction():
            yield self._conn


class AskedStore(Store):
    """A store over one connection."""

    def __init__(self, url: str, conn: c.Connection) -> None:
        super().__init__(url)
        self._pool = OneConnection(url, conn)


class Asked:
    """A store and a batch over one connection, and what they send: ``statements`` grow with each read."""

    def __init__(self, url: str, conn: c.Connection) -> None:
        self.conn = conn
        self.statements: list[Statement] = []
        self.store = AskedStore(url, conn)
        self.batch = Batch(conn, 0)
        noted = self.statements

        class Noting(psycopg.AsyncCursor[Any]):
            async def execute(self, query: Any, params: Any = None, **given: Any) -> Any:
                noted.append((query.decode() if isinstance(query, bytes) else query, params))
                return await super().execute(query, params, **given)

        self._noting = Noting

    @asynccontextmanager
    async def noting(self) -> AsyncIterator[None]:
        """Within it statements are noted."""
        before = self.conn.cursor_factory
        self.conn.cursor_factory = self._noting
        try:
            yield
        finally:
            self.conn.cursor_factory = before


class Read(msgspec.Struct, frozen=True):
    """One read. ``by``: who makes it. ``undo``: it changes rows, so it is made in a transaction that is
    taken back."""

    name: str
    by: str
    make: Callable[[Asked, Ground, random.Random], Awaitable[Any]]
    undo: bool = False


def _device(g: Ground, r: random.Random) -> str:
    return f"d-{r.randint(1, g.devices)}"


def _some(g: Ground, r: random.Random, many: int) -> list[str]:
    return [f"d-{n}" for n in sorted(r.sample(range(1, g.devices + 1), min(many, g.devices)))]


def _minute_us(g: Ground, r: random.Random, within_days: int) -> int:
    minutes = min(within_days, g.days) * 1_440
    return g.newest_us - r.randrange(minutes) * MINUTE_US


def _spans(g: Ground, r: random.Random, many: int, back_us: int) -> list[tuple[str, int]]:
    return [(device, g.newest_us - back_us) for device in _some(g, r, many)]


def _keys(g: Ground, r: random.Random, many: int) -> list[tuple[str, int, int]]:
    """Of fixes that come again within the hour."""
    found = []
    for device in _some(g, r, many):
        back = r.randrange(60)
        found.append((device, g.newest_us - back * MINUTE_US, 1_439 - back))
    return found


def _conditions(g: Ground, r: random.Random, many: int, back_us: int) -> list[tuple[str, str, int]]:
    return [(f"o-{device[2:]}", "c-1", g.newest_us - back_us) for device in _some(g, r, many)]


_PAGE = "page and API"
_RECALL = "the engine's recall"
_REPORT = "report"
_OUTBOX = "outbox"

READS: tuple[Read, ...] = (
    Read("cursor of the live page", _PAGE, lambda a, g, r: a.store.cursor()),
    Read("all devices now", _PAGE, lambda a, g, r: a.store.devices_now()),
    Read("positions since a cursor", _PAGE, lambda a, g, r: a.store.positions_after(g.devices - 50, 100)),
    Read("newest version of each order", _PAGE, lambda a, g, r: a.store.newest_orders()),
    Read("open breaches", _PAGE, lambda a, g, r: a.store.open_breaches()),
    Read("alerts, all, first page", _PAGE, lambda a, g, r: a.store.alerts(limit=100)),
    Read(
        "alerts, all, a page far back",
        _PAGE,
        lambda a, g, r: a.store.alerts(limit=100, before=(_minute_us(g, r, g.days), "a-1")),
    ),
    Read("alerts, open", _PAGE, lambda a, g, r: a.store.alerts(status="open", limit=100)),
    Read("alerts, acknowledged", _PAGE, lambda a, g, r: a.store.alerts(status="acknowledged", limit=100)),
    Read("alerts, not closed", _PAGE, lambda a, g, r: a.store.alerts(status="unresolved", limit=500)),
    Read("alerts, the most urgent", _PAGE, lambda a, g, r: a.store.urgent_alerts(limit=400)),
    Read("alerts, closed", _PAGE, lambda a, g, r: a.store.alerts(status="resolved", limit=100)),
    Read("an alert by its id", _PAGE, lambda a, g, r: a.store.alerts_by_id([f"a-{r.randint(1, g.alerts)}"])),
    Read("life of an alert", _PAGE, lambda a, g, r: a.store.life(f"a-{r.randint(1, g.alerts)}")),
    Read("the feed since a cursor", _PAGE, lambda a, g, r: a.store.feed_after(g.alerts, 500)),
    Read("counts", _PAGE, lambda a, g, r: a.store.counts()),
    Read("commands of a device", _PAGE, lambda a, g, r: a.store.device_commands(_device(g, r), 20)),
    Read("what a device said of itself", _PAGE, lambda a, g, r: a.store.device_said(_device(g, r), 20)),
    Read("suspensions asked for", _PAGE, lambda a, g, r: a.store.suspension_requests(100)),
    Read("known fixes of a batch of 500", _RECALL, lambda a, g, r: a.batch.known_fixes(_keys(g, r, 500))),
    Read("track of one device", _RECALL, lambda a, g, r: a.batch.tracks([_device(g, r)], TRACK_FIXES_MAX)),
    Read("tracks of 100 devices", _RECALL, lambda a, g, r: a.batch.tracks(_some(g, r, 100), TRACK_FIXES_MAX)),
    Read(
        "fixes of an hour, 20 devices",
        _RECALL,
        lambda a, g, r: a.batch.fixes_since(_spans(g, r, 20, HOUR_US)),
    ),
    Read(
        "fixes of 36 hours, one device",
        _RECALL,
        lambda a, g, r: a.batch.fixes_since(_spans(g, r, 1, 36 * HOUR_US)),
    ),
    Read(
        "breaches of 100 conditions",
        _RECALL,
        lambda a, g, r: a.batch.breaches_since(_conditions(g, r, 100, DAY_US)),
    ),
    Read(
        "approaches of 100 conditions",
        _RECALL,
        lambda a, g, r: a.batch.approaches_since(_conditions(g, r, 100, DAY_US)),
    ),
    Read(
        "events of 100 devices",
        _RECALL,
        lambda a, g, r: a.batch.events_since([(d, "motion", g.newest_us - DAY_US) for d in _some(g, r, 100)]),
    ),
    Read("clocks ahead of 100 devices", _RECALL, lambda a, g, r: a.batch.clock_ahead(_some(g, r, 100))),
    Read("replies known", _RECALL, lambda a, g, r: a.batch.known_replies(["r-m-1-1", "r-none"])),
    Read(
        "rejected, taken again",
        _RECALL,
        lambda a, g, r: a.batch.take_again([f"x-{r.randrange(50)}"], g.newest_us - DAY_US),
        undo=True,
    ),
    Read("inbox, a portion", _RECALL, lambda a, g, r: a.batch.take_waiting(200), undo=True),
    Read("inbox, its state", _PAGE, lambda a, g, r: a.store.inbox_state()),
    Read("deliveries due", _OUTBOX, lambda a, g, r: a.store.claim_due(g.newest_us, 20)),
    Read("next delivery due", _OUTBOX, lambda a, g, r: a.store.next_due_us(g.newest_us - DAY_US)),
    Read("escalations due", _OUTBOX, lambda a, g, r: a.store.escalations_due(g.newest_us, 100)),
    Read("recipients that fail", _OUTBOX, lambda a, g, r: a.store.recipients_failing()),
    Read("waiting by recipient", _OUTBOX, lambda a, g, r: a.store.waiting_by_recipient()),
    Read("commands waiting", _OUTBOX, lambda a, g, r: a.store.waiting_commands(g.newest_us, 100), undo=True),
    Read("breaches of a day", _PAGE, lambda a, g, r: a.store.recent_breaches(g.newest_us - DAY_US)),
    Read(
        "ledger of an order, one day",
        _REPORT,
        lambda a, g, r: a.store.ledger_inputs(
            f"o-{r.randint(1, g.devices)}", g.newest_us - DAY_US, g.newest_us
        ),
    ),
    Read(
        "ledger of an order, a week",
        _REPORT,
        lambda a, g, r: a.store.ledger_inputs(
            f"o-{r.randint(1, g.devices)}", g.newest_us - 7 * DAY_US, g.newest_us
        ),
    ),
    Read(
        "feedback of a day",
        _REPORT,
        lambda a, g, r: a.store.feedback_rows(g.newest_us - DAY_US, g.newest_us),
    ),
)
