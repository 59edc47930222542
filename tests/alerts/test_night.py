"""A night in which nobody answers, played in seconds: real database, real HTTP recipients, a clock passed
in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from msgspec.structs import replace

from benchmarks.alerts_night import PARTIES, Night, night, tomorrow_us, week
from emon.alerts.decision_table import Hours
from emon.alerts.ladder import UNANSWERED, Contact, Ladder, Rung, Shift, Turn
from emon.alerts.lifecycle import Needs, Stage
from emon.alerts.policy import DEFAULT_POLICY
from emon.limits import RECIPIENT_DOWN_AFTER_S
from emon.model.breach import Alert
from emon.model.effects import Effects
from emon.model.ids import derive_id
from emon.model.instant import DAY_US, HOUR_US, MINUTE_US, SECOND_US
from emon.model.order import Window
from emon.model.resolution import Closing, ClosingCause, ClosingOutcome
from emon.model.vocabulary import AlertEvent, Party
from emon.store.errors import NotTheirs
from emon.store.store import Store
from tests.store.made import alert, breach

BREACH = ("breach", AlertEvent.BREACH, 1, PARTIES)
SILENCE = ("silence", AlertEvent.SILENCE, 3, (Party.RECLASSERING, Party.MELDKAMER_EM))
BATTERY = ("battery", AlertEvent.BATTERY_LOW, 4, (Party.MELDKAMER_EM,))


@pytest.fixture
async def dark(claimed_store: Store, tmp_path: Path) -> AsyncIterator[tuple[Night, Any]]:
    async with night(claimed_store, tomorrow_us(), tmp_path) as parts:
        yield parts


def due_s(climbs: int) -> list[int]:
    """Seconds of the alert itself and of so many climbs by the default ladder."""
    return [0, 60, *(180 * step for step in range(1, climbs))]


def told(parts: Night, party: str, alert_id: str, since_us: int = 0) -> list[tuple[float, int]]:
    """(seconds, climb) of each message that a recipient got on an alert."""
    return [((at_us - since_us) / SECOND_US, climb) for at_us, climb in parts.servers[party].alerts(alert_id)]


async def test_each_climb_comes_at_its_instant_the_whole_night(dark: tuple[Night, Any]) -> None:
    parts, _ = dark
    breach, silence, battery = await parts.raise_alerts(BREACH, SILENCE, BATTERY)
    await parts.look()
    await parts.pass_until(2 * HOUR_US)
    expected = list(zip(due_s(41), range(42), strict=True))
    for party in PARTIES:
        assert told(parts, party, breach) == expected
    assert told(parts, "politie", silence) == []
    assert told(parts, "reclassering", silence) == expected
    assert told(parts, "meldkamer_em", battery) == [(0, 0)], "what does not hurry is no flood"
    hooks = [hook for _, hook, _ in parts.servers["politie"].messages]
    assert len(hooks) == len(set(hooks)), "each climb has an idempotency key of its own"
    _, hook, second = parts.servers["politie"].messages[1]
    assert hook == f"{breach}:politie:1"
    assert second["data"]["owed"] == [str(party) for party in PARTIES]
    assert second["data"]["texts"]["nl"]["subject"].startswith("OPSCHALING 1: ")
    await parts.pass_until(8 * HOUR_US + MINUTE_US, HOUR_US)
    assert told(parts, "meldkamer_em", battery)[1:] == [(8 * 3_600, 1)]


async def test_one_party_s_answer_does_not_end_another_s_climbing_and_a_closing_ends_all(
    dark: tuple[Night, Any],
) -> None:
    parts, _ = dark
    breach, silence = await parts.raise_alerts(BREACH, SILENCE)
    await parts.look()
    await parts.pass_until(100 * SECOND_US)
    await parts.store.acknowledge(breach, "reclassering", "B. Bakker", "page", parts.clocks.wall_us)
    await parts.store.acknowledge(silence, "meldkamer_em", "C. Smit", "page", parts.clocks.wall_us)
    await parts.pass_until(400 * SECOND_US)
    assert told(parts, "politie", breach) == [(0, 0), (60, 1), (180, 2), (360, 3)]
    assert told(parts, "reclassering", breach) == [(0, 0), (60, 1)]
    assert told(parts, "reclassering", silence) == [(0, 0), (60, 1)], "there one person's answer is enough"
    (shown,) = await parts.store.alerts_by_id([breach])
    assert (shown.life.stage, shown.life.owed) == (Stage.TAKEN, ("politie", "meldkamer_em"))

    closing = Closing(ClosingCause.WEARER, ClosingOutcome.SENT_AWAY)
    await parts.store.close_alert(breach, "politie", "A. de Vries", closing, "page", parts.clocks.wall_us)
    await parts.pass_until(2 * HOUR_US)
    assert [climb for _, climb in told(parts, "politie", breach)] == [0, 1, 2, 3]
    assert await parts.store.next_escalation_us() is None, "nothing waits for anybody any more"


@pytest.mark.parametrize("event", [AlertEvent.PLATFORM, AlertEvent.RECIPIENT_DOWN])
async def test_the_protected_person_hears_once_of_our_troubles_and_her_word_silences_nobody(
    claimed_store: Store, tmp_path: Path, event: AlertEvent
) -> None:
    both = (Party.MELDKAMER_EM, Party.BESCHERMDE)
    async with night(claimed_store, tomorrow_us(), tmp_path, parties=both) as (parts, _):
        (trouble,) = await parts.raise_alerts(("trouble", event, 2, both))
        await parts.look()
        await parts.pass_until(400 * SECOND_US)
        assert told(parts, "beschermde", trouble) == [(0, 0)]
        await parts.store.acknowledge(trouble, "beschermde", "She", "link", parts.clocks.wall_us)
        shown = await parts.store.alerts(status="open", before=None, limit=10)
        assert [one.id for one in shown] == [trouble], "nobody who can mend it has it in hand"
        assert (shown[0].life.stage, shown[0].life.owed) == (Stage.DELIVERED, ("meldkamer_em",))
        await parts.pass_until(800 * SECOND_US)
        assert told(parts, "beschermde", trouble) == [(0, 0)]
        assert [climb for _, climb in told(parts, "meldkamer_em", trouble)] == [0, 1, 2, 3, 4, 5]


async def test_the_protected_person_is_not_alarmed_all_night_of_what_is_over(
    claimed_store: Store, tmp_path: Path
) -> None:
    """She sleeps, and he has left: his end is told once and rests with her, the centre hears that she has not
    answered, and nobody else's climbing changes."""
    everybody = (*PARTIES, Party.BESCHERMDE)
    async with night(claimed_store, tomorrow_us(), tmp_path, parties=everybody) as (parts, _):
        begun_us = parts.clocks.wall_us
        near = breach("b-near", begun_us)
        warning = of_breach("near", AlertEvent.PROXIMITY, 1, begun_us, near.id, everybody)
        await parts.write(Effects(begun_us, breaches=(near,), alerts=(warning,)))
        await parts.look()
        await parts.pass_until(200 * SECOND_US)
        now_us = parts.clocks.wall_us
        left = replace(near, closed_at_us=now_us)
        end = of_breach("left", AlertEvent.BREACH_CLEARED, 4, now_us, near.id, everybody)
        await parts.write(Effects(now_us, breaches=(left,), alerts=(end,)))
        await parts.look()
        await parts.pass_until(HOUR_US)
        assert told(parts, "beschermde", warning.id) == [(0, 0), (60, 1), (180, 2)]
        assert told(parts, "beschermde", end.id) == [(200, 0)]
        assert told(parts, "politie", warning.id) == list(zip(due_s(21), range(22), strict=True))
        for party in PARTIES:
            await parts.store.acknowledge(warning.id, party, "A. de Vries", "page", parts.clocks.wall_us)
        before = len(told(parts, "meldkamer_em", warning.id))
        await parts.pass_until(HOUR_US + 400 * SECOND_US)
        assert len(told(parts, "meldkamer_em", warning.id)) == before + 2, "somebody calls her"
        (_, _, last) = parts.servers["meldkamer_em"].messages[-1]
        assert last["data"]["owed"] == ["beschermde"]
        assert len(told(parts, "beschermde", warning.id)) == 3


