"""What the demo tells and counts does not end at one page of alerts."""

from __future__ import annotations

from pathlib import Path

from emon.demo.teller import Teller
from emon.store.store import Store
from tests.audit.trail import lived


async def test_every_alert_is_told_once_and_counted_however_many_there_are(
    claimed_store: Store, tmp_path: Path
) -> None:
    """Beyond five hundred the summary called the older ones missing, though all had been told."""
    await lived(claimed_store, tmp_path, parts=5)
    kept = await claimed_store.alerts(limit=100)
    assert len(kept) >= 5
    said: list[str] = []
    far_later_us = max(alert.detected_at_us for alert in kept) + 3_600_000_000
    teller = Teller(claimed_store, said.append, lambda: far_later_us, at_once=2)
    assert [alert.id for alert in await teller.alerts()] == [alert.id for alert in kept]
    await teller.look()
    assert len(said) == len(kept)
    await teller.look()
    await teller.look(everything=True)
    assert len(said) == len(kept)
