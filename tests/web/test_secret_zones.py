"""Where a secret zone lies is shown to nobody who may not hear it in a message either."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from emon import clock
from emon.store.store import Store
from emon.web.passwords import hash_password
from tests.court.lives import lived
from tests.fixtures_web import PASSWORD, Desk
from tests.web import story

PLACE = ("4.5142", "51.9325")
"""The middle of the secret zone, as its order's document has it."""


async def signed_in(client: httpx.AsyncClient, store: Store, party: str) -> None:
    await store.create_user(f"of-{party}", hash_password(PASSWORD), party)
    answer = await client.post("/api/v1/session", json={"name": f"of-{party}", "password": PASSWORD})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("party", "sees"),
    [("meldkamer_em", True), ("politie", True), ("reclassering", False), ("om", False), ("cjib", False)],
)
async def test_the_map_and_the_orders_draw_it_for_whom_they_may(
    desk: Desk, store: Store, party: str, sees: bool
) -> None:
    await story.play(store, clock.now_us())
    async with desk.client() as client:
        await signed_in(client, store, party)
        now = (await client.get("/api/v1/now")).json()
        listed = (await client.get("/api/v1/orders")).json()
    found = {one["condition"]: one for one in now["conditions"]}
    assert (found["c-plas"]["zone"] is not None) is sees
    assert (found["c-plas"]["buffer"] is not None) is sees
    assert (found["c-plas"]["label_at"] is not None) is sees
    assert found["c-ahoy"]["zone"] is not None, "what is not secret is drawn for all"
    zones = {one["id"]: one.get("zone") for order in listed["orders"] for one in order["order"]["conditions"]}
    assert (zones["c-plas"] is not None) is sees
    assert zones["c-ahoy"] is not None
    assert all(figure in json.dumps(listed) for figure in PLACE) is sees


@pytest.mark.parametrize(("party", "status"), [("politie", 200), ("reclassering", 403)])
async def test_the_explanation_of_its_breach_is_not_for_all(
    desk: Desk, store: Store, tmp_path: Path, party: str, status: int
) -> None:
    await lived(store, tmp_path, secret=True)
    async with desk.client() as client:
        await signed_in(client, store, party)
        breach = (await client.get("/api/v1/alerts")).json()["alerts"][0]["breach"]["id"]
        answer = await client.get(f"/api/v1/breaches/{breach}/explanation")
    assert answer.status_code == status
