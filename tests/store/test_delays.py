"""How long the way took: from the device for a live fix, from the receipt for a stored one."""

from __future__ import annotations

import psycopg
from msgspec.structs import replace

from emon.alerts.outbox import Attempt, Outcome
from emon.model.effects import NewDelivery
from emon.model.instant import HOUR_US, SECOND_US
from emon.model.vocabulary import Mark, Party
from emon.store.delays import Delay
from emon.store.store import Store
from tests.store.made import NOON_US, alert, breach, effects_of, fix


async def test_nothing_measured_is_none(claimed_store: Store) -> None:
    delays = await claimed_store.delays()
    assert delays.fix_to_stored == delays.fix_to_alert_stored == delays.fix_to_delivered == Delay(None, None)
    assert await claimed_store.confirmations() == 0


async def test_each_way_is_measured_from_where_it_starts(claimed_store: Store) -> None:
    received_us = NOON_US + SECOND_US
    live = fix("d-1", 2, NOON_US)
    in_memory = replace(fix("d-1", 1, NOON_US - HOUR_US, mark=Mark.LATE), received_at_us=received_us)
    late = replace(fix("d-2", 1, NOON_US - HOUR_US, mark=Mark.LATE), received_at_us=received_us)
    told = alert("a-1", received_us, breach="b-1")
    timed = alert("a-2", received_us, breach="b-1", received_at_us=None)
    deliveries = (NewDelivery("a-1", "politie", "webhook"), NewDelivery("a-2", "politie", "webhook"))
    rows = effects_of(
        received_us, fixes=(live, in_memory, late), breaches=(breach("b-1", NOON_US),), alerts=(told, timed)
    )
    async with claimed_store.batch() as tx:
        await tx.write(rows, deliveries)
    with psycopg.connect(claimed_store.url) as conn:
        conn.execute("ALTER TABLE fix DISABLE TRIGGER USER")  # the trail refuses it
        conn.execute("UPDATE fix SET recorded_at = '2026-11-23T12:00:01.5Z'")
        conn.execute("UPDATE alert SET detected_at = '2026-11-23T12:00:01.75Z'")
    arrived = Attempt(1, Outcome.DELIVERED, 204, "", received_us, NOON_US + 2 * SECOND_US, None)
    await claimed_store.record_attempt("a-1:politie", arrived)
    delays = await claimed_store.delays()
    assert delays.fix_to_stored.p50 == (1500 + 500) / 2
    assert delays.fix_to_alert_stored.p50 == (1750 + 750) / 2
    assert delays.fix_to_delivered == Delay(2000.0, 2000.0)


async def test_confirmations_are_what_recipients_sent_not_what_a_person_clicked(claimed_store: Store) -> None:
    told = replace(alert("a-1", NOON_US), recipients=(Party.POLITIE, Party.OM))
    async with claimed_store.batch() as tx:
        await tx.write(effects_of(NOON_US, alerts=(told,)), ())
    await claimed_store.acknowledge("a-1", "politie", "P. de Vries", "webhook")
    await claimed_store.acknowledge("a-1", "politie", "P. de Vries", "webhook")
    await claimed_store.acknowledge("a-1", "om", "O. Smit", "page")
    assert await claimed_store.confirmations() == 1
