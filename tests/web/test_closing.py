"""Closing an alert over the API: by whom, with what, once; and its life as it is told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from emon import clock
from emon.model.breach import Alert
from emon.model.effects import Effects
from emon.model.ids import derive_id
from emon.model.instant import SECOND_US
from emon.model.resolution import ClosingCause, ClosingOutcome, VictimOutcome
from emon.model.vocabulary import AlertEvent, Party
from emon.store.store import Store
from tests.fixtures_web import PASSWORD, PASSWORD_HASH, Desk
from tests.web import story
from tests.web.test_api import signed

CLOSING = {"cause": "wearer", "outcome": "sent_away"}


async def raise_alert(store: Store, name: str, *to: Party, event: AlertEvent = AlertEvent.SILENCE) -> str:
    now_us = clock.now_us()
    raised = Alert(derive_id("alert", name), event, 2, now_us, to, now_us, device="d-ahoy")
    await story.write(store, Effects(now_us, alerts=(raised,)), story.routed([raised]))
    return raised.id


@pytest.fixture
async def alert_id(desk: Desk, store: Store) -> str:
    return await raise_alert(store, "one", Party.MELDKAMER_EM, Party.POLITIE)


async def test_a_person_closes_an_alert_and_has_thereby_taken_it(desk: Desk, alert_id: str) -> None:
    async with desk.signed_in() as client:
        answer = await client.post(f"/api/v1/alerts/{alert_id}/resolve", json=CLOSING)
        assert answer.status_code == 200, answer.text
        closed = answer.json()["resolution"]
        assert (closed["person"], closed["party"], closed["via"]) == ("anna", "meldkamer_em", "page")
        assert (closed["cause"], closed["outcome"], closed["victim_outcome"]) == ("wearer", "sent_away", None)
        shown = (await client.get(f"/api/v1/alerts/{alert_id}")).json()
        assert (shown["stage"], shown["owed"], shown["open"]) == ("resolved", [], False)
        assert shown["next_climb_at"] is None
        assert shown["resolution"] == closed
        assert [taken["party"] for taken in shown["acknowledgements"]] == ["meldkamer_em"]
        for status, there in (
            ("open", False),
            ("acknowledged", False),
            ("unresolved", False),
            ("resolved", True),
        ):
            page = (await client.get("/api/v1/alerts", params={"status": status})).json()
            assert (status, alert_id in [one["id"] for one in page["alerts"]]) == (status, there)


async def test_what_is_in_hand_is_listed_until_it_is_closed(desk: Desk, alert_id: str) -> None:
    async with desk.signed_in() as client:
        await client.post(f"/api/v1/alerts/{alert_id}/acknowledge", json={})
        shown = (await client.get(f"/api/v1/alerts/{alert_id}")).json()
        assert (shown["stage"], shown["owed"]) == ("taken", ["politie"])
        assert shown["next_climb_at"] is not None, "the police still owe their own answer"
        for status, there in (
            ("open", False),
            ("acknowledged", True),
            ("unresolved", True),
            ("resolved", False),
        ):
            page = (await client.get("/api/v1/alerts", params={"status": status})).json()
            assert (status, alert_id in [one["id"] for one in page["alerts"]]) == (status, there)


async def test_the_first_closing_stands_and_what_is_said_again_is_seen(
    desk: Desk, store: Store, alert_id: str
) -> None:
    await store.create_user("bram", PASSWORD_HASH, "politie")
    async with desk.signed_in() as client:
        path = f"/api/v1/alerts/{alert_id}/resolve"
        first = (await client.post(path, json=CLOSING)).json()
        again = (await client.post(path, json=CLOSING)).json()
        assert (first["again"], again["again"]) == (False, True)
        assert again["resolution"] == first["resolution"]
    async with desk.client() as other:
        await other.post("/api/v1/session", json={"name": "bram", "password": PASSWORD})
        answer = await other.post(path, json={"cause": "exercise", "outcome": "no_action"})
        assert answer.status_code == 409
        assert answer.json()["resolution"] == first["resolution"]
        life = (await other.get(f"/api/v1/alerts/{alert_id}/life")).json()
    said = [(one["fact"], one.get("person"), one.get("times")) for one in life["happened"]]
    assert said == [
        ("raised", None, None),
        ("acknowledged", "anna", None),
        ("closed", "anna", None),
        ("said_again", "anna", 1),
        ("said_again", "bram", 1),
    ]
    assert life["stage"] == "resolved"


async def test_an_alert_that_is_not_theirs_is_neither_taken_nor_closed(desk: Desk, store: Store) -> None:
    police = await raise_alert(store, "police alone", Party.POLITIE)
    async with desk.signed_in() as client:
        for word, body in (("acknowledge", {}), ("resolve", CLOSING)):
            answer = await client.post(f"/api/v1/alerts/{police}/{word}", json=body)
            assert (answer.status_code, answer.json()) == (
                403,
                {"error": "the alert was not for meldkamer_em"},
            )
        for unknown in ("0123456789abcdef", "nothing", "%00"):
            for request in (
                client.post(f"/api/v1/alerts/{unknown}/resolve", json=CLOSING),
                client.get(f"/api/v1/alerts/{unknown}/life"),
            ):
                assert (await request).status_code == 404
        shown = (await client.get(f"/api/v1/alerts/{police}")).json()
    assert (shown["stage"], shown["acknowledgements"]) == ("raised", [])


BAD: list[tuple[Any, int, str]] = [
    ({}, 400, "cause"),
    ({"cause": "wearer"}, 400, "outcome"),
    ({"cause": "because", "outcome": "arrested"}, 400, "cause"),
    ({"cause": "wearer", "outcome": "arrested", "by": "me"}, 400, "by"),
    ({**CLOSING, "note": "x" * 2_001}, 400, "note"),
    ({**CLOSING, "victim_outcome": "not_reached"}, 400, "victim_outcome"),
    ({"cause": "not_found", "outcome": "no_action"}, 422, "note"),
    ({"cause": "wearer", "outcome": "handed_over", "note": "  \n "}, 422, "note"),
]


@pytest.mark.parametrize(("body", "status", "names"), BAD)
async def test_a_closing_that_says_too_little_is_refused_by_name(
    desk: Desk, alert_id: str, body: Any, status: int, names: str
) -> None:
    async with desk.signed_in() as client:
        answer = await client.post(f"/api/v1/alerts/{alert_id}/resolve", json=body)
        assert (answer.status_code, names in answer.json()["error"]) == (status, True), answer.text
        assert (await client.get(f"/api/v1/alerts/{alert_id}")).json()["resolution"] is None


@pytest.mark.parametrize("event", [AlertEvent.PROXIMITY, AlertEvent.PANIC])
async def test_what_concerns_a_protected_person_is_not_closed_without_her(
    desk: Desk, store: Store, event: AlertEvent
) -> None:
    alert_id = await raise_alert(store, "hers", Party.MELDKAMER_EM, Party.BESCHERMDE, event=event)
    async with desk.signed_in() as client:
        assert (await client.get(f"/api/v1/alerts/{alert_id}")).json()["concerns_protected_person"] is True
        answer = await client.post(f"/api/v1/alerts/{alert_id}/resolve", json=CLOSING)
        assert answer.status_code == 422
        assert [fault["path"] for fault in answer.json()["faults"]] == ["victim_outcome"]
        whole = {**CLOSING, "victim_outcome": "safe_informed"}
        answer = await client.post(f"/api/v1/alerts/{alert_id}/resolve", json=whole)
        assert answer.json()["resolution"]["victim_outcome"] == "safe_informed"


async def test_a_breach_of_an_order_that_protects_somebody_asks_how_she_is(desk: Desk, store: Store) -> None:
    now_us = clock.now_us()
    document = json.loads(story.orders_document(now_us))
    document["orders"][0]["protected_person"] = "p-1"
    found: dict[str, bool] = {}
    async with desk.signed_in() as client:
        assert (await client.post("/api/v1/orders", json=document)).status_code == 200
        await store.ensure_partitions()
        for name, wearer, order, condition in (
            ("with", "w-ahoy", "o-2617", "c-ahoy"),
            ("without", "w-blaak", "o-2624", "c-markt"),
        ):
            later_us = clock.now_us() + SECOND_US
            made = story.breach(
                name,
                wearer,
                order,
                now_us,
                condition=condition,
                certainty="certain",
                how="inside",
                deepest_m=1.0,
            )
            raised = story.alert(name, made, AlertEvent.BREACH, 1, later_us, Party.MELDKAMER_EM)
            await story.write(store, Effects(later_us, breaches=(made,), alerts=(raised,)))
            shown = (await client.get(f"/api/v1/alerts/{raised.id}")).json()
            found[name] = shown["concerns_protected_person"]
            answer = await client.post(f"/api/v1/alerts/{raised.id}/resolve", json=CLOSING)
            assert answer.status_code == (422 if name == "with" else 200)
    assert found == {"with": True, "without": False}


def body_of(alert_id: str, **changes: str) -> bytes:
    said = {"alert": alert_id, "party": "politie", "person": "R. Bakker", **CLOSING}
    return json.dumps({**said, **changes}).encode()


async def test_a_party_closes_with_its_signature_and_with_no_other(desk: Desk, alert_id: str) -> None:
    path = f"/api/v1/alerts/{alert_id}/resolve"
    whole, future_us = body_of(alert_id), clock.now_us() + 600 * SECOND_US
    bare = json.dumps({"alert": alert_id, "party": "politie", "person": "R. Bakker"}).encode()
    elsewhere = body_of("0123456789abcdef")
    async with desk.client() as client:
        for content, headers, status in (
            (whole, signed(whole, at_us=future_us), 401),
            (whole, signed(whole, at_us=future_us - 1_200 * SECOND_US), 401),
            (whole, signed(body_of(alert_id, cause="exercise")), 401),
            (bare, signed(bare), 400),
            (elsewhere, signed(elsewhere), 400),
            (body_of(alert_id, party="om"), signed(body_of(alert_id, party="om")), 401),
            (b"{", signed(b"{"), 400),
            (whole, signed(whole), 200),
        ):
            answer = await client.post(path, content=content, headers=headers)
            assert (content, answer.status_code) == (content, status)
        assert answer.json()["resolution"]["via"] == "webhook"


async def test_the_page_has_a_word_for_each_word_of_the_lists(desk: Desk) -> None:
    async with desk.client() as client:
        words = (await client.get("/js/words.js")).text
        texts = (await client.get("/js/texts-nl.js")).text
    for member, kind in (
        ("cause", ClosingCause),
        ("outcome", ClosingOutcome),
        ("victim_outcome", VictimOutcome),
    ):
        listed = ", ".join(f'"{one}"' for one in kind)
        assert f"{member}: [{listed}]" in words, member
        for one in kind:
            assert f'"closing.{member}.{one}": ' in texts, one
