"""The outbox of commands to devices, over the table ``command``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from emon.model.care import Care
from emon.model.command import Asks, Command
from emon.model.instant import to_datetime
from emon.store import connect as c

_care = msgspec.json.Decoder(Care)

INSERT_COMMAND = """
INSERT INTO command (id, device, asks, reason, asked_at, until_at, rate_s, for_s, recorded_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
"""

UPSERT_CARE = """
INSERT INTO device_care (device, care) VALUES (%s, %s::jsonb)
ON CONFLICT (device) DO UPDATE SET care = excluded.care
"""

ANSWERED = """
least(
    (SELECT min(f.received_at) FROM fix AS f
     WHERE m.asks = 'fix' AND f.device = m.device AND f.fixed_at > m.asked_at
       AND f.fixed_at <= m.asked_at + interval '1 day' AND f.mark <> 'clock'),
    (SELECT min(r.received_at) FROM command_reply AS r
     WHERE r.command_id = m.id AND r.device = m.device AND r.result = 'done')
)
"""
"""When a command ``m`` was first answered: by a fix taken after it, where it asked for one, or by a reply."""

# Both parts of a statement see the same rows, so the second leaves out by itself what the first marks. There
# is a row without a command if none waits: it has the count of those marked.
_TAKE_WAITING = """
WITH expired AS (
    UPDATE command SET state = 'expired' WHERE state = 'waiting' AND until_at < %(now)s RETURNING id
)
SELECT e.expired, o.waiting, o.id, o.device, o.asks, o.asked_at, o.until_at, o.reason, o.rate_s, o.for_s
FROM (SELECT count(*) AS expired FROM expired) AS e LEFT JOIN (
    SELECT DISTINCT ON (device) *, count(*) OVER () AS waiting FROM command
    WHERE state = 'waiting' AND until_at >= %(now)s ORDER BY device, command_seq
) AS o ON true
ORDER BY o.command_seq LIMIT %(limit)s
"""
_SENT = "UPDATE command SET state = 'sent', sent_at = %s WHERE id = %s AND state = 'waiting'"


def command_params(command: Command, recorded_at: datetime) -> tuple[object, ...]:
    """Parameters of ``INSERT_COMMAND``."""
    return (
        command.id,
        command.device,
        str(command.asks),
        command.reason,
        to_datetime(command.at_us),
        to_datetime(command.until_us),
        command.rate_s,
        command.for_s,
        recorded_at,
    )


def care_params(kept: tuple[str, Care]) -> tuple[object, ...]:
    """Parameters of ``UPSERT_CARE``."""
    device, care = kept
    return (device, msgspec.json.encode(care).decode())


async def device_cares(conn: c.Connection) -> dict[str, Care]:
    """What the last committed batch left of every device that has any."""
    rows = await c.fetch(conn, "SELECT device, care::text FROM device_care ORDER BY device")
    return {row[0]: _care.decode(row[1]) for row in rows}


class Waiting(msgspec.Struct, frozen=True):
    """A look at what waits: the oldest command of each device, how many were marked expired, and whether
    more waited at the same instant than ``commands`` has."""

    commands: tuple[Command, ...]
    expired: int
    more: bool


class CommandOutbox:
    """Part of ``Store``: an ``emon.command_sender.CommandStore``."""

    _pool: c.Pool

    async def waiting_commands(self, now_us: int, limit: int) -> Waiting:
        """The oldest waiting command of each device, at most ``limit``, oldest first. Those whose
        ``until_us`` lies before ``now_us`` are marked expired."""
        async with self._pool.connection() as conn:
            params = {"now": to_datetime(now_us), "limit": limit}
            return _waiting(await c.fetch(conn, _TAKE_WAITING, params))

    async def command_sent(self, command_id: str, sent_at_us: int) -> None:
        """The broker has it. A second call changes nothing."""
        async with self._pool.connection() as conn:
            await c.execute(conn, _SENT, (to_datetime(sent_at_us), command_id))


def _waiting(rows: Sequence[c.Row]) -> Waiting:
    """Of ``_TAKE_WAITING``."""
    expired, many = rows[0][:2]
    if many is None:
        return Waiting((), expired, more=False)
    commands = tuple(
        Command(row[2], row[3], Asks(row[4]), row[5], row[6], row[7], rate_s=row[8], for_s=row[9])
        for row in rows
    )
    return Waiting(commands, expired, more=many > len(commands))
