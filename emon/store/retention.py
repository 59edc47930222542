"""Old days of fixes leave the database, sealed first, but for what somebody may still ask about.

A day goes by dropping its partition, in one transaction with the entry of the audit trail that says which
rows went. Fixes of that day which a breach or an open alert rests on are put back before the commit; they
then lie in ``fix_default``, where every read finds them as before.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import msgspec
import psycopg

from emon import limits
from emon.audit.chain import LEAF_BYTES, Entry
from emon.model.instant import DAY_US, parse_instant, to_datetime, to_us
from emon.model.vocabulary import Kind
from emon.orders.document import version_from_source
from emon.store import connect as c
from emon.store.errors import StoreFault
from emon.store.migrate import Storage, current_storage
from emon.store.removals import Removed, as_ranges, places_by_seal, read_removed, without
from emon.store.sealing import append_entries, bulk_order, row_text
from emon.store.tables import BY_NAME

_LOCK = "SELECT pg_advisory_xact_lock(%s::integer, %s::integer)"
_PARTS = """
SELECT c.relname::text FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
WHERE i.inhparent = to_regclass('fix') AND c.relname ~ '^fix_[0-9]{8}$' AND c.relname < %s ORDER BY c.relname
"""
# Open or lately closed; a refuted one is on file too and may be asked about. And whatever an alert tells that
# nobody has closed.
_HELD_BREACHES = """
SELECT b.id, b.order_id, b.kind, b.device, b.opened_at, coalesce(b.closed_at, 'infinity'::timestamptz)
         = 'infinity', coalesce(b.closed_at, b.opened_at)
FROM breach AS b
WHERE b.closed_at IS NULL OR %(closed_since)s::timestamptz IS NULL OR b.closed_at >= %(closed_since)s
   OR EXISTS (SELECT FROM alert AS a JOIN escalation AS e ON e.alert_id = a.id
              WHERE a.breach_id = b.id AND NOT e.closed)
ORDER BY b.opened_at, b.id
"""
_HELD_ALERTS = """
SELECT a.id, a.order_id, a.device, a.happened_at FROM escalation AS e JOIN alert AS a ON a.id = e.alert_id
WHERE NOT e.closed AND a.breach_id IS NULL AND (a.device IS NOT NULL OR a.order_id IS NOT NULL)
ORDER BY a.happened_at, a.id
"""
_DEVICES_OF_ORDERS = (
    "SELECT DISTINCT order_id, device FROM order_device WHERE order_id = ANY(%s) ORDER BY 1, 2"
)
_SOURCES = "SELECT source, armed_at FROM order_version WHERE id = ANY(%s) ORDER BY id, version"
# Of all seals those that may name a fix received in the span: their leaves are eight bytes a fix.
_SEALS = """
SELECT seq, row_key, content, leaves FROM audit
WHERE relation = 'fix' AND deed = 'seal' AND (row_key::json ->> 1)::timestamptz >= %s
  AND (row_key::json ->> 0)::timestamptz < %s
ORDER BY seq
"""
_REMOVALS = "SELECT content FROM audit WHERE relation = 'fix' AND deed = 'remove' ORDER BY seq"
_WRITER = (
    "SELECT json_build_array(session_user, current_setting('application_name'))::text, clock_timestamp()"
)
_KEEP = """
CREATE TEMP TABLE kept_fix ON COMMIT DROP AS
SELECT f.* FROM {part} AS f WHERE EXISTS (
    SELECT FROM unnest(%s::text[], %s::timestamptz[], %s::timestamptz[]) AS h (device, from_at, to_at)
    WHERE h.device = f.device AND f.fixed_at >= h.from_at AND f.fixed_at < h.to_at)
