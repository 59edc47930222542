"""What the database announces (``NOTIFY``), over a connection of its own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator

import psycopg
from psycopg import sql

from emon import limits
from emon.store import connect as c
from emon.store.errors import DatabaseUnavailable

log = logging.getLogger("emon.store")


async def listen(url: str, channel: str) -> AsyncGenerator[str, None]:
    """The payloads announced on ``channel``, for as long as the caller iterates.

    An empty payload comes first, and again after each lost connection: what was announced in
    between is not repeated, so look for yourself then. Never ends by itself and raises nothing for
    a database that is away; it reconnects with growing pauses.
    """
    pause_s = limits.RECONNECT_PAUSE_FIRST_S
    while True:
        try:
            conn = await c.connect(url, purpose=f"listen {channel}")
            try:
                await conn.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
                pause_s = limits.RECONNECT_PAUSE_FIRST_S
                yield ""
                async for notice in conn.notifies():
                    yield notice.payload
            finally:
                await conn.close()
        except (DatabaseUnavailable, psycopg.OperationalError) as fault:
            log.warning("not listening for %s, again in %.1f s: %s", channel, pause_s, fault)
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 2, limits.RECONNECT_PAUSE_MAX_S)
