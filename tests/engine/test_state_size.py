"""What the engine remembers of one wearer has a bound in bytes, and needs no collector of cycles."""

from __future__ import annotations

import asyncio
import gc
import json
import sys
from collections.abc import Iterator, Mapping

import msgspec

from emon.engine import Inputs, Message, needs, step
from emon.ingest.decode import decode
from emon.limits import (
    QUIET_BYTES_A_DEVICE_MAX,
    QUIET_FIXES_MAX,
    STATE_BYTES_A_CONDITION_MAX,
    STATE_BYTES_A_DEVICE_MAX,
)
from emon.model.fix import RawFix
from emon.model.instant import SECOND_US, parse_instant
from emon.orders.document import parse_document
from emon.quiet.layout import WIDTH
from emon.recall import recall
from emon.replay import MemoryArchive
from emon.state import State, initial_state, settled, with_orders

_START_US = parse_instant("2026-06-01T12:00:00Z")
_EVERY_S = 15


def _state(conditions: int) -> State:
    zones = [
        {
            "id": f"c-{n}",
            "kind": "exclusion",
            "zone": {"type": "Circle", "center": [4.0, 52.0 + 0.02 * n], "radius_m": 300},
        }
        for n in range(conditions)
    ]
    order = {
        "id": "o-1",
        "version": 1,
        "wearer": "w-1",
        "device": "d-1",
        "legal_basis": "gedragsaanwijzing",
        "valid_from": "2026-05-01T00:00:00Z",
        "conditions": zones,
    }
    versions = parse_document(json.dumps({"orders": [order]}).encode(), armed_at_us=None)
    return with_orders(initial_state(_START_US - SECOND_US), list(enumerate(versions, start=1)))


async def _worn(state: State, fixes: int, lat: float) -> State:
    """The state after so many fixes with every member there is, each in a step of its own, in and out of
    the first zone."""
    archive = MemoryArchive()
    for n in range(fixes):
        at_us = _START_US + n * _EVERY_S * SECOND_US
        fix = {
            "seq": n + 1,
            "t": at_us // 1_000,
            "lat": lat + 1e-7 * n,
            "lon": 4.01 if n % 40 < 30 else 4.0,
            "acc": 12.5,
            "spd": 1.25,
            "hdg": 270.5,
            "src": "wifi",
            "sat": 9,
            "hdop": 1.1,
            "bat": 0.83,
        }
        topic = "emon/v1/d-1/fix"
        message = Message(topic, decode(topic, json.dumps(fix).encode()))
        inputs = Inputs(at_us + SECOND_US, (message,))
        past = await recall(archive, state, needs(state, inputs))
        state, effects = step(state, inputs, past)
        archive.write(effects)
    return state


def _parts(value: object) -> Iterator[object]:
    if isinstance(value, msgspec.Struct):
        yield from (getattr(value, name) for name in value.__struct_fields__)
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from (key, each)
    elif isinstance(value, tuple | list | frozenset):
        yield from value


def _bytes_of(*roots: object) -> int:
    """Bytes of everything that the roots hold, each object once; of a fix's own bytes only the object."""
    seen: dict[int, object] = {}
    waiting = list(roots)
    total = 0
    while waiting:
        value = waiting.pop()
        if id(value) in seen or isinstance(value, type):
            continue
        seen[id(value)] = value
        raw = len(value.raw) if isinstance(value, RawFix) else 0
        total += sys.getsizeof(value) - raw
        waiting.extend(_parts(value))
    return total


def _remembered(state: State) -> int:
    watching, caring = state.watching, state.caring
    return _bytes_of(
        state.tracks,
        state.clock_ahead,
        state.folds,
        state.breaches,
        state.incursion_days,
        state.approaches,
        watching.watches,
        watching.timers,
        caring,
        *(state.quiet.kept(device) for device in state.quiet.devices()),
    )


def test_a_wearer_takes_no_more_memory_than_is_stated() -> None:
    for conditions in (1, 4):
        bound = STATE_BYTES_A_DEVICE_MAX + conditions * STATE_BYTES_A_CONDITION_MAX
        for fixes in (120, 240):
            state = asyncio.run(_worn(_state(conditions), fixes, 52.0))
            assert _remembered(state) <= bound, (conditions, fixes)


def test_what_is_remembered_does_not_grow_with_the_fixes() -> None:
    states = [asyncio.run(_worn(_state(1), fixes, 52.05)) for fixes in (120, 240)]
    sizes = [_remembered(settled(state, state.quiet.devices())) for state in states]
    assert sizes[1] <= sizes[0] + 512  # numbers may be longer
    assert all(_remembered(state) <= sizes[0] + QUIET_BYTES_A_DEVICE_MAX for state in states)


def test_quiet_fixes_take_no_more_memory_than_is_stated() -> None:
    for fixes in (46, 47, 48, 49, 79, 80, 81, 110):
        state = asyncio.run(_worn(_state(1), fixes, 52.05))
        kept = state.quiet.kept("d-1")
        assert 0 < len(kept) <= QUIET_FIXES_MAX
        assert _bytes_of(kept) + 8 * WIDTH <= QUIET_BYTES_A_DEVICE_MAX


def test_nothing_the_engine_drops_waits_for_the_collector() -> None:
    gc.collect()
    gc.disable()
    try:
        state = asyncio.run(_worn(_state(2), 60, 52.0))
        gc.collect()
        del state
        assert gc.collect() == 0
    finally:
        gc.enable()
