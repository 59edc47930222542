"""What people ask of devices: who may, what leaves, what becomes of it, and what a lapse is worth."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import httpx
import psycopg
import pytest

from emon import clock
from emon.ingest.commands import payload_of
from emon.limits import COMMAND_ANSWER_S, FIX_NOW_HOUR_MAX, PURSUIT_FOR_S
from emon.model.breach import Alert
from emon.model.command import Reply, Result
from emon.model.effects import Effects, NewDelivery
from emon.model.fix import Fix, RawFix
from emon.model.instant import SECOND_US
from emon.model.staff_command import StaffAsks, StaffCommand
from emon.model.vocabulary import AlertEvent, Mark, Party
from emon.model.watch import ServiceStop
from emon.orders.document import parse_document
from emon.staff_watch import StaffWatch
from emon.store.staff_commands import AskedTooOften
from emon.store.store import Store
from tests.fixtures_web import Desk
from tests.web import story
from tests.web.test_suspensions import second_person

WHY = "his mother calls: where is he"


async def ask(client: httpx.AsyncClient, device: str = "d-ahoy", **members: Any) -> httpx.Response:
    body = {"asks": "fix", "why": WHY, **members}
    return await client.post(f"/api/v1/devices/{device}/commands", json=body)


async def listed(client: httpx.AsyncClient, device: str = "d-ahoy") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await client.get(f"/api/v1/devices/{device}")).json()["commands"]
    return found


def wish(name: str, at_us: int, asks: StaffAsks = StaffAsks.FIX, device: str = "d-ahoy") -> StaffCommand:
    return StaffCommand(name, device, asks, "anna", "meldkamer_em", WHY, at_us)


def routed(alert: Alert) -> Sequence[NewDelivery]:
    return [NewDelivery(alert.id, party, "webhook") for party in alert.recipients]


async def looked(store: Store, now_us: int) -> list[Alert]:
    return await StaffWatch(store, routed, now_us=lambda: now_us, on_told=lambda: None).step()


async def heard(store: Store, at_us: int, device: str = "d-ahoy") -> None:
    """A fix taken and received at an instant."""
    wire = RawFix(device, at_us // SECOND_US % 2**32, at_us, 4.5, 51.9, 10.0, b"{}")
    async with store.batch() as tx:
        await tx.write(Effects(at_us, fixes=(Fix(wire, at_us, Mark.OK),)), ())


async def test_the_centre_asks_and_sees_what_becomes_of_it(desk: Desk, store: Store) -> None:
    await story.arm(store, clock.now_us())
    async with desk.signed_in() as client:
        made = await ask(client)
        assert made.status_code == 201
        (sent,) = (await store.waiting_commands(clock.now_us(), 9)).commands
        assert (sent.id, sent.device, sent.asks) == (made.json()["id"], "d-ahoy", "fix")
        await store.command_sent(sent.id, sent.at_us + SECOND_US)
        (one,) = await listed(client)
        assert (one["state"], one["answered_at"], one["lapsed_at"]) == ("sent", None, None)
        assert (one["asked_by"], one["asked_party"], one["why"]) == ("anna", "meldkamer_em", WHY)
        assert (await ask(client)).status_code == 409  # it has three minutes to answer
        await heard(store, sent.at_us + 20 * SECOND_US)
        (one,) = await listed(client)
        assert one["answered_at"] > one["asked_at"]
        assert (await ask(client)).status_code == 201
        assert await looked(store, sent.at_us + 170 * SECOND_US) == []


async def test_a_pursuit_is_asked_and_the_plan_again(desk: Desk, store: Store) -> None:
    await story.arm(store, clock.now_us())
    async with desk.signed_in() as client:
        assert (await ask(client, asks="pursuit")).status_code == 201
        assert (await ask(client, asks="plan")).status_code == 201
        assert [(one["rate_s"], one["for_s"]) for one in await listed(client)] == [(60, None), (15, 1_800)]


@pytest.mark.parametrize("party", ["politie", "reclassering", "om"])
async def test_only_the_centre_may_ask(desk: Desk, store: Store, party: str) -> None:
    await story.arm(store, clock.now_us())
    async with desk.client() as stranger:
        assert (await ask(stranger)).status_code == 401
    async with second_person(desk, party) as client:
        assert (await ask(client)).status_code == 403
    assert (await store.waiting_commands(clock.now_us(), 9)).commands == ()


async def test_a_wish_without_a_reason_or_a_watched_device_is_refused(desk: Desk, store: Store) -> None:
    await story.arm(store, clock.now_us())
    async with desk.signed_in() as client:
        assert (await ask(client, "d-nobody")).status_code == 404
        assert (await ask(client, "d ahoy")).status_code == 404
        assert (await ask(client, why="  x ")).status_code == 422
        assert (await ask(client, why="x" * 501)).status_code == 422
        assert (await ask(client, asks="vibrate")).status_code == 400
        assert (await ask(client, more=1)).status_code == 400
    assert (await store.waiting_commands(clock.now_us(), 9)).commands == ()


async def test_the_protected_persons_device_may_be_asked_too(desk: Desk, store: Store) -> None:
    now_us = clock.now_us()
    contact = {"id": "c", "kind": "contact", "victim_device": "v-1", "radius_m": 1_000}
    order = story.order("o-9", "w-9", "d-9", "2026-01-01T00:00:00Z", contact)
    await store.arm(parse_document(json.dumps({"orders": [order]}).encode(), armed_at_us=now_us))
    async with desk.signed_in() as client:
        assert (await ask(client, "v-1")).status_code == 201


async def test_what_leaves_tells_nothing_of_a_secret_zone(desk: Desk, store: Store) -> None:
    """d-kralingen's only ban is secret, d-ahoy's is not: their devices get the same, but for the id."""
    await story.arm(store, clock.now_us())
    now_us = clock.now_us()  # armed at the instant of its commit
    for asks in StaffAsks:
        payloads = [
            json.loads(payload_of(await store.ask_device(wish(f"{asks}-{device}", now_us, asks, device))))
            for device in ("d-kralingen", "d-ahoy")
        ]
        for payload in payloads:
            del payload["id"]
        assert payloads[0] == payloads[1]
        assert payloads[0].keys() <= {"cmd", "until", "rate_s", "for_s"}
        assert payloads[0]["cmd"] in ("fix", "rate")  # nothing that the wearer could feel or read


async def test_no_answer_in_three_minutes_is_told_once_until_the_device_is_heard(
    desk: Desk, store: Store
) -> None:
    await story.arm(store, clock.now_us())
    now_us = clock.now_us()  # armed at the instant of its commit
    due_us = now_us + COMMAND_ANSWER_S * SECOND_US
    await store.ask_device(wish("a", now_us))
    await store.ask_device(wish("b", now_us, StaffAsks.PURSUIT))
    assert await looked(store, due_us - 1) == []
    (told,) = await looked(store, due_us)
    assert (told.event, told.device, told.at_us) == (AlertEvent.COMMAND_UNANSWERED, "d-ahoy", due_us)
    assert (told.recipients, told.priority) == ((Party.MELDKAMER_EM,), 3)
    assert [one.recipient for one in (await store.alerts_by_id([told.id]))[0].deliveries] == ["meldkamer_em"]
    assert await looked(store, due_us + 1) == []
    lapses = [one.lapsed_us for one in await store.device_commands("d-ahoy", 9)]
    assert lapses == [due_us, due_us]
    await store.ask_device(wish("c", due_us))
    assert await looked(store, due_us + COMMAND_ANSWER_S * SECOND_US) == []  # told, and nothing heard since
    await heard(store, due_us + 300 * SECOND_US)
    await store.ask_device(wish("d", due_us + 301 * SECOND_US))
    (again,) = await looked(store, due_us + 481 * SECOND_US)
    assert again.id != told.id


async def test_the_clock_stands_still_while_the_service_does(desk: Desk, store: Store) -> None:
    await story.arm(store, clock.now_us())
    now_us = clock.now_us()  # armed at the instant of its commit
    await store.ask_device(wish("a", now_us))
    down_us, up_us = now_us + 60 * SECOND_US, now_us + 600 * SECOND_US
    async with store.batch() as tx:
        await tx.write(Effects(down_us + 1, stop=ServiceStop(down_us, None)), ())
    assert await looked(store, up_us) == []
    async with store.batch() as tx:
        await tx.write(Effects(up_us, stop=ServiceStop(down_us, up_us)), ())
    assert await looked(store, up_us + 119 * SECOND_US) == []
    (told,) = await looked(store, up_us + 120 * SECOND_US)
    assert told.at_us == up_us + 120 * SECOND_US


async def test_a_device_whose_faster_time_is_over_is_asked_for_its_plan(desk: Desk, store: Store) -> None:
    await story.arm(store, clock.now_us())
    now_us = clock.now_us()  # armed at the instant of its commit
    over_us = now_us + PURSUIT_FOR_S * SECOND_US
    rate = await store.ask_device(wish("a", now_us, StaffAsks.PURSUIT))
    async with store.batch() as tx:
        reply = Reply("d-ahoy", rate.id, Result.DONE, b"{}", rate_s=15.0)
        await tx.write(Effects(now_us + 1, replies=(reply,)), ())
    await looked(store, over_us - 1)
    assert len(await store.device_commands("d-ahoy", 9)) == 1
    await looked(store, over_us)
    await looked(store, over_us + SECOND_US)
    back, first = await store.device_commands("d-ahoy", 9)
    assert (back.asks, back.rate_s, back.person, first.id) == ("rate", 60, "anna", rate.id)


async def test_a_battery_is_spared(desk: Desk, store: Store) -> None:
    await story.arm(store, clock.now_us())
    now_us = clock.now_us()  # armed at the instant of its commit
    for n in range(FIX_NOW_HOUR_MAX):
        at_us = now_us + n * 240 * SECOND_US
        await store.ask_device(wish(f"n-{n}", at_us))
    with pytest.raises(AskedTooOften):
        await store.ask_device(wish("more", now_us + 3_599 * SECOND_US))
    await store.ask_device(wish("later", now_us + 3_601 * SECOND_US))


async def test_who_asked_and_why_stands_in_the_audit_trail_and_the_engine_knows_nothing_of_it(
    desk: Desk, store: Store
) -> None:
    await story.arm(store, clock.now_us())
    before = await store.remembered()
    async with desk.signed_in() as client:
        await ask(client)
    with psycopg.connect(store.url) as conn:
        query = b"SELECT content FROM audit_pending WHERE relation = 'staff_command'"
        ((content,),) = conn.execute(query).fetchall()
    kept = json.loads(content)
    assert (kept["person"], kept["party"], kept["why"]) == ("anna", "meldkamer_em", WHY)
    assert await store.remembered() == before
