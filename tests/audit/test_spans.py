"""What comes by the thousand is sealed by spans of bounded size, of whole instants, without a gap between,
and full ones before the next head is due: a crowd's minute is not sealed at its end (docs/adr/0053)."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from emon.audit.keyring import Keyring
from emon.model.instant import SECOND_US
from emon.sealer import Sealer
from emon.store import connect as c
from emon.store.sealing import BY_INDEX, FIRST_ROWS, look_ends
from emon.store.store import Store
from tests.audit.trail import Clock, verified
from tests.store.made import NOON_US, effects_of, fix

AT_ONCE = (1, 3, 1, 2, 2, 6, 1, 1, 1, 1, 4)
"""Fixes of one batch after another: one alone is more than a span holds."""
MOST = 4
SPANS = [4, 3, 2, 6, 4, 4]


_SPANS = """
SELECT row_key, (content::json ->> 'rows')::int FROM audit
WHERE relation = 'fix' AND deed = 'seal' ORDER BY seq
"""


async def _come(store: Store) -> None:
    for turn, count in enumerate(AT_ONCE):
        fixes = tuple(fix(f"d-{place}", turn, NOON_US + turn - SECOND_US) for place in range(count))
        assert await store.write_step(0, effects_of(NOON_US + turn, fixes=fixes), ())


def _spans(store: Store) -> list[tuple[str, int]]:
    with psycopg.connect(store.url) as conn:
        return conn.execute(_SPANS).fetchall()


async def test_a_span_holds_whole_instants_and_no_more_rows_than_it_may(
    claimed_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emon.limits.SEAL_ROWS_MAX", MOST)
    await _come(claimed_store)
    await Sealer(claimed_store, Keyring(tmp_path), Clock()).finish()
    found = _spans(claimed_store)
    assert [rows for _, rows in found] == SPANS
    ends = [json.loads(key) for key, _ in found]
    assert all(before[1] == after[0] for before, after in pairwise(ends))
    assert verified(claimed_store, tmp_path).findings == []


async def test_full_spans_are_sealed_before_the_next_head(
    claimed_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emon.limits.SEAL_ROWS_MAX", MOST)
    monkeypatch.setattr("emon.limits.SEAL_EVERY_S", 0.0)
    await _come(claimed_store)
    looks, ahead = 0, list[tuple[str, int]]()

    def clock() -> int:
        """Asked once a look: no head is due in the first ones, and then the service stops."""
        nonlocal looks
        looks += 1
        if looks == 2 * len(SPANS):
            ahead.extend(_spans(claimed_store))
            sealer.stop()
        return -1 if looks <= 2 * len(SPANS) else NOON_US

    sealer = Sealer(claimed_store, Keyring(tmp_path), clock)
    await sealer.run()
    assert [rows for _, rows in ahead] == SPANS
    assert _spans(claimed_store) == ahead
    assert verified(claimed_store, tmp_path).findings == []


async def test_what_is_no_full_span_is_left_to_the_head(
    claimed_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _come(claimed_store)
    monkeypatch.setattr("emon.limits.SEAL_ROWS_MAX", sum(AT_ONCE) + 1)
    assert not await claimed_store.seal_full_span()
    monkeypatch.setattr("emon.limits.SEAL_ROWS_MAX", sum(AT_ONCE))
    assert await claimed_store.seal_full_span()
    assert [rows for _, rows in _spans(claimed_store)] == [sum(AT_ONCE)]


@pytest.mark.parametrize(
    ("before_us", "taken_us", "ends"),
    [
        (0, 100_000, [100_000]),
        (0, 20_000_000, [250_000, 1_000_000, 4_000_000, 16_000_000, 20_000_000]),
        (900_000, 3_000_000, [1_800_000, 3_000_000]),
        (NOON_US, NOON_US, [NOON_US]),
    ],
    ids=["all of it is a moment", "wider and wider", "twice the span before", "the first of all"],
)
def test_no_more_is_looked_at_than_a_span_may_want(before_us: int, taken_us: int, ends: list[int]) -> None:
    assert list(look_ends(0, before_us, taken_us)) == ends


async def test_a_span_is_found_beyond_a_time_without_fixes(
    claimed_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emon.limits.SEAL_ROWS_MAX", MOST)
    sealer = Sealer(claimed_store, Keyring(tmp_path), Clock())
    for seq, later_us in enumerate((0, 1, 3600 * SECOND_US, 3600 * SECOND_US + 1, 7200 * SECOND_US)):
        fixes = tuple(fix(f"d-{place}", seq, NOON_US + later_us - SECOND_US) for place in range(3))
        assert await claimed_store.write_step(0, effects_of(NOON_US + later_us, fixes=fixes), ())
        if seq == 1:
            await sealer.finish()
    await sealer.finish()
    assert [rows for _, rows in _spans(claimed_store)] == [3] * 5
    assert verified(claimed_store, tmp_path).findings == []


async def test_a_span_is_looked_for_in_the_newest_pages_alone(
    claimed_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came since autovacuum last was there is in the index too, though it has never been there."""
    monkeypatch.setattr("emon.limits.SEAL_ROWS_MAX", 10_000)
    with psycopg.connect(claimed_store.url, autocommit=True, application_name="emon test") as conn:
        day = conn.execute("SELECT 'fix_' || to_char(now() AT TIME ZONE 'UTC', 'YYYYMMDD')").fetchone()
        assert day is not None
        conn.execute(SQL("ALTER TABLE {} SET (autovacuum_enabled = off)").format(Identifier(day[0])))
        for ago in (3, 2):
            conn.execute(
                "INSERT INTO fix (device, seq, fixed_at, received_at, recorded_at, lon, lat, accuracy_m, "
                "source, mark, raw) SELECT 'd', n, now(), now() - %(ago)s * interval '1 second', now(), 5, "
                "52, 5, 'gnss', 'ok', repeat('x', 400)::bytea "
                "FROM generate_series(1 + %(ago)s * 10000, 10000 + %(ago)s * 10000) AS n",
                {"ago": ago},
            )
        conn.execute("UPDATE engine_clock SET last_received_at = now()")
        assert await claimed_store.seal_full_span()
        conn.execute("SET enable_seqscan = off")
        asked = FIRST_ROWS.format("fix").replace("%s", "now() - interval '1 second'", 1)
        plan = conn.execute(
            "EXPLAIN (ANALYZE) " + asked.replace("%s", "now()", 1).replace("%s", "100")
        ).fetchall()
        pages = [int(found) for row in plan for found in re.findall(r"lossy=(\d+)", row[0])]
    assert sum(pages) <= 2 * 32, "less than two ranges of the index are not in it yet"


