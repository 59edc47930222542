"""Several fixes of a device in one batch, judged together where nothing comes of them: as by objects."""

from __future__ import annotations

import asyncio
import random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emon.engine import Inputs
from emon.geofence.fold import Side, begin, see, with_newest
from emon.ingest.admit import Track
from emon.limits import QUIET_FIXES_MAX, QUIET_RUN_MAX, TRACK_FIXES_MAX
from emon.model.fix import Fix
from emon.model.instant import SECOND_US
from emon.model.vocabulary import Mark
from emon.quiet.settle import fold_after, track_after
from emon.quiet.thinning import Entry, without_forgotten
from emon.replay import MemoryArchive, Received
from emon.state import State, initial_state, with_orders
from tests.engine.stories import LAT, LON, M_PER_DEG_LON, NOON_US, fix_at, received, versions
from tests.engine.test_quiet_path import DEVICES, ORDERS, PLAIN, in_columns, in_step, stepped
from tests.soak import times_longer


def seen_by_mast(east_m: float, at_s: float, received_s: float, device: str) -> Received:
    payload = {
        "seq": round(at_s * 10) + 1_000_000,
        "t": (NOON_US + round(at_s * SECOND_US)) // 1_000,
        "lat": LAT,
        "lon": LON + east_m / M_PER_DEG_LON,
        "acc": 80,
        "src": "cell",
    }
    return received(device, payload, NOON_US + round(received_s * SECOND_US))


@st.composite
def talkers(draw: st.DrawFn) -> list[Received]:
    """Three wearers whose devices send many fixes at once, now and then with something odd among them."""
    items: list[Received] = []
    for device in DEVICES:
        at_s = draw(st.floats(0.0, 30.0))
        east_m = draw(st.sampled_from([-900.0, 420.0, 700.0, 3_000.0, 9_000.0]))
        step_m = draw(st.sampled_from([0.0, 1.0, -8.0, -25.0]))
        for _ in range(draw(st.integers(3, 12))):
            count = draw(st.sampled_from([1, 2, 3, 7, 20, 50, QUIET_RUN_MAX, QUIET_RUN_MAX + 1]))
            every_s = draw(st.sampled_from([0.1, 1.0, 1.7, 30.0]))
            odd, place = draw(st.integers(0, 9)), draw(st.integers(0, count - 1))
            run: list[Received] = []
            end_s = at_s + count * every_s + draw(st.sampled_from([0.5, 2.0, 60.0]))
            for n in range(count):
                at_s += every_s
                east_m += step_m * min(every_s, 2.0) + draw(st.sampled_from([-2.0, 0.0, 0.5]))
                strays = odd == 0 and n == place
                accuracy_m = 1_500.0 if odd == 1 and n == place else 8.0
                if odd == 2 and n == place:
                    run.append(seen_by_mast(east_m, at_s, end_s, device))
                    continue
                there_m = east_m + (90_000.0 if strays else 0.0)
                run.append(fix_at(there_m, at_s, device=device, accuracy_m=accuracy_m, received_s=end_s))
            if odd == 3:
                run.append(run[place])
            elif odd == 4:
                run.reverse()
            items += run
    return items


@settings(max_examples=15 * times_longer())
@given(talkers(), st.lists(st.booleans(), max_size=30))
def test_each_decision_and_what_is_remembered(items: list[Received], failing: list[bool]) -> None:
    assert asyncio.run(in_step(ORDERS, items, failing)) == 0  # an hour of nothing, and everybody is silent


def first_state() -> State:
    state = initial_state(NOON_US - 1)
    return with_orders(state, list(enumerate(versions(PLAIN), start=1)))


def test_who_sends_fifty_at_once_is_quiet() -> None:
    """Or the test above would prove nothing; and all of them are, however long it goes on."""
    state, archive, by_columns = first_state(), MemoryArchive(), []
    for message in range(60):
        at_s = 50.0 * (message + 1)
        run = [fix_at(2_000.0 + n % 3, at_s - 50.0 + n, device="d-3").message for n in range(50)]
        inputs = in_columns(NOON_US + round((at_s + 1.0) * SECOND_US), run)
        state, effects = asyncio.run(stepped(archive, state, inputs))
        archive.write(effects)
        by_columns.append(0 if effects.quiet is None else effects.quiet.size)
        assert len(effects.all_fixes()) == 50
        assert len(state.quiet.kept("d-3")) <= QUIET_FIXES_MAX + QUIET_RUN_MAX
    assert {0, 50} == set(by_columns)
    assert by_columns.count(0) == 1


