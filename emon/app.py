"""The composition root: picks the parts, starts them in order and stops them in the opposite one.

Order matters at the start: the database is claimed before a message is taken, the page listens
before the broker is asked, and the session at the broker exists before any device may connect (the
first trap of the design). At a stop the source ends first: what was not committed comes again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta
from pathlib import Path

import uvicorn

from emon import clock
from emon.alerts.channels import Channel
from emon.alerts.channels.opened import open_channels
from emon.alerts.dispatcher import Dispatcher
from emon.alerts.lanes import LaneHealth
from emon.alerts.links import Links
from emon.alerts.policy import Policy
from emon.alerts.recipients import Recipients
from emon.audit.keyring import Keyring
from emon.canary import TOPIC as CANARY_TOPIC
from emon.canary import Canary
from emon.command_sender import CommandSender
from emon.config import Settings
from emon.escalator import Escalator
from emon.heartbeats import Heartbeats
from emon.identity.monitor import say_what_loses_fixes
from emon.incidents import at_work
from emon.ingest.plain import load_plain_scanner
from emon.ingest.sources.frame_source import FrameSource
from emon.ingest.sources.mqtt import MqttSource
from emon.ingest.sources.reconnecting import ReconnectingSource
from emon.limits import HANDED_OVER_WITHIN_S, KERNELS_HINT_S, PARTITIONS_EVERY_S, WATCH_HEART_S
from emon.model.effects import Effects
from emon.model.instant import SECOND_US, to_datetime
from emon.page_server import allowed_hosts, bound, listen, public_url, server
from emon.policies.written import policy_bytes, version_of
from emon.runtime import Runtime
from emon.sealer import Sealer
from emon.staff_watch import StaffWatch
from emon.store.errors import DatabaseUnavailable
from emon.store.feedback_rows import MODELS_FILE
from emon.store.fix_rows import load_cells_kernel
from emon.store.store import Store
from emon.suspension_notices import SuspensionNotices
from emon.turn import load_step_kernels
from emon.watchdog.expected import missing_since_us
from emon.watchdog.inside import Health, Watchdog
from emon.watchdog.recipients_down import RecipientsWatch
from emon.watchdog.told_once import reached
from emon.web.backend import Services
from emon.web.live import LiveFeed
from emon.web.store_backend import StoreBackend

_log = logging.getLogger(__name__)


def _load_kernels() -> None:
    """All that a batch may call, so that none waits for a compiler."""
    load_step_kernels()
    load_plain_scanner()
    load_cells_kernel()


SOURCES: dict[str, type[ReconnectingSource]] = {"aiomqtt": MqttSource, "frames": FrameSource}
"""What ``EMON_MQTT_SOURCE`` chooses from (ADR 0021)."""


@dataclass(frozen=True)
class Started:
    """What whoever started the service may want to know and do."""

    http_url: str
    store: Store
    runtime: Runtime
    description: str


@contextlib.contextmanager
def said_when_slow(say: Callable[[str], None]) -> Iterator[None]:
    """Say what takes so long when the kernels do not come from the compiler's cache."""
    hint = asyncio.get_running_loop().call_later(
        KERNELS_HINT_S, say, "compiling the geofence's kernels; only the first start takes this long"
    )
    try:
        yield
    finally:
        hint.cancel()


