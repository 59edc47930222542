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
from typing import NamedTuple

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
from emon.store.errors import DatabaseUnavailable
from emon.store.pages import FeedRow
from emon.web.backend import Backend, Cursor
from emon.web.discreet import alert_for_others, discreet_breach, without_unseen
from emon.web.shapes import Json, alert_json, breach_json, position_json
from emon.web.theirs import EVERYTHING, Theirs, told_of

NOBODY: frozenset[str] = frozenset()
RETRY_MS = 1_000  # how long a browser waits before it connects again


@dataclass(frozen=True)
class Event:
    """One event as it goes over the wire, and the cursor of who has seen it. ``told``: the parties whose it
    is, beside the centre, None where it is everybody's; ``of_positions``: it says where wearers are."""

    cursor: Cursor
    frame: bytes
    told: frozenset[str] | None = None
    of_positions: bool = False
    discreet: bytes | None = None
    """The frame in its place for whoever may not hear where a secret zone lies; it lists nobody unseen."""
    unlisted: bytes | None = None
    """The frame in its place for whoever may, and not who is unseen in an outage."""

    def frame_for(self, whose: Theirs) -> bytes:
        if not whose.secret_zones:
            return self.discreet or self.frame
        return self.frame if whose.unseen else self.unlisted or self.frame

    def is_for(self, whose: Theirs) -> bool:
        """Whether somebody who sees what is theirs sees this."""
        if self.of_positions and not whose.positions:
            return False
        return self.told is None or whose.is_among(self.told)


class _Content(NamedTuple):
    """What is told at a place of the feed, and whose it is."""

    seq: int
    kind: str
    data: Json
    told: frozenset[str] | None


def _for_others(one: _Content, secret: frozenset[tuple[str, str]]) -> Json:
    """As they may see it from whom these conditions are secret; the same object where that is all of it."""
    if one.kind == "alert":
        return alert_for_others(one.data, secret)
    is_secret = (one.data.get("order"), one.data.get("condition")) in secret
    return discreet_breach(one.data) if is_secret else one.data


def _frames(
    one: _Content, secret: frozenset[tuple[str, str]], cursor: Cursor
) -> tuple[bytes, bytes | None, bytes | None]:
    """The whole, and what stands in its place as ``Event`` has it, where that is another."""
    listed = without_unseen if one.kind == "alert" else _as_it_is
    shown, unlisted = listed(_for_others(one, secret)), listed(one.data)
    return (
        _frame(one.kind, one.data, cursor),
        None if shown is one.data else _frame(one.kind, shown, cursor),
        None if unlisted is one.data else _frame(one.kind, unlisted, cursor),
    )