"""


class RetentionRefused(StoreFault):
    """Nothing was removed; the text says what stands against it."""


class Hold(msgspec.Struct, frozen=True):
    """Fixes of ``device`` in ``[from_us, to_us)`` stay; ``why``: the breach or alert."""

    device: str
    from_us: int
    to_us: int
    why: str


class OldDay(msgspec.Struct, frozen=True):
    """A day older than asked: its fixes, how many of them stay, and for what."""

    day: str
    fixes: int
    kept: int
    held_by: tuple[str, ...]


class Asked(msgspec.Struct, frozen=True):
    """``days``: fixes older stay only where held. ``breach_days``: how long after its end a breach holds its
    fixes; None for ever. ``by`` and ``why`` go into the trail."""

    days: int
    breach_days: int | None
    by: str
    why: str


async def old_days(conn: c.Connection, asked: Asked, now_us: int) -> list[OldDay]:
    """What would go and what would stay, oldest first. Raises ``RetentionRefused``."""
    days = await due_days(conn, asked, now_us)
    holds = await _holds(conn, asked, now_us)
    found = []
    for day in map(date.fromisoformat, days):
        part = f"fix_{day:%Y%m%d}"
        within = _within(holds, day)
        count = await c.fetch_one(conn, f"SELECT count(*) FROM {part}")
        kept = 0
        async with conn.transaction(force_rollback=True):
            if within:
                kept = await _keep_aside(conn, part, within)
        assert count is not None
        found.append(OldDay(f"{day}", count[0], kept, tuple(sorted({hold.why for hold in within}))))
    return found


async def due_days(conn: c.Connection, asked: Asked, now_us: int) -> list[str]:
    """Days that are old enough to go, oldest first. Raises ``RetentionRefused``."""
    if await current_storage(conn) is Storage.HYPERTABLE:
        raise RetentionRefused("fixes are in a hypertable: removing old days of one is not supported yet")
    return [f"{_day_of(part)}" for part in await _old_parts(conn, asked, now_us)]


async def remove_day(conn: c.Connection, asked: Asked, day: str, now_us: int) -> OldDay:
    """Remove one day that ``old_days`` named, in one transaction with its entry in the trail.

    Raises ``RetentionRefused`` when a fix of it is not sealed, when the seals and the rows disagree, or when
    something came meanwhile that changes what may go.
    """
    try:
        return await _remove_day(conn, asked, day, now_us)
    except psycopg.errors.LockNotAvailable as fault:
        raise RetentionRefused(f"{day} is being read: remove it later") from fault


async def _remove_day(conn: c.Connection, asked: Asked, day: str, now_us: int) -> OldDay:
    part = f"fix_{date.fromisoformat(day):%Y%m%d}"
    async with conn.transaction():
        await c.execute(conn, "SET LOCAL statement_timeout = 0")
        await c.execute(conn, _LOCK, (c.LOCK_CLASS, c.LOCK_AUDIT))  # nothing is sealed or removed beside it
        if part not in await _old_parts(conn, asked, now_us):
            raise RetentionRefused(f"there is no day {day} that is old enough")
        holds = _within(await _holds(conn, asked, now_us), _day_of(part))
        row = await c.fetch_one(conn, f"SELECT count(*), max(received_at) FROM {part}")
        assert row is not None
        count, newest_us = row
        kept = await _keep_aside(conn, part, holds)
        removed = await _removed(conn, asked, part, day, count, kept)
        # The engine goes on while the day is held against its seals, and waits from here on alone: not for
        # whoever reads all days for minutes, as an export does.
        await c.execute(conn, f"SET LOCAL lock_timeout = {limits.RETENTION_LOCK_WAIT_MS}")
        await c.execute(conn, f"LOCK TABLE {part} IN ACCESS EXCLUSIVE MODE")
        await c.execute(conn, _LOCK, (c.LOCK_CLASS, c.LOCK_ARM))
        await _refuse_what_came(conn, part, day, newest_us)
        if _within(await _holds(conn, asked, now_us), _day_of(part)) != holds:
            raise RetentionRefused(f"what holds fixes of {day} changed meanwhile: remove it again")
        writer = await c.fetch_one(conn, _WRITER)
        assert writer is not None
        key = json.dumps([day])
        await append_entries(
            conn, [(None, Entry(writer[1], writer[0], "fix", "remove", key, removed.content), None)]
        )
        await c.execute(conn, f"ALTER TABLE fix DETACH PARTITION {part}")
        await c.execute(conn, f"DROP TABLE {part}")
        await c.execute(conn, "INSERT INTO fix SELECT * FROM kept_fix")
    return OldDay(day, count, kept, tuple(sorted({hold.why for hold in holds})))


async def _refuse_what_came(conn: c.Connection, part: str, day: str, newest_us: int | None) -> None:
    """A wrong clock stamps with any day; each batch's receipt is later than all before."""
    since = to_datetime(0 if newest_us is None else newest_us)
    came = await c.fetch_one(conn, f"SELECT FROM {part} WHERE received_at > %s LIMIT 1", (since,))
    if came is not None:
        raise RetentionRefused(f"a fix of {day} came meanwhile: remove it again")


async def _old_parts(conn: c.Connection, asked: Asked, now_us: int) -> list[str]:
    if asked.days < limits.RETENTION_DAYS_MIN:
        raise RetentionRefused(
            f"{asked.days} days are fewer than {limits.RETENTION_DAYS_MIN}: "
            "devices may still send fixes of those days"
        )
    try:
        first_kept = datetime.fromtimestamp(now_us / 1e6, UTC).date() - timedelta(days=asked.days)
    except OverflowError:  # before the year 1: no day is so old
        return []
    return [row[0] for row in await c.fetch(conn, _PARTS, (f"fix_{first_kept:%Y%m%d}",))]


def _day_of(part: str) -> date:
    return datetime.strptime(part, "fix_%Y%m%d").replace(tzinfo=UTC).date()


def _within(holds: Sequence[Hold], day: date) -> list[Hold]:
    from_us = to_us(datetime(day.year, day.month, day.day, tzinfo=UTC))
    until_us = from_us + DAY_US
    return [hold for hold in holds if hold.from_us < until_us and hold.to_us > from_us]


