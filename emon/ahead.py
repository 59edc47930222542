"""The next portion of the inbox, read and recalled while live batches are judged and committed.

Theory of operation. Of a portion's time most is its recollection: a dozen reads, one after the other, of
what is stored of devices whose fixes come late. Made in the portion's own transaction they held up every live
fix that came meanwhile. So they are made beside, on another connection, and change nothing there; the rows
leave the inbox in the portion's transaction, as before.

What was recalled is used only if a recollection within that transaction would find the same: nothing was
armed since, the step asks for the very same, and no commit since the reading began was about any of these
devices or conditions. Else the transaction recalls for itself. The portion after the one in hand is read
while that is judged and written: it is of other devices.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from typing import NamedTuple

from emon.engine import Inputs, Message, Need, Past, needs
from emon.engine_store import View
from emon.ingest.decode import decode
from emon.ingest.lanes import WaitingRow
from emon.model.effects import Effects
from emon.recall import recall
from emon.state import Key, State
from emon.store.errors import StoreFault

_log = logging.getLogger(__name__)

_REST_PORTIONS = 8
"""After one that was recalled in vain, so many are recalled in their own transaction: a device that sends
without end would have each recollection made twice."""


class Recalled(NamedTuple):
    """A portion, and what its step needs of the past. ``sound``: as far as commits since have shown."""

    rows: Sequence[WaitingRow]
    messages: tuple[Message, ...]
    need: Need
    past: Past
    sound: bool

    @property
    def devices(self) -> list[str]:
        """Whose it is."""
        return sorted({row.device for row in self.rows})

    def holds(self, need: Need) -> bool:
        """Whether this is what a step that asks so must be given."""
        return self.sound and need == self.need


class Ahead:
    """At most one portion at a time.

    ``view`` opens a transaction that only reads; ``current`` is the state after the newest commit; ``wake``
    is called when there is something to ``take``.
    """

    def __init__(
        self,
        view: Callable[[], AbstractAsyncContextManager[View]],
        current: Callable[[], State | None],
        wake: Callable[[], None],
    ) -> None:
        self._view = view
        self._current = current
        self._wake = wake
        self._task: asyncio.Task[Recalled | None] | None = None
        self._devices: set[str] = set()
        self._keys: set[Key] = set()
        self._rest = 0
        self.used = 0
        self.in_vain = 0
        """Portions that were recalled beside the batches since the start: judged so, or recalled again."""

    @property
    def is_under_way(self) -> bool:
        """Whether reading has begun and is not at its end."""
        return self._task is not None and not self._task.done()

    def is_due(self, waits: bool) -> bool:
        """Whether a portion is to be judged now, where one ``waits``: what was begun is at its end, with
        whatever result, or nothing is begun for some portions."""
        return self._task.done() if self._task is not None else waits and self._rest > 0

    def begin(self, fixes: int, at_us: int, but: Sequence[str] = ()) -> None:
        """Read the next portion, of about so many fixes, unless that was begun, or is not done for now.
        ``at_us``: about when it will be judged. Nothing of the devices ``but`` is read."""
        if self._task is not None or self._rest:
            return
        self._devices.clear()
        self._keys.clear()
        self._task = asyncio.create_task(self._recalled(fixes, at_us, but), name="portion-ahead")
        self._task.add_done_callback(lambda _: self._wake())

    def noted(self, used: bool) -> None:
        """Whether what was taken last was of use."""
        self.used += used
        self.in_vain += not used
        if not used:
            self._rest = _REST_PORTIONS

    def committed(self, parts: Iterable[Effects]) -> None:
        """To be told of every commit: it may be about what was read."""
        if self._task is None:
            return
        for effects in parts:
            self._devices |= _devices_of(effects)
            self._keys |= {(breach.order, breach.condition) for breach in effects.breaches}
            self._keys |= {(alert.order or "", alert.condition or "") for alert in effects.alerts}

    def take(self) -> Recalled | None:
        """What was read, once; None: nothing was begun, or it failed, and the transaction asks for itself."""
        task, self._task = self._task, None
        if task is None:
            self._rest = max(0, self._rest - 1)
            return None
        if not task.done():
            task.cancel()
            return None
        found = None if task.cancelled() else task.result()
        state = self._current()
        if found is None or state is None:
            return None
        return found._replace(sound=self._is_sound(state, found))

    async def drop(self) -> None:
        """End what is under way, and forget it."""
        task, self._task = self._task, None
        if task is not None and not task.done():
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def _is_sound(self, state: State, found: Recalled) -> bool:
        need, keys = found.need, {*found.need.folds}
        devices = {*found.devices}
        devices |= need.tracks.keys() | {key[0] for key in need.keys} | {event[0] for event in need.events}
        for key in keys:
            devices |= {*state.subjects[key].devices} if key in state.subjects else set()
        return devices.isdisjoint(self._devices) and keys.isdisjoint(self._keys) and not need.replies

    async def _recalled(self, fixes: int, at_us: int, but: Sequence[str]) -> Recalled | None:
        try:
            async with self._view() as view:
                rows = await view.look_at_waiting(fixes, but)
                messages = tuple(Message(row.topic, decode(row.topic, row.payload)) for row in rows)
                state = self._current()
                if not rows or state is None:
                    return None
                need = needs(state, Inputs(max(at_us, state.at_us + 1), messages))
                return Recalled(rows, messages, need, await recall(view, state, need), sound=False)
        except StoreFault as fault:
            # The portion's own transaction meets the same, and tells it where something is done about it.
            _log.debug("nothing was recalled ahead: %s", fault)
            return None


def _devices_of(effects: Effects) -> set[str]:
    found = {fix.wire.device for fix in effects.fixes}
    found |= {event.device for event in effects.events} | {reply.device for reply in effects.replies}
    found |= {status.device for status in effects.statuses} | {watch.device for watch in effects.watches}
    found |= {device for device, _ in effects.repeats}
    if effects.quiet is not None:
        found |= {*effects.quiet.columns.devices}
    return found