class Service:
    """The whole service in one process. ``run`` ends after ``stop``, or with the fault that ended it."""

    def __init__(
        self,
        settings: Settings,
        recipients: Recipients,
        policy: Policy,
        *,
        on_start: Callable[[Started], None] = lambda started: None,
    ) -> None:
        self._settings = settings
        self._recipients = recipients
        self._policy = policy
        self._on_start = on_start
        self._stop = asyncio.Event()
        self.started = False
        """Whether everything is up; before that nothing needs an orderly end."""

    def stop(self) -> None:
        """End in order; a second call changes nothing."""
        self._stop.set()

    async def run(self) -> None:
        """Start everything, work until ``stop``, end everything.

        Raises ``AddressTaken``, the store's and the source's faults at start, and whatever the
        engine cannot go on after.
        """
        settings = self._settings
        listener = listen(settings.http_listen)
        with said_when_slow(_log.warning):
            await asyncio.to_thread(_load_kernels)
        async with contextlib.AsyncExitStack() as stack:
            stack.callback(listener.close)
            store = await Store.open(settings.database_url, give_up_s=float(settings.give_up_s) or 10.0**9)
            stack.push_async_callback(store.close)
            await self._make_partitions(store)
            await store.claim_engine()
            await store.use_policy(version_of(self._policy), policy_bytes(self._policy).decode())
            links = Links(public_url(settings, listener), _kept_secret(settings.data_dir, "link.secret"))
            channels = await stack.enter_async_context(self._channels(links))
            dispatcher = Dispatcher(store, channels, clock.now_us)
            source = await stack.enter_async_context(await self._source())
            commands = CommandSender(store, source, clock.now_us)
            escalator = self._escalator(store, dispatcher)
            canary = Canary(store, source.publish, now_us=clock.now_us) if settings.canary == "on" else None
            sealer = Sealer(store, Keyring(settings.data_dir), clock.now_us)
            backend = StoreBackend(store, self._policy, settings.data_dir / MODELS_FILE, sign=sealer.sign_now)
            runtime = Runtime(
                store,
                source,
                now_us=clock.now_us,
                route=self._recipients.deliveries,
                on_commit=lambda effects: _after_commit(effects, store, runtime, dispatcher, commands, live),
                batch_fixes_max=settings.batch_fixes_max,
                policy=self._policy,
                canary=None if canary is None else (CANARY_TOPIC, canary),
            )
            watchdog = self._watchdog(
                store, lambda now_us: _health(runtime, source, watchdog, canary, now_us), lambda: live.wake()
            )
            recipients_watch = self._recipients_watch(store, lambda: live.wake())
            heartbeats = _heartbeats(
                store, channels, runtime, lambda: bool(status()["ok"]), sealer.sent_along
            )
            updating = at_work(store, channels, clock.now_us, self._policy.needs)

            def status() -> dict[str, object]:
                return _status(runtime, source, watchdog, dispatcher, canary)

            live = LiveFeed(backend, clock.now_us, status)
            page = server(self._services(backend, live, status, links))
            url = f"http://{bound(listener)}"
            await self._work(
                Started(url, store, runtime, str(await store.describe())),
                dispatcher,
                commands,
                live,
                page,
                listener,
                escalator,
                sealer,
                (
                    watchdog.run(),
                    recipients_watch.run(),
                    self._staff_watch(store, lambda: live.wake()).run(),
                    heartbeats.run(),
                    _suspension_notices(store, channels, self._recipients).run(),
                    *updating,
                    *_runs(canary),
                ),
            )

    def _channels(self, links: Links) -> contextlib.AbstractAsyncContextManager[Mapping[str, Channel]]:
        """Opened by entering it."""
        needs = self._policy.needs
        return open_channels(self._recipients, links.public_url, clock.now_us, links.secret, needs)

    async def _source(self) -> ReconnectingSource:
        """Not yet connected. What a broker loses is said before anything is taken from it."""
        settings = self._settings
        if settings.nats_monitor_url is not None:
            await say_what_loses_fixes(settings.nats_monitor_url)
        give_up_s = float(settings.give_up_s) or None
        kind = SOURCES[settings.mqtt_source]
        return kind(settings.mqtt_url, client_id=settings.mqtt_client_id, give_up_s=give_up_s)

    def _watchdog(
        self, store: Store, health: Callable[[int], Health], on_told: Callable[[], None]
    ) -> Watchdog:
        return Watchdog(
            store,
            health,
            reached(tuple(self._recipients.routes)),
            self._recipients.deliveries,
            now_us=clock.now_us,
            on_told=on_told,  # the dispatcher hears the store's notice
            policy=self._policy,
        )

    def _recipients_watch(self, store: Store, on_told: Callable[[], None]) -> RecipientsWatch:
        return RecipientsWatch(
            store,
            reached(tuple(self._recipients.routes)),
            self._recipients.deliveries,
            now_us=clock.now_us,
            on_told=on_told,
            policy=self._policy,
        )

    def _staff_watch(self, store: Store, on_told: Callable[[], None]) -> StaffWatch:
        route = self._recipients.deliveries
        return StaffWatch(store, route, now_us=clock.now_us, on_told=on_told, policy=self._policy)

    def _escalator(self, store: Store, dispatcher: Dispatcher) -> Escalator:
        return Escalator(
            store,
            self._policy,
            self._recipients.climbing,
            now_us=clock.now_us,
            steady_us=clock.steady_us,
            on_climb=dispatcher.wake,
        )

    async def _work(
        self,
        started: Started,
        dispatcher: Dispatcher,
        commands: CommandSender,
        live: LiveFeed,
        server: uvicorn.Server,
        listener: socket.socket,
        escalator: Escalator,
        sealer: Sealer,
        others: Sequence[Coroutine[None, None, None]],
    ) -> None:
        store, runtime = started.store, started.runtime
        async with asyncio.TaskGroup() as group:
            engine = group.create_task(runtime.run(), name="engine")
            sending = group.create_task(dispatcher.run(), name="dispatcher")
            climbing = group.create_task(escalator.run(), name="escalation")
            commanding = group.create_task(commands.run(), name="commands to devices")
            sealing = group.create_task(sealer.run(), name="audit trail")
            serving = group.create_task(server.serve(sockets=[listener]), name="page")
            feeding = group.create_task(live.run(), name="live feed")
            helpers = [
                group.create_task(_on_notice(store, "emon_order", runtime.orders_changed)),
                group.create_task(_on_alert(store, dispatcher)),
                group.create_task(_on_notice(store, "emon_command", commands.wake)),
                group.create_task(self._keep_partitions(store)),
                *map(group.create_task, others),
            ]
            self.started = True
            self._on_start(started)
            await self._stop.wait()
            runtime.stop()
            await engine
            dispatcher.stop()
            commands.stop()
            escalator.stop()
            live.close()
            server.should_exit = True
            await asyncio.gather(sending, climbing, commanding, serving)
            for task in (feeding, *helpers):
                task.cancel()
            sealer.stop()
            await sealing

    def _services(
        self,
        backend: StoreBackend,
        live: LiveFeed,
        status: Callable[[], dict[str, object]],
        links: Links,
    ) -> Services:
        settings = self._settings
        return Services(
            backend=backend,
            live=live,
            now_us=clock.now_us,
            cookie_secret=_kept_secret(settings.data_dir, "cookie.secret"),
            status=status,
            keys=self._recipients.keys(),
            links=links,
            allowed_hosts=allowed_hosts(settings),
            secure_cookie=settings.http_public_url.startswith("https://"),
        )

    async def _make_partitions(self, store: Store) -> None:
        today = to_datetime(clock.now_us()).astimezone(UTC).date()
        ahead = timedelta(days=self._settings.partition_days_ahead + 1)
        await store.ensure_partitions(today - timedelta(days=1), today + ahead)

    async def _keep_partitions(self, store: Store) -> None:
        while True:
            await asyncio.sleep(PARTITIONS_EVERY_S)
            try:
                await self._make_partitions(store)
            except DatabaseUnavailable as fault:
                _log.warning("no partitions were made, again in an hour: %s", fault)


