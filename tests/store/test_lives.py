"""Lives of alerts in the database: what stands beside their way, and alerts from before there were lives."""

from __future__ import annotations

import psycopg
import pytest

from emon.alerts.lifecycle import Fact, Stage
from emon.model.effects import NewDelivery
from emon.model.instant import SECOND_US
from emon.model.vocabulary import AlertEvent, Party
from emon.store import connect as c
from emon.store.errors import AlertUnknown
from emon.store.lives import facts_of
from emon.store.migrate import Storage, migrations
from emon.store.store import Store
from tests.store.made import NOON_US, alert, breach, effects_of

LIVES = 11  # the migration that brings them


async def write(store: Store, *deliveries: NewDelivery, **rows: object) -> None:
    async with store.batch() as tx:
        await tx.write(effects_of(NOON_US, **rows), deliveries)


async def test_every_alert_comes_with_its_escalation_however_it_is_written(any_store: Store) -> None:
    await write(any_store, alerts=(alert("a-1", NOON_US),))
    (due,) = await any_store.escalations_due(NOON_US + 10**15, 10)
    assert (due.id, due.step, due.told) == ("a-1", 0, ("meldkamer_em", "politie"))
    (shown,) = await any_store.alerts_by_id(["a-1"])
    assert due.counted_from_us == max(NOON_US, shown.detected_at_us), (
        "a late alert counts from when it was told"
    )
    assert (shown.life.stage, shown.life.owed) == (Stage.RAISED, ("meldkamer_em", "politie"))


async def test_what_happens_beside_an_alert_stands_in_its_life_and_ends_nothing(any_store: Store) -> None:
    told = NewDelivery("a-1", "politie", "webhook")
    await write(any_store, told, alerts=(alert("a-1", NOON_US), alert("a-2", NOON_US)))
    await any_store.note_beside("a-1", "suspended", NOON_US + 5, detail="leave, by the court")
    await any_store.note_beside("a-1", "merged", NOON_US + 9, other="a-2")
    (shown,) = await any_store.alerts_by_id(["a-1"])
    assert (shown.life.stage, shown.life.owed, shown.life.handed_over) == (Stage.RAISED, ("politie",), True)
    kept = await any_store.life("a-1")
    assert [(one.fact, one.other, one.detail) for one in kept.happened] == [
        (Fact.RAISED, None, None),
        (Fact.SUSPENDED, None, "leave, by the court"),
        (Fact.MERGED, "a-2", None),
    ]
    with pytest.raises(AlertUnknown):
        await any_store.life("a-9")
    with pytest.raises(psycopg.errors.CheckViolation):
        await any_store.note_beside("a-1", "merged", NOON_US)


async def test_the_end_of_a_breach_is_a_fact_of_the_alerts_that_told_of_it(any_store: Store) -> None:
    made = breach("b-1", NOON_US, closed_at_us=NOON_US + SECOND_US)
    cleared = alert("a-2", NOON_US + 9, breach="b-1", event=AlertEvent.BREACH_CLEARED, priority=4)
    await write(any_store, breaches=(made,), alerts=(alert("a-1", NOON_US, breach="b-1"), cleared))
    assert [(one.fact, one.other) for one in (await any_store.life("a-1")).happened[1:]] == [
        (Fact.CLEARED, "a-2")
    ]
    assert (await any_store.life("a-2")).happened[1:] == ()
    (shown,) = await any_store.alerts_by_id(["a-1"])
    assert shown.life.may_climb, "that it is over does not mean that somebody looked"


async def test_what_is_on_file_of_many_alerts_of_one_breach_grows_as_they_do(claimed_store: Store) -> None:
    """Each is handed over once, to the next; the surer ones told to fewer take nobody's place."""
    fewer = {"recipients": (Party.POLITIE,)}
    made = [
        alert(f"a-{n:02}", NOON_US + n // 2, breach="b-1", **(fewer if n % 3 == 1 else {})) for n in range(40)
    ]
    later = alert("a-x", NOON_US, breach="b-1", event=AlertEvent.APPROACH)
    over = alert("a-z", NOON_US + 99, breach="b-1", event=AlertEvent.BREACH_CLEARED, priority=4)
    await write(claimed_store, breaches=(breach("b-1", NOON_US),), alerts=(*made, later, over))
    conn = await c.connect(claimed_store.url, purpose="lives")
    try:
        facts = await facts_of(conn, [one.id for one in (*made, later, over)])
    finally:
        await conn.close()
    risen = {
        name: [one.other for one in facts.get(name, ()) if one.fact is Fact.RISEN]
        for name in (one.id for one in made)
    }
    assert (risen["a-00"], risen["a-01"], risen["a-02"], risen["a-03"]) == (
        ["a-02"],
        ["a-02"],
        ["a-03"],
        ["a-05"],
    )
    assert sum(map(len, risen.values())) == len(made) - 1
    assert [(one.fact, one.other) for one in facts["a-x"]] == [(Fact.CLEARED, "a-z")]
    assert sum(map(len, facts.values())) <= 2 * len(made) + 1


def test_an_alert_from_before_is_counted_from_the_migration(bare_database: str) -> None:
    steps = [step for step in migrations() if step.storage in (None, Storage.NATIVE)]
    source = b'{"id":"o-1","protected_person":"p-1","version":1}'
    with psycopg.connect(bare_database, autocommit=True) as conn:
        for step in steps:
            if step.number < LIVES:
                conn.execute(step.sql.encode())
        conn.execute(
            "INSERT INTO order_version "
            "(id, version, armed_at, wearer, legal_basis, risk, valid_from, source) "
            "VALUES ('o-1', 1, now(), 'w-1', 'schorsing', 'high', now(), %s)",
            (source,),
        )
        conn.execute(
            "INSERT INTO alert (id, event, priority, at, recipients, happened_at, detected_at, order_id) "
            "VALUES ('a-1', 'breach', 1, '2026-01-01', '{politie}', now(), '2026-01-01', 'o-1')"
        )
        conn.execute(
            "INSERT INTO delivery (id, alert_id, recipient, channel, next_attempt_at) "
            "VALUES ('a-1:politie', 'a-1', 'politie', 'webhook', now())"
        )
        for step in steps:
            if step.number == LIVES:
                conn.execute(step.sql.encode())
        rows = conn.execute(
            "SELECT now() - counted_from < interval '1 minute', due_at = counted_from, step FROM escalation"
        ).fetchall()
        assert rows == [(True, True, 0)], (
            "nothing that was open is forgotten, and nothing climbs for years past"
        )
        assert conn.execute("SELECT protected_person FROM order_version").fetchall() == [("p-1",)]
        assert conn.execute("SELECT climb, party FROM delivery").fetchall() == [(0, None)]


async def test_whoever_answers_for_a_contact_is_its_party(any_store: Store) -> None:
    desk = NewDelivery("a-1", "desk", "webhook", 0, "om")
    await write(any_store, desk, alerts=(alert("a-1", NOON_US, recipients=(Party.POLITIE,)),))
    taken = await any_store.acknowledge("a-1", "om", "D. Groen", "page", NOON_US + 1)
    assert taken.party == "om"
    (shown,) = await any_store.alerts_by_id(["a-1"])
    assert shown.life.owed == ("politie",), "a contact's word is its party's, and the police still owe theirs"
