"""The service works as a role that may add to the evidence, and neither change nor remove it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from psycopg import sql

from emon import clock
from emon.alerts.policy import DEFAULT_POLICY
from emon.audit.keyring import Keyring
from emon.cli import main
from emon.court.stored import court_file_of
from emon.court.verify import check_file
from emon.escalator import Escalator
from emon.ingest.lanes import Lane, Waiting
from emon.model.canary import CanaryWord
from emon.model.effects import NewDelivery
from emon.model.instant import SECOND_US
from emon.model.resolution import Closing, ClosingCause, ClosingOutcome
from emon.sealer import Sealer
from emon.store.checks.verify import verify_trail
from emon.store.errors import RoleUnfit
from emon.store.runtime_role import append_only, grant_runtime_role, rights_of
from emon.store.store import Store
from emon.store.suspensions import SuspensionRequest
from emon.store.tables import BY_NAME, TABLES
from tests.court.lives import lived
from tests.web.story import deliver

COLUMN = """
SELECT attname FROM pg_attribute
WHERE attrelid = to_regclass(%s) AND attnum > 0 AND attidentity = '' AND NOT attisdropped LIMIT 1
"""
_numbers = itertools.count(1)


@pytest.fixture
def run_url(database: str) -> Iterator[str]:
    """The database as the service's role sees it."""
    role = f"emon_run_{next(_numbers)}"
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'secret'").format(sql.Identifier(role)))
    asyncio.run(grant_runtime_role(database, role))
    parts = urlsplit(database)
    yield urlunsplit(parts._replace(netloc=f"{role}:secret@{parts.netloc.rpartition('@')[2]}"))
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute(sql.SQL("DROP OWNED BY {0}").format(sql.Identifier(role)))
        conn.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


async def test_the_ordinary_flows_work_as_that_role(run_url: str, tmp_path: Path) -> None:
    """A whole life: armed, judged, told, climbed, answered, closed, suspended, sealed, signed, verified."""
    store = await Store.open(run_url)
    now_us = clock.now_us()
    try:
        await store.claim_engine()
        alert = await lived(store, tmp_path, close=False)
        today = datetime.now(UTC).date()
        assert await store.ensure_partitions(today + timedelta(days=5), today + timedelta(days=7)) == 2
        async with store.batch() as tx:
            await tx.put_canary(CanaryWord(1, now_us, now_us, "0" * 16))
            waiting = Waiting("d-1", "emon/v1/d-1/fix", b"[]", 1, Lane.LATE)
            await tx.put_waiting((waiting,), now_us)
        async with store.batch() as tx:
            assert len(await tx.take_waiting(10)) == 1
        escalator = Escalator(
            store,
            DEFAULT_POLICY,
            lambda alert_id, names, climb: [NewDelivery(alert_id, name, "webhook", climb) for name in names],
            now_us=lambda: now_us + 3_600 * SECOND_US,
            steady_us=lambda: 0,
            on_climb=lambda: None,
        )
        assert alert in await escalator.step()
        await deliver(store, alert, "meldkamer_em", now_us)
        (row,) = await store.alerts_by_id([alert])
        assert row.breach is not None
        closing = Closing(ClosingCause.WEARER, ClosingOutcome.SENT_AWAY, None, "")
        await store.close_breach(row.breach.id, "politie", "A. de Vries", closing, "page", now_us)
        asked = SuspensionRequest(
            "s-1", "o-1", now_us + 10**9, now_us + 2 * 10**9, "zitting", "anna", "reclassering", now_us
        )
        await store.ask_suspension(asked)
        await store.record_login("anna", None, "refused", "192.0.2.7", now_us)
        assert await store.next_heartbeat("politie", now_us) == 1
        await store.heartbeat_answered("politie", now_us)
        await store.heartbeat_failed("politie", now_us, "no answer")
        await store.life(alert)
        await store.counts()
        await Sealer(store, Keyring(tmp_path), clock.now_us).rotate()
    finally:
        await store.close()
    report = verify_trail(run_url, Keyring(tmp_path).lines())
    assert report.findings == []
    document = await court_file_of(run_url, alert, DEFAULT_POLICY, made_at_us=now_us)
    assert document is not None
    assert (await check_file(document, Keyring(tmp_path).lines())).findings == []
    assert document["climbs"]


def test_evidence_is_neither_changed_nor_removed_nor_emptied(run_url: str) -> None:
    with psycopg.connect(run_url, autocommit=True) as conn:
        for table in TABLES:
            name = sql.Identifier(table.name)
            rights = rights_of(table)
            refused = [sql.SQL("TRUNCATE {}").format(name)]
            if "DELETE" not in rights:
                refused.append(sql.SQL("DELETE FROM {}").format(name))
            if not rights.get("UPDATE", ()) and ("UPDATE" not in rights or table.name in append_only()):
                row = conn.execute(COLUMN, (table.name,)).fetchone()
                assert row is not None
                key = sql.Identifier(row[0])
                refused.append(sql.SQL("UPDATE {0} SET {1} = {1}").format(name, key))
            for statement in refused:
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    conn.execute(statement)
        for words in (
            "UPDATE delivery SET recipient = 'nobody'",
            "UPDATE delivery SET alert_id = 'x'",
            "UPDATE breach SET recorded_at = now()",
            "UPDATE command SET asked_at = now()",
            "ALTER TABLE alert DISABLE TRIGGER audit_capture",
            "SET session_replication_role = replica",
            "CREATE TABLE more (i integer)",
            "INSERT INTO app_user (name, password_hash, role) VALUES ('eve', 'x', 'politie')",
            "CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE sql AS ''",
            f"DELETE FROM fix_{datetime.now(UTC):%Y%m%d}",
            "DELETE FROM fix_default",
        ):
            with pytest.raises(
                (psycopg.errors.InsufficientPrivilege, psycopg.errors.InvalidFunctionDefinition)
            ):
                conn.execute(words.encode())


def test_the_evidence_is_what_the_list_says() -> None:
    assert set(append_only()) >= {
        *("fix", "alert", "acknowledgement", "resolution", "delivery_attempt", "climb", "order_version"),
        *("audit", "audit_head", "audit_key", "policy_version", "staff_login", "device_event"),
    }
    assert {table.name for table in TABLES if "DELETE" in rights_of(table)} == {"inbox", "audit_pending"}
    assert "UPDATE" not in rights_of(BY_NAME["alert"])


async def test_roles_that_cannot_be_bound_are_refused(database: str) -> None:
    with pytest.raises(RoleUnfit, match="there is no role 'nobody_here': make it first"):
        await grant_runtime_role(database, "nobody_here")
    with pytest.raises(RoleUnfit, match="is a superuser"):
        await grant_runtime_role(database, urlsplit(database).username or "")


def test_the_command_grants_and_says_so(
    run_url: str, database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    role = urlsplit(run_url).username or ""
    monkeypatch.setenv("EMON_DATABASE_URL", database)
    assert main(("migrate", "--runtime-role", role)) == 0
    assert f"role {role} may run the service" in capsys.readouterr().out
    assert main(("migrate", "--runtime-role", "nobody_here")) == 78
    assert "make it first" in capsys.readouterr().err
    monkeypatch.setenv("EMON_DATABASE_URL", run_url)
    assert main(("migrate", "--runtime-role", role)) == 78
