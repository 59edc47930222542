"""Where a secret zone lies is shown to nobody who may not hear it in a message either."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from emon import clock
from emon.model.breach import Alert
from emon.model.effects import Effects
from emon.model.instant import DAY_US, SECOND_US, format_instant
from emon.model.vocabulary import AlertEvent, Party, Risk
from emon.model.watch import Trouble, Unseen
from emon.store.store import Store
from emon.web.discreet import alert_for_others, discreet_incident
from emon.web.snapshot import without_secret_zones
from tests.alerts.test_notices import noted
from tests.court.lives import lived
from tests.fixtures_web import PASSWORD, PASSWORD_HASH, Desk
from tests.web import story

PLACE = ("4.5142", "51.9325")
"""The middle of the secret zone, as its order's document has it."""


async def signed_in(client: httpx.AsyncClient, store: Store, party: str, *, name: str = "") -> None:
    name = name or f"of-{party}"
    await store.create_user(name, PASSWORD_HASH, party)
    answer = await client.post("/api/v1/session", json={"name": name, "password": PASSWORD})
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


@pytest.mark.parametrize(("party", "sees"), [("politie", True), ("reclassering", False)])
async def test_no_time_or_depth_on_the_page_gives_it_away(
    desk: Desk, store: Store, tmp_path: Path, party: str, sees: bool
) -> None:
    """A message tells it by the hour: list, map, incident and stream told it to the microsecond."""
    await lived(store, tmp_path, secret=True)
    async with desk.client() as client:
        await signed_in(client, store, party)
        (alert, *_) = (await client.get("/api/v1/alerts")).json()["alerts"]
        one = (await client.get(f"/api/v1/alerts/{alert['id']}")).json()
        now = (await client.get("/api/v1/now")).json()
        incident = (await client.get(f"/api/v1/incidents/{alert['breach']['id']}")).json()
        breach, alert_too = (
            await next_of(client, "breach", alert["breach"]["id"]),
            await next_of(client, "alert", alert["id"]),
        )
    assert one == alert
    assert alert_too == alert
    breaches = [alert["breach"], breach, *now["breaches"]]
    assert {each["how"] is not None for each in breaches} == {sees}
    assert {each["deepest_m"] is not None for each in breaches} == {sees}
    told = [alert["happened_at"], *(each["opened_at"] for each in breaches)]
    assert {at.endswith(":00:00.000000Z") for at in told} == {not sees}
    assert (alert["received_at"] is not None) is sees
    assert incident["said_at"] is None or sees or incident["said_at"].endswith(":00:00.000000Z")


NOTE = "weggestuurd"
"""Of the note with which the police closed it in ``lived``; somebody who stands there names the street."""


@pytest.mark.parametrize(("party", "sees"), [("politie", True), ("reclassering", False), ("om", False)])
async def test_what_it_was_closed_with_goes_to_whom_may_know_the_place(
    desk: Desk, store: Store, tmp_path: Path, party: str, sees: bool
) -> None:
    alert = await lived(store, tmp_path, secret=True, owner={"party": "om", "name": "mr. X", "contact": ""})
    other = {"cause": "exercise", "outcome": "no_action"}
    async with desk.client() as client:
        await signed_in(client, store, party)
        answers = [
            await client.get("/api/v1/alerts", params={"status": "resolved"}),
            await client.get(f"/api/v1/alerts/{alert}"),
            await client.get(f"/api/v1/alerts/{alert}/life"),
            await client.post(f"/api/v1/alerts/{alert}/resolve", json=other),
        ]
        if party != "om":  # whom nobody told of it
            answers[3:] = [await client.post(f"/api/v1/alerts/{alert}/resolve", json=other)]
            assert answers[3].status_code == 409
            shown = answers[1].json()["resolution"]
            assert (shown["note"] != "", shown["note_withheld"]) == (sees, not sees)
            told = json.dumps(await next_of(client, "alert", alert))
            assert (NOTE in told) is sees
    assert [NOTE in one.text for one in answers] == [sees and party != "om"] * len(answers)


