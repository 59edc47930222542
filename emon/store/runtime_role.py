"""What the role of a running service may do in the database: what its statements need, and no more.

Whoever owns the tables can switch their triggers off. A service that runs as another role cannot: it may
add to the evidence, and neither change nor remove it. Deletes are granted of two tables alone, in which rows
wait: ``inbox``, and ``audit_pending``, of which a trigger lets go what the trail has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import psycopg
from psycopg import sql

from emon.store import connect as c
from emon.store.errors import RoleUnfit
from emon.store.tables import TABLES, Table, Watched

_CHANGES: Mapping[str, tuple[str, ...]] = {
    "breach": (
        *("order_id", "version", "condition_id", "kind", "wearer", "device", "opened_at", "closed_at"),
        *("certainty", "how", "historic", "refuted", "deepest_m", "told", "changed_at"),
    ),
    "delivery": (
        *("state", "attempts", "next_attempt_at", "first_attempt_at", "delivered_at", "last_error"),
        *("lane", "joined_into", "set_aside_at"),
    ),
    "notice_delivery": (*("attempts", "first_attempt_at", "next_attempt_at", "delivered_at", "last_error"),),
    "incident_update": (
        *("state", "superseded_by", "attempts", "next_attempt_at", "first_attempt_at", "delivered_at"),
        *("last_error", "set_aside_at"),
    ),
    "command": ("state", "sent_at"),
    "said_again": ("times", "last_at"),
    "suspension_request": ("state", "settled_by", "settled_at", "version"),
    "service_stop": ("up_at",),
    "trouble": ("cleared_at", "alert_id", "cause", "unseen", "devices", "heard", "changed_at"),
    "rejected": ("retaken_at",),
    "app_user": (),
    "audit": (),
    "audit_pending": (),
    "audit_head": (),
    "schema_migration": (),
}
"""Columns that the service changes of rows that stand; of a table that is fixed none, of any other all."""
_READ_ONLY = frozenset({"app_user", "schema_migration"})
"""Accounts are made by `emon user`, migrations by `emon migrate`, both with the owner's rights."""
_EMPTIES = frozenset({"inbox", "audit_pending"})

_ROLE = """
SELECT r.rolsuper, pg_has_role(r.oid, cls.relowner, 'MEMBER'), r.rolcanlogin
FROM pg_roles AS r, pg_class AS cls WHERE r.rolname = %s AND cls.oid = to_regclass('audit')
"""
_SCHEMA = "SELECT current_schema()"


def rights_of(table: Table) -> dict[str, tuple[str, ...]]:
    """Each right that the service has of a table, with the columns that it is bound to (none: all)."""
    rights: dict[str, tuple[str, ...]] = {"SELECT": ()}
    if table.name in _READ_ONLY:
        return rights
    rights["INSERT"] = ()
    columns = _CHANGES.get(table.name)
    if columns or (columns is None and not table.fixed):
        rights["UPDATE"] = columns or ()
    if table.name in _EMPTIES:
        rights["DELETE"] = ()
    return rights


def append_only() -> list[str]:
    """Tables of evidence of which no row can be changed or removed by the service."""
    return [
        table.name
        for table in TABLES
        if not {"UPDATE", "DELETE"} & set(rights_of(table)) and table.watched is not Watched.NOT
    ] + ["audit", "audit_head"]


async def grant_runtime_role(url: str, role: str, say: Callable[[str], None] = lambda _: None) -> None:
    """Give the role just these rights, whatever it had before. ``url`` is the owner's.

    Raises ``DatabaseUnavailable``, and ``RoleUnfit`` for a role that is none, that owns the tables or that
    may do everything.
    """
    conn = await c.connect(url, purpose="migrate")
    try:
        with c.as_store_faults(url):
            try:
                async with conn.transaction():
                    await _check(conn, role)
                    await _grant(conn, role)
            except psycopg.errors.InsufficientPrivilege as fault:
                raise RoleUnfit(f"only the owner of the tables can grant their rights: {fault}") from fault
    finally:
        await conn.close()
    say(f"role {role} may run the service; of {len(append_only())} tables it may change and remove nothing")


async def _check(conn: c.Connection, role: str) -> None:
    row = await c.fetch_one(conn, _ROLE, (role,))
    if row is None:
        raise RoleUnfit(f"there is no role {role!r}: make it first, as CREATE ROLE {role} LOGIN PASSWORD '…'")
    if row[0] or row[1]:
        why = "is a superuser" if row[0] else "owns the tables, or is a member of the role that does"
        raise RoleUnfit(f"role {role!r} {why}: no grant can bind it")
    if not row[2]:
        raise RoleUnfit(f"role {role!r} may not log in")


async def _grant(conn: c.Connection, role: str) -> None:
    row = await c.fetch_one(conn, _SCHEMA)
    assert row is not None
    named = {"role": sql.Identifier(role), "schema": sql.Identifier(row[0])}
    for statement in (
        "REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {role}",
        "REVOKE ALL ON ALL SEQUENCES IN SCHEMA {schema} FROM {role}",
        "REVOKE ALL ON SCHEMA {schema} FROM {role}",
        "REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC",
        "GRANT USAGE ON SCHEMA {schema} TO {role}",
        "GRANT USAGE ON SEQUENCE device_now_change_seq TO {role}",
        "GRANT EXECUTE ON FUNCTION lock_alerts(text[]), ensure_partitions(date, date) TO {role}",
        "GRANT EXECUTE ON FUNCTION index_newest(date) TO {role}",
    ):
        await conn.execute(sql.SQL(statement).format(**named))
    for table in TABLES:
        for right, columns in rights_of(table).items():
            bound = sql.SQL(" ({})").format(sql.SQL(", ").join(map(sql.Identifier, columns)))
            await conn.execute(
                sql.SQL("GRANT {right}{columns} ON {table} TO {role}").format(
                    right=sql.SQL(right),
                    columns=bound if columns else sql.SQL(""),
                    table=sql.Identifier(table.name),
                    role=named["role"],
                )
            )
