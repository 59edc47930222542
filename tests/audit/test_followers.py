"""What has no entries of its own and is read all the same: an open incident, where a device is, what the
engine remembers of it. Edited by hand, it is named."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import psycopg
import pytest

from emon.alerts.policy import DEFAULT_POLICY
from emon.audit.keyring import Keyring
from emon.model.answer import PoliceAnswer
from emon.policies.written import policy_bytes, version_of
from emon.sealer import Sealer
from emon.store.store import Store
from tests.alerts.incident_story import BREACH, Scene, scene
from tests.audit.trail import past_the_triggers, verified

UNREAD = "the entry of a seal cannot be read"
SILENT = "nobody would hear how an open breach goes on"
_OF = {"incident": BREACH, "device_now": "d-1", "device_watch": "d-1", "engine_clock": "true"}
EDITS: Sequence[tuple[str, tuple[str, ...]]] = (
    ("UPDATE incident SET rests = true, state = 'over'", (SILENT,)),
    ("UPDATE incident SET rests = true", (SILENT, "is not kept as over")),
    ("DELETE FROM incident", (SILENT,)),
    ("UPDATE incident SET fix_at = fix_at + interval '1 year'", ("no position would be told",)),
    ("UPDATE incident SET answer_id = answer_id + 9", ("the police answer next would not be told",)),
    *(
        (f"UPDATE device_now SET {one}", ("is not what the fix of then shows",))
        for one in ("lon = lon + 0.01", "accuracy_m = 5", "heading_deg = 10", "battery = 1", "mark = 'late'")
    ),
    ("UPDATE device_now SET fixed_at = fixed_at + interval '1 hour'", ("there is no fix of its newest",)),
    (
        "UPDATE device_now AS n SET (seq, fixed_at, received_at, recorded_at, lon, lat) = (SELECT f.seq, "
        "f.fixed_at, f.received_at, f.recorded_at, f.lon, f.lat FROM fix AS f ORDER BY f.fixed_at LIMIT 1)",
        ("there is a newer usable fix",),
    ),
    ("DELETE FROM device_now", ("would be told to nobody",)),
    (
        "UPDATE device_watch SET watch = jsonb_set(watch, '{heard_us}', '9000000000000000')",
        ("was heard ahead of all clocks",),
    ),
    (
        'UPDATE device_watch SET watch = watch || \'{"silence_state": "silent", "silence": "x"}\'',
        ("nothing on file tells of it",),
    ),
    ('UPDATE device_watch SET watch = watch || \'{"lost": "x"}\'', ("nothing on file tells of it",)),
    (
        "UPDATE engine_clock SET last_received_at = last_received_at + interval '1 year'",
        ("is ahead of all that was received",),
    ),
    ("UPDATE engine_clock SET policy_version = NULL", ("another policy than the one put into force last",)),
)


@pytest.fixture
async def lived(claimed_store: Store, tmp_path: Path) -> AsyncIterator[Scene]:
    """An open breach that was told, followed for a minute, and answered by the police; sealed."""
    await claimed_store.use_policy(version_of(DEFAULT_POLICY), policy_bytes(DEFAULT_POLICY).decode())
    async with scene(claimed_store, tmp_path) as played:
        for at_s in (20, 40):
            await played.go(at_s, fix=True)
        await claimed_store.answer_incident(
            BREACH, "politie", "A. de Vries", PoliceAnswer.ON_SCENE, "", "page", played.now_us
        )
        await played.go(60, fix=True)
        await Sealer(claimed_store, Keyring(tmp_path), lambda: played.now_us).finish()
        yield played


async def test_each_edit_is_named_and_nothing_else(lived: Scene, tmp_path: Path) -> None:
    for deed, words in (("SELECT", ()), *EDITS):
        table = next((one for one in _OF if f" {one} " in f"{deed} "), "")
        kept = f"CREATE TABLE kept AS TABLE {table}"
        back = f"DELETE FROM {table}; INSERT INTO {table} TABLE kept; DROP TABLE kept"
        with psycopg.connect(lived.store.url, autocommit=True) as conn:  # nothing of the trail is in its way
            if table:
                conn.execute(kept.encode())
            conn.execute(deed.encode())
        found = verified(lived.store, tmp_path).findings
        if table:
            with psycopg.connect(lived.store.url, autocommit=True) as conn:
                conn.execute(back.encode())
        assert [(one.relation, one.key) for one in found] == [(table, f'["{_OF.get(table)}"]')] * len(words)
        assert all(any(word in one.what for one in found) for word in words), (deed, found)


async def test_an_incident_that_is_over_may_rest(lived: Scene, tmp_path: Path) -> None:
    await lived.change(closed_at_us=lived.now_us)
    await lived.go(80)
    assert lived.rows("SELECT state, rests FROM incident") == [("over", True)]
    assert verified(lived.store, tmp_path).findings == []


async def test_what_no_release_would_write_is_named_too(lived: Scene, tmp_path: Path) -> None:
    """It ended the verification with a traceback, and so kept all else from being looked at."""

    def found_after(*edits: str) -> list[tuple[str, str]]:
        with past_the_triggers(lived.store.url) as conn:
            for edit in edits:
                conn.execute(edit.encode())
        return [(one.relation, one.what) for one in verified(lived.store, tmp_path).findings]

    with past_the_triggers(lived.store.url) as conn:
        for table, name in conn.execute(
            "SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE contype = 'c' "
            "AND conrelid IN ('alert'::regclass, 'escalation'::regclass, 'audit'::regclass)"
        ).fetchall():
            conn.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"'.encode())
    for needs, words in (("'x'", "of x"), ("'any'", "of any"), ("NULL, step = 1", "of nobody")):
        found = found_after(f"UPDATE escalation SET needs = {needs}")
        assert any(f"wants the answer {words}, and by its ladder of each" in what for _, what in found), found
    assert ("fix", UNREAD) in found_after("UPDATE audit SET row_key = 'x' WHERE deed = 'seal'")
    found = found_after(
        "UPDATE alert SET event = 'x'",
        "UPDATE audit SET content = 'x' WHERE relation = 'delivery'",
        "UPDATE audit SET deed = 'x', written_by = 'x' WHERE relation = 'breach'",
        "UPDATE audit SET content = 'x', row_key = '[1]' WHERE deed = 'seal'",
    )
    for relation, words in (
        ("alert", 'event is "x", recorded as "breach"'),
        ("delivery", "its entry in the trail cannot be read any more"),
        ("breach", "by hand"),
        ("fix", UNREAD),
    ):
        assert any(of == relation and words in what for of, what in found), (relation, found)


@pytest.mark.parametrize(
    ("deed", "table", "words"),
    [
        (
            "CREATE RULE quiet AS ON INSERT TO delivery DO INSTEAD NOTHING",
            "delivery",
            "a rule that no migration",
        ),
        ("CREATE POLICY own ON alert USING (false)", "alert", "a policy that no migration made"),
        (
            "CREATE FUNCTION own() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; "
            "CREATE TRIGGER own BEFORE INSERT ON alert FOR EACH ROW EXECUTE FUNCTION own()",
            "alert",
            "a trigger that no migration made",
        ),
        ("ALTER TABLE alert DISABLE TRIGGER alert_escalates", "trigger", "is missing or switched off"),
        (
            "CREATE OR REPLACE FUNCTION begin_incident() RETURNS trigger LANGUAGE plpgsql AS "
            "'BEGIN RETURN NULL; END'",
            "function",
            "is not as the migration made it",
        ),
    ],
)
async def test_what_changes_rows_on_their_way_is_named(
    claimed_store: Store, tmp_path: Path, deed: str, table: str, words: str
) -> None:
    """Such a row is captured as it was changed, so that row and trail agree."""
    with psycopg.connect(claimed_store.url, autocommit=True) as conn:
        conn.execute(deed.encode())
    (finding,) = verified(claimed_store, tmp_path).findings
    assert (finding.relation, words in finding.what) == (table, True), finding
