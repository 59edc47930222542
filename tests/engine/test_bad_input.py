"""Input that makes no sense (docs/orders.md, "Input that makes no sense"): each refused, or judged by the
rule that the page names, and visible in what ``emon replay`` and ``emon check`` say."""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from emon.cli import main
from emon.model.instant import parse_instant
from emon.orders.document import DocumentRefused, parse_document
from emon.replay import MemoryArchive, Received, lines_of, replay
from tests.engine.stories import LAT, LON, NOON_US, circle_order, fix_at, received, shown, versions

OF_POLICE = {"breach", "historic_breach"}


def at(minute: float, lat: float, lon: float, acc: float = 10.0) -> Received:
    """A fix anywhere, so many minutes after noon."""
    at_us = NOON_US + round(minute * 60_000_000)
    payload = {"seq": round(minute * 60) + 1, "t": at_us // 1000, "lat": lat, "lon": lon, "acc": acc}
    return received("d-1", payload, at_us)


def judged(items: Sequence[Received], order: dict[str, Any] | None = None) -> MemoryArchive:
    return asyncio.run(replay(versions(order or circle_order()), items))


def breaches(archive: MemoryArchive) -> list[dict[str, Any]]:
    return shown(list(lines_of(archive)), "breach")


# --- fixes --------------------------------------------------------------------------------------
def test_a_position_of_zero_and_zero_is_none() -> None:
    """Marked, never judged, and no place to have come from: the first true fix is believed at once."""
    zeros = [at(m, 0.0, 0.0) for m in range(5)]
    archive = judged([*zeros, at(5, LAT, LON), at(6, LAT, LON + 1e-5)])
    assert archive.counts.marks == {"implausible": 5, "ok": 2}
    (breach,) = breaches(archive)
    assert breach["opened_at"] == "2026-06-01T12:05:00.000000Z"


def test_zeros_between_true_fixes_close_nothing_and_cross_nothing() -> None:
    inside = [at(m, LAT, LON + m * 1e-6) for m in (0, 1, 2, 6, 7)]
    archive = judged([*inside, *(at(m, 0.0, 0.0) for m in (3, 4, 5))])
    (breach,) = breaches(archive)
    assert (breach["opened_at"], breach["closed_at"]) == ("2026-06-01T12:00:00.000000Z", None)


def test_a_ban_about_zero_and_zero_judges_none_of_them() -> None:
    order = circle_order()
    order["conditions"] = [
        {**order["conditions"][0], "zone": {"type": "Circle", "center": [0, 0], "radius_m": 500}}
    ]
    assert breaches(judged([at(m, 0.0, 0.0) for m in range(5)], order)) == []
    assert len(breaches(judged([at(m, 0.0001, m * 1e-6) for m in range(5)], order))) == 1


def test_the_same_position_for_hours_under_rising_numbers_is_one_breach_and_two_words() -> None:
    """Each is a fix of its own; a repeated position is no second witness within a plan interval."""
    archive = judged([at(m / 4, LAT, LON) for m in range(4 * 180)])
    assert archive.counts.marks == {"ok": 720}
    (breach,) = breaches(archive)
    told = [a for a in shown(list(lines_of(archive)), "alert") if a["breach"] == breach["id"]]
    assert [(a["certainty"], a["at"]) for a in told] == [
        ("possible", "2026-06-01T12:00:00.000000Z"),
        ("certain", "2026-06-01T12:01:00.000000Z"),
    ]


def test_nine_hundred_kilometres_an_hour_is_marked_and_crosses_nothing() -> None:
    items = [at(m, LAT - 0.675 + 0.135 * m, LON) for m in range(11)]
    archive = judged(items)
    assert archive.counts.marks == {"ok": 1, "implausible": 10}
    assert breaches(archive) == []


def test_an_accuracy_of_zero_is_believed_no_more_than_one_of_ten_metres() -> None:
    claims = [judged([at(m, LAT, LON + m * 1e-5, acc) for m in range(4)]) for acc in (0.0, 10.0)]
    assert [breach["certainty"] for breach in breaches(claims[0])] == ["certain"]
    assert list(lines_of(claims[0])) == list(lines_of(claims[1]))


def test_an_accuracy_of_a_thousand_kilometres_opens_and_closes_nothing() -> None:
    inside = [at(m, LAT, LON + m * 1e-6) for m in range(3)]
    vague = [at(m, LAT + 0.05, LON, 1e6) for m in (3, 4, 5, 6)]
    assert breaches(judged(vague)) == []
    (breach,) = breaches(judged([*inside, *vague]))
    assert breach["closed_at"] is None
    home = circle_order()
    home["conditions"] = [{**home["conditions"][0], "kind": "inclusion"}]
    away = [at(m, LAT + 0.05, LON + m * 1e-6) for m in range(3)]
    (breach,) = breaches(judged([*away, *(at(m, LAT, LON, 1e6) for m in (3, 4, 5))], home))
    assert breach["closed_at"] is None


def test_a_cell_position_far_beyond_its_own_error_does_show_a_side() -> None:
    inside = [at(m, LAT, LON + m * 1e-6) for m in range(3)]
    (breach,) = breaches(judged([*inside, *(at(m, LAT + 0.1, LON, 3_000.0) for m in (5, 6))]))
    assert breach["closed_at"] == "2026-06-01T12:05:00.000000Z"


@pytest.mark.parametrize("acc", [-1.0, 1e6 + 1, float("inf")])
def test_an_accuracy_beyond_its_range_is_rejected_with_its_reason(acc: float) -> None:
    archive = judged([at(0, LAT, LON, acc)])
    assert archive.counts.fixes == 0
    assert sum(archive.counts.rejections.values()) == 1


def test_a_jump_of_28_km_in_5_s_and_back_is_marked_and_breaks_nothing() -> None:
    items = [at(m, LAT + 0.25, LON) for m in range(3)]
    jump = [at(2 + 5 / 60, LAT, LON), at(2 + 10 / 60, LAT, LON + 1e-5)]
    archive = judged([*items, *jump, at(3, LAT + 0.25, LON), at(4, LAT + 0.25, LON)])
    assert archive.counts.marks == {"ok": 5, "implausible": 2}
    assert breaches(archive) == []


def test_three_fixes_that_agree_overrule_what_was_believed_before() -> None:
    """The first fix was the wrong one: the third that contradicts it is believed."""
    archive = judged([at(0, LAT + 0.25, LON), *(at(1 + m / 60, LAT, LON + m * 1e-6) for m in range(5))])
    assert archive.counts.marks == {"ok": 4, "implausible": 2}
    assert len(breaches(archive)) == 1


# --- files --------------------------------------------------------------------------------------
def files(tmp_path: Path, order: dict[str, Any], lines: Sequence[object]) -> list[str]:
    orders, fixes = tmp_path / "orders.json", tmp_path / "fixes.jsonl"
    orders.write_text(json.dumps({"orders": [order]}))
    fixes.write_text("".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines))
    return [str(orders), str(fixes)]


