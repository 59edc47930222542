"""What the ledger of blind time is made of, read for one order."""

from __future__ import annotations

from collections.abc import Iterable
from operator import itemgetter

import msgspec

from emon.devices.blind import Record, Seen
from emon.devices.turns import MOTION, motion_turns
from emon.geofence.timeline import victim_devices
from emon.limits import CLOCK_BEHIND_MAX_S
from emon.model.fix import DeviceEvent, KeptEvent
from emon.model.instant import DAY_US, SECOND_US, to_datetime
from emon.model.order import OrderVersion
from emon.model.watch import ServiceStop
from emon.orders.document import version_from_source
from emon.store import connect as c
from emon.store.packing import POSTGRES_EPOCH_US
from emon.store.rows import MARK_OF, SOURCE_OF

_SELECT_VERSIONS = "SELECT source, armed_at FROM order_version WHERE id = %s ORDER BY version"
# A wrong clock places nothing: such fixes count by their receipt. Each is ahead of it, or 30 days and more
# behind (``emon.ingest.admit``), so the days between need not be looked at.
_SELECT_FIXES = """
SELECT fixed_at, received_at, mark, source FROM fix
WHERE device = %s AND fixed_at >= %s AND fixed_at < %s AND mark <> 'clock'
"""
_SELECT_CLOCK = "SELECT fixed_at FROM device_clock WHERE device = %s"
_SELECT_BY_RECEIPT = """
SELECT fixed_at, received_at, mark, source FROM fix
WHERE device = %s AND mark = 'clock' AND received_at >= %s AND received_at < %s
  AND fixed_at >= %s AND fixed_at <= %s
"""
_SELECT_BEFORE = """
SELECT fixed_at, received_at, mark, source FROM fix
WHERE device = %s AND fixed_at >= %s AND fixed_at < %s AND mark NOT IN ('implausible', 'clock')
ORDER BY fixed_at DESC, seq DESC LIMIT 1
"""
_SELECT_EVENTS = """
SELECT device, seq, fixed_at, event, state, raw, received_at FROM device_event
WHERE device = %s AND fixed_at >= %s AND fixed_at < %s ORDER BY fixed_at, seq
"""
_SELECT_STOPS = (
    "SELECT down_at, up_at FROM service_stop WHERE coalesce(up_at, 'infinity') > %s ORDER BY down_at"
)

# By what is on file of devices as such: the ledger itself is made of every fix, for these orders alone.
_UNSEEN = """
FROM trouble WHERE event IN ('silence', 'no_position', 'order_without_device') AND opened_at < %(to)s
 AND (cleared_at IS NULL OR cleared_at > %(from)s)
"""
_SELECT_CARRIED = f"SELECT EXISTS (SELECT {_UNSEEN} AND victim)"
# json, not jsonb: the source is kept byte for byte, and jsonb would refuse some of its signs.
_CARRIED = """
UNION SELECT v.id, condition ->> 'victim_device'
FROM order_version AS v,
     json_array_elements(convert_from(v.source, 'UTF8')::json -> 'conditions') AS condition
"""
_SELECT_UNSEEN = f"""
WITH unseen AS (
    SELECT device, order_id,
           least(coalesce(cleared_at, %(to)s), %(to)s) - greatest(opened_at, %(from)s) AS lasted {_UNSEEN}
), of_orders AS (
    SELECT d.order_id, u.lasted FROM unseen AS u
    JOIN (SELECT order_id, device FROM order_device {{carried}}) AS d ON d.device = u.device
    UNION ALL
    SELECT order_id, lasted FROM unseen WHERE order_id IS NOT NULL
)
SELECT order_id, count(*) OVER () FROM of_orders GROUP BY order_id
ORDER BY sum(lasted) DESC, order_id LIMIT %(limit)s
"""
# Reading every order's conditions takes a while at 20,000 of them: only where such a device was unseen.
_SELECT_WORN_UNSEEN = _SELECT_UNSEEN.format(carried="UNION SELECT order_id, device FROM order_device")
_SELECT_ANY_UNSEEN = _SELECT_UNSEEN.format(carried=_CARRIED)


_SELECT_OUTAGES = """
SELECT alert_id FROM trouble
WHERE event = 'outage' AND cleared_at IS NULL AND alert_id IS NOT NULL ORDER BY opened_at, id
"""


class LedgerInputs(msgspec.Struct, frozen=True):
    """``versions``: every one of the order, none where there is no such order."""

    versions: tuple[OrderVersion, ...]
    records: dict[str, Record]
    stops: tuple[ServiceStop, ...]


