"""The demo: a story played to a real service, judged against what the scenario says is due."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emon import clock
from emon.demo.stage import USER, Stage, stage
from emon.demo.teller import Teller, scored_lines
from emon.model.instant import SECOND_US, format_instant
from emon.orders.document import parse_document
from simulator import Scenario, Score, load_scenario, orders_document, score

START_IN_S = 3  # arming, and the devices' connections, come before second 0
SETTLE_S = 3.0  # for the last deliveries and their confirmations
# Ends the simulator with its parent, then becomes it.
_LAUNCH = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGTERM)
if os.getppid() != int(sys.argv[1]):
    sys.exit(1)
os.execv(sys.executable, [sys.executable, "-m", "simulator.cli", *sys.argv[2:]])
"""


@dataclass(frozen=True)
class Options:
    """``seconds``: end by itself after so long; None waits for ``stop``."""

    folder: Path
    seconds: float | None
    keep: bool


async def run_demo(options: Options, stop: asyncio.Event, say: Callable[[str], None]) -> dict[str, Any]:
    """Play the story and give the summary of the contract, section 5."""
    scenario = load_scenario(None)
    devices = [wearer.device.id for wearer in scenario.wearers]
    unwinding = _cancelled_at(stop)  # until all is up, the first Ctrl-C ends the start itself
    async with stage(options.folder, devices, keep=options.keep, say=say) as parts:
        unwinding.cancel()
        up_us = clock.now_us()
        start_us = (up_us // SECOND_US + START_IN_S + 1) * SECOND_US
        await parts.started.store.arm(parse_document(orders_document(scenario, start_us), armed_at_us=0))
        _say_addresses(parts, scenario, devices, say)
        teller = Teller(parts.started.store, say, clock.now_us)
        telling = asyncio.create_task(teller.run())
        simulator = await _start_simulator(parts, devices, start_us)
        try:
            interrupted = await _until_done(options, stop, parts, scenario, start_us, say)
        finally:
            telling.cancel()
            await _end(simulator)
        await teller.look(everything=True)
        summary = await _summary(parts, teller, scenario, start_us, up_us)
        return {**summary, "interrupted": interrupted}


def _cancelled_at(stop: asyncio.Event) -> asyncio.Task[None]:
    """Cancel the current task when ``stop`` is set."""
    current = asyncio.current_task()

    async def wait() -> None:
        await stop.wait()
        if current is not None:
            current.cancel()

    return asyncio.create_task(wait())


async def _until_done(
    options: Options,
    stop: asyncio.Event,
    parts: Stage,
    scenario: Scenario,
    start_us: int,
    say: Callable[[str], None],
) -> bool:
    """Wait for the end that was asked for; True when it came before the story's."""
    story_ends_us = start_us + round((scenario.duration_s + SETTLE_S) * SECOND_US)
    if options.seconds is not None:
        until_us = clock.now_us() + round(options.seconds * SECOND_US)
        if until_us < story_ends_us:
            say(
                f"the story takes {scenario.duration_s:.0f} s:"
                " what is due after the end will count as missing"
            )
        return await _stopped(stop, parts, until_us)
    if await _stopped(stop, parts, story_ends_us):
        return True
    say("the story is over; page, broker and database stay up until Ctrl-C")
    await _stopped(stop, parts, None)
    return False


async def _stopped(stop: asyncio.Event, parts: Stage, until_us: int | None) -> bool:
    """Wait for ``stop`` or the instant; True for the former. Raises what ended the service."""
    waiting = asyncio.create_task(stop.wait())
    timeout_s = None if until_us is None else max(0.0, (until_us - clock.now_us()) / SECOND_US)
    try:
        await asyncio.wait((waiting, parts.service), timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
    if parts.service.done():
        await parts.service
        raise RuntimeError("the service ended by itself")
    return stop.is_set()


async def _start_simulator(parts: Stage, devices: list[str], start_us: int) -> asyncio.subprocess.Process:
    credentials = parts.folder / "credentials.json"
    users = {d: {"username": d, "password": parts.broker.password(d)} for d in devices}
    with os.fdopen(os.open(credentials, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(users, file)
    url = f"mqtt://127.0.0.1:{parts.broker.port}?version=3.1.1"
    arguments = ["run", "story", "--url", url, "--credentials", str(credentials)]
    arguments += ["--start", format_instant(start_us), "--acks", str(parts.folder / "acks.jsonl")]
    arguments += ["--truth", str(parts.folder / "truth.jsonl")]
    with (parts.folder / "simulator.log").open("wb") as log:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", _LAUNCH, str(os.getpid()), *arguments),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C in the terminal is for the demo, which ends it in order
        )


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(5.0):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


def _say_addresses(parts: Stage, scenario: Scenario, devices: list[str], say: Callable[[str], None]) -> None:
    broker, device = parts.broker, devices[0]
    say(f"page      {parts.started.http_url}  (user {USER}, password {parts.password})")
    say(f"broker    {broker.tester_url}")
    say(f"database  {parts.database.uri}")
    say("feed one fix yourself:")
    say(
        f"    mosquitto_pub -h 127.0.0.1 -p {broker.port} -V 311 -q 1"
        f" -u tester -P {broker.password('tester')} -t emon/v1/{device}/fix"
        ' -m "{\\"seq\\": 900001, \\"t\\": $(date +%s%3N),'
        ' \\"lat\\": 51.8800, \\"lon\\": 4.4886, \\"acc\\": 12}"'
    )
    say(
        f"story: {scenario.title or scenario.name},"
        f" {scenario.duration_s:.0f} s, {len(scenario.wearers)} wearers"
    )


async def _summary(
    parts: Stage, teller: Teller, scenario: Scenario, start_us: int, up_us: int
) -> dict[str, Any]:
    alerts = await teller.alerts()
    lines, deliveries = scored_lines(alerts)
    judged: Score = score(scenario, start_us, lines, deliveries)
    delays = await parts.started.store.delays()
    kept = parts.receivers.counts()
    counts = {party: count.messages for party, count in kept.items()}
    first_us = min((alert.detected_at_us for alert in alerts), default=None)
    return {
        "expected": judged.expected,
        "raised": judged.raised,
        "missing": len(judged.missing),
        "unexpected": len(judged.unexpected),
        "delivered": counts,
        "climbs": {party: count.climbs for party, count in kept.items()},
        "heartbeats": {party: count.heartbeats for party, count in kept.items()},
        "updates": {party: count.updates for party, count in kept.items()},
        "confirmed": await parts.started.store.confirmations(),
        "delay_ms": {
            name: {"p50": delay.p50, "p99": delay.p99}
            for name, delay in (
                ("fix_to_stored", delays.fix_to_stored),
                ("fix_to_alert_stored", delays.fix_to_alert_stored),
                ("fix_to_delivered", delays.fix_to_delivered),
            )
        },
        "first_alert_after_s": None if first_us is None else round((first_us - up_us) / SECOND_US, 1),
        "faults": [*judged.missing, *judged.unexpected, *_unkept(alerts, counts)],
    }


def _unkept(alerts: list[Any], counts: dict[str, int]) -> list[str]:
    """Deliveries that we hold for received and the recipient does not have in its own file."""
    found: list[str] = []
    for party, kept in counts.items():
        ours = sum(
            1 for a in alerts for d in a.deliveries if d.recipient == party and d.delivered_at_us is not None
        )
        if ours > kept:
            found.append(f"{party} has {kept} of the {ours} alerts we hold for delivered")
    return found
