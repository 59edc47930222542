"""What we sign, by the JavaScript library of the specification's authors: alerts, updates, heartbeats and
notices, and all of it while one key takes the place of another."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from emon import clock
from emon.alerts.channels import SendResult
from emon.alerts.channels.webhook import WebhookChannel
from emon.alerts.incident import Given, Say
from emon.alerts.keys import SigningKey, keys_document, rotated
from emon.alerts.notices import Notice, NoticeKind
from emon.alerts.outbox import DueDelivery
from emon.alerts.routes import Secret, WebhookRoute
from emon.heartbeats import heartbeat_body
from emon.model.instant import HOUR_US, SECOND_US
from emon.model.vocabulary import Party
from tests.alerts.golden import COMPOSER, UPDATES
from tests.alerts.parts import BREACH, due

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "get_webhooks.py"
RECEIVER = Path(__file__).parent / "data" / "receiver_of_the_library.cjs"
DELIVERY = due(BREACH.id, "politie")
WEEK_US = 7 * 24 * HOUR_US


@pytest.fixture(scope="module")
def modules() -> Path:
    """The library; `make parts` brings it too."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "get_webhooks.py")],
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    return ROOT / ".cache" / "webhooks" / "node_modules"


@asynccontextmanager
async def receiving(modules: Path, secret: str) -> AsyncIterator[str]:
    """The address of a receiver that knows one secret."""
    node = shutil.which("node")
    assert node is not None, "make test brings Node.js where there is none"
    process = await asyncio.create_subprocess_exec(
        node,
        str(RECEIVER),
        secret,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "NODE_PATH": str(modules)},
    )
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(await process.stdout.readline())}/in"
    finally:
        process.kill()
        await process.wait()


def keys_at(now_us: int) -> tuple[SigningKey, ...]:
    """An old key that a new one replaces since an hour, and that ends in a week."""
    first = rotated((), bytes(range(32)), now_us - 100 * HOUR_US, WEEK_US)
    return rotated(first, bytes(range(32, 64)), now_us - HOUR_US, WEEK_US)


async def sent(url: str, keys_file: Path, sent_at_us: int | None = None) -> SendResult:
    route = WebhookRoute(Party.POLITIE, url, None, keys_file=str(keys_file))
    channel = WebhookChannel(route, COMPOSER, clock.now_us if sent_at_us is None else lambda: sent_at_us)
    try:
        return await channel.send(DELIVERY)
    finally:
        await channel.close()


async def test_the_library_takes_all_that_we_send(modules: Path) -> None:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    alert, update = UPDATES[f"update: {Say.POSITION.value}"]
    on_it = DueDelivery("b:u2:politie", "politie", "webhook", 0, alert, update=update)
    now_us = clock.now_us()
    notice = Notice("n-1", NoticeKind.SUSPENDED, "o-1", "w-1 é <b>", 2, now_us, now_us + HOUR_US, "reden")
    beat = heartbeat_body("politie", 1, now_us, waiting=0, well=True)
    async with receiving(modules, secret) as url:
        channel = WebhookChannel(WebhookRoute(Party.POLITIE, url, Secret(secret)), COMPOSER, clock.now_us)
        answers = [
            await channel.send(DELIVERY),
            await channel.send(on_it),
            await channel.note(notice, "politie"),
            await channel.beat("heartbeat:politie:1", beat, now_us),
        ]
        await channel.close()
    assert [answer.status for answer in answers] == [204] * 4
    assert update.because is Given.MOVED


async def test_both_secrets_are_good_while_one_replaces_the_other(modules: Path, tmp_path: Path) -> None:
    """A receiver may take the new secret over at any moment of the overlap; then the old one is none."""
    now_us = clock.now_us()
    old, new = keys_at(now_us)
    file = tmp_path / "keys.json"
    file.write_bytes(keys_document((old, new)))
    for key in (old, new):
        async with receiving(modules, key.secret.reveal()) as url:
            assert (await sent(url, file)).status == 204
    assert old.until_us is not None
    file.write_bytes(keys_document(rotated((new,), bytes(32), now_us - SECOND_US, 0)))
    async with receiving(modules, old.secret.reveal()) as url:
        answer = await sent(url, file)
    assert answer.status == 401
    assert "No matching signature" in answer.detail


@pytest.mark.parametrize("off_s", [-310, 310])
async def test_the_library_refuses_what_is_too_old_or_of_the_future(
    modules: Path, tmp_path: Path, off_s: int
) -> None:
    keys = keys_at(clock.now_us())
    (tmp_path / "keys.json").write_bytes(keys_document(keys))
    async with receiving(modules, keys[-1].secret.reveal()) as url:
        assert (await sent(url, tmp_path / "keys.json", clock.now_us() + off_s * SECOND_US)).status == 401
