"""What captures and refuses in the database: is it all there, switched on, and as it was made?"""

from __future__ import annotations

import re
from importlib import resources

from emon.store.checks.report import Connection, Report
from emon.store.tables import TABLES, Watched

_FUNCTIONS = """
SELECT p.proname, p.prosrc, coalesce(p.proconfig, '{}') = ARRAY[
    format('search_path=%%I, pg_temp', current_schema())]
FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
WHERE p.proname = ANY(%s) AND n.nspname = current_schema()
"""
# A capture is after each row's insert, update or delete, without a condition (pg_trigger.h: 1 + 4 + 8 + 16).
_TRIGGERS = """
SELECT t.tgrelid::regclass::text, t.tgname, t.tgenabled::text,
       n.nspname = current_schema() AND t.tgqual IS NULL AND cardinality(t.tgattr::int2[]) = 0
           AND CASE t.tgname
           WHEN 'audit_capture' THEN p.proname = 'audit_capture' AND t.tgtype = 29
           WHEN 'audit_sealed_first' THEN p.proname = 'audit_sealed_first' ELSE p.proname = 'audit_refuse' END
FROM pg_trigger AS t JOIN pg_proc AS p ON p.oid = t.tgfoid JOIN pg_namespace AS n ON n.oid = p.pronamespace
WHERE NOT t.tgisinternal AND t.tgname LIKE 'audit\\_%%' AND t.tgparentid = 0
"""
_BODY = re.compile(
    r"CREATE (?:OR REPLACE )?FUNCTION (audit_\w+)\(.*?AS \$(audit_\w+)\$(.*?)\$\2\$", re.DOTALL
)


def expected_triggers() -> dict[tuple[str, str], None]:
    """(table, trigger) that must stand, by the list of tables."""
    wanted = {("audit", "audit_append_only"), ("audit_head", "audit_append_only")}
    wanted |= {("audit_pending", "audit_append_only"), ("audit_pending", "audit_sealed_first")}
    for table in TABLES:
        if table.watched is Watched.ROWS:
            wanted |= {(table.name, "audit_capture"), (table.name, "audit_no_truncate")}
        elif table.watched is Watched.BULK:
            wanted.add((table.name, "audit_append_only"))
    return dict.fromkeys(sorted(wanted))


def function_bodies() -> dict[str, str]:
    """The functions as the migrations make them; a later one of the same name counts."""
    bodies: dict[str, str] = {}
    folder = resources.files("emon.store") / "migrations"
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        if entry.name.endswith(".sql"):
            for name, _, body in _BODY.findall(entry.read_text(encoding="utf-8")):
                bodies[name] = body
    return bodies


def check_guards(conn: Connection, report: Report) -> None:
    """Name each trigger that is missing or switched off, and each function that is not ours."""
    standing = {(row[0], row[1]): (row[2], row[3]) for row in conn.execute(_TRIGGERS.encode())}
    for table, trigger in expected_triggers():
        state, is_ours = standing.get((table, trigger), (None, False))
        if state is None:
            report.found(table, f'["{trigger}"]', "the trigger is missing: changes went past the trail")
        elif state != "A":
            report.found(table, f'["{trigger}"]', "the trigger is switched off: changes went past the trail")
        elif not is_ours:
            report.found(table, f'["{trigger}"]', "the trigger is another one: changes went past the trail")
    bodies = function_bodies()
    found = {row[0]: (row[1], row[2]) for row in conn.execute(_FUNCTIONS.encode(), (list(bodies),))}
    for name, body in bodies.items():
        text, is_pinned = found.get(name, (None, False))
        if text != body:
            report.found("function", f'["{name}"]', "is not as the migration made it")
        elif not is_pinned:
            report.found("function", f'["{name}"]', "looks for tables elsewhere too: it may have been misled")
