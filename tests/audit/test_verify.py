"""Every edit by hand is found and named: of a row, of the trail, of both so that they agree, of its tail."""

from __future__ import annotations

import hashlib
from pathlib import Path

import psycopg
import pytest

from emon.audit.chain import GENESIS
from emon.audit.keyring import Keyring
from emon.store.checks.verify import verify_trail
from emon.store.store import Store
from emon.store.tables import TABLES, Watched
from tests.audit.trail import Clock, live, lived, past_the_triggers, said, verified

ALERT = f"{2:016x}"


async def test_a_life_as_it_was_recorded_agrees(any_store: Store, tmp_path: Path) -> None:
    await lived(any_store, tmp_path)
    report = verified(any_store, tmp_path)
    assert report.findings == []
    assert (report.pending, report.bulk_unsealed, report.bulk_rows, report.spans) == (0, 0, 12, 6)
    assert report.entries == report.signed_to == 20
    assert report.heads == 4
    assert report.remarks == []


async def test_an_alert_changed_past_the_trail_is_named_with_what_it_was(
    claimed_store: Store, tmp_path: Path
) -> None:
    await lived(claimed_store, tmp_path)
    with past_the_triggers(claimed_store.url) as conn:
        conn.execute("UPDATE alert SET priority = 4 WHERE id = %s", (ALERT,))
    (finding,) = verified(claimed_store, tmp_path).findings
    assert (finding.relation, finding.key) == ("alert", f'["{ALERT}"]')
    assert finding.what.startswith("priority is 4, recorded as 1 at 2")


async def test_a_change_that_the_trail_saw_is_named_as_made_by_hand(
    claimed_store: Store, tmp_path: Path
) -> None:
    sealer = await lived(claimed_store, tmp_path)
    with psycopg.connect(claimed_store.url, application_name="psql") as conn:
        conn.execute("UPDATE breach SET certainty = 'possible' WHERE id = %s", (f"b{ALERT[1:]}",))
    for _ in ("waiting", "sealed"):
        (finding,) = verified(claimed_store, tmp_path).findings
        assert (finding.relation, finding.key) == ("breach", f'["b{ALERT[1:]}"]')
        assert "changed by hand" in finding.what
        assert '"psql"' in finding.what
        await sealer.finish()


@pytest.mark.parametrize(
    ("statement", "relation", "words"),
    [
        ("DELETE FROM delivery WHERE recipient = 'politie' AND alert_id = '{0}'", "delivery", "is gone"),
        (
            "INSERT INTO acknowledgement (alert_id, party, person, acknowledged_at, via) "
            "VALUES ('{0}', 'politie', 'nobody', now(), 'page')",
            "acknowledgement",
            "not in the trail",
        ),
        ("UPDATE app_user SET password_hash = 'other'", "app_user", "password_hash is"),
        ("UPDATE fix SET lat = lat + 0.001 WHERE device = 'd-2' AND seq = 2", "fix", "after its seal"),
        ("DELETE FROM fix WHERE device = 'd-2' AND seq = 2", "fix", "is gone"),
        ("UPDATE device_event SET state = 'closed' WHERE seq = 1", "device_event", "after its seal"),
        ("UPDATE audit SET content = '{{}}' WHERE relation = 'delivery'", "delivery", "changed"),
        ("DELETE FROM audit WHERE seq = 9", "audit", "entry 9 is missing"),
        ("UPDATE audit SET chain = sha256(chain) WHERE seq = 9", "", "in the trail was changed"),
        (
            "UPDATE audit SET leaves = sha256(leaves) WHERE deed = 'seal' AND relation = 'fix'",
            "fix",
            "hashes",
        ),
        ("UPDATE audit_head SET document = replace(document, '9', '8')", "audit_head", "signed"),
        ("DELETE FROM audit WHERE seq > 17", "audit", "the tail is gone"),
        ("DELETE FROM audit_head WHERE seq = (SELECT max(seq) FROM audit_head)", "audit_head", "has lost"),
        ("DELETE FROM audit_head WHERE seq = (SELECT min(seq) FROM audit_head)", "audit_head", "is gone"),
        ("UPDATE audit_head SET key_id = 'x'", "audit_head", "and key x, its line"),
    ],
)
async def test_each_edit_is_found_and_named(
    claimed_store: Store, tmp_path: Path, statement: str, relation: str, words: str
) -> None:
    await lived(claimed_store, tmp_path)
    with past_the_triggers(claimed_store.url) as conn:
        conn.execute(statement.format(ALERT).encode())
    report = verified(claimed_store, tmp_path)
    assert any(relation in one.relation and words in f"{one.what} {one.key}" for one in report.findings), [
        str(one) for one in report.findings
    ]


