"""The outbox in the database: what is due, for whom first, and what an attempt leaves behind."""

from __future__ import annotations

import asyncio

import psycopg
import pytest

from emon.alerts.outbox import Attempt, DueDelivery, Outbox, OutboxUnavailable, Outcome
from emon.alerts.points import Point
from emon.model.effects import NewDelivery
from emon.model.instant import SECOND_US
from emon.model.vocabulary import Certainty, How, Kind, Mark, Party, Risk
from emon.store.due_rows import FIRST_OF_ITS_LINE
from emon.store.store import Store
from tests.store.made import NOON_US, alert, breach, effects_of, fix
from tests.store.orders import versions

A_DELIVERY = NewDelivery("a-1", "politie", "webhook")
_SAME_AGAIN_ALERT = """
INSERT INTO alert OVERRIDING USER VALUE
SELECT (jsonb_populate_record(a, '{"id": "a-2"}')).* FROM alert AS a WHERE a.id = 'a-1'
"""
_SAME_AGAIN_DELIVERY = """
INSERT INTO delivery (id, alert_id, recipient, channel, climb, party, next_attempt_at)
SELECT 'a-2:politie', 'a-2', recipient, channel, climb, party, next_attempt_at FROM delivery
"""


def attempt(
    number: int, outcome: Outcome, next_us: int | None, detail: str = "", status: int | None = None
) -> Attempt:
    started_us = NOON_US + number * SECOND_US
    return Attempt(number, outcome, status, detail, started_us, started_us + 5, next_us)


async def write(store: Store, *deliveries: NewDelivery, at_us: int = NOON_US, **rows: object) -> None:
    async with store.batch() as tx:
        await tx.write(effects_of(at_us, **rows), deliveries)


def ids(due: list[DueDelivery]) -> list[str]:
    return [delivery.id for delivery in due]


async def test_a_due_delivery_carries_all_that_a_message_needs(any_store: Store) -> None:
    (armed,) = await any_store.arm(versions({"risk": "high"}))
    at_us = armed.armed_at_us
    told = alert("a-1", at_us, breach="b-1", order="o-1", condition="c-1", certainty=Certainty.PROBABLE)
    fixes = (fix("d-1", 1, NOON_US), fix("d-1", 2, NOON_US + 1, mark=Mark.IMPLAUSIBLE))
    await write(
        any_store, A_DELIVERY, at_us=at_us, fixes=fixes, breaches=(breach("b-1", NOON_US),), alerts=(told,)
    )
    outbox: Outbox = any_store
    (due,) = await outbox.claim_due(at_us, 10)
    view = due.alert
    assert (due.id, due.recipient, due.channel, due.attempts) == ("a-1:politie", "politie", "webhook", 0)
    assert (view.happened_at_us, view.received_at_us) == (at_us - 2 * SECOND_US, at_us)
    assert view.recipients == (Party.MELDKAMER_EM, Party.POLITIE)
    assert (view.wearer, view.risk, view.device) == ("w-1", Risk.HIGH, "d-1")
    assert (view.kind, view.how, view.certainty) == (Kind.EXCLUSION, How.INSIDE, Certainty.PROBABLE)
    assert (view.opened_at_us, view.closed_at_us, view.historic, view.refuted) == (
        NOON_US,
        None,
        False,
        False,
    )
    assert view.position is not None
    assert (view.position.lon, view.position.fixed_at_us) == (4.47917, NOON_US)
    (shown,) = await any_store.alerts()
    assert view.detected_at_us == shown.detected_at_us


async def test_an_alert_of_a_device_alone_has_no_breach_and_perhaps_no_position(any_store: Store) -> None:
    await write(any_store, A_DELIVERY, alerts=(alert("a-1", NOON_US, device="d-1", received_at_us=None),))
    (due,) = await any_store.claim_due(NOON_US, 10)
    view = due.alert
    assert (view.breach, view.kind, view.how, view.wearer, view.risk, view.position) == (None,) * 6
    assert (view.device, view.received_at_us, view.historic) == ("d-1", None, False)


async def test_the_limit_is_each_recipient_s_own_and_priority_goes_first(any_store: Store) -> None:
    alerts = tuple(alert(f"a-{n}", NOON_US - n, priority=1 + n % 3) for n in range(6))
    deliveries = [
        NewDelivery(f"a-{n}", recipient, "webhook") for n in range(6) for recipient in ("om", "politie")
    ]
    await write(any_store, *deliveries, alerts=alerts)
    due = await any_store.claim_due(NOON_US, 3)
    assert ids(due) == [f"a-{n}:{recipient}" for recipient in ("om", "politie") for n in (3, 0, 4)]
    assert ids(await any_store.claim_due(NOON_US, 3)) == ids(due), "asking claims nothing"


