"""Suspensions that people ask for: short ones armed at once, long ones when a second person confirms them."""

from __future__ import annotations

from enum import StrEnum

import msgspec
from msgspec.structs import replace

from emon.model.instant import to_datetime
from emon.model.order import Interval, OrderVersion
from emon.orders.document import version_from_source
from emon.orders.suspend import needs_two, with_suspension, without_suspension
from emon.store import connect as c
from emon.store.arming import arm

_COLUMNS = (
    "id, order_id, from_at, to_at, reason, asked_by, asked_party, asked_at, needs_two, state, settled_by, "
    "settled_at, version"
)
_INSERT = f"INSERT INTO suspension_request ({_COLUMNS}) VALUES ({', '.join(['%s'] * 13)})"
_SELECT_ONE = f"SELECT {_COLUMNS} FROM suspension_request WHERE id = %s FOR UPDATE"
_SELECT_ALL = f"SELECT {_COLUMNS} FROM suspension_request ORDER BY asked_at DESC, id LIMIT %s"
_SETTLE = (
    "UPDATE suspension_request SET state = %s, settled_by = %s, settled_at = %s, version = %s WHERE id = %s"
)
# Held until the commit: a version is made from the newest, and nobody may arm another in between.
_LOCK = "SELECT pg_advisory_xact_lock(%s::integer, %s::integer)"
_SELECT_NEWEST = "SELECT source, armed_at FROM order_version WHERE id = %s ORDER BY version DESC LIMIT 1"


class RequestState(StrEnum):
    """``waiting``: for a second person. ``armed``: it stands in the order."""

    WAITING = "waiting"
    ARMED = "armed"
    WITHDRAWN = "withdrawn"


class SuspensionRequest(msgspec.Struct, frozen=True):
    """Who asked for what, and what became of it."""

    id: str
    order: str
    from_us: int
    to_us: int
    reason: str
    asked_by: str
    asked_party: str
    asked_us: int
    needs_two: bool = False
    state: RequestState = RequestState.WAITING
    settled_by: str | None = None
    settled_us: int | None = None
    version: int | None = None


class NoSuchSuspension(LookupError):
    """No order, no request, or nothing that suspends the order now."""


class NotYours(Exception):
    """The second person must be another than the first."""


class AlreadySettled(Exception):
    """It was armed or withdrawn before, or its end has passed."""


class SuspensionDesk:
    """Part of ``Store``. Every method may raise ``DatabaseUnavailable``; whatever the order cannot hold is a
    ``DocumentRefused``."""

    _pool: c.Pool

    async def ask_suspension(self, asked: SuspensionRequest) -> SuspensionRequest:
        """Keep it, and arm it at once where one person may decide it. Raises ``NoSuchSuspension``."""
        interval = Interval(asked.from_us, asked.to_us, asked.reason)
        async with self._pool.transaction() as conn:
            newest = await _newest(conn, asked.order)
            armed = with_suspension(newest, interval, (asked.asked_by,))  # refused now, not when confirmed
            asked = replace(asked, needs_two=needs_two(newest, interval), state=RequestState.WAITING)
            if not asked.needs_two:
                await arm(conn, [armed])
                asked = replace(asked, state=RequestState.ARMED, version=armed.version)
            await c.execute(conn, _INSERT, _params(asked))
        return asked

    async def confirm_suspension(self, request: str, person: str, at_us: int) -> SuspensionRequest:
        """A second person confirms it, and it is armed with both names. Raises ``NotYours`` for the first,
        ``AlreadySettled``, ``NoSuchSuspension``."""
        async with self._pool.transaction() as conn:
            asked = await _waiting(conn, request)
            if person == asked.asked_by:
                raise NotYours
            if at_us >= asked.to_us:
                raise AlreadySettled
            # Not before now: what was judged meanwhile stays judged.
            interval = Interval(max(asked.from_us, at_us), asked.to_us, asked.reason)
            by = (asked.asked_by, person)
            version = with_suspension(await _newest(conn, asked.order), interval, by)
            await arm(conn, [version])
            return await _settle(conn, asked, RequestState.ARMED, person, at_us, version.version)

    async def withdraw_suspension(self, request: str, person: str, at_us: int) -> SuspensionRequest:
        """Anybody may withdraw one that waits. Raises ``AlreadySettled``, ``NoSuchSuspension``."""
        async with self._pool.transaction() as conn:
            asked = await _waiting(conn, request)
            return await _settle(conn, asked, RequestState.WITHDRAWN, person, at_us, None)

    async def end_suspension(self, order: str, at_us: int) -> OrderVersion:
        """End whatever suspends the order now: one person is enough to put a ban back in force. Raises
        ``NoSuchSuspension``."""
        async with self._pool.transaction() as conn:
            version = without_suspension(await _newest(conn, order), at_us)
            if version is None:
                raise NoSuchSuspension
            (armed,) = await arm(conn, [version])
            return armed

    async def suspension_requests(self, limit: int) -> list[SuspensionRequest]:
        """The newest first."""
        async with self._pool.connection() as conn:
            return [_request(row) for row in await c.fetch(conn, _SELECT_ALL, (limit,))]


async def _newest(conn: c.Connection, order: str) -> OrderVersion:
    await c.execute(conn, _LOCK, (c.LOCK_CLASS, c.LOCK_ARM))
    row = await c.fetch_one(conn, _SELECT_NEWEST, (order,))
    if row is None:
        raise NoSuchSuspension
    return version_from_source(bytes(row[0]), armed_at_us=row[1])


async def _waiting(conn: c.Connection, request: str) -> SuspensionRequest:
    row = await c.fetch_one(conn, _SELECT_ONE, (request,))
    if row is None:
        raise NoSuchSuspension
    asked = _request(row)
    if asked.state is not RequestState.WAITING:
        raise AlreadySettled
    return asked


async def _settle(
    conn: c.Connection,
    asked: SuspensionRequest,
    state: RequestState,
    person: str,
    at_us: int,
    version: int | None,
) -> SuspensionRequest:
    await c.execute(conn, _SETTLE, (str(state), person, to_datetime(at_us), version, asked.id))
    return replace(asked, state=state, settled_by=person, settled_us=at_us, version=version)


def _request(row: c.Row) -> SuspensionRequest:
    (settled_by, settled_us, version) = row[10:13]
    asked = SuspensionRequest(*row[:9])
    return replace(
        asked, state=RequestState(row[9]), settled_by=settled_by, settled_us=settled_us, version=version
    )


def _params(asked: SuspensionRequest) -> tuple[object, ...]:
    times = (to_datetime(asked.from_us), to_datetime(asked.to_us))
    person = (asked.reason, asked.asked_by, asked.asked_party, to_datetime(asked.asked_us))
    return (
        asked.id,
        asked.order,
        *times,
        *person,
        asked.needs_two,
        str(asked.state),
        None,
        None,
        asked.version,
    )