async def test_a_span_is_found_by_its_index_on_one_core_though_the_server_has_not_counted_the_day(
    claimed_store: Store,
) -> None:
    rows = 20_000  # so many that the server would read them all, on all cores
    with psycopg.connect(claimed_store.url, autocommit=True, application_name="emon test") as conn:
        conn.execute(
            "INSERT INTO fix (device, seq, fixed_at, received_at, recorded_at, lon, lat, accuracy_m, source, "
            "mark, raw) SELECT 'd', n, now(), now(), now(), 5, 52, 5, 'gnss', 'ok', repeat('x', 400)::bytea "
            "FROM generate_series(1, %s::bigint) AS n",
            (rows,),
        )
    server = await c.connect(claimed_store.url, purpose="plans")
    try:
        async with server.transaction():
            await c.execute(server, "SET LOCAL parallel_setup_cost = 0")
            await c.execute(server, BY_INDEX)
            asked = (
                FIRST_ROWS.format("fix")
                .replace("%s", "'2020-01-01'", 1)
                .replace("%s", "now()", 1)
                .replace("%s", "100")
            )
            plan = "\n".join(row[0] for row in await c.fetch(server, f"EXPLAIN {asked}"))
    finally:
        await server.close()
    assert "Seq Scan" not in plan
    assert "Gather" not in plan
