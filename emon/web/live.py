"""The live feed: one reader of the database for all open pages.

Theory of operation. The store numbers what changes in the order of commits (``feed_seq``) and each
change of a position likewise (``change_seq``); a cursor is a pair of the two. ``LiveFeed.run`` reads
what is above its cursor whenever it is woken, makes each change an event once, and keeps the newest
in memory. A stream first reads from the database what lies between its own cursor and the feed's,
then follows the events in memory at its own pace. Nothing waits for a slow stream: one that falls
out of the memory ends, and its page comes back with the last id it saw.

An event carries the whole thing as it stands now, so that a repeat changes nothing. What is read
between cursor and snapshot may come twice and is never missed.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from emon.limits import (
    LIVE_BEHIND_MAX,
    LIVE_EVENTS_KEPT,
    LIVE_HEARTBEAT_S,
    LIVE_POLL_S,
    LIVE_POSITIONS_MIN_S,
    LIVE_READ_MAX,
    LIVE_READ_MIN_S,
    LIVE_STREAMS_MAX,
)
from emon.model.instant import format_instant
from emon.web.backend import Backend, BackendUnavailable, Cursor, DeviceNow, FeedRow
from emon.web.shapes import alert_json, breach_json, device_json

RETRY_MS = 1_000  # how long a browser waits before it connects again


@dataclass(frozen=True)
class Event:
    """One event as it goes over the wire, and the cursor of who has seen it."""

    cursor: Cursor
    frame: bytes


def _frame(kind: str, data: object, cursor: Cursor | None = None) -> bytes:
    head = b"" if cursor is None else f"id: {cursor}\n".encode()
    return head + f"event: {kind}\n".encode() + b"data: " + msgspec.json.encode(data) + b"\n\n"


class LiveFeed:
    """Fans out what changes. ``wake`` after each commit; without it changes are found by polling."""

    def __init__(
        self,
        backend: Backend,
        now_us: Callable[[], int],
        status: Callable[[], Mapping[str, object]],
        *,
        heartbeat_s: float = LIVE_HEARTBEAT_S,
    ) -> None:
        self._backend = backend
        self._now_us = now_us
        self._status = status
        self._heartbeat_s = heartbeat_s
        self._cursor: Cursor | None = None
        self._events: deque[Event] = deque(maxlen=LIVE_EVENTS_KEPT)
        self._made = 0
        self._streams = 0
        self._woken = asyncio.Event()
        self._changed = asyncio.Event()
        self._closed = False
        self._lost_at_us: int | None = None

    @property
    def is_full(self) -> bool:
        """Whether ``LIVE_STREAMS_MAX`` pages are connected already."""
        return self._streams >= LIVE_STREAMS_MAX

    def wake(self) -> None:
        """Something was committed. Cheap: call it after each batch."""
        self._woken.set()

    def close(self) -> None:
        """End ``run`` and every stream; the pages come back to whoever listens next."""
        self._closed = True
        self._woken.set()
        self._tell()

    async def run(self) -> None:
        """Read and fan out until ``close``. A lost database is said on the streams and tried again."""
        loop = asyncio.get_running_loop()
        positions_at_s = 0.0
        while not self._closed:
            with_positions = loop.time() >= positions_at_s
            if with_positions:
                positions_at_s = loop.time() + LIVE_POSITIONS_MIN_S
            pause_s = await self._step(with_positions)
            await asyncio.sleep(LIVE_READ_MIN_S)  # bounds the reads under load; the first is at once
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), pause_s)

    async def _step(self, with_positions: bool) -> float:
        """One read. How long to wait for the next when nobody wakes us."""
        was_woken = self._woken.is_set()
        self._woken.clear()
        try:
            await self._advance(with_positions)
        except BackendUnavailable:
            if self._lost_at_us is None:
                self._lost_at_us = self._now_us()
                self._tell()
            return LIVE_POLL_S
        if self._lost_at_us is not None:
            self._lost_at_us = None
            self._tell()
        return LIVE_POSITIONS_MIN_S if was_woken and not with_positions else LIVE_POLL_S

    async def _advance(self, with_positions: bool) -> None:
        if self._cursor is None or self._streams == 0:
            newest = await self._backend.cursor()
            # A stream that began meanwhile counts on every event above the cursor it found here.
            if self._cursor is None or self._streams == 0:
                self._cursor = newest
                return
        async for event in self._read(self._cursor, with_positions):
            self._events.append(event)
            self._made += 1
            self._cursor = event.cursor
            self._tell()

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def _read(self, after: Cursor, with_positions: bool = True) -> AsyncIterator[Event]:
        """Everything above the cursor, in order, as the database has it now."""
        feed_seq, change_seq = after.feed_seq, after.change_seq
        while rows := await self._backend.feed_after(feed_seq, LIVE_READ_MAX):
            for seq, kind, data in await self._contents(rows):
                cursor = Cursor(seq, change_seq)
                yield Event(cursor, _frame(kind, data, cursor))
            feed_seq = rows[-1].feed_seq
            if len(rows) < LIVE_READ_MAX:
                break
        while with_positions and (devices := await self._backend.positions_after(change_seq, LIVE_READ_MAX)):
            change_seq = max(device.change_seq for device in devices)
            cursor = Cursor(feed_seq, change_seq)
            yield Event(cursor, _frame("positions", _positions(devices), cursor))
            if len(devices) < LIVE_READ_MAX:
                break

    async def _contents(self, rows: Sequence[FeedRow]) -> list[tuple[int, str, object]]:
        """(feed_seq, kind, data), rising; what changed several times comes once, at its last."""
        last: dict[tuple[str, str], int] = {}
        for row in rows:
            if row.kind == "order":
                last["orders", ""] = row.feed_seq
            elif row.kind == "breach":
                last["breach", row.ref] = row.feed_seq
            elif row.alert_id is not None:
                last["alert", row.alert_id] = row.feed_seq
        alerts = [ref for kind, ref in last if kind == "alert"]
        breaches = [ref for kind, ref in last if kind == "breach"]
        found: list[tuple[int, str, object]] = []
        if ("orders", "") in last:
            found.append((last["orders", ""], "orders", {}))
        if breaches:
            found += [
                (last["breach", b.id], "breach", breach_json(b))
                for b in await self._backend.breaches_by_id(breaches)
            ]
        if alerts:
            found += [
                (last["alert", a.id], "alert", alert_json(a))
                for a in await self._backend.alerts_by_id(alerts)
            ]
        return sorted(found, key=lambda item: item[0])

    async def stream(self, after: Cursor | None) -> AsyncGenerator[bytes, None]:
        """The frames for one page, from its cursor on (None: from now), until ``close``.

        Ends when the page falls behind what is kept, or the database is lost while catching up; the
        page then connects again.
        """
        self._streams += 1
        try:
            yield f"retry: {RETRY_MS}\n\n".encode()
            yield self._beat()
            at = self._made  # before the database is read: what comes later is in memory from here on
            newest = await self._backend.cursor()
            if self._cursor is None:
                self._cursor = newest
            own = newest if after is None else after
            if _is_foreign(own, newest):
                yield _frame("reset", {})
                return
            async for event in self._read(own):
                yield event.frame
                own = event.cursor
            async for frame in self._follow(at, own):
                yield frame
        except BackendUnavailable:
            return
        finally:
            self._streams -= 1

    async def _follow(self, at: int, own: Cursor) -> AsyncIterator[bytes]:
        lost = self._lost_at_us
        loop = asyncio.get_running_loop()
        beat_at_s = loop.time() + self._heartbeat_s
        while not self._closed:
            changed = self._changed
            if at < self._made - len(self._events):
                return
            for event in self._kept_from(at):
                at += 1
                if event.cursor.feed_seq > own.feed_seq or event.cursor.change_seq > own.change_seq:
                    own = event.cursor
                    yield event.frame
            if lost != self._lost_at_us or loop.time() >= beat_at_s:
                lost = self._lost_at_us
                beat_at_s = loop.time() + self._heartbeat_s
                yield self._beat()
            if changed is self._changed:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), max(0.0, beat_at_s - loop.time()))

    def _kept_from(self, at: int) -> list[Event]:
        """The events in memory from the given one on: a copy, for sending them takes its time."""
        skip = at - (self._made - len(self._events))
        return list(self._events)[skip:] if at < self._made else []

    def _beat(self) -> bytes:
        """Says that the stream lives, what o'clock it is here, and how the engine is."""
        lost_at = None if self._lost_at_us is None else format_instant(self._lost_at_us)
        beat = {
            "now": format_instant(self._now_us()),
            "database_lost_at": lost_at,
            "status": dict(self._status()),
        }
        return _frame("beat", beat)


def _positions(devices: Sequence[DeviceNow]) -> list[object]:
    return [device_json(device) for device in devices]


def _is_foreign(own: Cursor, newest: Cursor) -> bool:
    """Whether a page must begin anew: its cursor is of another database, or too far behind."""
    ahead = own.feed_seq > newest.feed_seq or own.change_seq > newest.change_seq
    return ahead or newest.feed_seq - own.feed_seq > LIVE_BEHIND_MAX
