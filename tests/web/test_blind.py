"""The ledger of blind time by the API."""

from __future__ import annotations

import json

import psycopg

from emon import clock
from emon.model.breach import Alert
from emon.model.effects import Effects
from emon.model.instant import DAY_US, HOUR_US, SECOND_US, format_instant
from emon.model.resolution import Closing, ClosingCause, ClosingOutcome
from emon.model.vocabulary import AlertEvent, Party, Risk
from emon.model.watch import Trouble, Unseen
from emon.orders.document import parse_document
from emon.store.store import Store
from tests.fixtures_web import PASSWORD, PASSWORD_HASH, Desk
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


async def test_an_outage_stands_there_until_it_is_over_whatever_became_of_its_alert(
    desk: Desk, store: Store
) -> None:
    """Found by itself and not among the most urgent alerts: in a storm it is not among those."""
    now_us = clock.now_us()
    await unseen(store, now_us)
    missing = (Unseen("d-1", "o-long", Risk.HIGH, near_m=140.4, wearer="w-1"),)
    told = Alert("0" * 15 + "f", AlertEvent.OUTAGE, 2, now_us, (Party.MELDKAMER_EM,), now_us)
    outage = Trouble("t-9", AlertEvent.OUTAGE, now_us, alert=told.id, unseen=missing, devices=9, heard=2)
    async with store.batch() as tx:
        await tx.write(Effects(now_us, alerts=(told,), troubles=(outage,)), story.routed([told]))
    closing = Closing(ClosingCause.COVERAGE, ClosingOutcome.REPORTED, None)
    await store.close_alert(told.id, "meldkamer_em", "C. Smit", closing, "page")
    await store.create_user("piet", PASSWORD_HASH, "politie")
    async with desk.signed_in() as client:
        found = (await client.get("/api/v1/blind")).json()
    (shown,) = found["outages"]
    assert (shown["alert"], shown["devices"], shown["heard"]) == (told.id, 9, 2)
    assert [one["wearer"] for one in shown["unseen"]] == ["w-1"]
    assert (found["unseen_orders"], found["read_orders"]) == (2, 2)
    async with desk.client() as police:
        await police.post("/api/v1/session", json={"name": "piet", "password": PASSWORD})
        assert (await police.get("/api/v1/blind")).json()["outages"] is None, "not theirs: nothing is said"


async def test_the_list_of_the_worst_says_of_how_many_it_is(claimed_store: Store) -> None:
    now_us = clock.now_us()
    await unseen(claimed_store, now_us)
    assert await claimed_store.unseen_orders(now_us - DAY_US, now_us, 1) == (["o-long"], 2)
    assert await claimed_store.unseen_orders(now_us - 9 * DAY_US, now_us - 8 * DAY_US, 1) == ([], 0)


async def test_nobody_unseen_is_an_empty_list(desk: Desk, store: Store) -> None:
    await story.play(store, clock.now_us())
    async with desk.signed_in() as client:
        found = (await client.get("/api/v1/blind")).json()
        assert (found["conditions"], found["outages"], found["unseen_orders"]) == ([], [], 0)
