"""A delivery takes its place in a long line without writing what stands there as it should."""

from __future__ import annotations

import psycopg

from emon.model.effects import NewDelivery
from emon.model.instant import SECOND_US, to_datetime
from emon.store.store import Store
from emon.store.write_sql import INSERT_DELIVERY, delivery_params
from tests.store.made import NOON_US, alert, breach, effects_of

MANY = 200


async def test_hundreds_of_alerts_of_one_breach_write_nothing_twice(claimed_store: Store) -> None:
    """Each wrote all before it anew: four hundred in one batch never came to an end."""
    names = [f"{number:016x}" for number in range(MANY)]
    of = f"{1:016x}"
    alerts = tuple(alert(name, NOON_US + place, breach=of) for place, name in enumerate(names))
    effects = effects_of(NOON_US + SECOND_US, breaches=(breach(of, NOON_US),), alerts=alerts)
    deliveries = [NewDelivery(name, "politie", "webhook") for name in names]
    assert await claimed_store.write_step(0, effects, deliveries)
    with psycopg.connect(claimed_store.url) as conn:
        deeds = conn.execute(
            "SELECT deed, count(*) FROM audit_pending WHERE relation = 'delivery' GROUP BY deed"
        ).fetchall()
    assert deeds == [("insert", MANY)]


async def test_a_delivery_reads_no_more_of_a_line_the_longer_it_is(claimed_store: Store) -> None:
    """Each read all before it: five thousand of one line read twelve million rows."""
    names = [f"{number:016x}" for number in range(MANY)]
    of = f"{1:016x}"
    alerts = tuple(alert(name, NOON_US + place, breach=of) for place, name in enumerate(names))
    assert await claimed_store.write_step(
        0, effects_of(NOON_US + SECOND_US, breaches=(breach(of, NOON_US),), alerts=alerts), []
    )
    rows = [delivery_params(NewDelivery(one, "politie", "webhook"), to_datetime(NOON_US)) for one in names]
    with psycopg.connect(claimed_store.url, autocommit=True) as conn:  # a plan is made for a table of one row
        conn.execute(INSERT_DELIVERY.encode(), rows.pop())
        conn.execute("ANALYZE delivery")
    with psycopg.connect(claimed_store.url) as conn:
        conn.cursor().executemany(INSERT_DELIVERY.encode(), rows)
        (read,) = conn.execute(
            "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'delivery'"
        ).fetchall()[0]
        lanes = conn.execute("SELECT DISTINCT line, lane FROM delivery").fetchall()
    assert read <= MANY
    assert lanes == [(f"breach {of}", 1)]


async def test_news_makes_what_stands_before_it_as_urgent_however_long_the_line(claimed_store: Store) -> None:
    """What was tried and waits, and what waits behind it; not what stands aside, nor another's line."""
    names, of = [f"{number:016x}" for number in range(8)], f"{1:016x}"
    priorities = [3, 3, 3, 3, 3, 3, 3, 1]
    alerts = tuple(
        alert(name, NOON_US + place, breach=of, priority=priority)
        for place, (name, priority) in enumerate(zip(names, priorities, strict=True))
    )
    assert await claimed_store.write_step(
        0, effects_of(NOON_US + SECOND_US, breaches=(breach(of, NOON_US),), alerts=alerts), []
    )
    insert = INSERT_DELIVERY.encode()

    def params(name: str, to: str = "politie") -> tuple[object, ...]:
        return delivery_params(NewDelivery(name, to, "webhook"), to_datetime(NOON_US + SECOND_US))

    with psycopg.connect(claimed_store.url) as conn:
        conn.cursor().executemany(insert, [params(name) for name in names[:-1]])
        conn.execute(insert, params(names[0], "reclassering"))
        conn.execute(
            "UPDATE delivery SET attempts = 1, next_attempt_at = next_attempt_at + interval '1 min' "
            "WHERE recipient = 'politie' AND alert_id = ANY(%s)",
            (names[:2],),
        )
        conn.execute(
            "UPDATE delivery SET set_aside_at = now() WHERE recipient = 'politie' AND alert_id = %s",
            (names[0],),
        )
        conn.execute(
            "UPDATE delivery SET joined_into = (SELECT id FROM delivery WHERE recipient = 'reclassering') "
            "WHERE recipient = 'politie' AND alert_id = %s",
            (names[2],),
        )
        conn.execute(insert, params(names[-1]))
        found = conn.execute(
            "SELECT recipient, alert_id, lane, next_attempt_at = %s FROM delivery ORDER BY seq",
            (to_datetime(NOON_US + SECOND_US),),
        ).fetchall()
    assert found == [
        ("politie", names[0], 3, False),
        *(("politie", name, 1, True) for name in names[1:-1]),
        ("reclassering", names[0], 1, True),
        ("politie", names[-1], 1, True),
    ]