def test_of_an_alert_of_his_device_neither_where_the_order_has_a_secret_place() -> None:
    secret = frozenset({("o-1", "c-1")})
    plain: dict[str, Any] = {"order": "o-1", "deliveries": [], "climbs": []}
    closed = {"cause": "wearer", "note": "Lindelaan 5"}
    of_device = {**plain, "condition": None, "resolution": closed}
    assert alert_for_others(of_device, secret)["resolution"] == {**closed, "note": "", "note_withheld": True}
    for other in ({**of_device, "condition": "c-2"}, {**of_device, "order": "o-2"}):
        assert alert_for_others(other, secret) is other


@pytest.mark.parametrize(("party", "sees"), [("politie", True), ("reclassering", False)])
async def test_nor_why_an_order_with_a_secret_place_is_suspended(
    desk: Desk, store: Store, party: str, sees: bool
) -> None:
    """By the page and the order itself; who asked for it reads what he wrote."""
    await story.play(store, clock.now_us())
    (order,) = {one.id for one in await store.newest_orders() if any(c.secret for c in one.conditions)}
    begun = await noted(store, order, "moved to Lindelaan 5", clock.now_us())
    until = format_instant(clock.now_us() + 3_600 * SECOND_US)
    body = {"order": order, "to": until, "reason": "moved to Lindelaan 5"}
    async with desk.signed_in() as anna:
        assert (await anna.post("/api/v1/suspensions", json=body)).status_code == 201
    async with desk.client() as client:
        await signed_in(client, store, party)
        shown = (await client.get("/api/v1/suspensions")).json()
        listed = await client.get("/api/v1/orders")
        if not sees:
            own = (await client.post("/api/v1/suspensions", json={**body, "reason": "he has to work"})).json()
            asked = (await client.get("/api/v1/suspensions")).json()["requests"]
            assert [one["reason"] for one in asked if one["id"] == own["id"]] == ["he has to work"]
    for part in ("suspensions", "requests", "notices"):
        assert [one["reason"] for one in shown[part]] == [body["reason"] if sees else None], part
    assert ("Lindelaan" in listed.text) is sees
    assert begun.id in json.dumps(shown)


@pytest.mark.parametrize(("asking", "sees"), [("reclassering", True), ("om", False)])
async def test_a_second_person_reads_why_where_his_own_party_asked(
    desk: Desk, store: Store, asking: str, sees: bool
) -> None:
    """Else the centre tells him, as the page says; he may confirm all the same."""
    await story.play(store, clock.now_us())
    (order,) = {one.id for one in await store.newest_orders() if any(c.secret for c in one.conditions)}
    until = format_instant(clock.now_us() + 3 * DAY_US)
    body = {"order": order, "to": until, "reason": "moved to Lindelaan 5"}
    async with desk.client() as first, desk.client() as second:
        await signed_in(first, store, asking)
        made = (await first.post("/api/v1/suspensions", json=body)).json()
        assert made["state"] == "waiting"
        await signed_in(second, store, "reclassering", name="second")
        shown = (await second.get("/api/v1/suspensions")).json()["requests"]
        confirmed = (await second.post(f"/api/v1/suspensions/{made['id']}/confirm")).json()
    assert [one["reason"] for one in (*shown, confirmed)] == 2 * [body["reason"] if sees else None]
    assert (confirmed["state"], confirmed["settled_by"]) == ("armed", "second")


async def test_nor_why_the_centre_asked_where_he_is(desk: Desk, store: Store) -> None:
    await story.play(store, clock.now_us())
    async with desk.signed_in() as anna:
        body = {"asks": "fix", "why": "seen at Lindelaan 5"}
        assert (await anna.post("/api/v1/devices/d-ahoy/commands", json=body)).status_code == 201
        assert "Lindelaan" in (await anna.get("/api/v1/devices/d-ahoy")).text
    async with desk.client() as client:
        await signed_in(client, store, "reclassering")
        answer = await client.get("/api/v1/devices/d-ahoy")
    assert "anna" in answer.text
    assert "Lindelaan" not in answer.text


