"""Rows that were changed are named one by one, whether they are few or so many that all rows are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from emon import limits
from emon.store.store import Store
from tests.audit.trail import lived, past_the_triggers, verified


@pytest.mark.parametrize("few", [1, limits.SEAL_ENTRIES_MAX])
async def test_each_changed_row_is_named_with_its_own_change(
    claimed_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(limits, "SEAL_ENTRIES_MAX", few)
    await lived(claimed_store, tmp_path)
    with past_the_triggers(claimed_store.url) as conn:
        changed = conn.execute(
            "UPDATE alert SET certainty = 'possible' WHERE certainty IS DISTINCT FROM 'possible' RETURNING id"
        ).fetchall()
        # And what two rows hold, each for the other's.
        conn.execute(
            "UPDATE alert AS d SET happened_at = o.happened_at FROM alert AS o WHERE o.id <> d.id "
            "AND d.id IN (%(one)s, %(other)s) AND o.id IN (%(one)s, %(other)s)",
            {"one": f"{1:016x}", "other": f"{2:016x}"},
        )
    found = verified(claimed_store, tmp_path).findings
    assert sorted(one.key for one in found if one.relation == "alert") == sorted(
        f'["{name}"]' for (name,) in changed
    )
    assert len(changed) > 1
    assert all("certainty is" in one.what for one in found if one.relation == "alert")
    assert sorted(one.key for one in found if "happened_at is" in one.what) == [
        f'["{1:016x}"]',
        f'["{2:016x}"]',
    ]
