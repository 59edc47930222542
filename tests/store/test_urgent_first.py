"""Of a large batch the few messages that raise alerts are judged and committed first (docs/adr/0066)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise

import pytest

from emon import clock
from emon.limits import URGENT_FIRST_FIXES
from emon.model.effects import Effects
from emon.model.instant import SECOND_US, to_datetime
from emon.model.vocabulary import AlertEvent
from emon.orders.document import parse_document
from emon.store.batch import is_quick
from emon.store.store import Store
from tests.engine.stories import circle_order
from tests.fixtures_database import TEMPLATE, PostgresServers
from tests.store.judging import Listed, Taken, event_message, fix_message, judge
from tests.store.test_write_step import Breaking, rows_of

CROWD = URGENT_FIRST_FIXES + 16
TABLES = (  # without ids, which name the instant of receipt
    "SELECT device, seq, fixed_at, mark, raw FROM fix ORDER BY device, seq",
    "SELECT device, opened_at, closed_at, certainty, how, deepest_m FROM breach ORDER BY 1, 2",
    "SELECT device, event, priority, certainty, happened_at FROM alert ORDER BY 1, 2, 4",
    "SELECT device, event, state, fixed_at FROM device_event ORDER BY 1, 2",
    "SELECT device, seq, lon FROM device_now ORDER BY device",
    "SELECT mark, fixes FROM mark_counter",
)
IN_AT = 3  # the taking in which one goes in and another's strap opens


def orders() -> bytes:
    crowd = [circle_order(id=f"o-{n}", wearer=f"w-{n}", device=f"d-{n}") for n in range(CROWD)]
    return json.dumps({"orders": crowd}).encode()


def story(base_us: int, *, inside: Sequence[int] = (7,), opened: Sequence[int] = (9,)) -> list[Taken]:
    """All send each half minute from where they stand outside; then some go in, and some straps open."""
    taken = []
    for n in range(2 * IN_AT):
        at_us = base_us + 30 * n * SECOND_US
        messages = []
        for device in range(CROWD):
            east_m = 20.0 if n >= IN_AT and device in inside else 400.0 + device
            if n == IN_AT and device in opened:
                messages.append(event_message(f"d-{device}", n, at_us - 2 * SECOND_US, "strap", "open"))
            messages.append(fix_message(f"d-{device}", n, at_us - SECOND_US, east_m))
        taken.append(Taken(at_us, tuple(messages)))
    return taken


async def test_an_alert_is_committed_before_the_crowd_and_all_are_acknowledged_in_order_after_it(
    claimed_store: Store,
) -> None:
    await claimed_store.arm(parse_document(orders(), armed_at_us=0))
    seen: list[tuple[Effects, int]] = []

    def on_commit(effects: Effects, source: Listed) -> None:
        seen.append((effects, len(source.acknowledged)))

    items = story(clock.now_us() + SECOND_US)
    sizes = [len(item.messages) for item in items]
    before, after = sum(sizes[:IN_AT]), sum(sizes[: IN_AT + 1])
    await judge(claimed_store, items, on_commit=on_commit)
    (place,) = (n for n, (effects, _) in enumerate(seen) if effects.at_us == items[IN_AT].at_us)
    (urgent, known), (rest, known_then) = seen[place : place + 2]
    assert {alert.event for alert in urgent.alerts} == {AlertEvent.BREACH, AlertEvent.STRAP_TAMPER}
    assert (urgent.fix_count, rest.fix_count) == (2, CROWD - 2)
    assert not rest.alerts
    assert urgent.at_us < rest.at_us
    assert (known, known_then) == (before, after)


@pytest.mark.parametrize(
    ("inside", "opened"), [((), ()), (range(CROWD // 2), ())], ids=["nobody goes in", "half of them go in"]
)
async def test_a_batch_stays_whole_where_none_raises_an_alert_or_many_do(
    claimed_store: Store, inside: Sequence[int], opened: Sequence[int]
) -> None:
    await claimed_store.arm(parse_document(orders(), armed_at_us=0))
    items = story(clock.now_us() + SECOND_US, inside=inside, opened=opened)
    found = await judge(claimed_store, items)
    assert [effects.fix_count for effects in found if effects.fix_count] == [CROWD] * len(items)


async def test_few_that_raise_nothing_are_written_with_the_crowd(claimed_store: Store) -> None:
    """A fix of who is inside already changes what is remembered of him, and nobody is told."""
    await claimed_store.arm(parse_document(orders(), armed_at_us=0))
    items = story(clock.now_us() + SECOND_US, opened=())
    found = await judge(claimed_store, items)
    pairs = [
        (few, crowd)
        for few, crowd in pairwise(found)
        if few.fix_count == 1 and not few.alerts and crowd.fix_count == CROWD - 1
    ]
    assert pairs
    for few, crowd in pairs:
        assert not is_quick(few)
        assert few.at_us < crowd.at_us
        written = rows_of(
            claimed_store,
            "SELECT count(DISTINCT xmin::text), count(*) FROM fix WHERE received_at IN "
            f"('{to_datetime(few.at_us)}', '{to_datetime(crowd.at_us)}')",
        )
        assert written == [(1, CROWD)]


@pytest.mark.parametrize("breaks", [False, True])
async def test_nothing_that_is_kept_hangs_on_who_was_first(
    claimed_store: Store, postgres_servers: PostgresServers, breaks: bool
) -> None:
    """Beside it each message in a batch of its own."""
    other = await Store.open(postgres_servers.create(18, TEMPLATE))
    await other.claim_engine()
    for store in (claimed_store, other):
        await store.arm(parse_document(orders(), armed_at_us=0))
    items = story(clock.now_us() + SECOND_US, inside=(7, 30), opened=(9, 7))
    together = await judge(Breaking(claimed_store) if breaks else claimed_store, items)  # type: ignore[arg-type]
    apart = await judge(other, items, batch_fixes_max=1)
    assert len(together) < len(apart)
    assert any(effects.alerts and effects.fix_count <= 4 for effects in together)
    for query in TABLES:
        assert rows_of(claimed_store, query) == rows_of(other, query), query
    await other.close()
