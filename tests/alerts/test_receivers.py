"""Real recipients in processes of their own, over real sockets, with our channels as the sender."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec.structs import replace
from standardwebhooks.webhooks import Webhook

from emon import clock
from emon.alerts.acknowledge import Acknowledgement, AcknowledgementRefused, verify_acknowledgement
from emon.alerts.channels import Channel
from emon.alerts.channels.opened import open_channels
from emon.alerts.channels.webhook import webhook_body
from emon.alerts.compose import Composer
from emon.alerts.dispatcher import Dispatcher, DispatcherLimits
from emon.alerts.outbox import Outcome
from emon.alerts.recipients import Recipients, load_recipients
from emon.alerts.routes import WebhookRoute
from emon.demo.receiver_ledger import Ledger, ReceiverCount, count, read_lines
from emon.demo.receivers_supervisor import PARTIES, ReceiverFailed, Receivers
from emon.heartbeats import Beating, heartbeat_body
from emon.model.instant import SECOND_US, to_datetime
from emon.model.vocabulary import Party
from tests.alerts.parts import BREACH, MemoryOutbox, due
from tests.alerts.servers import talking

ALERT = BREACH.id


class AcknowledgeServer:
    """The service's acknowledge address, as the web part serves it; refuses the first ``busy``."""

    def __init__(self, recipients: Recipients, *, busy: int = 0) -> None:
        self.recipients = recipients
        self.busy = busy
        self.taken: list[Acknowledgement] = []
        self.refused: list[str] = []
        self.changed = asyncio.Event()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in head[1:] if line)}
            body = await reader.readexactly(int(headers["content-length"]))
            status = self._answer(head[0].split()[1], headers, body)
            writer.write(f"HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n".encode())
            await writer.drain()
            self.changed.set()

    def _answer(self, path: str, headers: dict[str, str], body: bytes) -> int:
        if self.busy > 0:
            self.busy -= 1
            return 503
        secret = self.recipients.secret_of(json.loads(body)["party"]) or ""
        try:
            alert_id = path.removeprefix("/api/v1/alerts/").removesuffix("/acknowledge")
            self.taken.append(
                verify_acknowledgement(headers, body, secret, clock.now_us(), alert_id=alert_id)
            )
        except AcknowledgementRefused as fault:
            self.refused.append(fault.reason)
            return fault.http_status
        return 200

    async def until(self, reached: Callable[[], bool]) -> None:
        while not reached():
            self.changed.clear()
            await self.changed.wait()


