"""The store: everything the service keeps, in one PostgreSQL database.

The engine's batches run on a connection of their own (``engine_claim``); pages, dispatcher and
arming share a few others. All SQL stands beside what uses it, as SQL.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import date
from typing import TYPE_CHECKING, Self

import msgspec
import psycopg
from msgspec.structs import replace
from psycopg import pq

from emon import limits
from emon.alerts.outbox import DueDelivery
from emon.devices.watching import Remembered
from emon.ingest.lanes import InboxState
from emon.model.breach import Breach
from emon.model.effects import Effects, NewDelivery
from emon.model.instant import to_datetime
from emon.model.order import OrderVersion
from emon.store import arming, inbox, migrate, watching
from emon.store import connect as c
from emon.store import listen as listening
from emon.store.answers import AnswersOfPolice
from emon.store.batch import Batch, already_stored, is_quick
from emon.store.canary import CanaryReads
from emon.store.carried_for import CarriedFor
from emon.store.climbs import ClimbOutbox
from emon.store.commands import CommandOutbox, device_cares
from emon.store.delays import DelayReads
from emon.store.device_file import DeviceReads
from emon.store.engine_claim import EngineClaim
from emon.store.errors import (
    AlertUnknown,
    ClosedOtherwise,
    ClosingIncomplete,
    CommitUncertain,
    DatabaseUnavailable,
    DatabaseUrlWrong,
    EngineClaimed,
    EngineFenced,
    EngineNotClaimed,
    FixAlreadyStored,
    NotTheirs,
    OrderConflict,
    SchemaAltered,
    SchemaNewer,
    SchemaOutdated,
    StoreFault,
    UserExists,
)
from emon.store.feedback_rows import FeedbackReads
from emon.store.flight import BEGIN, COMMIT, Call, as_int8, fly, roll_back
from emon.store.fresh import Fresh
from emon.store.heartbeats import HeartbeatRows
from emon.store.incident_reads import IncidentReads
from emon.store.incidents import IncidentRows
from emon.store.known_devices import KnownDevices
from emon.store.ledger import LedgerReads
from emon.store.lives import LifeReads
from emon.store.migrate import Storage
from emon.store.newest_orders import NewestOrders
from emon.store.notices import NoticeFile
from emon.store.outbox import OutboxReads
from emon.store.pages import PageReads
from emon.store.placed_orders import PlacedOrders
from emon.store.platform import PlatformAlerts
from emon.store.policies import PolicyFile
from emon.store.quick_sql import SHARE_ARM_LOCK, recorded_at_of, write_calls
from emon.store.rows import BREACH_COLUMNS, breach_from_row
from emon.store.sealing import AuditSealing
from emon.store.staff_commands import StaffCommands
from emon.store.suspensions import SuspensionDesk
from emon.store.updates import UpdateOutbox
from emon.store.users import UserAccounts
from emon.store.words_of_people import WordsOfPeople

if TYPE_CHECKING:
    from psycopg.pq.abc import PGresult

__all__ = [
    "AlertUnknown",
    "Batch",
    "ClosedOtherwise",
    "ClosingIncomplete",
    "CommitUncertain",
    "DatabaseUnavailable",
    "DatabaseUrlWrong",
    "Description",
    "EngineClaimed",
    "EngineFenced",
    "EngineNotClaimed",
    "FixAlreadyStored",
    "NotTheirs",
    "OrderConflict",
    "SchemaAltered",
    "SchemaNewer",
    "SchemaOutdated",
    "Store",
    "StoreFault",
    "UserExists",
]

_SELECT_RECENT_BREACHES = f"""
SELECT {BREACH_COLUMNS} FROM breach
WHERE NOT refuted AND (closed_at IS NULL OR opened_at >= %s)
ORDER BY opened_at, id
"""


# Planned anew for each question, as the engine's own recollections are (``quick_sql``).
_READ_BESIDE = b"""
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL plan_cache_mode = force_custom_plan
"""


class Description(msgspec.Struct, frozen=True):
    """What the database is, for the start-up message and the page."""

    server: str
    place: str
    storage: Storage
    migration: int

    def __str__(self) -> str:
        kind = "TimescaleDB hypertable" if self.storage is Storage.HYPERTABLE else "daily partitions"
        return f"{self.place}, PostgreSQL {self.server}, fixes in {kind}, schema {self.migration}"


class Store(
    PageReads,
    UserAccounts,
    OutboxReads,
    DelayReads,
    LedgerReads,
    CommandOutbox,
    DeviceReads,
    KnownDevices,
    PlatformAlerts,
    CanaryReads,
    WordsOfPeople,
    ClimbOutbox,
    LifeReads,
    FeedbackReads,
    HeartbeatRows,
    NoticeFile,
    IncidentRows,
    UpdateOutbox,
    AnswersOfPolice,
    IncidentReads,
    PolicyFile,
    SuspensionDesk,
    StaffCommands,
    AuditSealing,
):
    """One open database. Make it with ``open``; every method may raise ``DatabaseUnavailable``."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._pool = c.Pool(url)
        self._claim = EngineClaim(url)
        self._placed = PlacedOrders()
        self._newest_orders = NewestOrders()
        self._carried = CarriedFor()
        self._fresh = Fresh(self._placed)

    @classmethod
    async def open(cls, url: str, *, give_up_s: float = 0.0) -> Self:
        """Connect and check the schema, trying again with growing pauses for ``give_up_s`` seconds
        (``math.inf``: for ever; each failure is logged).

        Raises ``DatabaseUnavailable``, ``SchemaOutdated``, ``SchemaNewer``, ``SchemaAltered``.
        """
        conn = await c.connect_patiently(url, purpose="start", give_up_s=give_up_s)
        try:
            with c.as_store_faults(url):
                await migrate.check_schema(conn)
        finally:
            await conn.close()
        return cls(url)

    async def close(self) -> None:
        """Close all connections; the engine's claim ends with its own."""
        await self._claim.drop()
        await self._pool.close()

    def know_orders(self, versions: Iterable[OrderVersion]) -> None:
        """The order versions behind alerts just written: their messages need not wait for a read of them."""
        self._placed.take(versions)

    def take_fresh(self) -> tuple[list[DueDelivery], bool]:
        """What the step just committed has given to tell, once, and whether that is all it has given: the
        rest is to be claimed. Call it after ``know_orders``."""
        return self._fresh.take()

    async def describe(self) -> Description:
        """Server version, place, how fixes are stored, the newest migration."""
        async with self._pool.connection() as conn:
            return Description(
                server=conn.info.parameter_status("server_version") or "?",
                place=c.describe_url(self.url),
                storage=await migrate.current_storage(conn),
                migration=max((one.number for one in await migrate.applied_migrations(conn)), default=0),
            )

    async def claim_engine(self) -> int:
        """Become the one engine of this database; returns the claim's epoch.

        Raises ``EngineClaimed`` when a living engine has it.
        """
        return await self._claim.claim()

    @asynccontextmanager
    async def batch(self) -> AsyncIterator[Batch]:
        """One transaction of the engine; one at a time. Commits at the end, rolls back on a fault.

        It shares a lock that arming takes alone. Raises ``EngineNotClaimed``, ``EngineFenced``,
        ``DatabaseUnavailable``, and its kind ``CommitUncertain`` when the connection broke during
        the commit.
        """
        async with self._claim.in_use:
            conn = await self._claim.connection()
            try:
                with c.as_store_faults(self.url):
                    _, shared = await fly(conn, [Call(BEGIN), Call(SHARE_ARM_LOCK)])
                    batch = Batch(conn, self._own_epoch(shared))
                    yield batch
                with self._commits():
                    await self._fresh.commit(conn, batch.given)
            except BaseException:
                await self._abandon(conn)
                raise

    @asynccontextmanager
    async def beside(self) -> AsyncIterator[Batch]:
        """What is stored at one instant, for reads while the engine's batches go on; it writes nothing."""
        async with self._pool.transaction() as conn:
            await conn.execute(_READ_BESIDE)
            yield Batch(conn, 0)

    async def write_step(
        self,
        arm_seq: int,
        effects: Effects,
        deliveries: Sequence[NewDelivery],
        then: Effects | None = None,
    ) -> bool:
        """A step that asked nothing of the archive, in a transaction of its own: mostly one round trip.
        ``then``: the step after it, which one statement writes, in the same transaction.

        False, and nothing is written, when orders were armed after ``arm_seq``. Raises as ``batch`` and
        ``Batch.write`` do.
        """
        async with self._claim.in_use:
            conn = await self._claim.connection()
            try:
                quick = is_quick(effects)
                epoch = self._claim.epoch or 0
                writing = write_calls(effects, epoch, arm_seq)
                calls = [Call(BEGIN), Call(SHARE_ARM_LOCK), *writing]
                said = slice(len(calls) - len(writing) + 2, len(calls))
                if then is not None:
                    calls += write_calls(then, epoch, arm_seq)[1:]  # planned once for both
                answers = await self._flown(conn, [*calls, Call(COMMIT)] if quick else calls)
                epoch, recorded_at_us = self._own_epoch(answers[1]), recorded_at_of(answers[3])
                if not quick and recorded_at_us is not None:
                    with c.as_store_faults(self.url):
                        await Batch(conn, epoch).write_rest(
                            effects, deliveries, recorded_at_us, answers[said]
                        )
                if not quick:
                    with self._commits():
                        await self._fresh.commit(conn, [one.id for one in deliveries])
            except BaseException:
                await self._abandon(conn)
                raise
            return recorded_at_us is not None

    async def _flown(self, conn: c.Connection, calls: Sequence[Call]) -> list[PGresult]:
        """Where the last one is a commit, it may have happened although we did not hear of it."""
        commits = calls[-1].statement is COMMIT
        try:
            with already_stored():
                return await fly(conn, calls)
        except (psycopg.OperationalError, psycopg.InterfaceError) as fault:
            undone = conn.pgconn.transaction_status == pq.TransactionStatus.INERROR
            if undone or not commits:
                raise c.unavailable(self.url, fault) from fault
            raise CommitUncertain(str(c.unavailable(self.url, fault))) from fault

    def _own_epoch(self, shared: PGresult) -> int:
        """Of the answer to ``SHARE_ARM_LOCK``. Raises ``EngineFenced``."""
        epoch = as_int8(shared.get_value(0, 1)) if shared.ntuples else None
        if epoch is None or epoch != self._claim.epoch:
            raise EngineFenced("another engine has claimed this database: this one must stop")
        return epoch

    @contextmanager
    def _commits(self) -> Iterator[None]:
        """Within it a connection that breaks leaves the commit uncertain."""
        try:
            yield
        except (psycopg.OperationalError, psycopg.InterfaceError) as fault:
            raise CommitUncertain(str(c.unavailable(self.url, fault))) from fault

    async def _abandon(self, conn: c.Connection) -> None:
        """Roll back; a connection that cannot is dropped, which rolls back as well."""
        try:
            await roll_back(conn)
        except psycopg.Error:
            await self._claim.drop()

    async def last_received_at_us(self) -> int | None:
        """``received_at`` of the newest committed batch; None before the first."""
        async with self._pool.connection() as conn:
            row = await c.fetch_one(conn, "SELECT last_received_at FROM engine_clock")
        return row[0] if row else None

    async def remembered(self) -> Remembered:
        """What the engine must be given of devices when it starts, at one instant."""
        async with self._pool.transaction() as conn:
            return replace(await watching.remembered(conn), cares=await device_cares(conn))

    async def inbox_state(self) -> InboxState:
        """What was acknowledged and waits to be judged."""
        async with self._pool.connection() as conn:
            return await inbox.inbox_state(conn)

    async def recent_breaches(self, since_us: int) -> list[Breach]:
        """Unrefuted, open or with opened_at >= since, by (opened_at, id)."""
        async with self._pool.connection() as conn:
            rows = await c.fetch(conn, _SELECT_RECENT_BREACHES, (to_datetime(since_us),))
        return [breach_from_row(row) for row in rows]

    async def arm(self, versions: Sequence[OrderVersion]) -> list[OrderVersion]:
        """Arm them all at the instant of this commit, or none. Raises ``OrderConflict``.

        They come back with the ``armed_at`` they have now: a version that stands already with the
        same content keeps its own.
        """
        async with self._pool.transaction() as conn:
            return await arming.arm(conn, versions)

    async def ensure_partitions(
        self,
        from_day: date | None = None,
        to_day: date | None = None,
        *,
        days_ahead: int = limits.PARTITIONS_AHEAD_DAYS,
    ) -> int:
        """Make the missing daily partitions of [from_day, to_day), by default those around today.

        Returns how many it made. Call it daily; TimescaleDB needs none and answers 0.
        """
        async with self._pool.connection() as conn:
            if from_day is None or to_day is None:
                return await migrate.ensure_partitions_around(conn, days_ahead)
            return await migrate.ensure_partitions(conn, from_day, to_day)

    def listen(self, channel: str) -> AsyncGenerator[str, None]:
        """Payloads of ``emon_alert``, ``emon_order`` or ``emon_feed``; empty after a (re)connect."""
        return listening.listen(self.url, channel)
