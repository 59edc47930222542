"""While an order is suspended: what still goes out of the running service, and what is told of it."""

from __future__ import annotations

from typing import Any

from emon import clock
from emon.model.instant import SECOND_US, format_instant
from tests.fixtures_service import Running, circle_order


def suspended(**more: Any) -> dict[str, Any]:
    now_us = clock.now_us()
    near = {"id": "c-2", "kind": "contact", "victim_device": "v-1", "radius_m": 500}
    span = {
        "from": format_instant(now_us - 60 * SECOND_US),
        "to": format_instant(now_us + 3_600 * SECOND_US),
        "reason": "visit to the court",
        "by": ["anna", "bert"],
    }
    conditions = [*circle_order()["conditions"], near]
    return circle_order(risk="high", conditions=conditions, suspensions=[span], **more)


def word(running: Running, event: str, state: str) -> dict[str, Any]:
    made = running.fix()
    return {"event": event, "state": state, "seq": made["seq"], "t": made["t"]}


async def test_strap_button_and_contact_go_out_and_the_ban_rests(running: Running) -> None:
    await running.arm(suspended())
    await running.publish(word(running, "strap", "cut"), topic="emon/v1/d-1/event")
    await running.publish(word(running, "panic", "pressed"), topic="emon/v1/v-1/event")
    for age_s in (2.0, 1.0, 0.0):
        await running.publish(running.fix(50, age_s=age_s))
        await running.publish(running.fix(90, age_s=age_s), device="v-1")
    query = (
        "SELECT count(DISTINCT a.event) FROM alert AS a JOIN delivery AS d ON d.alert_id = a.id "
        "WHERE d.delivered_at IS NOT NULL "
        "AND a.event IN ('strap_tamper', 'panic', 'proximity')"
    )
    await running.until(query, 3)
    assert await running.rows("SELECT count(*) FROM breach WHERE condition_id = 'c-1'") == [(0,)]
    await running.until("SELECT count(*) FROM notice_delivery WHERE delivered_at IS NOT NULL", 3)
    assert await running.rows("SELECT kind, order_id, reason FROM notice") == [
        ("suspended", "o-1", "visit to the court")
    ]