def line(**members: Any) -> dict[str, Any]:
    return {"device": "d-1", "seq": 1, "t": "2026-06-01T12:00:00Z", **members}


def test_what_no_order_names_is_rejected_and_counted_by_the_replay(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    strange = [
        line(device="d-9", event="strap", state="cut"),
        line(device="d-9", lat=LAT, lon=LON, acc=5),
        line(event="levitation", state="on", seq=7),
        line(event="strap", state="bent", seq=8),
        line(lat=LAT, lon=LON, acc=5, seq=9),
        "{not JSON",
    ]
    orders, fixes = files(tmp_path, circle_order(), strange)
    assert main(["replay", orders, fixes]) == os.EX_OK
    out, err = capsys.readouterr()
    events = Counter(json.loads(row).get("event") for row in out.splitlines())
    assert events["strap_tamper"] == 0
    assert events["breach"] == 1
    assert f"{fixes}:3: out_of_range: no such event: 'levitation'" in err
    assert f"{fixes}:4: out_of_range: strap has no state 'bent'" in err
    assert f"{fixes}:6: unreadable" in err
    assert "1 fixes (1 ok), 0 repeats, rejected: 2 out_of_range, 2 unknown_device; 1 line left out" in err


def test_an_order_that_ended_before_the_fixes_judges_nothing_and_the_replay_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    over = circle_order(valid_until="2026-05-20T00:00:00Z")
    orders, fixes = files(tmp_path, over, [line(lat=LAT, lon=LON, acc=5)])
    assert main(["replay", orders, fixes]) == os.EX_OK
    out, err = capsys.readouterr()
    assert not any(json.loads(row)["type"] == "breach" for row in out.splitlines())
    assert "o-1 version 1 was over at 2026-05-20T00:00:00.000000Z, before the first fix" in err
    assert main(["check", orders]) == os.EX_OK
    assert "is over since 2026-05-20" in capsys.readouterr().out


# --- orders -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("schedule", "path"),
    [
        ({"tz": "Europe/Rotterdam", "windows": [{"from": "22:00", "to": "06:00"}]}, "schedule.tz"),
        ({"tz": "Europe/Amsterdam", "windows": []}, "schedule.windows"),
        (
            {
                "tz": "UTC",
                "except": [{"from": "2026-06-01T12:00:00Z", "to": "2026-06-01T12:00:00Z"}],
            },
            "schedule.except[0].to",
        ),
    ],
    ids=["no such zone", "no window", "an exception of no length"],
)
@pytest.mark.parametrize("command", ["check", "replay"])
def test_a_schedule_that_means_nothing_is_refused_by_its_path(
    schedule: dict[str, Any], path: str, command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    order = circle_order()
    order["conditions"][0]["schedule"] = schedule
    orders, fixes = files(tmp_path, order, [line(lat=LAT, lon=LON, acc=5)])
    arguments = [command, orders, fixes] if command == "replay" else [command, orders, "--fixes", fixes]
    assert main(arguments) == os.EX_DATAERR
    out, err = capsys.readouterr()
    assert out == ""
    assert f"orders[0].conditions[0].{path}: " in err
    with pytest.raises(DocumentRefused):  # what arming reads by
        parse_document(Path(orders).read_bytes(), armed_at_us=0)


def test_from_and_to_the_same_is_a_whole_day_as_a_window_past_midnight_is() -> None:
    order = circle_order()
    order["conditions"][0]["schedule"] = {"tz": "UTC", "windows": [{"from": "22:00", "to": "22:00"}]}
    (breach,) = breaches(judged([fix_at(m / 10, 60 * m) for m in range(0, 900, 5)], order))
    assert (breach["opened_at"], breach["closed_at"]) == ("2026-06-01T12:00:00.000000Z", None)


def test_orders_that_overlap_or_contradict_each_judge_for_themselves() -> None:
    home = circle_order(id="o-2")
    home["conditions"] = [{**home["conditions"][0], "id": "c-9", "kind": "inclusion"}]
    both = versions(circle_order(), circle_order(id="o-3"), home)
    here = asyncio.run(replay(both, [fix_at(m, 60 * m) for m in range(5)]))
    assert sorted((b["order"], b["how"]) for b in breaches(here)) == [("o-1", "inside"), ("o-3", "inside")]
    away = asyncio.run(replay(both, [fix_at(5_000 + m, 60 * m) for m in range(5)]))
    assert [(b["order"], b["kind"]) for b in breaches(away)] == [("o-2", "inclusion")]


def test_an_order_armed_at_its_own_end_or_withdrawn_before_it_begins_never_judges() -> None:
    items = [fix_at(m, 60 * m) for m in range(5)]
    for ends in ({"valid_until": "2026-06-01T12:00:00Z"}, {"withdrawn_at": "2026-04-01T00:00:00Z"}):
        assert breaches(judged(items, circle_order(**ends))) == []
    assert parse_instant("2026-06-01T12:00:00Z") == NOON_US
