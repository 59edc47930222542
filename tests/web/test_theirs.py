"""Each party's page shows what that party was told, and places only to whom they are shown in messages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import msgspec
import pytest

from emon import clock
from emon.incidents import Incidents
from emon.model.effects import Effects
from emon.model.instant import SECOND_US
from emon.model.vocabulary import AlertEvent, Party
from emon.store.store import Store
from tests.fixtures_web import Desk
from tests.web import story
from tests.web.streaming import follow
from tests.web.test_incidents import AHOY, WITTE
from tests.web.test_live import cursor, fix
from tests.web.test_secret_zones import signed_in

TOLD = (Party.POLITIE, Party.RECLASSERING, Party.MELDKAMER_EM)


@pytest.fixture
async def evening(desk: Desk, store: Store) -> Store:
    """Ahoy is told to police, Reclassering and centre, Witte de With to the centre alone."""
    await story.play(store, clock.now_us())
    return store


@pytest.fixture
async def of(desk: Desk, evening: Store) -> AsyncIterator[dict[str, httpx.AsyncClient]]:
    """A person of each party at a browser of his own."""
    clients = {party: desk.client() for party in ("meldkamer_em", "politie", "reclassering", "om")}
    for party, client in clients.items():
        await client.__aenter__()
        await signed_in(client, evening, party)
    yield clients
    for client in clients.values():
        await client.__aexit__(None, None, None)


async def test_the_list_holds_what_a_party_was_told_and_the_centre_s_holds_all(
    of: dict[str, httpx.AsyncClient],
) -> None:
    listed = {p: (await client.get("/api/v1/alerts")).json()["alerts"] for p, client in of.items()}
    everything = listed["meldkamer_em"]
    for party in ("politie", "reclassering", "om"):
        told = [one["id"] for one in everything if party in one["recipients"]]
        assert [one["id"] for one in listed[party]] == told, party
    assert listed["politie"]
    assert listed["om"] == []
    of_breach = f"/api/v1/breaches/{WITTE}/explanation"
    assert (await of["politie"].get(of_breach)).status_code == 404
    hidden = next(one["id"] for one in everything if "politie" not in one["recipients"])
    for address in (f"/api/v1/alerts/{hidden}", f"/api/v1/alerts/{hidden}/life"):
        assert (await of["politie"].get(address)).status_code == 404
        assert (await of["meldkamer_em"].get(address)).status_code == 200


async def test_pages_of_a_party_s_own_list_leave_nothing_out(of: dict[str, httpx.AsyncClient]) -> None:
    whole = (await of["reclassering"].get("/api/v1/alerts")).json()["alerts"]
    found, before = [], ""
    while True:
        answer = (await of["reclassering"].get(f"/api/v1/alerts?limit=1{before}")).json()
        found += answer["alerts"]
        if answer["next"] is None:
            break
        before = f"&before={answer['next']}"
    assert found == whole
    assert len(whole) > 1


async def test_breaches_and_places_are_shown_to_whom_they_were_told(of: dict[str, httpx.AsyncClient]) -> None:
    now = {party: (await client.get("/api/v1/now")).json() for party, client in of.items()}
    breaches = {party: {one["id"] for one in made["breaches"]} for party, made in now.items()}
    assert breaches["om"] == set()
    assert AHOY in breaches["politie"] & breaches["reclassering"]
    assert WITTE in breaches["meldkamer_em"] - breaches["politie"] - breaches["reclassering"]
    for party, sees in (("meldkamer_em", True), ("politie", True), ("reclassering", False), ("om", False)):
        assert any(one["position"] for one in now[party]["wearers"]) is sees, party
        assert [one["wearer"] for one in now[party]["wearers"]], "who is watched stands in every look-up"
    explained = f"/api/v1/breaches/{AHOY}/explanation"
    answers = {party: (await client.get(explained)).status_code for party, client in of.items()}
    assert answers["reclassering"] == 403, "it holds the fixes"
    assert answers["om"] == 404
    assert answers["meldkamer_em"] == answers["politie"] != 403


async def test_an_incident_is_its_parties_and_its_places_are_for_few(
    evening: Store, of: dict[str, httpx.AsyncClient]
) -> None:
    later_us = clock.now_us() + 20 * SECOND_US
    moved = story.WAYS[0].fixes(later_us)[-1]
    wire = msgspec.structs.replace(moved.wire, seq=99, fixed_at_us=later_us)
    await story.write(evening, Effects(later_us, fixes=(msgspec.structs.replace(moved, wire=wire),)))
    await Incidents(evening, now_us=lambda: later_us, on_said=lambda: None).step()
    answers = {party: await client.get(f"/api/v1/incidents/{AHOY}") for party, client in of.items()}
    status = {party: answer.status_code for party, answer in answers.items()}
    assert status == {"meldkamer_em": 200, "politie": 200, "reclassering": 200, "om": 404}
    placed = {p: answers[p].json()["updates"][0]["position"] for p in ("meldkamer_em", "politie")}
    assert placed["meldkamer_em"] == placed["politie"]
    assert placed["politie"]["accuracy_m"] == 14
    assert [one["position"] for one in answers["reclassering"].json()["updates"]] == [None]


async def test_a_stream_carries_what_is_theirs_and_no_position_to_who_may_not_see_it(
    desk: Desk, evening: Store, of: dict[str, httpx.AsyncClient]
) -> None:
    """Three alerts and a position are committed; a last alert, which is for all, says that all was read."""
    inside = story.evening(clock.now_us())[4][0][0]

    async def raised(name: str, *told: Party) -> str:
        now_us = clock.now_us()
        one = story.alert(name, inside, AlertEvent.SILENCE, 3, now_us, *told)
        await story.write(evening, Effects(now_us, alerts=(one,)), story.routed([one]))
        return str(one.id)

    async def heard(party: str) -> tuple[set[str], set[str]]:
        kinds, alerts = set(), set()
        async with asyncio.timeout(120), follow(of[party], after) as stream:
            last = both
            while last not in alerts:
                event = await stream.next()
                assert event is not None
                kinds.add(event.kind)
                alerts |= {event.data["id"]} if event.kind == "alert" else set()
                if last == both and both in alerts:  # what was read with it comes before what comes now
                    last = await raised(f"the last of {party}", *TOLD)
                    desk.live.wake()
        return kinds, alerts & {police, probation, both}

    after = await cursor(of["meldkamer_em"])
    police = await raised("police", Party.POLITIE)
    probation = await raised("probation", Party.RECLASSERING)
    await story.write(evening, Effects(clock.now_us(), fixes=(fix(90, lon=4.49),)))
    both = await raised("both", Party.POLITIE, Party.RECLASSERING)
    desk.live.wake()
    kinds, alerts = await heard("meldkamer_em")
    assert ("positions" in kinds, alerts) == (True, {police, probation, both})
    kinds, alerts = await heard("politie")
    assert ("positions" in kinds, alerts) == (True, {police, both})
    kinds, alerts = await heard("reclassering")
    assert ("positions" in kinds, alerts) == (False, {probation, both})
