"""A contact of which one side is known by a mast alone: possible where it stands, and never more.

He comes to her and stays for some minutes. She is shown by one position a claim wider than the radius, as
masts show people, and then by none.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from emon.replay import Received, lines_of, replay
from tests.engine.stories import circle_order, fix_at, shown, versions

RADIUS_M = 500
MAST_M = 1_500.0
"""σ is 613 m: within 500 m of where it lies is a third of what it leaves open."""


def order(risk: str = "high") -> Any:
    contact = {"id": "c-1", "kind": "contact", "victim_device": "v-1", "radius_m": RADIUS_M}
    return versions(circle_order(risk=risk, conditions=[contact]))


def judged(items: list[Received], risk: str = "high") -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    lines = list(lines_of(asyncio.run(replay(order(risk), items))))
    return shown(lines, "breach"), [a for a in shown(lines, "alert") if a["condition"] == "c-1"]


def his(*east_m: float, from_s: float = 0.0) -> list[Received]:
    return [fix_at(at_m, from_s + 60.0 * i) for i, at_m in enumerate(east_m)]


def hers(at_s: float, east_m: float = 0.0, accuracy_m: float = MAST_M) -> Received:
    return fix_at(east_m, at_s, device="v-1", accuracy_m=accuracy_m)


def visit(accuracy_m: float = MAST_M, her_m: float = 0.0) -> list[Received]:
    """He is far, near for two minutes, and far; her masts come every three minutes."""
    masts = [hers(at_s, her_m, accuracy_m) for at_s in (130.0, 310.0, 490.0)]
    return [*his(2_000, 1_200, 300, 200, 300, 1_200, 2_000, 2_000, 2_000, 2_000), *masts]


def test_a_mast_that_lies_within_the_radius_makes_a_contact_possible() -> None:
    (breach,), alerts = judged(visit())
    assert (breach["how"], breach["certainty"], breach["refuted"]) == ("proximity", "possible", False)
    assert breach["opened_at"] < "2026-06-01T12:04:00Z" < breach["closed_at"]
    assert {tuple(alert["recipients"]) for alert in alerts} == {("meldkamer_em",)}


@pytest.mark.parametrize("repeated", [1, 4])
def test_however_often_it_says_so_it_is_never_more(repeated: int) -> None:
    near = his(*[200.0 + i for i in range(12 * repeated)])
    masts = [hers(10.0 + 180.0 * i, float(i)) for i in range(4 * repeated)]
    (breach,), alerts = judged([*near, *masts])
    assert breach["certainty"] == "possible"
    assert {tuple(alert["recipients"]) for alert in alerts} == {("meldkamer_em",)}


def test_a_claim_beside_which_the_radius_is_nothing_says_nothing() -> None:
    assert judged(visit(accuracy_m=6_000.0)) == ([], [])


def test_a_mast_beyond_the_radius_says_nothing_of_a_contact() -> None:
    assert judged(visit(her_m=-700.0)) == ([], [])


def test_a_mast_is_no_second_witness_of_what_one_good_position_shows() -> None:
    """Two that share no fix and one of them clear would be ``probable``: a mast is not one of the two."""
    items = [*his(200, 205, 210, 2_000), hers(0.0), hers(185.0, 0.0, 8.0)]
    (breach,), _ = judged(items)
    assert breach["certainty"] == "possible"


def test_it_goes_on_to_certain_as_any_contact_when_she_is_seen() -> None:
    seen = [hers(360.0 + 60.0 * i, 0.1 * i, 8.0) for i in range(5)]
    breaches, alerts = judged([*his(*[200.0 + i for i in range(12)]), hers(10.0), hers(190.0), *seen])
    (breach,) = breaches
    assert breach["certainty"] == "certain"
    assert breach["opened_at"] < "2026-06-01T12:02:00Z"
    assert "politie" in [party for alert in alerts for party in alert["recipients"]]


def test_the_guess_beyond_what_is_settled_opens_none() -> None:
    """He came on at 12 m/s and stopped: carried on to her mast's instant he lies near, and he was not."""
    assert judged([*his(2_100, 1_400, 700), hers(150.0), *his(700, 700, from_s=180.0)]) == ([], [])


def test_who_is_permitted_near_her_by_the_hours_of_the_order_is_not_told_of() -> None:
    contact = {
        "id": "c-1",
        "kind": "contact",
        "victim_device": "v-1",
        "radius_m": RADIUS_M,
        "schedule": {"tz": "UTC", "windows": [{"from": "18:00", "to": "23:00"}]},
    }
    lines = asyncio.run(replay(versions(circle_order(conditions=[contact])), visit()))
    assert shown(list(lines_of(lines)), "breach") == []


def test_one_position_of_hers_at_the_edge_of_the_radius_is_possible_however_often_he_is_seen() -> None:
    """Half within by its claim, and shared by every meeting: no two agree, and none is clear."""
    hers_rarely = [hers(at_s, at_s / 1e3, 300.0) for at_s in (10.0, 249.0, 310.0)]
    (breach,), _ = judged([*his(2_000, 480, 480, 480, *[2_000] * 4), *hers_rarely])
    assert (breach["certainty"], breach["refuted"]) == ("possible", False)
    assert breach["closed_at"] is not None
