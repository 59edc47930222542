"""Notices in the database: written once, waiting for each recipient until it has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from emon.alerts.notices import Notice, NoticeKind, Told
from emon.model.instant import to_datetime
from emon.model.order import OrderVersion
from emon.orders.document import version_from_source
from emon.store import connect as c
from emon.store.rows import storable

# Of orders that were armed since, and of those named, the newest version if it was ever suspended, and what
# was told of it last.
_SELECT_SUSPENDABLE = """
SELECT v.source, v.armed_at, n.kind, n.at, n.until
FROM (SELECT id FROM order_version WHERE arm_seq > %s UNION SELECT unnest(%s::text[])) AS asked
CROSS JOIN LATERAL (
    SELECT id, source, armed_at FROM order_version WHERE id = asked.id ORDER BY version DESC LIMIT 1
) AS v
LEFT JOIN LATERAL (
    SELECT kind, at, until FROM notice WHERE order_id = v.id ORDER BY made_at DESC, at DESC, id LIMIT 1
) AS n ON true
WHERE position('"suspensions"'::bytea IN v.source) > 0 OR n.kind = 'suspended'
ORDER BY v.id
"""
_ARMED_TO = "SELECT coalesce(max(arm_seq), 0) FROM order_version"
_INSERT = """
INSERT INTO notice (id, kind, order_id, version, wearer, at, until, reason, decided_by, by_itself, made_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, clock_timestamp()) ON CONFLICT (id) DO NOTHING RETURNING id
"""
_INSERT_DELIVERY = """
INSERT INTO notice_delivery (notice_id, recipient, next_attempt_at) VALUES (%s, %s, %s)
"""
_NOTICE = """
       n.id, n.kind, n.order_id, n.wearer, n.version, n.at, n.until, n.reason, n.decided_by, n.by_itself,
       EXISTS (SELECT FROM order_version AS v WHERE v.id = n.order_id
               AND convert_from(v.source, 'UTF8')::jsonb @@ '$.conditions[*].secret == true')"""
# Of one order a recipient hears in order: that it is over never before that it began.
_SELECT_DUE = f"""
SELECT d.recipient, d.attempts, {_NOTICE} FROM notice_delivery AS d JOIN notice AS n ON n.id = d.notice_id
WHERE d.delivered_at IS NULL AND d.next_attempt_at <= %s AND NOT EXISTS (
    SELECT FROM notice_delivery AS e JOIN notice AS m ON m.id = e.notice_id
    WHERE e.recipient = d.recipient AND m.order_id = n.order_id AND e.delivered_at IS NULL
      AND (m.made_at, m.id) < (n.made_at, n.id))
ORDER BY d.next_attempt_at, n.made_at, d.recipient LIMIT %s
"""
_RECORD = """
UPDATE notice_delivery SET attempts = attempts + 1, first_attempt_at = coalesce(first_attempt_at, %s),
    delivered_at = %s, next_attempt_at = %s, last_error = %s
WHERE notice_id = %s AND recipient = %s AND delivered_at IS NULL
"""
_SELECT_NEWEST = f"""
SELECT {_NOTICE},
       ARRAY(SELECT d.recipient FROM notice_delivery AS d WHERE d.notice_id = n.id ORDER BY d.recipient),
       ARRAY(SELECT d.delivered_at FROM notice_delivery AS d WHERE d.notice_id = n.id ORDER BY d.recipient)
FROM notice AS n ORDER BY n.made_at DESC, n.id LIMIT %s
"""


class DueNotice(msgspec.Struct, frozen=True):
    """A notice for one recipient, and how often it was tried."""

    notice: Notice
    recipient: str
    attempts: int


class NoticeNow(msgspec.Struct, frozen=True):
    """A notice and who has it: microseconds by recipient, None where it still waits."""

    notice: Notice
    received: Mapping[str, int | None]


class NoticeFile:
    """Part of ``Store``. Every method may raise ``DatabaseUnavailable``."""

    _pool: c.Pool

    async def suspendable_orders(
        self, after: int, ids: Sequence[str]
    ) -> tuple[int, list[tuple[OrderVersion, Told | None]]]:
        """Orders that were ever suspended, and what was told of it last: those armed after that ``arm_seq``,
        and those of these ids. First the ``arm_seq`` to ask from the next time."""
        async with self._pool.connection() as conn:
            armed_to = await c.fetch_one(conn, _ARMED_TO)
            rows = await c.fetch(conn, _SELECT_SUSPENDABLE, (after, list(ids)))
        return 0 if armed_to is None else armed_to[0], [
            (
                version_from_source(row[0], armed_at_us=row[1]),
                None if row[2] is None else Told(NoticeKind(row[2]), row[3], row[4]),
            )
            for row in rows
        ]

    async def keep_notice(self, notice: Notice, recipients: Sequence[str], now_us: int) -> bool:
        """Write it with a delivery for each recipient; whether it was not there yet."""
        until = None if notice.until_us is None else to_datetime(notice.until_us)
        row = (
            *(notice.id, str(notice.kind), notice.order, notice.version, notice.wearer),
            *(to_datetime(notice.at_us), until, storable(notice.reason)),
            *([storable(one) for one in notice.by], notice.by_itself),
        )
        async with self._pool.transaction() as conn:
            if await c.fetch_one(conn, _INSERT, row) is None:
                return False
            for recipient in recipients:
                await c.execute(conn, _INSERT_DELIVERY, (notice.id, recipient, to_datetime(now_us)))
        return True

    async def notices_due(self, now_us: int, limit: int) -> list[DueNotice]:
        """Those whose next attempt is due, of each order the first that a recipient waits for."""
        async with self._pool.connection() as conn:
            rows = await c.fetch(conn, _SELECT_DUE, (to_datetime(now_us), limit))
        return [DueNotice(_notice(row[2:]), row[0], row[1]) for row in rows]

    async def notice_tried(
        self,
        due: DueNotice,
        started_us: int,
        delivered_us: int | None,
        next_us: int | None,
        error: str | None,
    ) -> None:
        """Keep what became of an attempt; ``next_us`` is None exactly where it was delivered."""
        row = (
            to_datetime(started_us),
            None if delivered_us is None else to_datetime(delivered_us),
            None if next_us is None else to_datetime(next_us),
            None if error is None else storable(error),
            due.notice.id,
            due.recipient,
        )
        async with self._pool.connection() as conn:
            await c.execute(conn, _RECORD, row)

    async def notices(self, limit: int) -> list[NoticeNow]:
        """The newest first."""
        async with self._pool.connection() as conn:
            rows = await c.fetch(conn, _SELECT_NEWEST, (limit,))
        return [NoticeNow(_notice(row), dict(zip(row[11], row[12], strict=True))) for row in rows]


def _notice(row: c.Row) -> Notice:
    return Notice(
        id=row[0],
        kind=NoticeKind(row[1]),
        order=row[2],
        wearer=row[3],
        version=row[4],
        at_us=row[5],
        until_us=row[6],
        reason=row[7],
        by=tuple(row[8]),
        by_itself=row[9],
        secret=row[10],
    )