def _runs(canary: Canary | None) -> tuple[Coroutine[None, None, None], ...]:
    return () if canary is None else (canary.run(),)


def _after_commit(
    effects: Effects,
    store: Store,
    runtime: Runtime,
    dispatcher: Dispatcher,
    commands: CommandSender,
    live: LiveFeed,
) -> None:
    if effects.alerts:
        store.know_orders(runtime.newest_versions(alert.order for alert in effects.alerts))
        fresh, all_of_it = store.take_fresh()
        dispatcher.hand_over(fresh, effects.at_us, all_of_it=all_of_it)
    if effects.commands:
        commands.wake()
    live.wake()


async def _on_alert(store: Store, dispatcher: Dispatcher) -> None:
    """The engine hands over what it has written (``_after_commit``); its notice is for when it does not come
    to that, for its connection broke."""
    loop = asyncio.get_running_loop()
    async for written_us in store.listen("emon_alert"):
        if written_us:
            loop.call_later(HANDED_OVER_WITHIN_S, dispatcher.heard_of, int(written_us))
        else:
            dispatcher.wake()


async def _on_notice(store: Store, channel: str, act: Callable[[], None]) -> None:
    async for _ in store.listen(channel):
        act()


def _health(
    runtime: Runtime, source: ReconnectingSource, watchdog: Watchdog, canary: Canary | None, now_us: int
) -> Health:
    status, watching = runtime.status, runtime.watching
    # Fixes are owed from when all was there to take them: what waited at the broker comes first.
    back_us = max(watchdog.broker.back_us or 0, watchdog.database.back_us or 0)
    since_us = max(status.last_fix_at_us or 0, status.started_at_us, back_us)
    asked = watching is not None and source.connected
    there = source.connected and not status.waiting_for_database
    return Health(
        broker=source.connected,
        database=not status.waiting_for_database,
        missing_us=missing_since_us(watching, since_us, now_us) if asked and watching is not None else None,
        hung_up=source.hung_up,
        last_fix_us=status.last_fix_at_us,
        inbox_old_us=runtime.inbox.old_since_us(now_us),
        canary_us=canary.missing_since_us(now_us, back_us) if canary is not None and there else None,
    )


