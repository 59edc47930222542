"""Alerts by the hundred into a real outbox, and a receiver that only counts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from emon import clock
from emon.alerts.recipients import Recipients
from emon.model.breach import Alert, Breach
from emon.model.effects import Effects
from emon.model.vocabulary import AlertEvent, Party
from emon.store.store import Store
from tests.alerts.servers import http
from tests.store.made import breach as breach_row

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


class Receiver:
    """Keeps the id of each request in their order; ``fail_first``: so many get 503."""

    def __init__(self, *, fail_first: int = 0) -> None:
        self.ids: list[str] = []
        self.left_to_fail = fail_first

    def config(self, port: int) -> dict[str, object]:
        url = f"http://127.0.0.1:{port}/alerts"
        return {"recipients": {"meldkamer_em": {"channel": "webhook", "url": url, "secret": SECRET}}}

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
            await reader.readexactly(int(headers["content-length"]))
            if self.left_to_fail > 0:
                self.left_to_fail -= 1
                writer.write(http("503 Service Unavailable"))
            else:
                self.ids.append(headers["webhook-id"])
                writer.write(http("204 No Content"))
            await writer.drain()


def alert_of(name: str, priority: int, *parties: Party) -> Alert:
    now_us = clock.now_us()
    return Alert(name, AlertEvent.BREACH, priority, now_us, parties, now_us, received_at_us=now_us)


async def write(
    store: Store,
    recipients: Recipients,
    *alerts: Alert,
    breach_of: Callable[[Alert], str] | None = None,
) -> None:
    """The alerts with their deliveries, as one batch of the engine."""
    await store.claim_engine()
    breaches: dict[str, Breach] = {}
    if breach_of is not None:
        alerts = tuple(msgspec.structs.replace(alert, breach=breach_of(alert)) for alert in alerts)
        breaches = {alert.breach: breach_row(alert.breach, alert.at_us) for alert in alerts if alert.breach}
    deliveries = [delivery for raised in alerts for delivery in recipients.deliveries(raised)]
    async with store.batch() as tx:
        effects = Effects(at_us=clock.now_us(), alerts=alerts, breaches=tuple(breaches.values()))
        await tx.write(effects, deliveries)
