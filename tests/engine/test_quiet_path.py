"""The quiet path changes nothing that anybody is told: with it, without it, after a restart, after a failed
transaction, in any batch."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from emon.engine import Inputs, Message, needs, step
from emon.model.effects import Effects
from emon.model.instant import SECOND_US
from emon.model.order import OrderVersion
from emon.quiet.kernels import advance_each, ask_each, judge_each
from emon.recall import recall
from emon.replay import MemoryArchive, Received, replay
from emon.state import State, initial_state, settled, with_orders
from emon.turn import load_step_kernels
from tests.engine.stories import circle_order, fix_at, said, versions
from tests.engine.test_determinism import everything, judged_with_lapses
from tests.ingest.scanned import scanned
from tests.soak import times_longer

BAN = circle_order(
    conditions=[
        {
            "id": "c-1",
            "kind": "exclusion",
            "zone": {"type": "Circle", "center": [4.48, 51.92], "radius_m": 200},
            "buffer_m": 150,
        }
    ],
    devices=[{"id": "d-1", "plan_s": 30}],
)
BAN.pop("device")
HOME = circle_order(
    id="o-2",
    wearer="w-2",
    device="d-2",
    conditions=[
        {
            "id": "c-1",
            "kind": "inclusion",
            "zone": {"type": "Circle", "center": [4.48, 51.92], "radius_m": 400},
            "schedule": {
                "tz": "UTC",
                "windows": [{"from": "12:10", "to": "12:30"}, {"from": "12:50", "to": "14:00"}],
            },
        },
        {
            "id": "c-2",
            "kind": "exclusion",
            "zone": {"type": "Circle", "center": [4.50, 51.92], "radius_m": 300},
        },
    ],
)

PLAIN = circle_order(id="o-3", wearer="w-3", device="d-3")
NEWER = {**PLAIN, "version": 2, "armed_at": "2026-06-01T12:20:00Z", "risk": "high"}
ORDERS = versions(BAN, HOME, PLAIN, NEWER)
DEVICES = ("d-1", "d-2", "d-3")


@st.composite
def fleets(draw: st.DrawFn) -> list[Received]:
    """Three wearers who mostly stand or stroll, each now and then doing something else."""
    items: list[Received] = []
    for device in DEVICES:
        at_s, east_m = (
            draw(st.floats(0.0, 60.0)),
            draw(st.sampled_from([-900.0, 250.0, 420.0, 700.0, 3_000.0, 9_000.0])),
        )
        step_m = draw(st.sampled_from([0.0, 5.0, -5.0, 60.0, -400.0, -900.0]))
        for _ in range(draw(st.integers(5, 60))):
            odd = draw(st.integers(0, 11))
            at_s += draw(st.sampled_from([15.0, 30.0, 60.0, 60.0, 61.5]))
            east_m += step_m + draw(st.floats(-6.0, 6.0))
            late_s, accuracy_m = (
                draw(st.sampled_from([0.3, 1.0, 1.0, 30.0])),
                draw(st.sampled_from([6.0, 12.0])),
            )
            if odd == 0:
                at_s += draw(st.sampled_from([120.0, 200.0, 420.0, 1_000.0]))
            elif odd == 1:
                east_m += draw(st.sampled_from([-300.0, -700.0, 300.0, 900.0, 60_000.0]))
            elif odd == 2:
                late_s = draw(st.sampled_from([-100.0, -200.0, 130.0, 400.0]))
            elif odd == 3:
                accuracy_m = draw(st.sampled_from([90.0, 150.0, 1_500.0]))
            elif odd == 4:
                word = draw(
                    st.sampled_from(
                        [("motion", "still"), ("motion", "moving"), ("jamming", "on"), ("battery", "low")]
                    )
                )
                items.append(said(*word, at_s, device=device))
            received_s = max(0.0, at_s + late_s)
            item = fix_at(east_m, at_s, device=device, accuracy_m=accuracy_m, received_s=received_s)
            items.append(item)
            if odd == 5:
                items.append(
                    Received(item.received_at_us + draw(st.sampled_from([0, 45 * SECOND_US])), item.message)
                )
    return items


@settings(max_examples=40 * times_longer())
@given(fleets(), st.lists(st.booleans(), max_size=120))
def test_with_it_and_without_it_and_after_a_restart(items: list[Received], lapses: list[bool]) -> None:
    plain = everything(asyncio.run(replay(ORDERS, items, quietly=False)))
    assert everything(asyncio.run(replay(ORDERS, items))) == plain
    assert asyncio.run(judged_with_lapses(ORDERS, items, lapses)) == plain


def steps_of(items: Sequence[Received]) -> list[tuple[int, tuple[Message, ...]]]:
    """Messages by their instant, the last of them followed by an hour of nothing."""
    by_instant: dict[int, list[Message]] = {}
    for item in items:
        by_instant.setdefault(item.received_at_us, []).append(item.message)
    end_us = max(by_instant) + 3_600 * SECOND_US
    return [*((at_us, tuple(by_instant[at_us])) for at_us in sorted(by_instant)), (end_us, ())]


def in_columns(at_us: int, messages: Sequence[Message]) -> Inputs:
    """The same inputs as the service makes them: all that is plain in columns, and fixes of a device that
    follow one another in one message."""
    topics: list[str] = []
    payloads: list[list[bytes]] = []
    objects: list[Message] = []
    for message in messages:
        raws = [fix.raw for fix in message.decoded.fixes]
        if raws and topics and topics[-1] == message.topic:
            payloads[-1].extend(raws)
            continue
        topics.append(message.topic)
        payloads.append(raws)
        if not raws:
            objects.append(message)
    sent = [b"[" + b",".join(raws) + b"]" if len(raws) > 1 else b"".join(raws) for raws in payloads]
    counts, columns = scanned(topics, sent)
    assert [count < 0 for count in counts] == [not raws for raws in payloads]
    return Inputs(at_us, tuple(objects), columns=columns if columns.size else None)


async def stepped(archive: MemoryArchive, state: State, inputs: Inputs) -> tuple[State, Effects]:
    past = await recall(archive, state, needs(state, inputs))
    return step(state, inputs, past)


def decided(effects: Effects) -> str:
    """Everything that is written, but for the watches and the order of the fixes."""
    fixes = tuple(
        sorted(effects.all_fixes(), key=lambda fix: (fix.wire.device, fix.wire.fixed_at_us, fix.wire.seq))
    )
    return repr(replace(effects, fixes=fixes, quiet=None, watches=()))


def remembered(state: State) -> list[str]:
    """What the object path would find for its next step."""
    state = settled(state, state.quiet.devices())
    return [
        repr(sorted(state.tracks.items())),
        repr(sorted(state.folds.items())),
        repr(sorted(state.watching.watches.items())),
        repr(sorted(state.clock_ahead.items())),
        repr(sorted(state.caring.cares.items())),
        repr(sorted(state.timers.placed.items())),
    ]


async def in_step(orders: Sequence[OrderVersion], items: Sequence[Received], failing: Sequence[bool]) -> int:
    """All ways side by side, from objects and from columns: each decision and what is remembered after it.
    Where ``failing`` says so the transaction fails, and its inputs come again with the next ones. Gives how
    many fixes were quiet."""
    steps = steps_of(items)
    armed: dict[int, list[tuple[int, OrderVersion]]] = {}
    for seq, version in enumerate(sorted(orders, key=lambda v: (v.armed_at_us, v.id, v.version)), start=1):
        armed.setdefault(max(version.armed_at_us, steps[0][0]), []).append((seq, version))
    ways = [(MemoryArchive(), initial_state(steps[0][0] - 1, quietly=on)) for on in (True, False, True)]
    waiting: tuple[Message, ...] = ()
    fail = [*failing, *([False] * len(steps))][
        : len(steps) - 1
    ]  # the last, an hour later, is what is looked at
    for (at_us, messages), fails in zip(steps, [*fail, False], strict=True):
        known = [pair for armed_us, pairs in armed.items() if armed_us <= at_us for pair in pairs]
        waiting = (*waiting, *messages)
        after = []
        given = (Inputs(at_us, waiting), Inputs(at_us, waiting), in_columns(at_us, waiting))
        for (archive, state), inputs in zip(ways, given, strict=True):
            ready = with_orders(state, known)
            after.append((archive, *await stepped(archive, ready, inputs)))
        if fails:
            continue
        assert len({decided(effects) for _, _, effects in after}) == 1
        waiting = ()
        for archive, _, effects in after:
            archive.write(effects)
        ways = [(archive, state) for archive, state, _ in after]
        kept = [remembered(state) for _, state in ways]
        assert kept == [kept[0]] * len(kept)
    state = ways[0][1]
    return sum(len(state.quiet.kept(device)) for device in state.quiet.devices())


@settings(max_examples=30 * times_longer())
@given(fleets(), st.lists(st.booleans(), max_size=60))
def test_each_decision_and_what_is_remembered(items: list[Received], failing: list[bool]) -> None:
    assert asyncio.run(in_step(ORDERS, items, failing)) == 0  # an hour of nothing, and everybody is silent


@pytest.mark.parametrize("back_s", [701.0, 715.0, 725.0, 740.0])
def test_an_outage_is_found_before_the_fixes_that_come_in_its_step(back_s: float) -> None:
    """Fixes that would be quiet, of devices that an outage covers which another's silence reveals first."""
    often = [circle_order(id=f"o-{n}", wearer=f"w-{n}", device=f"d-{n}") for n in range(4)]
    for order in often:
        order["devices"] = [{"id": order.pop("device"), "plan_s": 30}]
    seldom = [circle_order(id=f"o-{n}", wearer=f"w-{n}", device=f"d-{n}") for n in range(4, 8)]
    items = [fix_at(5_000.0, 30.0 * k, device=f"d-{n}") for n in range(4) for k in range(21)]
    items += [fix_at(5_000.0, 60.0 * k - 10.0, device=f"d-{n}") for n in range(4, 8) for k in range(1, 11)]
    items += [fix_at(5_000.0, back_s, device=f"d-{n}") for n in range(4, 8)]
    assert asyncio.run(in_step(versions(*often, *seldom), items, [])) == 0