async def _holds(conn: c.Connection, asked: Asked, now_us: int) -> list[Hold]:
    """An explanation begins where nothing was open: the days before are kept with it, and the day after."""
    before_us = limits.RETENTION_BEFORE_DAYS * DAY_US
    after_us = limits.RETENTION_AFTER_DAYS * DAY_US
    since_us = None if asked.breach_days is None else now_us - asked.breach_days * DAY_US
    params = {"closed_since": None if since_us is None else to_datetime(max(0, since_us))}
    breaches = await c.fetch(conn, _HELD_BREACHES, params)
    alerts = await c.fetch(conn, _HELD_ALERTS)
    orders = sorted({row[1] for row in (*breaches, *alerts) if row[1] is not None})
    worn = await _worn(conn, orders)
    victims = await _victims(conn, sorted({row[1] for row in breaches if row[2] == Kind.CONTACT}))
    found = []
    for breach, order, kind, device, opened_us, is_open, closed_us in breaches:
        devices = {device, *worn.get(order, ()), *(victims.get(order, ()) if kind == Kind.CONTACT else ())}
        end_us = now_us if is_open else closed_us
        found += [
            Hold(one, opened_us - before_us, end_us + after_us, f"breach {breach}") for one in sorted(devices)
        ]
    for alert, order, device, happened_us in alerts:
        devices = {device} if device is not None else set(worn.get(order, ()))
        found += [
            Hold(one, happened_us - before_us, happened_us + after_us, f"alert {alert}")
            for one in sorted(devices)
        ]
    return found


async def _worn(conn: c.Connection, orders: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for order, device in await c.fetch(conn, _DEVICES_OF_ORDERS, (list(orders),)):
        found.setdefault(order, []).append(device)
    return found


async def _victims(conn: c.Connection, orders: Sequence[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for source, armed_us in await c.fetch(conn, _SOURCES, (list(orders),)):
        version = version_from_source(source, armed_at_us=armed_us)
        told = {one.victim_device for one in version.conditions if one.victim_device is not None}
        found.setdefault(version.id, set()).update(told)
    return found


async def _keep_aside(conn: c.Connection, part: str, holds: Sequence[Hold]) -> int:
    params = (
        [hold.device for hold in holds],
        [to_datetime(max(0, hold.from_us)) for hold in holds],
        [to_datetime(hold.to_us) for hold in holds],
    )
    await c.execute(conn, _KEEP.format(part=part), params)
    row = await c.fetch_one(conn, "SELECT count(*) FROM kept_fix")
    return 0 if row is None else int(row[0])


async def _removed(conn: c.Connection, asked: Asked, part: str, day: str, fixes: int, kept: int) -> Removed:
    """Under which seals the day's rows lie, and at what places, each held against its seal's hash."""
    span = await c.fetch_one(conn, f"SELECT min(received_at), max(received_at) FROM {part}")
    assert span is not None
    before = places_by_seal([read_removed(row[0]) for row in await c.fetch(conn, _REMOVALS)])
    seals: dict[str, list[tuple[int, int]]] = {}
    found = 0
    between = [None if at_us is None else to_datetime(at_us) for at_us in span]
    for seq, key, content, leaves in await c.fetch(conn, _SEALS, between):
        from_us, until_us = map(parse_instant, json.loads(key))
        going = await _going(conn, part, (from_us, until_us), json.loads(content)["columns"])
        standing = without(leaves, before.get(seq, set()), LEAF_BYTES)
        if b"".join(leaf for leaf, _ in going) != standing:
            raise RetentionRefused(
                f"fixes received in {key} are not as they were sealed (entry {seq}): run `emon verify` first"
            )
        gone = before.get(seq, set())
        places = [at for at in range(len(leaves) // LEAF_BYTES) if at not in gone]
        taken = [at for at, (_, goes) in zip(places, going, strict=True) if goes]
        found += len(taken)
        if taken:
            seals[str(seq)] = as_ranges(taken)
    if found != fixes - kept:
        unsealed = fixes - kept - found
        raise RetentionRefused(
            f"{unsealed} fixes of {day} are not sealed yet: let the service run until they are"
        )
    return Removed("fix", day, asked.by, asked.why, found, kept, seals)


async def _going(
    conn: c.Connection, part: str, span: tuple[int, int], columns: Sequence[str]
) -> list[tuple[bytes, bool]]:
    """The rows of a seal's span in its order: (leaf, whether it goes)."""
    query = (
        f"SELECT {row_text(columns)}, t.tableoid = '{part}'::regclass AND NOT EXISTS ("
        "SELECT FROM kept_fix AS k WHERE k.device = t.device AND k.fixed_at = t.fixed_at AND k.seq = t.seq) "
        f"FROM fix AS t WHERE t.received_at > %s AND t.received_at <= %s "
        f"ORDER BY {bulk_order(BY_NAME['fix'])}"
    )
    rows = await c.fetch(conn, query, tuple(map(to_datetime, span)))
    return [(bytes(row[0]), bool(row[1])) for row in rows]
