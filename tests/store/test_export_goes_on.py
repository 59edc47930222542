"""A service that goes on from an import judges what comes to the byte as the original does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest

from emon import clock
from emon.alerts.policy import DEFAULT_POLICY
from emon.model.effects import Effects
from emon.model.instant import SECOND_US, to_datetime
from emon.orders.document import parse_document
from emon.policies.written import policy_bytes, version_of
from emon.store.exporting import export
from emon.store.importing import import_, opened
from emon.store.store import Store
from tests.engine.stories import LAT, LON, circle_order
from tests.fixtures_database import TEMPLATE, PostgresServers
from tests.store.judging import Taken, event_message, fix_message, judge

MINUTE_US = 60 * SECOND_US
CIRCLE = {"type": "Circle", "center": [LON, LAT], "radius_m": 200}
HOME = {"type": "Circle", "center": [LON + 0.03, LAT], "radius_m": 150}


@pytest.fixture
def second(postgres_servers: PostgresServers) -> Iterator[str]:
    """Another migrated, empty database."""
    url = postgres_servers.create(18, TEMPLATE)
    yield url
    postgres_servers.drop(url)


def orders(base_us: int) -> bytes:
    """A ban with a buffer that begins to hold midway, a place to be at, and a contact ban."""
    edge = f"{to_datetime(base_us + 9 * MINUTE_US):%H:%M:%S}"
    end = f"{to_datetime(base_us + 19 * MINUTE_US):%H:%M:%S}"
    hours = {"tz": "UTC", "windows": [{"from": edge, "to": end}]}
    found: list[dict[str, Any]] = [
        circle_order(
            risk="high",
            conditions=[
                {"id": "c-1", "kind": "exclusion", "zone": CIRCLE, "buffer_m": 300},
                {"id": "c-2", "kind": "inclusion", "zone": HOME, "schedule": hours},
            ],
        ),
        circle_order(
            id="o-2",
            wearer="w-2",
            device="d-2",
            conditions=[
                {"id": "c-1", "kind": "exclusion", "zone": CIRCLE, "schedule": hours},
                {"id": "c-3", "kind": "contact", "victim_device": "v-1", "radius_m": 500},
            ],
        ),
    ]
    return json.dumps({"orders": found}).encode()


def story(base_us: int) -> list[Taken]:
    """24 minutes: in and out of a ban, inside when another begins, a device whose fixes
    come late, straps and batteries."""
    one_m = [
        900,
        600,
        350,
        150,
        50,
        60,
        70,
        250,
        600,
        900,
        1400,
        1900,
        2060,
        2065,
        2060,
        900,
        100,
        60,
        50,
        400,
    ]
    two_m = [2000, 1500, 900, 300, 150, 100, 90, 80, 90, 100, 95, 100, 110, 350, 600, 900]
    victim_m = [3000, 2600, 2100, 1500, 900, 600, 500, 480, 500, 520, 2500, 3000]
    sent = [
        (base_us + minute * MINUTE_US, fix_message(device, 100 + minute, base_us + minute * MINUTE_US, place))
        for device, places in (("d-1", one_m), ("d-2", two_m), ("v-1", victim_m))
        for minute, place in enumerate(places)
        if not (device == "d-2" and 3 <= minute <= 5)
    ]
    for minute in (3, 4, 5):  # stored in the device, and sent when the network was back
        at_us = base_us + minute * MINUTE_US
        sent.append((base_us + 12 * MINUTE_US + 20 * SECOND_US, fix_message("d-2", 100 + minute, at_us, 120)))
    for minute, event, state in (
        (2, "battery", "low"),
        (8, "strap", "open"),
        (11, "strap", "closed"),
        (14, "motion", "still"),
    ):
        at_us = base_us + minute * MINUTE_US + 7 * SECOND_US
        sent.append((at_us, event_message("d-1", 900 + minute, at_us, event, state)))
    taken = [Taken(at_us + SECOND_US, (message,)) for at_us, message in sorted(sent)]
    return [*taken, *(Taken(base_us + minute * MINUTE_US + 1) for minute in range(20, 25))]


def as_bytes(found: list[Effects]) -> list[bytes]:
    return [msgspec.json.encode(one) for one in found]


ROWS = (
    "SELECT * FROM device_watch ORDER BY device",
    "SELECT device, care FROM device_care ORDER BY device",
    "SELECT id, seq, line, lane, alert_at FROM delivery ORDER BY seq",
    "SELECT id, device, asks, reason, asked_at, until_at, state FROM command ORDER BY id",
    "SELECT id, event, opened_at, cleared_at, cause, unseen FROM trouble ORDER BY id",
    "SELECT feed_seq, kind, ref FROM feed ORDER BY feed_seq",
    "SELECT last_received_at, policy_version FROM engine_clock",
)


def rows(url: str) -> list[list[tuple[Any, ...]]]:
    """The engine's memory and what it counts, without the clocks of the database's own."""
    with psycopg.connect(url) as conn:
        found = [conn.execute(query.encode()).fetchall() for query in ROWS]
    found[0] = [row[:2] for row in found[0]]
    return found


@pytest.mark.parametrize("cut", [7, 30])
async def test_what_comes_next_is_judged_alike(
    claimed_store: Store, second: str, tmp_path: Path, cut: int
) -> None:
    await claimed_store.use_policy(version_of(DEFAULT_POLICY), policy_bytes(DEFAULT_POLICY).decode())
    base_us = clock.now_us() + 5 * SECOND_US
    await claimed_store.arm(parse_document(orders(base_us), armed_at_us=0))
    items = story(base_us)
    before = await judge(claimed_store, items[:cut])
    export(claimed_store.url, tmp_path / "out")
    import_(second, opened(tmp_path / "out"))
    here = await judge(claimed_store, items[cut:])
    copy = await Store.open(second)
    try:
        await copy.claim_engine()
        there = await judge(copy, items[cut:])
    finally:
        await copy.close()
    assert as_bytes(there) == as_bytes(here)
    assert rows(second) == rows(claimed_store.url)
    events = {alert.event for one in (*before, *here) for alert in one.alerts}
    assert events >= {"breach", "breach_cleared", "proximity", "strap_tamper", "battery_low"}
    assert any(alert for one in here for alert in one.alerts)