async def test_of_a_breach_only_the_first_that_waits_is_given_out(any_store: Store) -> None:
    alerts = tuple(alert(f"a-{n}", NOON_US + n, priority=4 - n, breach="b-1") for n in range(3))
    deliveries = [NewDelivery(f"a-{n}", party, "webhook") for n in range(3) for party in ("om", "politie")]
    await write(any_store, *deliveries, breaches=(breach("b-1", NOON_US),), alerts=alerts)
    due = await any_store.claim_due(NOON_US, 10)
    assert ids(due) == ["a-0:om", "a-0:politie"]
    assert [one.lane for one in due] == [2, 2], "as urgent as what stands behind it"
    assert await any_store.record_attempts([("a-0:om", attempt(1, Outcome.DELIVERED, None))])
    assert ids(await any_store.claim_due(NOON_US, 10)) == ["a-1:om", "a-0:politie"]


async def test_news_makes_what_stands_before_it_due(any_store: Store) -> None:
    await write(any_store, A_DELIVERY, breaches=(breach("b-1", NOON_US),), alerts=(
        alert("a-1", NOON_US, breach="b-1", priority=3),))  # fmt: skip
    later_us = NOON_US + 50 * SECOND_US
    await any_store.record_attempt("a-1:politie", attempt(1, Outcome.FAILED, later_us))
    assert await any_store.claim_due(NOON_US + SECOND_US, 10) == []
    news = alert("a-2", NOON_US + SECOND_US, breach="b-1", priority=1)
    await write(
        any_store, NewDelivery("a-2", "politie", "webhook"), at_us=NOON_US + SECOND_US, alerts=(news,)
    )
    (due,) = await any_store.claim_due(NOON_US + SECOND_US, 10)
    assert (due.id, due.lane, due.alert.priority) == ("a-1:politie", 1, 3)


async def test_what_the_caller_has_is_left_out_until_its_lane_changes(any_store: Store) -> None:
    await write(any_store, A_DELIVERY, alerts=(alert("a-1", NOON_US, priority=3),))
    assert await any_store.claim_due(NOON_US, 10, {"a-1:politie": 3}) == []
    assert ids(await any_store.claim_due(NOON_US, 10, {"a-1:politie": 4})) == ["a-1:politie"]


async def test_a_recipient_that_is_back_is_due_at_once(any_store: Store) -> None:
    alerts = (alert("a-1", NOON_US), alert("a-2", NOON_US))
    others = [NewDelivery("a-2", "politie", "webhook"), NewDelivery("a-2", "om", "webhook")]
    await write(any_store, A_DELIVERY, *others, alerts=alerts)
    later = attempt(1, Outcome.FAILED, NOON_US + 60 * SECOND_US)
    await any_store.record_attempts([(one, later) for one in ("a-1:politie", "a-2:politie", "a-2:om")])
    await any_store.release("politie", NOON_US + 5)
    assert ids(await any_store.claim_due(NOON_US + 5, 10)) == ["a-1:politie", "a-2:politie"]


async def test_the_engine_never_waits_for_a_row_while_a_record_waits_for_another(any_store: Store) -> None:
    """Two transactions that lock the same two deliveries in opposite order both end."""
    breaches = (breach("b-1", NOON_US), breach("b-2", NOON_US))
    alerts = tuple(alert(f"a-{n}", NOON_US, breach=f"b-{n}") for n in (1, 2))
    await write(
        any_store, A_DELIVERY, NewDelivery("a-2", "politie", "webhook"), breaches=breaches, alerts=alerts
    )
    failed = attempt(1, Outcome.FAILED, NOON_US + 60 * SECOND_US)
    with psycopg.connect(any_store.url) as engine:
        engine.execute("UPDATE delivery SET lane = 1 WHERE id = 'a-2:politie'")
        async with asyncio.TaskGroup() as group:
            recording = group.create_task(
                any_store.record_attempts([("a-1:politie", failed), ("a-2:politie", failed)])
            )
            while not await asyncio.to_thread(_is_recorded, any_store.url, "a-1:politie"):
                assert not recording.done()
            await asyncio.to_thread(engine.execute, "UPDATE delivery SET lane = 1 WHERE id = 'a-1:politie'")
            await asyncio.to_thread(engine.commit)
    with psycopg.connect(any_store.url) as conn:
        assert conn.execute("SELECT sum(attempts) FROM delivery").fetchone() == (2,)


def _is_recorded(url: str, delivery_id: str) -> bool:
    with psycopg.connect(url) as conn:
        row = conn.execute("SELECT attempts FROM delivery WHERE id = %s", (delivery_id,)).fetchone()
    return row is not None and row[0] == 1


