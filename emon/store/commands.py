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

_EXPIRE = """
UPDATE command SET state = 'expired' WHERE state = 'waiting' AND until_at < %s RETURNING id
"""
_SELECT_WAITING = """
SELECT id, device, asks, asked_at, until_at, reason, rate_s, for_s FROM (
    SELECT DISTINCT ON (device) * FROM command WHERE state = 'waiting' ORDER BY device, command_seq
) AS oldest
ORDER BY command_seq LIMIT %s
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


class CommandOutbox:
    """Part of ``Store``: an ``emon.command_sender.CommandStore``."""

    _pool: c.Pool

    async def expire_commands(self, now_us: int) -> int:
        """Mark those waiting whose ``until_us`` lies before ``now_us``; how many they were."""
        async with self._pool.connection() as conn:
            return len(await c.fetch(conn, _EXPIRE, (to_datetime(now_us),)))

    async def waiting_commands(self, limit: int) -> list[Command]:
        """The oldest waiting command of each device, at most ``limit``, oldest first."""
        async with self._pool.connection() as conn:
            return _commands(await c.fetch(conn, _SELECT_WAITING, (limit,)))

    async def command_sent(self, command_id: str, sent_at_us: int) -> None:
        """The broker has it. A second call changes nothing."""
        async with self._pool.connection() as conn:
            await c.execute(conn, _SENT, (to_datetime(sent_at_us), command_id))


def _commands(rows: Sequence[c.Row]) -> list[Command]:
    return [
        Command(row[0], row[1], Asks(row[2]), row[3], row[4], row[5], rate_s=row[6], for_s=row[7])
        for row in rows
    ]
