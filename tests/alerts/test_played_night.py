"""The night that is played at a pace, some minutes of it."""

from __future__ import annotations

from pathlib import Path

from benchmarks.alerts_night import PARTIES
from benchmarks.played_night import Played, night_of, play, section_of
from emon.model.instant import MINUTE_US
from emon.model.vocabulary import AlertEvent
from emon.store.store import Store


async def test_a_night_at_a_pace_climbs_until_its_morning(claimed_store: Store, tmp_path: Path) -> None:
    """Six minutes of it; the whole night is ``python -m benchmarks.played_night``."""
    hours = 0.1
    names = [("first", AlertEvent.BREACH, 1, PARTIES), ("second", AlertEvent.SILENCE, 3, PARTIES[2:])]
    brought = [
        (place * MINUTE_US, ("night-0" if place == 0 else "night-1", *one[1:]))
        for place, one in enumerate(names)
    ]
    outcome = await play(claimed_store, tmp_path, brought, Played(hours, pace=120.0, wearers=1))
    assert (outcome.alerts, outcome.lost, outcome.twice, outcome.stopped) == (2, 0, 0, 0)
    assert outcome.is_sound
    # Climbs at 60, 180 and 360 s of the first, 60 and 180 s of the second; a late look joins two of them.
    assert 2 <= outcome.climbs <= 5
    assert outcome.deliveries >= 3 + 1
    assert "| 2 | " in section_of(outcome)


def test_what_a_night_brings_is_the_seed_s_and_a_broken_one_is_not_sound() -> None:
    assert night_of(1_000, 8.0, 7) == night_of(1_000, 8.0, 7) != night_of(1_000, 8.0, 8)
    assert len(night_of(1_000, 8.0, 7)) == 117
    assert not Played(8.0, 60.0, 1_000, alerts=3, stopped=1).is_sound
    assert not Played(8.0, 60.0, 1_000, alerts=3, lost=1).is_sound
    assert not Played(8.0, 60.0, 1_000).is_sound, "a night without an alert shows nothing"
