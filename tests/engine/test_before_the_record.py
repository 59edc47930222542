"""Orders in force long before a record begins, and a device that is silent while it is asked."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest

from emon.cli import main
from emon.engine import Message
from emon.ingest.decode import decode
from emon.model.instant import SECOND_US
from emon.replay import Received, lines_of, replay
from tests.engine.stories import LAT, LON, NOON_US, circle_order, fix_at, versions


def replayed(
    order: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> tuple[list[str], str]:
    """Events of the alerts, and what was said beside them, of three fixes of the first of June."""
    fixes = [
        {"device": "d-1", "seq": n, "t": f"2026-06-01T12:0{n}:00Z", "lat": LAT + 0.1, "lon": LON, "acc": 9}
        for n in range(3)
    ]
    (tmp_path / "orders.json").write_text(json.dumps({"orders": [order]}))
    (tmp_path / "fixes.jsonl").write_text("".join(f"{json.dumps(fix)}\n" for fix in fixes))
    assert main(["replay", str(tmp_path / "orders.json"), str(tmp_path / "fixes.jsonl")]) == os.EX_OK
    out, err = capsys.readouterr()
    return [json.loads(line)["event"] for line in out.splitlines()], err


def test_an_order_whose_device_first_came_a_month_later_is_told_of_once_and_said_to_be_early(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The service would have told it: armed, in force, and its device never seen. That the record is only a
    part of what was received, the replay cannot know."""
    events, err = replayed(circle_order(), tmp_path, capsys)
    assert events == ["order_without_device"]
    assert "o-1 was told of as without its device at 2026-05-01T01:00:00.000000Z, before the record" in err


def test_an_order_armed_shortly_before_its_first_fix_waits_for_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    events, err = replayed(circle_order(armed_at="2026-06-01T11:30:00Z"), tmp_path, capsys)
    assert events == []
    assert "without its device" not in err


def test_a_device_that_falls_silent_while_it_is_asked_is_told_of_twice_once_each() -> None:
    """That nothing comes, and that a position on demand did not: the second says that doubt about a breach
    stays. Each is told once."""
    topic = "emon/v1/d-1/cmd/reply"
    payload = json.dumps({"id": "0123456789abcdef", "result": "done"}).encode()
    reply = Received(NOON_US - 60 * SECOND_US, Message(topic, decode(topic, payload)))
    items = [reply, fix_at(400, 0), fix_at(190, 60)]
    archive = asyncio.run(replay(versions(circle_order()), items, until_us=NOON_US + 3_000 * SECOND_US))
    events = [str(line["event"]) for line in lines_of(archive) if line["type"] == "alert"]
    assert archive.commands
    assert events.count("silence") == 1
    assert events.count("command_unanswered") == 1