def of_breach(
    name: str, event: AlertEvent, priority: int, at_us: int, breach_id: str, to: tuple[Party, ...]
) -> Alert:
    return Alert(derive_id("night", name), event, priority, at_us, to, at_us, breach=breach_id)


async def test_a_restart_loses_no_climb_and_doubles_none(dark: tuple[Night, Any]) -> None:
    parts, channels = dark
    (breach,) = await parts.raise_alerts(BREACH)
    await parts.look()
    for until_s in (59, 60, 179, 181, 359):
        await parts.pass_until(until_s * SECOND_US)
        await parts.stop()
        await parts.start(channels)
        await parts.look()
    await parts.stop()
    parts.clocks.go(20 * MINUTE_US)  # the service is down; rungs 3 to 8 pass
    await parts.start(channels)
    await parts.look()
    await parts.pass_until(1_600 * SECOND_US)
    assert told(parts, "politie", breach) == [(0, 0), (60, 1), (180, 2), (1_559, 9)]
    with psycopg.connect(parts.store.url) as conn:
        rows = conn.execute("SELECT first_step, step FROM climb ORDER BY step").fetchall()
    assert rows == [(1, 1), (2, 2), (3, 9)], "every rung is on file once"


@pytest.mark.parametrize("set_us", [-HOUR_US, HOUR_US, -10 * SECOND_US])
async def test_a_clock_that_is_set_moves_no_climb(dark: tuple[Night, Any], set_us: int) -> None:
    parts, _ = dark
    (breach,) = await parts.raise_alerts(BREACH)
    await parts.look()
    await parts.pass_until(100 * SECOND_US, SECOND_US)
    parts.clocks.set_wall(set_us)
    await parts.look()
    await parts.pass_until(200 * SECOND_US, SECOND_US)
    parts.clocks.set_wall(-set_us)
    await parts.look()
    await parts.pass_until(400 * SECOND_US, SECOND_US)
    assert told(parts, "politie", breach) == [(0, 0), (60, 1), (180, 2), (360, 3)]
    with psycopg.connect(parts.store.url) as conn:
        moved = conn.execute("SELECT by_us FROM clock_step ORDER BY at").fetchall()
    assert sorted(moved) == sorted([(set_us,), (-set_us,)])