def _as_it_is(data: Json) -> Json:
    return data


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
        self._cursor: Cursor | None = None  # None while no page is connected
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
                async with asyncio.timeout(pause_s):
                    await self._woken.wait()

    async def _step(self, with_positions: bool) -> float:
        """One read. How long to wait for the next when nobody wakes us."""
        was_woken = self._woken.is_set()
        self._woken.clear()
        try:
            await self._advance(with_positions)
        except DatabaseUnavailable:
            if self._lost_at_us is None:
                self._lost_at_us = self._now_us()
                self._tell()
            return LIVE_POLL_S
        if self._lost_at_us is not None:
            self._lost_at_us = None
            self._tell()
        return LIVE_POSITIONS_MIN_S if was_woken and not with_positions else LIVE_POLL_S

    async def _advance(self, with_positions: bool) -> None:
        if self._cursor is None:
            return
        async for event in self._read(self._cursor, with_positions):
            if not self._keep(event):
                return

    def _keep(self, event: Event) -> bool:
        """Show an event to all streams; False when the last page has left meanwhile."""
        if self._cursor is None:
            return False
        self._events.append(event)
        self._made += 1
        self._cursor = self._cursor.joined(event.cursor)
        self._tell()
        return True

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def _read(self, after: Cursor, with_positions: bool = True) -> AsyncIterator[Event]:
        """Everything above the cursor, in order, as the database has it now."""
        feed_seq, change_seq = after.feed_seq, after.change_seq
        while rows := await self._backend.feed_after(feed_seq, LIVE_READ_MAX):
            contents = await self._contents(rows)
            secret = await self._secret([one.data for one in contents if one.kind != "orders"])
            for one in contents:
                cursor = Cursor(one.seq, change_seq)
                own, discreet, unlisted = _frames(one, secret, cursor)
                yield Event(cursor, own, one.told, discreet=discreet, unlisted=unlisted)
            feed_seq = rows[-1].feed_seq
            if len(rows) < LIVE_READ_MAX:
                break
        while with_positions and (rows_at := await self._backend.positions_after(change_seq, LIVE_READ_MAX)):
            change_seq = rows_at[-1].change_seq
            cursor = Cursor(feed_seq, change_seq)
            frame = _frame("positions", [position_json(row) for row in rows_at], cursor)
            yield Event(cursor, frame, of_positions=True)
            if len(rows_at) < LIVE_READ_MAX:
                break

    async def _secret(self, shown: Sequence[Json]) -> frozenset[tuple[str, str]]:
        orders = sorted({one["order"] for one in shown if one["order"] is not None})
        return await self._backend.secret_conditions(orders) if orders else frozenset()

    async def _contents(self, rows: Sequence[FeedRow]) -> list[_Content]:
        """Rising; what changed several times comes once, at its last."""
        orders = max((row.feed_seq for row in rows if row.kind == "order"), default=None)
        breaches = {row.ref: row.feed_seq for row in rows if row.kind == "breach"}
        alerts = {row.alert_id: row.feed_seq for row in rows if row.alert_id is not None}
        found: list[_Content] = []
        if orders is not None:
            found.append(_Content(orders, "orders", {}, None))
        if breaches:
            changed = await self._backend.breaches_by_id(list(breaches))
            told = await self._backend.told_of_breaches(list(breaches))
            found += [
                _Content(breaches[one.id], "breach", breach_json(one), told.get(one.id, NOBODY))
                for one in changed
            ]
        if alerts:
            raised = await self._backend.alerts_by_id(list(alerts))
            found += [_Content(alerts[one.id], "alert", alert_json(one), told_of(one)) for one in raised]
        return sorted(found, key=lambda item: item.seq)

    async def stream(self, after: Cursor | None, whose: Theirs = EVERYTHING) -> AsyncGenerator[bytes, None]:
        """The frames for one page, from its cursor on (None: from now), until ``close``: of what is theirs.

        Ends when the page falls behind what is kept, or the database is lost while catching up; the
        page then connects again.
        """
        self._streams += 1
        try:
            yield f"retry: {RETRY_MS}\n\n".encode()
            lost = self._lost_at_us
            yield self._beat()
            at = self._made  # before the database is read: what comes later is in memory from here on
            newest = await self._backend.cursor()
            own = newest if after is None else after
            if self._cursor is None:  # the first page: what lies below is read by itself alone
                self._cursor = newest
            if _must_begin_anew(own, newest):
                yield _frame("reset", {})
                return
            async for event in self._read(own):
                if event.is_for(whose):
                    yield event.frame_for(whose)
                own = event.cursor
            async for frame in self._follow(at, own, whose, lost):
                yield frame
        except DatabaseUnavailable:
            return
        finally:
            self._streams -= 1
            if self._streams == 0:
                self._cursor = None

    async def _follow(self, at: int, own: Cursor, whose: Theirs, lost: int | None) -> AsyncIterator[bytes]:
        """``lost``: since when the database was, as the page was told: it may have gone meanwhile."""
        loop = asyncio.get_running_loop()
        beat_at_s = loop.time() + self._heartbeat_s
        while not self._closed:
            changed = self._changed
            if at < self._made - len(self._events):
                return
            for event in self._kept_from(at):
                at += 1
                if not own.covers(event.cursor):
                    own = own.joined(event.cursor)
                    if event.is_for(whose):
                        yield event.frame_for(whose)
            if lost != self._lost_at_us or loop.time() >= beat_at_s:
                lost = self._lost_at_us
                beat_at_s = loop.time() + self._heartbeat_s
                yield self._beat()
            if changed is self._changed:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout_at(beat_at_s):
                        await changed.wait()

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


def _must_begin_anew(own: Cursor, newest: Cursor) -> bool:
    """Whether a page's cursor is of another database, or too far behind to be caught up."""
    return not newest.covers(own) or newest.feed_seq - own.feed_seq > LIVE_BEHIND_MAX
