"""Old days of fixes leave as they become too old, by a process of its own that may remove them.

The service runs as a role that can add to the evidence and not take from it (``runtime_role``): a removal
needs the rights of whoever owns the tables, and those it is not to have.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from emon import limits
from emon.store import connect as c
from emon.store.errors import StoreFault
from emon.store.retention import Asked, OldDay, RetentionRefused, due_days, remove_day


class Retaining:
    """Removes each day that is older than ``asked``, but for what is held of it.

    ``say_removed``, ``say_stays``: for whoever reads the log. The trail says it too.
    """

    def __init__(
        self,
        url: str,
        asked: Asked,
        say_removed: Callable[[OldDay], None],
        say_stays: Callable[[str], None],
    ) -> None:
        self._url = url
        self._asked = asked
        self._say_removed = say_removed
        self._say_stays = say_stays

    async def look(self, now_us: int) -> None:
        """Once: remove what is old enough. Raises ``StoreFault`` where nothing can be removed."""
        conn = await c.connect(self._url, purpose="retain")
        try:
            with c.as_store_faults(self._url):
                for day in await due_days(conn, self._asked, now_us):
                    try:
                        self._say_removed(await remove_day(conn, self._asked, day, now_us))
                    except RetentionRefused as fault:
                        self._say_stays(f"{day} stays: {fault}")
        finally:
            await conn.close()

    async def run(self, now_us: Callable[[], int], stopped: Callable[[float], Awaitable[bool]]) -> None:
        """Look again and again. ``stopped`` waits so many seconds, and says whether to end instead."""
        while True:
            try:
                await self.look(now_us())
            except StoreFault as fault:
                self._say_stays(f"nothing was removed: {fault}")
            if await stopped(limits.RETENTION_EVERY_S):
                return