async def test_two_who_climb_the_same_rung_climb_it_once(dark: tuple[Night, Any]) -> None:
    parts, _ = dark
    (breach,) = await parts.raise_alerts(BREACH)
    await parts.look()
    parts.clocks.go(60 * SECOND_US)
    due = await parts.store.escalations_due(parts.clocks.wall_us, 10)
    planned = [parts.escalator._planned(one, parts.clocks.wall_us) for one in due]
    first = await parts.store.climb(planned, parts.clocks.wall_us)
    second = await parts.store.climb(planned, parts.clocks.wall_us)
    assert (first, second) == ([breach], [])
    await parts.sent()
    assert told(parts, "politie", breach) == [(0, 0), (60, 1)]


async def test_who_is_down_is_told_to_the_others_once_and_gets_each_alert_once(
    dark: tuple[Night, Any],
) -> None:
    parts, _ = dark
    await parts.servers["politie"].down()
    (breach,) = await parts.raise_alerts(BREACH)
    await parts.look()
    await parts.pass_until(20 * MINUTE_US, 10 * SECOND_US)
    others = ("reclassering", "meldkamer_em")

    def down_alerts(party: str) -> list[dict[str, Any]]:
        bodies = [body["data"] for _, _, body in parts.servers[party].messages]
        return [one for one in bodies if one["event"] == "recipient_down" and one["climb"] == 0]

    for party in others:
        (alert,) = down_alerts(party)
        assert (alert["priority"], alert["recipients"]) == (2, list(others))
        assert "politie" in alert["texts"]["nl"]["body"]
        (first_us, _) = parts.servers[party].alerts(alert["id"])[0]
        assert RECIPIENT_DOWN_AFTER_S <= first_us / SECOND_US <= RECIPIENT_DOWN_AFTER_S + 20
    await parts.servers["politie"].up()
    await parts.pass_until(25 * MINUTE_US, 10 * SECOND_US)
    for party in others:
        assert [one["priority"] for one in down_alerts(party)] == [2, 4], (
            "told once, and once that it is back"
        )
    climbs = [climb for _, climb in parts.servers["politie"].alerts(breach)]
    assert climbs[0] == 0
    assert climbs[1:] == sorted(set(climbs[1:]))
    assert len(climbs) <= 4, "not one for each rung that passed while it was down"
    with psycopg.connect(parts.store.url) as conn:
        (withheld,) = conn.execute("SELECT bool_or('politie' = ANY(withheld)) FROM climb").fetchall()[0]
    assert withheld


