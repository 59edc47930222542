"""The live stream over a real store: complete, resumable, honest about what is lost."""

from __future__ import annotations

import asyncio
from typing import Any

from emon import clock
from emon.limits import LIVE_BEHIND_MAX
from emon.model.effects import Effects
from emon.model.fix import Fix, RawFix
from emon.model.instant import SECOND_US
from emon.model.vocabulary import AlertEvent, Mark, Party
from emon.store.errors import DatabaseUnavailable
from emon.store.store import Store
from emon.web.live import LiveFeed
from emon.web.store_backend import StoreBackend
from tests.fixtures_web import Desk
from tests.web import story
from tests.web.streaming import WAIT_S, follow


def fix(seq: int, lon: float = 4.48, device: str = "d-ahoy") -> Fix:
    now_us = clock.now_us()
    return Fix(RawFix(device, seq, now_us, lon, 51.88, 10.0, b"{}"), now_us, Mark.OK)


async def raise_alert(store: Store, name: str) -> str:
    """One more alert of the breach at Ahoy; its id."""
    now_us = clock.now_us()
    inside = story.evening(now_us)[-1][0][0]
    told = (Party.POLITIE, Party.MELDKAMER_EM)
    raised = story.alert(name, inside, AlertEvent.BREACH, 1, now_us, *told)
    await story.write(store, Effects(now_us, breaches=(inside,), alerts=(raised,)), story.routed([raised]))
    return raised.id


async def cursor(client: Any) -> str:
    return str((await client.get("/api/v1/now")).json()["cursor"])


async def test_alerts_deliveries_and_acknowledgements_arrive_as_they_are_committed(
    desk: Desk, store: Store
) -> None:
    await story.arm(store, clock.now_us())
    async with desk.signed_in() as client, follow(client, await cursor(client)) as stream:
        await stream.until("beat")
        alert_id = await raise_alert(store, "one")
        desk.live.wake()
        event = await stream.until("alert", id=alert_id)
        assert {one["state"] for one in event.data["deliveries"]} == {"waiting"}
        await story.deliver(store, alert_id, "politie", clock.now_us())
        desk.live.wake()
        event = await stream.until("alert", id=alert_id)
        assert {one["recipient"] for one in event.data["deliveries"] if one["state"] == "delivered"} == {
            "politie"
        }
        answer = await client.post(f"/api/v1/alerts/{alert_id}/acknowledge", json={})
        assert answer.status_code == 200
        event = await stream.until("alert", id=alert_id)
        assert [taken["person"] for taken in event.data["acknowledgements"]] == ["anna"]
        assert event.data["breach"]["deepest_m"] == 148.7


async def test_nothing_between_snapshot_and_stream_is_missed(desk: Desk, store: Store) -> None:
    await story.arm(store, clock.now_us())
    async with desk.signed_in() as client:
        before = await cursor(client)
        alert_id = await raise_alert(store, "between")
        await story.write(store, Effects(clock.now_us(), fixes=(fix(1, lon=4.4901),)))
        async with follow(client, before) as stream:
            await stream.until("alert", id=alert_id)
            event = await stream.until("positions")
            assert [position["lon"] for position in event.data] == [4.4901]


async def test_a_cut_stream_goes_on_where_it_was_without_a_gap_or_a_repeat(desk: Desk, store: Store) -> None:
    await story.arm(store, clock.now_us())
    async with desk.signed_in() as client:
        seen = []
        last = await cursor(client)
        expected = []
        for number in range(6):
            async with follow(client, last, by_header=True) as stream:
                expected.append(await raise_alert(store, f"during {number}"))
                desk.live.wake()
                seen.append((await stream.until("alert", id=expected[-1])).data["id"])
                assert stream.last_id is not None
                last = stream.last_id
            expected.append(await raise_alert(store, f"while away {number}"))
            async with follow(client, last, by_header=True) as stream:
                event = await stream.until("alert")
                seen.append(event.data["id"])
                assert stream.last_id is not None
                last = stream.last_id
        assert seen == expected


async def test_many_streams_see_everything_in_the_order_of_the_commits(desk: Desk, store: Store) -> None:
    await story.arm(store, clock.now_us())

    async def reader(after: str, expected: int) -> list[str]:
        seen: list[str] = []
        async with desk.signed_in() as client, follow(client, after) as stream:
            while len(seen) < expected:
                alert_id = (await stream.until("alert")).data["id"]
                if alert_id not in seen:
                    seen.append(alert_id)
        return seen

    async with desk.signed_in() as client:
        after = await cursor(client)
    readers = [asyncio.create_task(reader(after, 20)) for _ in range(5)]
    raised = []
    for number in range(20):
        raised.append(await raise_alert(store, f"number {number}"))
        desk.live.wake()
    assert await asyncio.gather(*readers) == [raised] * 5


