"""A contact through the whole service: found, told to her without him, ended across a restart, replayed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from emon.model.instant import format_instant
from tests.fixtures_service import Running, circle_order

CONTACT = circle_order(
    conditions=[{"id": "c-1", "kind": "contact", "victim_device": "v-1", "radius_m": 500}],
)
DEVICES = ("d-1", "v-1")


async def with_her_route(running: Running) -> None:
    """Whom she is told by is one more webhook; the one of Reclassering takes her messages here."""
    file = running.folder / "policy.json"
    policy = json.loads(file.read_text())
    policy["recipients"]["beschermde"] = policy["recipients"]["reclassering"]
    await running.stop()
    file.write_text(json.dumps(policy))
    await running.start()


def sent_to_her(running: Running) -> list[dict[str, Any]]:
    lines = map(json.loads, running.receivers.ledger("reclassering").read_text().splitlines())
    kept = [line for line in lines if line["kind"] == "message"]
    return [line["content"]["data"] for line in kept if line["id"].endswith("beschermde")]


def names_him(said: str) -> list[str]:
    """What of him a text gives away; an instant may end in 4.48 s, and a key may hold "d-1" by chance."""
    plain = re.sub(r"\d\d:\d\d:\d\d(?:\.\d+)?", "", said)
    return re.findall(r"(?<![\w-])(?:[wd]-1(?![\w-])|(?:51\.92|4\.48)\d*)", plain)


def test_what_names_him_is_seen_and_what_only_looks_like_it_is_not() -> None:
    told = '{"wearer": "w-1", "at": [4.4812, 51.92], "said": "d-1."}'
    assert names_him(told) == ["w-1", "4.4812", "51.92", "d-1"]
    chance = '{"id": "0f3a-bd-1c2e", "at": "2026-11-26T10:44:14.480Z", "until": "2026-11-26T10:44:51.92Z"}'
    assert names_him(chance) == []


async def told_live(running: Running) -> list[tuple[Any, ...]]:
    rows = await running.rows(
        "SELECT id, event, recipients FROM alert WHERE breach_id IS NOT NULL ORDER BY id"
    )
    return [(key, event, sorted(recipients)) for key, event, recipients in rows]


async def recorded(running: Running, folder: Path) -> list[str]:
    """What the database holds, as the files that a replay reads."""
    rows = await running.rows("SELECT source, armed_at FROM order_version")
    orders = [{**json.loads(source), "armed_at": armed_at.isoformat()} for source, armed_at in rows]
    (folder / "orders.json").write_text(json.dumps({"orders": orders}))
    fixes = await running.rows("SELECT device, raw, received_at FROM fix")
    lines: list[dict[str, Any]] = [
        {**json.loads(bytes(raw)), "device": device, "received_at": received_at.isoformat()}
        for device, raw, received_at in fixes
    ]
    for down_at, up_at in await running.rows("SELECT down_at, up_at FROM service_stop"):
        lines.append({"received_at": down_at.isoformat(), "service": "down"})
        if up_at is not None:
            lines.append({"received_at": up_at.isoformat(), "service": "up"})
    (folder / "fixes.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return [str(folder / "orders.json"), str(folder / "fixes.jsonl")]


async def test_a_contact_is_told_to_her_without_him_and_replayed_alike(
    running: Running, tmp_path: Path
) -> None:
    await with_her_route(running)
    await running.arm(CONTACT)
    for age_s, his_m in ((90, 1_500), (60, 300), (30, 200), (1, 100)):
        await running.publish(running.fix(his_m, age_s=age_s))
        await running.publish(running.fix(age_s / 1_000, age_s=age_s), device="v-1")
    await running.until("SELECT certainty FROM breach", "certain")
    await running.until(
        "SELECT count(*) FROM delivery WHERE recipient = 'beschermde' AND delivered_at IS NOT NULL", 1
    )
    await running.stop()
    # Apart again, while nobody is there: the session at the broker keeps it.
    for age_s, his_m in ((0, 2_000), (-1, 2_050), (-2, 2_100)):
        await running.publish(running.fix(his_m, age_s=age_s))
        await running.publish(running.fix(age_s / 1_000, age_s=age_s), device="v-1")
    await running.start()
    await running.until("SELECT count(*) FROM breach WHERE closed_at IS NOT NULL", 1)
    await running.until(
        "SELECT count(*) FROM delivery WHERE recipient = 'beschermde' AND delivered_at IS NOT NULL", 2
    )
    near, over = sent_to_her(running)
    assert [near["event"], over["event"]] == ["proximity", "breach_cleared"]
    for message in (near, over):
        hidden = ("wearer", "device", "order", "condition", "risk", "position")
        assert [message.get(name) for name in hidden] == [None] * len(hidden)
        assert names_him(json.dumps({**message, **dict.fromkeys(hidden)})) == []

    live = await told_live(running)
    ((breach_id, opened_at, closed_at),) = await running.rows("SELECT id, opened_at, closed_at FROM breach")
    replayed = subprocess.run(
        [sys.executable, "-m", "emon", "replay", *await recorded(running, tmp_path)],
        capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    assert replayed.returncode == os.EX_OK, replayed.stderr
    lines = [json.loads(line) for line in replayed.stdout.splitlines()]
    (breach,) = [line for line in lines if line["type"] == "breach"]
    instants = [format_instant(round(at.timestamp() * 1_000_000)) for at in (opened_at, closed_at)]
    assert [breach["id"], breach["opened_at"], breach["closed_at"]] == [breach_id, *instants]
    alerts = [line for line in lines if line["type"] == "alert" and line["breach"] == breach_id]
    assert sorted((a["id"], a["event"], sorted(a["recipients"])) for a in alerts) == live
    assert all(("beschermde" in told) is ("politie" in told) for _, _, told in live)