@pytest.mark.parametrize("mast_last", [True, False])
def test_a_mast_among_the_fixes_of_a_message(mast_last: bool) -> None:
    """Its message goes by objects as a whole: half a message by each way would store fixes twice."""
    state, archive = first_state(), MemoryArchive()
    for n in range(3):
        item = fix_at(2_000.0, 60.0 * n, device="d-3")
        state, effects = asyncio.run(stepped(archive, state, Inputs(item.received_at_us, (item.message,))))
        archive.write(effects)
    places = (150.0, 160.0) if mast_last else (160.0, 150.0)
    pair = [
        fix_at(2_000.0, places[0], device="d-3").message,
        seen_by_mast(2_000.0, places[1], 161.0, "d-3").message,
    ]
    state, effects = asyncio.run(stepped(archive, state, in_columns(NOON_US + 161 * SECOND_US, pair)))
    assert len(effects.all_fixes()) == 2
    assert effects.quiet is None


def test_a_fix_that_the_broker_kept_is_one_row_however_often_it_is_handed_out() -> None:
    state, archive = first_state(), MemoryArchive()
    item = fix_at(2_000.0, 0.0, device="d-3")
    kept = msgspec.structs.replace(item.message, retained=True)
    repeats = []
    for later_s in (1, 200, 4_000):
        inputs = Inputs(item.received_at_us + later_s * SECOND_US, (kept,))
        state, effects = asyncio.run(stepped(archive, state, inputs))
        archive.write(effects)
        repeats.append((len(effects.all_fixes()), effects.repeats))
    assert repeats == [(1, ()), (0, (("d-3", 1),)), (0, (("d-3", 1),))]


@pytest.mark.parametrize("seed", range(30))
def test_what_is_thinned_is_what_nobody_asks_for(seed: int) -> None:
    """Tracks and folds come out as of all that was kept, whatever the fold held before, at any time."""
    chance = random.Random(seed)
    state = first_state()
    (subject,) = state.subjects.values()
    geometry = state.geometry
    steps = ((1.0,), (0.2, 2.0), (1.0, 15.0), (10.0, 28.0, 31.0), (1.0, 1.0, 1.0, 400.0), (29.0,))[seed % 6]
    at_s = 0.0

    def next_fix() -> Fix:
        nonlocal at_s
        at_s += chance.choice(steps)
        (raw,) = fix_at(2_000.0, at_s, device="d-3").message.decoded.fixes
        return Fix(raw, raw.fixed_at_us, Mark.OK)

    zone = subject.zone_judging(next_fix())
    assert zone is not None
    fold, track = begin(subject, NOON_US - 1), Track()
    for _ in range(chance.choice((1, 9, 60))):
        first = next_fix()
        fold = with_newest(fold, see(first, zone, 1_900.0, 1e5, subject.wrong_side, active=False))
        track = (*track, first)[-TRACK_FIXES_MAX:]
    whole: list[Fix] = []
    thinned: list[Entry] = []
    fewest = 0
    for _ in range(60):
        run = [next_fix() for _ in range(chance.choice((1, 5, 50)))]
        whole += run
        thinned += run
        if len(thinned) > TRACK_FIXES_MAX:
            thinned = without_forgotten(thinned)
            fewest = max(fewest, len(whole) - len(thinned))
        fixes = [one for one in thinned if isinstance(one, Fix)]
        assert len(fixes) == len(thinned)
        assert track_after(track, fixes) == track_after(track, whole)
        after, other = (fold_after(subject, geometry, fold, kept) for kept in (fixes, whole))
        assert [seen.fix for seen in after.recent] == [seen.fix for seen in other.recent]
        assert after == other
    assert fewest > 0
    assert subject.wrong_side is Side.INSIDE