def _heartbeats(
    store: Store,
    channels: Mapping[str, object],
    runtime: Runtime,
    well: Callable[[], bool],
    trail: Callable[[], dict[str, object] | None],
) -> Heartbeats:
    return Heartbeats(
        store,
        channels,
        now_us=clock.now_us,
        steady_us=clock.steady_us,
        judging=lambda now_us: _judging(runtime, now_us),
        well=well,
        trail=trail,
    )


def _suspension_notices(
    store: Store, channels: Mapping[str, object], recipients: Recipients
) -> SuspensionNotices:
    return SuspensionNotices(
        store, channels, recipients.reached, now_us=clock.now_us, fallback=str(recipients.fallback)
    )


def _judging(runtime: Runtime, now_us: int) -> bool:
    """Whether the engine has committed lately; an idle one does so each ten seconds."""
    status = runtime.status
    last_us = max(status.last_batch_at_us or 0, status.started_at_us)
    return not status.waiting_for_database and now_us - last_us < WATCH_HEART_S * SECOND_US


def _status(
    runtime: Runtime,
    source: ReconnectingSource,
    watchdog: Watchdog,
    dispatcher: Dispatcher,
    canary: Canary | None,
) -> dict[str, object]:
    status = runtime.status
    return {
        "ok": source.connected and not status.waiting_for_database,
        "broker_connected": source.connected,
        "hung_up": source.hung_up,
        "lost": {"broker": watchdog.broker.told(), "database": watchdog.database.told()},
        "waiting_for_database": status.waiting_for_database,
        "canary": None if canary is None else canary.told(),
        "inbox": runtime.inbox.told(clock.now_us()),
        "batches": status.batches,
        "fixes": status.fixes,
        "alerts": status.alerts,
        "rejections": status.rejections,
        "recipients": {party: _recipient(lane) for party, lane in dispatcher.health().items()},
        "last_batch_at": None
        if status.last_batch_at_us is None
        else to_datetime(status.last_batch_at_us).isoformat(),
    }


def _recipient(lane: LaneHealth) -> dict[str, object]:
    since_us, retry_us = lane.since_us, lane.retry_at_us
    return {
        "breaker": lane.state,
        "failures": lane.failures,
        "down_since": None if since_us is None else to_datetime(since_us).isoformat(),
        "next_try_at": None if retry_us is None else to_datetime(retry_us).isoformat(),
        "in_flight": lane.in_flight,
    }


def _kept_secret(data_dir: Path, name: str) -> bytes:
    """Made once and kept, so that a restart logs nobody out and no link becomes void."""
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = data_dir / name
    with contextlib.suppress(FileExistsError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(32))
    return path.read_bytes()


@contextlib.asynccontextmanager
async def running(service: Service) -> AsyncIterator[asyncio.Task[None]]:
    """The service as a task of the caller's loop, stopped in order on leaving."""
    task = asyncio.create_task(service.run(), name="service")
    try:
        yield task
    finally:
        service.stop()
        await task
