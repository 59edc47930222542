"""Closing all open alerts of one breach with one word."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from emon import clock
from emon.alerts.lifecycle import Fact
from emon.model.effects import Effects
from emon.model.instant import SECOND_US
from emon.model.resolution import Closing, ClosingCause, ClosingOutcome
from emon.model.vocabulary import AlertEvent, Certainty, How, Party
from emon.store.errors import NotTheirs
from emon.store.store import Store
from tests.fixtures_web import Desk
from tests.web import story
from tests.web.test_closing import CLOSING

SENT_AWAY = Closing(ClosingCause.WEARER, ClosingOutcome.SENT_AWAY)
CENTRE, POLICE = Party.MELDKAMER_EM, Party.POLITIE


async def raise_four(store: Store, **order: Any) -> tuple[str, list[str]]:
    """A breach told three times to the centre, and once to the police alone."""
    now_us = clock.now_us()
    made = story.breach(
        "ahoy", "w-ahoy", "o-2617", now_us, condition="c-ahoy", certainty=Certainty.CERTAIN, how=How.INSIDE,
        deepest_m=9.0,
    )  # fmt: skip
    alerts = [
        story.alert("possible", made, AlertEvent.BREACH, 2, now_us, CENTRE),
        story.alert("certain", made, AlertEvent.BREACH, 1, now_us + SECOND_US, CENTRE, POLICE),
        story.alert("over", made, AlertEvent.BREACH_CLEARED, 4, now_us + 2 * SECOND_US, CENTRE, POLICE),
        story.alert("recalled", made, AlertEvent.BREACH_CLEARED, 1, now_us + 3 * SECOND_US, POLICE),
    ]
    effects = Effects(now_us + 3 * SECOND_US, breaches=(made,), alerts=tuple(alerts))
    await story.write(store, effects, story.routed(alerts))
    return made.id, [one.id for one in alerts]


async def test_each_is_closed_as_such_and_what_is_not_theirs_stays_open(desk: Desk, store: Store) -> None:
    breach_id, ids = await raise_four(store)
    async with desk.signed_in() as client:
        await client.post(
            f"/api/v1/alerts/{ids[0]}/resolve", json={"cause": "exercise", "outcome": "no_action"}
        )
        answer = await client.post(
            f"/api/v1/breaches/{breach_id}/resolve", json={**CLOSING, "note": " a  b "}
        )
        found = answer.json()
        assert {one["alert"] for one in found["closed"]} == {ids[1], ids[2]}
        assert (found["breach"], found["not_yours"]) == (breach_id, [ids[3]])
        shown = [(await client.get(f"/api/v1/alerts/{one}")).json() for one in ids]
        assert [one["stage"] for one in shown] == ["resolved", "resolved", "resolved", "raised"]
        assert shown[0]["resolution"]["cause"] == "exercise", "what was closed keeps its own word"
        assert shown[1]["resolution"] == {
            **shown[2]["resolution"],
            "resolved_at": shown[1]["resolution"]["resolved_at"],
        }
        assert (shown[1]["resolution"]["note"], shown[1]["next_climb_at"]) == ("a b", None)
        assert [one["person"] for one in shown[1]["acknowledgements"]] == ["anna"]
        again = await client.post(f"/api/v1/breaches/{breach_id}/resolve", json=CLOSING)
        assert (again.status_code, again.json()) == (
            403,
            {"error": "no open alert of the breach was for meldkamer_em"},
        )


async def test_one_that_lacks_something_closes_none(desk: Desk, store: Store) -> None:
    breach_id, ids = await raise_four(store)
    async with desk.signed_in() as client:
        lacking = {"cause": "not_found", "outcome": "no_action"}
        answer = await client.post(f"/api/v1/breaches/{breach_id}/resolve", json=lacking)
        assert (answer.status_code, answer.json()["faults"][0]["path"]) == (422, "note")
        for unknown in ("0123456789abcdef", "%00", "nothing"):
            path = f"/api/v1/breaches/{unknown}/resolve"
            assert (await client.post(path, json=CLOSING)).status_code == 404
        assert (await client.get(f"/api/v1/alerts/{ids[1]}")).json()["resolution"] is None
    async with desk.client() as stranger:
        assert (await stranger.post(f"/api/v1/breaches/{breach_id}/resolve", json=CLOSING)).status_code == 401


async def test_two_at_once_close_each_alert_once(desk: Desk, store: Store) -> None:
    breach_id, ids = await raise_four(store)

    def closing(person: str) -> Any:
        return store.close_breach(breach_id, POLICE, person, SENT_AWAY, "page")

    found = await asyncio.gather(closing("A. Bruin"), closing("B. Groen"), return_exceptions=True)
    (closed,) = [one for one in found if not isinstance(one, BaseException)]
    assert len(closed.closed) == 3, "the other one found nothing left that was theirs"
    life = await store.life(ids[1])
    assert [one.fact for one in life.happened].count(Fact.CLOSED) == 1


async def test_the_protected_person_s_party_closes_nothing(desk: Desk, store: Store) -> None:
    breach_id, _ = await raise_four(store)
    with pytest.raises(NotTheirs):
        await store.close_breach(breach_id, Party.BESCHERMDE, "P.", SENT_AWAY, "page")
