"""What a message needs of its order and its past comes with the delivery."""

from __future__ import annotations

import json

from msgspec.structs import replace

from emon.model.effects import NewDelivery
from emon.model.instant import HOUR_US
from emon.model.vocabulary import Party
from emon.orders.document import parse_document
from emon.store.store import Store
from tests.engine.stories import LAT, LON, circle_order
from tests.store.made import NOON_US, alert, breach, effects_of, fix

OWNER = {"party": "reclassering", "name": "A. de Boer", "contact": "+31 6 0000 0000"}


async def test_owner_secret_zone_and_history_come_with_it(any_store: Store) -> None:
    store = any_store
    order = circle_order(owner=OWNER)
    order["conditions"][0]["secret"] = True
    await store.arm(parse_document(json.dumps({"orders": [order]}).encode(), armed_at_us=0))
    (armed,) = await store.newest_orders()
    at_us = armed.armed_at_us + 1
    earlier = [
        breach("e" * 16, NOON_US - HOUR_US),
        breach("f" * 16, NOON_US - 2 * HOUR_US, refuted=True),
    ]
    now = breach("a" * 16, NOON_US)
    told = replace(alert("b" * 16, at_us), breach=now.id, order="o-1", condition="c-1", device=now.device)
    seen = fix(now.device, 1, NOON_US)
    seen = replace(seen, wire=replace(seen.wire, lon=LON, lat=LAT + 0.01, speed_m_s=1.5, heading_deg=180.0))
    delivery = NewDelivery(told.id, "politie", "webhook")
    async with store.batch() as tx:
        await tx.write(
            effects_of(at_us, breaches=(*earlier, now), alerts=(told,), fixes=(seen,)), (delivery,)
        )
    (due,) = await store.claim_due(at_us, 10)
    view = due.alert
    assert view.owner is not None
    assert (view.owner.party, view.owner.name) == (Party.RECLASSERING, "A. de Boer")
    assert view.secret is True
    assert (view.before, view.last_before_us) == (1, NOON_US - HOUR_US)
    assert view.position is not None
    assert (view.position.speed_m_s, view.position.heading_deg) == (1.5, 180.0)
    assert view.zone is not None
    assert view.zone.bearing_deg is not None
    assert abs(view.zone.distance_m - 912.0) < 10.0
    assert abs(view.zone.bearing_deg - 180.0) < 1.0
