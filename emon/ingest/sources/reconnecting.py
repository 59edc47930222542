"""What both MQTT sources share: the queue, the waiting for it, and one connection after another.

Theory of operation. The session at the broker is persistent, under one client id, so that the broker
keeps what comes while we are away; what was not acknowledged comes again on the next connection, under
other packet ids. A receipt therefore carries the number of its connection, and an old one is dropped in
silence. The broker's window (Receive Maximum with MQTT 5, the broker's own setting with 3.1.1) bounds the
queue: without acknowledgements the broker stops.
"""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from emon.ingest.deliveries import Delivery
from emon.ingest.source import SourceUnavailable
from emon.ingest.sources.broker_notes import BrokerNotes
from emon.ingest.sources.hung_up import lives
from emon.ingest.sources.mqtt_url import BrokerAddress
from emon.ingest.topics import SUBSCRIPTIONS
from emon.limits import RECONNECT_PAUSE_MAX_S, RECONNECT_PAUSE_MIN_S

_log = logging.getLogger(__name__)

DEFAULT_CLIENT_ID = "emon"
CALL_TIMEOUT_S = 10.0
_CANCEL_AGAIN_S = 0.2


class BrokerUnavailable(SourceUnavailable):
    """The broker could not be reached, or refused us, until ``give_up_s`` had passed."""


class ConnectionEnded(Exception):
    """A connection that could not be made, or has ended; the text says why.

    ``wants_older``: the broker does not speak MQTT 5. ``taken_over``: it said that another client came
    with our client id. ``silent``: it was not heard to close, it answers no more.
    """

    def __init__(
        self, reason: str, *, wants_older: bool = False, taken_over: bool = False, silent: bool = False
    ) -> None:
        super().__init__(reason)
        self.wants_older, self.taken_over, self.silent = wants_older, taken_over, silent


