"""Deadlines that were edited by hand: an alert that would climb later than its ladder says, or never."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from benchmarks.alerts_night import PARTIES, Night, night, tomorrow_us
from emon.alerts.policy import DEFAULT_POLICY
from emon.model.ids import derive_id
from emon.model.instant import DAY_US, HOUR_US, MINUTE_US, SECOND_US
from emon.model.resolution import Closing, ClosingCause, ClosingOutcome
from emon.model.vocabulary import AlertEvent, Party
from emon.policies.written import policy_bytes, version_of
from emon.store.store import Store
from tests.audit.trail import said, verified

BREACH = ("breach", AlertEvent.BREACH, 1, PARTIES)
SILENCE = ("silence", AlertEvent.SILENCE, 3, (Party.RECLASSERING, Party.MELDKAMER_EM))
BATTERY = ("battery", AlertEvent.BATTERY_LOW, 4, (Party.MELDKAMER_EM,))
OF_BREACH, OF_SILENCE, OF_BATTERY = (derive_id("night", one[0]) for one in (BREACH, SILENCE, BATTERY))
CLOSING = Closing(ClosingCause.WEARER, ClosingOutcome.SENT_AWAY)


@pytest.fixture
async def dark(claimed_store: Store, tmp_path: Path) -> AsyncIterator[tuple[Night, Any]]:
    await claimed_store.use_policy(version_of(DEFAULT_POLICY), policy_bytes(DEFAULT_POLICY).decode())
    async with night(claimed_store, tomorrow_us(), tmp_path) as parts:
        yield parts


async def test_a_night_with_all_that_happens_to_deadlines_agrees(
    dark: tuple[Night, Any], tmp_path: Path
) -> None:
    """Climbs, answers, a closing, rungs at which nobody can be told, clocks that are set, a restart."""
    parts, channels = dark

    async def agrees() -> None:
        assert verified(parts.store, tmp_path).findings == []

    await parts.raise_alerts(BREACH, SILENCE, BATTERY)
    await agrees()
    await parts.look()
    await parts.pass_until(100 * SECOND_US)
    for party in ("politie", "reclassering"):
        await parts.store.acknowledge(OF_BREACH, party, "A. de Vries", "page", parts.clocks.wall_us)
    await parts.store.acknowledge(OF_SILENCE, "meldkamer_em", "C. Smit", "page", parts.clocks.wall_us)
    await agrees()
    await parts.pass_until(400 * SECOND_US)
    await agrees()
    for set_us in (HOUR_US, -2 * HOUR_US):
        parts.clocks.set_wall(set_us)
        await parts.look()
        await agrees()
    for server in parts.servers.values():
        await server.down()
    await parts.raise_alerts(("unheard", AlertEvent.BREACH, 1, PARTIES))
    await parts.pass_until(parts.clocks.steady_us + 10 * MINUTE_US)
    await agrees()
    await parts.stop()
    parts.clocks.go(DAY_US)
    await parts.start(channels)
    for server in parts.servers.values():
        await server.up()
    await parts.look()
    await parts.pass_until(parts.clocks.steady_us + 10 * MINUTE_US)
    await agrees()
    await parts.store.close_alert(OF_BREACH, "politie", "A. de Vries", CLOSING, "page", parts.clocks.wall_us)
    await agrees()


@pytest.mark.parametrize(
    ("edit", "of", "words"),
    [
        ("due_at = NULL", OF_BREACH, "no deadline, and the answer of politie, meldkamer_em is owed"),
        ("due_at = NULL, needs = 'any'", OF_BREACH, "the answer of politie"),
        ("due_at = due_at + interval '1 hour'", OF_BREACH, "at the latest"),
        ("due_at = due_at + interval '2 days'", OF_BATTERY, "at the latest"),
        ("due_at = 'infinity'", OF_BREACH, "its deadline is at no time"),
        ("counted_from = counted_from + interval '1 hour'", OF_SILENCE, "after its deadline"),
        ("step = 500", OF_BREACH, "its rung is 500, and the last of its climbs on file 2"),
        ("step = 0", OF_BREACH, "its rung is 0, and the last"),
        ("closed = true", OF_BREACH, "nobody closed it"),
        ("priority = 5", OF_BREACH, "stands elsewhere in the lists"),
        ("detected_at = detected_at - interval '1 year'", OF_BREACH, "stands elsewhere in the lists"),
        ("taken = false", OF_BREACH, "stands elsewhere in the lists"),
        ("taken = true", OF_SILENCE, "stands elsewhere in the lists"),
        ("needs = 'any'", OF_BREACH, "wants the answer of any, and by its ladder of each"),
        ("needs = 'each'", OF_BATTERY, "wants the answer of each, and by its ladder of any"),
        ("needs = NULL", OF_BREACH, "wants the answer of nobody, and by its ladder of each"),
        (None, OF_BREACH, "the row is gone"),
    ],
)
async def test_an_edited_deadline_is_named(
    dark: tuple[Night, Any], tmp_path: Path, edit: str | None, of: str, words: str
) -> None:
    parts, _ = dark
    await parts.raise_alerts(BREACH, SILENCE, BATTERY)
    await parts.look()
    await parts.pass_until(200 * SECOND_US)
    await parts.store.acknowledge(OF_BREACH, "reclassering", "B. Bakker", "page", parts.clocks.wall_us)
    deed = "DELETE FROM escalation" if edit is None else f"UPDATE escalation SET {edit}"
    with psycopg.connect(parts.store.url, autocommit=True) as conn:  # nothing of the trail is in its way
        conn.execute(f"{deed} WHERE alert_id = '{of}'".encode())
    found = verified(parts.store, tmp_path)
    assert set(said(found)) == {("escalation", f'["{of}"]')}
    assert any(words in one.what for one in found.findings)
    assert len(found.findings) == 1 + (edit is not None and edit.startswith("due_at") and "needs" in edit)


async def test_two_edits_that_would_even_out_are_both_named(dark: tuple[Night, Any], tmp_path: Path) -> None:
    """Who was closed is open again, and another closed in its place; their rungs the other way round."""
    parts, _ = dark
    await parts.raise_alerts(BREACH)
    await parts.pass_until(MINUTE_US)
    await parts.raise_alerts(SILENCE)
    await parts.store.close_alert(
        OF_SILENCE, "meldkamer_em", "C. Smit", CLOSING, "page", parts.clocks.wall_us
    )
    with psycopg.connect(parts.store.url, autocommit=True) as conn:
        conn.execute("UPDATE escalation SET closed = NOT closed, step = 1 - step")
    keys = sorted(f'["{one}"]' for one in (OF_BREACH, OF_SILENCE))
    report = verified(parts.store, tmp_path)
    report.findings = [one for one in report.findings if "wants the answer" not in one.what]
    assert said(report) == [("escalation", key) for key in (*keys, *keys)]
