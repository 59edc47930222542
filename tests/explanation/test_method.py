"""How a chance is found, in words and figures: a table of the normal distribution gives the same."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest

from emon.explanation.method import decisive, key_of, method


def document(**changes: Any) -> dict[str, Any]:
    """An exclusion with three positions inside, as an explanation holds it."""
    fixes = [
        {
            "device": "d-1",
            "fix": {"seq": n, "t": f"2026-06-01T12:0{n}:00Z", "acc": 12.5},
            "distance_m": -depth_m,
            "probability": p,
        }
        for n, (depth_m, p) in enumerate([(15.0, 0.9482), (40.0, 0.99999), (35.0, 0.99994)])
    ]
    run = [{"device": "d-1", "seq": n, "fixed_at": f"2026-06-01T12:0{n}:00.000000Z"} for n in range(3)]
    found: dict[str, Any] = {
        "verdict": {"kind": "exclusion", "how": "inside", "certainty": "certain", "refuted": False},
        "grounds": {"reason": "two_witnesses", "run": run},
        "fixes": fixes,
        "parameters": {
            "R95_PER_SIGMA": 2.4477,
            "COMMON_ERROR_SIGMA_M": 8.0,
            "ACCURACY_FLOOR_M": 10.0,
            "PROBABLE_P": 0.95,
            "REFLECTION_FROM_M": 40.0,
            "TRAVEL_MIN_M": 50.0,
            "WITNESSES_APART_S": 45,
            "RUN_MEMORY_S": 900,
            "PLAN_S": 60,
            "CERTAIN_P": 0.999,
            "WAY_SIGMA_PER_M": 0.1,
            "REACH_SPEED_MAX_M_S": 14.0,
        },
    }
    return {**found, **changes}


def phi(z: float) -> float:
    return 0.5 * (1.0 + math.erf(z / math.sqrt(2.0)))


def test_the_example_is_what_the_printed_rule_gives() -> None:
    """Worked out here from the printed figures alone."""
    lines = method(document(), "en")
    rule = next(line for line in lines if line.startswith("How the chance"))
    divisor, common = (float(figure) for figure in re.findall(r"/ ([\d.]+)\)² \+ ([\d.]+)²", rule)[0])
    example = next(line for line in lines if line.startswith("Example"))
    a_m, radius_m, sigma_m, z = (
        float(figure) for figure in re.findall(r"(?:a =|radius =|σ =|Φ\() ?([\d.]+)", example)
    )
    assert (a_m, radius_m) == (40.0, 12.5)
    assert sigma_m == pytest.approx(math.hypot(radius_m / divisor, common), abs=0.01)
    assert z == pytest.approx(a_m / sigma_m, abs=0.01)
    assert phi(z) > 0.99999 - 1e-5


@pytest.mark.parametrize(("language", "words"), [("nl", "60 s na elkaar"), ("en", "60 s apart")])
def test_the_rule_says_when_equal_positions_count_as_two(language: str, words: str) -> None:
    """A receiver that stands gives the same coordinates: who reads "different" finds the verdict wrong."""
    rule = next(
        line for line in method(document(), language) if line.startswith(("Probable", "Waarschijnlijk"))
    )
    assert f"ten minste {words}" in rule or f"at least {words}" in rule
    assert "verschillende posities" not in rule


def test_the_positions_that_made_it_certain_are_named_in_local_time() -> None:
    found = document()
    assert {key[1] for key in decisive(found)} == {1, 2}
    assert any("14:01:00, 14:02:00" in line for line in method(found, "nl"))
    probable = document(verdict={**found["verdict"], "certainty": "probable"})
    assert {key[1] for key in decisive(probable)} == {1, 2}
    possible = document(verdict={**found["verdict"], "certainty": "possible"})
    assert decisive(possible) == {key_of(fix) for fix in found["fixes"]}


def test_what_the_zone_s_size_holds_down_is_not_said_to_be_the_half_plane_s() -> None:
    fixes = [{**fix, "probability": 0.4} for fix in document()["fixes"]]
    found = document(fixes=fixes, verdict={**document()["verdict"], "certainty": "possible"})
    (example,) = [line for line in method(found, "en") if line.startswith("Example")]
    assert example.endswith("so small that the chance is not Φ(1.580) but area / (2πσ²): 0.40000.")


def test_outside_a_required_place_the_wrong_side_is_outside() -> None:
    fixes = [{**fix, "distance_m": -fix["distance_m"]} for fix in document()["fixes"]]
    found = document(fixes=fixes, verdict={**document()["verdict"], "kind": "inclusion", "how": "late_home"})
    assert any("a = 40.0 m" in line for line in method(found, "en"))
    assert not any("small zone" in line for line in method(found, "en"))


def test_a_way_is_worked_out_from_its_own_figures() -> None:
    grounds = {"reason": "path", "gap_s": 2.0, "length_m": 41.0, "way_sigma_m": 9.87, "probability": 0.73651}
    way = {
        "kind": "exclusion",
        "how": "crossed",
        "certainty": "possible",
        "refuted": False,
        "deepest_m": 6.25,
    }
    rule, here = method(document(grounds=grounds, verdict=way), "nl")
    assert "(0,1 × lengte)²" in rule
    assert here == "Hier: diepte = 6,25 m, lengte = 41,0 m, σ = 9,87 m, kans: 0,73651."
    assert phi(6.25 / 9.87) == pytest.approx(0.73651, abs=1e-3)


def test_nothing_is_worked_out_for_a_contact_or_what_was_withdrawn() -> None:
    verdict = document()["verdict"]
    assert method(document(verdict={**verdict, "kind": "contact"}), "nl") == []
    assert method(document(verdict={**verdict, "refuted": True}), "nl") == []
