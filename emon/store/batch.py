"""One batch of the engine: what it reads and writes in one transaction.

Every query names the days it looks at (``fixed_at`` bounds) where it can, so that only those
partitions are planned and opened.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import psycopg

from emon import limits
from emon.model.breach import Breach
from emon.model.effects import Effects, NewDelivery
from emon.model.fix import Fix
from emon.model.instant import DAY_US, to_datetime
from emon.model.order import OrderVersion
from emon.orders.document import version_from_source
from emon.store import connect as c
from emon.store import write_sql as sql
from emon.store.errors import EngineFenced, FixAlreadyStored
from emon.store.feed import announce
from emon.store.rows import (
    BREACH_COLUMNS,
    COPY_FIX,
    FIX_COLUMNS,
    breach_from_row,
    breach_params,
    copy_of,
    fix_from_row,
    storable,
)

FixKey = tuple[str, int, int]
"""(device, fixed_at_us, seq), as ``RawFix.key``."""

_SELECT_KNOWN = f"""
SELECT {FIX_COLUMNS} FROM unnest(%s::text[], %s::timestamptz[], %s::bigint[]) AS k (d, t, s)
CROSS JOIN LATERAL (
    SELECT * FROM fix
    WHERE device = k.d AND fixed_at = k.t AND seq = k.s AND fixed_at BETWEEN %s AND %s
    LIMIT 1
) AS found
"""
_SELECT_TRACKS = f"""
SELECT {FIX_COLUMNS} FROM unnest(%s::text[]) AS k (d)
CROSS JOIN LATERAL (
    SELECT * FROM fix WHERE device = k.d AND fixed_at >= %s AND fixed_at < %s AND mark <> 'clock'
    ORDER BY fixed_at DESC, seq DESC LIMIT %s
) AS newest
ORDER BY device, fixed_at, seq
"""
_SELECT_BETWEEN = f"""
SELECT {FIX_COLUMNS} FROM fix
WHERE device = ANY(%s) AND fixed_at >= %s AND fixed_at < %s
ORDER BY fixed_at, device, seq
"""
_SELECT_BEFORE = f"""
SELECT {FIX_COLUMNS} FROM unnest(%s::text[]) AS k (d)
CROSS JOIN LATERAL (
    SELECT * FROM fix
    WHERE device = k.d AND fixed_at >= %s AND fixed_at < %s AND mark NOT IN ('implausible', 'clock')
    ORDER BY fixed_at DESC, seq DESC LIMIT 1
) AS newest
"""
_SELECT_BREACHES = f"""
SELECT {BREACH_COLUMNS} FROM breach
WHERE order_id = %s AND condition_id = %s AND NOT refuted AND (closed_at IS NULL OR closed_at >= %s)
ORDER BY opened_at, id
"""
_SELECT_ORDERS = "SELECT arm_seq, source, armed_at FROM order_version WHERE arm_seq > %s ORDER BY arm_seq"
_TAKE_AGAIN = """
WITH taken AS (
    UPDATE rejected SET retaken_at = clock_timestamp()
    WHERE id IN (
        SELECT id FROM rejected
        WHERE reason = 'unknown_device' AND retaken_at IS NULL AND device = ANY(%s) AND received_at >= %s
        ORDER BY id LIMIT %s
    )
    RETURNING id, topic, raw
)
SELECT topic, raw FROM taken ORDER BY id
"""
_FAR_PAST_US = 0  # 1970: older stamps are refused on the wire
_FAR_FUTURE_US = 253_402_300_799_999_999  # the end of year 9999


class Batch:
    """The engine's view of its open transaction. Made by ``Store.batch`` alone."""

    def __init__(self, conn: c.Connection, epoch: int) -> None:
        self._conn = conn
        self._epoch = epoch

    async def orders_after(self, arm_seq: int) -> list[tuple[int, OrderVersion]]:
        """Versions armed since, with their ``arm_seq``, in the order they were armed."""
        rows = await c.fetch(self._conn, _SELECT_ORDERS, (arm_seq,))
        return [(row[0], version_from_source(row[1], armed_at_us=row[2])) for row in rows]

    async def known_fixes(self, keys: Sequence[FixKey]) -> dict[FixKey, Fix]:
        """Those of the keys that are stored already."""
        if not keys:
            return {}
        times = [to_datetime(key[1]) for key in keys]
        rows = await c.fetch(
            self._conn,
            _SELECT_KNOWN,
            ([key[0] for key in keys], times, [key[2] for key in keys], min(times), max(times)),
        )
        return {fix.wire.key: fix for fix in map(fix_from_row, rows)}

    async def tracks(self, devices: Sequence[str], limit: int) -> dict[str, tuple[Fix, ...]]:
        """The newest ``limit`` fixes of each device by (fixed_at, seq), ascending.

        Fixes marked ``clock`` are left out: their stamp says nothing, and one from 2099 would hide
        all others. Devices without fixes are absent.
        """
        params = (list(devices), to_datetime(_FAR_PAST_US), to_datetime(_FAR_FUTURE_US), limit)
        found: dict[str, list[Fix]] = {}
        for row in await c.fetch(self._conn, _SELECT_TRACKS, params) if devices else ():
            found.setdefault(row[0], []).append(fix_from_row(row))
        return {device: tuple(fixes) for device, fixes in found.items()}

    async def fixes_between(
        self, devices: Sequence[str], from_us: int, to_us: int | None
    ) -> list[Fix]:
        """All fixes, also marked ones, with from <= fixed_at < to, by (fixed_at, device, seq)."""
        end_us = _FAR_FUTURE_US if to_us is None else to_us
        rows = await c.fetch(
            self._conn, _SELECT_BETWEEN, (list(devices), to_datetime(from_us), to_datetime(end_us))
        )
        return [fix_from_row(row) for row in rows]

    async def last_usable_fixes_before(
        self, devices: Sequence[str], before_us: int
    ) -> dict[str, Fix]:
        """The newest usable fix of each device with fixed_at < before; devices without are absent.

        The two days before are searched first: nearly every device has one there.
        """
        found: dict[str, Fix] = {}
        near_us = before_us - 2 * DAY_US
        for from_us, to_us in ((near_us, before_us), (_FAR_PAST_US, near_us)):
            missing = [device for device in devices if device not in found]
            if missing and from_us < to_us:
                params = (missing, to_datetime(max(from_us, _FAR_PAST_US)), to_datetime(to_us))
                for row in await c.fetch(self._conn, _SELECT_BEFORE, params):
                    found[row[0]] = fix_from_row(row)
        return found

    async def breaches(self, order: str, condition: str, from_us: int) -> list[Breach]:
        """Unrefuted, still open or closed at ``from_us`` or later, by (opened_at, id)."""
        rows = await c.fetch(self._conn, _SELECT_BREACHES, (order, condition, to_datetime(from_us)))
        return [breach_from_row(row) for row in rows]

    async def take_again(self, devices: Sequence[str], since_us: int) -> list[tuple[str, bytes]]:
        """(topic, raw) of what was rejected as ``unknown_device`` since and not yet taken again.

        They are marked as taken in this transaction. At most ``limits.RETAKE_ROWS_MAX`` at once,
        the oldest first: an empty answer means there are no more.
        """
        if not devices:
            return []
        rows = await c.fetch(
            self._conn, _TAKE_AGAIN, (list(devices), to_datetime(since_us), limits.RETAKE_ROWS_MAX)
        )
        return [(row[0], row[1]) for row in rows]

    async def write(self, effects: Effects, deliveries: Sequence[NewDelivery]) -> None:
        """All rows of one step. ``recorded_at`` and ``detected_at`` are the database's clock now.

        Raises ``EngineFenced`` when another engine has claimed the database since, and
        ``FixAlreadyStored`` when a fix's key is stored: the engine should have asked.
        """
        row = await c.fetch_one(
            self._conn, sql.ADVANCE_CLOCK, (to_datetime(effects.at_us), self._epoch)
        )
        if row is None:
            raise EngineFenced("another engine has claimed this database: this one must stop")
        recorded_at_us: int = row[0]
        if effects.fixes:
            await self._copy_fixes(effects.fixes, recorded_at_us)
        async with self._conn.pipeline():
            await self._write_devices(effects, recorded_at_us)
            await self._write_breaches(effects, deliveries, recorded_at_us)

    async def _copy_fixes(self, fixes: Sequence[Fix], recorded_at_us: int) -> None:
        try:
            async with self._conn.cursor() as cursor, cursor.copy(COPY_FIX.encode()) as copy:
                await copy.write(copy_of(fixes, recorded_at_us))
        except psycopg.errors.UniqueViolation as fault:
            raise FixAlreadyStored(str(fault.diag.message_detail or fault)) from fault

    async def _many(self, query: str, rows: Iterable[Sequence[object]]) -> None:
        rows = list(rows)
        if rows:
            async with self._conn.cursor() as cursor:
                await cursor.executemany(query.encode(), rows)

    async def _write_devices(self, effects: Effects, recorded_at_us: int) -> None:
        received_at, recorded_at = to_datetime(effects.at_us), to_datetime(recorded_at_us)
        newest = newest_usable(effects.fixes)
        if newest:
            await c.execute(self._conn, sql.UPSERT_DEVICE_NOW, sql.device_now_params(newest, recorded_at))
        marks = Counter(str(fix.mark) for fix in effects.fixes)
        await self._many(sql.COUNT_MARK, sorted(marks.items()))
        await self._many(
            sql.INSERT_EVENT,
            (
                (e.device, to_datetime(e.fixed_at_us), e.seq, e.event, e.state, e.raw, received_at, recorded_at)
                for e in effects.events
            ),
        )
        await self._many(
            sql.UPSERT_STATUS,
            ((s.device, s.online, received_at, recorded_at) for s in effects.statuses),
        )
        await self._many(
            sql.INSERT_REJECTED,
            (
                (
                    None if r.device is None else storable(r.device),
                    storable(r.topic), str(r.reason), storable(r.detail), storable(r.place), r.raw,
                    received_at, recorded_at,
                )
                for r in effects.rejections
            ),
        )  # fmt: skip
        reasons = Counter(str(rejection.reason) for rejection in effects.rejections)
        await self._many(sql.COUNT_REJECTION, sorted(reasons.items()))
        await self._many(sql.COUNT_REPEATS, effects.repeats)

    async def _write_breaches(
        self, effects: Effects, deliveries: Sequence[NewDelivery], recorded_at_us: int
    ) -> None:
        recorded_at = to_datetime(recorded_at_us)
        await self._many(
            sql.UPSERT_BREACH, ((*breach_params(b), recorded_at, recorded_at) for b in effects.breaches)
        )
        await self._many(sql.INSERT_ALERT, (sql.alert_params(a, recorded_at) for a in effects.alerts))
        await self._many(
            sql.INSERT_DELIVERY,
            ((d.id, d.alert_id, d.recipient, d.channel, to_datetime(effects.at_us)) for d in deliveries),
        )
        if effects.alerts:
            await announce(self._conn, [("alert", alert.id, alert.id) for alert in effects.alerts])
            await c.execute(self._conn, "NOTIFY emon_alert")


def newest_usable(fixes: Iterable[Fix]) -> dict[str, Fix]:
    """Of each device the newest usable fix by (fixed_at, seq), by device name."""
    newest: dict[str, Fix] = {}
    for fix in fixes:
        held = newest.get(fix.wire.device)
        if fix.usable and (held is None or _age_key(fix) > _age_key(held)):
            newest[fix.wire.device] = fix
    return dict(sorted(newest.items()))


def _age_key(fix: Fix) -> tuple[int, int]:
    return (fix.wire.fixed_at_us, fix.wire.seq)
