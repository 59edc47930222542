"""A device's page of the API: what it was asked, what it answered, what was wrong with it."""

from __future__ import annotations

from emon import clock
from emon.model.command import Asks, Command, Reply, Result
from emon.model.effects import Effects
from emon.model.fix import DeviceEvent
from emon.model.instant import SECOND_US, format_instant
from emon.store.store import Store
from tests.fixtures_web import Desk


async def test_what_a_device_was_asked_is_shown_with_its_answer(desk: Desk, store: Store) -> None:
    now_us = clock.now_us()
    rate = Command("c" * 16, "d-1", Asks.RATE, now_us, now_us + SECOND_US, "pursuit", rate_s=15, for_s=1_800)
    fix = Command("d" * 16, "d-1", Asks.FIX, now_us + 1, now_us + SECOND_US, "doubt")
    other = Command("e" * 16, "d-2", Asks.FIX, now_us, now_us + SECOND_US, "doubt")
    said = [
        ("strap", "cut"),
        ("battery", "low"),
        ("strap", "open"),
        ("battery", "critical"),
        ("strap", "closed"),
    ]
    words = tuple(DeviceEvent("d-1", n, now_us + n, *word, b"{}") for n, word in enumerate(said))
    reply = Reply("d-1", rate.id, Result.DONE, b"{}", rate_s=15.0)
    async with store.batch() as tx:
        await tx.write(Effects(now_us + 2, commands=(rate, fix, other), replies=(reply,), events=words), ())
    await store.command_sent(rate.id, now_us + 3)
    async with desk.signed_in() as client:
        answer = (await client.get("/api/v1/devices/d-1")).json()
        assert [(one["asks"], one["state"], one["result"]) for one in answer["commands"]] == [
            ("fix", "waiting", None),
            ("rate", "sent", "done"),
        ]
        assert answer["commands"][1]["sent_at"] is not None
        assert [(one["event"], one["state"], one["cleared_at"]) for one in answer["said"]] == [
            ("battery", "low", None),
            ("strap", "cut", format_instant(now_us + 4)),
        ]
        assert (await client.get("/api/v1/devices/d%201")).status_code == 404
