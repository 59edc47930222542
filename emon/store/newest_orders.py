"""Of each order its newest armed version, built once for as long as it is the newest.

A version never changes, and most are asked for again at each look at the page: reading and building the
documents of all orders is what such a look would cost, and the engine would wait for it.
"""

from __future__ import annotations

from collections.abc import Iterable

from emon.model.order import OrderVersion
from emon.orders.document import version_from_source
from emon.store import connect as c

_SELECT_NEWEST = "SELECT DISTINCT ON (id) id, version FROM order_version ORDER BY id, version DESC"
_SELECT_SOME = """
SELECT v.id, v.version, v.source, v.armed_at FROM unnest(%s::text[], %s::integer[]) AS k (id, version)
JOIN order_version AS v ON v.id = k.id AND v.version = k.version
"""
_Key = tuple[str, int]


class NewestOrders:
    """Holds as many versions as there are orders, and of each the last that was asked for."""

    def __init__(self) -> None:
        self._built: dict[_Key, OrderVersion] = {}

    async def all(self, conn: c.Connection) -> list[OrderVersion]:
        """By id, also of orders that have ended."""
        keys = [(row[0], row[1]) for row in await c.fetch(conn, _SELECT_NEWEST)]
        self._built = await self._of(conn, keys)
        return list(self._built.values())

    async def some(self, conn: c.Connection, keys: Iterable[_Key]) -> list[OrderVersion]:
        """Any versions, as they are asked for; such as are not the newest are built each time."""
        return list((await self._of(conn, list(keys))).values())

    async def _of(self, conn: c.Connection, keys: list[_Key]) -> dict[_Key, OrderVersion]:
        built = self._built
        lacking = [key for key in keys if key not in built]
        found: dict[_Key, OrderVersion] = {}
        if lacking:
            params = ([key[0] for key in lacking], [key[1] for key in lacking])
            for row in await c.fetch(conn, _SELECT_SOME, params):
                found[row[0], row[1]] = version_from_source(row[2], armed_at_us=row[3])
        return {key: found.get(key) or built[key] for key in keys if key in found or key in built}
