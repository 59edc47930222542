"""Every device that an order names, its wearer's and the protected person's alike."""

from __future__ import annotations

from emon.store import connect as c

# json, not jsonb: the source is kept byte for byte, and jsonb would refuse some of its signs.
_SELECT_KNOWN = """
SELECT device FROM order_device
UNION
SELECT condition ->> 'victim_device'
FROM order_version AS v,
     json_array_elements(convert_from(v.source, 'UTF8')::json -> 'conditions') AS condition
WHERE condition ->> 'victim_device' IS NOT NULL
ORDER BY 1
"""


class KnownDevices:
    """Part of ``Store``. May raise ``DatabaseUnavailable``."""

    _pool: c.Pool

    async def known_devices(self) -> list[str]:
        """Their ids, sorted, of all versions of all orders: one that ended may still have fixes to send."""
        async with self._pool.connection() as conn:
            return [row[0] for row in await c.fetch(conn, _SELECT_KNOWN)]