async def test_a_signature_changed_in_the_database_is_found_beside_the_head_that_was_kept(
    claimed_store: Store, tmp_path: Path
) -> None:
    """A kept head of the same entry used to answer for it."""
    await lived(claimed_store, tmp_path)
    with past_the_triggers(claimed_store.url) as conn:
        conn.execute(
            "UPDATE audit_head SET document = "
            "jsonb_set(document::jsonb, '{signature}', to_jsonb(repeat('A', 86) || '=='))::text"
        )
    report = verified(claimed_store, tmp_path)
    assert [finding.relation for finding in report.findings] == ["audit_head"] * 4
    assert all("the database's head" in finding.what for finding in report.findings)
    assert report.heads == 4, "those that were kept"


async def test_entries_that_changed_places_are_found(claimed_store: Store, tmp_path: Path) -> None:
    await lived(claimed_store, tmp_path)
    with past_the_triggers(claimed_store.url) as conn:
        for old, new in ((9, -9), (10, 9), (-9, 10)):
            conn.execute("UPDATE audit SET seq = %s WHERE seq = %s", (new, old))
        rechain(conn)
        conn.execute("DELETE FROM audit_head WHERE seq >= 9")
    assert any("reordered" in one.what for one in verified(claimed_store, tmp_path).findings)


def rechain(conn: psycopg.Connection) -> None:
    """Make the chain agree with itself again, as whoever may write the whole database can."""
    before = GENESIS
    rows = conn.execute(
        "SELECT seq, concat_ws(E'\\n', (extract(epoch FROM recorded_at) * 1000000)::bigint, written_by, "
        "relation, deed, row_key, content) FROM audit ORDER BY seq"
    ).fetchall()
    for seq, payload in rows:
        before = hashlib.sha256(before + hashlib.sha256(payload.encode()).digest()).digest()
        conn.execute("UPDATE audit SET chain = %s WHERE seq = %s", (before, seq))


async def test_row_and_trail_edited_to_agree_are_found_by_the_kept_head(
    claimed_store: Store, tmp_path: Path
) -> None:
    """The database alone agrees with itself then; what was signed and kept elsewhere does not."""
    await lived(claimed_store, tmp_path)
    with past_the_triggers(claimed_store.url) as conn:
        conn.execute("UPDATE alert SET priority = 4 WHERE id = %s", (ALERT,))
        conn.execute("UPDATE escalation SET priority = 4 WHERE alert_id = %s", (ALERT,))
        conn.execute(
            "UPDATE audit SET content = replace(content, '\"priority\":1', '\"priority\":4') "
            "WHERE relation = 'alert' AND row_key = %s",
            (f'["{ALERT}"]',),
        )
        rechain(conn)
        conn.execute("DELETE FROM audit_head")
    assert verify_trail(claimed_store.url).findings == []
    (finding, *_) = verified(claimed_store, tmp_path).findings
    assert (finding.relation, finding.key) == ("alert", f'["{ALERT}"]')
    assert "its entry was changed after a kept head" in finding.what


