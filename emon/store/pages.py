"""What pages and the API show: plain reads, each answering frozen rows."""

from __future__ import annotations

from typing import cast

import msgspec

from emon import limits
from emon.model.order import OrderVersion
from emon.orders.document import version_from_source
from emon.store import connect as c


class PositionNow(msgspec.Struct, frozen=True):
    """The newest usable fix of a device. Degrees WGS84, metres (95 % circle), metres a second.

    ``change_seq`` rises whenever any device's newest fix changes: ask ``newest_fixes_after`` with
    the highest one seen.
    """

    device: str
    wearer: str | None
    seq: int
    fixed_at_us: int
    received_at_us: int
    recorded_at_us: int
    lon: float
    lat: float
    accuracy_m: float
    source: str
    mark: str
    speed_m_s: float | None
    heading_deg: float | None
    battery: float | None
    change_seq: int


class WearerNow(msgspec.Struct, frozen=True):
    """A wearer of an order in force: his devices now, the newest position of any, open breaches.

    ``online`` is what the position's device (or the first) last said of itself; None if nothing.
    """

    wearer: str
    risk: str
    orders: tuple[str, ...]
    devices: tuple[str, ...]
    position: PositionNow | None
    online: bool | None
    open_breaches: int


class Counts(msgspec.Struct, frozen=True):
    """Since the database began: fixes by mark, rejected payloads by reason, exact repeats."""

    marks: dict[str, int]
    rejected: dict[str, int]
    repeats: int


_POSITION = (
    "n.device, w.wearer, n.seq, n.fixed_at, n.received_at, n.recorded_at, n.lon, n.lat, n.accuracy_m, "
    "n.source, n.mark, n.speed_m_s, n.heading_deg, n.battery, n.change_seq"
)
_DEVICES_IN_USE = """
SELECT o.wearer, o.id AS order_id, o.risk, d.device
FROM order_in_force AS o LEFT JOIN order_device AS d
  ON (d.order_id, d.version) = (o.id, o.version)
 AND (d.used_from IS NULL OR d.used_from <= now()) AND (d.used_until IS NULL OR d.used_until > now())
"""
_SELECT_POSITIONS = f"""
WITH w AS (SELECT DISTINCT ON (device) device, wearer FROM ({_DEVICES_IN_USE}) AS u
           WHERE device IS NOT NULL ORDER BY device, wearer)
SELECT {_POSITION} FROM device_now AS n LEFT JOIN w USING (device)
WHERE n.change_seq > %s ORDER BY n.change_seq, n.device
"""
_SELECT_WEARERS = f"""
SELECT u.wearer,
       CASE WHEN 'high' = ANY(array_agg(u.risk)) THEN 'high'
            WHEN 'medium' = ANY(array_agg(u.risk)) THEN 'medium' ELSE 'low' END,
       array_agg(DISTINCT u.order_id ORDER BY u.order_id),
       coalesce(array_agg(DISTINCT u.device ORDER BY u.device) FILTER (WHERE u.device IS NOT NULL), '{{}}'),
       (SELECT count(*) FROM breach AS b
        WHERE b.wearer = u.wearer AND b.closed_at IS NULL AND NOT b.refuted)
FROM ({_DEVICES_IN_USE}) AS u
GROUP BY u.wearer ORDER BY u.wearer
"""
_SELECT_IN_FORCE = "SELECT source, armed_at FROM order_in_force ORDER BY id"


class PageReads:
    """Part of ``Store``. Every method may raise ``DatabaseUnavailable``."""

    _pool: c.Pool

    async def wearers_now(self) -> list[WearerNow]:
        """Every wearer of an order in force, by name; also those without device or fix."""
        async with self._pool.connection() as conn:
            wearers = await c.fetch(conn, _SELECT_WEARERS)
            positions = {row[0]: PositionNow(*row) for row in await c.fetch(conn, _SELECT_POSITIONS, (0,))}
            online = dict(
                cast("list[tuple[str, bool]]", await c.fetch(conn, "SELECT device, online FROM device_status"))
            )
        return [_wearer_now(row, positions, online) for row in wearers]

    async def newest_fixes_after(self, change_seq: int) -> list[PositionNow]:
        """Devices whose newest usable fix changed since, by ``change_seq``; 0 answers all."""
        async with self._pool.connection() as conn:
            rows = await c.fetch(conn, _SELECT_POSITIONS, (change_seq,))
        return [PositionNow(*row) for row in rows]

    async def zones_now(self) -> list[OrderVersion]:
        """The orders in force now, by id. Secret conditions are among them: hide them yourself."""
        async with self._pool.connection() as conn:
            rows = await c.fetch(conn, _SELECT_IN_FORCE)
        return [version_from_source(row[0], armed_at_us=row[1]) for row in rows]

    async def counts(self) -> Counts:
        """Counted as batches commit; nothing is scanned."""
        async with self._pool.connection() as conn:
            marks = await c.fetch(conn, "SELECT mark, fixes FROM mark_counter ORDER BY mark")
            rejected = await c.fetch(conn, "SELECT reason, payloads FROM rejection_counter ORDER BY reason")
            repeats = await c.fetch_one(conn, "SELECT coalesce(sum(repeats), 0)::bigint FROM device_counter")
        return Counts(
            marks={row[0]: row[1] for row in marks},
            rejected={row[0]: row[1] for row in rejected},
            repeats=repeats[0] if repeats else 0,
        )


def _wearer_now(row: c.Row, positions: dict[str, PositionNow], online: dict[str, bool]) -> WearerNow:
    wearer, risk, orders, devices, open_breaches = row
    found = [positions[device] for device in devices if device in positions]
    newest = max(found, key=lambda p: (p.fixed_at_us, p.seq, p.device)) if found else None
    speaker = newest.device if newest else (devices[0] if devices else "")
    return WearerNow(
        wearer=wearer,
        risk=risk,
        orders=tuple(orders),
        devices=tuple(devices),
        position=newest,
        online=online.get(speaker),
        open_breaches=open_breaches,
    )


def bounded(limit: int) -> int:
    """A page's wish, within ``limits.PAGE_ROWS_MAX``."""
    return max(0, min(limit, limits.PAGE_ROWS_MAX))
