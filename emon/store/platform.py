"""Alerts on the platform itself, which the service's watchdog writes beside the engine's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from emon.model.breach import Alert
from emon.model.effects import NewDelivery
from emon.model.instant import to_datetime
from emon.model.platform import PlatformCause
from emon.model.vocabulary import AlertEvent
from emon.store import connect as c
from emon.store import write_sql as sql
from emon.store.feed import announce

_SELECT_OPEN = """
SELECT p.cause, max(p.opened_at) FROM platform_alert AS p JOIN alert AS a ON a.id = p.alert_id
WHERE a.event = %s AND NOT EXISTS (
    SELECT FROM platform_alert AS later
    WHERE later.cause = p.cause AND later.opened_at >= p.opened_at AND later.over_at IS NOT NULL
)
GROUP BY p.cause
"""
_SELECT_KNOWN = "SELECT FROM alert WHERE id = %s"
_SELECT_NOW = "SELECT clock_timestamp()"
_INSERT = "INSERT INTO platform_alert (alert_id, cause, opened_at, over_at) VALUES (%s, %s, %s, %s)"


class Told(Protocol):
    """What the alert tells (``emon.watchdog``)."""

    @property
    def cause(self) -> str: ...

    @property
    def opened_us(self) -> int: ...

    @property
    def over_us(self) -> int | None: ...


class PlatformAlerts:
    """Part of ``Store``. Every method may raise ``DatabaseUnavailable``."""

    _pool: c.Pool

    async def open_platform_faults(self) -> dict[PlatformCause, int]:
        """The faults that were told and not yet told to be over: since when, by cause."""
        async with self._pool.connection() as conn:
            rows = await c.fetch(conn, _SELECT_OPEN, (str(AlertEvent.PLATFORM),))
        return {PlatformCause(row[0]): row[1] for row in rows}

    async def open_recipients_down(self) -> dict[str, int]:
        """The recipients that were told to be down and not yet to be back: since when, by name."""
        async with self._pool.connection() as conn:
            rows = await c.fetch(conn, _SELECT_OPEN, (str(AlertEvent.RECIPIENT_DOWN),))
        return {row[0]: row[1] for row in rows}

    async def tell_platform(self, alert: Alert, word: Told, deliveries: Sequence[NewDelivery]) -> None:
        """The alert and its deliveries, once: a call whose answer got lost may be repeated."""
        at, over_us = to_datetime(alert.at_us), word.over_us
        over_at = None if over_us is None else to_datetime(over_us)
        async with self._pool.transaction() as conn:
            if await c.fetch_one(conn, _SELECT_KNOWN, (alert.id,)) is not None:
                return
            row = await c.fetch_one(conn, _SELECT_NOW)
            assert row is not None
            await c.execute(conn, sql.INSERT_ALERT, sql.alert_params(alert, to_datetime(row[0])))
            await c.execute(conn, _INSERT, (alert.id, str(word.cause), to_datetime(word.opened_us), over_at))
            for one in deliveries:
                await c.execute(conn, sql.INSERT_DELIVERY, sql.delivery_params(one, at))
            await c.execute(conn, "NOTIFY emon_alert")
            await announce(conn, [("alert", alert.id, alert.id)])