async def test_without_any_waking_changes_are_found_by_looking(desk: Desk, store: Store) -> None:
    await story.arm(store, clock.now_us())
    async with desk.signed_in() as client, follow(client, await cursor(client)) as stream:
        await stream.until("beat")
        await stream.until("beat")
        await story.write(store, Effects(clock.now_us(), fixes=(fix(1),)))
        event = await stream.until("positions")
        assert event.data[0]["device"] == "d-ahoy"


async def test_an_armed_order_is_told_without_its_content(desk: Desk, store: Store) -> None:
    async with desk.signed_in() as client, follow(client, await cursor(client)) as stream:
        answer = await client.post(
            "/api/v1/orders",
            content=story.orders_document(clock.now_us()),
            headers={"content-type": "application/json"},
        )
        assert answer.status_code == 200, answer.text
        assert (await stream.until("orders")).data == {}


async def test_a_cursor_of_another_database_or_of_long_ago_begins_anew(desk: Desk, store: Store) -> None:
    async with desk.signed_in() as client:
        for foreign in ("999999.0", "0.999999"):
            async with follow(client, foreign) as stream:
                assert [event.kind for event in await stream.end()] == ["beat", "reset"]
    assert LIVE_BEHIND_MAX > 0


async def test_an_unreadable_cursor_is_refused(desk: Desk) -> None:
    async with desk.signed_in() as client:
        for wrong in ("abc", "1", "1.2.3", "-1.0", "٣.٤"):
            answer = await client.get("/api/v1/live", params={"after": wrong})
            assert answer.status_code == 400, wrong


async def test_logging_out_ends_the_stream(desk: Desk) -> None:
    async with desk.signed_in() as client, follow(client, await cursor(client)) as stream:
        await stream.until("beat")
        other = desk.client(cookies=client.cookies)
        assert (await other.delete("/api/v1/session")).status_code == 204
        await other.aclose()
        await stream.end()
        assert (await client.get("/api/v1/session")).status_code == 401


async def test_a_heartbeat_tells_how_the_engine_is(desk: Desk) -> None:
    async with desk.signed_in() as client, follow(client, await cursor(client)) as stream:
        assert (await stream.until("beat")).data["status"] == {"ok": True}
        desk.status.update(ok=False, broker_connected=False)
        beat = await stream.until("beat", status={"ok": False, "broker_connected": False})
        assert beat.id is None  # a heartbeat moves no cursor
        assert beat.data["database_lost_at"] is None


class LostBackend(StoreBackend):
    """A store whose feed cannot be read while ``is_lost``: a database that is away."""

    is_lost = False

    async def feed_after(self, feed_seq: int, limit: int) -> list[Any]:
        if self.is_lost:
            raise DatabaseUnavailable("away")
        return await super().feed_after(feed_seq, limit)


def kind_of(frame: bytes) -> str:
    return frame.split(b"event: ")[1].split(b"\n")[0].decode()


async def test_a_lost_database_is_said_and_what_came_meanwhile_follows(store: Store) -> None:
    await store.claim_engine()
    await story.arm(store, clock.now_us())
    backend = LostBackend(store)
    live = LiveFeed(backend, lambda: 5 * SECOND_US, lambda: {"ok": True}, heartbeat_s=30)
    running = asyncio.create_task(live.run())
    before = await backend.cursor()
    await raise_alert(store, "before")
    stream = live.stream(before)
    assert (await anext(stream)).startswith(b"retry:")
    assert b'"database_lost_at":null' in await anext(stream)
    assert [kind_of(await anext(stream)) for _ in range(2)] == ["breach", "alert"]
    following = asyncio.ensure_future(anext(stream))
    backend.is_lost = True
    live.wake()
    async with asyncio.timeout(WAIT_S):
        assert b'"database_lost_at":"1970-01-01T00:00:05.000000Z"' in await following
    await raise_alert(store, "meanwhile")
    backend.is_lost = False
    live.wake()
    async with asyncio.timeout(WAIT_S):
        kinds = {kind_of(await anext(stream)) for _ in range(2)}
    assert kinds == {"alert", "beat"}
    live.close()
    async with asyncio.timeout(WAIT_S):
        await running
    assert [frame async for frame in stream] == []


async def test_a_reader_that_takes_nothing_does_not_hold_up_the_others(desk: Desk, store: Store) -> None:
    await story.arm(store, clock.now_us())
    async with desk.signed_in() as slow, desk.signed_in() as quick:
        after = await cursor(quick)
        async with follow(slow, after) as idle, follow(quick, after) as stream:
            await idle.until("beat")
            for number in range(300):
                await story.write(store, Effects(clock.now_us(), fixes=(fix(number),)))
                desk.live.wake()
            alert_id = await raise_alert(store, "after the flood")
            desk.live.wake()
            # What the idle one was sent is still unread: whoever waited for that would wait for ever.
            assert (await stream.until("alert", id=alert_id)).data["id"] == alert_id
            await idle.until("alert", id=alert_id)  # late, and nothing is missing
