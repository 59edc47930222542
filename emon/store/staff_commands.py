"""Commands that people ask for: kept with who and why, sent by the outbox of all commands, and watched until
something answers (ADR 0043).

Nothing of it enters the judgement: what a device answers comes back as fixes and replies like any other.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from emon.devices.duty import bases, duties_of, weightiest
from emon.limits import (
    COMMAND_ANSWER_S,
    FIX_NOW_HOUR_MAX,
    PLAN_S,
    PURSUIT_FOR_S,
    PURSUIT_PLAN_S,
    STAFF_COMMANDS_BACK_S,
)
from emon.model.breach import Alert
from emon.model.command import Asks, Command
from emon.model.effects import NewDelivery
from emon.model.ids import derive_id
from emon.model.instant import HOUR_US, SECOND_US, to_datetime
from emon.model.order import OrderVersion
from emon.model.staff_command import StaffAsks, StaffCommand
from emon.model.watch import Duty, ServiceStop
from emon.orders.document import version_from_source
from emon.plan import ServiceClock
from emon.store import connect as c
from emon.store import write_sql as sql
from emon.store.commands import ANSWERED, INSERT_COMMAND, command_params
from emon.store.feed import announce

ANSWER_US = COMMAND_ANSWER_S * SECOND_US
REASONS = {StaffAsks.FIX: "staff", StaffAsks.PURSUIT: "staff pursuit", StaffAsks.PLAN: "plan"}
"""As every command's reason they are for the file; of a person's, his own words stand beside it."""

_LOCK = "SELECT pg_advisory_xact_lock(%s::integer, %s::integer)"
_SELECT_WORN = """
SELECT v.source, v.armed_at FROM order_version AS v
WHERE v.id IN (SELECT order_id FROM order_device WHERE device = %s) ORDER BY v.id, v.version
"""
# json, not jsonb: the source is kept byte for byte, and jsonb would refuse some of its signs.
_SELECT_CARRIED = """
SELECT v.source, v.armed_at FROM order_version AS v WHERE v.id IN (
    SELECT o.id FROM order_version AS o,
           json_array_elements(convert_from(o.source, 'UTF8')::json -> 'conditions') AS condition
    WHERE condition ->> 'victim_device' = %s
) ORDER BY v.id, v.version
"""
_SELECT_RECENT = f"""
SELECT s.command_id, m.asks, m.asked_at, {ANSWERED}
FROM staff_command AS s JOIN command AS m ON m.id = s.command_id
WHERE s.device = %s AND s.asked_at > %s ORDER BY s.asked_at
"""
_INSERT_STAFF = """
INSERT INTO staff_command (command_id, device, person, party, why, asked_at) VALUES (%s, %s, %s, %s, %s, %s)
"""
# That a device says it keeps its own plan again is waited for by nobody: it does so by itself.
_SELECT_OWED = f"""
SELECT m.id, m.device, m.asked_at FROM staff_command AS s JOIN command AS m ON m.id = s.command_id
WHERE s.asked_at > %(since)s AND s.asked_at <= %(asked_by)s AND (m.asks = 'fix' OR m.for_s IS NOT NULL)
  AND NOT EXISTS (SELECT FROM command_lapse AS l WHERE l.command_id = s.command_id)
  AND {ANSWERED} IS NULL