def test_who_stands_far_off_is_quiet() -> None:
    """Or all of the above would prove nothing."""
    items = [fix_at(1_000.0 + n % 3, 60.0 * n, device="d-3", received_s=60.0 * n + 1.0) for n in range(30)]
    assert asyncio.run(in_step(versions(PLAIN), items, [])) == 0  # an hour of nothing, and its silence
    state = initial_state(items[0].received_at_us - 1)
    state = with_orders(state, list(enumerate(versions(PLAIN), start=1)))
    archive, written = MemoryArchive(), 0
    for item in items:
        state, effects = asyncio.run(stepped(archive, state, Inputs(item.received_at_us, (item.message,))))
        archive.write(effects)
        written += len(effects.watches)
    assert len(state.quiet.kept("d-3")) == len(items) - 1
    assert written == 1


def test_no_step_compiles_once_the_kernels_are_loaded() -> None:
    load_step_kernels()
    kernels = (ask_each, judge_each, advance_each)
    before = [len(getattr(kernel, "signatures", ())) for kernel in kernels]
    items = [fix_at(1_000.0 + n % 3, 60.0 * n, device="d-3", received_s=60.0 * n + 1.0) for n in range(9)]
    assert asyncio.run(in_step(versions(PLAIN), items, [])) == 0
    assert [len(getattr(kernel, "signatures", ())) for kernel in kernels] == before
