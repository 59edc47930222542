"""What captures and refuses in the database: is it all there, switched on, and as it was made?"""

from __future__ import annotations

import re
from importlib import resources

from emon.store.checks.report import Connection, Report
from emon.store.tables import TABLES, Watched

_FUNCTIONS = "SELECT proname, prosrc FROM pg_proc WHERE proname = ANY(%s)"
_TRIGGERS = """
SELECT tgrelid::regclass::text, tgname, tgenabled::text FROM pg_trigger
WHERE NOT tgisinternal AND tgname LIKE 'audit\\_%%' AND tgparentid = 0
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
    standing = {(row[0], row[1]): row[2] for row in conn.execute(_TRIGGERS.encode())}
    for table, trigger in expected_triggers():
        state = standing.get((table, trigger))
        if state is None:
            report.found(table, f'["{trigger}"]', "the trigger is missing: changes went past the trail")
        elif state != "A":
            report.found(table, f'["{trigger}"]', "the trigger is switched off: changes went past the trail")
    bodies = function_bodies()
    found = {row[0]: row[1] for row in conn.execute(_FUNCTIONS.encode(), (list(bodies),))}
    for name, body in bodies.items():
        if found.get(name) != body:
            report.found("function", f'["{name}"]', "is not as the migration made it")
