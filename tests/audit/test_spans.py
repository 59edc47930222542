"""What comes by the thousand is sealed by spans of bounded size, of whole instants, without a gap between."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import psycopg
import pytest

from emon.audit.keyring import Keyring
from emon.model.instant import SECOND_US
from emon.sealer import Sealer
from emon.store.store import Store
from tests.audit.trail import Clock, verified
from tests.store.made import NOON_US, effects_of, fix

AT_ONCE = (1, 3, 1, 2, 2, 6, 1, 1, 1, 1, 4)
"""Fixes of one batch after another: one alone is more than a span holds."""
MOST = 4
SPANS = [4, 3, 2, 6, 4, 4]


async def test_a_span_holds_whole_instants_and_no_more_rows_than_it_may(
    claimed_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emon.limits.SEAL_ROWS_MAX", MOST)
    for turn, count in enumerate(AT_ONCE):
        fixes = tuple(fix(f"d-{place}", turn, NOON_US + turn - SECOND_US) for place in range(count))
        assert await claimed_store.write_step(0, effects_of(NOON_US + turn, fixes=fixes), ())
    await Sealer(claimed_store, Keyring(tmp_path), Clock()).finish()
    with psycopg.connect(claimed_store.url) as conn:
        found = conn.execute(
            "SELECT row_key, (content::json ->> 'rows')::int FROM audit "
            "WHERE relation = 'fix' AND deed = 'seal' ORDER BY seq"
        ).fetchall()
    assert [rows for _, rows in found] == SPANS
    ends = [json.loads(key) for key, _ in found]
    assert all(before[1] == after[0] for before, after in pairwise(ends))
    assert verified(claimed_store, tmp_path).findings == []