ORDER BY m.command_seq
"""
_TOLD_BEFORE = """
SELECT EXISTS (
    SELECT FROM command_lapse AS l WHERE l.device = %(device)s AND l.alert_id IS NOT NULL
       AND NOT EXISTS (SELECT FROM fix AS f WHERE f.device = l.device AND f.fixed_at > l.lapsed_at
                       AND f.mark <> 'clock')
       AND NOT EXISTS (SELECT FROM command_reply AS r
                       WHERE r.device = l.device AND r.received_at > l.lapsed_at)
) OR EXISTS (
    SELECT FROM trouble AS t
    WHERE t.device = %(device)s AND t.event = 'command_unanswered' AND t.cleared_at IS NULL
)
"""
_INSERT_LAPSE = """
INSERT INTO command_lapse (command_id, device, lapsed_at, alert_id) VALUES (%s, %s, %s, %s)
ON CONFLICT (command_id) DO NOTHING RETURNING command_id
"""
_SELECT_STOPS = (
    "SELECT down_at, up_at FROM service_stop WHERE coalesce(up_at, 'infinity') > %s ORDER BY down_at"
)
_SELECT_NOW = "SELECT clock_timestamp()"
# The device keeps its own plan again by itself; that it says so is what the engine needs to know it.
_SELECT_RUN_OUT = """
SELECT m.device, s.person, s.party FROM staff_command AS s JOIN command AS m ON m.id = s.command_id
WHERE m.asks = 'rate' AND m.for_s IS NOT NULL AND m.asked_at > %(since)s
  AND m.asked_at + m.for_s * interval '1 second' <= %(now)s
  AND EXISTS (SELECT FROM command_reply AS r
              WHERE r.command_id = m.id AND r.device = m.device AND r.result = 'done')
  AND NOT EXISTS (SELECT FROM command AS later
                  WHERE later.device = m.device AND later.asks = 'rate' AND later.command_seq > m.command_seq)
ORDER BY m.command_seq
"""


class NotWatched(LookupError):
    """No order in force now has the device worn or carried."""


class AskedAlready(Exception):
    """The same was asked of it a moment ago, and its time to answer is not over."""


class AskedTooOften(Exception):
    """As often within the hour as a receiver's battery allows."""


class Lapsed(msgspec.Struct, frozen=True):
    """A command of a person that nothing answered in time, and what the order asks of its device then.
    ``told``: whether an alert is owed of it, or the device's silence was told before."""

    command: str
    device: str
    asked_at_us: int
    at_us: int
    duty: Duty | None
    told: bool


class StaffCommands:
    """Part of ``Store``. Every method may raise ``DatabaseUnavailable``."""

    _pool: c.Pool

    async def ask_device(self, asked: StaffCommand) -> Command:
        """Keep it and put it in the outbox. Raises ``NotWatched``, ``AskedAlready``, ``AskedTooOften``."""
        at_us = asked.asked_at_us
        async with self._pool.transaction() as conn:
            await c.execute(conn, _LOCK, (c.LOCK_CLASS, c.LOCK_STAFF))
            duties = await _duties(conn, asked.device)
            if weightiest(duties, at_us) is None:
                raise NotWatched
            recent = await c.fetch(conn, _SELECT_RECENT, (asked.device, to_datetime(at_us - HOUR_US)))
            command = _command(asked, duties)
            if asked.asks is not StaffAsks.PLAN:
                _check_pace([row for row in recent if row[1] == command.asks], at_us)
            await _keep(conn, asked, command)
        return command

    async def lapsed_commands(self, now_us: int) -> list[Lapsed]:
        """Those of people whose time to answer ran out, one of each device: whether the next is told depends
        on it. The clock stands still with the service."""
        params = {
            "since": to_datetime(now_us - STAFF_COMMANDS_BACK_S * SECOND_US),
            "asked_by": to_datetime(now_us - ANSWER_US),
        }
        async with self._pool.transaction() as conn:
            rows = await c.fetch(conn, _SELECT_OWED, params)
            if not rows:
                return []
            since = to_datetime(min(row[2] for row in rows))
            stops = [ServiceStop(*row) for row in await c.fetch(conn, _SELECT_STOPS, (since,))]
            if any(stop.up_us is None for stop in stops):
                return []
            clock = ServiceClock(stops)
            due: dict[str, c.Row] = {}
            for row in rows:
                if clock.shift(row[2], ANSWER_US) <= now_us:
                    due.setdefault(row[1], row)
            return [await _lapsed(conn, row, clock.shift(row[2], ANSWER_US)) for row in due.values()]

    async def keep_lapse(
        self, lapsed: Lapsed, alert: Alert | None, deliveries: Sequence[NewDelivery]
    ) -> bool:
        """The lapse, and its alert with its deliveries, once; whether it was the first time."""
        async with self._pool.transaction() as conn:
            at = to_datetime(lapsed.at_us)
            if alert is not None:
                row = await c.fetch_one(conn, _SELECT_NOW)
                assert row is not None
                known = await c.fetch_one(conn, "SELECT FROM alert WHERE id = %s", (alert.id,))
                if known is not None:
                    return False
                await c.execute(conn, sql.INSERT_ALERT, sql.alert_params(alert, to_datetime(row[0])))
            params = (lapsed.command, lapsed.device, at, None if alert is None else alert.id)
            if await c.fetch_one(conn, _INSERT_LAPSE, params) is None:
                return False
            for one in deliveries:
                await c.execute(conn, sql.INSERT_DELIVERY, sql.delivery_params(one, at))
            if alert is not None:
                await c.execute(conn, "NOTIFY emon_alert")
                await announce(conn, [("alert", alert.id, alert.id)])
        return True

    async def end_run_out_pursuits(self, now_us: int) -> int:
        """Ask devices for their plan again whose time at a person's faster rate is over; how many."""
        params = {
            "since": to_datetime(now_us - 2 * STAFF_COMMANDS_BACK_S * SECOND_US),
            "now": to_datetime(now_us),
        }
        async with self._pool.transaction() as conn:
            await c.execute(conn, _LOCK, (c.LOCK_CLASS, c.LOCK_STAFF))
            rows = await c.fetch(conn, _SELECT_RUN_OUT, params)
            for device, person, party in rows:
                asked = StaffCommand(
                    derive_id("staff command", device, StaffAsks.PLAN, now_us),
                    device,
                    StaffAsks.PLAN,
                    person,
                    party,
                    "the time of the faster rate is over",
                    now_us,
                )
                await _keep(conn, asked, _command(asked, await _duties(conn, device)))
        return len(rows)