async def test_a_rotated_key_is_trusted_and_a_strangers_is_not(claimed_store: Store, tmp_path: Path) -> None:
    sealer = await lived(claimed_store, tmp_path / "own")
    line = await sealer.rotate()
    await live(claimed_store, 9)
    await sealer.finish()
    report = verified(claimed_store, tmp_path / "own")
    assert (report.findings, report.keys) == ([], 2)
    with past_the_triggers(claimed_store.url) as conn:
        conn.execute("UPDATE alert SET priority = 5 WHERE id = %s", (ALERT,))
    assert said(verified(claimed_store, tmp_path / "own")) == [("alert", f'["{ALERT}"]')]
    stranger = await lived_again(claimed_store, tmp_path / "other")
    found = [one.what for one in verified(claimed_store, tmp_path / "own").findings]
    assert any("introduces itself" in what for what in found)
    assert any("signed by a key that is not known" in what for what in found)
    trusting = verify_trail(claimed_store.url, Keyring(tmp_path / "own").lines(), [stranger])
    assert said(trusting) == [("alert", f'["{ALERT}"]')]
    assert line.introduced_by in {key.key_id for key in await claimed_store.audit_keys()}


async def lived_again(store: Store, folder: Path) -> str:
    """A service that has another key signs on; the key's id."""
    from emon.audit.heads import key_id_of, public_of
    from emon.sealer import Sealer

    sealer = Sealer(store, Keyring(folder), Clock())
    await live(store, 11)
    await sealer.finish()
    return key_id_of(public_of(await sealer.key()))


async def test_the_database_refuses_to_rewrite(claimed_store: Store, tmp_path: Path) -> None:
    await lived(claimed_store, tmp_path, parts=1)
    with psycopg.connect(claimed_store.url, autocommit=True) as conn:
        conn.execute("SET session_replication_role = replica")
        for table, column in (
            ("audit", "seq"),
            ("audit_head", "seq"),
            ("fix", "seq"),
            ("device_event", "seq"),
        ):
            for deed in ("UPDATE {0} SET {1} = {1}", "DELETE FROM {0}", "TRUNCATE {0}"):
                with pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
                    conn.execute(deed.format(table, column).encode())
    assert verified(claimed_store, tmp_path).findings == []


async def test_a_captured_entry_leaves_only_for_the_chain(claimed_store: Store) -> None:
    await live(claimed_store, 1)
    with (
        psycopg.connect(claimed_store.url) as conn,
        pytest.raises(psycopg.errors.RestrictViolation, match="only for audit"),
    ):
        conn.execute("DELETE FROM audit_pending")


async def test_a_switched_off_trigger_and_a_changed_function_are_named(
    claimed_store: Store, tmp_path: Path
) -> None:
    await lived(claimed_store, tmp_path, parts=1)
    with psycopg.connect(claimed_store.url, autocommit=True) as conn:
        conn.execute("ALTER TABLE breach DISABLE TRIGGER audit_capture")
        conn.execute("DROP TRIGGER audit_capture ON delivery")
        conn.execute(
            "CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql "
            "AS 'BEGIN RETURN NULL; END'"
        )
    assert said(verified(claimed_store, tmp_path)) == [
        ("breach", '["audit_capture"]'),
        ("delivery", '["audit_capture"]'),
        ("function", '["audit_refuse"]'),
    ]


async def test_every_table_is_watched_or_says_why_not(store: Store) -> None:
    with psycopg.connect(store.url) as conn:
        there = {
            row[0]
            for row in conn.execute(
                "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition "
                "AND relnamespace = current_schema()::regnamespace"
            )
        }
        captured = {
            row[0]
            for row in conn.execute(
                "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'audit_capture'"
            )
        }
    assert there == {table.name for table in TABLES}
    assert captured == {table.name for table in TABLES if table.watched is Watched.ROWS}
    assert all(table.why for table in TABLES if table.watched is Watched.NOT)
