"""The way of a fix through the whole service, on real parts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.fixtures_service import LAT, LON, Running, circle_order


async def test_a_breach_reaches_those_it_concerns_and_comes_back_confirmed(running: Running) -> None:
    await running.arm(circle_order())
    await running.publish(running.fix(50, age_s=1), running.fix(40))
    await running.until("SELECT certainty FROM breach", "certain")
    await running.until("SELECT count(DISTINCT recipient) FROM delivery WHERE delivered_at IS NOT NULL", 3)
    # The monitoring centre confirms on the page, by a person; the other two by themselves.
    await running.until("SELECT count(DISTINCT party) FROM acknowledgement", 2)
    kept = running.receivers.counts()
    assert kept["politie"].messages == 1
    clocks = await running.rows(
        "SELECT a.happened_at < a.received_at, a.received_at < a.detected_at, a.detected_at < d.delivered_at"
        " FROM alert a JOIN delivery d ON d.alert_id = a.id WHERE d.recipient = 'politie'"
    )
    assert set(clocks) == {(True, True, True)}  # an alert that climbed meanwhile has a delivery more


async def test_a_service_may_change_its_source_and_misses_nothing_between(running: Running) -> None:
    await running.arm(circle_order())
    await running.publish(running.fix(60, age_s=2))
    await running.until("SELECT count(*) FROM fix", 1)
    await running.stop()
    await running.publish(running.fix(50, age_s=1), running.fix(40))
    running.source = "frames"
    await running.start()
    await running.until("SELECT count(*) FROM fix", 3)
    await running.until("SELECT certainty FROM breach", "certain")
    await running.until("SELECT count(DISTINCT recipient) FROM delivery WHERE delivered_at IS NOT NULL", 3)
    assert await running.rows("SELECT DISTINCT device FROM fix") == [("d-1",)]
    assert await running.rows("SELECT count(*) FROM rejected") == [(0,)]


BAD: list[tuple[Any, str | None]] = [
    (b"not json at all", "unreadable"),
    (b"\xff\xfe\x00", "unreadable"),
    (b'"a string"', "wrong_type"),
    (b"42", "wrong_type"),
    (b'{"seq": 1, "t": 1780000000000, "lat": NaN, "lon": 4.4, "acc": 5}', "unreadable"),
    (b'{"seq": 1, "t": 1780000000000, "lat": Infinity, "lon": 4.4, "acc": 5}', "unreadable"),
    ({"seq": 1, "t": 1780000000000, "lat": 91, "lon": 4.4, "acc": 5}, "out_of_range"),
    ({"seq": 1, "t": 1780000000000, "lon": 4.4, "acc": 5}, "missing"),
    ({"seq": 1, "t": "yesterday", "lat": 51, "lon": 4.4, "acc": 5}, None),
    ({"seq": "1", "t": 1780000000000, "lat": 51, "lon": 4.4, "acc": 5}, "wrong_type"),
]


async def test_bad_input_is_acknowledged_kept_with_its_reason_and_the_feed_goes_on(running: Running) -> None:
    await running.arm(circle_order())
    await running.publish(*(payload for payload, _ in BAD))
    await running.publish(running.fix(0), device="nobody-knows")
    twice = running.fix(900)
    await running.publish(twice, {**twice, "lat": LAT + 0.001})
    await running.publish([running.fix(900), {"seq": -1}, running.fix(901)])
    await running.until("SELECT count(*) FROM rejected", len(BAD) + 3)
    await running.until("SELECT count(*) FROM fix", 3)
    reasons = dict(await running.rows("SELECT reason, count(*) FROM rejected GROUP BY reason"))
    assert reasons["unknown_device"] == 1
    assert reasons["conflict"] == 1
    for wanted in {reason for _, reason in BAD if reason is not None}:
        assert reasons[wanted] >= 1
    kept = {bytes(row[0]) for row in await running.rows("SELECT raw FROM rejected WHERE raw IS NOT NULL")}
    assert {payload for payload, _ in BAD if isinstance(payload, bytes)} <= kept
    await running.publish(running.fix(902))
    await running.until("SELECT count(*) FROM fix", 4)


async def test_a_fix_from_2099_is_kept_and_a_hundred_copies_are_one_row(running: Running) -> None:
    await running.arm(circle_order())
    far = running.fix(0, t="2099-01-01T00:00:00Z")
    same = running.fix(600)
    await running.publish(far, far, *[same] * 100)
    await running.until("SELECT coalesce(sum(repeats), 0)::bigint FROM device_counter", 100)
    marks = await running.rows("SELECT mark, count(*) FROM fix GROUP BY mark ORDER BY mark")
    assert marks == [("clock", 1), ("ok", 1)]
    assert await running.rows("SELECT * FROM breach") == []


async def test_what_was_rejected_for_want_of_an_order_is_taken_when_one_is_armed(running: Running) -> None:
    await running.publish(running.fix(0, age_s=2), running.fix(1))
    await running.until("SELECT count(*) FROM rejected WHERE reason = 'unknown_device'", 2)
    await running.arm(circle_order())
    await running.until("SELECT count(*) FROM fix", 2)
    await running.until("SELECT count(*) FROM breach", 1)
    assert await running.rows("SELECT count(*) FROM rejected WHERE retaken_at IS NULL") == [(0,)]


async def test_a_phone_speaks_owntracks(running: Running) -> None:
    await running.arm(circle_order())
    now_s = running.fix()["t"] // 1000
    for second in (2, 0):
        payload = {
            "_type": "location",
            "tst": now_s - second,
            "lat": LAT,
            "lon": LON + second * 1e-5,
            "acc": 8,
        }
        await running.publish(payload, topic="owntracks/somebody/d-1")
    await running.until("SELECT certainty FROM breach", "certain")
    (found,) = await running.rows("SELECT max(accuracy_m) FROM fix")
    assert found[0] == pytest.approx(8 * 1.6214)


async def test_a_restart_goes_on_where_it_stopped(running: Running) -> None:
    await running.arm(circle_order())
    await running.publish(running.fix(50, age_s=6), running.fix(40, age_s=5))
    await running.until("SELECT certainty FROM breach", "certain")
    await running.stop()
    # Published while nobody is there: the session at the broker keeps it.
    await running.publish(running.fix(300), running.fix(310, age_s=-1))
    await running.start()
    await running.until("SELECT count(*) FROM alert WHERE event = 'breach_cleared'", 1)
    assert await running.rows("SELECT count(*), count(closed_at) FROM breach") == [(1, 1)]


async def test_an_order_varied_while_it_runs_judges_from_then_on(running: Running) -> None:
    await running.arm(circle_order())
    await running.publish(running.fix(150, age_s=1), running.fix(149))
    await running.until("SELECT count(*) FROM breach WHERE closed_at IS NULL", 1)
    smaller = circle_order(version=2)
    smaller["conditions"] = json.loads(json.dumps(smaller["conditions"]))
    smaller["conditions"][0]["zone"]["radius_m"] = 50
    await running.arm(smaller)
    await running.until("SELECT count(*) FROM breach WHERE closed_at IS NOT NULL", 1)
    (closed,) = await running.rows(
        "SELECT b.closed_at = o.armed_at FROM breach b JOIN order_version o ON o.id = 'o-1' AND o.version = 2"
    )
    assert closed == (True,)


async def test_nothing_is_lost_when_the_database_goes_away(running: Running) -> None:
    await running.arm(circle_order())
    await running.publish(running.fix(900))
    await running.until("SELECT count(*) FROM fix", 1)
    await running.rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await running.publish(running.fix(901), running.fix(902))
    await running.until("SELECT count(*) FROM fix", 3)
    assert await running.rows("SELECT count(DISTINCT seq) FROM fix") == [(3,)]


async def test_the_service_keeps_its_own_stops_and_what_it_hears_of_devices(running: Running) -> None:
    await running.arm(circle_order())
    await running.publish(running.fix(9_000))
    await running.until("SELECT count(*) FROM device_watch WHERE watch ? 'heard_us'", 1)
    # From its last batch, here none, until what the broker had kept was judged.
    await running.until("SELECT count(*) FROM service_stop WHERE up_at > down_at", 1)
    assert await running.rows("SELECT count(*) FROM service_stop") == [(1,)]
