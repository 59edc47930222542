"""The ledger of blind time by the API."""

from __future__ import annotations

import json

import psycopg

from emon import clock
from emon.model.effects import Effects
from emon.model.instant import HOUR_US, SECOND_US, format_instant
from emon.model.vocabulary import AlertEvent
from emon.model.watch import Trouble
from emon.orders.document import parse_document
from emon.store.store import Store
from tests.fixtures_web import Desk
from tests.web import story


async def test_the_ledger_of_an_order_adds_up(desk: Desk, store: Store) -> None:
    now_us = clock.now_us()
    await story.play(store, now_us)
    async with desk.client() as client:
        assert (await client.get("/api/v1/orders/o-2617/blind")).status_code == 401
    async with desk.signed_in() as client:
        begin = format_instant(now_us - 3_600 * SECOND_US)
        answer = await client.get("/api/v1/orders/o-2617/blind", params={"from": begin})
        assert answer.status_code == 200
        (found,) = answer.json()["conditions"]
        assert found["condition"] == "c-ahoy"
        # It was armed a moment ago, and fixes are not owed so soon.
        assert 0.0 < found["active_s"] < 600.0
        assert (found["seen_s"], found["blind_s"], found["stopped_s"]) == (found["active_s"], 0.0, 0.0)
        assert (found["blind"], found["by_cause_s"]) == ([], {})
        assert (await client.get("/api/v1/orders/o-0/blind")).status_code == 404
        for params in ({"from": "yesterday"}, {"from": begin, "to": begin}, {"from": "2020-01-01T00:00:00Z"}):
            assert (await client.get("/api/v1/orders/o-2617/blind", params=params)).status_code == 400


async def unseen(store: Store, now_us: int) -> None:
    """Two orders of yesterday, nobody ever heard: one for three hours, the other's victim device for one."""
    begun = "2026-01-01T00:00:00Z"
    contact = {"id": "c-near", "kind": "contact", "victim_device": "v-1", "radius_m": 1_000}
    zone = story.condition("c-zone", story.circle(4.5, 51.9, 200))
    orders = [
        story.order("o-long", "w-1", "d-1", begun, zone, risk="high"),
        story.order("o-her", "w-2", "d-2", begun, contact),
    ]
    await store.arm(parse_document(json.dumps({"orders": orders}).encode(), armed_at_us=now_us))
    async with store.batch() as tx:
        troubles = (
            Trouble("t-1", AlertEvent.SILENCE, now_us - 3 * HOUR_US, device="d-1"),
            Trouble("t-2", AlertEvent.SILENCE, now_us - HOUR_US, device="v-1", victim=True),
        )
        await tx.write(Effects(now_us, troubles=troubles), ())


async def test_the_worst_stand_first_with_cause_and_since_when(desk: Desk, store: Store) -> None:
    now_us = clock.now_us()
    await unseen(store, now_us)
    with psycopg.connect(store.url) as conn:  # what was armed now holds from now on: two days ago, for this
        conn.execute("UPDATE order_version SET armed_at = armed_at - interval '2 days'")
    async with desk.client() as client:
        assert (await client.get("/api/v1/blind")).status_code == 401
    async with desk.signed_in() as client:
        listed = (await client.get("/api/v1/blind")).json()["conditions"]
        assert [(one["order"], one["condition"]) for one in listed] == [
            ("o-her", "c-near"),
            ("o-long", "c-zone"),
        ]
        assert all(one["by_cause_s"].keys() == {"silence"} for one in listed)
        assert all(
            one["blind_s"] == one["active_s"] and one["blind_since"] < format_instant(now_us)
            for one in listed
        )
        assert [(one["wearer"], one["risk"]) for one in listed] == [("w-2", "medium"), ("w-1", "high")]
        (one,) = (await client.get("/api/v1/orders/o-her/blind")).json()["conditions"]
        assert (one["kind"], one["victim_device_s"]) == ("contact", 0.0)  # the wearer was unseen as well
        for params in ({"from": "2020-01-01T00:00:00Z"}, {"from": "yesterday"}):
            assert (await client.get("/api/v1/blind", params=params)).status_code == 400


async def test_nobody_unseen_is_an_empty_list(desk: Desk, store: Store) -> None:
    await story.play(store, clock.now_us())
    async with desk.signed_in() as client:
        assert (await client.get("/api/v1/blind")).json()["conditions"] == []
