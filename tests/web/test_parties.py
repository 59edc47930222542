"""Who may see the page at all: the protected person may not, since it shows where wearers are."""

from __future__ import annotations

import psycopg

from emon import clock
from emon.store.store import Store
from emon.web.passwords import hash_password
from tests.fixtures_web import NAME, PASSWORD, Desk
from tests.orders.documents import plain_document
from tests.web import story
from tests.web.test_user_command import emon

SHOWS_WEARERS = (
    "/api/v1/session",
    "/api/v1/now",
    "/api/v1/live",
    "/api/v1/counts",
    "/api/v1/alerts",
    "/api/v1/orders",
    "/api/v1/devices/d-2617",
)


async def test_the_protected_person_cannot_log_in(desk: Desk, store: Store) -> None:
    await story.play(store, clock.now_us())
    await store.create_user("berta", hash_password(PASSWORD), "beschermde")
    async with desk.client() as client:
        wrong = await client.post("/api/v1/session", json={"name": "berta", "password": "no-such-word"})
        assert wrong.status_code == 401
        right = await client.post("/api/v1/session", json={"name": "berta", "password": PASSWORD})
        assert right.status_code == 403
        assert "set-cookie" not in right.headers
        assert "not for beschermde" in right.text
        for address in SHOWS_WEARERS:
            assert (await client.get(address)).status_code == 401, address


async def test_a_session_from_before_the_account_was_hers_shows_nothing(desk: Desk, store: Store) -> None:
    """The party is read with each request, not from the cookie."""
    await story.play(store, clock.now_us())
    async with desk.signed_in() as client:
        cookie = dict(client.cookies)
    await desk.stop()
    async with await psycopg.AsyncConnection.connect(store.url, autocommit=True) as connection:
        await connection.execute("UPDATE app_user SET role = 'beschermde' WHERE name = %s", (NAME,))
    await desk.start()
    async with desk.client(cookies=cookie) as client:
        for address in SHOWS_WEARERS:
            assert (await client.get(address)).status_code == 403, address
        assert (await client.delete("/api/v1/session")).status_code == 204


async def test_no_account_is_made_for_her(store: Store) -> None:
    done = emon("add", "berta", "--party", "beschermde", "--generate", url=store.url)
    assert done.returncode != 0
    assert "it is not for beschermde" in done.stderr
    assert await store.user("berta") is None


async def test_only_who_imposes_or_carries_out_orders_may_arm_one(desk: Desk, store: Store) -> None:
    """A new version can lift a ban for a month, which as a suspension takes two of these parties."""
    document = plain_document()
    for party, status in (("politie", 403), ("shn", 403), ("cjib", 200)):
        await store.create_user(f"a-{party}", hash_password(PASSWORD), party)
        async with desk.client() as client:
            login = await client.post("/api/v1/session", json={"name": f"a-{party}", "password": PASSWORD})
            assert login.status_code == 200
            answer = await client.post("/api/v1/orders", json=document)
            assert (party, answer.status_code) == (party, status)
            listed = (await client.get("/api/v1/orders")).json()["orders"]
            assert len(listed) == (status == 200)
