"""A delivery takes its place in a long line without writing what stands there as it should."""

from __future__ import annotations

import psycopg

from emon.model.effects import NewDelivery
from emon.model.instant import SECOND_US
from emon.store.store import Store
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
