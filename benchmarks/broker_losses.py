"""What each broker loses in a ``kill -9``, measured, as the table of docs/brokers.md.

    python -m benchmarks.broker_losses            prints the table
    python -m benchmarks.broker_losses --write    puts it into docs/brokers.md

Nothing of the engine takes part: a publisher counts PUBACKs, a source of the service counts what comes.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.kills.stage import Broker
from benchmarks.parent import run_to_the_end
from emon.demo.broker import EmbeddedBroker
from emon.ingest.deliveries import Delivery
from emon.ingest.sources.frame_source import FrameSource
from emon.ingest.sources.mqtt_url import BrokerAddress
from simulator.mqtt import Link
from tests.fixtures_brokers import MosquittoBroker

AWAY, IN_HAND = 2_000, 500
_CONNECTIONS = 20
_OPEN_S, _SETTLE_S = 30.0, 60.0
_QUIET_S = 3.0  # nothing comes for so long: there is no more
_PAGE = Path(__file__).resolve().parents[1] / "docs" / "brokers.md"
_BEGIN, _END = "<!-- losses: written by python -m benchmarks.broker_losses --write -->", "<!-- /losses -->"
_AS_DEBIAN = dict.fromkeys(
    (
        "autosave_on_changes",
        "autosave_interval",
        "max_inflight_messages",
        "max_queued_messages",
        "max_queued_bytes",
    ),
    "",
)


@dataclass(frozen=True)
class Losses:
    """Of one broker. Counts are of acknowledged messages that came to the service in the end."""

    name: str
    away: int
    away_killed: int
    in_hand_killed: int
    restarted: int
    restarted_s: float
    in_order: bool


def brokers(folder: Path) -> dict[str, Broker]:
    """A fresh one of each kind, by the name in the table."""
    return {
        "nats-server, our settings": EmbeddedBroker(folder / "nats", preferred_port=0),
        "Mosquitto, our settings": MosquittoBroker(folder / "ours"),
        "Mosquitto as Debian ships it": MosquittoBroker(folder / "debian", replaced=_AS_DEBIAN),
    }


async def losses_of(name: str, folder: Path) -> Losses:
    """Each measurement on a broker of its own, so that none begins with another's remains."""

    async def fresh(what: str) -> Broker:
        place = folder / what
        place.mkdir()
        broker = brokers(place)[name]
        await broker.start()
        return broker

    away = await _away(await fresh("away"), killed=False)
    away_killed = await _away(await fresh("away-killed"), killed=True)
    in_hand, _, _ = await _in_hand(await fresh("in-hand"), killed=True)
    restarted, after_s, in_order = await _in_hand(await fresh("restarted"), killed=False)
    return Losses(name, away, away_killed, in_hand, restarted, after_s, in_order)


async def _away(broker: Broker, *, killed: bool) -> int:
    """The service has a session and is away; how much of what was acknowledged comes when it is back."""
    try:
        async with FrameSource(broker.service_url):
            pass
        sent = await _publish(broker, AWAY)
        assert sent == AWAY, f"{sent} of {AWAY} were acknowledged"
        if killed:
            await broker.kill()
            await broker.start()
        async with FrameSource(broker.service_url) as source:
            return len(_distinct(await _all(source, acknowledge=True)))
    finally:
        await broker.stop()


async def _in_hand(broker: Broker, *, killed: bool) -> tuple[int, float, bool]:
    """The service holds messages that it has not acknowledged, and begins anew (with ``killed`` the broker
    dies too): how many come again, after how long the last, and whether in order."""
    try:
        async with FrameSource(broker.service_url) as source:
            await _publish(broker, IN_HAND, connections=1)
            held: list[Delivery] = []
            while len(held) < IN_HAND:
                held += await source.next_batch(max_messages=IN_HAND, max_wait_s=1.0)
            if killed:
                await broker.kill()
                await broker.start()
        begun_s = time.monotonic()
        async with FrameSource(broker.service_url) as again:
            came = await _all(again, acknowledge=True)
            took_s = max(0.0, time.monotonic() - begun_s - _QUIET_S)
        numbers = [int(delivery.payload) for delivery in came]
        return len(_distinct(came)), took_s, numbers == sorted(numbers)
    finally:
        await broker.stop()


async def _publish(broker: Broker, count: int, connections: int = _CONNECTIONS) -> int:
    address = BrokerAddress.parse(broker.url("tester"))
    # Mosquitto binds the client id to the user, so one connection each would evict the others.
    links = [Link(address, f"losses-{number}") for number in range(connections)]
    if isinstance(broker, MosquittoBroker):
        links = links[:1]
    acked: list[int] = []
    for link in links:
        await link.open(give_up_after_s=_OPEN_S)
    for number in range(count):
        link = links[number % len(links)]
        link.publish("emon/v1/d-1/fix", b"%d" % number, on_ack=lambda n=number: acked.append(n))  # type: ignore[misc]
    await asyncio.gather(*(link.settle(_SETTLE_S) for link in links))
    await asyncio.gather(*(link.close() for link in links))
    return len(acked)


async def _all(source: FrameSource, *, acknowledge: bool) -> list[Delivery]:
    """Everything that comes until it is quiet."""
    taken: list[Delivery] = []
    quiet_from_s = time.monotonic()
    while time.monotonic() - quiet_from_s < _QUIET_S:
        some = await source.next_batch(max_messages=10_000, max_wait_s=0.2)
        if some:
            quiet_from_s = time.monotonic()
        taken += some
        if acknowledge:
            await source.acknowledge(some)
    return taken


def _distinct(deliveries: Sequence[Delivery]) -> set[bytes]:
    return {delivery.payload for delivery in deliveries}


def table(found: Sequence[Losses]) -> str:
    """The table, a broker a column."""
    rows = [
        ("", [one.name for one in found]),
        (
            f"service away, {AWAY:,} acknowledged; back again",
            [f"{one.away:,} came" for one in found],
        ),
        (
            f"service away, {AWAY:,} acknowledged, `kill -9` of the broker",
            [f"{one.away_killed:,} came" for one in found],
        ),
        (
            f"{IN_HAND} in the service's hand, unacknowledged; broker and service both die",
            [f"{one.in_hand_killed} came again" for one in found],
        ),
        (
            f"{IN_HAND} in the service's hand, unacknowledged; the service begins anew",
            [
                f"{one.restarted} came again, the last after {one.restarted_s:.1f} s,"
                f" {'in order' if one.in_order else 'not in order'}"
                for one in found
            ],
        ),
    ]
    lines = ["| " + " | ".join([name, *cells]) + " |" for name, cells in rows]
    return "\n".join([lines[0], "|---" * (len(found) + 1) + "|", *lines[1:]])


def written(page: str, found: Sequence[Losses]) -> str:
    """The page with the table in its place. Raises ``ValueError`` where the page has none."""
    begin, end = page.index(_BEGIN) + len(_BEGIN), page.index(_END)
    return f"{page[:begin]}\n{table(found)}\n{page[end:]}"


async def _measure() -> list[Losses]:
    found = []
    with tempfile.TemporaryDirectory(prefix="emon-losses-") as name:
        for number, broker in enumerate(brokers(Path(name) / "names")):
            place = Path(name) / str(number)
            place.mkdir()
            found.append(await losses_of(broker, place))
            print(found[-1], file=sys.stderr, flush=True)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.broker_losses",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--write", action="store_true", help="put the table into docs/brokers.md")
    write = parser.parse_args().write
    found = run_to_the_end(_measure())
    print(table(found))
    if write:
        _PAGE.write_text(written(_PAGE.read_text("utf-8"), found), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
