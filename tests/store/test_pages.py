"""What pages read: positions now, alerts with their deliveries, the feed, acknowledgements, users."""

from __future__ import annotations

import asyncio

import msgspec
import psycopg
import pytest
from msgspec.structs import replace

from emon.model.effects import NewDelivery
from emon.model.fix import DeviceStatus
from emon.model.instant import HOUR_US, SECOND_US, to_us
from emon.model.vocabulary import Certainty, Mark, Risk
from emon.store.errors import AlertUnknown, NotTheirs, UserExists
from emon.store.store import Store
from tests.store.made import NOON_US, alert, breach, effects_of, fix, full_fix
from tests.store.orders import versions


async def write(store: Store, deliveries: tuple[NewDelivery, ...] = (), **rows: object) -> None:
    async with store.batch() as tx:
        await tx.write(effects_of(NOON_US, **rows), deliveries)


async def test_devices_of_orders_show_their_newest_usable_fix(claimed_store: Store) -> None:
    await claimed_store.arm(versions({}, {"id": "o-2", "device": "d-2"}))
    newest = full_fix("d-1", 3, NOON_US)
    older, wrong = fix("d-1", 9, NOON_US - 1), fix("d-1", 10, NOON_US + 1, mark=Mark.IMPLAUSIBLE)
    stranger = fix("d-9", 1, NOON_US)
    await write(claimed_store, fixes=(newest, wrong, stranger), statuses=(DeviceStatus("d-1", True),))
    await write(claimed_store, fixes=(older,))
    (shown,) = await claimed_store.devices_now()
    assert (shown.device, shown.fixed_at_us, shown.received_at_us) == ("d-1", NOON_US, NOON_US + SECOND_US)
    assert (shown.lon, shown.lat, shown.accuracy_m) == (newest.wire.lon, newest.wire.lat, 12.5)
    assert (shown.source, shown.mark, shown.battery, shown.online) == ("wifi", "late", 0.83, True)
    assert (shown.speed_m_s, shown.heading_deg) == (1.4, 270.0)


async def test_positions_after_are_those_that_changed_since_whole_batches_together(
    claimed_store: Store,
) -> None:
    await claimed_store.arm(versions(*({"id": f"o-{n}", "device": f"d-{n}"} for n in range(4))))
    await write(claimed_store, fixes=tuple(fix(f"d-{n}", 1, NOON_US) for n in range(3)))
    first = await claimed_store.positions_after(0, limit=1)
    assert [shown.device for shown in first] == ["d-0", "d-1", "d-2"]
    _, cursor = await claimed_store.cursor()
    assert {shown.change_seq for shown in first} == {cursor}
    await write(claimed_store, fixes=(fix("d-1", 2, NOON_US + 1), fix("d-2", 0, NOON_US - 1)))
    assert [shown.device for shown in await claimed_store.positions_after(cursor, 100)] == ["d-1"]


async def test_alerts_page_newest_first_and_back_in_time(claimed_store: Store) -> None:
    for number in range(5):
        await write(claimed_store, alerts=(alert(f"a-{number}", NOON_US),))
    first = await claimed_store.alerts(limit=2)
    assert [row.id for row in first] == ["a-4", "a-3"]
    second = await claimed_store.alerts(limit=10, before=(first[-1].detected_at_us, first[-1].id))
    assert [row.id for row in second] == ["a-2", "a-1", "a-0"]
    assert await claimed_store.alerts(limit=0) == []


async def test_an_alert_is_open_until_somebody_takes_it_and_its_breach_has_ended(
    claimed_store: Store,
) -> None:
    open_ = breach("b-1", NOON_US)
    await write(
        claimed_store, breaches=(open_,), alerts=(alert("a-1", NOON_US, breach="b-1"), alert("a-2", NOON_US))
    )
    assert {row.id for row in await claimed_store.alerts(status="open")} == {"a-1", "a-2"}
    for alert_id in ("a-1", "a-2"):
        await claimed_store.acknowledge(alert_id, "politie", "P. de Vries", "page")
    assert [row.id for row in await claimed_store.alerts(status="open")] == ["a-1"]
    await write(claimed_store, breaches=(replace(open_, closed_at_us=NOON_US + HOUR_US),))
    assert await claimed_store.alerts(status="open") == []
    assert len(await claimed_store.alerts()) == 2


async def test_an_alert_names_the_wearer_and_risk_of_the_order_that_judged(claimed_store: Store) -> None:
    (armed,) = await claimed_store.arm(versions({"risk": "high"}))
    await claimed_store.arm(versions({"version": 2, "risk": "low"}))
    told = alert("a-1", armed.armed_at_us, order="o-1", condition="c-1", certainty=Certainty.CERTAIN)
    await write(claimed_store, alerts=(told,))
    (row,) = await claimed_store.alerts_by_id(["a-1", "a-9"])
    assert (row.wearer, row.risk, row.order, row.condition) == ("w-1", Risk.HIGH, "o-1", "c-1")
    assert row.certainty is Certainty.CERTAIN
    assert await claimed_store.alerts_by_id([]) == []


