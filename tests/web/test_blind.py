"""The ledger of blind time by the API."""

from __future__ import annotations

from emon import clock
from emon.model.instant import SECOND_US, format_instant
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
