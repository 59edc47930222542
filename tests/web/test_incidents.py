"""Incidents over the API: what was said of one, and the police's answers by session, by signature and by a
link."""

from __future__ import annotations

import base64
import json

import httpx
import msgspec
import psycopg
import pytest

from emon import clock
from emon.alerts.channels.smtp import mail_message
from emon.alerts.compose import Composer
from emon.alerts.incident import Given, Say
from emon.alerts.links import LinkFault, LinkRefused, Links
from emon.alerts.outbox import UpdateView
from emon.alerts.routes import MailSecurity, SmtpRoute
from emon.incidents import Incidents
from emon.limits import LINK_HOLDS_S
from emon.model.effects import Effects
from emon.model.instant import SECOND_US
from emon.model.vocabulary import Party
from emon.store.store import Store
from tests.alerts.parts import BREACH, NOON_US, due
from tests.fixtures_web import LINK_SECRET, PASSWORD, PASSWORD_HASH, Desk
from tests.web import story
from tests.web.test_api import signed

AHOY = story.evening(0)[4][0][0].id
"""Told to the police, Reclassering and the centre."""
WITTE = story.evening(0)[3][0][0].id
"""Told to the centre alone."""
OFFICER = "C. Jansen"


@pytest.fixture
async def evening(desk: Desk, store: Store) -> Store:
    await story.play(store, clock.now_us())
    await store.create_user("piet", PASSWORD_HASH, "politie")
    return store


def police(desk: Desk) -> httpx.AsyncClient:
    return desk.client()