class World:
    """Three recipients, the channels to them, and the service's acknowledge address."""

    def __init__(self, receivers: Receivers, recipients: Recipients, server: AcknowledgeServer) -> None:
        self.receivers = receivers
        self.recipients = recipients
        self.server = server
        self.channels: dict[str, Channel] = {}
        self.composer = Composer("", frozenset(), "")

    def route(self, party: Party) -> WebhookRoute:
        route = self.recipients.routes[party]
        assert isinstance(route, WebhookRoute)
        return route

    def counts(self) -> dict[str, ReceiverCount]:
        return self.receivers.counts()

    def signed_body(self, party: Party, *, alert_id: str = ALERT) -> bytes:
        return webhook_body(due(alert_id, party), self.composer, clock.now_us())

    async def post(
        self, party: Party, body: bytes, *, at_us: int, signed: bytes | None = None, secret: str | None = None
    ) -> httpx.Response:
        """A request by hand, signed for the given instant over ``signed`` (default: the body)."""
        route = self.route(party)
        signer = Webhook(secret or (self.recipients.secret_of(str(party)) or ""))
        headers = {
            "webhook-id": f"{ALERT}:{party}",
            "webhook-timestamp": str(at_us // SECOND_US),
            "webhook-signature": signer.sign(
                f"{ALERT}:{party}", to_datetime(at_us), (body if signed is None else signed).decode()
            ),
        }
        async with httpx.AsyncClient(trust_env=False, timeout=120.0) as client:
            return await client.post(route.url, content=body, headers=headers)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    receivers = Receivers(tmp_path)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(receivers.stop)
        config = await receivers.start()
        recipients = load_recipients(json.dumps(config).encode())
        server = AcknowledgeServer(recipients)
        port = await stack.enter_async_context(talking(server))
        url = f"http://127.0.0.1:{port}"
        made = World(receivers, recipients, server)
        made.composer = Composer(url, frozenset(map(str, recipients.routes)), "meldkamer_em")
        opened = await stack.enter_async_context(open_channels(recipients, url, clock.now_us))
        made.channels = dict(opened)
        yield made


async def test_each_recipient_keeps_and_confirms_its_own(world: World) -> None:
    outbox = MemoryOutbox(*(due(ALERT, party) for party in PARTIES))
    dispatcher = Dispatcher(outbox, world.channels, clock.now_us)
    sending = asyncio.create_task(dispatcher.run())
    await outbox.until(lambda: not outbox.waiting)
    await world.server.until(lambda: len(world.server.taken) == 2)
    dispatcher.stop()
    await sending

    assert {i: outbox.outcomes(i) for i in outbox.attempts} == {
        f"{ALERT}:{party}": [Outcome.DELIVERED] for party in PARTIES
    }
    assert {party: kept.messages for party, kept in world.counts().items()} == dict.fromkeys(PARTIES, 1)
    assert {(taken.party, taken.person) for taken in world.server.taken} == {
        ("politie", "Centralist (demo)"),
        ("reclassering", "Toezichthouder (demo)"),
    }
    (mail,) = [line["content"] for line in read_lines(world.receivers.ledger("meldkamer_em"))]
    assert mail["Message-ID"] == f"<{ALERT}.meldkamer_em@demo.invalid>"
    assert "Vermoedelijke overtreding" in mail["Subject"]
    assert "Gevraagd: Neem dit in behandeling" in mail["body"]
    assert "± 13 m" in mail["body"], "UTF-8 arrives as it left"


async def test_a_tampered_body_is_refused(world: World) -> None:
    body = world.signed_body(Party.POLITIE)
    answer = await world.post(Party.POLITIE, body.replace(b"w-1", b"w-2"), at_us=clock.now_us(), signed=body)
    assert answer.status_code == 401
    assert world.counts()["politie"] == ReceiverCount(refused=1)


@pytest.mark.parametrize("off_s", [-400, 400])
async def test_a_replayed_old_message_and_one_from_the_future_are_refused(world: World, off_s: int) -> None:
    body = world.signed_body(Party.POLITIE)
    answer = await world.post(Party.POLITIE, body, at_us=clock.now_us() + off_s * SECOND_US)
    assert answer.status_code == 401
    assert world.counts()["politie"].messages == 0


async def test_the_secret_of_one_recipient_opens_no_other(world: World) -> None:
    body = world.signed_body(Party.POLITIE)
    other = world.recipients.secret_of("reclassering")
    answer = await world.post(Party.POLITIE, body, at_us=clock.now_us(), secret=other)
    assert answer.status_code == 401


@pytest.mark.parametrize("body", [b"not JSON", b"[]", b'{"type": "ping", "data": {}}', b"", b'{"data": 1}'])
async def test_a_signed_message_that_is_no_alert_is_refused(world: World, body: bytes) -> None:
    answer = await world.post(Party.RECLASSERING, body, at_us=clock.now_us())
    assert answer.status_code == 400
    assert world.counts()["reclassering"].messages == 0


async def test_unsigned_and_oversized_requests_are_refused(world: World) -> None:
    url = world.route(Party.POLITIE).url
    async with httpx.AsyncClient(trust_env=False, timeout=120.0) as client:
        unsigned = await client.post(url, content=b"{}")
        broken = await client.post(
            url,
            content=b"{}",
            headers={"webhook-id": "x", "webhook-timestamp": str(clock.now_us() // SECOND_US)}
            | {"webhook-signature": "nonsense"},
        )
        oversized = await client.post(url, content=b"x" * 1_100_000)
        got = await client.get(url)
    assert [r.status_code for r in (unsigned, broken, oversized, got)] == [401, 401, 413, 405]


async def test_a_crash_between_sending_and_recording_counts_once(world: World) -> None:
    outbox = MemoryOutbox(due(ALERT, "politie"))
    outbox.down_for_records = True
    crashing = asyncio.create_task(Dispatcher(outbox, world.channels, clock.now_us).run())
    await world.server.until(lambda: len(world.server.taken) == 1)  # it arrived: police confirmed it
    crashing.cancel()
    await asyncio.gather(crashing, return_exceptions=True)
    assert outbox.attempts == {}

    outbox.down_for_records = False
    again = Dispatcher(outbox, world.channels, clock.now_us)
    sending = asyncio.create_task(again.run())
    await outbox.until(lambda: not outbox.waiting)
    again.stop()
    await sending
    kept = world.counts()["politie"]
    assert (kept.messages, kept.repeats) == (1, 1)
    lines = list(read_lines(world.receivers.ledger("politie")))
    assert {line["id"] for line in lines} == {f"{ALERT}:politie"}
    assert len(world.server.taken) == 1, "a repeat is not confirmed twice"


async def test_a_mail_that_comes_twice_is_one_mail(world: World) -> None:
    results = [await world.channels["meldkamer_em"].send(due(ALERT, "meldkamer_em")) for _ in range(2)]
    assert [result.outcome for result in results] == [Outcome.DELIVERED] * 2
    kept = world.counts()["meldkamer_em"]
    assert (kept.messages, kept.repeats) == (1, 1)


async def test_malformed_mail_and_foreign_mailboxes_are_refused(world: World) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", world.receivers.ports["meldkamer_em"])

    async def say(line: str) -> str:
        writer.write(line.encode() + b"\r\n")
        return (await reader.readline()).decode()

    await reader.readline()
    await say("HELO test")
    await say("MAIL FROM:<emon@demo.invalid>")
    assert (await say("RCPT TO:<someone@else.invalid>")).startswith("550")
    assert (await say("RCPT TO:<meldkamer-em@demo.invalid>")).startswith("250")
    assert (await say("DATA")).startswith("354")
    assert (await say("Subject: no id, no date\r\n\r\nhello\r\n.")).startswith("550 5.6.0")
    writer.close()
    await writer.wait_closed()
    assert world.counts()["meldkamer_em"] == ReceiverCount(refused=2)


async def test_confirming_is_tried_until_the_service_takes_it(world: World) -> None:
    world.server.busy = 2
    result = await world.channels["politie"].send(due(ALERT, "politie"))
    assert result.outcome is Outcome.DELIVERED
    await world.server.until(lambda: len(world.server.taken) == 1)
    assert world.server.busy == 0


async def test_a_recipient_that_was_down_gets_each_alert_once_when_it_is_back(tmp_path: Path) -> None:
    receivers = Receivers(tmp_path)
    config = await receivers.start()
    port = receivers.ports["politie"]
    await receivers.stop()
    recipients = load_recipients(json.dumps(config).encode())
    outbox = MemoryOutbox(due("a1", "politie"), due("a2", "politie"))
    async with AsyncExitStack() as stack:
        stack.push_async_callback(receivers.stop)
        channels = await stack.enter_async_context(
            open_channels(recipients, "http://127.0.0.1:9", clock.now_us)
        )
        dispatcher = Dispatcher(outbox, channels, clock.now_us, limits=DispatcherLimits(poll_s=1))
        sending = asyncio.create_task(dispatcher.run())
        await outbox.until(lambda: len(outbox.attempts) == 2)
        process = await _politie(tmp_path, port)
        try:
            await outbox.until(lambda: not outbox.waiting)
        finally:
            process.terminate()
            await process.wait()
        dispatcher.stop()
        await sending
    outcomes = outbox.outcomes("a1:politie")
    assert outcomes[0] is Outcome.FAILED
    assert outcomes[-1] is Outcome.DELIVERED
    assert receivers.counts()["politie"].messages == 2
    assert receivers.counts()["politie"].repeats == 0


async def _politie(folder: Path, port: int) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "emon.demo.receivers", "politie", "--port", str(port)),
        *("--dir", str(folder), "--secret-file", str(folder / "politie.secret")),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    ready: dict[str, Any] = json.loads(await process.stdout.readline())
    assert ready["port"] == port
    return process


async def test_stopping_leaves_no_process_and_a_second_start_goes_on(tmp_path: Path) -> None:
    receivers = Receivers(tmp_path)
    config = await receivers.start()
    pids = receivers.pids()
    await receivers.stop()
    await receivers.stop()
    assert len(pids) == 3
    assert not any(_alive(pid) for pid in pids.values())
    secret = (tmp_path / "politie.secret").read_text()
    try:
        again = await receivers.start()
        assert (tmp_path / "politie.secret").read_text() == secret
        assert config["recipients"].keys() == again["recipients"].keys()
    finally:
        await receivers.stop()


async def test_a_receiver_that_cannot_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "politie.secret").write_text("whsec_\n")
    receivers = Receivers(tmp_path)
    with pytest.raises(ReceiverFailed, match=r"(?s)politie did not come up.*secret may not be empty"):
        await receivers.start()
    assert receivers.pids() == {}


_PARENT = """
import asyncio, json, pathlib, sys
from emon.demo.receivers_supervisor import Receivers
async def main():
    receivers = Receivers(pathlib.Path(sys.argv[1]))
    await receivers.start()
    print(json.dumps(receivers.pids()), flush=True)
    await asyncio.get_running_loop().create_future()
asyncio.run(main())
"""


async def test_killing_the_parent_ends_the_receivers(tmp_path: Path) -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _PARENT, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    pids = json.loads(await parent.stdout.readline()).values()
    watched = [os.pidfd_open(pid) for pid in pids]
    parent.send_signal(signal.SIGKILL)
    await parent.wait()
    for descriptor in watched:
        await _readable(descriptor)  # a process's descriptor becomes readable when it ends
        os.close(descriptor)
    assert not any(_alive(pid) for pid in pids)


async def _readable(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_reader(descriptor, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(descriptor)


def _alive(pid: int) -> bool:
    """A zombie that nobody reaps has ended too."""
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def test_a_line_cut_off_by_a_kill_costs_no_other(tmp_path: Path) -> None:
    file = tmp_path / "politie.jsonl"
    ledger = Ledger(file)
    ledger.keep("m1", {"n": 1})
    ledger.confirm("m1")
    ledger.close()
    with file.open("ab") as out:
        out.write(b'{"kind": "message", "id": "m2", "cont')
    ledger = Ledger(file)
    assert not ledger.keep("m1", {"n": 1})
    assert ledger.keep("m2", {"n": 2})
    assert ledger.unconfirmed() == {"m2": {"n": 2}}
    ledger.close()
    assert count(file) == ReceiverCount(messages=2, repeats=1, confirmed=1)


async def test_a_heartbeat_is_counted_as_a_sign_of_life_and_a_climb_as_a_climb(world: World) -> None:
    channel = world.channels["politie"]
    assert isinstance(channel, Beating)
    now_us = clock.now_us()
    body = heartbeat_body("politie", 7, now_us, waiting=0, well=True)
    assert (await channel.beat("heartbeat:politie:7", body, now_us)).outcome is Outcome.DELIVERED
    again = replace(due(ALERT, "politie"), id=f"{ALERT}:politie:1", climb=1, owed=("politie",))
    for party in ("politie", "meldkamer_em"):
        told = replace(again, id=f"{ALERT}:{party}:1", recipient=party)
        assert (await world.channels[party].send(told)).outcome is Outcome.DELIVERED
    counts = world.counts()
    assert (counts["politie"].messages, counts["politie"].climbs, counts["politie"].heartbeats) == (0, 1, 1)
    assert (counts["meldkamer_em"].messages, counts["meldkamer_em"].climbs) == (0, 1)
    forged = body.replace(b'"seq":7', b'"seq":"x"')
    assert (await world.post(Party.POLITIE, forged, at_us=now_us)).status_code == 400
    assert (await world.post(Party.POLITIE, body, at_us=now_us, signed=forged)).status_code == 401
