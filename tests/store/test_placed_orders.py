"""An order that the engine has just judged by says in a message what reading it would."""

from __future__ import annotations

import json

import psycopg
from msgspec.structs import replace

from emon.alerts.outbox import PositionView
from emon.limits import PLACED_ORDERS_MAX
from emon.orders.document import parse_document
from emon.store.placed_orders import PlacedOrders
from emon.store.store import Store
from tests.engine.stories import LAT, LON, circle_order
from tests.store.made import NOON_US

OWNER = {"party": "reclassering", "name": "A. de Boer", "contact": "+31 6 0000 0000"}


async def test_an_order_that_the_engine_has_at_hand_says_what_reading_it_would(any_store: Store) -> None:
    store = any_store
    order = circle_order(owner=OWNER)
    await store.arm(parse_document(json.dumps({"orders": [order]}).encode(), armed_at_us=0))
    async with store.batch() as tx:
        ((_, judged_by),) = await tx.orders_after(0)
    read, given = PlacedOrders(), PlacedOrders()
    given.take([judged_by])
    at = PositionView(LON, LAT + 0.01, 10.0, NOON_US)
    async with await psycopg.AsyncConnection.connect(store.url) as conn:
        await read.learn(conn, [("o-1", 1)])
    assert given.version("o-1", 1) == read.version("o-1", 1)
    assert given.facts("o-1", 1, "c-1", at) == read.facts("o-1", 1, "c-1", at)


def test_no_more_orders_are_kept_than_there_is_room_for() -> None:
    document = json.dumps({"orders": [circle_order(owner=OWNER)]}).encode()
    (version,) = parse_document(document, armed_at_us=0)
    placed = PlacedOrders()
    placed.take(replace(version, version=number) for number in range(PLACED_ORDERS_MAX + 2))
    kept = [number for number in range(PLACED_ORDERS_MAX + 2) if placed.version("o-1", number) is not None]
    assert (len(kept), kept[0]) == (PLACED_ORDERS_MAX, 2)
