"""Her device falls silent while he is on his way to her: what the way led to until her position became too
old (``contact_pair_age_max_s`` = 120) counts, though nothing more of her ever comes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest

from emon.model.instant import SECOND_US
from emon.replay import Received, lines_of, replay
from tests.engine.stories import NOON_US, circle_order, received, shown, versions

ORDER = circle_order(
    conditions=[{"id": "c-1", "kind": "contact", "victim_device": "v-1", "radius_m": 500}],
)
_DEGREES_A_M = 1.0 / 68_700.0  # of longitude at 51.92
At = tuple[float, float]
"""Second, and metres east of where she stands."""


def payload(seq: int, second: float, east_m: float) -> dict[str, Any]:
    lon = 4.48 + east_m * _DEGREES_A_M
    return {"seq": seq, "t": NOON_US // 1000 + round(second * 1_000), "lat": 51.92, "lon": lon, "acc": 8.0}


def fixes(device: str, way: Iterable[At]) -> list[Received]:
    """Each received a second after it was taken."""
    return [
        received(device, payload(seq, second, east_m), NOON_US + round((second + 1.0) * SECOND_US))
        for seq, (second, east_m) in enumerate(way, start=1)
    ]


def lines_for(his: Iterable[At], hers: Iterable[At], order: dict[str, Any] = ORDER) -> list[dict[str, Any]]:
    came = [*fixes("d-1", his), *fixes("v-1", hers)]
    return list(lines_of(asyncio.run(replay(versions(order), came))))


SHE = [(second, 0.1 * second) for second in (0.0, 60.0, 120.0, 180.0)]
"""Seen until 180 s, so that she has a position until 300 s."""


def test_his_way_to_her_is_judged_up_to_the_last_instant_at_which_she_has_a_position() -> None:
    """At 250 s he is barely within the radius of 500 m, which shows little; at 310 s he stands before her,
    and she is not seen any more. Between the two he was 85 m from her at 300 s: so much was plain."""
    lines = lines_for([(190.0, 950.0), (250.0, 492.0), (310.0, 20.0)], SHE)
    (breach,) = shown(lines, "breach")
    assert (breach["how"], breach["certainty"], breach["historic"]) == ("proximity", "possible", False)
    assert breach["opened_at"].startswith("2026-06-01T12:04:0")  # the first contact, about 249 s
    assert breach["deepest_m"] == pytest.approx(415.0, abs=20.0)
    told = [alert for alert in shown(lines, "alert") if alert["event"] == "proximity"]
    assert [alert["at"] for alert in told] == ["2026-06-01T12:05:11.000000Z"]
    assert told[0]["recipients"] == ["meldkamer_em"]


def test_who_comes_only_after_that_instant_is_near_nobody_who_is_seen() -> None:
    lines = lines_for([(190.0, 3_000.0), (250.0, 2_000.0), (310.0, 900.0), (370.0, 20.0)], SHE)
    assert shown(lines, "breach") == []


def test_where_his_own_position_is_carried_on_as_well_nothing_more_is_guessed() -> None:
    """He falls silent too: two guesses make no meeting."""
    lines = lines_for([(190.0, 950.0), (250.0, 492.0)], SHE)
    assert shown(lines, "breach") == []


def test_he_may_be_the_one_who_is_silent_while_she_goes_on() -> None:
    """She walks up to where he was seen last, 180 s after noon."""
    lines = lines_for([(0.0, 0.0), (60.0, 1.0), (120.0, 0.0), (180.0, 1.0)], [(240.0, 495.0), (310.0, 30.0)])
    (breach,) = shown(lines, "breach")
    assert (breach["how"], breach["certainty"]) == ("proximity", "possible")


def test_a_fix_of_hers_that_comes_late_has_the_last_word() -> None:
    """She had gone away at once; her device says so ten minutes later."""
    his = fixes("d-1", [(190.0, 950.0), (250.0, 492.0), (310.0, 20.0), (370.0, 20.0)])
    later = [
        received("v-1", payload(seq, second, -east_m), NOON_US + 900 * SECOND_US)
        for seq, second, east_m in ((5, 240.0, 900.0), (6, 300.0, 1_800.0))
    ]
    lines = list(lines_of(asyncio.run(replay(versions(ORDER), [*his, *fixes("v-1", SHE), *later]))))
    (breach,) = shown(lines, "breach")
    assert breach["refuted"]
