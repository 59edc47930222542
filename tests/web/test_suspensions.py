"""Suspensions by the API: short ones at once, long ones by two people, each with its end."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from emon import clock
from emon.limits import SUSPENSION_ALONE_S
from emon.model.instant import SECOND_US, format_instant
from emon.orders.document import parse_document
from emon.store.store import Store
from tests.engine.stories import circle_order
from tests.fixtures_web import PASSWORD, PASSWORD_HASH, Desk

HOUR_S = 3_600


def at(now_us: int, after_s: float) -> str:
    return format_instant(now_us + round(after_s * SECOND_US))


async def arm(store: Store) -> None:
    await store.arm(parse_document(json.dumps({"orders": [circle_order()]}).encode(), armed_at_us=0))


@contextlib.asynccontextmanager
async def second_person(desk: Desk, party: str = "reclassering") -> AsyncIterator[httpx.AsyncClient]:
    await desk.store.create_user("bert", PASSWORD_HASH, party)
    async with desk.client() as client:
        await client.post("/api/v1/session", json={"name": "bert", "password": PASSWORD})
        yield client


def asked(now_us: int, hours: float, **more: Any) -> dict[str, Any]:
    return {"order": "o-1", "to": at(now_us, hours * HOUR_S), "reason": "visit to the court", **more}


async def test_a_short_one_holds_at_once_and_is_shown_with_its_end(desk: Desk, store: Store) -> None:
    await arm(store)
    now_us = clock.now_us()
    async with desk.signed_in() as client:
        answer = await client.post("/api/v1/suspensions", json=asked(now_us, 1.0))
        shown = (await client.get("/api/v1/suspensions")).json()
    assert (answer.status_code, answer.json()["state"], answer.json()["version"]) == (201, "armed", 2)
    (one,) = shown["suspensions"]
    assert (one["to"], one["by"], one["holds"]) == (at(now_us, HOUR_S), ["anna"], True)
    (version,) = await store.newest_orders()
    assert (version.version, version.suspensions[0].reason) == (2, "visit to the court")


async def test_a_long_one_waits_for_a_second_person(desk: Desk, store: Store) -> None:
    await arm(store)
    now_us = clock.now_us()
    async with desk.signed_in() as anna, second_person(desk) as bert:
        made = (await anna.post("/api/v1/suspensions", json=asked(now_us, 44.0))).json()
        assert (made["state"], made["needs_two"], made["version"]) == ("waiting", True, None)
        assert (await store.newest_orders())[0].suspensions == ()
        confirm = f"/api/v1/suspensions/{made['id']}/confirm"
        assert (await anna.post(confirm, json={})).status_code == 403
        done = await bert.post(confirm, json={})
        again = await bert.post(confirm, json={})
        shown = (await anna.get("/api/v1/suspensions")).json()
    assert (done.status_code, done.json()["state"], again.status_code) == (200, "armed", 409)
    assert shown["suspensions"][0]["by"] == ["anna", "bert"]
    assert (shown["requests"][0]["asked_by"], shown["requests"][0]["settled_by"]) == ("anna", "bert")


async def test_many_short_ones_in_a_row_are_a_long_one(desk: Desk, store: Store) -> None:
    await arm(store)
    now_us = clock.now_us()
    hours = SUSPENSION_ALONE_S / HOUR_S
    async with desk.signed_in() as client:
        first = await client.post("/api/v1/suspensions", json=asked(now_us, hours - 0.01))
        begin = at(now_us, (hours + 1) * HOUR_S)
        second = await client.post("/api/v1/suspensions", json={**asked(now_us, 2 * hours), "from": begin})
    assert (first.json()["state"], second.json()["state"]) == ("armed", "waiting")


async def test_one_person_ends_it_before_its_time_and_one_that_waits_is_withdrawn(
    desk: Desk, store: Store
) -> None:
    await arm(store)
    now_us = clock.now_us()
    async with desk.signed_in() as client:
        assert (await client.delete("/api/v1/orders/o-1/suspension")).status_code == 404
        await client.post("/api/v1/suspensions", json=asked(now_us, 1.0))
        ended = await client.delete("/api/v1/orders/o-1/suspension")
        waiting = (await client.post("/api/v1/suspensions", json=asked(now_us, 40.0))).json()
        withdrawn = await client.post(f"/api/v1/suspensions/{waiting['id']}/withdraw", json={})
        shown = (await client.get("/api/v1/suspensions")).json()
    assert (ended.status_code, ended.json()["version"]) == (200, 3)
    assert withdrawn.json()["state"] == "withdrawn"
    assert shown["suspensions"] == []


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"order": "o-0"}, 404),
        ({"reason": " x "}, 422),
        ({"to": "tomorrow"}, 422),
        ({"to": "2020-01-01T00:00:00Z"}, 422),
        ({"to": "2099-01-01T00:00:00Z"}, 422),
        ({"from": "2020-01-01T00:00:00Z"}, 422),
        ({"colour": "red"}, 400),
    ],
)
async def test_what_cannot_be_is_refused(
    desk: Desk, store: Store, changes: dict[str, Any], status: int
) -> None:
    await arm(store)
    async with desk.signed_in() as client:
        answer = await client.post("/api/v1/suspensions", json=asked(clock.now_us(), 1.0) | changes)
        assert answer.status_code == status
        assert (await client.get("/api/v1/suspensions")).json()["requests"] == []


async def test_it_is_for_those_who_may_decide_it(desk: Desk, store: Store) -> None:
    await arm(store)
    async with desk.client() as nobody, second_person(desk, "politie") as police:
        body = asked(clock.now_us(), 1.0)
        assert (await nobody.get("/api/v1/suspensions")).status_code == 401
        assert (await nobody.post("/api/v1/suspensions", json=body)).status_code == 401
        assert (await police.post("/api/v1/suspensions", json=body)).status_code == 403
        assert (await police.get("/api/v1/suspensions")).status_code == 200
