"""What the police answer: by a receipt and through the store; who hears it, and what it counts as."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from emon.model.answer import PoliceAnswer
from emon.model.instant import SECOND_US
from emon.store.errors import IncidentUnknown, LinkUsed, NotTheirs
from emon.store.store import Store
from tests.alerts.incident_story import ALL, BREACH, Scene, scene

OFFICER = "A. de Vries, centralist"


@pytest.fixture
async def played(claimed_store: Store, tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene(claimed_store, tmp_path) as one:
        yield one


def reply(**said: str) -> bytes:
    body = json.dumps(said).encode()
    return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)


async def test_the_centre_and_probation_hear_an_answer_and_it_takes_the_alerts_in_hand(played: Scene) -> None:
    at_us = played.now_us + SECOND_US
    kept = await played.store.answer_incident(
        BREACH, "politie", OFFICER, PoliceAnswer.UNIT_ASSIGNED, "via the bridge", "page", at_us
    )
    assert (kept.answer, kept.person, kept.again) == ("unit_assigned", OFFICER, False)
    await played.go(2)
    for party in ("meldkamer_em", "reclassering"):
        (told,) = played.updates(party)
        assert told["update"] == "answer"
        assert told["answer"]["answer"] == "unit_assigned"
        assert (told["answer"]["person"], told["answer"]["note"]) == (OFFICER, "via the bridge")
        assert told["texts"]["nl"]["subject"] == "[P1] De politie meldt: eenheid toegewezen: drager w-1"
        assert told["answer_url"] is None
    assert played.said("politie") == []
    acknowledged = played.rows("SELECT party, person, via FROM acknowledgement")
    assert acknowledged == [("politie", OFFICER, "page")]
    (shown,) = await played.store.alerts_by_id([row[0] for row in played.rows("SELECT id FROM alert")])
    assert shown.life.owed == ("reclassering", "meldkamer_em")
    assert shown.incident is not None
    assert [one.answer for one in shown.incident.answers] == ["unit_assigned"]


async def test_answers_come_in_any_order_are_all_kept_and_close_nothing(played: Scene) -> None:
    words = [PoliceAnswer.FOUND, PoliceAnswer.ON_SCENE, PoliceAnswer.NOT_FOUND, PoliceAnswer.NOT_FOUND]
    for second, word in enumerate(words):
        at_us = played.now_us + second * SECOND_US
        kept = await played.store.answer_incident(BREACH, "politie", OFFICER, word, "", "webhook", at_us)
        assert kept.again is (second == 3), "the same of the same person changes nothing"
    await played.go(20, fix=True)
    assert played.said("meldkamer_em") == ["answer", "answer", "answer", "position"]
    assert played.rows("SELECT count(*) FROM resolution") == [(0,)]
    assert played.said("politie") == ["position"], "it goes on"
    found = await played.store.incident(BREACH)
    assert [one.answer for one in found.now.answers] == ["found", "on_scene", "not_found"]
    assert [update.said for update in found.updates] == ["answer", "answer", "answer", "position"]


async def test_only_the_police_answer_and_only_where_they_were_told(
    claimed_store: Store, tmp_path: Path
) -> None:
    async with scene(claimed_store, tmp_path, to=ALL[1:]) as played:
        for party in ("reclassering", "meldkamer_em"):
            with pytest.raises(NotTheirs, match=r"^answers: not for "):
                await played.store.answer_incident(
                    BREACH, party, "B", PoliceAnswer.FOUND, "", "page", played.now_us
                )
        with pytest.raises(NotTheirs, match=r"^incident: not for politie"):
            await played.store.answer_incident(
                BREACH, "politie", "B", PoliceAnswer.FOUND, "", "page", played.now_us
            )
        with pytest.raises(IncidentUnknown):
            await played.store.answer_incident(
                "0" * 16, "politie", "B", PoliceAnswer.FOUND, "", "page", played.now_us
            )
        assert played.rows("SELECT count(*) FROM incident_answer") == [(0,)]


async def test_each_word_counts_once_for_a_message(played: Scene) -> None:
    answer = played.store.answer_incident
    for word in PoliceAnswer:
        await answer(BREACH, "politie", OFFICER, word, "", "link", played.now_us, by_message="m")
        with pytest.raises(LinkUsed):
            await answer(BREACH, "politie", "another", word, "", "link", played.now_us, by_message="m")
    assert played.rows("SELECT count(*) FROM incident_answer") == [(4,)]


async def test_a_receipt_of_an_alert_and_one_of_an_update_may_answer(played: Scene) -> None:
    police = played.parts.servers["politie"]
    police.reply = reply(answer="unit_assigned", answered_by="A. de Vries")
    await played.go(5)
    await played.alert()
    police.reply = reply(answer="on_scene", answered_by="B. Bakker")
    await played.go(20, fix=True)
    police.reply = reply(answer="gone_home", answered_by="B. Bakker")
    await played.go(40, fix=True)
    police.reply = reply(answer="found", answered_by="")
    await played.go(60, fix=True)
    await played.go(61)
    rows = played.rows("SELECT answer, person, via FROM incident_answer ORDER BY id")
    assert rows == [("unit_assigned", "A. de Vries", "answer"), ("on_scene", "B. Bakker", "answer")]
    assert played.said("reclassering") == ["answer", "answer"]
    assert played.said("politie") == ["position", "position", "position"], "the receipts count all the same"
    alerts = played.rows(
        "SELECT count(DISTINCT alert_id), count(*) FROM acknowledgement WHERE party = 'politie'"
    )
    assert alerts == [(2, 2)]


async def test_a_receipt_may_say_who_took_the_alert_in_hand(played: Scene) -> None:
    played.parts.servers["politie"].reply = reply(acknowledged_by="A. de Vries")
    await played.go(5)
    alert_id = await played.alert()
    rows = played.rows(f"SELECT party, person, via FROM acknowledgement WHERE alert_id = '{alert_id}'")
    assert rows == [("politie", "A. de Vries", "answer")]


async def test_an_update_is_nothing_that_anybody_must_answer(played: Scene) -> None:
    before = played.rows("SELECT alert_id, step FROM escalation")
    for at_s in (20, 40):
        await played.go(at_s, fix=True)
    assert played.rows("SELECT alert_id, step FROM escalation") == before
    assert played.said("politie") == ["position", "position"]
    assert played.rows("SELECT count(*) FROM climb") == [(0,)]