async def _keep(conn: c.Connection, asked: StaffCommand, command: Command) -> None:
    at = to_datetime(asked.asked_at_us)
    row = await c.fetch_one(conn, _SELECT_NOW)
    assert row is not None
    await c.execute(conn, INSERT_COMMAND, command_params(command, to_datetime(row[0])))
    params = (asked.id, asked.device, asked.person, asked.party, asked.why, at)
    await c.execute(conn, _INSERT_STAFF, params)
    await c.execute(conn, "NOTIFY emon_command")


async def _duties(conn: c.Connection, device: str) -> list[Duty]:
    """What orders ask of a device, rising: of its wearer, else of whoever carries it for her protection."""
    rows = await c.fetch(conn, _SELECT_WORN, (device,)) or await c.fetch(conn, _SELECT_CARRIED, (device,))
    by_order: dict[str, list[OrderVersion]] = {}
    for source, armed_us in rows:
        version = version_from_source(bytes(source), armed_at_us=armed_us)
        by_order.setdefault(version.id, []).append(version)
    found = [duty for versions in by_order.values() for duty in duties_of(versions).get(device, ())]
    return sorted(found, key=lambda duty: (duty.from_us, duty.order))


def _check_pace(recent: Sequence[c.Row], at_us: int) -> None:
    if any(row[3] is None and at_us - row[2] < ANSWER_US for row in recent):
        raise AskedAlready
    if len(recent) >= FIX_NOW_HOUR_MAX:
        raise AskedTooOften


def _command(asked: StaffCommand, duties: Sequence[Duty]) -> Command:
    at_us, reason = asked.asked_at_us, REASONS[asked.asks]
    if asked.asks is StaffAsks.FIX:
        return Command(asked.id, asked.device, Asks.FIX, at_us, at_us + ANSWER_US, reason)
    if asked.asks is StaffAsks.PURSUIT:
        rate = (PURSUIT_PLAN_S, PURSUIT_FOR_S)
        return Command(asked.id, asked.device, Asks.RATE, at_us, at_us + ANSWER_US, reason, *rate)
    plan = bases(duties, at_us)
    plan_s = plan[0].every_s if plan and plan[0].from_us <= at_us else PLAN_S
    until_us = at_us + PURSUIT_FOR_S * SECOND_US
    return Command(asked.id, asked.device, Asks.RATE, at_us, until_us, reason, plan_s)


async def _lapsed(conn: c.Connection, row: c.Row, at_us: int) -> Lapsed:
    command, device, asked_us = row
    told = await c.fetch_one(conn, _TOLD_BEFORE, {"device": device})
    duty = weightiest(await _duties(conn, device), at_us)
    # Of a device that no order watches any more nothing is owed to anybody.
    owed = duty is not None and not (told is not None and told[0])
    return Lapsed(command, device, asked_us, at_us, duty, owed)
