"""One batch of the engine: what it reads and writes in one transaction.

The reading half is the archive that ``emon.recall`` asks; the writing half stores one step.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg

from emon import limits
from emon.model.breach import Breach
from emon.model.effects import Effects, NewDelivery
from emon.model.fix import DeviceEvent, Fix, KeptEvent
from emon.model.instant import DAY_US, to_datetime
from emon.model.order import OrderVersion
from emon.model.vocabulary import Mark
from emon.orders.document import version_from_source
from emon.store import connect as c
from emon.store import read_sql as read
from emon.store import watching
from emon.store import write_sql as sql
from emon.store.canary import CanaryPart
from emon.store.commands import INSERT_COMMAND, UPSERT_CARE, care_params, command_params
from emon.store.errors import EngineFenced, FixAlreadyStored
from emon.store.feed import announce
from emon.store.flight import fly, rows_of
from emon.store.inbox import InboxPart
from emon.store.quick_sql import recorded_at_of, write_calls
from emon.store.rows import breach_from_row, breach_params, fix_from_row, storable

if TYPE_CHECKING:
    from psycopg.pq.abc import PGresult

FixKey = tuple[str, int, int]
"""(device, fixed_at_us, seq), as ``RawFix.key``."""

_FAR_PAST_US = 0  # 1970: older stamps are refused on the wire
_FAR_FUTURE_US = 253_402_300_799_999_999  # the end of year 9999


class Batch(InboxPart, CanaryPart):
    """The engine's view of its open transaction. Made by ``Store.batch`` alone."""

    def __init__(self, conn: c.Connection, epoch: int) -> None:
        self._conn = conn
        self._epoch = epoch
        self._horizon: int | None = None
        self.given: list[str] = []
        """The deliveries written in it, by id."""

    async def orders_after(self, arm_seq: int) -> list[tuple[int, OrderVersion]]:
        """Versions armed since, with their ``arm_seq``, in the order they were armed."""
        asked = [(read.SELECT_ORDERS, (arm_seq,)), (read.SELECT_HORIZON, ())]
        rows, ((newest_us,),) = await c.fetch_together(self._conn, asked)
        self._horizon = _horizon_after(newest_us)
        return [(row[0], version_from_source(row[1], armed_at_us=row[2])) for row in rows]

    async def known_fixes(self, keys: Sequence[FixKey]) -> dict[FixKey, Fix]:
        """Those of the keys that are stored already, whatever their mark."""
        if not keys:
            return {}
        times = [to_datetime(key[1]) for key in keys]
        rows = await c.fetch_since_2000(
            self._conn,
            read.SELECT_KNOWN,
            ([key[0] for key in keys], times, [key[2] for key in keys], min(times), max(times)),
        )
        return {fix.wire.key: fix for fix in map(fix_from_row, rows)}

    async def tracks(self, devices: Sequence[str], limit: int) -> dict[str, tuple[Fix, ...]]:
        """The newest ``limit`` fixes of each device by (fixed_at, seq), rising.

        Fixes marked ``clock`` are left out: their stamp says nothing, and one from 2099 would hide
        all others. Devices without fixes are absent.
        """
        if not devices:
            return {}
        # The two days before the horizon are searched first: nearly every device has its newest there.
        to_us = await self._horizon_us()
        found: dict[str, list[Fix]] = {}
        for from_us in (max(_FAR_PAST_US, to_us - 3 * DAY_US), _FAR_PAST_US):
            asked = [device for device in devices if len(found.get(device, ())) < limit]
            if not asked:
                break
            params = (asked, to_datetime(from_us), to_datetime(to_us), limit)
            rows = await c.fetch_since_2000(self._conn, read.SELECT_TRACKS, params)
            found |= {device: [] for device in asked}
            for row in rows:
                found[row[0]].append(fix_from_row(row))
        return {device: tuple(fixes) for device, fixes in found.items() if fixes}

    async def _horizon_us(self) -> int:
        """Beyond which there is no fix but such as are marked ``clock``: so no day ahead is looked into.
        Only what this transaction writes, last of all, moves it: it is asked for once."""
        if self._horizon is None:
            row = await c.fetch_one(self._conn, read.SELECT_HORIZON)
            self._horizon = _horizon_after(None if row is None else row[0])
        return self._horizon

    async def clock_ahead(self, devices: Sequence[str]) -> dict[str, int]:
        """The largest fixed_at each device has stored with the mark ``clock``; others are absent."""
        if not devices:
            return {}
        rows = await c.fetch(self._conn, read.SELECT_CLOCK_AHEAD, (list(devices),))
        return {row[0]: row[1] for row in rows}

    async def fixes_since(self, spans: Sequence[tuple[str, int]]) -> dict[str, list[Fix]]:
        """Of each (device, from_us) the fixes from then on, rising by (fixed_at, seq), none
        ``clock``, led by the last usable one before. Devices without any are absent."""
        if not spans:
            return {}
        to_us = await self._horizon_us()
        devices, times = [d for d, _ in spans], [t for _, t in spans]
        # The two days before are searched first: nearly every device has a fix there.
        near_us = max(_FAR_PAST_US, min(times) - 2 * DAY_US)
        since = (devices, [*map(to_datetime, times)], to_datetime(min(times)), to_datetime(to_us))
        asked: list[tuple[str, c.Params]] = [(read.SELECT_SINCE, since), _before(spans, near_us, max(times))]
        later, before = await c.fetch_together_since_2000(self._conn, asked)
        found = {row[0]: [fix_from_row(row)] for row in before}
        missing = [span for span in spans if span[0] not in found]
        if missing and near_us > _FAR_PAST_US:
            for row in await c.fetch_since_2000(self._conn, *_before(missing, _FAR_PAST_US, near_us)):
                found[row[0]] = [fix_from_row(row)]
        for row in later:
            found.setdefault(row[0], []).append(fix_from_row(row))
        return found

    async def breaches_since(
        self, spans: Sequence[tuple[str, str, int]]
    ) -> dict[tuple[str, str], list[Breach]]:
        """Breaches of each (order, condition, from_us), refuted ones too, that are open, or were opened
        or closed at from_us or later, rising by (opened_at, id). Conditions without any are absent."""
        if not spans:
            return {}
        params = ([o for o, _, _ in spans], [k for _, k, _ in spans], [to_datetime(t) for _, _, t in spans])
        found: dict[tuple[str, str], list[Breach]] = {}
        for row in await c.fetch(self._conn, read.SELECT_BREACHES, params):
            breach = breach_from_row(row[1:])
            found.setdefault((breach.order, breach.condition), []).append(breach)
        return found

    async def approaches_since(
        self, spans: Sequence[tuple[str, str, int]]
    ) -> dict[tuple[str, str], list[int]]:
        """When alerts on an approach were raised for each (order, condition, from_us) from then on,
        rising. Conditions without any are absent."""
        if not spans:
            return {}
        params = ([o for o, _, _ in spans], [k for _, k, _ in spans], [to_datetime(t) for _, _, t in spans])
        found: dict[tuple[str, str], list[int]] = {}
        for order, condition, at_us in await c.fetch(self._conn, read.SELECT_APPROACHES, params):
            found.setdefault((order, condition), []).append(at_us)
        return found

    async def events_since(
        self, spans: Sequence[tuple[str, str, int]]
    ) -> dict[tuple[str, str], list[KeptEvent]]:
        """What each (device, event, from_us) said or was heard to say from then on, led by the last
        before, rising by (fixed_at, seq). Those without any are absent."""
        if not spans:
            return {}
        params = ([d for d, _, _ in spans], [e for _, e, _ in spans], [to_datetime(t) for _, _, t in spans])
        found: dict[tuple[str, str], list[KeptEvent]] = {}
        for row in await c.fetch(self._conn, read.SELECT_EVENTS, params):
            wire = DeviceEvent(row[0], row[2], row[1], row[3], row[4], row[5])
            found.setdefault((wire.device, wire.event), []).append(KeptEvent(wire, row[6]))
        return found

    async def known_replies(self, ids: Sequence[str]) -> frozenset[str]:
        """Those of the replies' ids that are stored."""
        if not ids:
            return frozenset()
        rows = await c.fetch(self._conn, read.SELECT_REPLIES, (list(ids),))
        return frozenset(row[0] for row in rows)

    async def take_again(self, devices: Sequence[str], since_us: int) -> list[tuple[str, bytes]]:
        """(topic, raw) of what was rejected as ``unknown_device`` since and not yet taken again.

        They are marked as taken in this transaction. At most ``limits.RETAKE_ROWS_MAX`` at once,
        the oldest first: an empty answer means there are no more.
        """
        if not devices:
            return []
        rows = await c.fetch(
            self._conn, read.TAKE_AGAIN, (list(devices), to_datetime(since_us), limits.RETAKE_ROWS_MAX)
        )
        return [(row[0], row[1]) for row in rows]

    async def write(self, effects: Effects, deliveries: Sequence[NewDelivery]) -> None:
        """All rows of one step. ``recorded_at`` and ``detected_at`` are the database's clock now.

        Raises ``EngineFenced`` when another engine has claimed the database since, and
        ``FixAlreadyStored`` when a fix's key is stored: the engine should have asked.
        """
        with already_stored():
            _, written, *said = await fly(self._conn, write_calls(effects, self._epoch, None))
        recorded_at_us = recorded_at_of(written)
        if recorded_at_us is None:
            raise EngineFenced("another engine has claimed this database: this one must stop")
        if not is_quick(effects):
            await self.write_rest(effects, deliveries, recorded_at_us, said)
        self.given += [one.id for one in deliveries]

    async def write_rest(
        self,
        effects: Effects,
        deliveries: Sequence[NewDelivery],
        recorded_at_us: int,
        said: Sequence[PGresult],
    ) -> None:
        """What ``quick_sql.WRITE`` does not write of a step. ``said``: the answers behind it."""
        news = self._changed(effects.breaches, said)
        news += [("alert", alert.id, alert.id) for alert in effects.alerts]
        over = {t.alert for t in effects.troubles if t.cleared_at_us is not None and t.alert is not None}
        news += [("alert", alert, alert) for alert in sorted(over)]
        async with self._conn.pipeline():
            await self._write_devices(effects, recorded_at_us)
            await self._write_breaches(effects, deliveries, recorded_at_us)
            await watching.write(self._conn, effects, to_datetime(recorded_at_us))
            if effects.alerts:
                await c.execute(self._conn, f"NOTIFY emon_alert, '{effects.at_us}'")
            if news:
                await announce(self._conn, news)

    def _changed(
        self, breaches: Sequence[Breach], said: Sequence[PGresult]
    ) -> list[tuple[str, str, str | None]]:
        """Feed rows for the breaches that are new or say something else now than on file; that one
        runs a little deeper is no news."""
        known = {row[0]: row[1:] for answer in said for row in rows_of(self._conn, answer)}
        return [("breach", breach.id, None) for breach in breaches if known.get(breach.id) != _says(breach)]

    async def _many(self, query: str, rows: Iterable[Sequence[object]]) -> None:
        rows = list(rows)
        if rows:
            async with self._conn.cursor() as cursor:
                await cursor.executemany(query.encode(), rows)

    async def _write_devices(self, effects: Effects, recorded_at_us: int) -> None:
        received_at, recorded_at = to_datetime(effects.at_us), to_datetime(recorded_at_us)
        ahead = newest_clock(effects.fixes)
        await self._many(sql.RAISE_CLOCK, ((device, to_datetime(us)) for device, us in ahead.items()))
        await self._many(
            sql.INSERT_EVENT,
            (
                (
                    event.device, to_datetime(event.fixed_at_us), event.seq, event.event, event.state,
                    event.raw, received_at, recorded_at,
                )
                for event in effects.events
            ),
        )  # fmt: skip
        await self._many(
            sql.INSERT_REPLY,
            (sql.reply_params(reply, received_at, recorded_at) for reply in effects.replies),
        )
        await self._many(INSERT_COMMAND, (command_params(one, recorded_at) for one in effects.commands))
        await self._many(UPSERT_CARE, map(care_params, effects.cares))
        await self._many(
            sql.UPSERT_STATUS,
            ((s.device, s.online, received_at, recorded_at) for s in effects.statuses),
        )
        await self._many(
            sql.INSERT_REJECTED,
            (
                (
                    None if r.device is None else storable(r.device),
                    storable(r.topic), str(r.reason), storable(r.detail), storable(r.place), r.raw,
                    received_at, recorded_at,
                )
                for r in effects.rejections
            ),
        )  # fmt: skip
        reasons = Counter(str(rejection.reason) for rejection in effects.rejections)
        await self._many(sql.COUNT_REJECTION, sorted(reasons.items()))
        await self._many(sql.COUNT_REPEATS, effects.repeats)

    async def _write_breaches(
        self, effects: Effects, deliveries: Sequence[NewDelivery], recorded_at_us: int
    ) -> None:
        recorded_at = to_datetime(recorded_at_us)
        await self._many(
            sql.UPSERT_BREACH, ((*breach_params(b), recorded_at, recorded_at) for b in effects.breaches)
        )
        await self._many(sql.INSERT_ALERT, (sql.alert_params(a, recorded_at) for a in effects.alerts))
        await self._many(
            sql.INSERT_DELIVERY,
            (sql.delivery_params(one, to_datetime(effects.at_us)) for one in deliveries),
        )


