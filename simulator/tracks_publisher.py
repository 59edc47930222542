"""Publishes recorded tracks over MQTT, each as a device of its own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import IO

from emon.ingest.sources.mqtt_url import BrokerAddress
from simulator.credentials import Credentials, broker_for
from simulator.limits import SETTLE_S
from simulator.mqtt import Link
from simulator.publisher import RunReport, Say
from simulator.stopping import sleep_until
from simulator.tracks import Dispatch

_CONNECT_S = 30.0
_SAY_EACH = 1_000


async def publish_tracks(
    dispatches: Sequence[Dispatch],
    broker: BrokerAddress,
    *,
    credentials: Credentials,
    acks: IO[str] | None,
    stop: asyncio.Event,
    say: Say,
) -> RunReport:
    """Send every message in its time, over one connection a device.

    Raises ``BrokerUnavailable`` or ``BrokerRefused`` when a device cannot connect.
    """
    report = RunReport()
    devices = sorted({dispatch.device for dispatch in dispatches})
    links = {device: Link(broker_for(broker, credentials, device), device) for device in devices}

    def acknowledged(dispatch: Dispatch) -> Callable[[], None]:
        def on_ack() -> None:
            report.acknowledged += len(dispatch.bodies)
            if acks is not None:
                for body in dispatch.bodies:
                    line = {"device": dispatch.device, "seq": body["seq"], "t": body["t"]}
                    acks.write(json.dumps(line, separators=(",", ":")) + "\n")

        return on_ack

    try:
        for link in links.values():
            await link.open(give_up_after_s=_CONNECT_S)
        for dispatch in sorted(dispatches, key=lambda d: (d.at_us, d.device)):
            if not await sleep_until(dispatch.at_us, stop):
                break
            report.messages += 1
            report.fixes += len(dispatch.bodies)
            link = links[dispatch.device]
            link.publish(dispatch.topic, dispatch.payload, on_ack=acknowledged(dispatch))
            if report.messages % _SAY_EACH == 0:
                say(f"{report.fixes} fixes sent, {report.acknowledged} acknowledged")
        await asyncio.gather(*(link.settle(SETTLE_S) for link in links.values()))
    finally:
        report.interrupted = stop.is_set()
        report.reconnects = sum(link.reconnects for link in links.values())
        await asyncio.gather(*(link.close() for link in links.values()))
    return report
