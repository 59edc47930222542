"""Commands through the whole service: asked on a breach, answered, and given back at its end."""

from __future__ import annotations

import json
from typing import Any

from tests.fixtures_service import Running, circle_order
from tests.simulator.listening import Heard, listening

CMD, REPLY = "emon/v1/d-1/cmd", "emon/v1/d-1/cmd/reply"


def orders(device: Heard) -> list[dict[str, Any]]:
    return [json.loads(payload) for payload in device.of(CMD)]


async def test_a_breach_is_pursued_across_a_restart_until_it_ends(running: Running) -> None:
    await running.arm(circle_order())
    async with listening(running.broker.url("d-1"), [CMD], "d-1") as device:
        await running.publish(running.fix(600, age_s=30), running.fix(100, age_s=1))
        await device.until(lambda messages: len(messages) >= 2)
        asked = {order["cmd"]: order for order in orders(device)}
        assert set(asked) == {"fix", "rate"}
        assert (asked["rate"]["rate_s"], asked["rate"]["for_s"]) == (15, 1_800)
        await running.publish({"id": asked["fix"]["id"]}, running.fix(101), topic=REPLY)
        await running.publish(running.fix(102))
        await running.stop()
        # What was asked is known again, so the reply is to something.
        await running.publish({"id": asked["rate"]["id"], "rate_s": 15}, topic=REPLY)
        await running.start()
        await running.until("SELECT care->>'pursuit' FROM device_care", "fast")
        await running.publish(running.fix(250), running.fix(255, age_s=-1), running.fix(250, age_s=-2))
        await running.until("SELECT count(*) FROM breach WHERE closed_at IS NOT NULL", 1)
        # On a slow machine a fix may have been asked for a second time in between.
        await device.until(lambda _: any(order.get("rate_s") == 60 for order in orders(device)))
    rates = [order["rate_s"] for order in orders(device) if order["cmd"] == "rate"]
    assert rates == [15, 60]
    assert len({order["id"] for order in orders(device)}) == len(orders(device))
    # The device holds an order before the broker's PUBACK has marked it as sent; one more may be on its way.
    await running.until("SELECT count(*) FROM command WHERE state <> 'sent'", 0)
    # A broker may bring again what was on its way at the stop, after what came later.
    await running.until("SELECT count(*) FROM command_reply", 2)
    await running.until("SELECT count(*) FROM rejected", 1)
    # The fix that was published as a reply is none; the two others are.
    replies = await running.rows("SELECT result, rate_s FROM command_reply ORDER BY rate_s NULLS FIRST")
    assert replies == [("done", None), ("done", 15.0)]
    assert await running.rows("SELECT reason FROM rejected") == [("missing",)]


async def test_what_a_service_that_was_killed_did_not_send_leaves_after_its_return(running: Running) -> None:
    await running.arm(circle_order())
    await running.publish(running.fix(900, age_s=30))
    await running.until("SELECT count(*) FROM fix", 1)
    await running.stop()
    await running.rows(
        "INSERT INTO command (id, device, asks, reason, asked_at, until_at, recorded_at)"
        " VALUES ('0123456789abcdef', 'd-1', 'fix', 'doubt', now(), now() + interval '3 minutes', now())"
        " RETURNING id"
    )
    async with listening(running.broker.url("d-1"), [CMD], "d-1") as device:
        await running.start()
        await device.until(lambda messages: len(messages) >= 1)
    assert [order["id"] for order in orders(device)] == ["0123456789abcdef"]