async def test_the_policy_s_ladder_reaches_the_shift_on_duty_and_its_party_may_answer(
    claimed_store: Store, tmp_path: Path
) -> None:
    """Police alone are told at first; from the second rung on the desk that is on duty then, of OM."""
    rungs = (Rung(60, (UNANSWERED,)), Rung(180, (UNANSWERED, "rota")))
    rota = Shift("rota", (Turn(("desk",)),))
    desk = Contact("desk", Party.OM)
    policy = replace(
        DEFAULT_POLICY,
        ladders=tuple(
            Ladder(one.name, rungs, 300, Needs.ANY) if one.name == "default" else one
            for one in DEFAULT_POLICY.ladders
        ),
        shifts=(rota,),
        contacts=(desk,),
    )
    start_us = tomorrow_us()
    async with night(claimed_store, start_us, tmp_path, policy=policy, contacts={"desk": "om"}) as (parts, _):
        (breach,) = await parts.raise_alerts(("one", AlertEvent.BREACH, 1, (Party.POLITIE,)))
        await parts.look()
        with pytest.raises(NotTheirs):
            await parts.store.acknowledge(breach, "om", "D. Groen", "page", parts.clocks.wall_us)
        await parts.pass_until(500 * SECOND_US)
        assert told(parts, "politie", breach) == [(0, 0), (60, 1), (180, 2), (480, 3)]
        assert told(parts, "desk", breach) == [(180, 2), (480, 3)]
        assert told(parts, "meldkamer_em", breach) == []
        await parts.store.acknowledge(breach, "om", "D. Groen", "page", parts.clocks.wall_us)
        await parts.pass_until(HOUR_US)
        assert told(parts, "politie", breach)[4:] == []


async def test_a_surer_alert_of_the_same_breach_climbs_in_the_place_of_the_first(
    dark: tuple[Night, Any],
) -> None:
    parts, _ = dark
    centre, everybody = (Party.MELDKAMER_EM,), (Party.MELDKAMER_EM, Party.RECLASSERING, Party.POLITIE)
    ids: list[str] = []
    for name, priority, to in (("possible", 2, centre), ("certain", 1, everybody)):
        now_us = parts.clocks.wall_us
        made = breach("b-1", now_us)
        raised = alert(f"a-{name}", now_us, breach="b-1", priority=priority, recipients=to)
        deliveries = parts.recipients.deliveries(raised)
        async with parts.store.batch() as batch:
            await batch.write(Effects(now_us, breaches=(made,), alerts=(raised,)), deliveries)
        ids.append(raised.id)
        await parts.look()
        await parts.pass_until(parts.clocks.steady_us + 100 * SECOND_US)
    await parts.pass_until(1_000 * SECOND_US)
    assert told(parts, "meldkamer_em", ids[0]) == [(0, 0), (60, 1)]
    assert [climb for _, climb in told(parts, "meldkamer_em", ids[1])] == [0, 1, 2, 3, 4, 5, 6]
    first, _second = sorted(await parts.store.alerts_by_id(ids), key=lambda one: -one.priority)
    assert (first.life.stage, first.life.handed_over, first.life.may_climb) == (Stage.DELIVERED, True, False)


