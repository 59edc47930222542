"""What a message needs of its order and its past comes with the delivery."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from emon.alerts.messages import texts
from emon.alerts.outbox import AlertView, Attempt, Outcome
from emon.limits import CAP_REFERENCES_MAX
from emon.model.effects import NewDelivery
from emon.model.instant import HOUR_US
from emon.model.vocabulary import AlertEvent, Kind, Party, Risk
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


def protecting(name: str, wearer: str, device: str, risk: str, victim: str) -> dict[str, Any]:
    """An order against ``wearer`` that a person with the device ``victim`` is protected by."""
    contact = {"id": "c-2", "kind": "contact", "victim_device": victim, "radius_m": 1_000}
    return circle_order(id=name, wearer=wearer, device=device, risk=risk, conditions=[contact], owner=OWNER)


async def of_a_device(store: Store, event: AlertEvent, device: str) -> AlertView:
    """What the police are told of a device whose alert names no order."""
    at_us = max(order.armed_at_us for order in await store.newest_orders()) + 60_000_000
    told = replace(alert(f"{hash_of(device):016x}", at_us), event=event, device=device)
    delivery = NewDelivery(told.id, "politie", "webhook")
    async with store.batch() as tx:
        await tx.write(effects_of(at_us, alerts=(told,)), (delivery,))
    due = await store.claim_due(at_us, 10)
    return next(one.alert for one in due if one.alert.device == device)


def hash_of(device: str) -> int:
    return sum(device.encode())


async def test_a_cut_strap_is_somebody_s(any_store: Store) -> None:
    """Person, risk, orders and whom to call, the most dangerous order first."""
    low = circle_order(risk="low")
    high = circle_order(id="o-2", wearer="w-1", risk="high", owner=OWNER)
    ended = circle_order(id="o-0", risk="high", valid_until="2026-05-02T00:00:00Z")
    orders = {"orders": [low, high, ended]}
    await any_store.arm(parse_document(json.dumps(orders).encode(), armed_at_us=0))
    view = await of_a_device(any_store, AlertEvent.STRAP_TAMPER, "d-1")
    assert (view.wearer, view.risk, view.worn_for, view.order) == ("w-1", Risk.HIGH, ("o-2", "o-1"), None)
    assert view.owner is not None
    assert view.victim is False
    body = texts(view).nl.body
    for line in ("Drager: w-1", "Risico: hoog", "Beslissingen: o-2, o-1"):
        assert f"{line}\n" in body
    assert "+31 6 0000 0000" in body


async def test_a_panic_button_says_against_whom_and_that_the_place_is_hers(claimed_store: Store) -> None:
    """Also of an order that was armed after the first question."""
    store = claimed_store
    first = {"orders": [protecting("o-1", "w-1", "d-1", "medium", "v-1")]}
    await store.arm(parse_document(json.dumps(first).encode(), armed_at_us=0))
    view = await of_a_device(store, AlertEvent.PANIC, "v-1")
    assert (view.wearer, view.worn_for, view.victim) == ("w-1", ("o-1",), True)
    assert texts(view).nl.subject.endswith("door de beschermde persoon: beschermd tegen drager w-1")
    second = {"orders": [protecting("o-2", "w-2", "d-2", "high", "v-2")]}
    await store.arm(parse_document(json.dumps(second).encode(), armed_at_us=0))
    later = await of_a_device(store, AlertEvent.PANIC, "v-2")
    assert (later.wearer, later.worn_for, later.risk) == ("w-2", ("o-2",), Risk.HIGH)


async def told_of_an_end(store: Store, shown_by: str, closed_at_us: int) -> bool:
    """Whether a contact that ended at that instant reads as ended by a fix, one device having one at noon."""
    order = protecting("o-1", "w-1", "d-1", "high", "v-1")
    await store.arm(parse_document(json.dumps({"orders": [order]}).encode(), armed_at_us=0))
    (armed,) = await store.newest_orders()
    at_us = armed.armed_at_us + 1
    ended = breach("a" * 16, NOON_US - HOUR_US, version=1, kind=Kind.CONTACT, condition="c-2")
    ended = replace(ended, closed_at_us=closed_at_us)
    told = replace(
        alert("b" * 16, at_us), event=AlertEvent.BREACH_CLEARED, breach=ended.id, order="o-1", condition="c-2"
    )
    fixes = (fix(shown_by, 1, NOON_US),)
    async with store.batch() as tx:
        await tx.write(
            effects_of(at_us, breaches=(ended,), alerts=(told,), fixes=fixes),
            (NewDelivery(told.id, "politie", "webhook"),),
        )
    (due,) = await store.claim_due(at_us, 10)
    return due.alert.ended_by_fix


@pytest.mark.parametrize(
    ("shown_by", "later_us", "shown"),
    [("d-1", 0, True), ("v-1", 0, True), ("v-2", 0, False), ("v-1", 7, False)],
)
async def test_the_end_of_a_contact_may_be_shown_by_a_fix_of_either(
    claimed_store: Store, shown_by: str, later_us: int, *, shown: bool
) -> None:
    """Else the police read that he may be near her still, where her device has just shown that he is not."""
    assert await told_of_an_end(claimed_store, shown_by, NOON_US + later_us) is shown


async def test_a_message_names_the_newest_of_what_came_before_and_no_more(claimed_store: Store) -> None:
    """A breach that climbs all night has hundreds; each of its CAP documents named them all."""
    store = claimed_store
    now = breach("a" * 16, NOON_US, version=1)
    alerts = [
        replace(alert(f"{number:016x}", NOON_US + number), breach=now.id, order="o-1", condition="c-1")
        for number in range(CAP_REFERENCES_MAX + 9)
    ]
    deliveries = tuple(NewDelivery(one.id, "politie", "webhook") for one in alerts)
    async with store.batch() as tx:
        await tx.write(effects_of(NOON_US + 100, breaches=(now,), alerts=tuple(alerts)), deliveries)
    tried = Attempt(1, Outcome.DELIVERED, 204, "", NOON_US, NOON_US, None)
    for one in deliveries[:-1]:
        await store.record_attempts([(f"{one.alert_id}:politie", tried)])
    (due,) = await store.claim_due(NOON_US + 200, 10)
    assert due.alert.id == alerts[-1].id
    named = [name.removesuffix(":politie") for name, _ in due.earlier]
    assert named == [one.id for one in alerts[-1 - CAP_REFERENCES_MAX : -1]], "the oldest of them first"


async def test_a_device_of_nobody_is_told_of_all_the_same(claimed_store: Store) -> None:
    await claimed_store.arm(parse_document(json.dumps({"orders": [circle_order()]}).encode(), armed_at_us=0))
    view = await of_a_device(claimed_store, AlertEvent.SILENCE, "stray")
    assert (view.wearer, view.worn_for, view.victim) == (None, (), False)
    assert texts(view).en.subject.endswith("No signal from the device: device stray")