async def test_news_that_comes_while_the_one_before_it_is_recorded_is_freed_by_that(any_store: Store) -> None:
    """The record does not see the news, and who looks for the news does not see the record: one of them must
    say that it is due now, or it waits for the next look."""
    row = breach("b-1", NOON_US)
    await write(any_store, A_DELIVERY, breaches=(row,), alerts=(alert("a-1", NOON_US, breach="b-1"),))
    looked: list[list[str]] = []

    def news_comes(point: Point) -> None:
        if point is Point.RECORDED and not looked:
            with psycopg.connect(any_store.url) as conn:
                conn.execute(_SAME_AGAIN_ALERT)
                conn.execute(_SAME_AGAIN_DELIVERY)
                conn.commit()
                found = conn.execute(f"SELECT d.id FROM delivery AS d WHERE {FIRST_OF_ITS_LINE}").fetchall()
                looked.append([name for (name,) in found])

    any_store.at_point = news_comes
    freed = await any_store.record_attempts([("a-1:politie", attempt(1, Outcome.DELIVERED, None))])
    assert looked == [["a-1:politie"]], "that look found nothing new"
    assert freed
    assert ids(await any_store.claim_due(NOON_US, 10)) == ["a-2:politie"]


async def test_a_failed_attempt_waits_until_its_time(any_store: Store) -> None:
    await write(any_store, A_DELIVERY, alerts=(alert("a-1", NOON_US),))
    next_us = NOON_US + 60 * SECOND_US
    assert await any_store.next_due_us(NOON_US - 1) == NOON_US
    await any_store.record_attempt("a-1:politie", attempt(1, Outcome.FAILED, next_us, "refused\0", 503))
    assert await any_store.claim_due(next_us - 1, 10) == []
    assert await any_store.next_due_us(NOON_US) == next_us
    assert await any_store.next_due_us(next_us) is None
    (due,) = await any_store.claim_due(next_us, 10)
    assert due.attempts == 1
    (shown,) = (await any_store.alerts())[0].deliveries
    assert (shown.state, shown.first_attempt_at_us, shown.last_error) == (
        "waiting",
        NOON_US + SECOND_US,
        "refused\ufffd",
    )


async def test_a_delivered_one_never_waits_again(any_store: Store) -> None:
    await write(any_store, A_DELIVERY, alerts=(alert("a-1", NOON_US),))
    await any_store.record_attempt("a-1:politie", attempt(1, Outcome.FAILED, NOON_US + 1, "later"))
    await any_store.record_attempt("a-1:politie", attempt(2, Outcome.DELIVERED, None, "", 204))
    await any_store.record_attempt("a-1:politie", attempt(3, Outcome.FAILED, NOON_US + 2, "late answer"))
    assert await any_store.claim_due(NOON_US + 10**9, 10) == []
    (shown,) = (await any_store.alerts())[0].deliveries
    assert (shown.state, shown.attempts, shown.last_error) == ("delivered", 2, None)
    assert shown.delivered_at_us == NOON_US + 2 * SECOND_US + 5
    assert shown.next_attempt_at_us is None


async def test_the_same_attempt_again_changes_nothing(any_store: Store) -> None:
    await write(any_store, A_DELIVERY, alerts=(alert("a-1", NOON_US),))
    one = attempt(1, Outcome.REFUSED, NOON_US + 1, "no", 410)
    for _ in range(2):
        await any_store.record_attempt("a-1:politie", one)
    with psycopg.connect(any_store.url) as conn:
        kept = conn.execute("SELECT attempt, outcome, status, detail FROM delivery_attempt").fetchall()
    assert kept == [(1, "refused", 410, "no")]
    assert [row.kind for row in await any_store.feed_after(0, 10)] == ["alert", "delivery"]


async def test_an_attempt_of_nothing_is_an_error(any_store: Store) -> None:
    with pytest.raises(LookupError, match="a-9"):
        await any_store.record_attempt("a-9:politie", attempt(1, Outcome.DELIVERED, None))


async def test_a_failed_attempt_without_a_next_one_is_an_error(any_store: Store) -> None:
    await write(any_store, A_DELIVERY, alerts=(alert("a-1", NOON_US),))
    with pytest.raises(ValueError, match="names no next one"):
        await any_store.record_attempt("a-1:politie", attempt(1, Outcome.FAILED, None))
    assert ids(await any_store.claim_due(NOON_US, 1)) == ["a-1:politie"]


async def test_an_absent_database_is_the_outbox_s_own_fault() -> None:
    nowhere = Store("postgresql://127.0.0.1:1/nowhere")
    with pytest.raises(OutboxUnavailable, match="EMON_DATABASE_URL"):
        await nowhere.claim_due(NOON_US, 1)
    with pytest.raises(OutboxUnavailable):
        await nowhere.next_due_us(NOON_US)
    with pytest.raises(OutboxUnavailable):
        await nowhere.record_attempt("a-1:politie", attempt(1, Outcome.DELIVERED, None))