async def test_a_flood_climbs_the_most_urgent_first_and_in_short_order(dark: tuple[Night, Any]) -> None:
    parts, _ = dark
    rows = [(f"f-{n}", AlertEvent.SILENCE, 1 + n % 3, (Party.MELDKAMER_EM,)) for n in range(1_200)]
    await parts.raise_alerts(*rows)
    await parts.escalator.step()
    parts.clocks.go(60 * SECOND_US)
    climbed = await parts.escalator.step()
    assert len(climbed) == len(set(climbed)) == 1_200
    urgent = {derive_id("night", name) for name, _, priority, _ in rows if priority == 1}
    assert set(climbed[: len(urgent)]) == urgent


async def test_heartbeats_are_counted_on_and_none_is_kept_for_who_is_down(dark: tuple[Night, Any]) -> None:
    parts, channels = dark
    assert await parts.heartbeats.beat() == [str(party) for party in PARTIES]
    await parts.servers["politie"].down()
    for _ in range(3):
        assert "politie" not in await parts.heartbeats.beat()
    await parts.servers["politie"].up()
    await parts.stop()
    await parts.start(channels)
    await parts.heartbeats.beat()
    beats = [body for _, _, body in parts.servers["politie"].messages if body["type"] == "heartbeat"]
    assert [beat["data"]["seq"] for beat in beats] == [1, 5], "a gap is what was missed, over a restart too"
    assert [hook for _, hook, _ in parts.servers["politie"].messages] == [
        "heartbeat:politie:1",
        "heartbeat:politie:5",
    ]
    assert beats[-1]["data"]["well"] is True
    assert (await parts.store.counts()).deliveries_waiting == 0


async def test_a_recipient_that_misses_heartbeats_is_down_though_nothing_is_for_it(
    dark: tuple[Night, Any],
) -> None:
    parts, _ = dark
    await parts.heartbeats.beat()
    await parts.servers["reclassering"].down()
    told_at: list[int] = []
    for minute in range(1, 8):
        parts.clocks.go(MINUTE_US)
        await parts.heartbeats.beat()
        told_at += [minute for word in await parts.down_watch.step() if word.cause == "reclassering"]
        await parts.sent()
    assert told_at == [4], "three minutes after the first that it missed"


async def test_a_contact_that_is_down_is_told_to_the_parties(claimed_store: Store, tmp_path: Path) -> None:
    async with night(claimed_store, tomorrow_us(), tmp_path, contacts={"desk": "om"}) as (parts, _):
        await parts.servers["desk"].down()
        words = []
        for _minute in range(5):
            await parts.heartbeats.beat()
            words += await parts.down_watch.step()
            await parts.sent()
            parts.clocks.go(MINUTE_US)
        assert [word.cause for word in words] == ["desk"]
        for party in PARTIES:
            (alert,) = [
                body["data"] for _, _, body in parts.servers[party].messages if body["type"] == "alert"
            ]
            assert (alert["event"], alert["recipients"]) == ("recipient_down", [*map(str, PARTIES)])
            assert "desk" in alert["texts"]["en"]["body"]


async def test_a_policy_that_cannot_be_read_any_more_stops_no_climb(dark: tuple[Night, Any]) -> None:
    parts, _ = dark
    (breach,) = await parts.raise_alerts(BREACH)
    with psycopg.connect(parts.store.url, autocommit=True) as conn:
        conn.execute("INSERT INTO policy_version (version, content) VALUES ('older', '{\"rows\": 7}')")
        conn.execute("UPDATE alert SET policy_version = 'older'")
    await parts.look()
    await parts.pass_until(100 * SECOND_US)
    assert told(parts, "politie", breach) == [(0, 0), (60, 1)]