async def test_the_first_acknowledgement_of_a_party_counts(claimed_store: Store) -> None:
    await write(claimed_store, alerts=(alert("a-1", NOON_US),))
    first = await claimed_store.acknowledge("a-1", "politie", "P. de Vries", "webhook", NOON_US + 5)
    assert (first.person, first.acknowledged_at_us, first.via) == ("P. de Vries", NOON_US + 5, "webhook")
    again = await claimed_store.acknowledge("a-1", "politie", "J. Smit", "page")
    assert again == msgspec.structs.replace(first, again=True)
    second = await claimed_store.acknowledge("a-1", "meldkamer_em", "J. \0 Smit", "page")
    assert second.person == "J. \ufffd Smit"
    (row,) = await claimed_store.alerts()
    assert set(row.acknowledgements) == {first, second}
    feed = await claimed_store.feed_after(0, 10)
    assert [(one.kind, one.ref, one.alert_id) for one in feed] == [
        ("alert", "a-1", "a-1"),
        ("acknowledgement", "politie", "a-1"),
        ("acknowledgement", "meldkamer_em", "a-1"),
    ]
    with pytest.raises(NotTheirs, match="reclassering"):
        await claimed_store.acknowledge("a-1", "reclassering", "B. Bakker", "page")


async def test_an_unknown_alert_cannot_be_acknowledged(claimed_store: Store) -> None:
    with pytest.raises(AlertUnknown, match="a-1"):
        await claimed_store.acknowledge("a-1", "politie", "P. de Vries", "page")
    assert await claimed_store.feed_after(0, 10) == []


async def test_the_feed_tells_of_a_breach_when_it_says_something_else(claimed_store: Store) -> None:
    first = breach("b-1", NOON_US)
    deeper = replace(first, deepest_m=99.0)
    closed = replace(deeper, closed_at_us=NOON_US + 1)
    for step in (first, deeper, closed, closed):
        await write(claimed_store, breaches=(step,))
    feed = await claimed_store.feed_after(0, 10)
    assert [(row.kind, row.ref) for row in feed] == [("breach", "b-1")] * 2
    assert await claimed_store.breaches_by_id(["b-1", "b-2"]) == [closed]
    assert await claimed_store.open_breaches() == []


async def test_a_reader_of_the_feed_never_misses_what_commits_late(claimed_store: Store) -> None:
    """Many write at once; whoever reads on from the highest number seen has seen all in the end."""
    names = [f"a-{number}" for number in range(40)]
    await write(claimed_store, alerts=tuple(alert(name, NOON_US) for name in names))
    start, _ = await claimed_store.cursor()
    seen: list[int] = []

    async def follow() -> None:
        cursor = start
        while len(seen) < len(names):
            for row in await claimed_store.feed_after(cursor, 1000):
                seen.append(row.feed_seq)
                cursor = row.feed_seq

    following = asyncio.ensure_future(follow())
    await asyncio.gather(*(claimed_store.acknowledge(name, "politie", "A", "page") for name in names))
    async with asyncio.timeout(120):
        await following
    assert len(set(seen)) == len(names)
    assert seen == sorted(seen)


async def test_the_clock_of_an_acknowledgement_is_the_database_s_by_default(claimed_store: Store) -> None:
    await write(claimed_store, alerts=(alert("a-1", NOON_US),))
    taken = await claimed_store.acknowledge("a-1", "politie", "P. de Vries", "page")
    with psycopg.connect(claimed_store.url) as conn:
        row = conn.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None
    assert 0 <= to_us(row[0]) - taken.acknowledged_at_us < 60 * SECOND_US


async def test_counts_of_alerts_and_waiting_deliveries(claimed_store: Store) -> None:
    await write(claimed_store, (NewDelivery("a-1", "politie", "webhook"),), alerts=(alert("a-1", NOON_US),))
    counts = await claimed_store.counts()
    assert (counts.alerts, counts.deliveries_waiting, counts.repeats) == (1, 1, 0)


async def test_users_are_made_once_and_found(claimed_store: Store) -> None:
    await claimed_store.create_user("anna", "$argon2id$x", "meldkamer_em")
    found = await claimed_store.user("anna")
    assert found is not None
    assert (found.password_hash, found.role, found.disabled_at_us) == ("$argon2id$x", "meldkamer_em", None)
    with pytest.raises(UserExists, match="anna"):
        await claimed_store.create_user("anna", "y", "om")
    assert await claimed_store.set_password("anna", "$argon2id$z")
    assert not await claimed_store.set_password("bert", "$argon2id$z")
    changed = await claimed_store.user("anna")
    assert changed is not None
    assert changed.password_hash == "$argon2id$z"
    assert await claimed_store.user("bert") is None