class ReconnectingSource(ABC):
    """A ``Source`` over one MQTT connection at a time, whichever way its packets are read.

    ``client_id`` names the session; None takes the URL's, else ``emon``. ``give_up_s`` bounds the
    attempts at start; None never gives up. Afterwards it reconnects for ever.
    Raises ``ValueError`` for a URL that cannot be used. One consumer calls ``next_batch``.
    """

    def __init__(
        self,
        url: str,
        *,
        client_id: str | None = None,
        give_up_s: float | None = 30.0,
        subscriptions: Sequence[str] = SUBSCRIPTIONS,
    ) -> None:
        self.address = BrokerAddress.parse(url)
        self._tls_context = self.address.tls_context()
        self._client_id = client_id or self.address.client_id or DEFAULT_CLIENT_ID
        self._give_up_s = give_up_s
        self._subscriptions = tuple(subscriptions)
        self._version = "5" if self.address.version == "auto" else self.address.version
        self._arrival = asyncio.Event()
        self._woken = False
        self._subscribed = self._established = False
        self._started: asyncio.Future[None] | None = None
        self._task: asyncio.Task[None] | None = None
        self.notes = BrokerNotes(self.address, self._client_id)
        self.hung_up = 0
        """How often a living broker ended our session: on nats-server the sign of a taken client id."""

    @property
    def connected(self) -> bool:
        return self._subscribed

    @property
    @abstractmethod
    def queued(self) -> int:
        """Messages received and not yet handed out."""

    async def __aenter__(self) -> Self:
        """Connect and subscribe. Raises ``BrokerUnavailable`` when ``give_up_s`` has passed."""
        self._started = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._stay_connected(self._started), name="mqtt-source")
        try:
            await asyncio.wait((self._started, self._task), return_when=asyncio.FIRST_COMPLETED)
            if not self._started.done():
                self._raise_if_ended()
            self._started.result()
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop()

    async def next_batch(self, *, max_messages: int, max_wait_s: float) -> Sequence[Delivery]:
        if not self.queued and not self._woken:
            self._raise_if_ended()
            self._arrival.clear()
            try:
                async with asyncio.timeout(max_wait_s):
                    await self._arrival.wait()
            except TimeoutError:
                return []
        self._woken = False
        return self._take(max_messages)

    @abstractmethod
    def _take(self, most: int) -> Sequence[Delivery]:
        """The oldest of what is queued, at most so many; they are queued no more."""

    @abstractmethod
    def _keep_distinct(self) -> None:
        """Of what is queued keep each topic with each payload once."""

    @abstractmethod
    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Say that these are committed."""

    @abstractmethod
    async def publish(self, topic: str, payload: bytes, expires_s: int) -> None:
        """With QoS 1 over the service's own connection; returns when the broker has acknowledged.

        ``expires_s``: a broker that speaks MQTT 5 keeps it no longer for a device that is away.
        Raises ``SourceUnavailable`` when there is no connection, or it ends before the PUBACK.
        """

    def wake(self) -> None:
        self._woken = True
        self._arrival.set()

    @abstractmethod
    async def _one_connection(self, started: asyncio.Future[None]) -> None:
        """From connecting to disconnection. Raises ``ConnectionEnded`` at its end, however it ends."""

    @abstractmethod
    async def _settle(self) -> None:
        """A round trip: its answer means that the broker has read our acknowledgements before it.

        Else a service that starts again at once would get them once more: harmless, but work.
        """

    def _note_subscribed(self, started: asyncio.Future[None]) -> None:
        self._subscribed = self._established = True
        _log.info("MQTT broker %s: connected with MQTT %s", self.address, self._version)
        if not started.done():
            started.set_result(None)

    def _note_session(self, present: bool) -> None:
        # The broker sends again what waits here, or has lost it in a crash: so it stays, each once.
        # The same bytes on the same topic are the same fix; a crowd of reconnections must not pile up.
        self._keep_distinct()
        self.notes.session(present)

    async def _stop(self) -> None:
        task, self._task = self._task, None
        if task is None:
            return
        await self._settle()
        # More than once: asyncio.wait_for of Python 3.11, in aiomqtt, loses a cancellation that comes
        # together with its answer (fixed in 3.12, CPython issue 86296), and the task would live on.
        while not task.done():
            task.cancel()
            await asyncio.wait((task,), timeout=_CANCEL_AGAIN_S)

    def _raise_if_ended(self) -> None:
        """A source whose connection task is gone must not look like a quiet broker."""
        if self._task is None:
            raise RuntimeError("the MQTT source is not open")
        if self._task.done():
            raise RuntimeError("the MQTT source ended unexpectedly") from self._task.exception()

    async def _stay_connected(self, started: asyncio.Future[None]) -> None:
        loop = asyncio.get_running_loop()
        began_s, pause_s, attempts = loop.time(), RECONNECT_PAUSE_MIN_S, 0
        while True:
            attempts += 1
            attempt_s = loop.time()
            try:
                await self._one_connection(started)
            except ConnectionEnded as fault:
                reason = str(fault)
                if fault.wants_older and self._falls_back():
                    continue
                await self._note_hung_up(fault)
            if loop.time() - attempt_s >= RECONNECT_PAUSE_MAX_S:
                pause_s = RECONNECT_PAUSE_MIN_S  # it had worked; two that evict each other slow down
            spent_s = loop.time() - began_s
            if not started.done() and self._give_up_s is not None and spent_s + pause_s > self._give_up_s:
                started.set_exception(BrokerUnavailable(self._gave_up(reason, attempts, spent_s)))
                return
            _log.warning(
                "MQTT broker %s: %s. Trying again in %.1f s (EMON_MQTT_URL says where it is).",
                self.address,
                reason,
                pause_s,
            )
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, RECONNECT_PAUSE_MAX_S)

    async def _note_hung_up(self, fault: ConnectionEnded) -> None:
        established, self._established = self._established, False
        if not established:
            return  # it never was a session
        if self._version == "5":
            hung_up = fault.taken_over
        else:
            hung_up = not fault.silent and await lives(self.address.host, self.address.port)
        if hung_up:
            self.hung_up += 1
            _log.error(
                "MQTT broker %s ended our session %r and lives: somebody may have come under our client id. "
                "Rotate the service's credentials (emon broker rotate FOLDER emon; docs/brokers.md).",
                self.address,
                self._client_id,
            )

    def _falls_back(self) -> bool:
        """Whether we may speak 3.1.1 (``version=auto``) and have not tried it yet."""
        if self.address.version != "auto" or self._version == "3.1.1":
            return False
        self._version = "3.1.1"
        return True

    def _gave_up(self, reason: str, attempts: int, spent_s: float) -> str:
        return (
            f"MQTT broker {self.address}: {reason}. Tried {attempts} times in {spent_s:.0f} s as client "
            f"{self._client_id!r}. Start the broker, or set EMON_MQTT_URL to mqtt://USER:PASSWORD@HOST:PORT "
            "(docs/brokers.md)."
        )


def not_granted(topic: str, code: int, user: str | None) -> str:
    """What to say of a subscription that the broker grants less than QoS 1."""
    said = f"with code {code:#04x}" if code >= 0x80 else f"with QoS {code} only"
    return f"it answered the subscription to {topic} {said}; user {user!r} needs to read it with QoS 1"
