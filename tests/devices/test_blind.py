"""The ledger of blind time: by cause, and never more or less than the time in which a condition held."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from emon.devices.blind import BlindCause, Ledger, Record, Seen, ledger
from emon.model.fix import DeviceEvent, KeptEvent
from emon.model.instant import SECOND_US
from emon.model.vocabulary import Mark, Source
from emon.model.watch import ServiceStop
from tests.engine.stories import NOON_US, circle_order, versions

HOUR_S = 3_600


def at(seconds: float) -> int:
    return NOON_US + round(seconds * SECOND_US)


def fix(at_s: float, mark: Mark = Mark.OK, source: Source = Source.GNSS) -> Seen:
    return Seen(at(at_s), at(at_s), mark, source)


def word(event: str, state: str, at_s: float) -> KeptEvent:
    return KeptEvent(DeviceEvent("d-1", round(at_s), at(at_s), event, state, b""), at(at_s))


def of(
    fixes: Sequence[Seen],
    events: Sequence[KeptEvent] = (),
    stops: Sequence[tuple[float, float]] = (),
    to_s: float = HOUR_S,
    **order: Any,
) -> Ledger:
    record = Record(tuple(fixes), tuple(events))
    down = [ServiceStop(at(a), at(b)) for a, b in stops]
    return ledger(versions(circle_order(**order)), "c-1", {"d-1": record}, down, NOON_US, at(to_s))


def seconds(found: Ledger) -> list[tuple[float, float, str]]:
    def s(us: int) -> float:
        return (us - NOON_US) / SECOND_US

    return [(s(one.from_us), s(one.to_us), one.cause.value) for one in found.blind]


def test_blind_is_what_the_plan_did_not_allow() -> None:
    fixes = [fix(0), fix(60), fix(1_000), *(fix(1_060 + 60 * n) for n in range(50))]
    assert seconds(of(fixes)) == [(240.0, 1_000.0, "silence")]


def test_who_lies_still_owes_nothing_between_the_hours() -> None:
    fixes = [*(fix(60 * n) for n in range(11)), fix(3_600)]
    assert seconds(of(fixes, [word("motion", "still", 0)])) == []
    assert seconds(of(fixes, [word("motion", "still", 0), word("motion", "moving", 1_200)])) == [
        (1_380.0, 3_600.0, "no_fix")
    ]


def test_each_cause_is_what_was_said_in_the_gap() -> None:
    start = [fix(0), fix(3_600)]
    assert seconds(of(start, [word("jamming", "on", 300), word("jamming", "off", 900)])) == [
        (180.0, 300.0, "no_fix"),
        (300.0, 900.0, "jamming"),
        (900.0, 3_600.0, "no_fix"),
    ]
    assert seconds(of([fix(0), fix(500, Mark.IMPLAUSIBLE), fix(3_600)])) == [(180.0, 3_600.0, "implausible")]
    assert seconds(of([fix(0), fix(500, Mark.CLOCK), fix(3_600)])) == [(180.0, 3_600.0, "clock")]
    assert seconds(of(start, [word("charging", "on", 100)])) == [(180.0, 3_600.0, "no_fix")]


def test_a_condition_out_of_hours_and_an_order_without_a_device() -> None:
    zone = {"type": "Circle", "center": [4.48, 51.92], "radius_m": 200}
    schedule = {"tz": "UTC", "windows": [{"from": "12:30", "to": "12:40"}]}
    conditions = [{"id": "c-1", "kind": "exclusion", "zone": zone, "schedule": schedule}]
    assert seconds(of([fix(0)], conditions=conditions)) == [(1_800.0, 2_400.0, "silence")]
    assert seconds(of([], conditions=conditions, device=None)) == [(1_800.0, 2_400.0, "no_device")]


def test_the_service_s_own_stops_are_told_apart() -> None:
    found = of([fix(0), fix(3_600)], stops=[(100, 500), (1_000, 1_600)])
    assert seconds(found) == [(580.0, 1_000.0, "silence"), (1_600.0, 3_600.0, "silence")]
    assert found.stopped == ((at(1_000), at(1_600)),)


@settings(max_examples=60)
@given(st.integers(0, 2**32))
def test_seen_blind_and_stopped_are_the_time_in_which_it_held(seed: int) -> None:
    chance = random.Random(seed)
    times = sorted(chance.sample(range(-600, 4 * HOUR_S), chance.randint(0, 60)))
    fixes = [
        fix(s, chance.choice([Mark.OK] * 4 + [Mark.LATE, Mark.IMPLAUSIBLE]), chance.choice(list(Source)))
        for s in times
    ]
    names = [("motion", "still"), ("motion", "moving"), ("jamming", "on"), ("jamming", "off")]
    events = [
        word(*chance.choice(names), chance.randint(0, 4 * HOUR_S)) for _ in range(chance.randint(0, 12))
    ]
    stops = [(a, a + chance.randint(1, 900)) for a in range(500, 14_000, 2_000) if chance.random() < 0.4]
    found = of(fixes, events, stops, to_s=4 * HOUR_S)
    assert found.active_us == 4 * HOUR_S * SECOND_US
    assert found.seen_us + found.blind_us + found.stopped_us == found.active_us
    assert sum(found.by_cause().values()) == found.blind_us
    spans = sorted([*((b.from_us, b.to_us) for b in found.blind), *found.stopped])
    assert all(a < b for a, b in spans)
    assert all(one[1] <= other[0] for one, other in pairwise(spans))
    # Nothing is blind while the shortest plan has not run out since a usable fix.
    for b in found.blind:
        before = [f.fixed_at_us for f in fixes if f.mark.usable and f.fixed_at_us <= b.from_us]
        assert not before or b.from_us - max(before) >= 180 * SECOND_US
        assert not any(b.from_us < f.fixed_at_us < b.to_us for f in fixes if f.mark.usable)
    assert set(found.by_cause()) <= set(BlindCause)
