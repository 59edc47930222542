"""Fixes in columns are written as the same fixes are from objects, byte for byte."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import psycopg

from emon.model.columns import QuietFixes
from emon.model.instant import SECOND_US
from emon.model.vocabulary import Mark
from emon.store.cells_kernel import pack_cells
from emon.store.fix_rows import fix_params, load_cells_kernel
from emon.store.packing import booleans
from emon.store.store import Store
from tests.ingest.scanned import scanned
from tests.store.made import NOON_US, effects_of, fix

_EVERY: dict[str, object] = {
    "spd": 1.4,
    "hdg": 270.0,
    "hdop": 1.1,
    "bat": 0.83,
    "sat": 9,
    "src": "wifi",
}


def quiet_fixes(received_at_us: int = NOON_US + SECOND_US) -> QuietFixes:
    """One fix with every member, one with none, one with each alone; one in three is not chosen."""
    given: list[dict[str, Any]] = [
        _EVERY,
        {},
        *({name: value} for name, value in _EVERY.items()),
        {"spd": 0},
        {"sat": 0, "src": "rf"},
    ]
    topics = [f"emon/v1/d-{'x' * number}/fix" for number in range(len(given))]
    sent = [
        json.dumps(
            {"seq": 2**32 - 1 - n, "t": NOON_US // 1_000, "lat": -5.1, "lon": 4.2, "acc": 3, **members}
        )
        for n, members in enumerate(given)
    ]
    columns = scanned(topics, [one.encode() for one in sent])[1]
    assert columns.size == len(given)
    chosen = np.array([n for n in range(len(given)) if n % 3 != 2], dtype=np.int64)
    return QuietFixes(columns, chosen, received_at_us)


def test_columns_are_written_as_objects_are() -> None:
    load_cells_kernel()
    compiled = len(getattr(pack_cells, "signatures", ()))
    quiet = quiet_fixes()
    objects = effects_of(quiet.received_at_us, fixes=tuple(quiet.fixes()))
    assert fix_params(effects_of(quiet.received_at_us, quiet=quiet)) == fix_params(objects)
    some = quiet._replace(columns=quiet.columns.of([0, 2, 3], [0, 0, 0]), chosen=np.arange(3))
    objects = effects_of(quiet.received_at_us, fixes=tuple(some.fixes()))
    assert fix_params(effects_of(quiet.received_at_us, quiet=some)) == fix_params(objects)
    assert len(getattr(pack_cells, "signatures", ())) == compiled


def runs_of_fixes() -> QuietFixes:
    """Three messages of two devices, five fixes each; of the first device two messages."""
    topics = ["emon/v1/d-1/fix", "emon/v1/d-2/fix", "emon/v1/d-1/fix"]
    sent = [
        json.dumps(
            [
                {"seq": seq, "t": NOON_US // 1_000 + 10 * seq, "lat": 52.1, "lon": 4.2, "acc": 3}
                for seq in range(5 * message, 5 * message + 5)
            ]
        ).encode()
        for message in range(3)
    ]
    columns = scanned(topics, sent)[1]
    return QuietFixes(columns, np.arange(columns.size), NOON_US + SECOND_US)


def test_runs_of_fixes_are_written_as_objects_are() -> None:
    quiet = runs_of_fixes()
    objects = effects_of(quiet.received_at_us, fixes=tuple(quiet.fixes()))
    params = fix_params(effects_of(quiet.received_at_us, quiet=quiet))
    assert params == fix_params(objects)
    assert params[-1] == booleans(np.array([place in (9, 14) for place in range(15)])).data


async def test_the_last_fix_of_a_run_is_the_newest_position(any_store: Store) -> None:
    quiet = runs_of_fixes()
    async with any_store.batch() as tx:
        await tx.write(effects_of(quiet.received_at_us, quiet=quiet), ())
    with psycopg.connect(any_store.url) as conn:
        now = conn.execute("SELECT device, seq FROM device_now ORDER BY device").fetchall()
        count = conn.execute("SELECT count(*) FROM fix").fetchone()
    assert now == [("d-1", 14), ("d-2", 9)]
    assert count == (15,)


def test_of_several_fixes_of_a_device_the_newest_usable_is_noted() -> None:
    fixes = (
        fix("d-1", 1, NOON_US + 5),
        fix("d-1", 2, NOON_US),
        fix("d-2", 1, NOON_US, mark=Mark.IMPLAUSIBLE),
    )
    newest = fix_params(effects_of(NOON_US, fixes=fixes))[-1]
    assert newest == booleans(np.array([True, False, False])).data


async def test_both_kinds_in_one_batch_are_stored_and_counted(any_store: Store) -> None:
    quiet = quiet_fixes()
    also = fix("d-9", 7, NOON_US)
    async with any_store.batch() as tx:
        await tx.write(effects_of(quiet.received_at_us, fixes=(also,), quiet=quiet), ())
    written = [also, *quiet.fixes()]
    async with any_store.batch() as tx:
        known = await tx.known_fixes([one.wire.key for one in written])
    assert known == {one.wire.key: one for one in written}
    with psycopg.connect(any_store.url) as conn:
        (count,) = conn.execute("SELECT fixes FROM mark_counter WHERE mark = 'ok'").fetchall()
        now = conn.execute(
            "SELECT device, seq, speed_m_s, heading_deg, battery FROM device_now ORDER BY device"
        ).fetchall()
    assert count == (len(written),)
    wires = sorted((one.wire for one in written), key=lambda wire: wire.device)
    assert now == [(w.device, w.seq, w.speed_m_s, w.heading_deg, w.battery) for w in wires]
