"""Several devices, each with an order of its own, around noon."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from emon.model.instant import SECOND_US
from emon.model.order import OrderVersion
from emon.model.watch import Trouble
from emon.replay import MemoryArchive, Received, replay
from tests.engine.stories import NOON_US, circle_order, fix_at, said, versions


def fleet(count: int, **changes: Any) -> tuple[OrderVersion, ...]:
    """Orders o-0, o-1, … of devices d-0, d-1, …; a tenth of them of high risk."""
    return versions(
        *(
            circle_order(
                **{
                    "id": f"o-{n}",
                    "wearer": f"w-{n}",
                    "device": f"d-{n}",
                    "valid_from": "2026-06-01T11:30:00Z",
                    "risk": "high" if n % 10 == 9 else "medium",
                    **changes,
                }
            )
            for n in range(count)
        )
    )


def heard(device: int, *seconds: float, east_m: float = 90_000.0) -> list[Received]:
    """Fixes of a device far from its ban."""
    return [fix_at(east_m, at_s, device=f"d-{device}") for at_s in seconds]


def minutes(device: int, from_s: float, to_s: float, **options: Any) -> list[Received]:
    """A fix a minute, each device in seconds of its own."""
    offset_s = device * 7 % 60
    count = int((to_s - from_s) // 60) + 1
    return heard(device, *(from_s + offset_s + 60 * n for n in range(count)), **options)


def word(device: int, event: str, state: str, at_s: float, **options: Any) -> Received:
    """What a device says of itself."""
    return said(event, state, at_s, device=f"d-{device}", **options)


def judged(orders: Sequence[OrderVersion], items: Sequence[Received], until_s: float) -> MemoryArchive:
    until_us = NOON_US + round(until_s * SECOND_US)
    return asyncio.run(replay(orders, items, until_us=until_us))


def events(archive: MemoryArchive) -> list[tuple[str, float, str | None]]:
    """Alerts in order: the event, its seconds after noon, the device."""
    found = sorted(archive.alerts, key=lambda alert: (alert.at_us, alert.id))
    return [(a.event.value, (a.at_us - NOON_US) / SECOND_US, a.device) for a in found]


def troubles(archive: MemoryArchive, event: str) -> list[Trouble]:
    found = [t for t in archive.troubles.values() if t.event == event]
    return sorted(found, key=lambda trouble: (trouble.opened_at_us, trouble.device or ""))
