"""The ledger of a contact condition: blind when either of two is unseen, each minute counted once."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from emon.devices.blind import Record
from emon.devices.blind_contact import ContactLedger, contact_ledger
from emon.model.instant import SECOND_US
from emon.model.watch import ServiceStop
from tests.devices.test_blind import HOUR_S, at, fix
from tests.engine.stories import NOON_US, circle_order, versions

CONTACT = {"id": "c-1", "kind": "contact", "victim_device": "v-1", "radius_m": 1_000}


def of(
    his: Sequence[float], hers: Sequence[float], stops: Sequence[tuple[float, float]] = ()
) -> ContactLedger:
    records = {
        "d-1": Record(tuple(fix(s) for s in sorted(his))),
        "v-1": Record(tuple(fix(s) for s in sorted(hers))),
    }
    down = [ServiceStop(at(a), at(b)) for a, b in stops]
    order = versions(circle_order(conditions=[CONTACT]))
    return contact_ledger(order, "c-1", records, down, NOON_US, at(HOUR_S))


def seconds(found: ContactLedger) -> list[tuple[float, float]]:
    return [((b.from_us - NOON_US) / SECOND_US, (b.to_us - NOON_US) / SECOND_US) for b in found.whole.blind]


def minutes(but: Sequence[float] = ()) -> list[float]:
    return [60.0 * n for n in range(61) if not any(abs(60.0 * n - one) <= 300 for one in but)]


def test_both_seen_is_no_blind_time() -> None:
    assert seconds(of(minutes(), minutes())) == []


def test_her_device_silent_is_blind_time_of_hers() -> None:
    found = of(minutes(), minutes(but=[1_200]))
    assert seconds(found) == [(1_020.0, 1_560.0)]  # her newest fix was at 840 s, and its 180 s are allowed
    assert found.hers == found.whole.blind


def test_both_unseen_counts_once_and_is_his() -> None:
    found = of(minutes(but=[1_200]), minutes(but=[1_500]))
    assert seconds(found) == [(1_020.0, 1_560.0), (1_560.0, 1_860.0)]
    assert [one.from_us for one in found.hers] == [at(1_560)]
    assert found.whole.blind_us == 840 * SECOND_US


@given(
    st.lists(st.integers(0, 60), max_size=30),
    st.lists(st.integers(0, 60), max_size=30),
    st.lists(st.tuples(st.integers(0, 50), st.integers(1, 10)), max_size=2),
)
@settings(max_examples=60)
def test_seen_blind_and_stopped_are_the_time_in_which_it_held(
    his: list[int], hers: list[int], stops: list[tuple[int, int]]
) -> None:
    down = sorted((60.0 * a, 60.0 * (a + n)) for a, n in stops)
    if len(down) == 2 and down[0][1] >= down[1][0]:
        down = down[:1]
    found = of([60.0 * n for n in his], [60.0 * n for n in hers], down)
    whole = found.whole
    assert whole.seen_us >= 0
    assert whole.active_us == HOUR_S * SECOND_US
    spans = sorted([*((b.from_us, b.to_us) for b in whole.blind), *whole.stopped])
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(spans))