async def test_one_message_that_is_refused_is_not_a_recipient_that_is_down(dark: tuple[Night, Any]) -> None:
    """It takes its heartbeats, so that it is there; that one alert is refused stands in that alert's life."""
    parts, _ = dark
    with psycopg.connect(parts.store.url, autocommit=True) as conn:
        (breach,) = await parts.raise_alerts(BREACH)
        await parts.sent()
        conn.execute(
            "UPDATE delivery SET state = 'waiting', delivered_at = NULL, next_attempt_at = 'infinity' "
            "WHERE alert_id = %s AND recipient = 'politie'",
            (breach,),
        )
    for _ in range(10):
        parts.clocks.go(MINUTE_US)
        await parts.heartbeats.beat()
        assert await parts.down_watch.step() == []


async def test_all_are_down_for_days_and_nothing_is_lost(claimed_store: Store, tmp_path: Path) -> None:
    """The week itself is played by ``python -m benchmarks.alerts_night``."""
    figures = await week(claimed_store, tmp_path, alerts=60, days=1, look_s=1_800)
    assert (figures["lost"], figures["received_twice"]) == (0, 0)
    assert figures["waiting_at_return"] == 60 * len(PARTIES) + _down_alerts(claimed_store)
    assert figures["memory_last_mb"] - figures["memory_first_mb"] < 20
    with psycopg.connect(claimed_store.url) as conn:
        row = conn.execute(
            "SELECT max(n) FROM (SELECT count(*) AS n FROM climb GROUP BY alert_id) AS t"
        ).fetchone()
    assert row is not None
    assert row[0] <= 3, "what is on file of an alert does not grow with the time that nobody could be told"


def _down_alerts(store: Store) -> int:
    with psycopg.connect(store.url) as conn:
        row = conn.execute(
            "SELECT count(*) FROM delivery AS d JOIN alert AS a ON a.id = d.alert_id "
            "WHERE a.event = 'recipient_down' AND a.priority = 2"
        ).fetchone()
    assert row is not None
    return int(row[0])


async def test_a_shift_that_changes_while_an_alert_is_open_sends_its_climbs_to_the_new_one(
    claimed_store: Store, tmp_path: Path
) -> None:
    """The early desk has the duty until 12:04; the alert is raised at noon and nobody answers."""
    noon_us = tomorrow_us() // DAY_US * DAY_US + DAY_US + 12 * HOUR_US
    until_four_past = Hours("Etc/UTC", (Window(tuple(range(7)), 6 * 3_600, 12 * 3_600 + 240),))
    rungs = (Rung(60, (UNANSWERED, "duty")), Rung(180, (UNANSWERED, "duty")))
    policy = replace(
        DEFAULT_POLICY,
        ladders=tuple(
            Ladder(one.name, rungs, 180, Needs.ANY) if one.name == "default" else one
            for one in DEFAULT_POLICY.ladders
        ),
        shifts=(Shift("duty", (Turn(("early",), until_four_past), Turn(("late",)))),),
        contacts=(Contact("early", Party.OM), Contact("late", Party.OM)),
    )
    desks = {"early": "om", "late": "om"}
    async with night(claimed_store, noon_us, tmp_path, policy=policy, contacts=desks) as (parts, _):
        (breach,) = await parts.raise_alerts(("one", AlertEvent.BREACH, 1, (Party.POLITIE,)))
        await parts.look()
        await parts.pass_until(600 * SECOND_US)
        assert told(parts, "politie", breach) == [(0, 0), (60, 1), (180, 2), (360, 3), (540, 4)]
        assert told(parts, "early", breach) == [(60, 1), (180, 2)]
        assert told(parts, "late", breach) == [(360, 3), (540, 4)]
        await parts.store.acknowledge(breach, "om", "L. Laat", "page", parts.clocks.wall_us)
        await parts.pass_until(HOUR_US)
        assert len(told(parts, "late", breach)) == 2
