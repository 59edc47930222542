"""Homes and roads that past fixes show, and what orders would have raised over them."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from emon.cli import main
from emon.limits import CHECK_FIXES_MAX
from emon.model.fix import RawFix
from emon.model.instant import DAY_US, SECOND_US, format_instant, parse_instant
from emon.orders.check_track import home_of, track_remarks
from emon.orders.what_if import as_if_in_force
from emon.timezones import load_timezone
from tests.orders.documents import encode, parse
from tests.orders.test_check_places import ban, order

MIDNIGHT_US = parse_instant("2026-06-01T22:00:00Z")  # in Amsterdam
M_LAT, M_LON = 111_259.0, 68_824.0  # metres a degree at latitude 51.92 (WGS84)
AMSTERDAM = load_timezone("Europe/Amsterdam")


def fix(at_us: int, east_m: float, north_m: float, accuracy_m: float = 10.0) -> RawFix:
    lon, lat = 4.48 + east_m / M_LON, 51.92 + north_m / M_LAT
    return RawFix("d-1", at_us // SECOND_US % 2**32, at_us, lon, lat, accuracy_m, b"{}")


def night(day: int, east_m: float = 0.0, north_m: float = 0.0, fixes: int = 10) -> list[RawFix]:
    """Fixes each half hour from midnight, drifting by up to 20 m."""
    begin_us = MIDNIGHT_US + day * DAY_US
    drift = [0, 12, -20, 7, -3]
    return [
        fix(begin_us + i * 1_800 * SECOND_US, east_m + drift[i % 5], north_m + drift[-i % 5])
        for i in range(fixes)
    ]


def drive(day: int, speed_m_s: float = 30.0, turn: bool = False) -> list[RawFix]:
    """From 3 km west to 3 km east, a fix each 30 s; or back again from the middle."""
    begin_us = MIDNIGHT_US + day * DAY_US + 43_200 * SECOND_US
    step_m = 30 * speed_m_s
    places = [-3_000 + step_m * i for i in range(int(6_000 // step_m) + 1)]
    if turn:
        places = [p if p <= 0 else -p for p in places]
    return [fix(begin_us + 30 * i * SECOND_US, p, 0.0) for i, p in enumerate(places)]


def said(conditions: Sequence[dict[str, Any]], track: Sequence[RawFix]) -> list[tuple[str, str]]:
    versions = parse({"orders": [order(*conditions)]})
    return [(found.path, found.message) for found in track_remarks(versions, {"d-1": track})]


# --- homes --------------------------------------------------------------------------------------
def test_a_home_is_where_several_nights_are_spent() -> None:
    track = [*night(0), *night(1), *night(2, 5_000), *night(3)]
    found = home_of(track, AMSTERDAM)
    assert found is not None
    assert (found.nights, found.seen_nights) == (3, 4)
    assert abs(found.lon - 4.48) * M_LON < 15
    assert abs(found.lat - 51.92) * M_LAT < 15


@pytest.mark.parametrize(
    "track",
    [
        [*night(0), *night(1)],
        [*night(0, fixes=4), *night(1, fixes=4), *night(2, fixes=4)],
        [*night(0), *night(1, 400), *night(2, 800)],
        [f for day in range(5) for f in drive(day)],
    ],
    ids=["two nights", "few fixes", "elsewhere each night", "days"],
)
def test_less_is_no_home(track: list[RawFix]) -> None:
    assert home_of(track, AMSTERDAM) is None


def test_a_night_on_the_move_has_no_place() -> None:
    walk = [
        fix(MIDNIGHT_US + d * DAY_US + i * 1_800 * SECOND_US, 200.0 * i, 0)
        for d in range(4)
        for i in range(10)
    ]
    assert home_of(walk, AMSTERDAM) is None


def test_a_home_inside_a_ban_at_its_edge_or_in_its_buffer_is_named() -> None:
    track = [*night(0), *night(1), *night(2)]
    (inside,) = said([ban(100, 300)], track)
    assert inside[0] == "orders[0].conditions[0].zone"
    assert re.search(r"lies (199|200|201) m inside this ban", inside[1])
    (edge,) = said([ban(320, 300)], track)
    assert "from the ban's edge; a receiver indoors errs by 30 m" in edge[1]
    (near,) = said([ban(450, 300, buffer_m=200)], track)
    assert near[0] == "orders[0].conditions[0].buffer_m"
    assert said([ban(1_000, 300)], track) == []


# --- roads --------------------------------------------------------------------------------------
def test_fast_straight_passages_through_a_ban_are_a_road_through_it() -> None:
    (found,) = said([ban(0, 200)], [*drive(0), *drive(1), *drive(2)])
    assert found[0] == "orders[0].conditions[0].zone"
    assert "3 times fast and straight through this ban, on 3 days" in found[1]
    assert "at about 108 km/h: a motorway or railway" in found[1]


@pytest.mark.parametrize(
    "track",
    [
        drive(0),
        [*drive(0, 12.0), *drive(1, 12.0)],
        [*drive(0, turn=True), *drive(1, turn=True)],
    ],
    ids=["once", "at 43 km/h", "turning back in it"],
)
def test_other_ways_are_no_road(track: list[RawFix]) -> None:
    assert said([ban(0, 200)], track) == []


def test_a_road_beside_a_ban_does_not_run_through_it() -> None:
    assert said([ban(400, 200)], [*drive(0), *drive(1)]) == []


# --- what if ------------------------------------------------------------------------------------
def test_an_order_that_begins_later_is_put_in_force_and_that_is_said() -> None:
    later = order(
        ban(0, 300),
        valid_from="2026-07-01T00:00:00Z",
        device=None,
        devices=[{"id": "d-1", "from": "2026-07-01T00:00:00Z"}],
    )
    from_us, to_us = MIDNIGHT_US, MIDNIGHT_US + DAY_US
    (asked,), notes = as_if_in_force(parse({"orders": [later]}), from_us, to_us)
    assert (asked.valid_from_us, asked.armed_at_us, asked.devices[0].from_us) == (from_us, from_us, None)
    assert [note.path for note in notes] == ["orders[0].valid_from", "orders[0].devices"]
    (same,), nothing = as_if_in_force(parse({"orders": [order(ban(0, 300))]}), from_us, to_us)
    assert (same.valid_from_us, nothing) == (parse_instant("2026-05-01T00:00:00Z"), ())


def files(tmp_path: Path, document: object, track: Sequence[RawFix]) -> tuple[str, str]:
    orders, fixes = tmp_path / "orders.json", tmp_path / "fixes.jsonl"
    orders.write_bytes(encode(document))
    lines = [
        {
            "device": f.device,
            "seq": f.seq,
            "t": format_instant(f.fixed_at_us),
            "lon": f.lon,
            "lat": f.lat,
            "acc": 10,
        }
        for f in track
    ]
    fixes.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return str(orders), str(fixes)


def test_drift_at_the_edge_of_a_ban_is_counted_and_hinted_at(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """At home 5 m inside a ban for an hour each night, outside before and after."""
    track = [
        fix(MIDNIGHT_US + day * DAY_US + minute * 60 * SECOND_US, minute / 10, north_m)
        for day in range(8)
        for north_m, minutes in ((-150, range(0, 60, 5)), (15, range(60, 120, 5)), (-150, range(120, 180, 5)))
        for minute in minutes
    ]
    document = {"orders": [order(ban(300, 300), valid_from="2026-08-01T00:00:00Z")]}
    orders, fixes = files(tmp_path, document, track)
    assert main(["check", orders, "--fixes", fixes, "--json"]) == os.EX_OK
    out, err = capsys.readouterr()
    assert err == ""
    told = json.loads(out)["what_if"]
    assert [note["path"] for note in told["assumed"]] == ["orders[0].valid_from"]
    assert told["by_event"]["breach"]["meldkamer_em"] == told["by_event"]["breach"]["all"]
    assert len({line["breach"] for line in told["lines"] if line["event"] == "breach"}) == 8
    assert any(hint.startswith("d-1: ") and "silences" in hint for hint in told["hints"])
    assert set(told["by_day"]) == {f"2026-06-{day:02d}" for day in range(2, 10)}
    assert (len(told["first"]), len(told["lines"])) == (5, told["alerts"])
    assert any(
        "8 of 8 breaches stay within 30 m of the edge, 8 of them between" in hint for hint in told["hints"]
    )
    assert main(["check", orders, "--fixes", fixes, "--json"]) == os.EX_OK
    assert capsys.readouterr().out == out


def test_a_day_s_line_and_the_first_alerts_are_told_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    track = [fix(MIDNIGHT_US + i * 60 * SECOND_US, float(i), 1_000.0 if i < 3 else 0.0) for i in range(8)]
    orders, fixes = files(tmp_path, {"orders": [order(ban(0, 300))]}, track)
    assert main(["check", orders, "--fixes", fixes]) == os.EX_OK
    out = capsys.readouterr().out
    assert re.search(r"  2026-06-02: .*breach \(", out)
    assert "  first: 2026-06-01T22:03:00.000000Z breach of o-1/b0" in out


def test_fixes_of_other_devices_are_counted_and_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    orders, fixes = files(tmp_path, {"orders": [order(ban(0, 300), device="d-2")]}, night(0))
    assert main(["check", orders, "--fixes", fixes]) == os.EX_OK
    out, err = capsys.readouterr()
    assert "holds no fix of a device that the orders name" in out
    assert "10 lines of devices that no order names" in err
    assert CHECK_FIXES_MAX > 10


def test_hundreds_of_alerts_a_week_are_told_in_digits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    track = [fix(MIDNIGHT_US + n * 1_200 * SECOND_US, n / 10, 3_000) for n in range(72)]
    document = {"orders": [order(ban(300, 300), valid_from="2026-08-01T00:00:00Z")]}
    orders, fixes = files(tmp_path, document, track)
    assert main(["check", orders, "--fixes", fixes, "--json"]) == os.EX_OK
    hints = json.loads(capsys.readouterr().out)["what_if"]["hints"]
    (silences,) = (hint for hint in hints if "silences" in hint)
    assert int(silences.partition("silences, ")[2].partition(" a week")[0]) > 99