class LedgerReads:
    """Part of ``Store``. May raise ``DatabaseUnavailable``."""

    _pool: c.Pool

    async def ledger_inputs(self, order: str, from_us: int, to_us: int) -> LedgerInputs:
        """What is on file of one order's devices in ``[from_us, to_us)``, and of what led to it."""
        async with self._pool.transaction() as conn:
            rows = await c.fetch(conn, _SELECT_VERSIONS, (order,))
            versions = tuple(version_from_source(row[0], armed_at_us=row[1]) for row in rows)
            worn = {use.device for version in versions for use in version.devices}
            devices = sorted(worn.union(*(victim_devices(version) for version in versions)))
            records = {device: await _record(conn, device, from_us, to_us) for device in devices}
            stops = await c.fetch(conn, _SELECT_STOPS, (to_datetime(from_us - 2 * DAY_US),))
        return LedgerInputs(versions, records, tuple(ServiceStop(row[0], row[1]) for row in stops))

    async def outages_now(self) -> list[str]:
        """The alerts of outages that are not over, whatever people did with the alert."""
        async with self._pool.connection() as conn:
            return [row[0] for row in await c.fetch(conn, _SELECT_OUTAGES)]

    async def unseen_orders(self, from_us: int, to_us: int, limit: int) -> tuple[list[str], int]:
        """The orders whose devices were without a word, without a position or never heard for the longest
        time in ``[from_us, to_us)``, by their sum, as it was told or on file; and how many there are."""
        params = {"from": to_datetime(from_us), "to": to_datetime(to_us), "limit": limit}
        async with self._pool.connection() as conn:
            carried = await c.fetch_one(conn, _SELECT_CARRIED, params)
            statement = _SELECT_ANY_UNSEEN if carried is not None and carried[0] else _SELECT_WORN_UNSEEN
            rows = await c.fetch(conn, statement, params)
        return [row[0] for row in rows], rows[0][1] if rows else 0


async def _record(conn: c.Connection, device: str, from_us: int, to_us: int) -> Record:
    rows = await _before(conn, device, from_us)
    rows += await c.fetch_since_2000(conn, _SELECT_FIXES, (device, to_datetime(from_us), to_datetime(to_us)))
    rows += await _under_a_wrong_clock(conn, device, from_us, to_us)
    rows.sort(key=itemgetter(0))
    fixes = tuple(
        [
            Seen(fixed + POSTGRES_EPOCH_US, received + POSTGRES_EPOCH_US, MARK_OF[mark], SOURCE_OF[source])
            for fixed, received, mark, source in rows
        ]
    )
    first_us = min(from_us, fixes[0].fixed_at_us) if fixes else from_us
    return Record(fixes, await _events(conn, device, first_us, to_us))


async def _before(conn: c.Connection, device: str, from_us: int) -> list[c.Row]:
    """The last usable fix before; the two days before are searched first, for it nearly always lies there."""
    near_us, far_us = from_us - 2 * DAY_US, from_us - CLOCK_BEHIND_MAX_S * SECOND_US
    for since_us, until_us in ((near_us, from_us), (far_us, near_us)):
        params = (device, to_datetime(max(0, since_us)), to_datetime(max(0, until_us)))
        if rows := await c.fetch_since_2000(conn, _SELECT_BEFORE, params):
            return rows
    return []


async def _under_a_wrong_clock(conn: c.Connection, device: str, from_us: int, to_us: int) -> list[c.Row]:
    """Those received in the span. Few devices have any, and none lies beyond the largest on file."""
    largest = await c.fetch_one(conn, _SELECT_CLOCK, (device,))
    if largest is None:
        return []
    behind_us = max(0, min(from_us - 1, to_us - CLOCK_BEHIND_MAX_S * SECOND_US))
    received = (device, to_datetime(from_us), to_datetime(to_us))
    found = await c.fetch_since_2000(
        conn, _SELECT_BY_RECEIPT, (*received, to_datetime(0), to_datetime(behind_us))
    )
    if largest[0] >= from_us:
        ahead = (to_datetime(from_us), to_datetime(largest[0]))
        found += await c.fetch_since_2000(conn, _SELECT_BY_RECEIPT, (*received, *ahead))
    return found


async def _events(conn: c.Connection, device: str, from_us: int, to_us: int) -> tuple[KeptEvent, ...]:
    """Everything said since an instant, and before it since the device last moved."""
    back_us = DAY_US
    while True:
        since_us = max(0, from_us - back_us)
        params = (device, to_datetime(since_us), to_datetime(to_us))
        events = tuple(_kept(row) for row in await c.fetch(conn, _SELECT_EVENTS, params))
        before = motion_turns(e for e in events if e.wire.event == MOTION and e.wire.fixed_at_us <= from_us)
        if _moved(before) or back_us > CLOCK_BEHIND_MAX_S * SECOND_US:
            return events
        back_us *= 6


def _moved(turns: Iterable[object]) -> bool:
    return any(getattr(turn, "still", None) is False for turn in turns)


def _kept(row: c.Row) -> KeptEvent:
    return KeptEvent(DeviceEvent(row[0], row[1], row[2], row[3], row[4], row[5]), row[6])
