"""Arming: orders enter the database, at one instant, between two batches of the engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from msgspec.structs import replace

from emon.model.instant import to_datetime
from emon.model.order import OrderVersion
from emon.orders.document import KIND_CHANGED, version_from_source
from emon.store import connect as c
from emon.store.errors import OrderConflict
from emon.store.feed import announce

# The instant of the commit, yet after every fix taken so far and after every earlier arming: what
# judged a fix stays what judged it, whatever the two clocks say.
_ARMING_INSTANT = """
SELECT greatest(
    clock_timestamp(),
    (SELECT last_received_at + interval '1 microsecond' FROM engine_clock),
    (SELECT max(armed_at) + interval '1 microsecond' FROM order_version))
"""
_SELECT_STORED = """
SELECT id, version, source, armed_at FROM order_version
JOIN unnest(%s::text[], %s::integer[]) AS asked (id, version) USING (id, version)
"""
_SELECT_VERSIONS = "SELECT source, armed_at FROM order_version WHERE id = ANY(%s::text[])"
_INSERT_VERSION = """
INSERT INTO order_version (id, version, armed_at, wearer, legal_basis, risk, valid_from, valid_until,
                           withdrawn_at, source, protected_person)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_INSERT_DEVICE = """
INSERT INTO order_device (order_id, version, device, used_from, used_until) VALUES (%s, %s, %s, %s, %s)
"""


async def arm(conn: c.Connection, versions: Sequence[OrderVersion]) -> list[OrderVersion]:
    """Arm the versions inside an open transaction of ``conn``, all or none; they come back with
    their ``armed_at``. One that stands already with the same content keeps its own.

    Takes the lock that every batch shares, so no batch is under way: a fix is judged either wholly
    before or wholly after. Raises ``OrderConflict`` naming each version whose stored content
    differs.
    """
    await c.execute(
        conn, "SELECT pg_advisory_xact_lock(%s::integer, %s::integer)", (c.LOCK_CLASS, c.LOCK_ARM)
    )
    wanted = ([version.id for version in versions], [version.version for version in versions])
    stored = {(row[0], row[1]): (row[2], row[3]) for row in await c.fetch(conn, _SELECT_STORED, wanted)}
    armed_at_us: int = cast("c.Row", await c.fetch_one(conn, _ARMING_INSTANT))[0]
    armed: list[OrderVersion] = []
    fresh: list[OrderVersion] = []
    faults: list[tuple[str, str]] = []
    for place, version in enumerate(versions):
        key = (version.id, version.version)
        if key not in stored:
            stored[key] = (version.source, armed_at_us)
            fresh.append(version)
            armed.append(replace(version, armed_at_us=armed_at_us))
        elif stored[key][0] == version.source:
            armed.append(replace(version, armed_at_us=stored[key][1]))
        else:
            faults.append(
                (
                    f"orders[{place}].version",
                    f"order {version.id!r} has a version {version.version} with another content; "
                    "versions never change: a variation or a withdrawal is a new version",
                )
            )
    faults += await _changed_kinds(conn, versions)
    if faults:
        raise OrderConflict(tuple(faults))
    await _insert(conn, fresh, armed_at_us)
    return armed


async def _changed_kinds(conn: c.Connection, versions: Sequence[OrderVersion]) -> list[tuple[str, str]]:
    """Conditions that stand with another kind in an earlier version: a breach carried on must stay
    what it is."""
    ids = sorted({version.id for version in versions})
    rows = await c.fetch(conn, _SELECT_VERSIONS, (ids,))
    stored = [version_from_source(row[0], armed_at_us=row[1]) for row in rows]
    kinds = {(version.id, k.id): k.kind for version in stored for k in version.conditions}
    return [
        (f"orders[{i}].conditions[{j}].kind", KIND_CHANGED.format(k.id, kinds[version.id, k.id]))
        for i, version in enumerate(versions)
        for j, k in enumerate(version.conditions)
        if kinds.get((version.id, k.id), k.kind) is not k.kind
    ]


async def _insert(conn: c.Connection, versions: Sequence[OrderVersion], armed_at_us: int) -> None:
    if not versions:
        return
    async with conn.cursor() as cursor:
        await cursor.executemany(
            _INSERT_VERSION.encode(), [_version_params(version, armed_at_us) for version in versions]
        )
        devices = [
            (version.id, version.version, use.device, _moment(use.from_us), _moment(use.until_us))
            for version in versions
            for use in version.devices
        ]
        if devices:
            await cursor.executemany(_INSERT_DEVICE.encode(), devices)
    await c.execute(conn, "NOTIFY emon_order")
    await announce(conn, [("order", f"{version.id}/{version.version}", None) for version in versions])


def _version_params(version: OrderVersion, armed_at_us: int) -> tuple[object, ...]:
    return (
        version.id,
        version.version,
        to_datetime(armed_at_us),
        version.wearer,
        str(version.legal_basis),
        str(version.risk),
        to_datetime(version.valid_from_us),
        _moment(version.valid_until_us),
        _moment(version.withdrawn_at_us),
        version.source,
        version.protected_person,
    )


def _moment(instant_us: int | None) -> object:
    return None if instant_us is None else to_datetime(instant_us)
