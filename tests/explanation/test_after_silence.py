"""What was made surer across a long silence (docs/adr/0064) is explained, with the fix from before it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from emon.explanation.method import decisive
from emon.limits import RUN_MEMORY_S
from tests.engine.stories import circle_order, fix_at, versions
from tests.engine.test_boundaries import ban_from
from tests.explanation.worked import explained, read_again

GAP_S = 1_200


def explained_after(*depths_m: float) -> dict[str, Any]:
    """A fix every twenty minutes, that many metres from the centre of a circle of 200 m."""
    items = [fix_at(2_000, -GAP_S), *(fix_at(east_m, n * GAP_S, seq=n) for n, east_m in enumerate(depths_m))]
    (document,) = asyncio.run(explained(versions(circle_order()), items))
    assert asyncio.run(read_again(document)).agrees
    return document


@pytest.mark.parametrize(
    ("depths_m", "certainty", "reason", "rests_on"),
    [
        ((10, 20), "probable", "long_apart", [0, 1]),
        ((190, 10, 20), "probable", "long_apart", [1, 2]),
        ((10, 177), "probable", "one_witness", [0, 1]),
        ((10, 20, 30), "certain", "two_witnesses", [1, 2]),
        ((10, 190, 191), "possible", "one_witness", [0]),
    ],
)
def test_it_names_the_fix_from_before_the_silence(
    depths_m: tuple[float, ...], certainty: str, reason: str, rests_on: list[int]
) -> None:
    document = explained_after(*depths_m)
    assert document["verdict"]["certainty"] == certainty
    assert document["grounds"]["reason"] == reason
    assert [one["seq"] for one in document["grounds"]["run"]] == rests_on
    assert sorted(key[1] for key in decisive(document)) == rests_on


def test_the_sentence_says_that_a_silence_lies_between() -> None:
    sentence = explained_after(10, 20)["sentence"]
    assert f"more than {RUN_MEMORY_S // 60} minutes apart" in sentence["en"]
    assert f"meer dan {RUN_MEMORY_S // 60} minuten uit elkaar" in sentence["nl"]


def test_the_fix_by_which_an_edge_found_him_is_named_too() -> None:
    items = [fix_at(10 + n, 3_000 + n * GAP_S, seq=n) for n in range(2)]
    (document,) = asyncio.run(explained(versions(ban_from(60)), items))
    assert asyncio.run(read_again(document)).agrees
    grounds = document["grounds"]
    assert (document["verdict"]["certainty"], grounds["reason"]) == ("certain", "two_witnesses")
    assert [one["seq"] for one in grounds["run"]] == [0, 1]
    assert grounds["edge_fix_age_s"] == 600


def test_without_the_fix_from_before_it_the_verdict_does_not_follow() -> None:
    document = explained_after(10, 20)
    document["fixes"] = [one for one in document["fixes"] if one["fix"]["seq"] != 0]
    finding = asyncio.run(read_again(document))
    assert not finding.agrees
