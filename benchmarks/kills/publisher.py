"""A publisher that keeps its PUBACK log: what the broker answered for, byte by byte and instant by instant.

Devices stand beside a ban of their own and step in and out of it all the time, so that there is no instant
at which a kill meets no alert. A message without its PUBACK is sent again, with the same bytes.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from emon.ingest.sources.mqtt_url import BrokerAddress
from simulator.load_plan import centre_of
from simulator.movement import shifted
from simulator.mqtt import Link

PREFIX = "kill"
RADIUS_M = 100.0
_OUTSIDE_M, _INSIDE_M, _WANDER_M = 15.0, 50.0, 2.5
_OUTSIDE_FIXES, _INSIDE_FIXES = (8, 40), (3, 25)
_CONNECTIONS = 8
_TICK_S = 0.02
_OPEN_S = 30.0

Key = tuple[str, int, int]
"""Device, sequence number, milliseconds since 1970."""


@dataclass
class Acked:
    """One acknowledged fix: its bytes, and when the PUBACK came, in microseconds."""

    payload: bytes
    at_us: int


def name_of(number: int) -> str:
    return f"{PREFIX}-{number:05d}"


def orders(devices: int) -> dict[str, Any]:
    """A ban for each device."""
    return {
        "orders": [
            {
                "id": f"o-{name_of(number)}",
                "version": 1,
                "wearer": f"w-{number:05d}",
                "device": name_of(number),
                "legal_basis": "gedragsaanwijzing",
                "risk": "high" if number % 3 == 0 else "medium",
                "valid_from": "2026-01-01T00:00:00Z",
                "conditions": [
                    {
                        "id": "c-1",
                        "kind": "exclusion",
                        "zone": {"type": "Circle", "center": list(centre_of(number)), "radius_m": RADIUS_M},
                    }
                ],
            }
            for number in range(devices)
        ]
    }


@dataclass
class _Walker:
    """Where one device is: outside for some fixes, inside for some, in turn."""

    number: int
    random: Random
    seq: int = 0
    inside: bool = False
    left: int = field(default=0)

    def next_fix(self, at_ms: int) -> bytes:
        if self.left == 0:
            self.inside = self.seq > 0 and not self.inside
            self.left = self.random.randint(*(_INSIDE_FIXES if self.inside else _OUTSIDE_FIXES))
        self.left -= 1
        self.seq += 1
        from_centre_m = RADIUS_M - _INSIDE_M if self.inside else RADIUS_M + _OUTSIDE_M
        wander_m = self.random.uniform(-_WANDER_M, _WANDER_M)
        north_m = self.random.uniform(-_WANDER_M, _WANDER_M)
        lon, lat = shifted(centre_of(self.number), from_centre_m + wander_m, north_m)
        return json.dumps(
            {"seq": self.seq, "t": at_ms, "lat": round(lat, 7), "lon": round(lon, 7), "acc": 10.0}
        ).encode()


class Publisher:
    """Publishes ``rate`` fixes a second of ``devices`` until told to end. ``log``: a line a PUBACK."""

    def __init__(
        self, url: str, *, devices: int, rate: float, seed: int, log: Path, now_us: Callable[[], int]
    ) -> None:
        self.acked: dict[Key, Acked] = {}
        self.sent: dict[Key, bytes] = {}
        self._devices = devices
        self._rate = rate
        self._now_us = now_us
        self._walkers = [_Walker(number, Random(f"{seed}/{number}")) for number in range(devices)]
        address = BrokerAddress.parse(url)
        self._links = [Link(address, f"{PREFIX}-publisher-{number}") for number in range(_CONNECTIONS)]
        self._log = log.open("w", encoding="utf-8")
        self._ending = asyncio.Event()

    @property
    def reconnects(self) -> int:
        return sum(link.reconnects for link in self._links)

    @property
    def unacknowledged(self) -> int:
        return sum(link.unacknowledged for link in self._links)

    async def run(self) -> None:
        """Publish until ``end``. Each fix has its own due instant, whatever the broker does."""
        for link in self._links:
            await link.open(give_up_after_s=_OPEN_S)
        loop = asyncio.get_running_loop()
        begun_s, number = loop.time(), 0
        while not self._ending.is_set():
            due = int((loop.time() - begun_s) * self._rate)
            while number < due:
                self._publish(number % self._devices)
                number += 1
            await asyncio.sleep(_TICK_S)

    async def end(self, settle_s: float) -> None:
        """Publish no more, wait for the last acknowledgements, and leave."""
        self._ending.set()
        await asyncio.gather(*(link.settle(settle_s) for link in self._links))
        await asyncio.gather(*(link.close() for link in self._links))
        self._log.close()

    def _publish(self, number: int) -> None:
        walker, device = self._walkers[number], name_of(number)
        at_ms = self._now_us() // 1000
        payload = walker.next_fix(at_ms)
        key = (device, walker.seq, at_ms)
        self.sent[key] = payload
        link = self._links[number % len(self._links)]  # one each, so that a device keeps its order
        link.publish(f"emon/v1/{device}/fix", payload, on_ack=lambda: self._acknowledged(key, payload))

    def _acknowledged(self, key: Key, payload: bytes) -> None:
        at_us = self._now_us()
        self.acked[key] = Acked(payload, at_us)
        line = {"device": key[0], "seq": key[1], "t": key[2], "puback_us": at_us}
        self._log.write(json.dumps(line) + "\n")
