"""Updates on an open incident as their recipients get them: real database, real HTTP recipients, a passed
clock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from emon.alerts.outbox import Attempt, Outcome
from emon.alerts.points import Point
from emon.incidents import Incidents
from emon.model.answer import PoliceAnswer
from emon.model.instant import SECOND_US, parse_instant
from emon.model.resolution import Closing, ClosingCause, ClosingOutcome
from emon.model.vocabulary import AlertEvent
from emon.store.incidents import OpenIncident, PlannedIncident
from emon.store.store import Store
from emon.update_sender import UpdateSender
from tests.alerts.incident_story import ALL, BREACH, Scene, scene


@pytest.fixture
async def played(claimed_store: Store, tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene(claimed_store, tmp_path) as one:
        yield one


async def test_whoever_may_see_him_hears_where_he_is_at_most_each_fifteen_seconds(played: Scene) -> None:
    for at_s in range(5, 65, 5):
        await played.go(at_s, fix=True)
    for party in ("politie", "meldkamer_em"):
        told = played.updates(party)
        made = [parse_instant(data["made_at"]) for data in told]
        assert len(told) == 4
        assert all(b - a >= 15 * SECOND_US for a, b in pairwise(made))
        assert {data["incident"] for data in told} == {BREACH}
        assert [data["number"] for data in told] == [1, 2, 3, 4]
    last = played.updates("politie")[-1]
    assert last["position"]["lon"] == pytest.approx(4.4792 + 0.0001 * 13)
    assert (last["position"]["age_s"], last["position"]["accuracy_m"]) == (0, 9.0)
    body = last["texts"]["nl"]["body"]
    assert "Beweging: 5 km/u naar het oosten" in body
    assert "Kaart: geo:" in body
    assert played.said("reclassering") == [], "where he is, is not theirs to know"


class _Belated:
    """The store, of which the first look sees what was there before."""

    def __init__(self, store: Store, seen: list[OpenIncident]) -> None:
        self._store = store
        self._seen = seen

    async def incidents_due(self, now_us: int, limit: int) -> list[OpenIncident]:
        seen, self._seen = self._seen, []
        return seen

    async def tell_incidents(self, planned: Sequence[PlannedIncident], now_us: int) -> list[str]:
        return await self._store.tell_incidents(planned, now_us)


async def test_what_comes_while_its_end_is_being_told_is_heard_of(played: Scene) -> None:
    """The breach went on, or the police answered, between a look and what it wrote: the incident rested, and
    nobody heard of either."""
    now_us = played.now_us
    await played.change(closed_at_us=now_us)
    seen = await played.store.incidents_due(now_us, 10)
    await played.change(closed_at_us=None)
    late = _Belated(played.store, seen)
    assert await Incidents(late, now_us=lambda: now_us, on_said=lambda: None).step() == [BREACH]
    await played.look()
    assert played.said("politie")[-1] == "goes_on"
    await played.change(closed_at_us=now_us)
    seen = await played.store.incidents_due(now_us, 10)
    await played.store.answer_incident(BREACH, "politie", "A", PoliceAnswer.FOUND, "", "page", now_us)
    late = _Belated(played.store, seen)
    await Incidents(late, now_us=lambda: now_us, on_said=lambda: None).step()
    await played.look()
    assert "answer" in played.said("meldkamer_em")


async def test_the_same_fix_is_told_once_and_no_alert_or_delivery_is_counted_more(played: Scene) -> None:
    await played.go(20, fix=True)
    before = played.rows("SELECT count(*) FROM alert UNION ALL SELECT count(*) FROM delivery")
    for at_s in (35, 50, 65):
        await played.go(at_s)
    assert played.said("politie") == ["position"]
    await played.go(70, fix=True)
    assert played.said("politie") == ["position", "position"]
    assert played.rows("SELECT count(*) FROM alert UNION ALL SELECT count(*) FROM delivery") == before


async def test_who_was_down_for_an_hour_gets_the_newest_position_and_none_that_is_old(played: Scene) -> None:
    await played.parts.servers["politie"].down()
    for at_s in range(20, 3_620, 60):
        await played.go(at_s, fix=True)
    waiting = played.rows(
        "SELECT state, count(*) FROM incident_update WHERE recipient = 'politie' GROUP BY 1"
    )
    assert dict(waiting) == {"superseded": 59, "waiting": 1}
    await played.parts.servers["politie"].up()
    await played.go(3_625)
    await played.go(3_690)
    (told,) = played.updates("politie")
    assert told["number"] == 60
    assert len(played.updates("meldkamer_em")) == 60
    sent = played.rows(
        "SELECT DISTINCT state FROM incident_update WHERE recipient = 'politie' AND number < 60"
    )
    assert sent == [("superseded",)]


async def test_an_alert_that_waits_goes_before_every_update(claimed_store: Store, tmp_path: Path) -> None:
    async with scene(claimed_store, tmp_path) as played:
        await played.parts.servers["politie"].down()
        await played.go(20, fix=True)
        await played.alert(AlertEvent.BREACH_CLEARED, closed_at_us=played.now_us)
        assert played.said("politie") == []
        await played.parts.servers["politie"].up()
        await played.go(90)
        await played.go(91)
        kinds = [body["type"] for _, _, body in played.parts.servers["politie"].messages]
        assert kinds == ["alert", "alert", "incident_update", "incident_update"]
        assert played.said("politie") == ["left", "stand_down"], "these two no position replaces"


async def test_the_whole_course_over_restarts(played: Scene) -> None:
    await played.go(20, fix=True)
    played.restart()
    await played.go(190)
    assert played.said("politie") == ["position"], "twice a minute and a minute more is what the plan allows"
    await played.go(201)
    played.restart()
    await played.go(400)
    await played.go(420, fix=True)
    played.restart()
    await played.go(440)
    closed_us = played.now_us
    await played.write(fixes=(played._fix(),))
    await played.alert(AlertEvent.BREACH_CLEARED, closed_at_us=closed_us)
    played.restart()
    await played.go(500)
    ends = ["left", "stand_down"]
    for party in ("politie", "meldkamer_em"):
        assert played.said(party) == ["position", "signal_lost", "signal_back", *ends]
    assert played.said("reclassering") == ["signal_lost", "signal_back", *ends]
    lost = played.updates("politie")[1]
    assert lost["position"]["age_s"] == 181
    assert lost["texts"]["en"]["subject"].startswith("[P1] No new positions any more")
    assert (
        played.updates("politie")[3]["texts"]["nl"]["subject"]
        == "[P1] Heeft het verboden gebied verlaten: drager w-1"
    )
    hooks = [hook for _, hook, _ in played.parts.servers["politie"].messages]
    assert len(set(hooks)) == len(hooks)
    assert played.rows("SELECT rests, state FROM incident") == [(True, "over")]


async def test_while_the_service_judges_nothing_nobody_s_signal_is_lost(played: Scene) -> None:
    await played.go(20, fix=True)
    await played.stop_service()
    await played.go(900)
    assert "signal_lost" not in played.said("politie")


async def test_an_edge_that_ends_it_is_not_told_as_leaving(played: Scene) -> None:
    await played.go(20, fix=True)
    await played.alert(AlertEvent.BREACH_CLEARED, closed_at_us=played.now_us - 3 * SECOND_US)
    assert played.said("politie") == ["position", "lapsed", "stand_down"]
    told = played.updates("politie")[1]["texts"]["nl"]["subject"]
    assert "het verbod geldt op dit moment niet" in told


async def test_a_refuted_breach_and_one_that_people_closed_stand_down_once(played: Scene) -> None:
    await played.go(20, fix=True)
    await played.alert(AlertEvent.BREACH_CLEARED, refuted=True)
    await played.go(40, fix=True)
    assert played.said("politie") == ["position", "stand_down"]
    assert "geen overtreding was" in played.updates("politie")[1]["texts"]["nl"]["body"]


async def test_when_people_have_closed_every_alert_nobody_is_asked_to_go_any_more(played: Scene) -> None:
    risen = await played.alert(AlertEvent.PROXIMITY)
    first = next(row[0] for row in played.rows("SELECT id FROM alert WHERE event = 'breach'"))
    closing = Closing(ClosingCause.WEARER, ClosingOutcome.SENT_AWAY)
    await played.store.close_alert(first, "politie", "A. de Vries", closing, "page", played.now_us)
    await played.go(20, fix=True)
    assert played.said("politie") == ["position"]
    hers = Closing(ClosingCause.WEARER, ClosingOutcome.SENT_AWAY, "safe_informed")  # type: ignore[arg-type]
    await played.store.close_alert(risen, "politie", "A. de Vries", hers, "page", played.now_us)
    await played.go(40, fix=True)
    await played.go(60, fix=True)
    assert played.said("politie") == ["position", "stand_down"]
    await played.go(61)
    await played.alert(AlertEvent.BREACH)
    assert played.said("politie")[2:] == ["goes_on"], "a further alert opens the incident again"


async def test_a_breach_that_goes_on_after_all_is_told_to_go_on(played: Scene) -> None:
    await played.go(20, fix=True)
    await played.change(closed_at_us=played.now_us)
    await played.go(40, fix=True)
    assert played.said("politie") == ["position", "left", "stand_down"]
    await played.change(closed_at_us=None)
    await played.go(60, fix=True)
    await played.go(80, fix=True)
    assert played.said("politie")[3:] == ["goes_on", "position"]


async def test_where_the_police_were_not_told_nobody_stands_down(
    claimed_store: Store, tmp_path: Path
) -> None:
    async with scene(claimed_store, tmp_path, to=ALL[1:]) as played:
        await played.go(20, fix=True)
        await played.change(closed_at_us=played.now_us)
        await played.look()
        assert played.said("politie") == []
        assert played.said("reclassering") == ["left"]
        assert played.said("meldkamer_em") == ["position", "left"]


async def test_a_secret_zone_is_given_away_neither_by_place_nor_by_time(
    claimed_store: Store, tmp_path: Path
) -> None:
    async with scene(claimed_store, tmp_path, secret=True) as played:
        began_us = played.now_us
        await played.go(20, fix=True)
        await played.go(40, fix=True)
        closed_us = played.now_us
        await played.alert(AlertEvent.BREACH_CLEARED, closed_at_us=closed_us)
        assert played.said("politie") == ["position", "position", "left", "stand_down"]
        assert played.said("reclassering") == [], "its instant and his track would give the place"
        hour_us = 3_600 * SECOND_US
        next_hour_s = (hour_us - began_us % hour_us) / SECOND_US
        await played.go(next_hour_s - 1 if next_hour_s > 41 else 40)
        assert played.said("reclassering") == []
        await played.go(next_hour_s + hour_us / SECOND_US)
        told = played.updates("reclassering")
        assert [data["update"] for data in told] == ["left", "stand_down"]
        assert [data["number"] for data in told] == [1, 2], "nor do the numbers count positions"
        for data in told:
            assert data["made_at"].endswith(":00:00.000000Z")
            assert data["position"] is None
            assert data["closed_at"].endswith(":00:00.000000Z")


async def test_two_who_look_at_the_same_facts_say_it_once(played: Scene) -> None:
    played.parts.clocks.go(20 * SECOND_US)
    await played.write(fixes=(played._fix(),))
    due = await played.store.incidents_due(played.now_us, 10)
    planned = [played.incidents._planned(one, played.now_us) for one in due]
    assert await played.store.tell_incidents(planned, played.now_us) == [BREACH]
    assert await played.store.tell_incidents(planned, played.now_us) == []
    await played.look()
    assert played.said("politie") == ["position"]


async def test_a_crash_between_sending_and_keeping_repeats_it_under_the_same_id(played: Scene) -> None:
    def crash(point: Point) -> None:
        if point is Point.RECORDING:
            raise ConnectionAbortedError("here the process ends")

    played.parts.clocks.go(20 * SECOND_US)
    await played.write(fixes=(played._fix(),))
    await played.incidents.step()
    crashing = UpdateSender(played.store, played.channels, lambda: played.now_us, reached=crash)
    with pytest.raises(ExceptionGroup):
        await crashing.drain()
    played.restart()
    await played.look()
    police = [hook for _, hook, body in played.parts.servers["politie"].messages if body["type"] != "alert"]
    assert police == [f"{BREACH}:u1:politie"] * 2
    assert played.rows("SELECT DISTINCT state FROM incident_update") == [("delivered",)]


@pytest.mark.parametrize("received", [True, False])
async def test_one_that_was_replaced_under_way_is_kept_as_what_became_of_it(
    played: Scene, received: bool
) -> None:
    played.parts.clocks.go(20 * SECOND_US)
    await played.write(fixes=(played._fix(),))
    await played.incidents.step()
    (due,) = [one for one in await played.store.updates_due(played.now_us, 9) if one.recipient == "politie"]
    began_us = played.now_us
    played.parts.clocks.go(20 * SECOND_US)
    await played.write(fixes=(played._fix(),))
    await played.incidents.step()
    outcome, next_us = (Outcome.DELIVERED, None) if received else (Outcome.FAILED, played.now_us)
    attempt = Attempt(1, outcome, 200 if received else 503, "", began_us, played.now_us, next_us)
    for _ in range(2):  # the answer to the first got lost
        await played.store.record_update_attempts([(due.id, attempt)])
    await played.look()
    kept = played.rows(
        "SELECT number, state, superseded_by, attempts FROM incident_update "
        "WHERE recipient = 'politie' ORDER BY number"
    )
    assert kept == [(1, "delivered" if received else "superseded", 2, 1), (2, "delivered", None, 1)]
    assert [data["number"] for data in played.updates("politie")] == [2]


async def test_an_update_that_is_refused_as_such_holds_up_no_later_one(played: Scene) -> None:
    played.parts.servers["politie"].reply = b"HTTP/1.1 422 Unprocessable\r\ncontent-length: 0\r\n\r\n"
    await played.change(closed_at_us=played.now_us)
    for at_s in (5, 10, 15):
        await played.go(at_s)
    assert played.said("politie")[:2] == ["left", "stand_down"]
    played.parts.servers["politie"].reply = b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n"
    await played.go(120)
    states = played.rows("SELECT DISTINCT state FROM incident_update WHERE recipient = 'politie'")
    assert states == [("delivered",)], "it is still tried"
