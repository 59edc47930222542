"""What is on file of one device beside its fixes: what it was asked, and what it answered."""

from __future__ import annotations

import msgspec

from emon.store import connect as c
from emon.store.commands import ANSWERED


class CommandNow(msgspec.Struct, frozen=True):
    """A command as it stands: ``waiting``, ``sent`` or ``expired``, and its first reply, if there is one.

    ``person``, ``party``, ``why``: of one that a person asked for. ``answered_us``: when the first fix taken
    after his fix-now came, or the reply that it was done; of what the engine asked it is not looked up, since
    each look opens a day of fixes. ``lapsed_us``: when a person's ran out of time."""

    id: str
    asks: str
    reason: str
    asked_at_us: int
    until_us: int
    state: str
    sent_at_us: int | None = None
    rate_s: int | None = None
    for_s: int | None = None
    result: str | None = None
    replied_at_us: int | None = None
    person: str | None = None
    party: str | None = None
    why: str | None = None
    answered_us: int | None = None
    lapsed_us: int | None = None


_SELECT_COMMANDS = f"""
SELECT m.id, m.asks, m.reason, m.asked_at, m.until_at, m.state, m.sent_at, m.rate_s, m.for_s,
       r.result, r.received_at, s.person, s.party, s.why,
       CASE WHEN s.command_id IS NOT NULL THEN {ANSWERED} END, l.lapsed_at
FROM command AS m LEFT JOIN staff_command AS s ON s.command_id = m.id
LEFT JOIN command_lapse AS l ON l.command_id = m.id LEFT JOIN LATERAL (
    SELECT result, received_at FROM command_reply
    WHERE command_id = m.id AND device = m.device ORDER BY received_at, id LIMIT 1
) AS r ON true
WHERE m.device = %s ORDER BY m.asked_at DESC, m.command_seq DESC LIMIT %s
"""


class SaidNow(msgspec.Struct, frozen=True):
    """A stretch in which a device said that something of it was not well: from its first such word to
    the one that all is well again, by the device's clock. ``state`` is the first word."""

    event: str
    state: str
    opened_at_us: int
    cleared_at_us: int | None = None


_SELECT_SAID = """
WITH words AS (
    SELECT event, state, fixed_at, seq, state IN ('closed', 'ok') AS well,
           lag(state IN ('closed', 'ok'), 1, true)
               OVER (PARTITION BY event ORDER BY fixed_at, seq, state COLLATE "C") AS was_well
    FROM device_event WHERE device = %s AND event IN ('strap', 'case', 'battery')
)
SELECT event, state, fixed_at, (
    SELECT min(later.fixed_at) FROM words AS later
    WHERE later.event = words.event AND later.well
      AND (later.fixed_at, later.seq) > (words.fixed_at, words.seq)
)
FROM words WHERE was_well AND NOT well ORDER BY fixed_at DESC, event LIMIT %s
"""


class DeviceReads:
    """Part of ``Store``."""

    _pool: c.Pool

    async def device_commands(self, device: str, limit: int) -> list[CommandNow]:
        """What a device was asked, newest first. Raises ``DatabaseUnavailable``."""
        async with self._pool.connection() as conn:
            return [CommandNow(*row) for row in await c.fetch(conn, _SELECT_COMMANDS, (device, limit))]

    async def device_said(self, device: str, limit: int) -> list[SaidNow]:
        """When its strap, case or battery was not well, newest first. Raises ``DatabaseUnavailable``."""
        async with self._pool.connection() as conn:
            return [SaidNow(*row) for row in await c.fetch(conn, _SELECT_SAID, (device, limit))]
