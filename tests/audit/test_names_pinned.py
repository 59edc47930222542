"""No session can lead a function of the database to tables of its own: a temporary table comes first in a
search path, before the one that was meant."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from emon.store.store import Store
from tests.audit.trail import lived, verified

ALERT = f"{2:016x}"
OURS = """
SELECT p.proname, p.proconfig FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
WHERE n.nspname = current_schema() AND NOT EXISTS (
    SELECT FROM pg_depend AS d WHERE d.objid = p.oid AND d.deptype = 'e')
ORDER BY p.proname
"""


def shadowed(conn: psycopg.Connection, *tables: str) -> None:
    for table in tables:
        named = sql.Identifier(table)
        conn.execute(sql.SQL("CREATE TEMPORARY TABLE {} (LIKE {} INCLUDING ALL)").format(named, named))


async def test_a_temporary_table_does_not_blind_the_trail(claimed_store: Store, tmp_path: Path) -> None:
    await lived(claimed_store, tmp_path)
    with psycopg.connect(claimed_store.url, application_name="psql") as conn:
        shadowed(conn, "audit_pending")
        conn.execute("UPDATE breach SET certainty = 'possible' WHERE id = %s", (f"b{ALERT[1:]}",))
    (finding,) = verified(claimed_store, tmp_path).findings
    assert (finding.relation, finding.key) == ("breach", f'["b{ALERT[1:]}"]')
    assert "changed by hand" in finding.what
    assert '"psql"' in finding.what, "who did it is on file, not only that it was done"


async def test_a_temporary_trail_does_not_let_captured_entries_go(
    claimed_store: Store, tmp_path: Path
) -> None:
    await lived(claimed_store, tmp_path)
    with psycopg.connect(claimed_store.url) as conn:
        conn.execute("UPDATE breach SET certainty = 'possible' WHERE id = %s", (f"b{ALERT[1:]}",))
    with psycopg.connect(claimed_store.url) as conn:
        conn.execute("CREATE TEMPORARY TABLE audit AS SELECT capture_id, content FROM audit_pending")
        with pytest.raises(psycopg.errors.RestrictViolation, match="leaves only for audit"):
            conn.execute("DELETE FROM audit_pending")


async def test_an_alert_escalates_whatever_its_session_has(claimed_store: Store, tmp_path: Path) -> None:
    """Its deadline, its incident and its place in the line are written by triggers too."""
    await lived(claimed_store, tmp_path)
    with psycopg.connect(claimed_store.url) as conn:
        shadowed(conn, "escalation", "incident")
        conn.execute("CREATE TEMPORARY TABLE alert_copy AS SELECT * FROM alert WHERE id = %s", (ALERT,))
        conn.execute("UPDATE alert_copy SET id = 'ffffffffffffffff'")
        conn.execute("INSERT INTO alert SELECT * FROM alert_copy")
    with psycopg.connect(claimed_store.url) as conn:
        found = conn.execute("SELECT FROM escalation WHERE alert_id = 'ffffffffffffffff'").fetchall()
    assert len(found) == 1


async def test_every_function_of_ours_looks_in_its_own_schema_alone(store: Store) -> None:
    with psycopg.connect(store.url) as conn:
        found: list[tuple[str, list[str] | None]] = conn.execute(OURS).fetchall()
    assert "audit_capture" in dict(found)
    paths = {name: [one for one in config or () if one.startswith("search_path=")] for name, config in found}
    assert [name for name, path in paths.items() if path != ["search_path=public, pg_temp"]] == []


@pytest.mark.parametrize(
    ("statement", "key"),
    [
        ("ALTER FUNCTION audit_capture() RESET search_path", "audit_capture"),
        ("ALTER FUNCTION audit_sealed_first() SET search_path = pg_temp, public", "audit_sealed_first"),
    ],
)
async def test_a_function_that_looks_elsewhere_again_is_named(
    claimed_store: Store, tmp_path: Path, statement: str, key: str
) -> None:
    await lived(claimed_store, tmp_path)
    with psycopg.connect(claimed_store.url) as conn:
        conn.execute(statement.encode())
    (finding,) = verified(claimed_store, tmp_path).findings
    assert (finding.relation, finding.key) == ("function", f'["{key}"]')


async def test_a_trigger_that_calls_another_function_is_named(claimed_store: Store, tmp_path: Path) -> None:
    """By the same name, on the same table, switched on, and capturing nothing."""
    await lived(claimed_store, tmp_path)
    with psycopg.connect(claimed_store.url) as conn:
        conn.execute("CREATE SCHEMA elsewhere")
        conn.execute(
            "CREATE FUNCTION elsewhere.audit_capture() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RETURN NULL; END $$"
        )
        conn.execute(
            "CREATE OR REPLACE TRIGGER audit_capture AFTER INSERT OR UPDATE OR DELETE ON resolution "
            "FOR EACH ROW EXECUTE FUNCTION elsewhere.audit_capture('', 'alert_id')"
        )
        conn.execute("ALTER TABLE resolution ENABLE ALWAYS TRIGGER audit_capture")
        conn.execute(
            "CREATE OR REPLACE TRIGGER audit_capture AFTER INSERT OR UPDATE OR DELETE ON climb "
            "FOR EACH ROW WHEN (pg_trigger_depth() > 9) "
            "EXECUTE FUNCTION audit_capture('', 'alert_id', 'step')"
        )
        conn.execute("ALTER TABLE climb ENABLE ALWAYS TRIGGER audit_capture")
        conn.execute(
            "CREATE OR REPLACE TRIGGER audit_capture AFTER INSERT ON acknowledgement "
            "FOR EACH ROW EXECUTE FUNCTION audit_capture('', 'id')"
        )
        conn.execute("ALTER TABLE acknowledgement ENABLE ALWAYS TRIGGER audit_capture")
    found = {(one.relation, one.key) for one in verified(claimed_store, tmp_path).findings}
    assert found == {(table, '["audit_capture"]') for table in ("resolution", "climb", "acknowledgement")}