def _horizon_after(newest_us: int | None) -> int:
    return _FAR_FUTURE_US if newest_us is None else min(_FAR_FUTURE_US, newest_us + DAY_US)


def _before(spans: Sequence[tuple[str, int]], from_us: int, to_us: int) -> tuple[str, c.Params]:
    """The last usable fix of each (device, before) within two instants."""
    times = [to_datetime(at_us) for _, at_us in spans]
    return read.SELECT_BEFORE, ([d for d, _ in spans], times, to_datetime(from_us), to_datetime(to_us))


_QUICK = frozenset({"at_us", "fixes", "quiet", "watches"})
_REST = tuple(name for name in Effects.__struct_fields__ if name not in _QUICK)


def is_quick(effects: Effects) -> bool:
    """Whether one statement writes all of it: fixes, none with a wrong clock, and what is remembered of
    devices."""
    if any(getattr(effects, name) for name in _REST):
        return False
    return not any(fix.mark is Mark.CLOCK for fix in effects.fixes)


@contextmanager
def already_stored() -> Iterator[None]:
    """Within it a fix whose key is stored is ``FixAlreadyStored``."""
    try:
        yield
    except psycopg.errors.UniqueViolation as fault:
        raise FixAlreadyStored(str(fault.diag.message_detail or fault)) from fault


def newest_clock(fixes: Iterable[Fix]) -> dict[str, int]:
    """Of each device the largest fixed_at marked ``clock``, by device name."""
    newest: dict[str, int] = {}
    for fix in fixes:
        if fix.mark is Mark.CLOCK:
            newest[fix.wire.device] = max(fix.wire.fixed_at_us, newest.get(fix.wire.device, 0))
    return dict(sorted(newest.items()))


def _says(breach: Breach) -> tuple[object, ...]:
    return (breach.closed_at_us, breach.certainty, breach.how, breach.historic, breach.refuted)