async def log_in(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/v1/session", json={"name": "piet", "password": PASSWORD})
    assert answer.status_code == 200


async def kept(store: Store) -> list[tuple[str, str, str, str, str]]:
    async with await psycopg.AsyncConnection.connect(store.url) as conn:
        query = "SELECT breach_id, party, person, answer, via FROM incident_answer ORDER BY id"
        return [tuple(row) for row in await (await conn.execute(query)).fetchall()]


async def test_a_person_of_the_police_answers_and_everybody_sees_it(desk: Desk, evening: Store) -> None:
    address = f"/api/v1/incidents/{AHOY}/answers"
    async with police(desk) as client:
        assert (await client.post(address, json={"answer": "found"})).status_code == 401
        await log_in(client)
        answer = await client.post(address, json={"answer": "unit_assigned", "note": " two\ncars "})
        assert answer.status_code == 200, answer.text
        said = answer.json()["answer"]
        assert (said["answer"], said["person"], said["note"]) == ("unit_assigned", "piet", "two cars")
        again = await client.post(address, json={"answer": "unit_assigned", "note": "two cars"})
        assert again.json()["again"] is True
    async with desk.signed_in() as client:
        alerts = (await client.get("/api/v1/alerts")).json()["alerts"]
        (shown,) = [one for one in alerts if one["breach"] and one["breach"]["id"] == AHOY]
        assert [one["answer"] for one in shown["incident"]["answers"]] == ["unit_assigned"]
        assert shown["incident"]["state"] == "followed"
        assert ("politie", "piet") in [(k["party"], k["person"]) for k in shown["acknowledgements"]]
    assert await kept(evening) == [(AHOY, "politie", "piet", "unit_assigned", "page")]


@pytest.mark.parametrize(
    ("incident", "body", "status"),
    [
        (AHOY, {"answer": "gone_home"}, 400),
        (AHOY, {"answer": "found", "party": "politie"}, 400),
        (AHOY, {}, 400),
        (AHOY, {"answer": "found", "note": "x" * 2_001}, 400),
        (WITTE, {"answer": "found"}, 403),
        ("0" * 16, {"answer": "found"}, 404),
        ("no-id", {"answer": "found"}, 404),
    ],
)
async def test_what_is_no_answer_of_theirs_is_refused(
    desk: Desk, evening: Store, incident: str, body: dict[str, str], status: int
) -> None:
    async with police(desk) as client:
        await log_in(client)
        answer = await client.post(f"/api/v1/incidents/{incident}/answers", json=body)
    assert answer.status_code == status, answer.text
    assert await kept(evening) == []


async def test_another_party_s_person_gives_no_answer_of_the_police(desk: Desk, evening: Store) -> None:
    async with desk.signed_in() as client:
        answer = await client.post(f"/api/v1/incidents/{AHOY}/answers", json={"answer": "found"})
    assert answer.status_code == 403
    assert await kept(evening) == []


async def test_a_signed_answer_counts_and_a_forged_old_or_borrowed_one_does_not(
    desk: Desk, evening: Store
) -> None:
    content = {"incident": AHOY, "party": "politie", "person": OFFICER, "answer": "on_scene"}
    body = json.dumps(content).encode()
    address = f"/api/v1/incidents/{AHOY}/answers"
    async with desk.client() as client:
        good = await client.post(address, content=body, headers=signed(body))
        assert good.status_code == 200, good.text
        changed = body.replace(b"on_scene", b"found")
        assert (await client.post(address, content=changed, headers=signed(body))).status_code == 401
        old = signed(body, at_us=clock.now_us() - 600 * SECOND_US)
        assert (await client.post(address, content=body, headers=old)).status_code == 401
        other = f"/api/v1/incidents/{WITTE}/answers"
        assert (await client.post(other, content=body, headers=signed(body))).status_code == 400
        for wrong in ({"answer": "gone"}, {"answer": None}, {"person": ""}, {"note": "x" * 2_001}):
            bad = json.dumps({**content, **wrong}).encode()
            assert (await client.post(address, content=bad, headers=signed(bad))).status_code == 400, wrong
        unknown = json.dumps({**content, "party": "reclassering"}).encode()
        assert (await client.post(address, content=unknown, headers=signed(unknown))).status_code == 401
    assert await kept(evening) == [(AHOY, "politie", OFFICER, "on_scene", "webhook")]


async def test_an_incident_is_shown_with_what_was_said_and_who_has_it(desk: Desk, evening: Store) -> None:
    later_us = clock.now_us() + 20 * SECOND_US
    moved = story.WAYS[0].fixes(later_us)[-1]
    wire = msgspec.structs.replace(moved.wire, seq=99, fixed_at_us=later_us)
    fix = msgspec.structs.replace(moved, wire=wire)
    await story.write(evening, Effects(later_us, fixes=(fix,)))
    incidents = Incidents(evening, now_us=lambda: later_us, on_said=lambda: None)
    assert AHOY in await incidents.step()
    async with desk.signed_in() as client:
        shown = (await client.get(f"/api/v1/incidents/{AHOY}")).json()
        assert (await client.get(f"/api/v1/incidents/{'0' * 16}")).status_code == 404
        assert (await client.get("/api/v1/incidents/no-id")).status_code == 404
    assert (shown["id"], shown["state"], shown["said"]) == (AHOY, "followed", "position")
    (update,) = shown["updates"]
    assert update["position"]["accuracy_m"] == 14
    assert [(one["recipient"], one["state"]) for one in update["recipients"]] == [("politie", "waiting")]
    async with desk.client() as client:
        assert (await client.get(f"/api/v1/incidents/{AHOY}")).status_code == 401


def link(
    desk: Desk, *, message: str = "m-1", party: str = "politie", incident: str = AHOY, sent_at_us: int = 0
) -> str:
    return Links(desk.url, LINK_SECRET).answer_url(message, incident, party, sent_at_us or clock.now_us())


async def test_a_link_answers_each_word_once_and_asking_for_it_changes_nothing(
    desk: Desk, evening: Store
) -> None:
    url = link(desk)
    async with desk.client() as client:
        for _ in range(2):
            shown = await client.get(url)
            await client.head(url)
        assert shown.status_code == 200
        assert "aangetroffen" in shown.text
        assert await kept(evening) == []
        given = {"person": "A. <b>de Vries</b>", "answer": "on_scene", "note": ""}
        first = await client.post(url, data=given, headers={"origin": desk.url})
        assert first.status_code == 200, first.text
        assert "ter plaatse" in first.text
        assert "<b>" not in first.text
        assert (await client.post(url, data=given)).status_code == 409
        assert (await client.post(url, data={**given, "answer": "found"})).status_code == 200
        for wrong in ({"answer": "gone"}, {"person": " "}, {"note": "x" * 2_001}):
            assert (await client.post(url, data={**given, **wrong})).status_code == 400
    said = [(row[2], row[3], row[4]) for row in await kept(evening)]
    assert said == [("A. <b>de Vries</b>", "on_scene", "link"), ("A. <b>de Vries</b>", "found", "link")]


async def test_a_link_that_is_forged_old_or_not_for_the_police_answers_nothing(
    desk: Desk, evening: Store
) -> None:
    given = {"person": OFFICER, "answer": "found"}
    old = link(desk, sent_at_us=clock.now_us() - (LINK_HOLDS_S + 1) * SECOND_US)
    acknowledging = Links(desk.url, LINK_SECRET).url("m-1", AHOY, "politie", clock.now_us())
    async with desk.client() as client:
        assert (await client.post(old, data=given)).status_code == 410
        assert (await client.post(link(desk)[:-1] + "x", data=given)).status_code == 404
        assert (await client.post(acknowledging.replace("/ack/", "/answer/"), data=given)).status_code == 404
        assert (await client.post(link(desk, party="meldkamer_em"), data=given)).status_code == 404
        assert (await client.post(link(desk, incident=WITTE), data=given)).status_code == 404
    assert await kept(evening) == []


def test_one_kind_of_link_opens_nothing_of_the_other() -> None:
    links = Links("https://emon.example", LINK_SECRET)
    token = links.answer_url("m-1", AHOY, "politie", NOON_US).rpartition("/")[2]
    assert links.read_answer(token, NOON_US).incident == AHOY
    with pytest.raises(LinkRefused) as refused:
        links.read(token, NOON_US)
    assert refused.value.fault is LinkFault.FORGED


def test_a_mail_to_the_police_holds_a_link_to_answer_and_one_of_an_update_no_other() -> None:
    route = SmtpRoute(
        Party.POLITIE, "desk@police.example", "emon@emon.example", "mail.example", 587, MailSecurity.STARTTLS
    )
    composer = Composer("https://emon.example", frozenset(map(str, Party)), "meldkamer_em")
    links = Links("https://emon.example", base64.b64decode(base64.b64encode(LINK_SECRET)))
    delivery = due(BREACH.id, "politie")
    told = mail_message(delivery, route, composer, NOON_US, links).get_content()
    assert told.count("https://emon.example/ack/") == 1
    assert told.count("https://emon.example/answer/") == 1
    update = UpdateView(3, Say.LEFT, Given.LEFT, NOON_US)
    later = msgspec.structs.replace(delivery, id="b:u3:politie", update=update)
    mail = mail_message(later, route, composer, NOON_US, links)
    assert (mail["X-Emon-Incident"], mail["X-Emon-Update"]) == (BREACH.breach, "left")
    assert "/ack/" not in mail.get_content()
    assert mail.get_content().count("https://emon.example/answer/") == 1
    other = msgspec.structs.replace(later, recipient="reclassering")
    assert "/answer/" not in mail_message(other, route, composer, NOON_US, links).get_content()