@pytest.mark.parametrize(
    ("party", "sees"), [("meldkamer_em", True), ("politie", False), ("reclassering", False)]
)
async def test_who_is_unseen_in_an_outage_is_listed_for_whom_a_message_lists_it(
    desk: Desk, store: Store, party: str, sees: bool
) -> None:
    """Other wearers, and how near each is to a ban: a climb tells others of the outage, not of these."""
    now_us = clock.now_us()
    missing = (Unseen("d-1", "o-1", Risk.HIGH, near_m=140.4, wearer="w-unseen"),)
    told_to = (Party.MELDKAMER_EM, Party.POLITIE, Party.RECLASSERING)
    told = Alert("0" * 15 + "f", AlertEvent.OUTAGE, 2, now_us, told_to, now_us)
    outage = Trouble("t-9", AlertEvent.OUTAGE, now_us, alert=told.id, unseen=missing, devices=9)
    async with store.batch() as tx:
        await tx.write(Effects(now_us, alerts=(told,), troubles=(outage,)), story.routed([told]))
    async with desk.client() as client:
        await signed_in(client, store, party)
        one = (await client.get(f"/api/v1/alerts/{told.id}")).json()
        assert await next_of(client, "alert", told.id) == one
    assert ("w-unseen" in json.dumps(one)) is sees
    assert one["trouble"]["devices"] == 9


def test_the_open_breaches_of_a_snapshot_are_told_as_discreetly() -> None:
    breach = {
        "order": "o-1",
        "condition": "c-1",
        "opened_at": "2026-05-04T12:34:56.000001Z",
        "closed_at": None,
        "how": "inside",
        "deepest_m": 12.5,
    }
    hidden = {"order": "o-1", "condition": "c-1", "secret": True, "zone": {}}
    plain = {**hidden, "condition": "c-2", "secret": False}
    snapshot = {"conditions": [hidden, plain], "breaches": [breach, {**breach, "condition": "c-2"}]}
    shown = without_secret_zones(snapshot)["breaches"]
    told = {"opened_at": "2026-05-04T12:00:00.000000Z", "how": None, "deepest_m": None}
    assert shown == [{**breach, **told}, {**breach, "condition": "c-2"}]


def test_an_incident_tells_neither_when_he_was_seen_nor_when_others_heard_of_it() -> None:
    at, hour = "2026-05-04T12:34:56.000001Z", "2026-05-04T12:00:00.000000Z"
    receipt = {"recipient": "politie", "delivered_at": at}
    update = {"update": "position", "made_at": at, "position": {"lon": 4.5}, "recipients": [receipt]}
    incident = {
        "said_at": at,
        "fixed_at": at,
        "answers": [{"answered_at": at, "note": "Lindelaan 5"}],
        "updates": [update],
    }
    shown = discreet_incident(incident)
    assert (shown["said_at"], shown["fixed_at"], shown["answers"]) == (
        hour,
        None,
        [{"answered_at": hour, "note": "", "note_withheld": True}],
    )
    (told,) = shown["updates"]
    assert (told["made_at"], told["position"], told["recipients"][0]["delivered_at"]) == (hour, None, hour)


async def next_of(client: httpx.AsyncClient, kind: str, name: str) -> dict[str, Any]:
    """The first event of something that the stream gives from the beginning on."""
    async with client.stream("GET", "/api/v1/live", params={"after": "0.0"}) as stream:
        event = ""
        async for line in stream.aiter_lines():
            member, _, value = line.partition(": ")
            event = value if member == "event" else event
            if member == "data" and event == kind and json.loads(value)["id"] == name:
                return dict(json.loads(value))
    raise AssertionError(kind)
