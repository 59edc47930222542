"""The loop by which certainty is tuned: on training seeds alone, and with the engine's own fold."""

from __future__ import annotations

import pytest

from benchmarks.detection.close_look import Tally, folded, state_of, told_of
from benchmarks.detection.near_worlds import near_world, watches_of
from emon.model.vocabulary import Certainty
from simulator.suites import TEST_SEEDS, TRAINING_SEEDS, suite


def test_seeds_for_reports_are_refused() -> None:
    with pytest.raises(ValueError, match="nothing may be tuned on it"):
        near_world("drift", TEST_SEEDS[0])


def test_a_short_world_is_folded_as_the_engine_does_and_its_findings_told() -> None:
    tally = Tally()
    told: list[str] = []
    for watch in watches_of(suite("stalking-foot", TRAINING_SEEDS[1], days=3, resampled_share=0.0)):
        found = folded(watch, state_of(watch))
        tally.add(watch, found)
        told += [told_of(each) for each in found if each.episode.certainty is Certainty.CERTAIN]
    assert tally.due > 0
    assert tally.missed == 0
    assert any("inside certain" in one and "gnss" in one for one in told)
    assert tally.lines()[0].startswith("days 6  due ")
